"""Connections that cannot get around the address rules: an aiohttp client for files, a requests session for ckanapi.

Both resolve a name once for each connection, have every address judged, and connect to exactly those (no
rebinding); both follow redirects hop by hop through the rules, read bounded bodies, and use no proxy, netrc or
certificate from the environment. What a status means is left to `fetch` and the connectors.
"""

import asyncio
import io
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import aiohttp
import requests
from aiohttp.abc import AbstractResolver, ResolveResult
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from yarl import URL

from federation.address import AddressPolicy, safe_url, tls_context
from federation.errors import SourceInterrupted, SourceSilent, SourceTooLarge, SourceTooSlow, SourceUnreachable

AGENT = "Lumbung/0.1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def is_redirect(status: int, headers: Mapping[str, str]) -> bool:
    """Whether an answer sends on to another address."""
    return status in _REDIRECTS and bool(headers.get("Location"))


class VettedResolver(AbstractResolver):
    """Gives aiohttp only addresses that the policy has judged, in a pool where a slow name server stops nobody else."""

    def __init__(self, policy: AddressPolicy, pool: Executor) -> None:
        self._policy = policy
        self._pool = pool

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The judged addresses of a host; the policy's error where one of them is not fit."""
        found = await asyncio.get_running_loop().run_in_executor(self._pool, self._policy.vet, host, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


def client(
    policy: AddressPolicy, pool: Executor, *, per_host: int, middlewares: Sequence[aiohttp.ClientMiddlewareType] = ()
) -> aiohttp.ClientSession:
    """An aiohttp client for one source; follow redirects with `policy.redirect`, never by itself."""
    connector = aiohttp.TCPConnector(
        ssl=tls_context(),
        resolver=VettedResolver(policy, pool),
        family=socket.AF_UNSPEC,
        use_dns_cache=False,
        limit=0,
        limit_per_host=per_host,
    )
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        raise_for_status=False,
        middlewares=middlewares,
    )


class Lines:
    """The open sockets of one session, which another thread may cut; then its work ends at once.

    Args:
        policy: judges every address before it is connected to.
    """

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []
        self.cut_off = threading.Event()

    def connect(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """A socket connected to a judged address of the host; the last address's `OSError` where none answers."""
        failure: OSError | None = None
        for address in self._policy.vet(host, port):
            if self.cut_off.is_set():
                raise TimeoutError("cut off")
            try:
                made = socket.create_connection((address, port), timeout)
            except OSError as error:
                failure = error
                continue
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._remember(made)
            return made
        raise failure if failure is not None else OSError("no address")

    def cut(self) -> None:
        """End every read and write that is under way, and let nothing new begin."""
        self.cut_off.set()
        with self._lock:
            for handle in self._handles:
                try:
                    handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it has ended already

    def close(self) -> None:
        """Forget the sockets; they are closed by whoever uses them."""
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()

    def _remember(self, made: socket.socket) -> None:
        # TLS takes the socket object over, so a second handle on the same connection is kept
        with self._lock:
            self._handles.append(made.dup())
        if self.cut_off.is_set():
            self.cut()


class VettedAdapter(HTTPAdapter):
    """Makes requests connect only through `Lines`, and verify certificates as the policy says."""

    def __init__(self, policy: AddressPolicy, lines: Lines) -> None:
        self._policy = policy
        self._lines = lines
        self._verifying = tls_context()
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any) -> None:
        """Pools whose connections go through `Lines`."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        lines = self._lines

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(self, lines)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(self, lines)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pinned certificate for a pinned host, verification for every other; `verify` has no say."""
        place, _ = super().build_connection_pool_key_attributes(request, True, None)
        if (pin := self._policy.pin(str(place["host"]))) is not None and place["scheme"] == "https":
            return place, {"cert_reqs": "CERT_NONE", "assert_fingerprint": pin.hex(), "assert_hostname": False}
        return place, {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._verifying}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Already decided by the pool's attributes."""


