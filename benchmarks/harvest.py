"""The harvest's bars: metadata, files, landed files, changes, bad neighbours, Prefect.

What is measured against a real CKAN needs one (`_harvest_ckan.py` says how it is found). Everything else runs on
loopback with the regencies' own node and with folders.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from sqlalchemy import func, select

from benchmarks import _harvest_ckan as ckan
from benchmarks import _harvest_home as bench
from benchmarks._bar import Bar
from catalog import intake_marks
from catalog.intake_marks import IntakeMark
from catalog.models import Dataset, DatasetState
from federation.fetch import Fetched
from federation.models import FetchEvent
from flows.server import prefect_for
from services.intake.fetching import Got
from services.intake.outcome import Outcome, SourceReport
from services.intake.source import harvest_source
from services.intake.work import Item, pending

_T = TypeVar("_T")
ROOT = Path(__file__).resolve().parents[1]
FILES, FILE_BYTES = 200, 50_000
SMALL, SMALL_ROWS = 100, 1_000
LARGE_ROWS = 2_700_000  # 200 MB
PORTALS = 32  # and three bad ones


def _python(*words: str, **environment: str) -> Any:
    """The last line that a module prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True
    )
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _nothing(_work: Callable[[Sequence[Item]], list[Outcome]], _batches: object) -> Iterator[list[Outcome]]:
    """Batches are not run: metadata only."""
    return iter(())


def _metadata(work: bench.Work) -> SourceReport:
    granary = work.granary
    source = granary.registry.source("portal")
    return harvest_source(
        granary, work.downloads, granary.registry.member(source.member), source, run_batches=_nothing
    )  # fmt: skip


def _due(work: bench.Work) -> list[Item]:
    with work.granary.sessions() as session:
        return pending(session, work.granary, work.granary.registry.source("portal"))


def _asked(work: bench.Work) -> tuple[int, float]:
    """How many catalogue pages were asked for so far, and the seconds that their answers took."""
    with work.granary.sessions() as session:
        query = select(func.count(), func.coalesce(func.sum(FetchEvent.seconds), 0.0)).where(FetchEvent.resource == "")
        count, seconds = session.execute(query).one()
    return int(count), float(seconds)


def _against_ckan(folder: Path, *, full: bool) -> dict[str, Bar]:
    with ckan.portal(folder / "ckan") as portal:
        home = bench.new_home(folder / "rumah")
        bench.give(home, "33.01", bench.ckan_source("portal", portal.url))
        ckan.upload(portal, FILES, FILE_BYTES)
        bars = {"metadata": _beside_ckanapi(folder, portal, full=full)}
        work = bench.Work(home)
        try:
            _metadata(work)
            bars["files"] = _beside_bare_downloads(folder, work, full=full)
            bars["unchanged"] = _unchanged(work)
            bars["changes"] = _changes(work, portal)
        finally:
            work.downloads.close()
            work.granary.close()
    return bars


def _beside_ckanapi(folder: Path, portal: ckan.Portal, *, full: bool) -> Bar:
    """(a) A first harvest's metadata, crawled, landed and registered, beside ckanapi's dump of the same datasets."""
    ours: list[float] = []
    theirs: list[float] = []
    datasets = dumped = 0
    for n in range(3 if full else 1):
        home = bench.new_home(folder / f"metadata{n}")
        bench.give(home, "33.01", bench.ckan_source("portal", portal.url))
        work = bench.Work(home)
        try:
            began = time.perf_counter()
            report = _metadata(work)
            seconds = time.perf_counter() - began
        finally:
            work.downloads.close()
            work.granary.close()
        ours.append(seconds / report.datasets)
        seconds, dumped = ckan.dump_seconds(portal.url, folder)
        theirs.append(seconds / dumped)
        datasets = report.datasets
    ratio = statistics.median(theirs) / statistics.median(ours)
    facts = {
        "ours_datasets_per_second": round(1 / statistics.median(ours), 1), "datasets": datasets, "dumped": dumped,
        "ckanapi_datasets_per_second": round(1 / statistics.median(theirs), 1), "load": _load(),
    }  # fmt: skip
    return Bar(round(ratio, 1), ">= 10 x ckanapi dump", ratio >= 10 and datasets == dumped, facts)


