"""One question to one node over HTTP: safely addressed, bounded in time, bytes and number, its failures named.

What a node says of its own failure is neither passed on nor logged: it may hold a token or an address (G24).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import aiohttp
import orjson
from yarl import URL

from core.clock import utc_now
from core.log import get
from federation.address import AddressPolicy, Resolve, system_resolve
from federation.breaker import Breaker
from federation.credentials import token_of
from federation.errors import AddressError, FederationError, RedirectRefused, TokenMissing
from federation.live.errors import (
    LiveBusy,
    LiveError,
    LiveFailing,
    LiveInvalid,
    LiveRefused,
    LiveResting,
    LiveSilent,
    LiveTooLarge,
    LiveUnreachable,
    LiveUnsafe,
)
from federation.live.line import PROTOCOL, Line
from federation.live.node import LiveLimits, Node
from federation.vetted import client as make_client

log = get("federation.live")
PATH = "graphql"
_NO_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None)
_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_AGAIN = frozenset({408, 425, 429})
_GOODBYE = 2.0  # seconds that closing a socket may take


async def _no_redirect(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A socket is never opened at another address than the node's: aiohttp would follow."""
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise RedirectRefused(source="", url="", host="")
    return response


def _unsafe(error: BaseException) -> bool:
    """Whether the resolver's own refusal is behind an error, wrapped on its way."""
    return isinstance(error.__cause__, AddressError)


