"""The router follows its supergraph's file: a new one is taken up, and one that cannot be used changes nothing."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.contracts import load_contracts
from gateway.federated import SUBGRAPHS, make_subgraphs
from gateway.sdl import shipped_contracts
from hub import composition
from tests.deploy.granary import SECRET
from tests.deploy.processes import SECONDS, Server, free_port, served

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Routed:
    """A router without anything behind it, its file, and what it logs."""

    router: Server
    file: Path
    log: Path

    def fields(self) -> set[str]:
        """The root fields that it shows."""
        query = {"query": "{ __schema { queryType { fields { name } } } }"}
        body: Any = httpx.post(f"{self.router.url}/graphql", json=query, timeout=30).json()
        return {field["name"] for field in body["data"]["__schema"]["queryType"]["fields"]}

    def until(self, look: Callable[[], bool]) -> None:
        """Ask until something is so; the router looks at its file while it is asked."""
        until = time.monotonic() + SECONDS
        while not look():
            assert time.monotonic() < until, self.log.read_text("utf-8", "replace")
            self.fields()
            time.sleep(0.05)  # between two looks; the result is what is waited for


@pytest.fixture(scope="module")
def composed(tools: Path) -> Callable[[list[str]], str]:
    def compose(contracts: list[str]) -> str:
        chosen = {name: one for name, one in load_contracts(shipped_contracts()).items() if name in contracts}
        addresses = {name: composition.address("http://127.0.0.1:9", name) for name in SUBGRAPHS}
        return composition.compose(make_subgraphs(chosen), addresses, tools)

    return compose


@pytest.fixture
def routed(tools: Path, composed: Callable[[list[str]], str], tmp_path: Path) -> Iterator[Routed]:
    port, file, log = free_port(), tmp_path / "supergraph.graphql", tmp_path / "router.log"
    file.write_text(composed(["commodity_price", "river_stage"]), "utf-8")
    settings = {"LUMBUNG_SUBGRAPH_SECRET": SECRET, "LUMBUNG_SUPERGRAPH": str(file), "PORT": str(port)}
    env = {**os.environ, **settings}
    router = [tools / "node_modules" / ".bin" / "hive-gateway", "supergraph", "--config-path", "gateway.config.mjs"]
    with served(router, port, "/readiness", log, cwd=tools, env=env) as server:
        yield Routed(server, file, log)


def replace(file: Path, text: str) -> None:
    """Put a file in the place of another, whole."""
    beside = file.with_suffix(".new")
    beside.write_text(text, "utf-8")
    beside.replace(file)


def test_a_supergraph_that_cannot_be_used_changes_nothing_and_the_next_one_is_taken_up(
    routed: Routed, composed: Callable[[list[str]], str]
) -> None:
    whole = routed.file.read_text("utf-8")
    assert {"commodityPrices", "riverStages"} <= routed.fields()
    for told, spoilt in enumerate((whole[: len(whole) // 2], "type Query { ada: Int }"), 1):
        replace(routed.file, spoilt)
        routed.until(lambda n=told: routed.log.read_text("utf-8", "replace").count("supergraph.unusable") == n)  # type: ignore[misc]  # its own
        assert {"commodityPrices", "riverStages"} <= routed.fields()
    replace(routed.file, composed(["commodity_price", "rainfall"]))
    routed.until(lambda: "rainfalls" in routed.fields())
    assert "riverStages" not in routed.fields()
