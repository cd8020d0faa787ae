"""The same questions asked of `/graphql` and through Hive Gateway get the same answers; with subgraphs down the rest answers.

Real processes: one hub for catalogue and logistics, one for quality and flood over the same home, and the router.
"""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.access import Role
from core.contracts import load_contracts
from gateway.federated import SUBGRAPHS, make_subgraphs
from gateway.sdl import shipped_contracts
from gateway.trusted import SHIPPED
from hub import composition
from tests.deploy.conftest import ROOT
from tests.deploy.granary import SECRET, make_home
from tests.deploy.processes import Server, free_port, served
from tests.gateway import flood_nodes
from tests.gateway.factories import CITY, Province
from tests.gateway.test_examples import FILES, variables

pytestmark = pytest.mark.long
ELSEWHERE = ("quality", "flood")
LIVE = "keadaan_banjir"  # the example that asks nodes


@dataclass(frozen=True)
class Federation:
    """The seeded province behind both doors, and the hub that serves two of the subgraphs."""

    province: Province
    hub: Server
    other: Server
    router: Server
    token: str

    def ask(self, server: Server, query: str, *, token: str | None = None, language: str = "id", **given: Any) -> Any:
        """The body of an answer."""
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
        body = {"query": query, "variables": given}
        answer = httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=30)
        return answer.json()

    def both(self, query: str, **more: Any) -> tuple[Any, Any]:
        """What the hub and the router answer, without what tells of their own work."""
        answers = [self.ask(server, query, **more) for server in (self.hub, self.router)]
        for answer in answers:
            answer.pop("extensions", None)
        return answers[0], answers[1]


def told(answer: Any) -> Any:
    """An answer of nodes without what is another moment's: latencies, ages, times, seconds; of errors, what callers go by."""

    def timeless(value: Any) -> Any:
        if isinstance(value, list):
            return [timeless(one) for one in value]
        if isinstance(value, dict):
            return {k: timeless(v) for k, v in value.items() if k not in ("latencyMs", "age", "time")}
        return re.sub(r"[\d.,]+ (detik|seconds)\b", r"\1", value) if isinstance(value, str) else value

    errors = [(e["extensions"]["code"], timeless(e["message"]), e["path"]) for e in answer.get("errors", ())]
    return timeless(answer["data"]), sorted(errors)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with flood_nodes.standing(tmp_path_factory.mktemp("nodes")) as urls:
        yield urls


@pytest.fixture(scope="module")
def federation(tools: Path, nodes: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    folder = tmp_path_factory.mktemp("federation")
    province = make_home(folder / "home", nodes)
    ports = [free_port() for _ in range(3)]
    hubs = [f"http://127.0.0.1:{port}" for port in ports[:2]]
    addresses = {name: composition.address(hubs[name in ELSEWHERE], name) for name in SUBGRAPHS}
    supergraph = folder / "supergraph.graphql"
    subgraphs = make_subgraphs(load_contracts(shipped_contracts()))
    supergraph.write_text(composition.compose(subgraphs, addresses, tools), "utf-8")
    lumbung = [sys.executable, "-c", "from hub.cli import main; main()", "--home", province.folder, "serve", "--port"]
    router = [tools / "node_modules" / ".bin" / "hive-gateway", "supergraph", "--config-path", "gateway.config.mjs"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "graphql")))}
    env["LUMBUNG_SERVE_WORKERS"] = "1"  # so that one that is stopped stops answering
    settings = {"LUMBUNG_SUBGRAPH_SECRET": SECRET, "LUMBUNG_SUPERGRAPH": str(supergraph), "PORT": str(ports[2])}
    settings["LUMBUNG_SUBGRAPH_SECONDS"] = "2"
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                served([*lumbung, str(port)], port, "/health/ready", folder / f"hub{port}.log", cwd=folder, env=env)
            )
            for port in ports[:2]
        ]
        gateway = stack.enter_context(
            served(router, ports[2], "/readiness", folder / "router.log", cwd=tools, env={**env, **settings})
        )
        yield Federation(province, *servers, gateway, province.token(Role.COORDINATOR))
        province.services.duck.close()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_example_gets_the_same_answer_both_ways(federation: Federation, file: Path) -> None:
    query, given = file.read_text("utf-8"), variables(federation.province).get(file.stem, {})
    for token in (federation.token, None):
        direct, routed = federation.both(query, token=token, **given)
        assert told(routed) == told(direct) if file.stem == LIVE else routed == direct
    assert federation.ask(federation.hub, query, token=federation.token, **given)["data"]


