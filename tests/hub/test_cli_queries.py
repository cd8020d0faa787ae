"""`lumbung queries`: a document is registered by its text's SHA-256, and refused where the graph would refuse it."""

import json
from pathlib import Path

import pytest

from core.errors import LumbungError
from gateway.trusted import SHIPPED, digest
from tests.hub.program import lumbung

OWN = "# Semua anggota\nquery Anggota { members { code name } }\n"


def test_a_document_is_trusted_and_listed_beside_the_shipped_ones(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "anggota.graphql"
    lumbung(home, "init", "--province", "33")
    file.write_text(OWN, encoding="utf-8")
    assert json.loads(lumbung(home, "queries", "trust", file, "--by", "Sri", "--json"))["id"] == digest(OWN)
    assert digest(OWN) in lumbung(home, "queries", "trust", file)  # once more is the same
    listed = {d["id"]: d["title"] for d in json.loads(lumbung(home, "queries", "list", "--json"))}
    assert listed[digest(OWN)] == "Semua anggota"
    assert len(listed) == 1 + len(list(SHIPPED.glob("*.graphql")))
    file.write_text("query { walikota { nama } }", encoding="utf-8")
    with pytest.raises(LumbungError) as refused:
        lumbung(home, "queries", "trust", file)
    assert refused.value.code == "QUERY_INVALID"
    assert len(list((home / "queries").iterdir())) == 1
