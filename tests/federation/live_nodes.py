"""Nodes for the tests of live questions: one server on loopback, a path for each, with rows of their own and manners."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from core.access import Actor, Role, scope
from core.contract import Contract
from core.contracts import load_contracts
from core.naming import camel
from core.rows import TRUE, Filter, Order, Scope
from federation.live.node import Node
from federation.live.question import Question, ask
from federation.member import Allowance, AllowanceKind, SourceConfig, SourceKind
from gateway.sdl import shipped_contracts

CONTRACT: Contract = load_contracts(shipped_contracts())["river_stage"]
COORDINATOR = Actor("k", "Koordinator", frozenset({Role.COORDINATOR}))
T0 = datetime(2026, 2, 1, tzinfo=UTC)
TOKEN = "token-simpul-rahasia-0123456789"


def row(gauge: str, region: str, minute: int, stage: float | None = 1.0, status: str | None = None) -> dict[str, Any]:
    """A row as a node gives it."""
    at = (T0 + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    return {"gaugeCode": gauge, "regionCode": region, "observedAt": at, "stageM": stage, "status": status}


def question(
    *, where: Filter = TRUE, order: tuple[Order, ...] = (), first: int = 100, after: str | None = None,
    visible: Scope | None = None, regions: frozenset[str] | None = None,
) -> Question:  # fmt: skip
    """A question for river stages, as a coordinator asks it."""
    seen = visible or scope(COORDINATOR, CONTRACT)
    return ask(CONTRACT, seen, where=where, order=order, first=first, after=after, regions=regions)


def ordered(rows: Sequence[Mapping[str, Any]], order: Sequence[Mapping[str, str]]) -> list[Mapping[str, Any]]:
    """Rows by an `orderBy` input, empty cells last."""
    out = list(rows)
    for step in reversed(order):
        name = camel(step["column"].lower())
        down = step["direction"] == "DESC"
        there = sorted((r for r in out if r[name] is not None), key=lambda r: r[name], reverse=down)
        out = [*there, *(r for r in out if r[name] is None)]
    return out


def page(rows: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of an honest node."""
    wanted = ordered(rows, variables["orderBy"])
    begin = int(variables["after"]) if variables["after"] else 0
    found = wanted[begin : begin + variables["first"]]
    edges = [{"cursor": str(begin + i + 1), "node": r} for i, r in enumerate(found)]
    more = begin + len(found) < len(wanted)
    return {"data": {"rows": {"edges": edges, "pageInfo": {"hasNextPage": more}}}}


def groups(rows: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]) -> dict[str, Any]:
    """An honest node's groups, and of each counted column the values with their numbers."""
    keys = [variables[name] for name in sorted(variables) if name.startswith("by")]
    lists = [_grouped(rows, by, [] if i else variables["measures"]) for i, by in enumerate(keys)]
    made = [{"groups": each[: variables["first"]], "hasMore": len(each) > variables["first"]} for each in lists]
    return {"data": {("groups" if i == 0 else f"values{i - 1}"): each for i, each in enumerate(made)}}


def _grouped(rows: Sequence[Mapping[str, Any]], by: Sequence[str], measures: Any) -> list[dict[str, Any]]:
    names = [camel(c.lower()) for c in by]
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for each in rows:
        found.setdefault(tuple(each[n] for n in names), []).append(each)
    work: dict[str, Callable[[list[Any]], Any]] = {"COUNT": len, "SUM": sum, "MIN": min, "MAX": max}

    def value(measure: Mapping[str, str], some: Sequence[Mapping[str, Any]]) -> Any:
        if "column" not in measure:
            return len(some)
        there = [v for r in some if (v := r[camel(measure["column"].lower())]) is not None]
        return work[measure["op"]](there) if there or measure["op"] == "COUNT" else None

    return [
        {"key": dict(zip(names, k, strict=True)), "count": len(v), "values": [value(m, v) for m in measures]}
        for k, v in found.items()
    ]


Manner = Callable[["Stand", web.Request, dict[str, Any]], Any]


@dataclass
class Stand:
    """One node of the server: its rows, how it answers, and what it was asked."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    manner: Manner | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    most: int = 0
    inside: int = 0


async def answer(stand: Stand, request: web.Request) -> web.StreamResponse:
    body = json.loads(await request.read())
    stand.asked.append(body)
    stand.tokens.append(request.headers.get("Authorization"))
    stand.inside += 1
    stand.most = max(stand.most, stand.inside)
    try:
        if stand.manner is not None:
            made = await stand.manner(stand, request, body)
            if isinstance(made, web.StreamResponse):
                return made
            return web.json_response(made)
        work = page if "LumbungRows" in body["query"] else groups
        return web.json_response(work(stand.rows, body["variables"]))
    finally:
        stand.inside -= 1


@asynccontextmanager
async def serving(stands: Mapping[str, Stand]) -> AsyncIterator[str]:
    """The address of a server with these nodes."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(stands[request.match_info["name"]], request)

    async with _at("POST", handle) as url:
        yield url


