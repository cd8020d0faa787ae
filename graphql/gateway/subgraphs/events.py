"""The subscription fields: what has happened in the catalogue, as far as the asker may know of it."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, cast

import strawberry

from core.outbox import Event
from gateway.entities.datasets import Snapshot
from gateway.listening import Listening, ListeningInfo

_COMMITTED = "snapshot.committed"


def told(description: str) -> Callable[[Callable[..., Any]], Any]:
    """The decorator for a source of events; it takes the field's description."""
    decorator: Any = strawberry.subscription(description=description)
    return cast("Callable[[Callable[..., Any]], Any]", decorator)


async def _seen(event: Event, member: str | None, fresh: Listening) -> Snapshot | None:
    """The snapshot of an event, as far as the listener may know of it and wants to."""
    if member is not None:
        dataset = await fresh.loaders.dataset.load(event.payload["dataset"])
        if dataset is None or dataset.record.member != member:
            return None
    return await fresh.loaders.snapshot.load(event.payload["seq"])


@strawberry.type
class Subscription:
    """The root of subscriptions."""

    @told("Snapshot baru as it is committed, of one data standard or member, as far as the asker sees it.")
    async def snapshot_committed(
        self, info: ListeningInfo, contract: str | None = None, member: str | None = None
    ) -> AsyncGenerator[Snapshot, None]:
        """Snapshots from now on."""
        async for event in info.context.events.events(_COMMITTED):
            if contract is not None and event.payload["contract"] != contract:
                continue
            snapshot = await info.context.in_turn(partial(_seen, event, member))
            if snapshot is not None:
                yield snapshot
