"""A socket to one node in the protocol graphql-transport-ws, from the client's side: begun, subscribed, kept alive.

What a node says of its own failure is neither passed on nor logged (G24); its rows are read by whoever listens.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

import aiohttp
import orjson

from federation.live.errors import (
    LiveError,
    LiveFailing,
    LiveInvalid,
    LiveRefused,
    LiveSilent,
    LiveTooLarge,
    LiveUnreachable,
)
from federation.live.node import LiveLimits, Node

PROTOCOL: Final = "graphql-transport-ws"
_REFUSED = frozenset({4400, 4401, 4403, 4406})
_FAILING = frozenset({1011, 1012, 1013, 4408, 4429})
_ID = "1"


class Line:
    """One open socket with one subscription.

    Args:
        token: what the node must never say; a message that does is no message.
    """

    def __init__(
        self, node: Node, socket: "aiohttp.ClientWebSocketResponse[bool]", limits: LiveLimits, token: str | None
    ) -> None:
        self._node, self._socket, self._limits = node, socket, limits
        self._secret = None if token is None else token.encode()

    def _error(self, kind: type[LiveError], **values: object) -> LiveError:
        return kind(member=self._node.member, source=self._node.id, **values)

    async def begin(self) -> None:
        """Introduce ourselves; the token went with the request that opened the socket.

        Raises:
            LiveError: the node speaks another protocol, or does not want us.
        """
        if self._socket.protocol != PROTOCOL:
            raise self._error(LiveInvalid)
        await self._send({"type": "connection_init"})
        while (message := await self._message()).get("type") != "connection_ack":
            if message.get("type") not in ("ping", "pong"):
                raise self._error(LiveInvalid)

    async def told(self, document: str) -> AsyncGenerator[Mapping[str, Any], None]:
        """The `data` of each event of a subscription, until the node ends it.

        Raises:
            LiveError: why nothing more comes; also where the node ended it.
        """
        await self._send({"type": "subscribe", "id": _ID, "payload": {"query": document}})
        while True:
            message = await self._heard()
            match message.get("type"):
                case "next" if message.get("id") == _ID:
                    yield self._data(message.get("payload"))
                case "error":
                    raise self._error(LiveRefused, status=200)
                case "complete":
                    raise self._error(LiveUnreachable)
                case "pong":
                    pass
                case "ping":
                    await self._send({"type": "pong"})
                case _:
                    raise self._error(LiveInvalid)

    def _data(self, payload: Any) -> Mapping[str, Any]:
        if isinstance(payload, dict) and payload.get("errors"):
            raise self._error(LiveRefused, status=200)
        data = payload.get("data") if isinstance(payload, dict) else None
        if not isinstance(data, dict):
            raise self._error(LiveInvalid)
        return data

    async def _heard(self) -> dict[str, Any]:
        """The next message; a node that says nothing is asked whether it is still there."""
        try:
            async with asyncio.timeout(self._limits.quiet):
                return await self._message()
        except TimeoutError:
            pass
        await self._send({"type": "ping"})
        try:
            async with asyncio.timeout(self._limits.pong):
                return await self._message()
        except TimeoutError as error:
            seconds = self._limits.quiet + self._limits.pong
            raise self._error(LiveSilent, seconds=round(seconds, 1)) from error

    async def _message(self) -> dict[str, Any]:
        given = await self._socket.receive()
        if given.type is aiohttp.WSMsgType.ERROR:
            size = isinstance(given.data, aiohttp.WebSocketError) and given.data.code == 1009
            raise self._error(LiveTooLarge, limit=self._limits.message) if size else self._error(LiveInvalid)
        if given.type is not aiohttp.WSMsgType.TEXT:
            raise self._ended()
        raw = given.data.encode()
        if self._secret is not None and self._secret in raw:
            raise self._error(LiveInvalid)
        try:
            message = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise self._error(LiveInvalid) from error
        if not isinstance(message, dict):
            raise self._error(LiveInvalid)
        return message

    def _ended(self) -> LiveError:
        """Why the socket is closed, by the code that it was closed with."""
        code = self._socket.close_code
        if code in _REFUSED:
            return self._error(LiveRefused, status=code)
        return self._error(LiveFailing, status=code) if code in _FAILING else self._error(LiveUnreachable)

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._limits.pong):
                await self._socket.send_str(orjson.dumps(message).decode())
        except TimeoutError as error:
            raise self._error(LiveSilent, seconds=round(self._limits.pong, 1)) from error
