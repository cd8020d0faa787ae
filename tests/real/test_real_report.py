"""Real files to a signed report and a repaired return: suggested, confirmed, reviewed, decided, mended from its comments.

The producers' prices of Jawa Timur hold 28 slips of the hand in the two markets of rice (`benchmarks/_typos_truth.py`).
"""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from core import audit
from core.access import SYSTEM, Actor, Role
from federation.packs import init_home
from quality.score import Week
from services import mapping
from services.mapping_answers import Answers
from services.returns import accept as accepting
from services.returns import build as building
from services.review import beyond, issuing
from services.review.documents import Written, write_report
from tests.real.support import House, open_house, shared, write_member
from tests.real.test_real_files import MEMBERS

FILES = {"35": "price/siskaperbapo_produsen.json", "32": "messy/jabar_dukcapil_penduduk_jk.csv"}
pytestmark = pytest.mark.long

RICE = "siskaperbapo_produsen/commodities/Beras/prices"
W48, W49 = Week.parse("2026-W48"), Week.parse("2026-W49")
MONDAY, NEXT = datetime(2026, 11, 30, 3, tzinfo=UTC), datetime(2026, 12, 7, 3, tzinfo=UTC)
REVIEWER = Actor("rina", name="Rina, pembina data", roles=frozenset({Role.REVIEWER}))
_MEANT = re.compile(r"mungkin maksudnya ([\d.]+)\.(?:\s|$)")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folders = tmp_path_factory.mktemp("kiriman")
    home = init_home(tmp_path_factory.mktemp("home") / "lumbung", "33", ())
    for code, file in FILES.items():
        (folders / code).mkdir()
        shutil.copy(shared("data", *file.split("/")), folders / code)
        bare = MEMBERS[code].split("[[sources.mappings]]", 1)[0]
        write_member(home, code, bare.format(folder=folders / code))
    with open_house(home) as opened:
        opened.granary.clock = lambda: datetime(2026, 11, 23, 3, tzinfo=UTC)
        for code in FILES:
            opened.harvest(f"{code}-folder")
        yield opened


def confirm(house: House, file: str, answers: Answers) -> None:
    found = mapping.propose_dataset(house.granary, file, standard=answers.standard)
    mapping.confirm(house.granary, found, answers, actor=SYSTEM, reason="dicek dengan dinas")
    house.harvest(found.source.id if found.source else "")


def report(house: House, folder: Path, week: Week) -> Written:
    return write_report(house.granary, week, folder=folder)


def repaired(path: Path, to: Path) -> int:
    """What a steward does who has nothing but the workbook: what was probably meant, as each comment says it."""
    book, cells = openpyxl.load_workbook(path), 0
    for sheet in book.worksheets[1:]:
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            meant = _MEANT.search(cell.comment.text) if cell.comment else None
            if meant is not None:
                cell.value = meant[1].replace(".", "")
                cells += 1
    book.save(to)
    return cells


def test_real_files_end_in_a_signed_report_and_a_repaired_return(house: House, tmp_path: Path) -> None:
    granary = house.granary
    confirm(house, "jabar_dukcapil_penduduk_jk.csv", Answers())
    rice = Answers(table=RICE, constants={"commodity_code": "beras_medium"}, as_suggested=True)
    confirm(house, "siskaperbapo_produsen.json", rice)
    beyond.look(granary)

    granary.clock = lambda: MONDAY
    first = report(house, tmp_path / "a", W48)
    again = report(house, tmp_path / "b", W48)
    for one, other in zip((first.html, first.xlsx, first.json), (again.html, again.xlsx, again.json), strict=True):
        assert one.read_bytes() == other.read_bytes()
    asked = first.report.decisions
    assert 0 < len(asked) <= 10 and not first.report.preliminary
    page = first.html.read_text("utf-8")
    assert "28 baris menunggu dikembalikan" in page and "Kolom price" not in page
    assert not re.search(r"(?:src|href)=\"https?:", page)

    for item in asked:
        issuing.decide(granary, item.id, item.options[0], reason="rapat tinjauan", actor=REVIEWER)
    assert issuing.sign(granary, W48, actor=REVIEWER, sha256=first.issued.digest[:12]).by == REVIEWER.name
    with granary.sessions() as session:
        assert audit.verify_chain(session).ok

    [built] = building.build(granary, "35", actor=SYSTEM, out=tmp_path / "kembali").built
    assert (built.rows, built.reasons) == (28, {"price.typo": 28, "price.range": 1})
    mended = tmp_path / "perbaikan.xlsx"
    assert repaired(built.path, mended) == 28
    done = accepting.accept(granary, house.downloads, mended, member="35", actor=SYSTEM)
    assert (done.closed, done.open, done.state) == (("price.range", "price.typo"), {}, "accepted")

    granary.clock = lambda: NEXT
    later = report(house, tmp_path / "c", W49)
    became = {one.id for one in later.report.outcomes}
    assert {item.id for item in asked} <= became
    assert not any(item.member == "35" and item.kind.value == "rejected" for item in later.report.items)
