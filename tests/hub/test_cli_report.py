"""`lumbung report`, `decide` and `decisions`, as a reviewer types them."""

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from catalog.drafts import CheckDraft
from core.verdict import Verdict
from federation.packs import init_home
from quality.report.errors import EvidenceListInvalid
from services.granary import open_granary
from tests.catalog.factories import Catalogue
from tests.hub.program import answer, lumbung

PACKS = Path(__file__).parents[1] / "packs"
DROPPED = {"code": "ROW_COUNT_DROPPED", "values": {"rows": 6, "previous": 10, "percent": 40.0, "allowed": 30.0}}


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Iterator[Path]:
    """A home with one delivery that was held in week 47 of 2026."""
    home = init_home(tmp_path / "rumah", "99", [PACKS])
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    granary = open_granary(home)
    catalogue = Catalogue(granary.sessions, granary.store, tmp_path)
    catalogue.commit(
        catalogue.resource("d1", source="kota", member="99.71"), [], granary.contracts["population"],
        now=datetime(2026, 11, 18, 4, tzinfo=UTC), landed_sha256="d1" * 32, verdict=Verdict.HELD,
        check=CheckDraft({}, [DROPPED], []),
    )  # fmt: skip
    granary.close()
    yield home


def test_a_reviewer_reads_decides_signs_and_proves(home: Path, tmp_path: Path) -> None:
    made = answer(home, "report", "weekly", "--week", "2026-W47", "--out", tmp_path / "kertas")
    (item,) = made["decisions"]
    assert item["member"] == "99.71" and "release" in item["options"]
    assert all(Path(path).is_file() and Path(path).parent == tmp_path / "kertas" for path in made["files"].values())
    said = answer(home, "decide", item["id"], "--decision", "defer", "--reason", "menunggu dinas", "--by", "Sri")
    assert (said["by"], said["decision"], said["week"], said["done"]) == ("Sri", "defer", "2026-W47", False)
    signed = answer(home, "report", "sign", "--week", "2026-W47", "--sha256", made["digest"][:12], "--by", "Sri")
    assert signed["digest"] == made["digest"]
    assert [one["item"] for one in answer(home, "decisions", "list")] == [item["id"]]
    assert answer(home, "decisions", "verify", "--anchor", signed["anchor"])["ok"] is True
    forged = signed["anchor"].partition(":")[0] + ":" + "0" * 64
    assert "ditulis ulang" in lumbung(home, "decisions", "verify", "--anchor", forged, code=1)


def test_people_read_which_decisions_wait_and_where_the_files_are(home: Path) -> None:
    shown = lumbung(home, "report", "weekly", "--week", "2026-W47")
    assert "16–22 November 2026" in shown and "ditahan" in shown and "laporan-2026-W47.html" in shown
    assert "Decisions needed" in (
        Path(answer(home, "report", "weekly", "--week", "2026-W47", "--lang", "en")["files"]["html"]).read_text("utf-8")
    )


def test_the_proofs_of_a_year_name_where_each_indicator_comes_from(home: Path) -> None:
    lumbung(home, "report", "weekly", "--week", "2026-W47")
    lumbung(home, "report", "sign", "--week", "2026-W47", "--by", "Sri")
    year = datetime.now(UTC).year  # the signature is of today
    found = answer(home, "report", "evidence", "--year", str(year))
    proofs = {one["code"]: one["proofs"] for one in found["indicators"]}
    assert proofs["40304"] == 1, "the signed report"
    assert Counter(code[0] for code in proofs) == {"1": 4, "2": 10, "3": 7, "4": 10, "5": 7}
    assert len({code[:3] for code in proofs}) == 19, "aspects"
    assert all("Peraturan BPS 3/2022" in one["list_source"] for one in found["indicators"])
    assert "Bukti dukung" in openpyxl.load_workbook(found["file"]).sheetnames


def test_a_home_may_have_its_own_list_of_indicators(home: Path) -> None:
    own = home / "reference" / "epss.csv"
    own.write_text("code,title_id,title_en,proof,source\n1,Satu,One,checks,Surat BPS\n", encoding="utf-8")
    (one,) = answer(home, "report", "evidence", "--year", "2026")["indicators"]
    assert (one["indicator"], one["list_source"], one["proofs"]) == ("Satu", "Surat BPS", 1)
    own.write_text("kode,judul\n", encoding="utf-8")
    with pytest.raises(EvidenceListInvalid):
        answer(home, "report", "evidence", "--year", "2026")
