"""`riverStageAdded` and its like: what nodes tell of by themselves, handed on under the listener's scope.

One line a node serves all listeners (`federation/live/feed.py`). An event is a row, or word of a node that fell silent,
came back, or told what was not taken; rows of a time when a node was silent are asked for with `live`.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from types import GenericAlias
from typing import Any

import strawberry

from core.access import scope
from core.naming import camel
from federation.live.feed import ListenerSlow, followed, wish
from gateway.building import lst, make
from gateway.context import Context
from gateway.errors import SubscriptionSlow
from gateway.listening import ListeningInfo
from gateway.subgraphs.live_types import LiveNodeStatus, Standard, facts_of, live_of, nodes_for, owners_of


def _event(standard: Standard) -> Any:
    text = "Kabar dari simpul: a row that came, or how a node does now."
    return make(
        f"{standard.name}Added",
        lambda cls: strawberry.type(cls, description=text),
        {
            "row": (
                standard.row | None,
                strawberry.field(description="The row; null where only the node is told of."),
            ),
            "node_status": (
                LiveNodeStatus,
                strawberry.field(description="The node: LIVE; PARTIAL: some rows were not taken; DOWN: silent."),
            ),
        },
    )


def _still(context: Context, standard: Standard, regions: Sequence[str] | None) -> frozenset[str]:
    """The nodes that may be listened to as the members' files are now."""
    nodes, _ = nodes_for(context, standard.typed.contract, regions)
    return frozenset(node.id for node in nodes)


def _field(standard: Standard) -> tuple[Any, Any]:
    """The field that tells of a data standard's rows as nodes add them."""
    contract, event = standard.typed.contract, _event(standard)

    async def added(info, *, regions=None, gauges=None):  # type: ignore[no-untyped-def]  # annotated below
        context = info.context
        nodes, codes = nodes_for(context, contract, regions)
        named = None if gauges is None else frozenset(gauges)
        wanted = wish(contract, scope(context.actor, contract), gauges=named, regions=codes)
        told = live_of(context).feed.told(wanted, nodes, owners=owners_of(context, contract))
        services, there = context.services, frozenset(node.id for node in nodes)
        try:
            async with aclosing(told) as events:
                async for one in events:
                    now = context.renewed()
                    if now.services is not services:
                        services, there = now.services, _still(now, standard, regions)
                    if one.status.node.id not in there:
                        continue
                    at, row = services.clock(), None
                    if one.row is not None:
                        values = standard.values(wanted.columns, one.row.values, one.row.node, at, stale=False)
                        row = standard.row(**values)
                    status = LiveNodeStatus(record=one.status, **facts_of(one.status, at))
                    yield event(row=row, node_status=status)
        except ListenerSlow as error:
            raise SubscriptionSlow from error

    added.__annotations__ = {
        "info": ListeningInfo,
        "regions": lst(str) | None,
        "gauges": lst(str) | None,
        "return": GenericAlias(AsyncGenerator, (event, None)),
    }
    text = (
        f"{contract.title['id']}: rows as the members' nodes add them, of some regions or gauges or of all; "
        "and when a node falls silent or comes back."
    )
    name = camel(f"{contract.name}_added")
    return event, strawberry.subscription(resolver=added, name=name, description=text)


def live_subscription(standards: Sequence[Standard]) -> tuple[type, ...]:
    """The root type with a field for each data standard whose rows nodes tell of; none where there are none."""
    told = [standard for standard in standards if followed(standard.typed.contract)]
    fields = {f"{standard.typed.contract.name}_added": _field(standard) for standard in told}
    return (make("LiveSubscription", strawberry.type, fields),) if fields else ()
