"""What stands in for a node that does not answer: its rows as last taken into the catalogue.

A member's only node speaks for the whole member; of several each for its own source, so that nothing is there twice
while a sister answers. Federation knows no catalogue; whoever asks hands in something that can look there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from federation.live.node import Node
from federation.live.parts import Partials, Parts, Values
from federation.live.question import Place, Question


@dataclass(frozen=True, slots=True)
class StaleRow:
    """A row of a snapshot: the question's columns, whose it is, where it lay, and when it was fetched."""

    values: Values
    member: str
    source: str
    resource: str
    row: int | None
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class StaleRows:
    """The next rows of some nodes in the question's order, then by member, source, resource and row.

    Attributes:
        fetched: by node, when the newest delivery was fetched; one without is not in the catalogue.
    """

    rows: Sequence[StaleRow] = ()
    more: bool = False
    fetched: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaleGroups:
    """The nodes' groups together, and by node its rows in them and when the newest delivery was fetched."""

    parts: Parts = field(default_factory=Parts)
    rows: Mapping[str, int] = field(default_factory=dict)
    fetched: Mapping[str, datetime] = field(default_factory=dict)


class LastGood(Protocol):
    """Looks rows up in the catalogue, under the asker's scope."""

    async def rows(self, question: Question, nodes: Sequence[Node], after: Place | None, first: int) -> StaleRows:
        """The first rows of some nodes after a place."""
        ...

    async def groups(self, question: Question, nodes: Sequence[Node], partials: Partials) -> StaleGroups:
        """Groups of some nodes' rows in parts; none where there are more than a node may give."""
        ...
