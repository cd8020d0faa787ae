"""The report as one HTML document that needs nothing beside itself: no script, no address, a style of its own.

Everything from outside is escaped by the template engine; the document's policy lets a browser load nothing, so that a
title such as `<script>` stays text twice over (R11).
"""

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from quality.report import charts
from quality.report.model import Change, ContractChanges, Exemption, Item, MatrixRow, Rejected, Report, Series
from quality.report.words import Words
from quality.score import Cell, Dimension, Gate, Level, Measure

_TEMPLATES = Path(__file__).with_name("templates")
_WIDE = (Level.PROVINCE.value, Level.MEMBER.value)
T = TypeVar("T")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """What of the report is one member's."""

    items: Sequence[Item]
    scores: Sequence[Series]
    rejected: Sequence[Rejected]
    changes: Sequence[tuple[Mapping[str, str], Change]]
    matrix: Sequence[MatrixRow]


def as_html(report: Report, digest: str, locale: str = "id") -> bytes:
    """The whole report as UTF-8 HTML; the same report and language, the same bytes.

    Args:
        digest: sha256 of the report's JSON (`quality/report/plain.py`), printed on its last page.
    """
    words = Words.of(report, locale)
    style = (_TEMPLATES / "style.css").read_text("utf-8")
    mark = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    view = _View(report, words)
    document = _environment().get_template("report.html.j2").render(
        r=report, w=words, say=words.say, digest=digest, charts=charts,
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=f"sha256-{mark}",
        dimensions=list(Dimension), gates=list(Gate), cells=list(Cell), **view.values(),
    )  # fmt: skip
    return document.encode("utf-8")


class _View:
    """The report grouped as the pages show it."""

    def __init__(self, report: Report, words: Words) -> None:
        self._report, self._words = report, words
        self._items = _grouped(report.items)
        self._rejected = _grouped(report.rejected)
        self._matrix = _grouped(report.matrix)
        self._changes: dict[str, list[tuple[Mapping[str, str], Change]]] = defaultdict(list)
        for contract in report.changes:
            for change in contract.members:
                self._changes[change.member].append((contract.title, change))
        self._scores = _grouped(report.scores)

    def values(self) -> dict[str, Any]:
        """What the templates ask for by name."""
        report = self._report
        sums = [_sum(one) for one in report.changes]
        returned = [sum(one.rows for one in some) for some in self._rejected.values()]
        return {
            "totals": asdict,
            "of_member": self._own,
            "wide_scores": [s for s in report.scores if s.level in _WIDE],
            "trend": _trend,
            "grade": _grade,
            "shares": _shares,
            "measured": lambda series, dimension: any(v is not None for v in _shares(series, dimension)),
            "weeks": (str(report.week.back(max(self._weeks() - 1, 0))), str(report.week)),
            "change_sum": _sum,
            "most_changes": max((s.added + s.changed + s.removed for s in sums), default=1),
            "matrix_of": self._matrix,
            "rejected_of": self._rejected,
            "most_rejected": max(returned, default=1),
            "cell_counts": lambda rows: Counter(cell for row in rows for _, cell in row.cells),
            "came": _came,
            "exemption_groups": self._exemptions(),
            "source_why": self._words.source_why,
            "reason": self._reason,
        }

    def _weeks(self) -> int:
        return max((len(series.cards) for series in self._report.scores), default=1)

    def _own(self, code: str) -> _Own:
        return _Own(
            items=self._items.get(code, ()),
            scores=[one for one in self._scores.get(code, ()) if one.level != Level.DATASET.value],
            rejected=self._rejected.get(code, ()),
            changes=self._changes.get(code, ()),
            matrix=self._matrix.get(code, ()),
        )

    def _exemptions(self) -> list[dict[str, Any]]:
        """Exceptions of one kind that one person granted for one reason, together."""
        groups: dict[tuple[Any, ...], list[Exemption]] = defaultdict(list)
        for one in self._report.exemptions:
            groups[one.what, one.by, one.reason, one.until, one.expired].append(one)
        names = ("what", "by", "reason", "until", "expired")
        return [
            {
                **dict(zip(names, key, strict=True)),
                "sources": list(dict.fromkeys(one.source for one in some)),
                "details": list(dict.fromkeys(one.value for one in some if one.value)),
            }
            for key, some in groups.items()
        ]

    def _reason(self, code: str) -> str:
        """What a reason for returning a row is called: the column, and what is wrong with it."""
        column, _, fault = code.rpartition(".")
        return f"{column}: {self._words.label('reason', fault)}" if column else self._words.label("reason", code)


def _grouped(rows: Iterable[T]) -> dict[str, list[T]]:
    out: dict[str, list[T]] = defaultdict(list)
    code = attrgetter("member")
    for row in rows:
        if (member := code(row)) is not None:
            out[member].append(row)
    return dict(out)


def _sum(one: ContractChanges) -> Change:
    """The changes of all members together."""
    names = ("rows", "added", "changed", "removed")
    return Change(one.contract, "", *(sum(getattr(change, name) for change in one.members) for name in names))


def _came(cells: Mapping[Cell, int]) -> Measure | None:
    """How much of what was due came, late or not; None where nothing was due."""
    came = cells.get(Cell.ON_TIME, 0) + cells.get(Cell.LATE, 0)
    due = came + cells.get(Cell.HELD, 0) + cells.get(Cell.MISSING, 0)
    return Measure(came, due) if due else None


def _grade(measure: Measure) -> str:
    """The colour of a share: from 95 of a hundred on good, from 80 on middling."""
    share = measure.share or 0.0
    return "good" if share >= 0.95 else "middle" if share >= 0.8 else "bad"


def _shares(series: Series, dimension: Dimension) -> list[float | None]:
    cards = (card.dimensions.get(dimension) if card is not None else None for card in series.cards)
    return [measure.share if measure is not None else None for measure in cards]


def _trend(series: Series) -> list[float | None]:
    """The share of all that was measured in each week, over every dimension: counts added, not percentages."""
    out: list[float | None] = []
    for card in series.cards:
        known = [m for m in card.dimensions.values() if m is not None and m.measured] if card is not None else []
        measured = sum(m.measured for m in known)
        out.append(sum(m.passed for m in known) / measured if measured else None)
    return out
