"""`python -m benchmarks._harvest_landed FOLDER FILES ROWS`: landed files to snapshots, in a process of its own.

A process of its own, so that its memory and that of its checking processes are those of a harvest and nothing else.
The files are landed first as rows of text, in yet another process (FOLDER alone); then a mapping is added, and
everything is read, checked and committed again from landing.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

_MB = 1_000_000


class Memory:
    """The peak resident memory of this process and its children together, sampled from a thread."""

    def __init__(self) -> None:
        self.peak = self.anonymous = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            resident = [_resident(pid) for pid in (os.getpid(), *_children(os.getpid()))]
            self.peak = max(self.peak, sum(r for r, _ in resident))
            self.anonymous = max(self.anonymous, sum(a for _, a in resident))

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text("ascii").split()]
        except FileNotFoundError:
            continue
    return found + [grand for child in found for grand in _children(child)] if found else found


def _resident(pid: int) -> tuple[int, int]:
    """Resident bytes in all and those that no file backs."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "RssAnon"))}
    return int(sizes.get("VmRSS", 0)) * 1024, int(sizes.get("RssAnon", 0)) * 1024


def cpu() -> float:
    """CPU seconds of this process and its finished and running children."""
    ticks = os.sysconf("SC_CLK_TCK")
    spent = 0
    for pid in (os.getpid(), *_children(os.getpid())):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        spent += int(fields[11]) + int(fields[12])
    return spent / ticks


def measure(folder: Path, files: int, rows: int, settings: str) -> dict[str, Any]:
    """Seconds, bytes and memory of taking landed files in under the trial standard."""
    from benchmarks import _harvest_home as bench  # not above: checking processes import this module anew

    home, drop = bench.new_home(folder / "rumah", settings=settings), bench.emptied(folder / "setoran")
    for n in range(files):
        bench.write_table(drop / f"t{n:03}.csv", rows, first=n * rows)
    size = sum(file.stat().st_size for file in drop.iterdir())
    bench.give(home, "33.01", bench.folder_source("setoran", drop))
    landed = json.loads(subprocess.check_output([sys.executable, "-m", __spec__.name, str(folder)]).splitlines()[-1])
    bench.give(home, "33.01", bench.folder_source("setoran", drop, bench.MAPPING))
    with bench.at_work(home) as work, Memory() as memory:
        began, spent = time.perf_counter(), cpu()
        published: list[float] = []  # what follows the last of them keeps files few, and nobody waits for it
        report = work.harvest("setoran", lambda: published.append(time.perf_counter()))
        seconds, spent = time.perf_counter() - began, cpu() - spent
    return {
        "seconds": round(seconds, 2), "published_seconds": round(published[-1] - began, 2),
        "cpu_seconds": round(spent, 2), "megabytes": round(size / _MB, 1),
        "files": files, "rows": rows, "snapshots": report.snapshots, "rows_published": report.rows_published,
        "rows_quarantined": report.rows_quarantined, "state": report.state,
        "errors": [e["code"] for e in report.errors],
        "peak_megabytes": round(memory.peak / _MB), "peak_anonymous_megabytes": round(memory.anonymous / _MB),
        "text_rows_first_seconds": landed, "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def land(folder: Path) -> float:
    """Take the files in as rows of text; the seconds that it took."""
    from benchmarks import _harvest_home as bench

    with bench.at_work(folder / "rumah") as work:
        return work.harvest("setoran").seconds


if __name__ == "__main__" and len(sys.argv) == 2:
    print(json.dumps(land(Path(sys.argv[1]))))
elif __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), " ".join(sys.argv[4:]))))
