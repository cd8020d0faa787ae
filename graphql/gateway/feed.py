"""What has happened, told to whoever listens in this process: one look at the outbox for all of them.

Nobody looks while nobody listens. A listener that does not keep up is told so and let go; what an event means is left
to whoever listens.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from core import outbox
from core.errors import LumbungError
from core.log import get
from core.outbox import Event
from gateway.errors import SubscriptionSlow
from gateway.offload import Deadline, Offload

log = get("gateway.feed")
_SECONDS = 1.0  # between two looks
_LOOK_SECONDS = 5.0  # that one look may take
_WAITING = 256  # events that a listener may be behind
_AT_ONCE = 8  # listeners for whom an event is looked up at the same time


class Feed:
    """The events of one process's listeners."""

    def __init__(self, offload: Offload, *, seconds: float = _SECONDS, waiting: int = _WAITING) -> None:
        self._offload = offload
        self._seconds = seconds
        self._waiting = waiting
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self._listeners: dict[asyncio.Queue[Event | None], str] = {}
        self._looking: asyncio.Task[None] | None = None
        self._last = 0

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    async def events(self, topic: str) -> AsyncGenerator[Event, None]:
        """Every event of a topic from now on, in order.

        Raises:
            SubscriptionSlow: the listener was too far behind.
        """
        newest = await self._offload.sql(Deadline(_LOOK_SECONDS), outbox.newest)
        queue: asyncio.Queue[Event | None] = asyncio.Queue(self._waiting + 1)
        if self._looking is None:
            self._last = newest
            self._looking = asyncio.create_task(self._look_again_and_again())
        self._listeners[queue] = topic
        try:
            while (event := await queue.get()) is not None:
                if event.id > newest:
                    yield event
            raise SubscriptionSlow
        finally:
            self._listeners.pop(queue, None)
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def look(self) -> None:
        """Tell the listeners what has happened since the last look."""
        last = self._last
        found = await self._offload.sql(
            Deadline(_LOOK_SECONDS), lambda session: outbox.since(session, last, topics=set(self._listeners.values()))
        )
        for event in found.events:
            for queue in [q for q, topic in self._listeners.items() if topic == event.topic]:
                if queue.qsize() >= self._waiting:
                    del self._listeners[queue]
                    queue.put_nowait(None)  # there is one place more than may wait
                else:
                    queue.put_nowait(event)
        self._last = max(self._last, found.reached)

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self.look()
            except (LumbungError, SQLAlchemyError) as error:  # a database that is busy or away for a moment
                log.warning("feed.look", error=type(error).__name__)

    async def close(self) -> None:
        """Look no more."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
