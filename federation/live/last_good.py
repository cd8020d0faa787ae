"""What stands in for a node that does not answer: its member's rows as last taken into the catalogue.

Federation knows no catalogue; whoever asks hands in something that can look there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.rows import Value
from core.rows_aggregate import Measure
from federation.live.question import Place, Question

Values = tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class StaleRow:
    """A row of a snapshot: the question's columns, whose it is, where it lay, and when it was fetched."""

    values: Values
    member: str
    resource: str
    row: int | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class StaleRows:
    """The next rows of some members in the question's order, then by member, resource and row.

    Attributes:
        fetched: when each member's newest delivery was fetched; one without is not in the catalogue.
    """

    rows: Sequence[StaleRow] = ()
    more: bool = False
    fetched: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaleGroups:
    """The members' groups together: values grouped by, the number of rows, the measures."""

    groups: Sequence[tuple[Values, int, Values]] = ()
    fetched: Mapping[str, datetime] = field(default_factory=dict)


class LastGood(Protocol):
    """Looks rows up in the catalogue, under the asker's scope."""

    async def rows(self, question: Question, members: tuple[str, ...], after: Place | None, first: int) -> StaleRows:
        """The first rows of some members after a place."""
        ...

    async def groups(
        self, question: Question, members: tuple[str, ...], group_by: tuple[str, ...], measures: tuple[Measure, ...]
    ) -> StaleGroups:
        """Groups of some members' rows, with partial measures."""
        ...
