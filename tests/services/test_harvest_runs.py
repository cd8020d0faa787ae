"""Runs: one at a time a source, a dead one found out, an asked one ended in order, and what the machine refuses named."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog import runs
from catalog.models import RunStep, SourceLease
from core.storage_errors import DatabaseBusy
from quality.pool import CheckPool
from services.intake.outcome import Outcome
from services.intake.work import Item
from tests.federation.fetch_factories import faulty, serving
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, Hand, Home, ckan
from tests.services.offices import Office, harvest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'graphql'}", "GX_ANALYTICS_ENABLED": "false"}


def command(home: Home, *arguments: str) -> list[str]:
    return [sys.executable, "-c", "from hub.cli import main; main()", "--home", str(home.folder), *arguments]


def offer_behind(home: Home, office: Office, url: str, silent: str) -> None:
    """A portal that answers, whose only file lies on a server that accepts and never answers."""
    office.offer(url, "penduduk")
    office.ckan.datasets[0]["resources"][0]["url"] = f"{silent}/unduh/penduduk.csv"
    port = silent.rpartition(":")[2]
    granted = 'by = "Sri Admin", reason = "uji", until = 2999-01-01'
    text = ckan(url, PEOPLE).replace("allow = [", f'allow = [\n  {{what = "port", value = "{port}", {granted}}},')
    home.member(text)


async def test_S23_P08_of_harvests_of_one_source_at_once_one_wins(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        home.portal(url, PEOPLE)
        assert home.granary and home.downloads
        reports = await asyncio.gather(*(harvest(home) for _ in range(4)))
    codes = sorted(r.error["code"] if r.error else r.state for r in reports)
    assert codes == ["RUN_ALREADY_ACTIVE"] * 3 + ["ok"]
    assert (len(home.snapshots), len(home.runs), office.downloads) == (1, 1, 1)


def test_P01_a_killed_harvest_is_seen_as_crashed_and_taken_up(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices())
    home.close()
    with subprocess.Popen(
        command(home, "harvest", "--direct", "--json"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        wait_for(lambda: bool(home.all(RunStep)))
        process.kill()
        process.wait()
        wait_for(lambda: not members_of(process.pid))  # its checking processes do not outlive it
    assert [r.state for r in home.runs] == ["running"]
    report = home.harvest()
    assert (report.state, report.snapshots) == ("ok", 1)
    [crashed] = [r for r in home.runs if r.state == "crashed"]
    [after] = [r for r in home.runs if r.state == "ok"]
    assert after.resumes == crashed.id
    assert home.all(SourceLease) == home.all(RunStep) == []


def test_P01_a_checking_process_ends_with_the_process_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, time\nfrom quality.pool import CheckPool\nif __name__ == '__main__':\n"
        "    pool = CheckPool(1, '512MB', 1)  # one that nobody holds would end its processes by itself\n"
        "    os.write(1, b'%d\\n' % pool.warm().result(120))\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(script)], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert worker in members_of(process.pid)
        process.kill()
        process.wait()
        wait_for(lambda: not members_of(process.pid))


async def test_P04_a_harvest_that_is_asked_to_end_ends_in_order(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        office.wait = asyncio.Event()
        home.portal(url, PEOPLE)
        home.close()
        process = await asyncio.create_subprocess_exec(
            *command(home, "harvest", "--direct", "--json"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        while not office.downloads:  # it waits for a file that never comes
            await asyncio.sleep(0.02)
        process.terminate()
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        wait_for(lambda: not members_of(process.pid))
        [report] = json.loads(said)
        assert process.returncode == 128 + signal.SIGTERM
        assert (report["state"], report["error"]["code"]) == ("failed", "HARVEST_STOPPED")
        [run] = home.runs
        assert run.state == "failed" and run.error is not None and run.error["code"] == "HARVEST_STOPPED"
        assert home.all(SourceLease) == [] and list(home.granary.staging.iterdir()) == []
        office.wait.set()
        assert (await harvest(home)).snapshots == 1


async def test_P04_a_download_on_its_way_is_cut_off(home: Home, office: Office) -> None:
    async with serving(office) as url, faulty(url, "hang") as silent:
        offer_behind(home, office, url, silent)
        assert home.granary and home.downloads
        began = asyncio.create_task(harvest(home))
        while not home.all(RunStep):
            await asyncio.sleep(0.02)
        home.granary.stopping.set()
        home.downloads.stop()
        report = await began
    assert report.error is not None and report.error["code"] == "HARVEST_STOPPED"
    assert [r.state for r in home.runs] == ["failed"] and home.all(SourceLease) == []


def test_a_run_that_breaks_off_for_an_unforeseen_reason_is_not_called_ok(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1))

    class Unforeseen(BaseException):
        pass

    def broken(_: Any, __: Sequence[Sequence[Item]]) -> Iterator[list[Outcome]]:
        raise Unforeseen
        yield []

    with pytest.raises(Unforeseen):
        home.harvest(run_batches=broken)
    [run] = home.runs
    assert run.state == "failed" and run.error is not None and run.error["code"] == "HARVEST_STOPPED"
    assert home.harvest().snapshots == 1


def test_P05_a_killed_checking_process_costs_only_time(home: Home, checking: CheckPool) -> None:
    drop = home.drop(PRICES)
    for n in range(4):
        make.write(drop, f"harga {n}.csv", make.prices(5 + n))
    pid = checking.warm().result(120)

    def killing(work: Any, batches: Sequence[Sequence[Item]]) -> Iterator[list[Outcome]]:
        threading.Timer(0.05, os.kill, (pid, signal.SIGKILL)).start()
        for batch in batches:
            yield work(batch)

    report = home.harvest(run_batches=killing)
    assert (report.state, report.snapshots) == ("ok", 4)
    assert checking.warm().result(120) != pid


def test_P06_without_file_descriptors_the_reason_is_named_and_nothing_is_lost(home: Home, tmp_path: Path) -> None:
    drop = home.drop(PEOPLE)
    for n in range(12):
        make.write(drop, f"penduduk {n}.csv", make.people(n))
    home.close()
    child = """
