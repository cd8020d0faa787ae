"""Readings as they come: who waits is told when a look at the sources finds new rows; who a socket's client is.

The sources are looked at only while somebody waits. Rows are asked of the database under the asker's own scope, as
everywhere. The protocol and its manners are `core/operations`'.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, cast

from graphql import ExecutionResult, OperationType, subscribe
from starlette.concurrency import run_in_threadpool

from core import cursors
from core.access import scope
from core.operations import sockets
from core.operations.refusals import Refused
from core.operations.sockets import Manners
from core.rows import TRUE, Compare, Op, Order, RowQuery
from node.asking import PAGE_MAX, Asking
from node.documents import REFUSALS
from node.errors import NodeQueryRefused
from node.graphql_http import GraphQLDoor, asked, body
from node.rows import Rows, Version
from node.standard import Standard, as_rows

_BEHIND = 8  # versions that a reader may be behind
_AT_ONCE = 3  # readers whose rows are asked for at the same time; new ones come to all of them at once


class Feed:
    """Tells those who wait of new rows.

    Args:
        every: seconds between two looks while somebody waits.
        wait: how to wait that long.
    """

    def __init__(
        self, rows: Rows, *, every: float = 2.0, wait: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._rows, self._every, self._wait = rows, every, wait
        self._waiting: dict[asyncio.Queue[Version | None], str] = {}
        self._task: asyncio.Task[None] | None = None
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def added(self, standard: Standard, gauge: str | None, asking: Asking) -> AsyncIterator[Mapping[str, Any]]:
        """The rows of a standard that come from now on; it ends where the reader falls far behind."""
        queue: asyncio.Queue[Version | None] = asyncio.Queue(_BEHIND)
        self._waiting[queue] = standard.contract.name
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
            self._task.add_done_callback(self._ended)
        try:
            while (version := await queue.get()) is not None:
                async for row in _rows(version, standard, gauge, asking, self._turns):
                    yield row
            raise NodeQueryRefused(detail=f"<= {_BEHIND}")
        finally:
            del self._waiting[queue]
            if not self._waiting and self._task is not None:
                self._task.cancel()
                self._task = None  # who comes before it has ended begins another

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Where looking failed nobody is left waiting for ever."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        REFUSALS.internal(error)
        for queue in self._waiting:
            _last(queue)

    async def _look(self) -> None:
        last = {name: self._rows.newest(name).relation.seq for name in self._rows.contracts}
        while True:
            await self._wait(self._every)
            await run_in_threadpool(self._rows.look)
            for name, seq in last.items():
                for version in self._rows.since(name, seq):
                    last[name] = version.relation.seq
                    self._tell(name, version)

    def _tell(self, name: str, version: Version) -> None:
        for queue, wanted in self._waiting.items():
            if wanted != name or version.added is None or not version.added.parts:
                continue
            if queue.full():
                _last(queue)
            else:
                queue.put_nowait(version)


def _last(queue: asyncio.Queue[Version | None]) -> None:
    """Nothing comes after what is in the queue."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


async def _rows(
    version: Version, standard: Standard, gauge: str | None, asking: Asking, turns: asyncio.Semaphore
) -> AsyncIterator[Mapping[str, Any]]:
    """The rows that came with a version, by time."""
    assert version.added is not None
    assert standard.gauge is not None
    after: str | None = None
    while True:
        query = RowQuery(
            relation=version.added,
            columns=tuple(standard.fields.values()),
            scope=scope(asking.actor, standard.contract),
            where=TRUE if gauge is None else Compare(standard.gauge, Op.EQ, gauge),
            order=(Order(standard.contract.time_column or standard.gauge),),
            first=PAGE_MAX,
            after=after,
        )
        async with turns:
            page = await asking.again().page(query)
        for row in as_rows(standard, page.rows):
            yield row
        if not page.has_next:
            return
        after = cursors.encode(query, page.places[-1])


class Sockets(sockets.Sockets):
    """The graph's door for sockets."""

    def __init__(self, door: GraphQLDoor, manners: Manners) -> None:
        super().__init__(lambda: _Client(door), REFUSALS, manners)


class _Client:
    """One client, by the token that its connection began with."""

    def __init__(self, door: GraphQLDoor) -> None:
        self._door = door
        self._secret: str | None = None

    async def begin(self, secret: str | None) -> str | None:
        """The token's name; None without one where something is open to all."""
        self._secret = secret
        actor = self._door.actor(secret)
        return None if secret is None else f"token:{actor.id}"

    async def still(self) -> None:
        """Raises: TokenInvalid: the token does not hold any more."""
        self._door.actor(self._secret)

    async def answers(self, payload: dict[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        """One body for every event of a subscription; one for anything else."""
        door, request = self._door, asked(payload)
        actor = door.actor(self._secret)
        sound, chosen = await door.prepared(actor, request)
        if chosen.node.operation is not OperationType.SUBSCRIPTION:
            yield await door.run(actor, request)
            return
        await door.looked()
        found = await subscribe(
            door.audience(actor).graph.schema,
            sound.document,
            context_value=door.asking(actor),
            variable_values=request.variables,
            operation_name=request.operation,
        )
        if isinstance(found, ExecutionResult):
            raise Refused(tuple(found.errors or ()))
        async with contextlib.aclosing(cast("AsyncGenerator[ExecutionResult, None]", found)) as results:
            async for result in results:
                await self.still()
                yield body(result)
