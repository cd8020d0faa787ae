"""G21: hub and node speak graphql-transport-ws with the same manners; who has none is closed with the same codes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core import tokens
from core.access import SYSTEM, Role
from core.contracts import load_contracts
from core.operations.sockets import PROTOCOL, Manners, Sockets
from gateway import subscriptions
from gateway.feed import Feed
from gateway.http import GraphQLDoor
from gateway.offload import Offload
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from tests.gateway.factories import NOW, Province
from tests.node import factories as nodes

SECONDS = 60  # no test waits for this; it is only so that a broken one ends
SILENT = {"hub": "subscription { snapshotCommitted { seq } }", "node": "subscription { riverStageAdded { stageM } }"}


@dataclass
class Side:
    """A door for sockets at an address; `now` is what its clock says."""

    name: str
    sockets: Sockets
    issue: Callable[[], str]
    now: list[Any]
    url: str = ""

    def client(self, *protocols: str, **headers: str) -> AbstractAsyncContextManager[ClientConnection]:
        chosen = [Subprotocol(p) for p in protocols or (PROTOCOL,)]
        return connect(
            self.url, subprotocols=chosen, additional_headers=headers, open_timeout=SECONDS, proxy=None,
            max_queue=1, compression=None,
        )  # fmt: skip

    async def subscribe(self, client: ClientConnection, id_: str = "1") -> None:
        await say(client, type="subscribe", id=id_, payload={"query": SILENT[self.name]})

    async def running(self, count: int) -> None:
        """Until so many subscriptions run: there is no message by which the protocol says so."""
        while self.sockets.subscriptions.total() != count:
            await asyncio.sleep(0.002)


Serve = Callable[..., AbstractAsyncContextManager[Side]]


@contextlib.contextmanager
def hub(province: Province, graph: Any, manners: Manners) -> Any:
    now = [NOW]
    services = replace(province.services, clock=lambda: now[0])
    offload = Offload(services.sessions, sql=2, duck=1)
    made = subscriptions.Sockets(GraphQLDoor(graph, services, offload), Feed(offload, seconds=3_600), manners)

    def issue() -> str:
        until = NOW + timedelta(hours=1)
        return tokens.issue(
            services.sessions, name="uji", roles=[Role.MACHINE], by=SYSTEM, now=NOW, expires=until
        ).secret  # fmt: skip

    yield Side("hub", made, issue, now)
    offload.close()


@contextlib.contextmanager
def node(folder: Path, manners: Manners) -> Any:
    now = [NOW]
    root = nodes.folder_of(folder, [nodes.reading("garang", 1, 1.0)])

    async def never(_: float) -> None:
        await asyncio.Event().wait()

    graph = nodes.graph_of(root, manners=manners, wait=never, clock=lambda: now[0])
    yield Side(
        "node", graph.sockets, lambda: graph.door.tokens.issue("hub", now=NOW, expires=NOW + timedelta(hours=1)), now
    )
    graph.door.close()


@pytest.fixture(scope="module")
def graph() -> Any:
    return make_schema(load_contracts(shipped_contracts()))


@pytest.fixture(params=["hub", "node"])
def serve(request: pytest.FixtureRequest, province: Province, tmp_path: Path, graph: Any) -> Serve:
    @contextlib.asynccontextmanager
    async def served(**given: Any) -> AsyncIterator[Side]:
        manners = Manners(**{"close_seconds": 0.05} | given)
        of = hub(province, graph, manners) if request.param == "hub" else node(tmp_path / "f", manners)
        with of as side:
            app = Starlette(routes=[WebSocketRoute("/graphql", side.sockets.__call__)])
            server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
            running = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.002)
            side.url = f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/graphql"
            try:
                async with asyncio.timeout(SECONDS):
                    yield side
                    while side.sockets.open:  # clients have gone: nothing of them stays
                        await asyncio.sleep(0.002)
                    assert not side.sockets.connections
                    assert not side.sockets.subscriptions
            finally:
                server.should_exit = True
                await running

    return served


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def hear(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await client.recv())
    return message


async def begin(client: ClientConnection, token: str | None = None) -> None:
    await say(client, type="connection_init", payload={"Authorization": f"Bearer {token}"} if token else {})
    assert await hear(client) == {"type": "connection_ack"}


async def closed(client: ClientConnection) -> tuple[int, str]:
    """How the server ended the connection, whatever it said before."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            await client.recv()
    assert ended.value.rcvd is not None, "it was not closed by the protocol"
    return ended.value.rcvd.code, ended.value.rcvd.reason


