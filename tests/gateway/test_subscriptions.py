"""G21: subscriptions over graphql-transport-ws, by a real client on a real server; who has no manners is closed."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core import tokens
from core.access import SYSTEM, Role
from core.contracts import load_contracts
from gateway import subscriptions
from gateway.feed import Feed
from gateway.http import GraphQLDoor
from gateway.listening import ListeningInfo
from gateway.offload import Deadline, Offload
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from gateway.subgraphs.events import told
from gateway.subscriptions import PROTOCOL, Manners, Sockets
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, Province, price

COMMITTED = "subscription($c: String) { snapshotCommitted(contract: $c) { seq contract resource { name } } }"
SECONDS = 60  # no test waits for this; it is only so that a broken one ends


@strawberry.type
class Query:
    here: bool = True


@strawberry.type
class Counting:
    """Sources of events that tests hold in hand."""

    @told("Numbers, as fast as they are read.")
    async def numbers(self, info: ListeningInfo, most: int = 3, size: int = 0) -> AsyncGenerator[str, None]:
        for n in range(most):
            yield str(n) + " " * size
            await asyncio.sleep(0)

    @told("Nothing, ever.")
    async def silence(self, info: ListeningInfo, first: int = 1) -> AsyncGenerator[str, None]:
        await asyncio.Event().wait()
        yield ""

    @told("An error that nobody foresaw.")
    async def broken(self, info: ListeningInfo) -> AsyncGenerator[str, None]:
        yield "one"
        raise RuntimeError("postgresql://rahasia@10.0.0.5")


@dataclass
class Served:
    """A province whose sockets are open at an address."""

    province: Province
    sockets: Sockets
    url: str
    moment: list[Any] = field(default_factory=lambda: [NOW])

    def client(self, *protocols: str, **headers: str) -> AbstractAsyncContextManager[ClientConnection]:
        chosen = [Subprotocol(p) for p in protocols or (PROTOCOL,)]
        return connect(self.url, subprotocols=chosen, additional_headers=headers, open_timeout=SECONDS, proxy=None)


Serve = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture(scope="module")
def graph() -> Any:
    return make_schema(load_contracts(shipped_contracts()))


@pytest.fixture
def serve(province: Province, request: pytest.FixtureRequest, tmp_path: Path, graph: Any) -> Serve:
    """Serves the graph, or another one, with the manners that a test wants; over a province of its own where asked."""
    shared = province

    @asynccontextmanager
    async def served(
        *, own: bool = False, fresh: bool = False, settings: dict[str, Any] | None = None, **manners: Any
    ) -> AsyncIterator[Served]:
        engine = request.getfixturevalue("sqlite_engine") if fresh else None
        province = shared if engine is None else factories.empty_province(tmp_path / "home", engine)
        moment = [NOW]
        chosen = province.services.settings.model_copy(update=settings or {})
        services = replace(province.services, clock=lambda: moment[0], settings=chosen)
        offload = Offload(services.sessions, sql=2, duck=1)
        schema = strawberry.Schema(query=Query, subscription=Counting) if own else graph
        door = GraphQLDoor(schema, services, offload)
        sockets = Sockets(door, Feed(offload, seconds=0.01), Manners(**manners))
        config = uvicorn.Config(
            Starlette(routes=[WebSocketRoute("/graphql", sockets.__call__)]), port=0, log_config=None, lifespan="off"
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(SECONDS):
                yield Served(province, sockets, f"ws://127.0.0.1:{port}/graphql", moment)
        finally:
            server.should_exit = True
            await running
            await sockets.feed.close()
            offload.close()
            if fresh:
                province.services.duck.close()

    return served


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def hear(client: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await client.recv())
    return message


async def begin(client: ClientConnection, token: str | None = None) -> None:
    payload = {"Authorization": f"Bearer {token}"} if token else {}
    await say(client, type="connection_init", payload=payload)
    assert await hear(client) == {"type": "connection_ack"}


async def subscribe(client: ClientConnection, query: str, id_: str = "1", **variables: Any) -> None:
    await say(client, type="subscribe", id=id_, payload={"query": query, "variables": variables})


async def closed(client: ClientConnection) -> tuple[int, str]:
    """How the server ended the connection, whatever it said before."""
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            await client.recv()
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code, ended.value.rcvd.reason


async def listening(served: Served, count: int = 1) -> None:
    """Until so many listen to the feed: there is no message by which the protocol says so."""
    while served.sockets.feed.listeners != count:
        await asyncio.sleep(0.005)


# what is told


async def test_a_committed_snapshot_is_told_to_who_listens(serve: Serve) -> None:
    async with serve(fresh=True) as served, served.client() as client:
        province = served.province
        standard = province.services.contracts["commodity_price"]
        province.see(CITY, factories.seen(CITY, "harga", "Harga"), factories.seen(CITY, "pegawai", "Pegawai"))
        await begin(client)
        await subscribe(client, COMMITTED, c="commodity_price")
        await listening(served)
        await asyncio.to_thread(province.commit, CITY, "pegawai", [{"Dinas": "X"}])
        commit = await asyncio.to_thread(province.commit, CITY, "harga", [price(CITY, 1, 40_000)], standard)
        told_ = await hear(client)
        assert (told_["id"], told_["type"]) == ("1", "next")
        assert told_["payload"]["data"] == {
            "snapshotCommitted": {
                "seq": commit.seq, "contract": "commodity_price", "resource": {"name": "harga.csv"},
            }
        }  # fmt: skip
        assert told_["payload"]["extensions"]["cost"]["limit"] == 100_000
        await say(client, type="complete", id="1")
        await listening(served, 0)


async def test_what_an_actor_may_not_see_is_not_told(serve: Serve) -> None:
    every = "subscription($m: String) { snapshotCommitted(member: $m) { resource { name } } }"
    async with (
        serve(fresh=True) as served,
        served.client() as public,
        served.client() as owner,
        served.client() as other,
    ):
        province = served.province
        province.see(CITY, factories.seen(CITY, "pegawai", "Pegawai"))
        harga = factories.seen(REGENCY, "harga", "Harga")
        province.see(REGENCY, harga)
        await begin(public)
        await begin(owner, province.token(Role.STEWARD, member=CITY))
        await begin(other, province.token(Role.STEWARD, member=REGENCY))
        for client, member in ((public, None), (owner, CITY), (other, REGENCY)):
            await subscribe(client, every, m=member)
        await listening(served, 3)
        await asyncio.to_thread(province.commit, CITY, "pegawai", [{"Dinas": "X"}])  # not classified: members only
        standard = province.services.contracts["commodity_price"]
        await asyncio.to_thread(province.commit, REGENCY, "harga", [price(REGENCY, 1, 40_000)], standard)
        names = [
            (await hear(c))["payload"]["data"]["snapshotCommitted"]["resource"]["name"] for c in (public, owner, other)
        ]
        assert names[1:] == ["pegawai.csv", "harga.csv"]
        assert names[0] == "harga.csv"


async def test_an_error_that_nobody_foresaw_is_masked_and_ends_one_subscription(serve: Serve) -> None:
    async with serve(own=True) as served, served.client() as client:
        await begin(client)
        await subscribe(client, "subscription { broken }")
        assert (await hear(client))["payload"]["data"] == {"broken": "one"}
        ended = await hear(client)
        assert (ended["type"], ended["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
        assert "rahasia" not in json.dumps(ended)
        await subscribe(client, "subscription { numbers(most: 1) }")
        assert [(await hear(client))["type"] for _ in range(2)] == ["next", "complete"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { numbers ", "QUERY_INVALID"),
        ("subscription { nummers }", "QUERY_INVALID"),
        ("{ here }", "OPERATION_REFUSED"),
        ("subscription { numbers silence }", "QUERY_INVALID"),
        ("subscription { " + "numbers " * 600 + "}", "QUERY_LIMIT"),
        ("subscription A { numbers } subscription B { numbers }", "OPERATION_REFUSED"),
        ("subscription { silence(first: 9000) }", "QUERY_COST"),
        ("", "REQUEST_INVALID"),
    ],
)
async def test_limits_hold_as_for_queries(serve: Serve, query: str, code: str) -> None:
    async with (
        serve(own=True, settings={"query_cost_max": {"anonymous": 9, "member": 9}}) as served,
        served.client() as client,
    ):
        await begin(client)
        await subscribe(client, query)
        told_ = await hear(client)
        assert told_["type"] == "error", told_
        assert {e["extensions"]["code"] for e in told_["payload"]} == {code}


# who is closed


async def test_g21_a_slow_reader_is_closed(serve: Serve) -> None:
    async with serve(own=True, waiting=8, slow_seconds=0.05, close_seconds=0.05) as served:
        async with connect(
            served.url, subprotocols=[Subprotocol(PROTOCOL)], max_queue=1, compression=None, proxy=None
        ) as client:
            await begin(client)
            await subscribe(client, "subscription { numbers(most: 100000, size: 100000) }")
            while served.sockets.open:  # nobody reads
                await asyncio.sleep(0.005)
            client.transport.abort()
        assert not served.sockets.subscriptions


@pytest.mark.parametrize("how", ["expired", "revoked"])
async def test_g21_a_token_that_ends_ends_the_connection(serve: Serve, how: str) -> None:
    async with serve(ping_seconds=0.02) as served, served.client() as client:
        sessions, until = served.province.services.sessions, NOW + timedelta(hours=1)
        issued = tokens.issue(sessions, name="uji", roles=[Role.MACHINE], by=SYSTEM, now=NOW, expires=until)
        await begin(client, issued.secret)
        await subscribe(client, COMMITTED)
        await listening(served)
        assert await hear(client) == {"type": "ping"}
        if how == "expired":
            served.moment[0] = until
        else:
            tokens.revoke(sessions, issued.id, by=SYSTEM, now=NOW)
        await say(client, type="pong")
        with pytest.raises(ConnectionClosed) as ended:
            while (await hear(client))["type"] == "ping":
                await say(client, type="pong")
        assert ended.value.rcvd is not None and ended.value.rcvd.code == 4401


async def test_g21_a_token_that_ends_is_told_nothing_more(serve: Serve) -> None:
    async with serve(fresh=True) as served, served.client() as client:
        province = served.province
        province.see(CITY, factories.seen(CITY, "pegawai", "Pegawai"))
        issued = tokens.issue(province.services.sessions, name="uji", roles=[Role.MACHINE], by=SYSTEM, now=NOW)
        await begin(client, issued.secret)
        await subscribe(client, COMMITTED)
        await listening(served)
        tokens.revoke(province.services.sessions, issued.id, by=SYSTEM, now=NOW)
        await asyncio.to_thread(province.commit, CITY, "pegawai", [{"Dinas": "X"}])
        with pytest.raises(ConnectionClosed) as ended:
            await client.recv()
        assert ended.value.rcvd is not None and ended.value.rcvd.code == 4401


async def test_g21_a_new_schema_ends_every_connection_cleanly(serve: Serve) -> None:
    async with serve() as served, served.client() as client:
        await begin(client)
        await subscribe(client, COMMITTED)
        await listening(served)
        served.sockets.close()
        assert (await closed(client))[0] == subscriptions.RESTART
        await listening(served, 0)


async def test_a_listener_that_is_too_far_behind_is_told_so(serve: Serve) -> None:
    async with serve(fresh=True) as served, served.client() as client:
        province = served.province
        province.see(CITY, factories.seen(CITY, "harga", "Harga"))
        feed = served.sockets.feed = Feed(served.sockets.door.offload, seconds=3_600, waiting=1)
        await begin(client)
        await subscribe(client, COMMITTED)
        await listening(served)
        standard = province.services.contracts["commodity_price"]
        for n in range(3):
            await asyncio.to_thread(province.commit, CITY, "harga", [price(CITY, 1, 40_000 + n)], standard)
        await feed.look()
        heard = [await hear(client) for _ in range(2)]
        assert [m["type"] for m in heard] == ["next", "error"]
        assert heard[1]["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_SLOW"


async def test_g21_more_listeners_than_the_database_has_places_are_all_told(serve: Serve) -> None:
    async with serve(fresh=True) as served, AsyncExitStack() as stack:
        province = served.province
        province.see(CITY, factories.seen(CITY, "harga", "Harga"))
        clients = [await stack.enter_async_context(served.client()) for _ in range(4)]
        for client in clients:
            await begin(client, province.token(Role.COORDINATOR))
            for n in range(10):
                await subscribe(client, COMMITTED, str(n))
        await listening(served, 40)  # two workers of the database have 34 places
        standard = province.services.contracts["commodity_price"]
        await asyncio.to_thread(province.commit, CITY, "harga", [price(CITY, 1, 40_000)], standard)
        heard = [await hear(client) for client in clients for _ in range(10)]
        assert {m["type"] for m in heard} == {"next"}
        assert not any("errors" in m["payload"] for m in heard)


async def test_g21_a_busy_database_ends_no_connection_at_its_ping(serve: Serve) -> None:
    async with serve(ping_seconds=0.02) as served, served.client() as client:
        await begin(client, served.province.token(Role.MACHINE))
        hold, offload = threading.Event(), served.sockets.door.offload
        busy = [asyncio.create_task(offload.blocking(Deadline(SECONDS), hold.wait)) for _ in range(34)]
        try:
            for _ in range(3):
                assert await hear(client) == {"type": "ping"}
                await say(client, type="pong")
        finally:
            hold.set()
            await asyncio.gather(*busy)
        assert await hear(client) == {"type": "ping"}
