"""`lumbung ask`: named questions at the command line, as a table, JSON, or a workbook."""

import gc
import io
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from core.errors import LumbungError
from hub.cli import app
from tests.gateway import flood_nodes
from tests.gateway.factories import CITY
from tests.hub.program import lumbung

OWN = """title = { id = "Siapa anggota", en = "Who takes part" }
about = { id = "Kode dan nama.", en = "Code and name." }
topic = { id = "Anggota", en = "Members" }
rows = "member"

[[fields]]
name = "anggota"
kind = "member"
label = { id = "Anggota", en = "Member" }
required = true

[[columns]]
name = "kode"
title = { id = "Kode", en = "Code" }
from = "code"

[[columns]]
name = "nama"
title = { id = "Nama", en = "Name" }
from = "name"
"""


def test_questions_are_listed_asked_and_written_to_a_workbook(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "sumber.xlsx"
    lumbung(home, "init", "--province", "33")
    listed = {q["name"]: q["fields"] for q in json.loads(lumbung(home, "ask", "--json"))}
    assert len(listed) >= 20 and listed["sumber_bermasalah"] == ["anggota"]
    assert "--komoditas" in lumbung(home, "ask")
    (home / "queries").mkdir(exist_ok=True)
    (home / "queries" / "siapa.toml").write_text(OWN, "utf-8")
    (home / "queries" / "siapa.graphql").write_text(
        "query Siapa($anggota: String!) { member(code: $anggota) { code name } }"
    )
    asked = ("ask", "siapa", "--anggota", "Kota Semarang")
    assert json.loads(lumbung(home, *asked, "--json"))["rows"] == [["33.74", "Kota Semarang"]]
    assert "Siapa anggota" in lumbung(home, *asked)
    assert file.name in lumbung(home, *asked, "--xlsx", file)
    book = load_workbook(io.BytesIO(file.read_bytes()))
    assert [cell.value for cell in book["Jawaban"][2]] == ["33.74", "Kota Semarang"]
    assert "Tidak ada baris" in lumbung(home, "ask", "harga_daerah", "--komoditas=beras_medium")
    for words, code in (
        (("ask", "harga_emas"), "ASK_UNKNOWN"),
        (("ask", "harga_daerah", "--komoditas", "emas"), "ASK_FIELD_INVALID"),
    ):
        with pytest.raises(LumbungError) as refused:
            lumbung(home, *words)
        assert refused.value.code == code
    assert CliRunner().invoke(app, ["--home", str(home), "ask", "harga_daerah", "beras"]).exit_code == 2


def test_a_question_to_nodes_is_answered_and_leaves_no_line_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    lumbung(home, "init", "--province", "33")
    with flood_nodes.standing(tmp_path / "nodes") as urls:
        file = home / "members" / f"{CITY}.toml"
        file.write_text(file.read_text("utf-8") + flood_nodes.toml(CITY, urls[CITY]), "utf-8")
        rows = json.loads(lumbung(home, "ask", "keadaan_banjir", "--json"))["rows"]
    gc.collect()
    assert [(row[0], row[4]) for row in rows] == [("Kota Semarang", 1.5), ("Kota Semarang", 1.25), ("Kota Semarang", 1)]
    assert "Unclosed" not in caplog.text
