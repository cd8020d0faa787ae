"""A standard lands with a file that travels the whole way: landed, read, mapped, typed, checked, published, served."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from core.access import Role
from core.naming import camel, plural
from core.verdict import Verdict
from hub.cli import app
from tests.services import factories as make
from tests.services.doors import Graph
from tests.services.factories import Home
from tests.services.standard_files import FILES, Sent
from tests.services.standard_files_governance import GOVERNANCE_FILES


def lumbung(home: Home, *words: str) -> str:
    done = CliRunner().invoke(app, ["--home", str(home.folder), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize("made", (*FILES, *GOVERNANCE_FILES), ids=lambda made: str(made.__name__))
def test_a_file_of_the_standard_travels_the_whole_way(home: Home, made: Callable[[], Sent]) -> None:
    sent = made()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    report = home.harvest()
    assert (report.state, dict(report.holds), report.rows_published) == ("ok", {}, sent.published)

    row, rule, header, cell = sent.returned
    [back] = home.returned
    assert (back.row, back.original[header], cell) == (row, cell, cell)
    assert rule in [reason["rule"] for reason in back.reasons]

    [check] = home.checks
    assert check.verdict == Verdict.WARNED.value  # a row came back
    assert {w["values"]["rule"] for w in check.warnings if "rule" in w["values"]} == set(sent.warned)

    field = camel(plural(sent.standard))
    query = f"{{ page: {field} {{ totalCount nodes {{ {sent.asked} }} }} }}"
    graph = Graph(home)
    try:
        seen = graph.data(query, graph.token(Role.COORDINATOR))["page"]
        public = graph.data(query)["page"]
    finally:
        graph.close()
    assert seen["totalCount"] == sent.published
    assert public["totalCount"] == (sent.published if sent.anonymous else 0)
    assert sent.shown in seen["nodes"]

    printed = lumbung(home, "rows", sent.standard, "--json")
    assert len(json.loads(printed)) == sent.published
    assert not [word for word in sent.hidden if word in json.dumps(public)]
