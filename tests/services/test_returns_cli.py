"""`lumbung returns` as a steward and a coordinator type it, on a home whose checking process is there already."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from core.errors import LumbungError
from hub.cli import app, returns
from services.granary import Granary
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, Home

Lumbung = Callable[..., str]


@pytest.fixture
def lumbung(home: Home, monkeypatch: pytest.MonkeyPatch) -> Lumbung:
    """The command line over a home with one wrong price."""
    make.write(home.drop(PRICES), "harga.csv", make.prices(6, harga=["99", *["12000"] * 5]))
    home.harvest()

    @contextmanager
    def opened(_: Any) -> Iterator[Granary]:
        yield home.granary

    monkeypatch.setattr(returns, "at_home", opened)  # a process of its own would import Great Expectations once more

    def run(*words: str | Path) -> str:
        result = CliRunner().invoke(app, ["--home", str(home.folder), "returns", *map(str, words)])
        if isinstance(result.exception, LumbungError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_built_listed_suspended_repaired_and_settled(lumbung: Lumbung, home: Home, tmp_path: Path) -> None:
    (one,) = json.loads(lumbung("build", "--member", CITY, "--json"))["returns"]
    assert one["rows"] == 1 and Path(one["path"]).parent == home.folder / "returns" / CITY
    listed = json.loads(lumbung("list", "--json"))
    assert [(row["case"], row["state"], row["overdue"]) for row in listed] == [(one["case"], "dikembalikan", False)]
    words = ("--official", "Sri", "--position", "Kepala Dinas", "--document", "1/2026", "--reason", "uji")
    said = lumbung("suspend", one["case"], *words, "--until", "2026-12-31", "--by", "Adi")
    assert "ditangguhkan sampai 2026-12-31 oleh Sri" in " ".join(said.split())
    book = openpyxl.load_workbook(one["path"])
    book.worksheets[1]["D2"].value = "12000"
    file = tmp_path / "perbaikan.xlsx"
    book.save(file)
    done = json.loads(lumbung("accept", file, "--member", CITY, "--json"))
    assert (done["state"], done["closed"], done["open"]) == ("accepted", ["price.range", "price.typo"], {})
    shown = lumbung("show", one["case"])
    assert "tertutup  price.range: 1 → 0" in shown and "ditangguhkan · Adi" in shown
    assert "Tidak ada pengembalian" in lumbung("list")
    assert "Tidak ada yang perlu dikembalikan" in lumbung("build", "--member", CITY)


def test_what_is_overdue_is_listed_alone(lumbung: Lumbung, home: Home) -> None:
    assert json.loads(lumbung("list", "--overdue", "--json")) == []
    home.clock.forward(days=30)  # type: ignore[attr-defined]  # the hand clock of these homes
    (one,) = json.loads(lumbung("list", "--overdue", "--json"))
    assert one["overdue"] and one["due"] == "2026-11-27"
    assert "(lewat)" in lumbung("list", "--member", CITY)
    with pytest.raises(LumbungError, match="RETURN_NOT_PRIORITY"):
        lumbung("recheck", one["case"], "--finding", "sesuai", "--by", "Rina")
    with pytest.raises(LumbungError, match="RETURN_UNKNOWN"):
        lumbung("show", "abc")
