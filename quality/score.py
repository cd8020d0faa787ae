"""What a score is: how many of how many passed, per dimension, subject and week; never smoothed, never invented.

Scores of a wider subject are the sums of their parts' counts, so that a small dataset cannot outweigh a large one and
every number opens to its rows. What was not measured is None, which is neither 0 nor 100. Counting is left to
`services/review`, showing to `quality/report`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from quality.errors import WeekUnknown

_WEEK = re.compile(r"(\d{4})-?W(\d{2})", re.IGNORECASE)


class Dimension(StrEnum):
    """The dimensions of data quality that are scored."""

    COMPLETENESS = "completeness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    ACCURACY = "accuracy"


class Gate(StrEnum):
    """What every dataset of Satu Data Indonesia must have (Perpres 39/2019 art. 3)."""

    STANDARD = "standard"
    METADATA = "metadata"
    INTEROPERABILITY = "interoperability"
    CODES = "codes"


class Level(StrEnum):
    """What a score is about, from the smallest to the widest."""

    DATASET = "dataset"
    SOURCE = "source"
    PRODUCER = "producer"
    MEMBER = "member"
    PROVINCE = "province"


class Cell(StrEnum):
    """How a listed dataset of a member stands in one period."""

    ON_TIME = "on_time"
    LATE = "late"
    HELD = "held"
    MISSING = "missing"
    NOT_DUE = "not_due"
    NOT_LISTED = "not_listed"


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of ISO 8601: Monday to Sunday, the first one holds 4 January, some years have 53."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 53 or date.fromisocalendar(self.year, 1, 1) + timedelta(
            weeks=self.number - 1
        ) >= date.fromisocalendar(self.year + 1, 1, 1):
            raise WeekUnknown(week=str(self))

    def __str__(self) -> str:
        return f"{self.year:04}-W{self.number:02}"

    @classmethod
    def parse(cls, text: str) -> "Week":
        """The week written as `2026-W47`; `WeekUnknown` where there is no such week."""
        if (found := _WEEK.fullmatch(text.strip())) is None or int(found[1]) == 0:
            raise WeekUnknown(week=text)
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Week":
        """The week in which a moment lies, by the province's clock."""
        year, number, _ = moment.astimezone(zone).isocalendar()
        return cls(year, number)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def back(self, weeks: int) -> "Week":
        """The week so many weeks earlier; later where negative."""
        year, number, _ = (self.monday - timedelta(weeks=weeks)).isocalendar()
        return Week(year, number)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first moment, and the first one that is no longer in it."""
        start = datetime.combine(self.monday, datetime.min.time(), zone)
        return start, datetime.combine(self.monday + timedelta(days=7), datetime.min.time(), zone)


@dataclass(frozen=True, slots=True)
class Measure:
    """How many of how many passed; `opens` is the question that lists the ones that did not.

    `confirmed` of those that did not pass are right as they are, says a person by name: they still did not pass.
    """

    passed: int
    measured: int
    opens: str = ""
    confirmed: int = 0

    @property
    def counts(self) -> list[int]:
        """The numbers as they are kept: passed, measured, and what was confirmed where anything was."""
        return [self.passed, self.measured, *([self.confirmed] if self.confirmed else [])]

    @property
    def share(self) -> float | None:
        """The share that passed, or None where nothing was measured."""
        return self.passed / self.measured if self.measured else None


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One subject in one week.

    Attributes:
        dimensions: None (or absent) where a dimension was not measured.
        gates: None where a gate could not be judged.
        mqa: points of 405, None where no description was scored.
    """

    level: Level
    id: str
    title: str
    week: Week
    dimensions: Mapping[Dimension, Measure | None] = field(default_factory=dict)
    gates: Mapping[Gate, bool | None] = field(default_factory=dict)
    mqa: int | None = None


def total(measures: Iterable[Measure | None], opens: str = "") -> Measure | None:
    """The measure of a wider subject: its parts' counts added; None where no part was measured."""
    known = [m for m in measures if m is not None and m.measured]
    if not known:
        return None
    passed, measured = sum(m.passed for m in known), sum(m.measured for m in known)
    return Measure(passed, measured, opens, sum(m.confirmed for m in known))