def _connected(connection: HTTPConnection, lines: Lines) -> socket.socket:
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
    try:
        return lines.connect(connection.host, connection.port, timeout)
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, f"{connection.host}: {error}") from error
    except OSError as error:
        raise NewConnectionError(connection, f"{connection.host}: {error}") from error


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may take: seconds to connect, seconds between bytes, seconds in all, bytes of one body."""

    connect: float = 10.0
    read: float = 10.0
    total: float = 300.0
    body: int = 256 * 1024 * 1024


class VettedSession(requests.Session):
    """A requests session under the address rules with bounded bodies; one try, typed errors.

    Args:
        policy: the address rules of the source.
        limits: `total` counts from the making of the session.
        clock: monotonic seconds.
    """

    def __init__(self, policy: AddressPolicy, limits: Limits, clock: Callable[[], float]) -> None:
        super().__init__()
        self.policy = policy
        self.lines = Lines(policy)
        self.trust_env = False
        self._limits = limits
        self._clock = clock
        self._ends = clock() + limits.total
        self._source = policy.source.id
        adapter = VettedAdapter(policy, self.lines)
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self.lines.close()

    def left(self) -> float:
        """Seconds left of the total; `SourceTooSlow` where there are none."""
        left = self._ends - self._clock()
        if left <= 0 or self.lines.cut_off.is_set():
            raise SourceTooSlow(source=self._source, url="", seconds=self._limits.total)
        return left

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """One answer with its whole body, redirects followed; credentials go to trusted addresses only.

        Raises:
            FederationError: whatever went wrong, named.
        """
        kwargs.update(allow_redirects=False, stream=True)
        sent = dict(kwargs.pop("headers", None) or {})
        trail: list[URL] = []
        target = self.policy.check(str(url)).extend_query(kwargs.pop("params", None) or {})
        while True:
            trail.append(target)
            headers = sent if self.policy.trusts(target) else _without_credentials(sent)
            response = self._once(str(method), target, headers, kwargs)
            self.cookies.clear()
            if not is_redirect(response.status_code, response.headers):
                return response
            target = self.policy.redirect(trail, response.headers["Location"])

    def _once(self, method: str, url: URL, headers: dict[str, Any], options: dict[str, Any]) -> requests.Response:
        left = self.left()
        options = options | {"timeout": (min(self._limits.connect, left), min(self._limits.read, left))}
        shown, host = safe_url(str(url)), url.host or ""
        try:
            response = super().request(method, str(url), headers=headers, **options)
            body = b""
            with response:
                if not is_redirect(response.status_code, response.headers):
                    self.policy.accept(url)
                    body = self._body(response, shown)
            response.raw = io.BytesIO(body)  # what is asked of the answer from here on is in memory
            return response
        except requests.exceptions.SSLError as error:
            raise self.policy.tls_refused(host, error) from error
        except (requests.exceptions.Timeout, TimeoutError) as error:
            self.left()
            raise SourceSilent(source=self._source, url=shown, seconds=self._limits.read) from error
        except (requests.exceptions.RequestException, HTTPError, OSError) as error:
            self.left()
            kind = SourceInterrupted if _had_begun(error) else SourceUnreachable
            raise kind(source=self._source, host=host, url=shown, reason="connection", detail=error) from error

    def _body(self, response: requests.Response, shown: str) -> bytes:
        body = bytearray()
        while chunk := response.raw.read1(1 << 16, decode_content=True):
            body += chunk
            if len(body) > self._limits.body:
                raise SourceTooLarge(source=self._source, url=shown, limit=self._limits.body)
            self.left()
        return bytes(body)


def _without_credentials(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in headers.items() if k.lower() not in ("authorization", "x-ckan-api-key", "cookie")}


def _had_begun(error: BaseException) -> bool:
    """Whether a connection stood before it failed."""
    current: object = error
    for _ in range(5):
        if isinstance(current, NewConnectionError):
            return False
        if not isinstance(current, BaseException):
            break
        current = getattr(current, "reason", None) or (current.args[0] if current.args else None)
    return True
