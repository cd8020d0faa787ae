"""The bars of harmonisation: labelled tables, half of them sealed, and what `quality.harmonise` says of each.

The labels (`mapping_labels/*.json`) were made from the files and the standards alone, before there was code that could
answer them. Of the open half every wrong column is listed; of the sealed half only sums are, so that nobody can write
code for it (`LUMBUNG_UNSEALED=1` shows it to whoever keeps the labels). `fresh` and `later` came afterwards and have
bars of their own, none for how much they answer: caution is right where nothing was seen before. Real files lie in
`../shared/data`; where they are absent, their cases are left out and the bars say so.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from benchmarks._bar import Bar
from benchmarks._mapping_cases import ROOT, Case, cases, present, tables_of
from benchmarks._mapping_score import Judged, Scored, Sums, score
from core.contracts import load_contracts
from core.reference_files import load_code_lists
from core.table import TextTable
from federation.packs import find_pack
from federation.registry import home_regions
from quality.harmonise.suggestion import Suggestion

NOW = datetime(2026, 10, 1, tzinfo=UTC)
RIGHT, ANSWERED = 0.95, 0.80
#: Labels made when the code stood already, each set first answered by code whose author had not seen it.
LATER = ("fresh", "later")

Ask = Callable[[Sequence[TextTable], str | None, str, frozenset[str]], Sequence[Suggestion]]


def run(*, full: bool) -> dict[str, Bar]:
    """The bars of all labels and of the sealed half; columns of one melt count as one, files of no standard apart."""
    ask = asker()
    halves = {name: [score_case(c, ask) for c in present(cases(name))] for name in ("open", "sealed")}
    missing = sum(len(cases(name)) - len(halves[name]) for name in halves)
    _print(halves["open"])
    if os.environ.get("LUMBUNG_UNSEALED") == "1":
        _print(halves["sealed"], "sealed ")
    bars = _bars("", [*halves["open"], *halves["sealed"]], missing)
    bars |= _bars("sealed_", halves["sealed"], missing)
    for name in LATER:
        scored = [score_case(c, ask) for c in cases(name)]
        _print(scored, f"{name} ")
        bars |= _bars(f"{name}_", scored, 0)
        answered = f"{name}_answered"
        bars[answered] = replace(bars[answered], target="no bar", ok=True)
    return bars


def asker() -> Ask:
    """Asks harmonisation as a home of Jawa Tengah does, with the standards that ship and its reference lists."""
    from quality.harmonise import suggest

    pack = find_pack("33")
    regions = home_regions(pack.folder)
    contracts = load_contracts(ROOT / "quality" / "contracts")
    lists = load_code_lists(pack.folder / "reference", regions, at=date(2026, 10, 1))

    def ask(tables: Sequence[TextTable], title: str | None, file: str, covered: frozenset[str]) -> Sequence[Suggestion]:
        return suggest(tables, contracts, lists, title=title, file=file, regions=covered, now=NOW)

    return ask


def covered(case: Case) -> frozenset[str]:
    """The region of the member that delivers the file, where it stands in no column: a home knows its members."""
    variant: Mapping[str, Any] = case["variant"] or {}
    code = variant.get("member") or (case["constants"].get("region_code") if variant else None)
    return frozenset({code}) if code else frozenset()


def score_case(case: Case, ask: Ask) -> Scored:
    """One case: its file made or found, read, asked about, held against its label."""
    name, tables = tables_of(case)
    return score(case, ask(tables, case["title"], name, covered(case)))


def listed(scored: Sequence[Scored]) -> Iterator[str]:
    """A line for each standard, each case that has something wrong, and each wrong column."""
    for standard in sorted({s.standard for s in scored}):
        of = [s for s in scored if s.standard == standard]
        sums = summed(of)
        if of[0].fits:
            counts = f"{sums.right} of {sums.columns} columns right, {sums.answered} answered"
            yield f"{standard}: {counts}, {sums.files} files"
        else:
            yield f"none: {sums.strange_right} of {sums.strange} files that fit no standard left alone"
        for case in of:
            if case.note:
                yield f"    {case.case}: {case.note}"
            yield from _wrong(case)


def _wrong(case: Scored) -> Iterator[str]:
    """A line for each wrong column of a case, the first and their number for those of one melt."""
    groups: dict[str, list[Judged]] = {}
    for column in case.columns:
        if column.wrong_when_sure or (case.fits and not column.right):
            groups.setdefault(column.group, []).append(column)
    for wrong in groups.values():
        first = wrong[0]
        mark = "WRONG WHEN SURE" if any(c.wrong_when_sure for c in wrong) else "wrong"
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        yield f"    {case.case} {first.header!r}{more}: {first.said}, right is {first.wanted} ({mark})"


def summed(scored: Sequence[Scored]) -> Sums:
    """The sums over cases."""
    sums = Sums()
    for one in scored:
        sums.add(one)
    return sums


def _print(scored: Sequence[Scored], before: str = "") -> None:
    """On standard error, so that `--json` stays one line."""
    for line in listed(scored):
        print(f"{before}{line}", file=sys.stderr)


def _bars(prefix: str, scored: Sequence[Scored], missing: int) -> dict[str, Bar]:
    sums = summed(scored)
    facts: dict[str, Any] = {
        "columns": sums.columns,
        "files": sums.files,
        "files_wholly_right": sums.files_right,
        "files_of_no_standard": sums.strange,
        "left_alone": sums.strange_right,
        "wrong_kinds": dict(sums.wrong_kinds),
    }
    if missing:
        facts["reason"] = f"{missing} cases lack their file under ../shared/data"

    def bar(value: float, target: str, ok: bool, **more: Any) -> Bar:
        return Bar(value, target, None if missing else ok, {**facts, **more})

    right, answered = sums.share(sums.right), sums.share(sums.answered)
    return {
        f"{prefix}columns_right": bar(right, f">= {RIGHT}", right >= RIGHT),
        f"{prefix}answered": bar(answered, f">= {ANSWERED}", answered >= ANSWERED),
        f"{prefix}wrong_when_sure": bar(
            sums.wrong_when_sure, "0", sums.wrong_when_sure == 0, sure_kinds=dict(sums.sure_kinds)
        ),
    }
