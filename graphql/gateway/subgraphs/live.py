"""`live`: the members' nodes asked at the moment of the question, for each data standard that says it is live.

Asking, merging and standing in are `federation/live`'s; here are the types, the asker's scope, and how each node did.
A node that gives less than it should is an error with its path beside the data, never instead of it (G22).
"""

from collections.abc import Sequence
from typing import Any

import strawberry
from graphql import GraphQLError

from core.access import scope
from core.clock import zone
from core.naming import camel
from core.rows import TRUE, Filter, Order
from core.rows_aggregate import Measure
from federation.live.errors import LiveDeadlineInvalid
from federation.live.groups import ask_groups, groups
from federation.live.question import ask
from federation.live.scatter import LivePage
from federation.live.status import NodeStatus
from federation.live.wire import wire
from gateway import plain
from gateway.building import lst, make
from gateway.context import Context, Info
from gateway.last_good import Catalogue
from gateway.pages import PageInfo
from gateway.subgraphs.live_types import (
    OF_NODE,
    LiveNodeStatus,
    Standard,
    facts_of,
    live_of,
    nodes_for,
    owners_of,
)
from gateway.typed import Typed
from gateway.typed_aggregate import GroupCondition, grouping_of, having_of
from gateway.where import Direction, translate

_OF_STATUS = frozenset({"member", "node", "status", "latencyMs", "code", "age", "rows", "dropped"})


def _seconds(context: Context, given: float | None) -> float | None:
    if given is not None and not given > 0:
        raise LiveDeadlineInvalid(given=given)
    left = context.deadline.left
    return left if given is None else min(given, left)


def _told(info: Info, statuses: Sequence[NodeStatus]) -> list[Any]:
    """How each node did; what went wrong also stands among the answer's errors."""
    raw, now = info._raw_info, info.context.services.clock()
    for status in statuses:
        if status.error is not None:
            error = GraphQLError("", raw.field_nodes, path=raw.path.as_list(), original_error=status.error)
            info.context.partial.append(error)
    asked = plain.selected(info, "nodesStatus", _OF_STATUS)
    told = [facts_of(status, now) for status in statuses]
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


def _filter(typed: Typed, given: Any, info: Info) -> Filter:
    return TRUE if given is None else translate(given, typed.fields, info.context.services.regions)


def _page(standard: Standard) -> Any:
    return make(
        f"{standard.name}Page",
        lambda cls: strawberry.type(cls, description="Halaman of all nodes together, merged by its order."),
        {
            "nodes": (lst(standard.row), None),
            "page_info": (PageInfo, None),
            "nodes_status": (lst(LiveNodeStatus), None),
        },
    )


def _rows_field(standard: Standard) -> tuple[Any, Any]:
    """The field that asks the nodes for rows."""
    typed, contract, page = standard.typed, standard.typed.contract, _page(standard)

    async def rows(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        info, *, regions=None, where=None, order_by=None, first=100, after=None, deadline=None
    ):
        context = info.context
        nodes, codes = nodes_for(context, contract, regions)
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
        found = await live_of(context).rows(
            question,
            nodes,
            seconds=_seconds(context, deadline),
            owners=owners_of(context, contract),
            last_good=Catalogue(context),
        )
        info_ = PageInfo(has_next_page=found.has_next, has_previous_page=after is not None, end_cursor=found.end_cursor)
        status = _told(info, found.nodes)
        made = _made(standard, info, question.columns, found)
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


def _made(standard: Standard, info: Info, columns: tuple[str, ...], found: LivePage) -> list[Any]:
    """The page's rows, as JSON where nothing but their values is asked for."""
    typed = standard.typed
    fields = {attribute: camel(column) for attribute, column in typed.attributes.items()}
    fields |= {key: key for key in OF_NODE if key not in fields}
    asked = plain.selected(info, "nodes", fields.values())
    now = info.context.services.clock()
    made = []
    for taken in found.rows:
        at = taken.fetched_at
        values = standard.values(columns, taken.values, taken.node, at or now, at is not None)
        if asked is None:
            made.append(standard.row(**values))
        else:
            json = {fields[attribute]: wire(value) for attribute, value in values.items()}
            made.append(plain.item(asked, json | {plain.TYPENAME: standard.row.__name__}))
    return made


def _groups_field(standard: Standard) -> tuple[Any, Any]:
    """The field that asks the nodes for groups, each working out its own."""
    typed, contract, grouping = standard.typed, standard.typed.contract, grouping_of(standard.typed.connection)
    answer = make(
        f"{standard.name}Groups",
        lambda cls: strawberry.type(cls, description="Kelompok in the order asked for, and how each node did."),
        {"groups": (lst(grouping.group), None), "has_more": (bool, None), "nodes_status": (lst(LiveNodeStatus), None)},
    )

    async def aggregate(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        info, *, regions=None, where=None, group_by=(), measures=(), having=None, order_by=None, first=1_000,
        deadline=None,
    ):  # fmt: skip
        context = info.context
        nodes, codes = nodes_for(context, contract, regions)
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
            live_of(context),
            question,
            nodes,
            seconds=_seconds(context, deadline),
            owners=owners_of(context, contract),
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


def live_query(standards: Sequence[Standard]) -> tuple[type, ...]:
    """The root type with the field `live` over these data standards; none where there are none."""
    if not standards:
        return ()
    fields: dict[str, tuple[Any, Any]] = {}
    for standard in standards:
        fields[standard.typed.field] = _rows_field(standard)
        fields[f"{standard.typed.field}_aggregate"] = _groups_field(standard)
    text = "Tanya langsung: the members' nodes at this moment."
    kind = make("Live", lambda cls: strawberry.type(cls, description=text), fields)

    def live() -> Any:
        return kind()

    live.__annotations__ = {"return": kind}
    field = strawberry.field(resolver=live, description=text, metadata={"owner": "catalog"})
    root: type = make("LiveQuery", strawberry.type, {"live": (kind, field)})
    return (root,)
