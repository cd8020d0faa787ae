"""Readings as they come, over graphql-transport-ws: who is told of what, and who is closed when."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core.operations.sockets import PROTOCOL, Manners
from node.graph import NodeGraph
from node.serve import bind
from tests.node import factories
from tests.node.factories import NOW, OFFER, reading

ADDED = "subscription ($gauge: String) { riverStageAdded(gauge: $gauge) { gaugeCode stageM status } }"
OLD = [reading("garang", i, 1.0 + i) for i in range(3)]


class Steps:
    """The wait between two looks: it ends when the test says so, and says when it has begun again."""

    def __init__(self) -> None:
        self._go: asyncio.Queue[None] = asyncio.Queue()
        self._waits = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self._waits.set()
        await self._go.get()

    async def look(self) -> None:
        """One look, and the wait after it has begun."""
        await asyncio.wait_for(self._waits.wait(), 5)
        self._waits.clear()
        self._go.put_nowait(None)
        await asyncio.wait_for(self._waits.wait(), 5)


class Node:
    """A node's socket on a port of its own, whose clock and looks are the test's."""

    def __init__(self, root: Path, manners: Manners, toml: str) -> None:
        self.root, self.steps, self.now = factories.folder_of(root, OLD, toml=toml), Steps(), NOW
        self.graph: NodeGraph = factories.graph_of(
            self.root, manners=manners, wait=self.steps, refresh_seconds=0.0, clock=lambda: self.now
        )
        self.url = ""

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator["Node"]:
        app = Starlette(routes=[WebSocketRoute("/graphql", self._socket)])
        server = uvicorn.Server(uvicorn.Config(app, ws="websockets-sansio", log_level="warning", lifespan="off"))
        with bind("127.0.0.1", 0) as sock:
            self.url = f"ws://127.0.0.1:{sock.getsockname()[1]}/graphql"
            task = asyncio.create_task(server.serve(sockets=[sock]))
            yield self
            server.should_exit = True
            await task
        self.graph.door.close()

    async def _socket(self, socket: Any) -> None:
        await self.graph.sockets(socket)

    def put(self, *new: Any, name: str = "bacaan.csv") -> None:
        """The file as it was with these readings behind it."""
        factories.put(self.root, [*OLD, *new], name)


@contextlib.asynccontextmanager
async def node_of(
    root: Path, manners: Manners | None = None, toml: str = OFFER + "open = true\n"
) -> AsyncIterator[Node]:
    made = Node(root / "f", manners or Manners(), toml)
    async with made.served():
        yield made


class Client:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def next(self) -> Any:
        return orjson.loads(await asyncio.wait_for(self.socket.recv(), 5))

    async def closed(self) -> int:
        """The code it was closed with; messages before it are of no concern."""
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                await self.next()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code


@contextlib.asynccontextmanager
async def client_of(node: Node, *, init: bool = True, **payload: Any) -> AsyncIterator[Client]:
    async with connect(node.url, subprotocols=[Subprotocol(PROTOCOL)], ping_interval=None) as socket:
        client = Client(socket)
        if init:
            await client.send(type="connection_init", payload=payload)
            assert await client.next() == {"type": "connection_ack"}
        yield client


async def subscribed(node: Node, client: Client, name: str = "1", **variables: Any) -> None:
    """A subscription that waits already."""
    before = _waiting(node)
    await client.send(id=name, type="subscribe", payload={"query": ADDED, "variables": variables})
    while _waiting(node) == before:
        await asyncio.sleep(0.005)


def _waiting(node: Node) -> int:
    return node.graph.feed.waiting


async def test_new_readings_of_a_gauge_are_told_and_those_known_or_of_others_are_not(tmp_path: Path) -> None:
    async with node_of(tmp_path) as node, client_of(node) as mine, client_of(node) as every:
        await subscribed(node, mine, gauge="kreo")
        await subscribed(node, every)
        node.put(reading("garang", 90, 3.5, "Siaga 3"), reading("kreo", 95, 2.5), reading("kreo", 91, 2.0))
        await node.steps.look()
        told = [await mine.next(), await mine.next()]
        assert [m["payload"]["data"]["riverStageAdded"]["stageM"] for m in told] == [2.0, 2.5]
        told = [await every.next() for _ in range(3)]
        assert [m["payload"]["data"]["riverStageAdded"]["gaugeCode"] for m in told] == ["garang", "kreo", "kreo"]
        node.put(reading("garang", 90, 3.75), reading("kreo", 95, 2.5))  # a value mended, a row gone: nothing new
        await node.steps.look()
        node.put(reading("kreo", 99, 4.0), name="2027.csv")
        await node.steps.look()
        assert (await mine.next())["payload"] == {"data": {"riverStageAdded": {"gaugeCode": "kreo", "stageM": 4.0, "status": None}}}  # fmt: skip
        await mine.send(id="1", type="complete")
        await mine.send(id="2", type="subscribe", payload={"query": "{ riverStages { totalCount } }"})
        assert await mine.next() == {"id": "2", "type": "next", "payload": {"data": {"riverStages": {"totalCount": 9}}}}
        assert await mine.next() == {"id": "2", "type": "complete"}
        await mine.send(type="ping")
        assert await mine.next() == {"type": "pong"}
        assert _waiting(node) == 1


async def test_who_is_not_known_does_not_begin_and_a_token_that_ends_closes_the_stream(tmp_path: Path) -> None:
    async with node_of(tmp_path, toml=OFFER) as node:
        async with client_of(node, init=False) as stranger:
            await stranger.send(type="connection_init")
            assert await stranger.closed() == 4403
        async with client_of(node, init=False) as hasty:
            await hasty.send(type="subscribe", id="1", payload={"query": ADDED})
            assert await hasty.closed() == 4401
        secret = node.graph.door.tokens.issue("hub", now=NOW, expires=NOW + timedelta(hours=1))
        async with client_of(node, Authorization=f"Bearer {secret}") as known:
            await subscribed(node, known)
            node.now = NOW + timedelta(hours=1)
            node.put(reading("kreo", 90, 2.0))
            await node.steps.look()
            assert await known.closed() == 4401


async def test_G21_a_reader_that_is_too_slow_is_closed_and_forgotten(tmp_path: Path) -> None:
    async with node_of(tmp_path, Manners(slow_seconds=0.2, close_seconds=0.05)) as node:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(node.url.split(":")[2].partition("/")[0]))
        writer.write(
            b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " + PROTOCOL.encode() + b"\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        for message in ({"type": "connection_init"}, {"id": "1", "type": "subscribe", "payload": {"query": ADDED}}):
            text = orjson.dumps(message)  # masked with zeros, as a frame of a client has to be
            writer.write(b"\x81" + bytes([0xFE]) + len(text).to_bytes(2, "big") + b"\x00" * 4 + text)
        while not node.graph.feed.waiting:
            await asyncio.sleep(0.005)
        node.put(*(reading("kreo", 10 + i, 1.0, "x" * 5_000) for i in range(3_000)))  # more than buffers hold
        await node.steps.look()
        async with asyncio.timeout(10):
            while node.graph.feed.waiting or node.graph.sockets.open:
                await asyncio.sleep(0.01)
        writer.close()


async def test_G21_more_readers_than_the_database_has_places_are_all_told(tmp_path: Path) -> None:
    async with node_of(tmp_path, Manners(each=40)) as node, client_of(node) as client:
        for n in range(40):
            await subscribed(node, client, str(n))
        node.put(reading("garang", 90, 3.5))
        await node.steps.look()
        assert {(await client.next())["type"] for _ in range(40)} == {"next"}
