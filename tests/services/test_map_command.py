"""`lumbung map` and `lumbung original` as a steward types them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.errors import LumbungError
from federation.registry import Registry
from hub.cli import app, mapping, originals
from services.errors import MappingAnswerInvalid, MappingUnanswered
from services.granary import Granary
from tests.services import factories as make
from tests.services.factories import CITY, Home

Lumbung = Callable[..., str]
PRICES = "Pasar;Komoditas;Tanggal;Harga (Rp)\n" + "".join(
    f"Pasar Sentral;Beras;2026-09-{day:02d};{12_000 + day}\n" for day in range(1, 29)
)
ANSWERS = ("--constant", "price_level=konsumen", "--constant", "region_code=99.71", "--as-suggested")


@pytest.fixture
def lumbung(home: Home, monkeypatch: pytest.MonkeyPatch) -> Lumbung:
    """The command line over a home with one file that is not mapped."""
    make.write(home.drop(), "harga.csv", PRICES)
    home.harvest()

    @contextmanager
    def opened(_: Any) -> Iterator[Granary]:
        yield home.granary

    for module in (mapping, originals):
        monkeypatch.setattr(module, "at_home", opened)  # a process of its own would start everything once more

    def run(*words: str | Path) -> str:
        result = CliRunner().invoke(app, ["--home", str(home.folder), *map(str, words)])
        if isinstance(result.exception, LumbungError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_proposed_with_reasons_confirmed_listed_and_forgotten(lumbung: Lumbung, home: Home) -> None:
    said = " ".join(lumbung("map", "suggest", "harga.csv").split())
    for words in ("commodity_price", "“Harga (Rp)” → price", "pasti (0,9", "judul kolom di baris 1", "? "):
        assert words in said
    shown = json.loads(lumbung("map", "suggest", "harga.csv", "--json"))
    assert shown["tables"][0]["standard"] == "commodity_price" and "[[sources.mappings]]" in shown["toml"]
    listed = json.loads(lumbung("map", "list", "--open", "--json"))
    assert [one["file"] for one in listed] == ["harga.csv"]
    with pytest.raises(MappingUnanswered):
        lumbung("map", "confirm", "harga.csv")
    done = json.loads(lumbung("map", "confirm", "harga.csv", *ANSWERS, "--by", "Sri", "--json"))
    assert (done["contract"], done["by"], Path(done["file"]).name) == ("commodity_price", "Sri", f"{CITY}.toml")
    assert "Sri" in lumbung("map", "list")
    assert "dilupakan" in lumbung("map", "forget", "harga.csv", "--by", "Sri")
    assert "Belum ada sumber" in lumbung("map", "list")


def test_the_block_for_the_members_file_is_what_confirming_writes(lumbung: Lumbung, home: Home) -> None:
    block = lumbung("map", "suggest", "harga.csv", "--toml")
    assert block.startswith("[[sources.mappings]]\n")
    lumbung("map", "confirm", "harga.csv", *ANSWERS)
    [written] = Registry.load(home.folder).source("setoran").mappings
    assert f'price = "{written.columns["price"]}"' in block


def test_answers_that_say_nothing_are_refused(lumbung: Lumbung) -> None:
    for words in (("--set", "Harga"), ("--constant", "price_level="), ("--date-style", "ydm"), ("--table", "lain")):
        with pytest.raises(MappingAnswerInvalid):
            lumbung("map", "confirm", "harga.csv", *words)


def test_what_the_source_wrote_stands_beside_what_was_published(lumbung: Lumbung, home: Home) -> None:
    lumbung("map", "confirm", "harga.csv", *ANSWERS)
    home.close()
    home.harvest()
    row = home.rows("commodity_price")[0]
    [made] = json.loads(lumbung("original", row["_snapshot"], row["_row"], "--json"))
    found = {one["column"]: one for one in made}
    assert (found["commodity_code"]["original"], found["commodity_code"]["converted"]) == ("Beras", True)
    assert found["price"]["header"] == "Harga (Rp)"
    assert "Harga (Rp)" in lumbung("original", row["_snapshot"], row["_row"])
