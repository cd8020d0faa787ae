"""The doors that read rows show the same readings of open and closed days, and go on as they began."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from hub.cli import app
from services.intake.recording import close_days
from tests.services import doors
from tests.services.factories import Hand, Home, write
from tests.services.test_readings import NOON, STAGES, heights, stages

QUERY = """
query Air($first: Int! = 10, $after: String, $asOfSeq: BigInt) {
  riverStages(first: $first, after: $after, asOfSeq: $asOfSeq, orderBy: [{column: OBSERVED_AT}]) {
    nodes { observedAt stageM provenance { snapshot { seq } } } pageInfo { hasNextPage endCursor } totalCount seq
  }
}
"""


@pytest.fixture
def river(home: Home) -> Path:
    home.clock = Hand(NOON)
    return home.drop(STAGES, code="99.01")


class Graph(doors.Graph):
    """The graph of a home, asked for its stages."""

    def ask(self, **variables: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.data(QUERY, **variables)["riverStages"]
        return answer


@pytest.fixture
def graph(home: Home, river: Path) -> Iterator[Graph]:
    write(
        river, "air.csv", stages(("20 10:00", "1,20"), ("21 10:00", "1,30"), ("22 10:00", "1,40"), ("22 11:00", "1,50"))
    )
    home.harvest()
    made = Graph(home)
    yield made
    made.close()


def test_graph_command_line_and_export_show_the_same_rows(home: Home, graph: Graph, tmp_path: Path) -> None:
    known = [value for _, value in heights(home)]
    assert known == [1.2, 1.3, 1.4, 1.5]
    answer = graph.ask()
    assert [n["stageM"] for n in answer["nodes"]] == known
    assert answer["totalCount"] == 4
    seq = answer["seq"]
    assert [n["provenance"]["snapshot"] for n in answer["nodes"]] == [{"seq": seq}, {"seq": seq}, None, None]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, ["--home", str(home.folder), "rows", "river_stage", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert sorted(r["stage_m"] for r in json.loads(run("--json"))) == known
    run("--format", "parquet", "--output", str(tmp_path / "air.parquet"))
    assert sorted(pq.read_table(tmp_path / "air.parquet")["stage_m"].to_pylist()) == known
    then = graph.ask(asOfSeq=seq)
    assert [n["stageM"] for n in then["nodes"]] == known[:2]
    assert sorted(r["stage_m"] for r in json.loads(run("--json", "--as-of", str(seq)))) == known[:2]


def test_a_listing_goes_on_as_it_began_while_its_day_is_closed(home: Home, graph: Graph) -> None:
    first = graph.ask(first=2)
    assert isinstance(home.clock, Hand)
    home.clock.now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert close_days(home.granary).snapshots == 1
    second = graph.ask(first=1, after=first["pageInfo"]["endCursor"])
    third = graph.ask(first=2, after=second["pageInfo"]["endCursor"])
    shown = [n["stageM"] for page in (first, second, third) for n in page["nodes"]]
    assert shown == [1.2, 1.3, 1.4, 1.5]
    assert {page["seq"] for page in (first, second, third)} == {first["seq"]}
    assert [n["stageM"] for n in graph.ask()["nodes"]] == shown


def test_pages_as_of_a_commit_show_commits_alone(graph: Graph) -> None:
    seq = graph.ask()["seq"]
    first = graph.ask(first=1, asOfSeq=seq)
    rest = graph.ask(after=first["pageInfo"]["endCursor"], asOfSeq=seq)
    assert [n["stageM"] for page in (first, rest) for n in page["nodes"]] == [1.2, 1.3]
