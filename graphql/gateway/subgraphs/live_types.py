"""What all questions to nodes share in the graph: the row of a node, how a node does, and whom an asker may ask."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import strawberry

from core.access import scope
from core.contract import Contract
from federation.live.node import LiveLimits, Node, asked
from federation.live.question import admits
from federation.live.scatter import Live
from federation.live.status import NodeState, NodeStatus
from gateway.building import field_of, make
from gateway.context import Context, Info
from gateway.entities.places import Member, Source, member_of, source_of
from gateway.typed import Typed

shared = field_of(None)
strawberry.enum(NodeState, name="LiveState", description="Keadaan simpul in one answer.")
_APART = {"provenance", "lumbung_facts"}  # a live row comes from no commit
OF_NODE = ("node", "member", "time", "stale")


@strawberry.type(description="Keadaan simpul: how one node answered this question.")
class LiveNodeStatus:
    """How one node did."""

    record: strawberry.Private[NodeStatus]
    # plain values: half a thousand nodes answer, and a resolver each would cost more than asking them
    member: str = strawberry.field(description="Anggota: the code of the member whose node it is.")
    node: strawberry.ID = strawberry.field(description="Simpul: its source's id.")
    status: NodeState = strawberry.field(
        description="LIVE: all that was asked for; PARTIAL: less; STALE: the last good snapshot; DOWN: nothing."
    )
    latency_ms: float | None = strawberry.field(
        description="How long its answers took together, in milliseconds; null where it was not asked."
    )
    code: str | None = strawberry.field(description="Kode tetap of what went wrong; null where nothing did.")
    age: float | None = strawberry.field(
        description="How old the rows that stand in are, in seconds since they were fetched; null unless STALE."
    )
    rows: int = strawberry.field(description="Rows of it in this answer.")
    dropped: int = strawberry.field(description="Rows or groups that it gave and that were not taken.")

    @shared("What went wrong and what to do about it, in the reader's language.")
    def what(self) -> str | None:
        """The sentence."""
        error = self.record.error
        return f"{error.what()} {error.fix()}" if error else None

    @shared("Anggota pemilik simpul.")
    def owner(self, info: Info) -> Member | None:
        """The member."""
        return member_of(info, self.record.node.member)

    @shared("Simpul sebagai sumber.")
    def source(self, info: Info) -> Source | None:
        """The source."""
        return source_of(info, self.record.node.id)


@dataclass(frozen=True)
class Standard:
    """A data standard that nodes are asked for: its types, what it is called here, and a row as a node gives it."""

    typed: Typed
    name: str
    row: Any

    @cached_property
    def by_column(self) -> Mapping[str, str]:
        """The attributes of a row, by column."""
        return {column: attribute for attribute, column in self.typed.attributes.items()}

    def values(
        self, columns: Sequence[str], values: Sequence[Any], node: Node, at: datetime, stale: bool
    ) -> dict[str, Any]:
        """The attributes of a row; a column that the asker may not see is null."""
        own = {"node": node.id, "member": node.member, "time": at, "stale": stale}
        found: dict[str, Any] = dict.fromkeys(self.typed.attributes)
        found |= zip((self.by_column[column] for column in columns), values, strict=True)
        return found | {key: value for key, value in own.items() if key not in self.typed.attributes}


def standard_of(typed: Typed) -> Standard:
    """The types of a data standard that nodes are asked for."""
    name = f"Live{typed.row.__name__}"
    return Standard(typed, name, _row(typed, name))


def _row(typed: Typed, name: str) -> Any:
    """The row type: a row as the graph has it, without provenance, and which node gave it when."""
    fields: dict[str, tuple[Any, Any]] = {}
    for own in typed.row.__strawberry_definition__.fields:
        if own.python_name not in _APART:
            field = copy.copy(own)
            field.metadata = {}
            fields[own.python_name] = (own.type_annotation.annotation, field)
    more = {
        "node": (strawberry.ID, "Simpul: the id of the source that the row is of."),
        "member": (str, "Anggota: the code of the member whose node it is."),
        "time": (datetime, "When it was true: the moment of the node's answer; of a stale row, when it was fetched."),
        "stale": (bool, "Whether it comes from the last good snapshot in place of the node."),
    }
    for key in OF_NODE:
        if key not in fields:
            kind, text = more[key]
            fields[key] = (kind, strawberry.field(description=text))
    text = f"{typed.contract.title['id']}: a row as a node gives it now."
    return make(name, lambda cls: strawberry.type(cls, description=text), fields)


def nodes_for(
    context: Context, contract: Contract, regions: Sequence[str] | None
) -> tuple[tuple[Node, ...], frozenset[str] | None]:
    """The nodes that the actor may see rows of, and the codes asked for; `RegionUnknown` for one that is none."""
    known = context.services.regions
    codes = None
    if regions is not None:
        found = [known.region(code) for code in regions]
        codes = frozenset({r.code for r in found} | {c.code for r in found for c in known.children(r.code)})
    predicate = scope(context.actor, contract).predicate
    nodes = asked(context.services.nodes, contract, codes)
    return tuple(node for node in nodes if admits(predicate, node.member)), codes


def live_of(context: Context) -> Live:
    """What asks the nodes; the app that serves has one whose lines are kept."""
    return context.services.live or Live(LiveLimits.of(context.services.settings))


def owners_of(context: Context, contract: Contract) -> Mapping[str, Mapping[str, str]]:
    """The columns whose codes are entries of a list that lie in a region: gauges (G26)."""
    regions = {code: g.region_code for code, g in context.services.listed.gauges.items() if g.region_code}
    return {c.name: regions for c in contract.columns if c.reference == "gauge"}


def facts_of(status: NodeStatus, now: datetime) -> dict[str, Any]:
    """The plain fields of a node's status."""
    at = status.fetched_at
    return {
        "member": status.node.member,
        "node": status.node.id,
        "status": status.state,
        "latency_ms": None if status.seconds is None else round(status.seconds * 1_000, 1),
        "code": status.error.code if status.error else None,
        "age": None if at is None else max(0.0, round((now - at).total_seconds(), 1)),  # clocks differ
        "rows": status.rows,
        "dropped": status.dropped,
    }
