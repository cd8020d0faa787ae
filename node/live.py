"""Readings as they come: who waits is told when a look at the sources finds new rows; graphql-transport-ws below it.

The sources are looked at only while somebody waits. Rows are asked of the database under the asker's own scope, as
everywhere. A reader that is too slow, or whose token has ended, is closed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from graphql import ExecutionResult, subscribe
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core import cursors
from core.access import Actor, scope
from core.errors import LumbungError
from core.rows import TRUE, Compare, Op, Order, RowQuery
from core.token_errors import TokenInvalid
from node import documents
from node.asking import PAGE_MAX, Asking
from node.errors import NodeQueryRefused
from node.graphql_http import GraphQLDoor, asked, bearer, body, secret_of
from node.rows import Rows, Version
from node.standard import Standard, as_rows

PROTOCOL = "graphql-transport-ws"
_BEHIND = 8  # versions that a reader may be behind


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
                async for row in _rows(version, standard, gauge, asking):
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
        documents.internal(error)
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
    version: Version, standard: Standard, gauge: str | None, asking: Asking
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
        page = await asking.again().page(query)
        for row in as_rows(standard, page.rows):
            yield row
        if not page.has_next:
            return
        after = cursors.encode(query, page.places[-1])


@dataclass(frozen=True, slots=True)
class Manners:
    """How long and how many: seconds to begin, between pings, to take a message; sockets a client, operations each."""

    init: float = 5.0
    ping: float = 20.0
    send: float = 10.0
    sockets: int = 10
    operations: int = 10


class _Close(Exception):
    """The socket is to be closed with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


@dataclass
class Sockets:
    """The door for graphql-transport-ws."""

    door: GraphQLDoor
    manners: Manners = field(default_factory=Manners)
    _clients: Counter[str] = field(default_factory=Counter)

    @property
    def open(self) -> int:
        """How many there are."""
        return self._clients.total()

    async def __call__(self, socket: WebSocket) -> None:
        """One socket, until it ends."""
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.close(4406)
            return
        client = socket.client.host if socket.client is not None else ""
        await socket.accept(subprotocol=PROTOCOL)
        if self._clients[client] >= self.manners.sockets:
            await socket.close(4429, "too many")
            return
        self._clients[client] += 1
        try:
            await _Session(self, socket).run()
        finally:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]


class _Session:
    def __init__(self, sockets: Sockets, socket: WebSocket) -> None:
        self.door, self.manners, self.socket = sockets.door, sockets.manners, socket
        self.running: dict[str, asyncio.Task[None]] = {}
        self.secret: str | None = None
        self.actor: Actor | None = None
        self.heard = True
        self.ended: asyncio.Future[_Close | None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        pinging: asyncio.Task[None] | None = None
        reading = asyncio.create_task(self._read())
        try:
            pinging = asyncio.create_task(self._ping())
            waited: set[asyncio.Future[Any]] = {reading, self.ended}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            close = self.ended.result() if self.ended.done() else None
            if reading.done() and not reading.cancelled() and (error := reading.exception()) is not None:
                close = error if isinstance(error, _Close) else close
                if not isinstance(error, _Close | WebSocketDisconnect | RuntimeError):
                    documents.internal(error)
                    close = _Close(1011, "")
            if close is not None and self.socket.client_state is WebSocketState.CONNECTED:
                with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect, OSError):
                    await asyncio.wait_for(self.socket.close(close.code, close.reason), self.manners.send)
        finally:
            tasks = [*self.running.values(), reading, *([pinging] if pinging else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def end(self, code: int, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(_Close(code, reason))

    async def _read(self) -> None:
        try:
            message = await asyncio.wait_for(self._message(), self.manners.init)
        except TimeoutError:
            raise _Close(4408, "Connection initialisation timeout") from None
        if message.get("type") != "connection_init":
            raise _Close(4401, "Unauthorized")
        self._begin(message.get("payload"))
        await self.send({"type": "connection_ack"})
        while True:
            await self._handle(await self._message())

    async def _message(self) -> dict[str, Any]:
        text = await self.socket.receive_text()
        self.heard = True
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _Close(4400, "Invalid message") from None
        if not isinstance(message, dict):
            raise _Close(4400, "Invalid message")
        return message

    def _begin(self, payload: Any) -> None:
        given = payload.get("Authorization") if isinstance(payload, dict) else None
        try:
            self.secret = bearer(given) if isinstance(given, str) else secret_of(self.socket)
            self.actor = self.door.actor(self.secret)
        except TokenInvalid:
            raise _Close(4403, "Forbidden") from None

    async def _handle(self, message: dict[str, Any]) -> None:
        name = message.get("id")
        match message.get("type"):
            case "ping":
                await self.send({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise _Close(4429, "Too many initialisation requests")
            case "complete" if isinstance(name, str):
                if (task := self.running.pop(name, None)) is not None:
                    task.cancel()
            case "subscribe" if isinstance(name, str) and 0 < len(name) <= 100:
                if name in self.running:
                    raise _Close(4409, f"Subscriber for {name} already exists")
                if len(self.running) >= self.manners.operations:
                    raise _Close(4429, "too many")
                self.running[name] = asyncio.create_task(self._operation(name, message.get("payload")))
            case _:
                raise _Close(4400, "Invalid message")

    async def _operation(self, name: str, payload: Any) -> None:
        try:
            if await self._answer(name, payload):
                await self.send({"id": name, "type": "complete"})
        except LumbungError as error:
            await self.send({"id": name, "type": "error", "payload": [documents.formatted(error)]})
        except _Close as close:
            self.end(close.code, close.reason)
        except (WebSocketDisconnect, RuntimeError):
            self.end(1000, "")
        finally:
            if self.running.get(name) is asyncio.current_task():
                del self.running[name]

    async def _answer(self, name: str, payload: Any) -> bool:
        """Whether the operation ended as it should; else its errors were sent."""
        actor, request = self._still(), asked(payload)
        document = await self.door.document(actor, request.query)
        if not documents.is_subscription(documents.operation(document, request.operation)):
            await self.send({"id": name, "type": "next", "payload": await self.door.run(actor, request)})
            return True
        await self.door.looked()
        found = await subscribe(
            self.door.audience(actor).graph.schema,
            document,
            context_value=self.door.asking(actor),
            variable_values=request.variables,
            operation_name=request.operation,
        )
        if isinstance(found, ExecutionResult):
            errors = [documents.formatted(documents.known(e), e.path) for e in found.errors or ()]
            await self.send({"id": name, "type": "error", "payload": errors})
            return False
        async with contextlib.aclosing(cast("AsyncGenerator[ExecutionResult, None]", found)) as results:
            async for result in results:
                self._still()
                await self.send({"id": name, "type": "next", "payload": body(result)})
        return True

    def _still(self) -> Actor:
        """Who asks, if the token still holds."""
        try:
            return self.door.actor(self.secret)
        except TokenInvalid:
            raise _Close(4403, "Forbidden") from None

    async def _ping(self) -> None:
        while True:
            self.heard = False
            await asyncio.sleep(self.manners.ping)
            if self.actor is None:
                continue
            try:
                self._still()
                await self.send({"type": "ping"})
            except _Close as close:
                self.end(close.code, close.reason)
                return
            await asyncio.sleep(min(self.manners.send, self.manners.ping))
            if not self.heard:
                self.end(4408, "no pong")
                return

    async def send(self, message: Mapping[str, Any]) -> None:
        try:
            await asyncio.wait_for(self.socket.send_text(orjson.dumps(message).decode()), self.manners.send)
        except TimeoutError:
            raise _Close(1013, "slow reader") from None
