"""The address rules (BAD_INPUTS S16-S19): which addresses the province's machine may call for a source.

Rules only, no connection: `federation/vetted.py` makes connections that cannot get around them. Taken are https,
and http where a redirect leads on to https, on ports 80, 443, 8080 and 8443, at public addresses, with a
certificate that verifies. A named admin may allow a source an exception with reason and last day
(`federation.member.Allowance`); it holds for the source's own host, or the host it names.
"""

import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from enum import StrEnum
from functools import cache

import certifi
from yarl import URL

from core.clock import utc_now
from federation.errors import (
    AddressError,
    AddressRefused,
    AllowanceExpired,
    RedirectRefused,
    SourceUnreachable,
    TlsRefused,
    UrlRefused,
)
from federation.member import Allowance, AllowanceKind, SourceConfig

#: Where open data portals are found; other ports belong to other services and need an allowance.
PORTS = frozenset({80, 443, 8080, 8443})
MAX_HOPS = 5

#: The addresses of a host, as text; `OSError` where the name is unknown. Blocks, so it is called from threads.
Resolve = Callable[[str, int], Sequence[str]]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_INTRANET: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(n)
    for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7")
)
#: Never taken, not even with an allowance: cloud metadata and ranges through which another address can be meant.
_NEVER: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(n)
    for n in ("169.254.0.0/16", "100.100.100.200/32", "192.88.99.0/24", "fd00:ec2::/32", "2001::/32")
)
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
_SECRET = re.compile(r"(token|key|secret|passw|auth|sign|sig$|credential|session)", re.IGNORECASE)

#: OpenSSL's verification codes, as words of the message catalogue.
_TLS_REASONS = {9: "tls_early", 10: "tls_expired", 18: "tls_self_signed", 19: "tls_self_signed", 62: "tls_host"}


class AddressKind(StrEnum):
    """What an IP address is to us."""

    PUBLIC = "public"
    INTRANET = "intranet"  # an allowance may open it
    NEVER = "never"


def kind_of(address: str) -> AddressKind:
    """What an IP address is, looking through addresses that carry another (mapped, 6to4, NAT64); S17."""
    ip = ipaddress.ip_address(address)
    if (carried := _carried(ip)) is not None:
        return kind_of(str(carried))
    if any(ip in network for network in _NEVER) or (ip in _COMPATIBLE and int(ip) > 1):
        return AddressKind.NEVER
    if any(ip in network for network in _INTRANET):
        return AddressKind.INTRANET
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return AddressKind.NEVER
    return AddressKind.PUBLIC if ip.is_global and not ip.is_multicast else AddressKind.NEVER