class NodeClient:
    """The line to one node, for one event loop: kept connections, a place among few, and a breaker.

    Args:
        pool: threads in which the node's name is looked up.
        clock: monotonic seconds, for the breaker.
    """

    def __init__(
        self,
        node: Node,
        limits: LiveLimits,
        pool: Executor,
        *,
        resolve: Resolve = system_resolve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.node = node
        self._limits = limits
        self._policy = AddressPolicy(node.source, resolve=resolve)
        self._pool = pool
        self._clock = clock
        self._breaker = Breaker(clock, minimum=limits.failures, pause=limits.rest)
        self._places = asyncio.Semaphore(limits.calls)
        self._inside = 0
        self._session: aiohttp.ClientSession | None = None
        self._held: tuple[date, URL, bool | aiohttp.Fingerprint] | None = None
        self._url = URL(node.source.url.rstrip("/")) / PATH

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A socket to the node in the protocol graphql-transport-ws, begun with the hub's token; one at a time.

        Raises:
            LiveError: there is none, or what happens within shows that there is none any more.
        """
        try:
            url, pin, token = self._vetted()
            if self._session is None:
                self._session = make_client(self._policy, self._pool, per_host=1, middlewares=(_no_redirect,))
            async with asyncio.timeout(self._limits.begin) as patience:
                async with self._session.ws_connect(
                    url,
                    protocols=(PROTOCOL,),
                    headers={} if token is None else {"Authorization": f"Bearer {token}"},
                    timeout=aiohttp.ClientWSTimeout(ws_close=_GOODBYE),
                    ssl=pin,
                    max_msg_size=self._limits.message,
                ) as socket:
                    line = Line(self.node, socket, self._limits, token)
                    await line.begin()
                    patience.reschedule(None)
                    yield line
        except TimeoutError as error:
            raise self._error(LiveSilent, seconds=self._limits.begin) from error
        except aiohttp.WSServerHandshakeError as error:
            raise self._status(error.status) from error
        except (aiohttp.ServerFingerprintMismatch, aiohttp.ClientSSLError, AddressError, TokenMissing) as error:
            raise self._error(LiveUnsafe) from error
        except (aiohttp.ClientError, FederationError, OSError) as error:
            raise self._error(LiveUnsafe if _unsafe(error) else LiveUnreachable) from error

    def _error(self, kind: type[LiveError], **values: object) -> LiveError:
        return kind(member=self.node.member, source=self.node.id, **values)

    async def ask(self, body: bytes, seconds: float) -> dict[str, Any]:
        """The `data` of the node's answer, within so many seconds.

        Raises:
            LiveError: named; the breaker has counted it.
        """
        ticket = self._breaker.admit()
        if ticket is None:
            raise self._error(LiveResting, seconds=round(self._breaker.wait(), 1))
        ok: bool | None = None
        try:
            try:
                async with asyncio.timeout(seconds):
                    data = await self._placed(body)
            except TimeoutError as error:
                raise self._error(LiveSilent, seconds=round(seconds, 3)) from error
            ok = True
            return data
        except LiveError as error:
            ok = None if isinstance(error, LiveBusy | LiveUnsafe) else not error.transient
            log.warning("live.node", node=self.node.id, code=error.code)
            raise
        finally:
            self._breaker.done(ticket, ok)

    async def _placed(self, body: bytes) -> dict[str, Any]:
        if self._inside >= self._limits.calls + self._limits.waiting:
            raise self._error(LiveBusy)
        self._inside += 1
        try:
            async with self._places:
                return await self._sent(body)
        except (aiohttp.ServerFingerprintMismatch, aiohttp.ClientSSLError, AddressError, TokenMissing) as error:
            raise self._error(LiveUnsafe) from error
        except (aiohttp.ClientError, FederationError, OSError) as error:
            raise self._error(LiveUnsafe if _unsafe(error) else LiveUnreachable) from error
        finally:
            self._inside -= 1

    async def _sent(self, body: bytes) -> dict[str, Any]:
        url, pin, token = self._vetted()
        if self._session is None:
            self._session = make_client(self._policy, self._pool, per_host=self._limits.calls)
        headers = _HEADERS if token is None else _HEADERS | {"Authorization": f"Bearer {token}"}
        async with self._session.post(
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            ssl=pin,
            timeout=_NO_LIMIT,
        ) as response:
            self._judge(response)
            raw = await self._read(response)
        return self._data(raw, token)

    def _vetted(self) -> tuple[URL, bool | aiohttp.Fingerprint, str | None]:
        """The address by today's rules, the certificate that is taken for it, and the token."""
        token = token_of(self.node.source)
        today = utc_now().date()
        if self._held is None or self._held[0] != today:  # allowances end with a day; names are judged by connections
            url = self._policy.check(str(self._url))
            self._policy.accept(url)
            pin = self._policy.pin(url.host or "") if url.scheme == "https" else None
            self._held = (today, url, True if pin is None else aiohttp.Fingerprint(pin))
        return self._held[1], self._held[2], token

    def _judge(self, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            raise self._status(response.status)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._error(LiveInvalid)

    def _status(self, status: int) -> LiveError:
        """What a status says that is not the one of an answer."""
        if 300 <= status < 400:
            return self._error(LiveUnsafe)
        if status >= 500 or status in _AGAIN:
            return self._error(LiveFailing, status=status)
        return self._error(LiveRefused, status=status)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._limits.body
        if (response.content_length or 0) > limit:
            raise self._error(LiveTooLarge, limit=limit)
        body = await response.content.readany()
        if response.content.at_eof():
            return body if len(body) <= limit else self._too_large()
        parts = bytearray(body)
        async for chunk in response.content.iter_any():
            parts += chunk
            if len(parts) > limit:
                self._too_large()
        return bytes(parts)

    def _too_large(self) -> bytes:
        raise self._error(LiveTooLarge, limit=self._limits.body)

    def _data(self, raw: bytes, token: str | None) -> dict[str, Any]:
        if token is not None and token.encode() in raw:  # what echoes our secret is no answer, wherever it stands in it
            raise self._error(LiveInvalid)
        try:
            answer = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise self._error(LiveInvalid) from error
        if not isinstance(answer, dict):
            raise self._error(LiveInvalid)
        if answer.get("errors"):
            raise self._error(LiveRefused, status=200)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise self._error(LiveInvalid)
        return data
