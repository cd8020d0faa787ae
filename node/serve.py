"""Listening: one node for a regency's own machine, or several on one event loop for a demonstration.

Ports are bound before anything is served, so that port 0 works and every address that a node hands out is true.
"""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from core.http_guard import GuardedHttp
from node.app import create_app
from node.errors import NodePortTaken

_BACKLOG = 128
_MESSAGE = 256 * 1024  # of a socket, in bytes


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """One node to run.

    Attributes:
        port: 0 takes a free one.
        url: the address it is known by; None is the one it listens on.
        around: wraps the app, for what a demonstration or a test puts between (slowness, faults).
        contracts: the folders of data standards that its `node.toml` may name.
        store: where rows are kept as they were typed; None is a hidden folder beside the files.
        refresh_seconds: the folder is looked at again when asked after so long.
    """

    folder: Path
    member: str
    name: str
    host: str = "127.0.0.1"
    port: int = 0
    url: str | None = None
    around: Callable[[ASGIApp], ASGIApp] | None = None
    contracts: tuple[Path, ...] = ()
    store: Path | None = None
    refresh_seconds: float = 2.0


class _Server(uvicorn.Server):
    """One of several servers of a loop: signals are the business of whoever started them all."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class _Bound:
    server: _Server
    socket: socket.socket
    url: str
    close: Callable[[], None]


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises NodePortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # the protocol by name: without it asyncio leaves Nagle's wait on, and an answer in two parts takes 40 ms more
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        raise NodePortTaken(host=host, port=port, reason=error.strerror) from error
    sock.setblocking(False)
    return sock


def address(sock: socket.socket) -> str:
    """The http address of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(spec: NodeSpec) -> _Bound:
    sock = bind(spec.host, spec.port)
    url = spec.url or address(sock)
    try:
        app = create_app(
            spec.folder,
            spec.member,
            spec.name,
            url=url,
            contracts=spec.contracts,
            store=spec.store,
            refresh_seconds=spec.refresh_seconds,
        )
    except BaseException:
        sock.close()
        raise
    config = uvicorn.Config(
        spec.around(app) if spec.around else app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        http=GuardedHttp,
        ws="websockets-sansio",
        ws_max_size=_MESSAGE,
        ws_max_queue=8,
        ws_per_message_deflate=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=3,
    )
    return _Bound(_Server(config), sock, url, app.state.close)


async def _run(bound: Sequence[_Bound], stop: asyncio.Event, started: Callable[[], None]) -> None:
    running = [asyncio.create_task(b.server.serve(sockets=[b.socket])) for b in bound]
    await asyncio.gather(*(b.server.up.wait() for b in bound))
    started()
    await stop.wait()
    for b in bound:
        b.server.should_exit = True
    await asyncio.gather(*running)
    for b in bound:
        b.close()


def serve_many(specs: Sequence[NodeSpec], on_ready: Callable[[list[str]], None]) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` gets the addresses, in the order of the specs."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        bound = _bind_all(specs)
        await _run(bound, stop, lambda: on_ready([b.url for b in bound]))

    asyncio.run(main())


def serve(
    folder: Path,
    member: str,
    name: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    url: str | None = None,
    contracts: tuple[Path, ...] = (),
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve one folder until SIGINT or SIGTERM; raises NodeFolderMissing or NodePortTaken before it starts."""
    serve_many([NodeSpec(folder, member, name, host, port, url, contracts=contracts)], lambda urls: on_ready(urls[0]))


@contextlib.contextmanager
def running(specs: Sequence[NodeSpec]) -> Iterator[list[str]]:
    """The nodes in a background thread with its own event loop, for as long as the context lasts."""
    bound = _bind_all(specs)
    ready = threading.Event()
    handles: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def main() -> None:
        stop = asyncio.Event()
        handles.append((asyncio.get_running_loop(), stop))
        await _run(bound, stop, ready.set)

    thread = threading.Thread(target=lambda: asyncio.run(main()), name="nodes", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield [b.url for b in bound]
    finally:
        loop, stop = handles[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _bind_all(specs: Sequence[NodeSpec]) -> list[_Bound]:
    """All or none: where one cannot be bound, the others are closed again."""
    bound: list[_Bound] = []
    try:
        for spec in specs:
            bound.append(_bound(spec))
    except BaseException:
        for b in bound:
            b.socket.close()
            b.close()
        raise
    return bound