import os, resource, sys
from pathlib import Path
from core.messages import text
from services.granary import open_granary
from services.intake.fetching import FetchLoop
from services.intake.source import harvest_source
from tests.services.factories import PEOPLE, PRICES, Hand, Home, ckan
granary = open_granary(Path(sys.argv[1]), clock=Hand())
downloads = FetchLoop(granary.landing, granary.settings)
[source] = granary.registry.sources
text("cli.yes")  # a program that has run for a while has its sentences at hand
spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + int(sys.argv[2]), hard))
for handle in spare:
    os.close(handle)
report = harvest_source(granary, downloads, granary.registry.member(source.member), source)
codes = {e["code"] for e in report.errors} | ({report.error["code"]} if report.error else set())
os.write(1, (report.state + " " + " ".join(sorted(codes))).encode())
os._exit(0)
"""
    named = set()
    for spare in (0, 6):
        done = subprocess.run(
            [sys.executable, "-c", child, str(home.folder), str(spare)],
            cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        state, *codes = done.stdout.split()
        assert state in ("failed", "partial"), done.stdout
        named |= set(codes)
    assert "OPEN_FILES_EXHAUSTED" in named
    report = home.harvest()
    assert (report.state, len(home.snapshots)) == ("ok", 12)
    home.sound()


def test_D03_a_full_disk_while_reading_is_named(home: Home, tmp_path: Path) -> None:
    assert isinstance(home.clock, Hand)
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(5000)))
    assert home.granary and home.downloads
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (90_000, before[1]))
        report = home.harvest()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    codes = {e["code"] for e in report.errors} | ({report.error["code"]} if report.error else set())
    assert report.state in ("failed", "partial") and codes == {"STORAGE_FULL"}
    home.clock.forward(seconds=61)
    home.harvest()  # where not even the run's end could be written, it is suspected first, and buried after a lease
    home.clock.forward(seconds=61)
    assert home.harvest().snapshots == 1
    assert home.runs[-1].state == "ok"


def test_D09_a_database_that_is_busy_for_a_moment_does_not_end_the_heartbeat(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1))
    home.settings = {"lease_seconds": 0.2}
    beats = threading.Semaphore(0)
    real, tries = runs.heartbeat, iter(range(100))

    def busy(*args: Any, **more: Any) -> Any:
        if next(tries) == 0:
            raise DatabaseBusy(place="lumbung.db", detail="locked")
        beats.release()
        return real(*args, **more)

    def waiting(work: Any, batches: Sequence[Sequence[Item]]) -> Iterator[list[Outcome]]:
        assert beats.acquire(timeout=30)
        for batch in batches:
            yield work(batch)

    monkeypatch.setattr(runs, "heartbeat", busy)
    assert home.harvest(run_batches=waiting).state == "ok"


async def test_P07_thirty_five_sources_at_once_with_one_dead_and_one_dripping(
    tmp_path: Path, sqlite_template: Path, checking: CheckPool
) -> None:
    home = make.new_home(tmp_path, sqlite_template, checking, province="33", settings={"crawl_total_seconds": 5.0})
    members = [m.code for m in home.granary.registry.members if m.code.startswith("33.")]
    assert len(members) == 35
    with portals(tmp_path, members[1:]) as urls, make.portal(tmp_path / members[0], members[0]) as slow:
        make.write(tmp_path / members[0], "catatan.csv", "a\n1\n")
        async with faulty(slow.url, "drip:40") as dripping:
            urls |= {members[0]: dripping, members[-1]: "http://127.0.0.1:1"}
            for code in members:
                home.member(ckan(urls[code], id=f"portal-{code}"), code)
            assert home.granary and home.downloads
            reports = await asyncio.gather(*(harvest(home, f"portal-{code}") for code in members))
    failed = {r.source: r.error["code"] for r in reports if r.error}
    assert failed == {f"portal-{members[0]}": "SOURCE_TOO_SLOW", f"portal-{members[-1]}": "SOURCE_UNREACHABLE"}
    assert sum(r.snapshots for r in reports) == 33 == len(home.snapshots)
    home.sound()
    home.close()


def portals(folder: Path, members: Sequence[str]) -> Any:
    """A node for each of these members with one file."""
    from contextlib import contextmanager

    from node.serve import NodeSpec, running

    @contextmanager
    def serve() -> Iterator[dict[str, str]]:
        for code in members:
            make.write(folder / code, "catatan.csv", f"kode;n\n{code};1\n")
        with running([NodeSpec(folder / code, code, code) for code in members]) as urls:
            yield dict(zip(members, urls, strict=True))

    return serve()


def wait_for(found: Any, seconds: float = 60.0) -> None:
    """Until something another process does has come about."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if found():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come about")


def members_of(group: int) -> list[int]:
    """The living processes of a process group."""
    out = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] not in "ZX":
                out.append(int(entry.name))
    return out