def _carried(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def system_resolve(host: str, port: int) -> Sequence[str]:
    """The operating system's answer for a host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a name that no name server can be asked for
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def safe_url(url: str) -> str:
    """The address as it may be stored and shown: no credentials, no values of secret-looking parameters."""
    try:
        parsed = URL(url.strip())
        parsed = parsed.with_user(None) if parsed.host else parsed
    except ValueError:
        return "?"
    masked = [(k, "***" if _SECRET.search(k) else v) for k, v in parsed.query.items()]
    return str(parsed.with_query(masked) if any(v == "***" for _, v in masked) else parsed)


def host_of(url: str) -> str:
    """The host of an address in the form that is compared; empty where there is none."""
    try:
        return _plain(URL(url.strip()).host)
    except ValueError:
        return ""


def tls_context() -> ssl.SSLContext:
    """Verification against the system's certificates and those that ship with the program; it has no off switch."""
    return _tls_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _tls_context(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()  # OpenSSL itself reads the two variables
    context.load_verify_locations(certifi.where())
    return context


def _plain(host: str | None) -> str:
    return (host or "").rstrip(".").lower()


class AddressPolicy:
    """The rules as they hold for one source today, and a record of the allowances that were needed.

    Args:
        source: whose allowances count.
        today: the date against which their last day is held.
        resolve: how names become addresses.
    """

    def __init__(
        self,
        source: SourceConfig,
        *,
        today: Callable[[], date] = lambda: utc_now().date(),
        resolve: Resolve = system_resolve,
    ) -> None:
        self.source = source
        self._today = today
        self._resolve = resolve
        self._used: dict[Allowance, None] = {}
        self._own = host_of(source.url) if source.url.lower().startswith("http") else ""

    @property
    def used_allowances(self) -> tuple[Allowance, ...]:
        """The exceptions that calls made use of, for the report."""
        return tuple(self._used)

    def check(self, url: str) -> URL:
        """The parsed address if it may be called at all (S19), an IP literal also if its range may be (S17).

        Raises:
            UrlRefused, AddressRefused, AllowanceExpired.
        """
        try:
            parsed = URL(url.strip())
            host, port = _plain(parsed.host), parsed.port
        except ValueError:
            raise self._url_refused(url, "host") from None
        if parsed.scheme not in ("http", "https"):
            raise self._url_refused(url, "scheme")
        if not host or _UNSAFE.search(url.strip()):
            raise self._url_refused(url, "host")
        if "@" in parsed.raw_authority:
            raise self._url_refused(url, "credentials")
        if port is None or (port not in PORTS and not self._allowed(AllowanceKind.PORT, host, str(port), url)):
            raise self._url_refused(url, "port", port=port)
        if _is_address(host):
            self._judge(host, (host,))
        return parsed

    def accept(self, url: URL) -> None:
        """Refuse to take anything but a redirect from an http address, unless http is allowed there."""
        if url.scheme == "http" and not self._allowed(AllowanceKind.HTTP, _plain(url.host), None, str(url)):
            raise self._url_refused(str(url), "http")

    def trusts(self, url: URL) -> bool:
        """Whether the source's token may be sent there: its own host, over https or where http is allowed."""
        host = _plain(url.host)
        if host != self._own:
            return False
        return url.scheme == "https" or self._matching(AllowanceKind.HTTP, host, None)[0] is not None

    def redirect(self, trail: Sequence[URL], location: str) -> URL:
        """The checked address to follow to from the last one of the trail (S16).

        Raises:
            RedirectRefused: a loop, more than five hops, or from https down to http.
        """
        try:
            target = trail[-1].join(URL(location.strip()))
        except ValueError:
            raise self._url_refused(location, "host") from None
        reason = None
        if trail[-1].scheme == "https" and target.scheme == "http":
            reason = "redirect_down"
        elif target.with_fragment(None) in [u.with_fragment(None) for u in trail]:
            reason = "redirect_loop"
        elif len(trail) > MAX_HOPS:
            reason = "redirect_hops"
        if reason is not None:
            raise RedirectRefused(
                source=self.source.id, url=safe_url(str(trail[0])), target=safe_url(str(target)), reason=reason
            )
        return self.check(str(target))

    def vet(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses of a host, each of them fit to be connected to; connect to one of these and to no other.

        Raises:
            AddressRefused: any of them is not (S17), whatever the others are.
            SourceUnreachable: the name is unknown (S01).
        """
        host = _plain(host.strip("[]"))
        if _is_address(host):
            found: Sequence[str] = (host,)
        else:
            try:
                found = self._resolve(host, port)
            except OSError as error:
                raise SourceUnreachable(source=self.source.id, host=host, reason="dns", detail=error) from error
        if not found:
            raise SourceUnreachable(source=self.source.id, host=host, reason="dns", detail="")
        self._judge(host, found)
        return tuple(found)

    def pin(self, host: str) -> bytes | None:
        """The sha256 of the one certificate that is taken for this host, in place of verification; None verifies."""
        held, _ = self._matching(AllowanceKind.PIN, _plain(host), None)
        if held is None or held.value is None:
            return None
        self._used[held] = None
        return bytes.fromhex(held.value)

    def tls_refused(self, host: str, error: BaseException) -> AddressError:
        """The error to raise when a certificate did not verify (S18)."""
        held, expired = self._matching(AllowanceKind.PIN, _plain(host), None)
        if held is None and expired is not None:
            return self._expired(expired, host)
        reason = "tls_pin" if held is not None else tls_reason(error)
        return TlsRefused(source=self.source.id, host=host, reason=reason, detail=error)

    def _judge(self, host: str, addresses: Sequence[str]) -> None:
        for address in addresses:
            kind = kind_of(address)
            if kind is AddressKind.PUBLIC:
                continue
            if kind is AddressKind.NEVER or not self._allowed(AllowanceKind.PRIVATE_ADDRESS, host, None, host):
                raise AddressRefused(source=self.source.id, host=host, address=address, reason=f"address_{kind}")

    def _allowed(self, what: AllowanceKind, host: str, value: str | None, shown: str) -> bool:
        held, expired = self._matching(what, host, value)
        if held is not None:
            self._used[held] = None
            return True
        if expired is not None:
            raise self._expired(expired, safe_url(shown))
        return False

    def _matching(self, what: AllowanceKind, host: str, value: str | None) -> tuple[Allowance | None, Allowance | None]:
        today = self._today()
        expired = None
        for allowance in self.source.allow:
            if allowance.what is not what or not self._fits(allowance, host, value):
                continue
            if allowance.active(today):
                return allowance, None
            expired = allowance
        return None, expired

    def _fits(self, allowance: Allowance, host: str, value: str | None) -> bool:
        named = _plain((allowance.value or "").strip("[]"))
        match allowance.what:
            case AllowanceKind.PRIVATE_ADDRESS:
                return host == (named or self._own)
            case AllowanceKind.PORT:
                return named == value and host in self._own_hosts()
            case AllowanceKind.HTTP:
                return host == named if named else host in self._own_hosts()
            case AllowanceKind.PIN:
                return host == self._own

    def _own_hosts(self) -> Iterator[str]:
        yield self._own
        for allowance in self.source.allow:
            if allowance.what is AllowanceKind.PRIVATE_ADDRESS and allowance.value:
                yield _plain(allowance.value.strip("[]"))

    def _url_refused(self, url: str, reason: str, **values: object) -> UrlRefused:
        return UrlRefused(source=self.source.id, url=safe_url(url), reason=f"url_{reason}", **values)

    def _expired(self, allowance: Allowance, url: str) -> AllowanceExpired:
        return AllowanceExpired(
            source=self.source.id,
            url=url,
            what=allowance.what.value,
            by=allowance.by,
            why=allowance.reason,
            until=allowance.until.isoformat(),
        )


def tls_reason(error: BaseException | None) -> str:
    """Why a certificate was refused, as a word of the message catalogue."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        current = todo.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        code = getattr(current, "verify_code", None)  # the libraries' own errors of this class lack it
        if isinstance(current, ssl.SSLCertVerificationError) and isinstance(code, int):
            return _TLS_REASONS.get(code, "tls_untrusted")
        todo += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        todo += current.args
    return "tls_failed"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
