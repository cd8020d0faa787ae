"""How a node did, in one answer or on one line."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from federation.live.errors import LiveError
from federation.live.node import Node


class NodeState(StrEnum):
    """How a node answered one question."""

    LIVE = "live"
    PARTIAL = "partial"
    STALE = "stale"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """How one node did: rows of it in the answer, seconds it took, what went wrong, and how old what stands in is."""

    node: Node
    state: NodeState
    rows: int
    seconds: float | None = None
    error: LiveError | None = None
    dropped: int = 0
    fetched_at: datetime | None = None