@asynccontextmanager
async def _at(method: str, handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The address of a server with a path for each node."""
    app = web.Application()
    app.router.add_route(method, "/{name}/graphql", handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


def source(name: str, member: str, url: str, **more: Any) -> SourceConfig:
    """A node's source on loopback, as an admin allowed it."""
    far = date(2100, 1, 1)
    port = url.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    allow = (
        Allowance(AllowanceKind.PRIVATE_ADDRESS, "Sri", "uji", far),
        Allowance(AllowanceKind.HTTP, "Sri", "uji", far),
        Allowance(AllowanceKind.PORT, "Sri", "uji", far, port),
    )
    return SourceConfig(name, SourceKind.NODE, f"{url}/{name}", member, **({"allow": allow} | more))


def node(name: str, member: str, url: str, **more: Any) -> Node:
    """A node that may speak about its member's code."""
    return Node(source(name, member, url, **more), member, frozenset({member}))


# how nodes misbehave


async def hangs(stand: Stand, request: web.Request, body: dict[str, Any]) -> Any:
    await asyncio.Event().wait()


async def drips(stand: Stand, request: web.Request, body: dict[str, Any]) -> Any:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


async def streams_on(stand: Stand, request: web.Request, body: dict[str, Any]) -> Any:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


def says(status: int = 200, text: str = "", **headers: str) -> Manner:
    """Answers with a fixed text."""

    async def manner(stand: Stand, request: web.Request, body: dict[str, Any]) -> Any:
        return web.Response(status=status, text=text, headers=headers)

    return manner


def gives(made: Any) -> Manner:
    """Answers with fixed JSON."""

    async def manner(stand: Stand, request: web.Request, body: dict[str, Any]) -> Any:
        return made

    return manner


def edges(*rows: Mapping[str, Any], more: bool = False) -> dict[str, Any]:
    """A page as it is, whatever was asked."""
    made = [{"cursor": str(i + 1), "node": r} for i, r in enumerate(rows)]
    return {"data": {"rows": {"edges": made, "pageInfo": {"hasNextPage": more}}}}


# nodes that tell of rows by themselves


@dataclass
class Teller:
    """A node's socket: what it tells each who listens, in order, and what it was sent.

    Attributes:
        script: rows, dicts as they are (`message`), numbers to close the socket with; then silence.
        deaf: it never gives a sign of life.
        begun: how many subscriptions there were; `open`: how many sockets there are.
    """

    script: list[Any] = field(default_factory=list)
    status: int = 101
    headers: Mapping[str, str] = field(default_factory=dict)
    deaf: bool = False
    begun: int = 0
    open: int = 0
    tokens: list[str | None] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    more: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)


def message(text: str) -> dict[str, str]:
    """A message as it is, whatever it is."""
    return {"raw": text}


async def _tell(teller: Teller, request: web.Request) -> web.StreamResponse:
    teller.tokens.append(request.headers.get("Authorization"))
    if teller.status != 101:
        return web.Response(status=teller.status, headers=teller.headers)
    socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
    await socket.prepare(request)
    teller.open += 1
    telling: asyncio.Task[None] | None = None
    try:
        async for given in socket:
            if given.type is not web.WSMsgType.TEXT:
                break
            said = json.loads(given.data)
            teller.sent.append(said)
            if said["type"] == "connection_init":
                await socket.send_json({"type": "connection_ack"})
            elif said["type"] == "ping" and not teller.deaf:
                await socket.send_json({"type": "pong"})
            elif said["type"] == "subscribe":
                teller.begun += 1
                teller.documents.append(said["payload"]["query"])
                telling = asyncio.create_task(_script(teller, socket))
    finally:
        teller.open -= 1
        if telling is not None:
            telling.cancel()
    return socket


async def _script(teller: Teller, socket: web.WebSocketResponse) -> None:
    script = list(teller.script)
    while True:
        one = script.pop(0) if script else await teller.more.get()
        if isinstance(one, int):
            await socket.close(code=one)
            return
        if "raw" in one:
            await socket.send_str(one["raw"])
        else:
            await socket.send_json({"id": "1", "type": "next", "payload": {"data": {"added": one}}})


@asynccontextmanager
async def telling(tellers: Mapping[str, Teller]) -> AsyncIterator[str]:
    """The address of a server with these nodes' sockets."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _tell(tellers[request.match_info["name"]], request)

    async with _at("GET", handle) as url:
        yield url