async def test_g21_who_does_not_begin_is_closed_however_busy_it_is(serve: Serve) -> None:
    async with serve(init_seconds=0.1) as side, side.client() as silent, side.client() as busy:
        await say(busy, type="ping")
        assert await hear(busy) == {"type": "pong"}
        assert [(await closed(c))[0] for c in (silent, busy)] == [4408, 4408]


async def test_g21_who_asks_before_beginning_or_begins_twice_is_closed(serve: Serve) -> None:
    async with serve() as side, side.client() as hasty, side.client() as twice:
        await side.subscribe(hasty)
        assert (await closed(hasty))[0] == 4401
        await begin(twice)
        await say(twice, type="connection_init")
        assert (await closed(twice))[0] == 4429


async def test_g21_another_protocol_is_closed(serve: Serve) -> None:
    async with serve() as side, side.client("graphql-ws") as client:
        assert (await closed(client))[0] == 4406


NO_MESSAGES: tuple[str | bytes, ...] = (
    "{", "[]", '{"type": 7}', '{"type": "start"}', '{"type":"ping","payload":[]}', '{"type": "subscribe", "id": 7}',
    '{"type": "subscribe", "id": ""}', json.dumps({"type": "subscribe", "id": "x" * 201}), "1" * 300_000, b"\x00",
    r'{"type": "ping", "payload": {"a": "\u0000"}}', '{"type": "ping", "payload": ' + "[" * 100_000,
)  # fmt: skip


async def test_g21_what_is_no_message_is_closed(serve: Serve) -> None:
    async with serve() as side:
        for text in NO_MESSAGES:
            async with side.client() as client:
                await begin(client)
                await client.send(text)
                assert (await closed(client))[0] == 4400, text[:60]


async def test_g21_a_token_that_is_not_valid_is_closed(serve: Serve) -> None:
    async with (
        serve() as side,
        side.client() as by_payload,
        side.client(Authorization="Bearer salah") as by_header,
        side.client() as by_number,
    ):
        await say(by_payload, type="connection_init", payload={"Authorization": "Bearer salah"})
        await say(by_header, type="connection_init")
        await say(by_number, type="connection_init", payload={"authorization": 7})
        assert [(await closed(c))[0] for c in (by_payload, by_header, by_number)] == [4403] * 3


async def test_g21_who_does_not_answer_a_ping_is_closed(serve: Serve) -> None:
    async with serve(ping_seconds=0.02, pong_seconds=0.1) as side, side.client() as client:
        await begin(client)
        assert await hear(client) == {"type": "ping"}
        await say(client, type="pong")
        assert await hear(client) == {"type": "ping"}
        assert await closed(client) == (4408, "Pong timeout")


@pytest.mark.parametrize("id_", ["1", "é" * 200])
async def test_g21_one_id_runs_once_at_a_time(serve: Serve, id_: str) -> None:
    async with serve() as side, side.client() as client:
        await begin(client)
        await side.subscribe(client, id_)
        await side.subscribe(client, id_)
        code, reason = await closed(client)
        assert (code, reason[:16]) == (4409, "Subscriber for " + id_[0])


