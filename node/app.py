"""The node's HTTP face: CKAN's reading API and the files themselves, for whoever harvests or looks.

It only reads: every other method is refused. What the folder holds is `folder.py`, what an action means is
`core/ckan`; listening is left to `serve.py`.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from core.ckan import MIME, Answer, BadRequest, answer, body_parameters, query_parameters, refuse
from core.clock import Clock, utc_now
from core.errors import LumbungError
from node.folder import Folder, Served, Shelf
from node.metadata import offers_graphql

if TYPE_CHECKING:
    from node.graph import NodeGraph

MAX_BODY = 1024 * 1024
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]


class _Secure:
    """Puts the protective headers on every answer, whatever made it (R13)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_SECURITY]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def create_app(
    folder: Path,
    member: str,
    name: str,
    *,
    url: str = "http://127.0.0.1:8000",
    clock: Clock = utc_now,
    refresh_seconds: float = 2.0,
    contracts: Sequence[Path] = (),
    store: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Starlette:
    """A portal over a folder of files, and the graph of what its `node.toml` offers; raises NodeFolderMissing.

    Whoever has served it calls `state.close()` at the end.

    Args:
        member: the member's code, part of every id, so that two nodes never share one.
        name: what the portal is called where its `node.toml` does not say.
        url: the address under which it is reached, the start of every download's address; taken from here and
            never from what a caller claims (R15).
        contracts: the folders of data standards that `[[graphql]]` may name.
        store: where rows are kept as they were typed; None is a hidden folder beside the files.
        environ: where addresses of databases stand.
    """
    node = _Node(Folder(folder, member, name, url.rstrip("/"), clock=clock, refresh_seconds=refresh_seconds))
    try:
        node.graph = _graph(node, contracts, store, environ)
    except LumbungError as error:  # files are served all the same
        node.unoffered = error
    both = ["GET", "POST"]
    app = Starlette(
        routes=[
            Route("/", node.index),
            Route("/api", node.version),
            Route("/api/3", node.version),
            Route("/api/action/{action}", node.action, methods=both),
            Route("/api/3/action/{action}", node.action, methods=both),
            Route("/dataset/{dataset}/resource/{resource}/download/{name}", node.download),
            Route("/health/live", node.live),
            Route("/health/ready", node.ready),
            Route("/graphql", node.graphql, methods=["POST"]),
            WebSocketRoute("/graphql", node.socket),
        ],
        middleware=[Middleware(_Secure)],
        exception_handlers={HTTPException: _plain_error},
    )
    app.router.redirect_slashes = False  # it would send to whichever host the request names (R15)
    app.state.close = node.close
    return app


def _graph(
    node: "_Node", contracts: Sequence[Path], store: Path | None, environ: Mapping[str, str]
) -> "NodeGraph | None":
    """The graph of what is offered; what it needs is loaded only where something is."""
    if not offers_graphql(node.folder.path):
        return None
    from node.graph import make_node_graph

    return make_node_graph(node.folder, contracts, store=store, environ=environ)


class _Node:
    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.graph: NodeGraph | None = None
        self.unoffered: LumbungError | None = None

    async def graphql(self, request: Request) -> Response:
        """The graph's answer; nothing is there where nothing is offered, and 503 where an offer is broken."""
        if self.graph is None:
            raise HTTPException(404 if self.unoffered is None else 503)
        return await self.graph.door(request)

    def close(self) -> None:
        """Let go of threads and database."""
        if self.graph is not None:
            self.graph.door.close()

    async def socket(self, socket: WebSocket) -> None:
        if self.graph is None:
            await socket.close()
        else:
            await self.graph.sockets(socket)

    async def shelf(self) -> Shelf:
        """The folder's contents; the disk is touched in a thread only."""
        if (recent := self.folder.fresh()) is not None:
            return recent
        return await run_in_threadpool(self.folder.shelf)

    async def action(self, request: Request) -> Response:
        name = request.path_params["action"]
        portal = (await self.shelf()).portal
        try:
            if request.method == "POST":
                parameters = body_parameters(await _body(request))
            else:
                parameters = query_parameters(request.query_params.multi_items())
        except BadRequest as error:
            return _sent(refuse(portal.site_url, name, error))
        return _sent(await run_in_threadpool(answer, portal, name, parameters))

    async def download(self, request: Request) -> Response:
        asked = request.path_params
        served = (await self.shelf()).files.get(asked["resource"])
        if served is None or served.package_id != asked["dataset"] or served.name != asked["name"]:
            raise HTTPException(404)
        if not await run_in_threadpool(_still_there, served):  # replaced since the scan: its hash would be a lie
            shelf = await run_in_threadpool(lambda: self.folder.shelf(again=True))
            served = shelf.files.get(asked["resource"])
            if served is None or not await run_in_threadpool(_still_there, served):
                raise HTTPException(404)
        return _file(request, served)

    async def version(self, request: Request) -> Response:
        return JSONResponse({"version": 3}, media_type=MIME)

    async def live(self, request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(self, request: Request) -> Response:
        shelf = await self.shelf()
        problems = list(shelf.problems)
        offered: dict[str, object] = {}
        if self.graph is not None:
            offered["graphql"], found = await self.graph.door.health(request)
            problems += found
        if self.unoffered is not None:
            problems.append(self.unoffered)
        return JSONResponse(
            {
                "status": "ready",
                "member": self.folder.member,
                "datasets": len(shelf.portal.datasets),
                "files": len(shelf.files),
                "memory_kept": shelf.memory_kept,
                **offered,
                "problems": [problem.as_dict() for problem in problems],
            }
        )

    async def index(self, request: Request) -> Response:
        portal = (await self.shelf()).portal
        return JSONResponse(
            {
                "title": portal.title,
                "member": self.folder.member,
                "datasets": len(portal.datasets),
                "api": f"{portal.site_url}/api/3/action/package_search",
            }
        )


async def _body(request: Request) -> bytes:
    """The body, refused before it is read whole where it is large or packed."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    return body


def _sent(made: Answer) -> Response:
    return Response(made.body, made.status, {"Cache-Control": "public, max-age=0, must-revalidate"}, made.mime)


def _still_there(served: Served) -> bool:
    """Whether the file on disk is the one that was hashed, and no link has taken its place."""
    try:
        stat = served.path.lstat()
    except OSError:
        return False
    known = served.state
    return (stat.st_size, stat.st_mtime_ns) == (known.size, known.mtime_ns) and not served.path.is_symlink()


def _file(request: Request, served: Served) -> Response:
    modified = datetime.fromisoformat(served.state.modified).astimezone(UTC).replace(microsecond=0)
    headers = {
        "ETag": f'"{served.state.sha256}"',
        "Last-Modified": format_datetime(modified, usegmt=True),
        "Cache-Control": "no-cache, public, max-age=0, must-revalidate",
    }
    if _unchanged(request, headers["ETag"], modified):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(served.state.size)
    headers["Content-Type"] = served.mime  # without a charset: nobody has checked which one a file is written in
    return FileResponse(served.path, headers=headers, filename=served.name)


def _unchanged(request: Request, etag: str, modified: datetime) -> bool:
    """Whether the caller has this very version; If-None-Match decides where it is sent (RFC 9110, 13.2.2)."""
    if (tags := request.headers.get("if-none-match")) is not None:
        return tags.strip() == "*" or etag in {t.strip().removeprefix("W/") for t in tags.split(",")}
    if (since := request.headers.get("if-modified-since")) is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except (ValueError, TypeError, OverflowError):
        return False
    return modified <= (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


async def _plain_error(request: Request, error: Exception) -> Response:
    """A refusal outside the action API: its status as JSON, nothing about the inside."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"success": False, "status": status}, status, headers)
