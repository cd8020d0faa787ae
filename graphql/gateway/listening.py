"""The context of a subscription: as a request's, with the feed of events, and renewed for each of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import strawberry

from core.rows_errors import QueryBusy
from gateway.context import Context
from gateway.feed import Feed

T = TypeVar("T")
_WAITS = (0.1, 0.4, 1.6)


@dataclass
class Listening(Context):
    """One subscription, or one event that it is told of."""

    feed: Feed | None = field(default=None, repr=False)
    renew: "Callable[[], Listening] | None" = field(default=None, repr=False)

    @property
    def events(self) -> Feed:
        """The feed."""
        assert self.feed is not None
        return self.feed

    def renewed(self) -> "Listening":
        """The same asker for another event: a new deadline, nothing remembered, the token to be proved again."""
        assert self.renew is not None
        return self.renew()

    async def in_turn(self, work: "Callable[[Listening], Awaitable[T]]") -> T:
        """What `work` finds in a context of its own, one of a few listeners at a time.

        An event comes to all of them at once, and a database that is asked by hundreds at once says no to most; who is
        told so although it was in turn asks again for a while.
        """
        for wait in _WAITS:
            async with self.events.turns:
                try:
                    return await work(self.renewed())
                except QueryBusy:
                    pass
            await asyncio.sleep(wait)
        async with self.events.turns:
            return await work(self.renewed())

    async def proved(self) -> None:
        """Raises: TokenInvalid: the token does not hold any more, or not for the same asker."""
        if self.proof is not None and self.refused is None:
            await self.sql(lambda _: None)
        if self.refused is not None:
            raise self.refused


ListeningInfo = strawberry.Info[Listening, None]