async def test_g21_the_eleventh_subscription_of_a_client_is_refused_and_a_free_place_counts_again(serve: Serve) -> None:
    async with serve() as side, side.client() as client, side.client() as second:
        await begin(client)
        await begin(second)
        for n in range(10):
            await side.subscribe(client if n % 2 else second, str(n))
        await side.running(10)
        await side.subscribe(client, "eleventh")
        refused = await hear(client)
        assert (refused["type"], refused["id"]) == ("error", "eleventh")
        assert refused["payload"][0]["extensions"]["code"] in ("SUBSCRIPTION_LIMIT", "NODE_QUERY_REFUSED")
        await say(client, type="complete", id="1")
        await side.subscribe(client, "again")
        await say(client, type="ping")
        assert await hear(client) == {"type": "pong"}
        await side.running(10)


async def test_g21_the_eleventh_connection_of_a_client_is_refused_and_others_are_not(serve: Serve) -> None:
    async with serve() as side, AsyncExitStack() as stack:
        for _ in range(10):
            await begin(await stack.enter_async_context(side.client()))
        async with side.client() as eleventh:
            await say(eleventh, type="connection_init")
            assert await closed(eleventh) == (4429, "Too many connections")
        async with side.client() as known:
            await begin(known, side.issue())


async def test_g21_an_address_cannot_hold_all_sockets_without_beginning(serve: Serve) -> None:
    async with serve(each=2) as side, side.client(), side.client() as second:
        async with side.client() as third:
            assert (await closed(third))[0] == 4429
        await begin(second)
        async with side.client() as fourth:
            await begin(fourth)


async def test_g21_a_process_has_so_many_sockets_and_no_more(serve: Serve) -> None:
    async with serve(sockets=1) as side, side.client() as client:
        await begin(client)
        async with side.client() as second:
            assert (await closed(second))[0] == 4429


async def test_g21_a_flood_of_messages_is_closed(serve: Serve) -> None:
    async with serve(heard=50) as side, side.client() as client:
        await begin(client)
        for n in range(49):
            await say(client, type="ping" if n % 2 else "pong")
        await side.subscribe(client)
        assert await closed(client) == (4429, "Too many messages")


async def test_g21_a_token_that_ends_ends_the_connection(serve: Serve) -> None:
    async with serve(ping_seconds=0.02) as side, side.client() as client:
        await begin(client, side.issue())
        await side.subscribe(client)
        await side.running(1)
        assert await hear(client) == {"type": "ping"}
        side.now[0] += timedelta(hours=1)
        with pytest.raises(ConnectionClosed) as ended:
            while True:
                await say(client, type="pong")
                assert await hear(client) == {"type": "ping"}
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4401


async def test_g21_every_connection_can_be_ended_cleanly(serve: Serve) -> None:
    async with serve() as side, side.client() as client:
        await begin(client)
        await side.subscribe(client)
        await side.running(1)
        side.sockets.close()
        assert await closed(client) == (1012, "Service restart")


async def test_a_document_that_is_refused_is_told_as_errors_of_its_request(serve: Serve) -> None:
    refused = {
        "subscription { tidakAda }": {"QUERY_INVALID", "NODE_QUERY_REFUSED"},
        "{ members { ": {"QUERY_INVALID", "NODE_QUERY_REFUSED"},
        "subscription { " + "x" * 10 + " @a" * 30 + " }": {"QUERY_LIMIT", "NODE_QUERY_REFUSED"},
        "query A { __typename } query B { __typename }": {"OPERATION_REFUSED", "NODE_QUERY_REFUSED"},
        "": {"REQUEST_INVALID", "NODE_QUERY_REFUSED"},
    }
    async with serve() as side, side.client() as client:
        await begin(client)
        for query, codes in refused.items():
            await say(client, type="subscribe", id="1", payload={"query": query})
            told = await hear(client)
            assert (told["type"], told["id"]) == ("error", "1")
            assert {e["extensions"]["code"] for e in told["payload"]} <= codes, told
