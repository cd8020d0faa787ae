"""Folders of gauge readings and prices as a regency keeps them, and a node's door over one, for the graph's tests."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from core.access import Actor
from gateway.sdl import shipped_contracts
from node.folder import Folder
from node.graph import NodeGraph, make_node_graph
from node.graphql_http import asked
from node.serve import NodeSpec

CONTRACTS = (Path(str(shipped_contracts())),)
MEMBER = "33.74"
NOW = datetime(2026, 2, 22, tzinfo=UTC)
T0 = datetime(2026, 2, 21, tzinfo=UTC)
OFFER = """
[[graphql]]
contract = "river_stage"
file = "tma/*.csv"
columns = {gauge_code = "Kode Pos", observed_at = "Waktu", stage_m = "TMA (m)", status = "Status"}
constants = {region_code = "33.74"}
"""
ROWS = """
query ($where: RiverStageFilter, $orderBy: [RiverStageOrder!], $first: Int! = 100, $after: String) {
  riverStages(where: $where, orderBy: $orderBy, first: $first, after: $after) {
    seq totalCount
    edges { cursor node { gaugeCode regionCode observedAt stageM status } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


def reading(gauge: str, minute: int, stage: float, status: str | None = None) -> dict[str, Any]:
    """A reading as the graph gives it."""
    at = (T0 + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    return {"gaugeCode": gauge, "regionCode": MEMBER, "observedAt": at, "stageM": stage, "status": status}


def csv_of(readings: Sequence[Mapping[str, Any]]) -> str:
    """Readings as an office writes them: local time, decimal commas, semicolons."""
    lines = ["Kode Pos;Waktu;TMA (m);Status"]
    for row in readings:
        local = datetime.fromisoformat(row["observedAt"]) + timedelta(hours=7)
        stage = f"{row['stageM']:.4f}".replace(".", ",")
        lines.append(f"{row['gaugeCode']};{local:%d/%m/%Y %H:%M};{stage};{row['status'] or ''}")
    return "\n".join(lines) + "\n"


def folder_of(root: Path, readings: Sequence[Mapping[str, Any]], *, toml: str = OFFER + "open = true\n") -> Path:
    """A node's folder with one file of readings."""
    (root / "tma").mkdir(parents=True)
    (root / "node.toml").write_text(toml)
    put(root, readings)
    return root


def put(root: Path, readings: Sequence[Mapping[str, Any]], name: str = "bacaan.csv") -> None:
    """Replace a file as an office does: written beside, then renamed."""
    half = root / "tma" / f"{name}.part"
    half.write_text(csv_of(readings))
    half.replace(root / "tma" / name)


def graph_of(root: Path, **more: Any) -> NodeGraph:
    """The graph of a folder; its sources are looked at only when a test says so."""
    seconds, environ = more.pop("refresh_seconds", 1e9), more.pop("environ", {})
    node = Folder(root, MEMBER, "Kota Uji", "", clock=more.pop("clock", lambda: NOW), refresh_seconds=seconds)
    made = make_node_graph(node, CONTRACTS, environ=environ, **more)
    made.door.rows.look(again=True)
    return made


def spec(root: Path, **more: Any) -> NodeSpec:
    """The folder as a node to be served."""
    return NodeSpec(root, MEMBER, "Kota Uji", contracts=CONTRACTS, **more)


def asking(graph: NodeGraph, actor: Actor | None = None) -> Callable[..., Any]:
    """Asks the graph as if over HTTP: query and variables to the answer's body."""
    door = graph.door

    async def ask(query: str, **variables: Any) -> dict[str, Any]:
        who = actor or door.actor(None)
        return await door.run(who, asked({"query": query, "variables": variables}))

    return ask
