"""Real servers on loopback and the sources that may call them: a web app, a raw socket, a fake CKAN, TLS, the fault proxy."""

import asyncio
import contextlib
import ipaddress
import json
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.db import Base, make_engine, make_sessions
from federation.connectors.base import RemoteResource
from federation.fetch import Fetcher
from federation.fetched import FetchLimits
from federation.landing import Landing
from federation.member import Allowance, AllowanceKind, SourceConfig, SourceKind
from federation.retry import Backoff

FAULT_PROXY = Path(__file__).parents[3] / "shared" / "tools" / "faultproxy.py"
SAMPLES = Path(__file__).parents[3] / "shared" / "ckan" / "samples"
NEVER_ENDS = date(2999, 1, 1)
HOST = "data.contoh.go.id"


def allow(what: AllowanceKind, value: str | None = None, until: date = NEVER_ENDS) -> Allowance:
    return Allowance(what, by="Sri Admin", reason="uji di mesin ini", until=until, value=value)


def source(url: str, kind: SourceKind = SourceKind.HTTP, *, until: date = NEVER_ENDS, **more: Any) -> SourceConfig:
    """A source that may call its own host wherever that is: intranet, http, any port."""
    from yarl import URL

    parsed = URL(url)
    granted = (
        allow(AllowanceKind.PRIVATE_ADDRESS, parsed.host, until),
        allow(AllowanceKind.HTTP, None, until),
        allow(AllowanceKind.PORT, str(parsed.port), until),
    )
    return SourceConfig(**({"id": "semarang", "kind": kind, "url": url, "member": "33.74", "allow": granted} | more))


def resource(url: str, **more: Any) -> RemoteResource:
    return RemoteResource(**({"id": "r1", "name": "harga", "url": url, "format": "CSV"} | more))


def landing(folder: Path) -> Landing:
    import federation.models  # noqa: F401  # its tables

    folder.mkdir(parents=True, exist_ok=True)
    engine = make_engine(f"sqlite:///{folder / 'lumbung.db'}")
    tables = [Base.metadata.tables[t] for t in ("landed_object", "fetch_event", "source_state")]
    Base.metadata.create_all(engine, tables=tables)
    return Landing(folder / "landing", make_sessions(engine))


@dataclass
class Sleeper:
    """Sleeps for nobody and remembers what was asked."""

    asked: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await asyncio.sleep(0)

    def in_thread(self, seconds: float) -> None:
        self.asked.append(seconds)


def fetcher(folder: Path, sleep: Sleeper | None = None, **more: Any) -> Fetcher:
    limits = {"read": 0.3, "connect": 2.0, "total": 3.0} | more.pop("limits", {})
    return Fetcher(
        landing(folder),
        FetchLimits(**limits),
        sleep=sleep or Sleeper(),
        backoff=more.pop("backoff", Backoff(draw=lambda: 0.5)),
        **more,
    )


@contextlib.asynccontextmanager
async def serving(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A web server whose every path is the handler's; its base address."""

    async def route(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{path:.*}", route)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it has started
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that does with a connection what `talk` does after the request's head came."""
    tasks: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]  # this is one
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.asynccontextmanager
async def faulty(base: str, fault: str) -> AsyncIterator[str]:
    """The fault proxy before a server; its base address."""
    if not FAULT_PROXY.is_file():
        pytest.skip(f"{FAULT_PROXY.name} is not here")
    port, upstream = free_port(), base.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-S", str(FAULT_PROXY), str(port), "127.0.0.1", upstream, fault
    )
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()


def dataset(name: str, modified: str = "2026-11-01T08:00:00.000001", **more: Any) -> dict[str, Any]:
    """A dataset dict with the keys of CKAN 2.12's `package_search` (compared with a recorded answer in test_ckan)."""
    return {
        "author": "",
        "author_email": None,
        "creator_user_id": "u",
        "extras": [{"key": "kode_wilayah", "value": "33.74"}],
        "groups": [],
        "id": f"id-{name}",
        "isopen": True,
        "license_id": "cc-by-sa",
        "license_title": "Creative Commons Attribution Share-Alike",
        "license_url": "http://www.opendefinition.org/licenses/cc-by-sa",
        "maintainer": None,
        "maintainer_email": None,
        "metadata_created": "2026-10-01T08:00:00.000001",
        "metadata_modified": modified,
        "name": name,
        "notes": "",
        "num_resources": 0,
        "num_tags": 0,
        "organization": {
            "approval_status": "approved",
            "created": "2026-01-01T00:00:00",
            "description": "",
            "id": "o1",
            "image_url": "",
            "is_organization": True,
            "name": "disdag",
            "state": "active",
            "title": "Dinas Perdagangan",
            "type": "organization",
        },
        "owner_org": "o1",
        "private": False,
        "relationships_as_object": [],
        "relationships_as_subject": [],
        "resources": [],
        "state": "active",
        "tags": [],
        "title": name.title(),
        "type": "dataset",
        "url": "",
        "version": "",
    } | more


@dataclass
class FakeCkan:
    """CKAN's `package_search` over a list of dataset dicts; `bend` may spoil an answer before it is sent."""

    datasets: list[dict[str, Any]] = field(default_factory=list)
    cap: int = 1000
    bend: Callable[[dict[str, Any], int], Any] = lambda answer, number: answer
    asked: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        self.tokens.append(request.headers.get("Authorization"))
        if request.path != "/api/action/package_search":
            return web.Response(status=400, text=f"Bad request: Action name not known: {request.path}")
        private = request.query.get("include_private") == "true" and self.tokens[-1] is not None
        shown = [d for d in self.datasets if private or not d["private"]]
        key, _, direction = request.query.get("sort", "id asc").partition(" ")
        shown = sorted(shown, key=lambda d: d[key], reverse=direction == "desc")
        start, rows = int(request.query.get("start", 0)), min(int(request.query.get("rows", 10)), self.cap)
        answer = {
            "help": "http://portal/api/3/action/help_show?name=package_search",
            "success": True,
            "result": {
                "count": len(shown),
                "facets": {},
                "results": shown[start : start + rows],
                "sort": request.query.get("sort", ""),
                "search_facets": {},
            },
        }
        bent = self.bend(answer, len(self.asked))
        if isinstance(bent, web.StreamResponse):
            return bent
        headers = {"Content-Type": "application/json;charset=utf-8"}
        return web.Response(body=json.dumps(bent).encode(), headers=headers)


@dataclass(frozen=True)
class Certificate:
    """A certificate and key in files, its server context, and its sha256 in hex."""

    file: Path
    context: ssl.SSLContext
    sha256: str


def certificate(
    folder: Path, host: str = HOST, *, days: int = 30, signer: tuple[Any, Any] | None = None, name: str = "server"
) -> Certificate:
    """A certificate for a host: self-signed, or signed by (key, certificate) of an authority; expired with days < 0."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    alternative: x509.GeneralName = x509.DNSName(host)
    with contextlib.suppress(ValueError):
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer[1].subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(signer[0] if signer else key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return Certificate(file, context, built.fingerprint(hashes.SHA256()).hex())


def authority(folder: Path) -> tuple[Any, Any, Path]:
    """A certificate authority of our own: key, certificate, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Otoritas Uji")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=60))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "authority.pem"
    file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return key, built, file
