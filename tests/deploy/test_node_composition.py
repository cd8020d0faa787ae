"""A node's graph is a subgraph: it composes with one that refers to its rows by their key."""

from pathlib import Path

from graphql import ObjectTypeDefinitionNode, parse

from hub import composition
from tests.node import factories
from tests.node.factories import OFFER, reading

OTHER = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])
type Query { posts: [RiverStage!]! info: PageInfo }
type RiverStage @key(fields: "gaugeCode observedAt") { gaugeCode: String! observedAt: DateTime! watched: Boolean }
type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
scalar DateTime
"""


class Written:
    """A subgraph that is only its SDL."""

    def __init__(self, sdl: str) -> None:
        self.sdl = sdl


def test_a_nodes_sdl_composes_at_2_9_and_its_rows_are_entities(tools: Path, tmp_path: Path) -> None:
    toml = OFFER + 'open = true\n[[graphql]]\ncontract = "warehouse"\nfile = "gudang.csv"\nopen = true\n'
    graph = factories.graph_of(factories.folder_of(tmp_path / "f", [reading("garang", 0, 1.0)], toml=toml))
    sdl = graph.door.audience(graph.door.actor(None)).graph.sdl
    graph.door.close()
    given = {"node": Written(sdl), "other": Written(OTHER)}
    supergraph = composition.compose(given, {"node": "http://a/graphql", "other": "http://b/graphql"}, tools)
    kinds = {d.name.value: d for d in parse(supergraph).definitions if isinstance(d, ObjectTypeDefinitionNode)}
    assert {f.name.value for f in kinds["RiverStage"].fields} >= {"gaugeCode", "observedAt", "stageM", "watched"}
    assert "riverStages" in {f.name.value for f in kinds["Query"].fields}
