"""Bars (a) to (d) of the harvest against one portal: a real CKAN, or the regencies' own node where there is none."""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp
from sqlalchemy import func, select

from benchmarks import _harvest_ckan as ckan
from benchmarks import _harvest_home as bench
from benchmarks import _harvest_node as node
from benchmarks._bar import Bar
from benchmarks._said import say
from catalog import intake_marks
from catalog.intake_marks import IntakeMark
from catalog.models import Dataset, DatasetState
from federation.fetched import Fetched
from federation.models import FetchEvent
from services.intake.fetching import Got
from services.intake.outcome import Outcome, SourceReport
from services.intake.source import harvest_source
from services.intake.work import Item, pending

_T = TypeVar("_T")
FILES, FILE_BYTES = 200, 50_000


class Portal(Protocol):
    """What is harvested."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        ...

    def upload(self, files: int, size: int) -> None:
        """Give it so many files of so many bytes, `uji-berkas` in their names, in datasets of ten."""
        ...

    def churn(self, names: Sequence[str], stamp: str) -> tuple[set[str], set[str], set[str]]:
        """Change ten of these datasets, delete two, add three; ids of the changed, added and deleted."""
        ...


@contextmanager
def _portal(folder: Path, why_not: str | None) -> Iterator[Portal]:
    if why_not is not None:
        with node.portal(folder) as stand_in:
            yield stand_in
        return
    with ckan.portal(folder) as real:
        yield real


def bars(folder: Path, *, full: bool) -> dict[str, Bar]:
    """The four bars; without a CKAN the node stands in, and whether they hold is left open."""
    why_not = ckan.absent()
    rounds = 5 if full else 3 if why_not is None else 1
    found: dict[str, Bar] = {}
    with _portal(folder / "portal", why_not) as portal:
        say(f"uploading {FILES} files of {FILE_BYTES // 1000} kB")
        portal.upload(FILES, FILE_BYTES)
        say("(a) metadata, beside ckanapi's dump")
        found["metadata"] = _beside_ckanapi(folder, portal, rounds=rounds)
        work = bench.Work(_home(folder / "rumah", portal))
        try:
            _metadata(work)
            say("(b) files, beside bare downloads")
            found["files"] = _beside_bare_downloads(folder, work, rounds=rounds)
            say("(c) nothing changed")
            found["unchanged"] = _unchanged(work)
            say("(d) changes")
            found["changes"] = _changes(work, portal)
        finally:
            work.close()
    if why_not is None:
        return found
    return {
        name: Bar(bar.value, bar.target, None, {"why": f"{why_not}; the node stood in", **bar.facts})
        for name, bar in found.items()
    }


def _home(folder: Path, portal: Portal) -> Path:
    home = bench.new_home(folder)
    bench.give(home, "33.01", bench.ckan_source("portal", portal.url))
    return home


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _nothing(_work: Callable[[Sequence[Item]], list[Outcome]], _batches: object) -> Iterator[list[Outcome]]:
    """Batches are not run: metadata only."""
    return iter(())


def _metadata(work: bench.Work) -> SourceReport:
    source = work.granary.registry.source("portal")
    member = work.granary.registry.member(source.member)
    return harvest_source(work.granary, work.downloads, member, source, run_batches=_nothing)


def _due(work: bench.Work) -> list[Item]:
    with work.granary.sessions() as session:
        return pending(session, work.granary, work.granary.registry.source("portal")).items


def _asked(work: bench.Work) -> tuple[int, float]:
    """How many catalogue pages were asked for so far, and the seconds that their answers took."""
    with work.granary.sessions() as session:
        query = select(func.count(), func.coalesce(func.sum(FetchEvent.seconds), 0.0)).where(FetchEvent.resource == "")
        count, seconds = session.execute(query).one()
    return int(count), float(seconds)


def _beside_ckanapi(folder: Path, portal: Portal, *, rounds: int) -> Bar:
    """(a) First harvests' metadata, crawled, landed and registered, beside ckanapi's dumps of the same datasets."""
    ours: list[float] = []
    theirs: list[float] = []
    datasets = dumped = 0
    for n in range(rounds):
        work = bench.Work(_home(folder / f"metadata{n}", portal))
        try:
            seconds, report = _timed(partial(_metadata, work))
        finally:
            work.close()
        ours.append(seconds / max(1, report.datasets))
        seconds, dumped = ckan.dump_seconds(portal.url, folder)
        theirs.append(seconds / dumped)
        datasets = report.datasets
    ratio = statistics.median(theirs) / statistics.median(ours)
    facts = {
        "ours_datasets_per_second": round(1 / statistics.median(ours), 1), "datasets": datasets, "dumped": dumped,
        "ckanapi_datasets_per_second": round(1 / statistics.median(theirs), 1), "rounds": len(ours), "load": load(),
    }  # fmt: skip
    return Bar(round(ratio, 1), ">= 10 x ckanapi dump", ratio >= 10 and datasets == dumped, facts)


def _beside_bare_downloads(folder: Path, work: bench.Work, *, rounds: int) -> Bar:
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
    for n in range(rounds):
        theirs.append(_timed(lambda: asyncio.run(_bare(urls, bench.emptied(folder / "bare"), at_once)))[0])
        if n:
            _forget(work)
        ours.append(_timed(fetched)[0])
    landed = sum(isinstance(answer, Fetched) for answer in got.values())
    ratio = statistics.median(ours) / statistics.median(theirs)
    facts = {
        "ours_seconds": round(statistics.median(ours), 2), "bare_seconds": round(statistics.median(theirs), 2),
        "files": len(items), "landed": landed, "at_once": at_once, "rounds": len(ours), "load": load(),
    }  # fmt: skip
    return Bar(round(ratio, 2), "<= 2 x bare aiohttp", ratio <= 2 and landed == len(items) == FILES, facts)


def _forget(work: bench.Work) -> None:
    """Let the next fetch be a first one again: nothing is known of the resources, and their bytes are gone."""
    with work.granary.sessions() as session:
        for event in session.scalars(select(FetchEvent).where(FetchEvent.resource != "")):
            event.resource = f"-{event.resource}"[:500]
            work.granary.landing.path(event.sha256).unlink(missing_ok=True)
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
        "datasets": report.datasets, "skipped": report.skipped, "load": load(),
    }  # fmt: skip
    ok = report.skipped and pages_now - pages == 1 and own < 1
    return Bar(round(own, 3), "1 request, < 1 s of our own", ok, facts)


def _changes(work: bench.Work, portal: Portal) -> Bar:
    """(d) Ten changed, three added, two deleted: exactly these are found; the deleted are withdrawn only later."""
    with work.granary.sessions() as session:
        known = {d.name for d in session.scalars(select(Dataset)) if not d.name.startswith("uji-berkas")}
    changed, added, gone = portal.churn(sorted(known), f"{datetime.now(UTC):%Y%m%d%H%M%S}")
    before = _fingerprints(work)
    report = _metadata(work)
    after = _fingerprints(work)
    found = {k for k in after.keys() & before.keys() if after[k] != before[k]}
    exact = (found, after.keys() - before.keys(), _in_state(work, DatasetState.MISSING)) == (changed, added, gone)
    soon: set[str] = set()
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


def load() -> float:
    """The machine's load of the last minute."""
    return round(os.getloadavg()[0], 1)