def _beside_bare_downloads(folder: Path, work: bench.Work, *, full: bool) -> Bar:
    """(b) Files fetched, hashed, landed, synced and recorded, beside their bytes written to disk by bare aiohttp."""
    source, granary = work.granary.registry.source("portal"), work.granary
    items = [i for i in _due(work) if i.remote.url.startswith(source.url) and "uji-berkas" in i.remote.url][:FILES]
    got: dict[str, Got] = {}
    ours: list[float] = []
    theirs: list[float] = []

    def fetched() -> None:
        work.downloads.fetch(source, items, lambda item, answer: got.__setitem__(item.id, answer)).result()

    at_once = granary.settings.download_concurrency
    urls = [item.remote.url for item in items]
    asyncio.run(_bare(urls, bench.emptied(folder / "bare"), at_once))  # the portal has them at hand for both
    for n in range(3 if full else 1):
        theirs.append(_timed(lambda: asyncio.run(_bare(urls, bench.emptied(folder / "bare"), at_once)))[0])
        if n:
            _forget(work)
        ours.append(_timed(fetched)[0])
    landed = sum(isinstance(answer, Fetched) for answer in got.values())
    ratio = statistics.median(ours) / statistics.median(theirs)
    facts = {
        "ours_seconds": round(statistics.median(ours), 2), "bare_seconds": round(statistics.median(theirs), 2),
        "files": len(items), "landed": landed, "at_once": at_once, "load": _load(),
    }  # fmt: skip
    return Bar(round(ratio, 2), "<= 2 x bare aiohttp", ratio <= 2 and landed == len(items) == FILES, facts)


def _forget(work: bench.Work) -> None:
    """Let the next fetch be a first one again: what is landed is no longer known by its resource."""
    with work.granary.sessions() as session:
        for event in session.scalars(select(FetchEvent).where(FetchEvent.resource != "")):
            event.resource = f"-{event.resource}"[:500]
        session.commit()


async def _bare(urls: Sequence[str], folder: Path, at_once: int) -> None:
    slots = asyncio.Semaphore(at_once)

    async def one(client: aiohttp.ClientSession, n: int, url: str) -> None:
        async with slots, client.get(url) as answer:
            (folder / str(n)).write_bytes(await answer.read())

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as client:
        await asyncio.gather(*(one(client, n, url) for n, url in enumerate(urls)))


def _unchanged(work: bench.Work) -> Bar:
    """(c) A portal on which nothing has changed, everything of it taken in before."""
    now = work.granary.clock()
    intake_marks.finish(work.granary.sessions, [IntakeMark(i.id, i.key) for i in _due(work)], now=now)
    pages, waited = _asked(work)
    cpu = time.process_time()
    seconds, report = _timed(lambda: work.harvest("portal"))
    cpu = time.process_time() - cpu
    pages_now, waited_now = _asked(work)
    own = seconds - (waited_now - waited)
    facts = {
        "requests": pages_now - pages, "seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3),
        "datasets": report.datasets, "skipped": report.skipped, "load": _load(),
    }  # fmt: skip
    ok = report.skipped and pages_now - pages == 1 and own < 1
    return Bar(round(own, 3), "1 request, < 1 s of our own", ok, facts)


def _changes(work: bench.Work, portal: ckan.Portal) -> Bar:
    """(d) Ten changed, three added, two deleted: exactly these are found; the deleted are withdrawn only later."""
    with work.granary.sessions() as session:
        known = {d.name: d.origin_id for d in session.scalars(select(Dataset)) if not d.name.startswith("uji-berkas")}
    changed, added, gone = ckan.churn(portal, sorted(known), f"{datetime.now(UTC):%Y%m%d%H%M%S}")
    before = _fingerprints(work)
    report = _metadata(work)
    after = _fingerprints(work)
    found = {k for k in after.keys() & before.keys() if after[k] != before[k]}
    exact = (found, after.keys() - before.keys(), _in_state(work, DatasetState.MISSING)) == (changed, added, gone)
    for _ in range(work.granary.settings.missing_crawls - 1):
        soon = _in_state(work, DatasetState.WITHDRAWN)
        _metadata(work)
    later = _in_state(work, DatasetState.WITHDRAWN)
    facts = {
        "changed": report.changed, "new": report.new, "missing": report.missing, "exactly_these": exact,
        "withdrawn_before_the_last_crawl": len(soon), "withdrawn_after_it": len(later),
        "crawls": work.granary.settings.missing_crawls,
    }  # fmt: skip
    counts = (report.changed, report.new, report.missing)
    return Bar(sum(counts), "10 + 3 + 2 exactly", exact and counts == (10, 3, 2) and not soon and later == gone, facts)


def _fingerprints(work: bench.Work) -> dict[str, str]:
    with work.granary.sessions() as session:
        return {d.origin_id: d.fingerprint for d in session.scalars(select(Dataset))}


def _in_state(work: bench.Work, state: DatasetState) -> set[str]:
    with work.granary.sessions() as session:
        return set(session.scalars(select(Dataset.origin_id).where(Dataset.state == state.value)))


def _small(folder: Path) -> Bar:
    """(b) Landed files of 1,000 rows x 8 columns under twenty rules to published snapshots."""
    found = _python("benchmarks._harvest_landed", str(folder / "kecil"), str(SMALL), str(SMALL_ROWS))
    rate = found["snapshots"] / found["seconds"]
    cpu = 1000 * found["cpu_seconds"] / SMALL
    return Bar(round(rate, 1), ">= 25 tables/s", rate >= 25, {"cpu_milliseconds_each": round(cpu, 1), **found})


