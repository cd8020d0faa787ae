"""How many connections may be open at once: to a host, for a source and in all, so that nobody takes another's.

A source that hangs holds its own connections and no other's. Within it a host that hangs holds its share and leaves
the rest to the source's other hosts: a slot of a wider circle is taken only by who has one of the narrower.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Slots:
    """Connections for one event loop.

    Args:
        per_host: to one host, by all sources together.
        per_source: of one source, to whatever hosts.
        total: in all; `per_source` times the sources at once leaves nobody waiting for it.
    """

    def __init__(self, *, per_host: int, per_source: int, total: int) -> None:
        self._per_host, self._per_source = per_host, per_source
        self._total = asyncio.Semaphore(total)
        self._hosts: dict[Hashable, asyncio.Semaphore] = {}
        self._sources: dict[str, asyncio.Semaphore] = {}
        self._lanes: dict[tuple[str, Hashable], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def one(self, source: str, host: Hashable) -> AsyncIterator[None]:
        """Hold a connection of a source to a host; first come, first served."""
        lane = self._lanes.setdefault((source, host), asyncio.Semaphore(self._per_host))
        own = self._sources.setdefault(source, asyncio.Semaphore(self._per_source))
        shared = self._hosts.setdefault(host, asyncio.Semaphore(self._per_host))
        async with lane, own, shared, self._total:
            yield
