"""Subscriptions at `/graphql`: the protocol graphql-transport-ws, one connection a socket.

What a subscription may ask for is decided as for queries (limits, trusted documents, cost, scope); each event is
answered in a context of its own, with the token proved again. A client that does not speak in time, does not read, or
whose token ends is closed with the protocol's codes. Which events there are is left to `subgraphs/events.py`.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import ExecutionResult, OperationType
from graphql.execution.subscribe import create_source_event_stream
from sqlalchemy.orm import Session
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core import tokens
from core.access import ANONYMOUS, Actor
from core.errors import LumbungError
from core.log import get
from core.messages import use_locale
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from gateway.documents import Refused
from gateway.errors import SubscriptionLimit, formatted, internal, refusal
from gateway.execution import run
from gateway.feed import Feed
from gateway.http import GraphQLDoor, bearer, errors_of, locale_of, request_of
from gateway.limits import MAX_BODY
from gateway.listening import Listening
from gateway.offload import Deadline

log = get("gateway.subscriptions")

PROTOCOL: Final = "graphql-transport-ws"
INVALID, UNAUTHORIZED, FORBIDDEN, NOT_ACCEPTABLE, TIMEOUT, TAKEN, TOO_MANY = 4400, 4401, 4403, 4406, 4408, 4409, 4429
RESTART, SLOW = 1012, 1013
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Manners:
    """What a client must keep to, in seconds and numbers."""

    init_seconds: float = 10.0
    ping_seconds: float = 25.0
    pong_seconds: float = 10.0
    close_seconds: float = 2.0
    waiting: int = 64  # messages that a client may leave unread
    sockets: int = 500  # of the process
    each: int = 10  # connections of one client, and its subscriptions
    message_max: int = MAX_BODY


class _Closed(Exception):
    """The connection ends, with a code and a reason; without a code the client has gone."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Sockets:
    """The door for sockets: counts its clients, and can close all."""

    def __init__(self, door: GraphQLDoor, feed: Feed, manners: Manners | None = None) -> None:
        self.door = door
        self.feed = feed
        self.manners = manners or Manners()
        self.connections: Counter[str] = Counter()  # by client
        self.subscriptions: Counter[str] = Counter()
        self._open: set[_Connection] = set()

    @property
    def open(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        use_locale(locale_of(socket, self.door.settings.locale))
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await socket.accept(subprotocol=PROTOCOL)
        connection = _Connection(self, socket)
        unbegun = sum(1 for other in self._open if other.unbegun == connection.unbegun)
        if len(self._open) >= self.manners.sockets or unbegun >= self.manners.each:
            await connection.close(_Closed(TOO_MANY, "Too many connections"))
            return
        self._open.add(connection)
        try:
            await connection.serve()
        finally:
            self._open.discard(connection)

    def close(self, code: int = RESTART, reason: str = "Service restart") -> None:
        """Close every socket, because what it was told of the schema may not hold any more."""
        for connection in tuple(self._open):
            connection.end(_Closed(code, reason))


class _Connection:
    """One client's socket."""

    def __init__(self, sockets: Sockets, socket: WebSocket) -> None:
        self._sockets, self._socket = sockets, socket
        self._manners = sockets.manners
        self._client = f"{socket.client.host}" if socket.client else "-"
        self._secret: str | None = None
        self._actor: Actor = ANONYMOUS
        self._begun = self._acknowledged = False
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue(self._manners.waiting)
        self._ponged = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def unbegun(self) -> str | None:
        """The address of a client that has not said yet who it is; None of one that has."""
        return None if self._acknowledged else self._client

    def end(self, why: _Closed) -> None:
        """End the connection; the first reason counts."""
        if not self._ended.done():
            self._ended.set_exception(why)

    async def serve(self) -> None:
        """Read, write and ask for signs of life, until one of them ends it."""
        tasks = [asyncio.create_task(self._ending(part)) for part in (self._read(), self._write(), self._ping())]
        why = _Closed(None)
        try:
            await self._ended
        except _Closed as closed:
            why = closed
        finally:
            tasks += self._running.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._acknowledged:
                self._left(self._sockets.connections)
            await self.close(why)

    async def _ending(self, part: Coroutine[Any, Any, None]) -> None:
        """What a part of the connection raises ends the connection."""
        try:
            await part
        except _Closed as closed:
            self.end(closed)
        except TokenInvalid:
            self.end(_Closed(UNAUTHORIZED if self._acknowledged else FORBIDDEN, "Token invalid"))
        except LumbungError as error:
            log.warning("subscriptions.ended", code=error.code)
            self.end(_Closed(1011, error.code))
        except WebSocketDisconnect:
            self.end(_Closed(None))
        finally:
            self.end(_Closed(1011, "Internal error"))  # where nothing else was said

    async def close(self, why: _Closed) -> None:
        """Say goodbye to a client that is there; one that does not read is not waited for."""
        if why.code is None or self._socket.client_state is not WebSocketState.CONNECTED:
            return
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # RuntimeError: it has gone meanwhile
            async with asyncio.timeout(self._manners.close_seconds):
                await self._socket.close(why.code, why.reason)

    # messages

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._manners.init_seconds) as patience:
                while True:
                    await self._take(await self._message())
                    if self._acknowledged:
                        patience.reschedule(None)
        except TimeoutError:
            raise _Closed(TIMEOUT, "Connection initialisation timeout") from None

    async def _message(self) -> dict[str, Any]:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise _Closed(None)
        written = event.get("text")
        if written is None or len(written) > self._manners.message_max:
            raise _Closed(INVALID, "Invalid message")
        try:
            message = orjson.loads(written)
        except orjson.JSONDecodeError:
            raise _Closed(INVALID, "Invalid message") from None
        if not isinstance(message, dict) or not isinstance(message.get("payload", {}), dict | None):
            raise _Closed(INVALID, "Invalid message")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        payload = message.get("payload") or {}
        match message.get("type"):
            case "connection_init":
                await self._begin(payload)
            case "ping":
                self._put({"type": "pong"})
            case "pong":
                self._ponged.set()
            case "subscribe":
                self._subscribe(message.get("id"), payload)
            case "complete":
                running = self._running.pop(str(message.get("id")), None)
                if running is not None:
                    running.cancel()
                    self._left(self._sockets.subscriptions)
            case _:
                raise _Closed(INVALID, "Invalid message")

    def _put(self, message: dict[str, Any]) -> None:
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            raise _Closed(SLOW, "Client reads too slowly") from None

    async def _write(self) -> None:
        while True:
            await self._socket.send_text(orjson.dumps(await self._out.get()).decode())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._manners.ping_seconds)
            if not self._acknowledged:
                continue
            self._ponged.clear()
            self._put({"type": "ping"})
            try:
                async with asyncio.timeout(self._manners.pong_seconds):
                    await self._ponged.wait()
            except TimeoutError:
                raise _Closed(TIMEOUT, "Pong timeout") from None
            await self._context().proved()

    # who asks

    async def _begin(self, payload: dict[str, Any]) -> None:
        if self._begun:
            raise _Closed(TOO_MANY, "Too many initialisation requests")
        self._begun = True
        given = payload.get("Authorization", payload.get("authorization"))
        self._secret = bearer(self._socket.headers.get("authorization") if given is None else given)
        door, secret = self._sockets.door, self._secret
        if secret is not None:
            sessions, now = door.services.sessions, door.services.clock()
            self._actor = await door.offload.blocking(
                Deadline(door.settings.query_seconds), lambda: tokens.authenticate(sessions, secret, now=now)
            )
            self._client = f"token:{self._actor.id}"
        if self._sockets.connections[self._client] >= self._manners.each:
            raise _Closed(TOO_MANY, "Too many connections")
        self._sockets.connections[self._client] += 1
        self._acknowledged = True
        self._put({"type": "connection_ack"})

    def _left(self, counted: Counter[str]) -> None:
        counted[self._client] -= 1
        if counted[self._client] <= 0:
            del counted[self._client]

    def _context(self) -> Listening:
        """A context for what is asked now, by whom the connection began with."""
        door, secret, actor = self._sockets.door, self._secret, self._actor
        services = door.now()

        def proof(session: Session) -> None:
            if secret is not None and tokens.holder(session, secret, now=services.clock()) != actor:
                raise TokenInvalid

        return Listening(
            services,
            door.offload,
            Deadline(door.settings.query_seconds),
            actor,
            proof=proof if secret is not None else None,
            feed=self._sockets.feed,
            renew=self._context,
        )

    # what is asked

    def _subscribe(self, id_: Any, payload: dict[str, Any]) -> None:
        if not self._acknowledged:
            raise _Closed(UNAUTHORIZED, "Unauthorized")
        if not isinstance(id_, str) or not 0 < len(id_) <= _LONGEST_ID:
            raise _Closed(INVALID, "Invalid message")
        if id_ in self._running:
            raise _Closed(TAKEN, f"Subscriber for {id_} already exists")
        if self._sockets.subscriptions[self._client] >= self._manners.each:
            refused = SubscriptionLimit(largest=self._manners.each)
            self._put({"id": id_, "type": "error", "payload": refusal(refused)["errors"]})
            return
        self._sockets.subscriptions[self._client] += 1
        task = self._running[id_] = asyncio.create_task(self._answering(id_, payload))
        task.add_done_callback(lambda done: self._done(id_, done))

    def _done(self, id_: str, task: asyncio.Task[None]) -> None:
        """A subscription has ended: by itself, by its client, or by what it raised."""
        if self._running.get(id_) is task:
            del self._running[id_]
            self._left(self._sockets.subscriptions)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        try:
            match error:
                case _Closed():
                    self.end(error)
                case TokenInvalid():
                    self.end(_Closed(UNAUTHORIZED, "Token invalid"))
                case Refused():
                    self._put({"id": id_, "type": "error", "payload": errors_of(error)})
                case _:
                    unforeseen = not isinstance(error, LumbungError) or error.http_status == 500
                    told = internal(error) if unforeseen else error
                    assert isinstance(told, LumbungError)
                    self._put({"id": id_, "type": "error", "payload": refusal(told)["errors"]})
        except _Closed as closed:
            self.end(closed)

    async def _answering(self, id_: str, payload: dict[str, Any]) -> None:
        """Answer one subscription, event by event."""
        door, context = self._sockets.door, self._context()
        request = request_of(payload, only_queries=False)
        sound, _, cost = await door.prepared(context, request, kind=OperationType.SUBSCRIPTION)
        await context.proved()
        begun = create_source_event_stream(
            door.schema,
            sound.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation,
        )
        try:
            async with asyncio.timeout(context.deadline.left):
                source = await begun if inspect.isawaitable(begun) else begun
        except TimeoutError as error:
            raise QueryTimeout(seconds=context.deadline.seconds) from error
        if isinstance(source, ExecutionResult):
            self._put({"id": id_, "type": "error", "payload": [formatted(e) for e in source.errors or ()]})
            return
        assert isinstance(source, AsyncGenerator)
        try:
            async for event in source:
                fresh = self._context()
                try:
                    body = await run(door.schema, fresh, sound.document, request, event)
                except QueryTimeout as error:  # one event that cannot be answered is not the end
                    body = refusal(error)
                await fresh.proved()
                self._put({"id": id_, "type": "next", "payload": body | {"extensions": {"cost": cost}}})
        finally:
            await source.aclose()
        self._put({"id": id_, "type": "complete"})
