"""What a check beyond a column is given and what it gives back.

A check is a pure function over one standard's rows as they stand at one commit: it asks them with SQL and yields what
it found, what it compared, and what it could not look at. It keeps nothing; following findings from week to week is
`catalog/findings.py`'s, running the checks `services/review/beyond.py`'s.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from core.contract import Contract
from core.region import Regions
from core.rows import Value
from quality.report.model import Fact, Facts

#: So many rows of a side are named; `Side.count` says how many there are.
NAMED = 5


class Kind(StrEnum):
    """What kind of look it was; `finding.KIND.*` are its sentences."""

    SUM = "sum"  # the regencies' figures do not add up to the province's
    SUM_INCOMPLETE = "sum_incomplete"  # regencies lack, so nothing can be said of the sum
    PARTS = "parts"  # parts do not add up to their total
    PARTS_INCOMPLETE = "parts_incomplete"
    DISAGREE = "disagree"  # two sources say different things of the same
    STALE = "stale"  # what came speaks of an older time than was due
    PREVIOUS = "previous"  # a value leaps against its own period before
    TYPO = "typo"  # a value is grossly unlike others of its kind
    REFERENCE = "reference"  # a value is not what a reference says


#: Findings that speak of consistency and of accuracy in scores; the others count for neither.
CONSISTENCY = frozenset({Kind.SUM, Kind.PARTS})
ACCURACY = frozenset({Kind.DISAGREE, Kind.REFERENCE})


@dataclass(frozen=True, slots=True)
class Row:
    """Where a value stands: the row (1-based, of the source's file) of a resource, as provenance names it."""

    member: str
    source: str
    dataset: str
    resource: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the sides that are set against each other.

    Attributes:
        what: the message id of what this side is (`finding.side.province`), filled with the finding's values.
        value: its number or text; None where it is absent.
        rows: at most `NAMED` of the rows it is made of; `count` of how many it is.
    """

    what: str
    value: Value | None
    rows: tuple[Row, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """One finding.

    Attributes:
        rule: the id of the declaration in the contract that was looked at (`schedule` for freshness).
        member: whose matter it is; None where it is nobody's alone.
        dataset: id of the dataset it is about; None where it is about several.
        columns: the columns concerned, the measured one first.
        key: what names the row or rows concerned: column to value, as text or number.
        seen: what stands there; `expected`: what it was held against, one side or several.
        weight: how much hangs on it: rows concerned, or units of disagreement, for order within a kind.
        message: id of the sentence that says what is wrong; `message + ".do"` says what to do.
        values: what both sentences are filled with: both numbers, the tolerance, the difference.
        as_of: the first day of the time that the rows speak of, where that is known.
        concerns: every dataset that has a part in it, for scores; `dataset` alone where it is empty.
    """

    kind: Kind
    contract: str
    rule: str
    member: str | None
    dataset: str | None
    columns: tuple[str, ...]
    key: Mapping[str, Fact]
    seen: Side
    expected: tuple[Side, ...]
    weight: float
    message: str
    values: Facts = field(default_factory=dict)
    as_of: date | None = None
    concerns: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same matter week after week, whatever the numbers are: 16 hex digits."""
        about = [self.kind, self.contract, self.rule, self.member, self.dataset, sorted(self.key.items())]
        return hashlib.sha256(json.dumps(about, ensure_ascii=False).encode()).hexdigest()[:16]

    @property
    def standing(self) -> str:
        """Another where either side's value changes: what a person accepted was this and nothing else.

        What is usual beside a single value shifts with every later row; there the value alone counts.
        """
        sides = (self.seen,) if self.kind is Kind.TYPO else (self.seen, *self.expected)
        said = [str(side.value) for side in sides]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many comparisons a rule made in one dataset, and how many of them were found wrong.

    A rule yields one for each dataset that it could compare; a dataset without one was not measured.
    """

    kind: Kind
    rule: str
    dataset: str
    failed: int
    measured: int


@dataclass(frozen=True, slots=True)
class Unmade:
    """A check that could not be made, and why (`finding.unmade.*`): never the same as nothing found."""

    kind: Kind
    rule: str
    message: str
    values: Facts = field(default_factory=dict)


Outcome = Found | Tally | Unmade


class Rows(Protocol):
    """One standard's rows at one commit, as the relation `rows` of an SQL statement in DuckDB's tongue.

    It has the contract's readable columns and provenance (`_member`, `_source`, `_dataset`, `_resource`, `_row`,
    `_snapshot`, `_fetched_at`, `_verdict`); rows of copies and of withdrawn datasets are not there.
    """

    @property
    def columns(self) -> frozenset[str]:
        """The contract's columns that may be read; a rule over another one cannot be made."""
        ...

    def select(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Value | None, ...]]:
        """The rows of one SELECT over `rows`; values are bound as `$1`, `$2`, …"""
        ...

    def arrow(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        """The same as an Arrow table, for checks that reckon with whole columns."""
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a finding calls a dataset."""

    title: str
    member: str
    source: str


@dataclass(frozen=True, slots=True)
class Due:
    """The newest period for which a dataset was due: its name and its first day."""

    name: str
    begins: date


@dataclass(frozen=True, slots=True)
class Settings:
    """What a check knows beside the rows.

    Attributes:
        at: the moment of the look; `zone` is the province's.
        province: its code; `regions` every region there is, with names and validity.
        datasets: id to what it is called; `due`: id to the newest period it was due for, where it has a schedule.
        returned: id of a resource to how many of its rows stand in quarantine, where any do.
        confirmed: source to the marks of its values that a person has said are true (`quality/beyond/stopping.py`).
    """

    at: datetime
    zone: ZoneInfo
    province: str
    regions: Regions
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    due: Mapping[str, Due] = field(default_factory=dict)
    returned: Mapping[str, int] = field(default_factory=dict)
    confirmed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of the look in the province."""
        return self.at.astimezone(self.zone).date()


class Check(Protocol):
    """The form of every check: `quality.beyond.NAME.check`."""

    def __call__(self, contract: Contract, rows: Rows, settings: Settings) -> Iterable[Outcome]:
        """Everything found, compared and not looked at, in an order that is the same for the same rows."""
        ...
