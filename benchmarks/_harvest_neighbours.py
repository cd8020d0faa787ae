"""Bar (e): 35 portals at once, of which one hangs, one drips and one is dead, beside the 32 good ones alone.

Both kinds of round take in the same tables and alternate, so that a change of the machine's load meets both.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import _harvest_home as bench
from benchmarks._bar import Bar
from benchmarks._harvest_against import load
from benchmarks._said import say
from federation.member import SourceConfig
from hub.cli.harvest import directly, harvest_sources
from services.intake.outcome import SourceReport
from services.intake.source import Watch

ROOT = Path(__file__).resolve().parents[1]
PORTALS = 32
#: The bad ones hold on for so many seconds, longer than the good ones take.
DEADLINE = 15.0
#: The order of rounds: alone (A) and beside the bad ones (B).
ORDER, FULL_ORDER = "ABBAAB", "ABBAABBAAB"


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round came to; `seconds` until the last good portal was through."""

    seconds: float
    good: Sequence[SourceReport]
    bad: Sequence[SourceReport]


@contextmanager
def _portals(folder: Path) -> Iterator[dict[str, list[str]]]:
    words = [sys.executable, "-m", "benchmarks._harvest_portals", str(folder), str(PORTALS)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def _round(folder: Path, good: Sequence[str], bad: Sequence[str]) -> _Round:
    """Harvest these portals as `lumbung harvest --direct` does, in a home that has seen none of them."""
    home = bench.new_home(
        folder, settings=f"crawl_total_seconds = {DEADLINE}\ndownload_total_seconds = {DEADLINE}\n"
    )  # fmt: skip
    urls = dict(zip(bench.MEMBERS, [*good, *bad], strict=False))  # a good one's rows are of its member's region
    for member, url in urls.items():
        bench.give(home, member, bench.ckan_source(f"portal-{member}", url, bench.MAPPING))
    ended: dict[str, float] = {}
    with bench.at_work(home) as work:
        harvest = directly(work, dry_run=False)
        registry = work.granary.registry
        sources = [source for member in reversed(urls) for source in registry.member(member).sources]  # bad ones first
        began = time.perf_counter()

        def one(source: SourceConfig, watch: Watch) -> list[SourceReport]:
            reports = harvest(source, watch)
            ended[source.id] = time.perf_counter() - began
            return reports

        reports = harvest_sources(sources, one, at_once=work.granary.settings.sources_at_once, quiet=True)
    of_good = reports[len(bad) :]
    return _Round(max(ended[report.source] for report in of_good), of_good, reports[: len(bad)])


def bar(folder: Path, *, full: bool) -> Bar:
    """The ratio of the medians of both kinds of round."""
    found: dict[str, list[_Round]] = {"A": [], "B": []}
    with _portals(folder / "portal") as urls:
        for number, kind in enumerate(FULL_ORDER if full else ORDER):
            say(f"(e) {PORTALS} portals {'alone' if kind == 'A' else 'beside three bad ones'}")
            done = _round(folder / f"rumah{number}", urls["good"], urls["bad"] if kind == "B" else [])
            say(f"    the last good one was through after {done.seconds:.1f} s")
            found[kind].append(done)
    alone, beside = ([one.seconds for one in found[kind]] for kind in "AB")
    through = min(sum(r.state == "ok" and not r.errors for r in one.good) for one in found["B"])
    snapshots = {sum(report.snapshots for report in one.good) for rounds in found.values() for one in rounds}
    failed = [[_code(report) for report in one.bad] for one in found["B"]]
    ratio = statistics.median(beside) / statistics.median(alone)
    facts = {
        "alone_seconds": [round(s, 2) for s in alone], "beside_bad_ones_seconds": [round(s, 2) for s in beside],
        "good": PORTALS, "through": through, "snapshots": sorted(snapshots), "bad": failed[0],
        "bad_held_on_seconds": round(min(max(r.seconds for r in one.bad) for one in found["B"]), 1), "load": load(),
    }  # fmt: skip
    sound = through == PORTALS and len(snapshots) == 1 and all(code for codes in failed for code in codes)
    return Bar(round(ratio, 2), "<= 1.25 x alone, all good ones through", ratio <= 1.25 and sound, facts)


def _code(report: SourceReport) -> str:
    """Why a bad portal's harvest failed, in whole or in its files."""
    errors = [report.error] if report.error else report.errors
    return str(errors[0]["code"]) if errors else ""
