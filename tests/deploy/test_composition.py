"""The subgraphs compose, and the checked-in supergraph is what they compose to."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from graphql import REMOVE, DocumentNode, TypeDefinitionNode, Visitor, parse, print_ast, print_schema, visit
from typer.testing import CliRunner

from core.contracts import load_contracts
from core.messages import use_locale
from gateway.federated import SUBGRAPHS, Subgraph, make_subgraphs
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from hub import composition
from hub.cli import app
from hub.composition_errors import ComposerMissing, CompositionFailed
from tests.deploy.conftest import GATEWAY, ROOT

SUPERGRAPH = ROOT / "graphql" / "supergraph.graphql"
ADDRESSES = {name: composition.address(composition.HUB, name) for name in SUBGRAPHS}


@dataclass
class Written(Subgraph):
    """A subgraph of which only the SDL is there."""

    sdl: str


@pytest.fixture(scope="module")
def subgraphs() -> dict[str, Subgraph]:
    return make_subgraphs(load_contracts(shipped_contracts()))


def test_the_checked_in_supergraph_is_current(tools: Path, subgraphs: dict[str, Subgraph]) -> None:
    composed = composition.compose(subgraphs, ADDRESSES, tools)
    assert SUPERGRAPH.read_text("utf-8") == composed, "write it anew: lumbung federation compose"


def test_what_a_router_shows_is_the_graph(tools: Path, subgraphs: dict[str, Subgraph]) -> None:
    supergraph = parse(composition.compose(subgraphs, ADDRESSES, tools))
    merged = make_schema(load_contracts(shipped_contracts()))
    assert _declared(supergraph) == _declared(parse(print_schema(merged._schema)))


def _declared(document: DocumentNode) -> set[str]:
    """Every type of a schema with its fields, arguments and values, without what only routers read."""
    kept = []
    for node in document.definitions:
        name = getattr(node, "name", None)
        # subscriptions, and what only they tell, are this hub's own: no subgraph has them
        if isinstance(node, TypeDefinitionNode) and not re.match(
            r"(join|link)__|(Subscription|Live\w+Added)$", name.value if name else ""
        ):
            kept.append(print_ast(visit(node, _Plain())))
    return {"\n".join(sorted(one.splitlines())) for one in kept}


class _Plain(Visitor):
    def enter_directive(self, *_: object) -> object:
        return REMOVE


def test_subgraphs_that_contradict_each_other_are_refused_with_the_composers_words(tools: Path) -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
    given = {"a": Written(link + "type Query { x: Int }"), "b": Written(link + "type Query { x: String }")}
    with pytest.raises(CompositionFailed) as refused:
        composition.compose(given, {"a": "http://a", "b": "http://b"}, tools)
    assert "Query.x" in refused.value.what()


def test_where_the_packages_are_not_installed_the_command_says_what_to_do(tmp_path: Path) -> None:
    use_locale("id")
    with pytest.raises(ComposerMissing) as refused:
        composition.compose({}, {}, tmp_path)
    assert "npm ci" in refused.value.fix()


def test_where_there_is_no_node_the_command_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComposerMissing) as refused:
        composition.compose({}, {}, tmp_path)
    assert "node" in refused.value.what()


def test_the_command_shows_a_subgraph_and_composes_with_the_addresses_given(tools: Path, tmp_path: Path) -> None:
    home = ["--home", str(tmp_path / "none")]
    shown = CliRunner().invoke(app, [*home, "federation", "sdl", "flood"])
    assert shown.exit_code == 0 and "riverStages(" in shown.output
    out = tmp_path / "super.graphql"
    words = ["federation", "compose", "--out", str(out), "--tools", str(tools)]
    done = CliRunner().invoke(app, [*home, *words, "--hub", "http://hub:1/", "--at", "flood=http://banjir:2/flood"])
    assert done.exit_code == 0, done.output
    assert set(re.findall(r'url: "(http://[^"]+)"', out.read_text("utf-8"))) == {
        "http://hub:1/subgraphs/catalog", "http://hub:1/subgraphs/quality", "http://hub:1/subgraphs/logistics",
        "http://banjir:2/flood",
    }  # fmt: skip


def test_the_lock_pins_by_hash_and_holds_no_addresses() -> None:
    text = (GATEWAY / "package-lock.json").read_text("utf-8")
    assert "://" not in text, "write it anew: npm run relock"
    packages = json.loads(text)["packages"]
    declared = json.loads((GATEWAY / "package.json").read_text("utf-8"))["dependencies"]
    assert packages.pop("")["dependencies"] == declared
    assert all(re.fullmatch(r"\d[\w.-]*", version) for version in declared.values()), "exact versions"
    assert all("integrity" in package for package in packages.values())
