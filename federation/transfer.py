"""One try at one address: redirects followed under the rules, the body streamed into the landing, errors named."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from core.clock import Clock
from federation.address import AddressPolicy, safe_url
from federation.errors import (
    FederationError,
    SourceFailing,
    SourceInterrupted,
    SourceSilent,
    SourceStatus,
    SourceTooLarge,
    SourceUnreachable,
    UrlRefused,
)
from federation.landing import Prior
from federation.rest_spec import TOKEN_HEADER
from federation.retry import TRANSIENT_STATUS, retry_after
from federation.sink import Sink
from federation.vetted import is_redirect

#: Runs blocking work in a thread.
Run = Callable[..., Awaitable[Any]]

_OK = frozenset({200, 203})
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """A complete answer: `path` and `sha256` of the landed body, or None of both for 304."""

    url: URL
    status: int
    headers: CIMultiDictProxy[str]
    sha256: str | None = None
    path: Path | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """Everything one try needs.

    Attributes:
        place: source, dataset, resource and host, for errors.
        token: sent to the source's own host only.
        prior: makes the request conditional.
        body: the most bytes that are taken.
        read, connect: seconds.
        sink: makes the sink that takes the body.
        token_header: where the token goes.
    """

    client: aiohttp.ClientSession
    policy: AddressPolicy
    place: Mapping[str, Any]
    token: str | None
    prior: Prior | None
    body: int
    read: float
    connect: float
    sink: Callable[[], Sink]
    run: Run
    now: Clock
    token_header: str = TOKEN_HEADER

    async def __call__(self, url: URL) -> Received:
        """The answer of an address.

        Raises:
            FederationError: named; what had arrived is not kept.
        """
        trail = [url]
        try:
            while True:
                async with self._asked(trail[-1]) as response:
                    if not is_redirect(response.status, response.headers):
                        self.policy.accept(trail[-1])
                        return await self._taken(response, trail[-1])
                    trail.append(self.policy.redirect(trail, response.headers["Location"]))
        except aiohttp.ClientError as error:
            raise self._named(error, trail[-1]) from error
        except FederationError as error:
            error.values.update({**self.place, **error.values})
            raise

    def _asked(self, url: URL) -> Any:
        headers: dict[str, str] = {}
        if self.token is not None and self.policy.trusts(url):
            headers[self.token_header] = self.token
        if self.prior is not None and self.prior.etag:
            headers["If-None-Match"] = self.prior.etag
        if self.prior is not None and self.prior.last_modified:
            headers["If-Modified-Since"] = self.prior.last_modified
        pin = self.policy.pin(url.host or "") if url.scheme == "https" else None
        return self.client.get(
            url,
            headers=headers,
            allow_redirects=False,
            ssl=True if pin is None else aiohttp.Fingerprint(pin),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.connect, sock_read=self.read),
        )

    async def _taken(self, response: aiohttp.ClientResponse, url: URL) -> Received:
        if response.status == 304 and self.prior is not None:
            return Received(url, 304, response.headers)
        if response.status not in _OK:
            raise self._refused(response, url)
        declared = response.content_length
        if declared is not None and declared > self.body:
            raise SourceTooLarge(url=safe_url(str(url)), limit=self.body, size=declared)
        with self.sink() as sink:
            waiting, total = bytearray(), 0
            async for chunk in response.content.iter_any():
                waiting += chunk
                total += len(chunk)
                if total > self.body:
                    raise SourceTooLarge(url=safe_url(str(url)), limit=self.body, size=total)
                if len(waiting) >= _BLOCK:
                    await self.run(sink.write, bytes(waiting))
                    waiting.clear()
            if declared is not None and "Content-Encoding" not in response.headers and declared != total:
                raise self._cut(url, total, declared)
            sha256, path = await self.run(sink.keep, bytes(waiting))
        return Received(url, response.status, response.headers, sha256, path, total)

    def _refused(self, response: aiohttp.ClientResponse, url: URL) -> SourceStatus:
        status = response.status
        if status not in TRANSIENT_STATUS and status < 500:
            return SourceStatus(url=safe_url(str(url)), status=status)
        asked = retry_after(response.headers.get("Retry-After"), self.now()) if status in (429, 503) else None
        return SourceFailing(url=safe_url(str(url)), status=status, retry_after=asked)

    def _cut(self, url: URL, received: int, declared: int | None) -> SourceInterrupted:
        return SourceInterrupted(
            url=safe_url(str(url)), reason="cut_short", detail=f"{received}/{declared}", received=received
        )

    def _named(self, error: aiohttp.ClientError, url: URL) -> FederationError:
        place = {**self.place, "host": url.host, "url": safe_url(str(url))}
        match error:
            case aiohttp.ServerFingerprintMismatch() | aiohttp.ClientSSLError():
                return self.policy.tls_refused(url.host or "", error)
            case aiohttp.ConnectionTimeoutError():
                return SourceUnreachable(**place, reason="connect_timeout", detail=error)
            case aiohttp.ServerTimeoutError():
                return SourceSilent(**place, seconds=self.read)
            case aiohttp.ClientConnectorError():
                return SourceUnreachable(**place, reason="connection", detail=error)
            case aiohttp.InvalidURL():
                return UrlRefused(**place, reason="url_host")
            case _:  # reset, cut short, or no HTTP at all
                return SourceInterrupted(**place, reason="connection", detail=error)


async def within(seconds: float, work: Awaitable[Received]) -> Received:
    """The work's result; `TimeoutError` where it takes longer, however steadily bytes drip (S03)."""
    async with asyncio.timeout(seconds):
        return await work
