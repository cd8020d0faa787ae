"""`live`: the members' nodes asked at the moment of the question, for each data standard that says it is live.

Asking, merging and standing in are `federation/live`'s; here are the types, the asker's scope, and how each node did.
A node that gives less than it should is an error with its path beside the data, never instead of it (G22).
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import strawberry
from graphql import GraphQLError

from core.access import scope
from core.clock import zone
from core.contract import Contract
from core.naming import camel
from core.rows import TRUE, Filter, Order
from core.rows_aggregate import Measure
from federation.live.errors import LiveDeadlineInvalid
from federation.live.groups import ask_groups, groups
from federation.live.node import LiveLimits, Node, asked
from federation.live.question import admits, ask
from federation.live.scatter import Live, LivePage, NodeState, NodeStatus
from federation.live.wire import wire
from gateway import plain
from gateway.building import field_of, lst, make
from gateway.context import Context, Info
from gateway.entities.places import Member, Source, member_of, source_of
from gateway.last_good import Catalogue
from gateway.pages import PageInfo
from gateway.typed import Typed
from gateway.typed_aggregate import GroupCondition, grouping_of, having_of
from gateway.where import Direction, translate

shared = field_of(None)
strawberry.enum(NodeState, name="LiveState", description="Keadaan simpul in one answer.")
_APART = {"provenance", "lumbung_facts"}  # a live row comes from no commit
_OF_STATUS = frozenset({"member", "node", "status", "latencyMs", "code", "age", "rows", "dropped"})
_OF_NODE = ("node", "member", "time", "stale")


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


def _asker(typed: Typed, info: Info, regions: Sequence[str] | None) -> tuple[tuple[Node, ...], frozenset[str] | None]:
    """The nodes that the actor may see rows of, and the codes asked for; `RegionUnknown` for one that is none."""
    context, contract = info.context, typed.contract
    known = context.services.regions
    codes = None
    if regions is not None:
        found = [known.region(code) for code in regions]
        codes = frozenset({r.code for r in found} | {c.code for r in found for c in known.children(r.code)})
    predicate = scope(context.actor, contract).predicate
    nodes = asked(context.services.nodes, contract, codes)
    return tuple(node for node in nodes if admits(predicate, node.member)), codes


def _live(context: Context) -> Live:
    """What asks the nodes; the app that serves has one whose lines are kept."""
    return context.services.live or Live(LiveLimits.of(context.services.settings))


def _seconds(context: Context, given: float | None) -> float | None:
    if given is not None and not given > 0:
        raise LiveDeadlineInvalid(given=given)
    left = context.deadline.left
    return left if given is None else min(given, left)


def _owners(context: Context, contract: Contract) -> Mapping[str, Mapping[str, str]]:
    """The columns whose codes are entries of a list that lie in a region: gauges (G26)."""
    regions = {code: g.region_code for code, g in context.services.listed.gauges.items() if g.region_code}
    return {c.name: regions for c in contract.columns if c.reference == "gauge"}


def _told(info: Info, statuses: Sequence[NodeStatus]) -> list[Any]:
    """How each node did; what went wrong also stands among the answer's errors."""
    raw, now = info._raw_info, info.context.services.clock()
    for status in statuses:
        if status.error is not None:
            error = GraphQLError("", raw.field_nodes, path=raw.path.as_list(), original_error=status.error)
            info.context.partial.append(error)
    asked = plain.selected(info, "nodesStatus", _OF_STATUS)
    told = [_facts(status, now) for status in statuses]
    if asked is None:
        return [LiveNodeStatus(record=status, **facts) for status, facts in zip(statuses, told, strict=True)]
    names = {attribute: camel(attribute) for attribute in (told[0] if told else ())}
    return [
        plain.item(
            asked,
            {names[k]: v for k, v in facts.items()}
            | {"status": facts["status"].name, plain.TYPENAME: LiveNodeStatus.__name__},
        )
        for facts in told
    ]


def _facts(status: NodeStatus, now: datetime) -> dict[str, Any]:
    """The plain fields of a node's status."""
    at = status.fetched_at
    return {
        "member": status.node.member,
        "node": status.node.id,
        "status": status.state,
        "latency_ms": None if status.seconds is None else round(status.seconds * 1_000, 1),
        "code": status.error.code if status.error else None,
        "age": None if at is None else round((now - at).total_seconds(), 1),
        "rows": status.rows,
        "dropped": status.dropped,
    }


def _filter(typed: Typed, given: Any, info: Info) -> Filter:
    return TRUE if given is None else translate(given, typed.fields, info.context.services.regions)


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
    for key in _OF_NODE:
        if key not in fields:
            kind, text = more[key]
            fields[key] = (kind, strawberry.field(description=text))
    text = f"{typed.contract.title['id']}: a row as a node gives it now."
    return make(name, lambda cls: strawberry.type(cls, description=text), fields)


def _page(typed: Typed, name: str) -> tuple[Any, Any]:
    row = _row(typed, name)
    page = make(
        f"{name}Page",
        lambda cls: strawberry.type(cls, description="Halaman of all nodes together, merged by its order."),
        {"nodes": (lst(row), None), "page_info": (PageInfo, None), "nodes_status": (lst(LiveNodeStatus), None)},
    )
    return row, page