def _large(folder: Path) -> tuple[Bar, Bar]:
    """(b) One landed file of 200 MB to a published snapshot, and the memory of both processes on the way."""
    found = _python("benchmarks._harvest_landed", str(folder / "besar"), "1", str(LARGE_ROWS))
    rate = found["megabytes"] / found["seconds"] if found["snapshots"] else 0.0
    cpu = found["megabytes"] / found["cpu_seconds"]
    speed = Bar(round(rate, 1), ">= 30 MB/s", rate >= 30, {"megabytes_per_cpu_second": round(cpu, 1), **found})
    peak = found["peak_megabytes"]
    return speed, Bar(peak, "< 1000 MB", peak < 1000, {"anonymous": found["peak_anonymous_megabytes"]})


@contextmanager
def _portals(folder: Path) -> Iterator[dict[str, list[str]]]:
    words = [sys.executable, "-m", "benchmarks._harvest_portals", str(folder), str(PORTALS)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def _at_once(folder: Path, good: Sequence[str], bad: Sequence[str]) -> tuple[float, list[SourceReport]]:
    """Harvest these portals at once; seconds until the last good one is through, and every report."""
    home = bench.new_home(folder, settings="crawl_total_seconds = 20.0\n")
    urls = dict(zip(bench.MEMBERS, [*good, *bad], strict=False))
    for member, url in urls.items():
        bench.give(home, member, bench.ckan_source(f"portal-{member}", url, bench.MAPPING))
    ended: dict[str, float] = {}
    with bench.at_work(home) as work, ThreadPoolExecutor(len(urls)) as pool:
        began = time.perf_counter()

        def one(member: str) -> SourceReport:
            report = work.harvest(f"portal-{member}")
            ended[member] = time.perf_counter() - began
            return report

        asked = {member: pool.submit(one, member) for member in reversed(urls)}  # the bad ones begin first
        reports = [asked[member].result() for member in urls]
    return max(ended[member] for member in bench.MEMBERS[: len(good)]), reports


def _neighbours(folder: Path) -> Bar:
    """(e) 35 portals at once, of which one hangs, one drips and one is dead, beside the 32 good ones alone."""
    with _portals(folder / "portal") as urls:
        alone, quiet = _at_once(folder / "sendiri", urls["good"], [])
        beside, reports = _at_once(folder / "bersama", urls["good"], urls["bad"])
    good, bad = reports[: len(urls["good"])], reports[len(urls["good"]) :]
    failed = [r.error["code"] for r in bad if r.error]
    through = sum(r.state == "ok" and not r.errors for r in good)
    same = [r.snapshots for r in quiet] == [r.snapshots for r in good]
    facts = {
        "alone_seconds": round(alone, 2), "beside_bad_ones_seconds": round(beside, 2), "good": len(good),
        "through": through, "same_snapshots": same, "bad": failed, "load": _load(),
    }  # fmt: skip
    ratio = beside / alone
    ok = ratio <= 1.25 and through == len(good) and same and len(failed) == len(bad)
    return Bar(round(ratio, 2), "<= 1.25 x alone, all good ones through", ok, facts)


def _prefect(folder: Path) -> Bar:
    """(f) The same harvest as a flow and as plain steps, Prefect's server running already."""
    homes = [folder / "langsung", folder / "alur"]
    for home in homes:
        bench.new_home(home)
        for member, files in (("33.01", 100), ("33.02", 2)):
            drop = bench.emptied(folder / f"{home.name}-{member}")
            for n in range(files):
                bench.write_table(drop / f"t{n:03}.csv", 200, first=n * 200)
            bench.give(home, member, bench.folder_source(f"folder-{member}", drop, bench.MAPPING))
    with prefect_for(homes[1]):
        found = _python("benchmarks._harvest_flow", *map(str, homes))
    share = 1 - found["direct"] / found["flow"]
    facts = {"direct_seconds": round(found["direct"], 2), "flow_seconds": round(found["flow"], 2), "files": 100}
    added = found["flow"] - found["direct"]
    return Bar(round(share, 3), "told, not bounded", True, {**facts, "added_seconds": round(added, 2), "load": _load()})


def _load() -> float:
    return round(os.getloadavg()[0], 1)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The harvest's bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    bars: dict[str, Bar] = {}
    with tempfile.TemporaryDirectory(prefix="lumbung-harvest-") as name:
        folder = Path(name)
        if why := ckan.absent():
            targets = {"metadata": ">= 10 x ckanapi dump", "files": "<= 2 x bare aiohttp"}
            targets |= {"unchanged": "1 request, < 1 s of our own", "changes": "10 + 3 + 2 exactly"}
            bars = {bar: Bar(None, target, None, {"why": why}) for bar, target in targets.items()}
        else:
            bars = _against_ckan(folder / "portal", full=full)
        for part in ("kecil", "besar", "banyak", "prefect"):
            (folder / part).mkdir()
        bars["small_tables"] = _small(folder)
        bars["large_file"], bars["large_file_memory"] = _large(folder)
        bars["bad_neighbours"] = _neighbours(folder / "banyak")
        bars["prefect_share"] = _prefect(folder / "prefect")
    return bars
