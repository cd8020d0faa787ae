"""The protocol graphql-transport-ws: one connection a socket, and what its client must keep to.

A client that does not begin in time, answer a ping or read is closed with the protocol's codes, and so is one whose
token ends. Who a client is and what it is answered is left to a `Session` of the door behind.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from core.errors import LumbungError
from core.log import get
from core.messages import use_locale
from core.operations.refusals import Refusals, Refused, refusal
from core.operations.requests import bearer, has_nul, locale_of
from core.places import Places
from core.token_errors import TokenInvalid

PROTOCOL: Final = "graphql-transport-ws"
INVALID, UNAUTHORIZED, FORBIDDEN, NOT_ACCEPTABLE, TIMEOUT, TAKEN, TOO_MANY = 4400, 4401, 4403, 4406, 4408, 4409, 4429
BROKEN, RESTART, SLOW = 1011, 1012, 1013
_LONGEST_ID = 200
_LONGEST_REASON = 123  # bytes, RFC 6455, 5.5


@dataclass(frozen=True, slots=True)
class Manners:
    """What a client must keep to, in seconds and numbers."""

    init_seconds: float = 10.0
    ping_seconds: float = 25.0
    pong_seconds: float = 10.0
    slow_seconds: float = 5.0  # that a message waits for a place among those unread
    close_seconds: float = 2.0
    waiting: int = 64  # messages that a client may leave unread
    heard: int = 500  # messages that it may send between two pings
    sockets: int = 500  # of the server
    each: int = 10  # connections of one client, and its subscriptions
    message_max: int = 256 * 1024


class Session(Protocol):
    """One client, as the door behind its socket knows it."""

    async def begin(self, secret: str | None) -> str | None:
        """Who the holder of a token is, as a name to count by; None of whom only the address is known.

        Raises:
            TokenInvalid: nobody, or nobody who may ask here.
        """

    async def still(self) -> None:
        """Raises: TokenInvalid: the token does not hold any more."""

    def answers(self, payload: dict[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        """The bodies that answer one request.

        Raises:
            Refused, LumbungError: why it is not answered (any further); TokenInvalid ends the connection.
        """


class Closed(Exception):
    """The connection ends, with a code and a reason; without a code the client has gone."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Sockets:
    """The door for sockets: counts its clients, and can close all."""

    def __init__(
        self,
        session: Callable[[], Session],
        refusals: Refusals,
        manners: Manners,
        *,
        locale: str | None = None,
        places: Places | None = None,
    ) -> None:
        """A door.

        Args:
            locale: the language of clients that name none which we speak.
            places: those that clients take, where several processes have them together.
        """
        self.session, self.refusals, self.manners = session, refusals, manners
        self.locale = locale or ""
        self.places = places or Places()
        self._open: set[_Connection] = set()

    @property
    def open(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    @property
    def connections(self) -> Counter[str]:
        """How many connections of each client are open."""
        return Counter(one.client for one in self._open if one.acknowledged)

    @property
    def subscriptions(self) -> Counter[str]:
        """How many subscriptions of each client run."""
        return Counter(one.client for one in self._open for _ in range(one.running))

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one socket until either side ends it."""
        use_locale(locale_of(socket, self.locale))
        if PROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await socket.accept(subprotocol=PROTOCOL)
        connection = _Connection(self, socket)
        try:
            if not connection.entered():
                await connection.close(Closed(TOO_MANY, "Too many connections"))
                return
            self._open.add(connection)
            await connection.serve()
        finally:
            self._open.discard(connection)
            connection.left()

    def close(self, code: int = RESTART, reason: str = "Service restart") -> None:
        """Close every socket, because what it was told of the schema may not hold any more."""
        for connection in tuple(self._open):
            connection.end(Closed(code, reason))


class _Connection:
    """One client's socket."""

    def __init__(self, sockets: Sockets, socket: WebSocket) -> None:
        self._sockets, self._socket = sockets, socket
        self._manners, self._refusals = sockets.manners, sockets.refusals
        self._session = sockets.session()
        self.client = f"{socket.client.host}" if socket.client else "-"
        self._begun = self.acknowledged = False
        self._places: list[str] = []  # that it holds itself, beside those of its subscriptions
        self._out: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(self._manners.waiting)
        self._ponged = asyncio.Event()
        self._heard = 0  # since the last ping
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def running(self) -> int:
        """How many subscriptions it has."""
        return len(self._running)

    def entered(self) -> bool:
        """Take a place among all sockets, and one among those of an address that have not said yet who they are."""
        return self._place("socket", self._manners.sockets) and self._place(self._unbegun, self._manners.each)

    def left(self) -> None:
        """Give its places back."""
        while self._places:
            self._sockets.places.leave(self._places.pop())

    @property
    def _unbegun(self) -> str:
        return f"unbegun {self.client}"

    @property
    def _subscription(self) -> str:
        return f"subscription {self.client}"

    def _place(self, kind: str, most: int) -> bool:
        taken = self._sockets.places.take(kind, most)
        if taken:
            self._places.append(kind)
        return taken

    def end(self, why: Closed) -> None:
        """End the connection; the first reason counts."""
        if not self._ended.done():
            self._ended.set_exception(why)

    async def serve(self) -> None:
        """Read, write and ask for signs of life, until one of them ends it."""
        tasks = [self._part(part) for part in (self._read(), self._write(), self._ping())]
        why = Closed(None)
        try:
            await self._ended
        except Closed as closed:
            why = closed
        finally:
            tasks += self._running.values()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close(why)

    def _part(self, part: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(part)
        task.add_done_callback(self._fell)
        return task

    def _fell(self, part: asyncio.Task[None]) -> None:
        """What a part of the connection raises ends the connection."""
        error = None if part.cancelled() else part.exception()
        match error:
            case Closed():
                self.end(error)
            case TokenInvalid():
                self.end(Closed(UNAUTHORIZED if self.acknowledged else FORBIDDEN, "Token invalid"))
            case LumbungError():
                get(self._refusals.log).warning("sockets.ended", code=error.code)
                self.end(Closed(BROKEN, error.code))
            case WebSocketDisconnect():
                self.end(Closed(None))
            case RuntimeError() if self._socket.client_state is not WebSocketState.CONNECTED:
                self.end(Closed(None))
            case Exception():
                self._refusals.internal(error)
        self.end(Closed(BROKEN, "Internal error"))  # where nothing else was said

    async def close(self, why: Closed) -> None:
        """Say goodbye to a client that is there; one that does not read is not waited for."""
        if why.code is None or self._socket.client_state is not WebSocketState.CONNECTED:
            return
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):  # RuntimeError: it has gone meanwhile
            async with asyncio.timeout(self._manners.close_seconds):
                await self._socket.close(why.code, why.reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))

    # messages

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._manners.init_seconds) as patience:
                while True:
                    await self._take(await self._message())
                    if self.acknowledged:
                        patience.reschedule(None)
        except TimeoutError:
            raise Closed(TIMEOUT, "Connection initialisation timeout") from None

    async def _message(self) -> dict[str, Any]:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise Closed(None)
        self._heard += 1
        if self._heard > self._manners.heard:
            raise Closed(TOO_MANY, "Too many messages")
        written = event.get("text")
        if written is None or len(written) > self._manners.message_max or has_nul(written):
            raise Closed(INVALID, "Invalid message")
        try:
            message = orjson.loads(written)
        except orjson.JSONDecodeError:
            raise Closed(INVALID, "Invalid message") from None
        if not isinstance(message, dict) or not isinstance(message.get("payload", {}), dict | None):
            raise Closed(INVALID, "Invalid message")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        payload = message.get("payload") or {}
        match message.get("type"):
            case "connection_init":
                await self._begin(payload)
            case "ping":
                await self._put({"type": "pong"})
            case "pong":
                self._ponged.set()
            case "subscribe":
                await self._subscribe(message.get("id"), payload)
            case "complete":
                running = self._running.pop(str(message.get("id")), None)
                if running is not None:
                    running.cancel()
                    self._sockets.places.leave(self._subscription)
            case _:
                raise Closed(INVALID, "Invalid message")

    async def _put(self, message: Mapping[str, Any]) -> None:
        """Lay a message down to be sent; who does not read makes others wait, but not for long."""
        if not self._out.full():
            self._out.put_nowait(message)
            return
        try:
            async with asyncio.timeout(self._manners.slow_seconds):
                await self._out.put(message)
        except TimeoutError:
            raise Closed(SLOW, "Client reads too slowly") from None

    async def _write(self) -> None:
        while True:
            await self._socket.send_text(orjson.dumps(await self._out.get()).decode())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self._manners.ping_seconds)
            self._heard = 0
            if not self.acknowledged:
                continue
            self._ponged.clear()
            await self._put({"type": "ping"})
            try:
                async with asyncio.timeout(self._manners.pong_seconds):
                    await self._ponged.wait()
            except TimeoutError:
                raise Closed(TIMEOUT, "Pong timeout") from None
            try:
                await self._session.still()
            except LumbungError as error:
                if not error.transient:  # who is not told whether a token holds asks again with the next ping
                    raise

    # who asks

    async def _begin(self, payload: dict[str, Any]) -> None:
        if self._begun:
            raise Closed(TOO_MANY, "Too many initialisation requests")
        self._begun = True
        given = payload.get("Authorization", payload.get("authorization"))
        secret = bearer(self._socket.headers.get("authorization") if given is None else given)
        unbegun = self._unbegun
        self.client = await self._session.begin(secret) or self.client
        if not self._place(f"connection {self.client}", self._manners.each):
            raise Closed(TOO_MANY, "Too many connections")
        self._places.remove(unbegun)
        self._sockets.places.leave(unbegun)
        self.acknowledged = True
        await self._put({"type": "connection_ack"})

    # what is asked

    async def _subscribe(self, id_: Any, payload: dict[str, Any]) -> None:
        if not self.acknowledged:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        if not isinstance(id_, str) or not 0 < len(id_) <= _LONGEST_ID:
            raise Closed(INVALID, "Invalid message")
        if id_ in self._running:
            raise Closed(TAKEN, f"Subscriber for {id_} already exists")
        if not self._sockets.places.take(self._subscription, self._manners.each):
            refused = refusal(self._refusals.subscriptions(self._manners.each))
            await self._put({"id": id_, "type": "error", "payload": refused["errors"]})
            return
        task = self._running[id_] = asyncio.create_task(self._answering(id_, payload))
        task.add_done_callback(lambda done: self._done(id_, done))

    async def _answering(self, id_: str, payload: dict[str, Any]) -> None:
        """Answer one request, body by body."""
        async with aclosing(self._session.answers(payload)) as bodies:
            async for body in bodies:
                await self._put({"id": id_, "type": "next", "payload": body})
        await self._put({"id": id_, "type": "complete"})

    def _done(self, id_: str, task: asyncio.Task[None]) -> None:
        """A request is answered, given up by its client, or ended by what it raised."""
        if self._running.get(id_) is task:
            del self._running[id_]
            self._sockets.places.leave(self._subscription)
        error = None if task.cancelled() else task.exception()
        match error:
            case None:
                return
            case Closed():
                self.end(error)
                return
            case TokenInvalid():
                self.end(Closed(UNAUTHORIZED, "Token invalid"))
                return
            case Refused():
                errors: object = self._refusals.all_of(error)
            case LumbungError() if error.http_status != 500:
                errors = refusal(error)["errors"]
            case _:
                errors = refusal(self._refusals.internal(error))["errors"]
        try:
            self._out.put_nowait({"id": id_, "type": "error", "payload": errors})
        except asyncio.QueueFull:
            self.end(Closed(SLOW, "Client reads too slowly"))
