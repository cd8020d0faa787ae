"""`lumbung held`, `release` and `refuse`, as a coordinator types them."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.drafts import CheckDraft
from core import tokens
from core.access import SYSTEM, Role
from core.errors import LumbungError
from core.verdict import Verdict
from federation.packs import init_home
from services.granary import Granary, open_granary
from tests.catalog.factories import Catalogue
from tests.hub.program import answer, lumbung

PACKS = Path(__file__).parents[1] / "packs"
DROPPED = {"code": "ROW_COUNT_DROPPED", "values": {"rows": 6, "previous": 10, "percent": 40.0, "allowed": 30.0}}
FOREIGN = {"code": "FOREIGN_REGIONS", "values": {"regions": "99.02 Kabupaten Batu Garam", "count": 1}}


@pytest.fixture
def granary(tmp_path: Path, sqlite_template: Path) -> Iterator[Granary]:
    """A home with two held deliveries of one city."""
    home = init_home(tmp_path / "rumah", "99", [PACKS])
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    granary = open_granary(home)
    catalogue = Catalogue(granary.sessions, granary.store, tmp_path)
    for hour, name, hold in ((4, "d1", DROPPED), (5, "d2", FOREIGN)):
        resource = catalogue.resource(name, source="kota", member="99.71")
        catalogue.commit(
            resource, [], granary.contracts["population"], now=datetime(2026, 11, 22, hour, tzinfo=UTC),
            rows=None, verdict=Verdict.HELD, landed_sha256=name * 32, check=CheckDraft(holds=[hold]),
        )  # fmt: skip
    yield granary
    granary.close()


def test_held_deliveries_are_listed_with_what_can_be_done_about_each(granary: Granary) -> None:
    home = granary.settings.home
    shown = lumbung(home, "held")
    assert "Banyaknya baris turun 40.0 % (dari 10 menjadi 6)" in shown and "2026-11-22 12:00 WITA" in shown
    assert "hanya boleh datang dari anggota itu" in " ".join(shown.split())
    dropped, foreign = answer(home, "held", "--source", "kota")
    assert (dropped["title"], dropped["holds"][0]["barred"]) == ("Harga d1", None)
    assert foreign["holds"][0]["code"] == "FOREIGN_REGIONS" and foreign["holds"][0]["barred"]


def test_a_delivery_is_released_and_another_refused_by_name(granary: Granary) -> None:
    home = granary.settings.home
    dropped, foreign = answer(home, "held")
    said = lumbung(home, "release", dropped["name"], "--reason", "surat dinas", "--by", "Sri")
    assert "diterima oleh Sri" in said and "sumber kota" in said
    with pytest.raises(LumbungError, match="HOLD_STANDS"):
        lumbung(home, "release", foreign["name"], "--reason", "biar cepat", "--by", "Sri")
    refused = answer(home, "refuse", foreign["name"], "--reason", "bukan wilayahnya", "--by", "Sri")
    assert (refused["decision"], refused["by"]) == ("refused", "Sri")
    assert answer(home, "held") == []
    assert [one["decision"]["decision"] for one in answer(home, "held", "--all")] == ["released", "refused"]
    assert "ditolak oleh Sri" in " ".join(lumbung(home, "held", "--all").split())
    with pytest.raises(LumbungError, match="HOLD_UNKNOWN"):
        lumbung(home, "refuse", dropped["name"], "--reason", "keliru", "--sha256", "ffff")


def test_A09_a_token_decides_as_its_owner_and_no_further(granary: Granary, monkeypatch: pytest.MonkeyPatch) -> None:
    home = granary.settings.home
    name = answer(home, "held")[0]["name"]
    for member in ("99.01", "99.71"):
        made = tokens.issue(
            granary.sessions, name=f"Walidata {member}", roles=[Role.STEWARD], by=SYSTEM,
            now=granary.clock(), member=member,
        )  # fmt: skip
        monkeypatch.setenv(f"TOKEN_{member[-2:]}", made.secret)
    decide = ("release", name, "--reason", "surat dinas", "--token-env")
    with pytest.raises(LumbungError, match="HOLD_UNKNOWN"):
        lumbung(home, *decide, "TOKEN_01")
    with pytest.raises(LumbungError, match="TOKEN_INVALID"):
        lumbung(home, *decide, "TOKEN_99")
    assert "Walidata 99.71" in lumbung(home, *decide, "TOKEN_71")
