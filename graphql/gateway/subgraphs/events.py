"""The subscription fields: what has happened in the catalogue, as far as the asker may know of it."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import strawberry

from gateway.entities.datasets import Snapshot
from gateway.listening import ListeningInfo

_COMMITTED = "snapshot.committed"


def told(description: str) -> Callable[[Callable[..., Any]], Any]:
    """The decorator for a source of events; it takes the field's description."""
    decorator: Any = strawberry.subscription(description=description)
    return cast("Callable[[Callable[..., Any]], Any]", decorator)


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
            loaders = info.context.renewed().loaders
            if member is not None:
                dataset = await loaders.dataset.load(event.payload["dataset"])
                if dataset is None or dataset.record.member != member:
                    continue
            snapshot = await loaders.snapshot.load(event.payload["seq"])
            if snapshot is not None:
                yield snapshot
