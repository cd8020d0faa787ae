"""A serving process follows the home's data standards: types appear, change and go without a restart."""

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from core.operations.sockets import PROTOCOL
from federation.packs import init_home
from hub.home import services_of
from hub.standards import Standards
from hub.web import make_app
from services.granary import SHIPPED_CONTRACTS, open_granary

PACKS = Path(__file__).parents[1] / "packs"
ASK = "{ marketTolls(first: 1) { nodes { price } pageInfo { hasNextPage } } }"


@dataclass
class Served:
    """A home, and the app that answers for it."""

    home: Path
    app: Starlette

    @property
    def standards(self) -> Standards:
        found: Standards = self.app.state.standards
        return found

    def write(self, *, column: str = "price") -> None:
        """A standard of the home's own, much like that of prices."""
        text = (SHIPPED_CONTRACTS / "commodity_price.yaml").read_text("utf-8")
        text = re.sub(r"\bprice\b", column, text.replace("commodity_price", "market_toll"))
        (self.home / "contracts").mkdir(exist_ok=True)
        (self.home / "contracts" / "market_toll.yaml").write_text(text, "utf-8")

    def look(self) -> bool:
        """Look at the files, and answer by them."""
        put = self.standards.look()
        if put is not None:
            put()
        return put is not None

    async def get(self, path: str) -> Any:
        async with self.client() as client:
            return (await client.get(path)).json()

    async def ask(self, query: str) -> Any:
        async with self.client() as client:
            return (await client.post("/graphql", json={"query": query})).json()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://lumbung.test")


@pytest.fixture
def served(tmp_path: Path, sqlite_template: Path) -> Iterator[Served]:
    home = init_home(tmp_path / "rumah", "99", [PACKS])
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    granary = open_granary(home)
    services = services_of(granary)
    yield Served(home, make_app(services))
    services.duck.close()
    granary.close()


def code(body: Any) -> str:
    return str(body["errors"][0]["extensions"]["code"])


async def test_a_standard_that_is_added_edited_and_taken_away_is_so_at_the_next_look(served: Served) -> None:
    assert not served.look(), "as it was opened"
    assert code(await served.ask(ASK)) == "QUERY_INVALID"
    served.write()
    assert served.look()
    assert (await served.ask(ASK))["data"]["marketTolls"]["nodes"] == []
    async with served.client() as client:
        assert (await client.get("/export/market_toll.csv")).status_code in (200, 404)  # 404: no open rows
        assert "MarketToll" in (await client.get("/graphql/tanya/schema.json")).json()
    assert not served.look(), "nothing has changed, nothing is made"
    served.write(column="harga")
    assert served.look()
    assert code(await served.ask(ASK)) == "QUERY_INVALID"
    assert "errors" not in await served.ask(ASK.replace("price", "harga"))
    (served.home / "contracts" / "market_toll.yaml").unlink()
    assert served.look()
    assert code(await served.ask(ASK.replace("price", "harga"))) == "QUERY_INVALID"
    assert "errors" not in await served.ask("{ commodityPrices { nodes { price } } }")


async def test_a_slip_leaves_all_standards_as_they_were_and_is_told(served: Served) -> None:
    served.write()
    assert served.look()
    file = served.home / "contracts" / "market_toll.yaml"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("name: market_toll", "nama: market_toll"), "utf-8")
    assert not served.look()
    assert "errors" not in await served.ask(ASK)
    [warning] = (await served.get("/health/ready"))["warnings"]
    assert (warning["part"], warning["count"]) == ("standards", 1)
    (served.home / "contracts").rename(served.home / "lain")  # a folder that is not mounted
    assert not served.look()
    assert "errors" not in await served.ask(ASK)
    (served.home / "lain").rename(served.home / "contracts")
    file.write_text(whole, "utf-8")
    assert not served.look(), "mended as it was served"
    assert (await served.get("/health/ready"))["warnings"] == []


async def test_sockets_are_asked_to_begin_again(served: Served) -> None:
    server = uvicorn.Server(uvicorn.Config(served.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol(PROTOCOL)]) as client:
        await client.send('{"type": "connection_init"}')
        await client.recv()
        served.write()
        put = await asyncio.to_thread(served.standards.look)
        assert put is not None
        put()
        with pytest.raises(ConnectionClosed) as ended:
            await client.recv()
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1012, "Schema changed")
    server.should_exit = True
    await serving