def test_a_question_with_nodes_down_gets_the_same_answer_both_ways(federation: Federation) -> None:
    query = (SHIPPED / f"{LIVE}.graphql").read_text("utf-8")
    direct, routed = federation.both(query, token=federation.token, tenggat=1.5)  # the router waits two seconds
    flood_nodes.expected(direct)
    flood_nodes.expected(routed)
    assert told(routed) == told(direct)


def test_a_question_across_three_subgraphs_comes_together(federation: Federation) -> None:
    query = """{ riverStages(first: 2) { nodes { stageM gauge { name } region { name province { name } }
      provenance { verdict member { name } dataset { title checks(first: 1) { nodes { verdict } } } } } }
      datasets(first: 5) { nodes { title resources { lastVerdict snapshot { seq verdict } } checks { nodes { verdict } } } }
      commodityPrices(first: 2) { nodes { price commodity { name unit } } } }"""
    direct, routed = federation.both(query, token=federation.token)
    assert "errors" not in direct and routed == direct


def test_the_caller_decides_what_is_seen_and_in_whose_language(federation: Federation) -> None:
    stock = "{ commodityStocks { nodes { stockKg warehouseAddress } } datasets { nodes { title } } checks { nodes { id } } }"
    seen = {}
    for token in (None, federation.token, federation.province.token(Role.STEWARD, member=CITY)):
        direct, seen[token] = federation.both(stock, token=token)
        assert seen[token] == direct
    assert len({str(answer) for answer in seen.values()}) > 1
    for language in ("id", "en"):
        direct, routed = federation.both("{ datasets(first: 100000) { nodes { id } } }", language=language)
        assert routed["data"] == direct["data"] == {"datasets": None}
        [said], [passed] = direct["errors"], routed["errors"]
        assert (passed["message"], passed["path"]) == (said["message"], said["path"])
        assert passed["extensions"]["code"] == said["extensions"]["code"] == "PAGE_INVALID"


def test_a_token_that_is_none_is_refused_both_ways(federation: Federation) -> None:
    direct, routed = federation.both("{ regions(first: 1) { nodes { code } } }", token="lmb_bukan")
    assert direct["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"
    assert routed["data"] == {"regions": None}
    assert routed["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"


def test_the_router_shows_no_machinery(federation: Federation) -> None:
    answer = federation.ask(federation.router, "{ _entities(representations: []) { __typename } }")
    assert not answer.get("data") and answer["errors"]
    page = httpx.get(f"{federation.router.url}/graphql", headers={"Accept": "text/html"}, timeout=10)
    assert "<script" not in page.text


QUESTION = """{ riverStages(first: 1) { nodes { stageM } }
  commodityPrices(first: 1) { nodes { price region { name } } }
  datasets(first: 2) { nodes { title checks(first: 1) { nodes { verdict } } } } }"""


def partial(answer: dict[str, Any]) -> None:
    """What catalogue and logistics say is there; what quality and flood would say is null beside an error."""
    assert answer["data"]["riverStages"] is None
    assert answer["data"]["commodityPrices"]["nodes"][0]["region"]["name"]
    assert [(bool(d["title"]), d["checks"]) for d in answer["data"]["datasets"]["nodes"]] == [(True, None)] * 2
    paths = [error["path"] for error in answer["errors"]]
    assert ["riverStages"] in paths and any(path[:1] == ["datasets"] for path in paths)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"SUBGRAPH_UNREACHABLE"}
    assert {error["extensions"].get("subgraph") for error in answer["errors"]} <= {*ELSEWHERE, None}
    assert SECRET not in str(answer) and "127.0.0.1" not in str(answer)


def test_with_a_hub_that_hangs_the_rest_still_answers(federation: Federation) -> None:
    federation.other.process.send_signal(signal.SIGSTOP)
    try:
        partial(federation.ask(federation.router, QUESTION, token=federation.token))
    finally:
        federation.other.process.send_signal(signal.SIGCONT)
    direct, routed = federation.both(QUESTION, token=federation.token)
    assert "errors" not in routed and routed == direct


def test_with_a_hub_stopped_the_rest_still_answers(
    federation: Federation,
) -> None:  # the last: what is stopped stays so
    federation.other.stop()
    partial(federation.ask(federation.router, QUESTION, token=federation.token))
