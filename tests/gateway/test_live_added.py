"""`riverStageAdded` at the hub: what real nodes tell reaches who listens, over a real socket, and silence is told too."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core.access import Role
from core.contract import Classification
from gateway.subscriptions import PROTOCOL
from node.serve import running
from node.tokens import Tokens
from tests.federation import live_nodes
from tests.federation.live_nodes import Teller, row, telling
from tests.gateway.factories import CITY, DEMAK, NOW, Province
from tests.gateway.test_live import closed, with_node_sources, with_nodes
from tests.gateway.test_subscriptions import SECONDS, begin, hear, subscribe
from tests.node import factories as node_factories

ADDED = """subscription ($regions: [String!], $gauges: [String!]) { riverStageAdded(regions: $regions, gauges: $gauges) {
  row { gaugeCode stageM member stale region { name } } nodeStatus { member status code what dropped } } }"""


@asynccontextmanager
async def listening(made: Province, token: str | None = None, **variables: Any) -> AsyncIterator[ClientConnection]:
    """A client that has subscribed at the hub."""
    server = uvicorn.Server(uvicorn.Config(made.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"ws://127.0.0.1:{port}/graphql"
    try:
        async with (
            asyncio.timeout(SECONDS),
            connect(address, subprotocols=[Subprotocol(PROTOCOL)], open_timeout=SECONDS, proxy=None) as client,
        ):
            await begin(client, token)
            await subscribe(client, ADDED, **variables)
            yield client
    finally:
        await closed(made)
        server.should_exit = True
        await serving


async def event(client: ClientConnection) -> Mapping[str, Any]:
    """The next event, as it is in the graph."""
    while (message := await hear(client))["type"] == "ping":
        pass
    assert message["type"] == "next" and "errors" not in message["payload"], message
    found: Mapping[str, Any] = message["payload"]["data"]["riverStageAdded"]
    return found


async def _added(client: ClientConnection, folder: Path) -> Mapping[str, Any]:
    """The event of a reading that is added: again and again, since no message says when a subscription has begun."""
    for minute in range(1, 100):
        node_factories.put(folder, [node_factories.reading("pos", m, 1.0) for m in range(minute + 1)])
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                return await event(client)
    raise AssertionError


async def test_what_real_nodes_add_is_told_and_so_is_their_end(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = {CITY: ExitStack(), DEMAK: ExitStack()}
    sources = {}
    for code, stack in up.items():
        (tmp_path / code).mkdir()
        offer = node_factories.OFFER.replace(node_factories.MEMBER, code)
        folder = node_factories.folder_of(tmp_path / code, [node_factories.reading("pos", 0, 1.0)], toml=offer)
        monkeypatch.setenv(f"TOKEN_{code[-2:]}", Tokens(folder).issue("hub", now=NOW))
        [url] = stack.enter_context(running([node_factories.spec(folder, refresh_seconds=0.05)]))
        source = live_nodes.source("x", code, url, token_env=f"TOKEN_{code[-2:]}")
        sources[code] = replace(source, id=f"simpul-{code}", url=url)
    made = with_node_sources(province, sources, again_most=0.05)
    with up[CITY], up[DEMAK]:
        async with listening(made, made.token(Role.COORDINATOR)) as client:
            begun = [(await event(client))["nodeStatus"] for _ in up]
            told = await _added(client, tmp_path / CITY)
            await asyncio.to_thread(up[DEMAK].close)
            ended = await event(client)
    assert {status["member"]: status["status"] for status in begun} == {CITY: "LIVE", DEMAK: "LIVE"}
    wanted = {"gaugeCode": "pos", "stageM": 1.0, "member": CITY, "stale": False, "region": {"name": "Kota Semarang"}}
    assert told["row"] == wanted
    assert (ended["nodeStatus"]["member"], ended["nodeStatus"]["status"], ended["row"]) == (DEMAK, "DOWN", None)


async def test_a_listener_hears_of_the_regions_and_gauges_that_it_names_alone(province: Province) -> None:
    tellers = {
        "a": Teller([row("g1", CITY, 1, 1.0), row("g2", CITY, 2, 2.0)]),
        "b": Teller([row("g2", DEMAK, 1)]),
    }
    async with telling(tellers) as url:
        made = with_nodes(province, url, {"a": CITY, "b": DEMAK})
        async with listening(made, regions=[CITY], gauges=["g2"]) as client:
            assert (await event(client))["nodeStatus"] == {
                "member": CITY, "status": "LIVE", "code": None, "what": None, "dropped": 0
            }  # fmt: skip
            assert (await event(client))["row"]["gaugeCode"] == "g2"
            assert made.services.live is not None and made.services.live.feed.lines == 1
            await client.close()
            while made.services.live.feed.lines:
                await asyncio.sleep(0.005)
    assert (tellers["a"].begun, tellers["b"].begun) == (1, 0)


async def test_what_is_no_region_is_refused_and_where_no_node_is_nothing_is_awaited(province: Province) -> None:
    made = with_nodes(province, "", {})
    async with listening(made, regions=["99.99"]) as client:
        refused = await hear(client)
        assert refused["type"] == "error" and refused["payload"][0]["extensions"]["code"] == "REGION_UNKNOWN"
        await subscribe(client, ADDED, "2", regions=[CITY])
        assert await hear(client) == {"id": "2", "type": "complete"}


async def test_what_an_actor_may_not_see_is_not_told(province: Province) -> None:
    """A data standard for members alone: whoever is none hears nothing, and no node is listened to for them."""
    contracts = dict(province.services.contracts)
    contracts["river_stage"] = replace(contracts["river_stage"], classification=Classification.LIMITED)
    teller = Teller([row("g1", CITY, 1)])
    async with telling({"a": teller}) as url:
        limited = replace(province, services=replace(province.services, contracts=contracts))
        async with listening(with_nodes(limited, url, {"a": CITY})) as client:
            assert (await hear(client))["type"] == "complete"
        assert teller.tokens == []
        made = with_nodes(limited, url, {"a": CITY})
        async with listening(made, made.token(Role.COORDINATOR)) as client:
            await event(client)
            assert (await event(client))["row"]["gaugeCode"] == "g1"
