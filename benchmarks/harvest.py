"""The harvest's bars: metadata, files, landed files, changes, bad neighbours, Prefect.

What is measured against a real CKAN needs one (`_harvest_ckan.py` says how it is found); without one the regencies' own
node stands in. Everything runs on loopback, and whatever was started is ended with this program.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from benchmarks import _harvest_against as against
from benchmarks import _harvest_home as bench
from benchmarks import _harvest_neighbours as neighbours
from benchmarks._bar import Bar
from benchmarks._harvest_against import load
from benchmarks._said import say
from flows.server import prefect_for

ROOT = Path(__file__).resolve().parents[1]
SMALL, SMALL_ROWS = 100, 1_000
LARGE_ROWS = 2_700_000  # 200 MB


def _python(*words: str, **environment: str) -> Any:
    """The last line that a module prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **environment}, check=True, capture_output=True
    )
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def _small(folder: Path) -> Bar:
    """(b) Landed files of 1,000 rows x 8 columns under twenty rules to published snapshots."""
    found = _python("benchmarks._harvest_landed", str(folder / "kecil"), str(SMALL), str(SMALL_ROWS))
    rate = found["snapshots"] / found["published_seconds"]
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
    return Bar(round(share, 3), "told, not bounded", True, {**facts, "added_seconds": round(added, 2), "load": load()})


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let Ctrl-C and a request to end unwind everything that was started, instead of leaving it behind."""

    def asked(number: int, _frame: FrameType | None) -> NoReturn:
        threading.Thread(target=bench.stop_all).start()  # it takes locks that this thread may hold
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The harvest's bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    bars: dict[str, Bar] = {}
    with _ended_in_order(), tempfile.TemporaryDirectory(prefix="lumbung-harvest-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL, which does not run as root, must pass through
        for part in ("portal", "kecil", "besar", "banyak", "prefect"):
            (folder / part).mkdir()
        bars |= against.bars(folder / "portal", full=full)
        say("(b) small landed tables")
        bars["small_tables"] = _small(folder)
        say("(b) a large landed file")
        bars["large_file"], bars["large_file_memory"] = _large(folder)
        bars["bad_neighbours"] = neighbours.bar(folder / "banyak", full=full)
        say("(f) Prefect's share")
        bars["prefect_share"] = _prefect(folder / "prefect")
        say("done")
    return bars
