"""`lumbung questions` and `lumbung answer`, as a steward types them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli import app
from services.intake.opened import close_all

PACKS = Path(__file__).parents[1] / "packs"
PRICES = "Tanggal;Pasar;Komoditas;Harga\n01/02/2026;Pasar Besar;Beras;12500\n02/02/2026;Pasar Besar;Beras;12600\n"
MAPPING = """
[[sources.mappings]]
contract = "commodity_price"
match = {title = "harga"}
columns = {date = "tanggal", market = "pasar", commodity_code = "komoditas", price = "harga"}
constants = {region_code = "99.71", price_level = "konsumen"}
"""


def lumbung(home: Path, *words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["--home", str(home), *map(str, words)])
    assert result.exit_code == code, result.output
    return result.stdout


def answer(home: Path, *words: str | Path) -> Any:
    return json.loads(lumbung(home, *words, "--json"))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home, files = tmp_path / "home", tmp_path / "kiriman"
    files.mkdir()
    (files / "harga-pangan.csv").write_text(PRICES, encoding="utf-8")
    lumbung(home, "init", "--province", "99", "--pack", PACKS)
    lumbung(home, "source", "add", "folder", files, "--member", "99.71")
    member = home / "members" / "99.71.toml"
    member.write_text(member.read_text("utf-8") + MAPPING, encoding="utf-8")
    lumbung(home, "harvest", "--direct", "--json")
    yield home
    close_all()


def test_F30_a_question_is_listed_answered_and_the_delivery_published(home: Path) -> None:
    (question,) = answer(home, "questions")
    assert (question["column"], question["choices"]) == ("date", ["dmy", "mdy", "ymd"])
    shown = lumbung(home, "questions")
    assert "01/02/2026" in shown and "hari/bulan/tahun" in shown
    said = answer(home, "answer", question["resource"], "date", "DMY", "--reason", "format kantor", "--by", "Sri")
    assert (said["style"], said["resources"]) == ("dmy", [question["resource"]])
    assert answer(home, "questions") == []
    (report,) = answer(home, "harvest", "--direct")
    assert report["rows_published"] == 2
    assert [row["date"] for row in answer(home, "rows", "commodity_price")] == ["2026-02-01", "2026-02-02"]
