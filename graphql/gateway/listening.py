"""The context of a subscription: as a request's, with the feed of events, and renewed for each of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import strawberry

from gateway.context import Context
from gateway.feed import Feed


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

    async def proved(self) -> None:
        """Raises: TokenInvalid: the token does not hold any more, or not for the same asker."""
        if self.proof is not None and self.refused is None:
            await self.sql(lambda _: None)
        if self.refused is not None:
            raise self.refused


ListeningInfo = strawberry.Info[Listening, None]