def _rows_field(typed: Typed, name: str) -> tuple[Any, Any]:
    """The field that asks the nodes for rows."""
    contract = typed.contract
    row, page = _page(typed, name)

    async def rows(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        info, *, regions=None, where=None, order_by=None, first=100, after=None, deadline=None
    ):
        context = info.context
        nodes, codes = _asker(typed, info, regions)
        question = ask(
            contract,
            scope(context.actor, contract),
            where=_filter(typed, where, info),
            order=tuple(Order(o.column.value, o.direction is Direction.DESC) for o in order_by or ()),
            first=first,
            largest=context.services.settings.page_max,
            regions=codes,
            after=after,
        )
        found = await _live(context).rows(
            question,
            nodes,
            seconds=_seconds(context, deadline),
            owners=_owners(context, contract),
            last_good=Catalogue(context),
        )
        info_ = PageInfo(has_next_page=found.has_next, has_previous_page=after is not None, end_cursor=found.end_cursor)
        status = _told(info, found.nodes)
        made = _made(typed, row, info, question.columns, found)
        return page(nodes=made, page_info=info_, nodes_status=status)

    rows.__annotations__ = {
        "info": Info,
        "regions": lst(str) | None,
        "where": typed.where | None,
        "order_by": lst(typed.order) | None,
        "first": int,
        "after": str | None,
        "deadline": float | None,
        "return": page,
    }
    text = f"{contract.title['id']} / {contract.title['en']}: rows of the members' nodes at this moment."
    return page, strawberry.field(resolver=rows, name=camel(typed.field), description=text)


def _made(typed: Typed, row: Any, info: Info, columns: tuple[str, ...], found: LivePage) -> list[Any]:
    """The page's rows, as JSON where nothing but their values is asked for."""
    by_column = {column: attribute for attribute, column in typed.attributes.items()}
    attributes = [by_column[column] for column in columns]
    masked = {attribute: None for attribute, column in typed.attributes.items() if column not in columns}
    own = [key for key in _OF_NODE if key not in typed.attributes]
    fields = {attribute: camel(column) for attribute, column in typed.attributes.items()} | {key: key for key in own}
    asked = plain.selected(info, "nodes", fields.values())
    now = info.context.services.clock()
    made = []
    for taken in found.rows:
        at = taken.fetched_at
        more = {"node": taken.node.id, "member": taken.node.member, "time": at or now, "stale": at is not None}
        values: dict[str, Any] = (
            masked | dict(zip(attributes, taken.values, strict=True)) | {key: more[key] for key in own}
        )
        if asked is None:
            made.append(row(**values))
        else:
            json = {fields[attribute]: wire(value) for attribute, value in values.items()}
            made.append(plain.item(asked, json | {plain.TYPENAME: row.__name__}))
    return made


def _groups_field(typed: Typed, name: str) -> tuple[Any, Any]:
    """The field that asks the nodes for groups, each working out its own."""
    contract, grouping = typed.contract, grouping_of(typed.connection)
    answer = make(
        f"{name}Groups",
        lambda cls: strawberry.type(cls, description="Kelompok in the order asked for, and how each node did."),
        {"groups": (lst(grouping.group), None), "has_more": (bool, None), "nodes_status": (lst(LiveNodeStatus), None)},
    )

    async def aggregate(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        info, *, regions=None, where=None, group_by=(), measures=(), having=None, order_by=None, first=1_000,
        deadline=None,
    ):  # fmt: skip
        context = info.context
        nodes, codes = _asker(typed, info, regions)
        names = tuple(column.value for column in group_by)
        days = str(zone(context.services.settings.timezone))
        question = ask_groups(
            contract,
            scope(context.actor, contract),
            where=_filter(typed, where, info),
            group_by=names,
            measures=tuple(Measure(m.op, m.column.value if m.column else None) for m in measures),
            having=having_of(having),
            order=grouping.ordered(order_by, days),
            first=first,
            regions=codes,
            zone=days,
        )
        found = await groups(
            _live(context),
            question,
            nodes,
            seconds=_seconds(context, deadline),
            owners=_owners(context, contract),
            last_good=Catalogue(context),
        )
        hidden = {} if contract.suppression is None else {"hidden": None}
        made = [grouping.made(names, g.key, g.count, g.values, **hidden) for g in found.groups]
        return answer(groups=made, has_more=found.more, nodes_status=_told(info, found.nodes))

    aggregate.__annotations__ = {
        "info": Info,
        "regions": lst(str) | None,
        "where": typed.where | None,
        "group_by": lst(grouping.by),
        "measures": lst(grouping.measure),
        "having": lst(GroupCondition) | None,
        "order_by": lst(grouping.order) | None,
        "first": int,
        "deadline": float | None,
        "return": answer,
    }
    text = f"{contract.title['id']}: groups of the nodes' rows at this moment; each node measures its own."
    return answer, strawberry.field(resolver=aggregate, name=camel(f"{typed.field}_aggregate"), description=text)


def live_query(standards: Sequence[Typed]) -> tuple[type, ...]:
    """The root type with the field `live` over these data standards; none where there are none."""
    if not standards:
        return ()
    fields: dict[str, tuple[Any, Any]] = {}
    for typed in standards:
        name = f"Live{typed.row.__name__}"
        fields[typed.field] = _rows_field(typed, name)
        fields[f"{typed.field}_aggregate"] = _groups_field(typed, name)
    text = "Tanya langsung: the members' nodes at this moment."
    kind = make("Live", lambda cls: strawberry.type(cls, description=text), fields)

    def live() -> Any:
        return kind()

    live.__annotations__ = {"return": kind}
    field = strawberry.field(resolver=live, description=text, metadata={"owner": "catalog"})
    root: type = make("LiveQuery", strawberry.type, {"live": (kind, field)})
    return (root,)
