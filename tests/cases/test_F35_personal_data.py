"""F35: a file with personal data is stopped before publication, mapped or not, and nothing stored repeats what it holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import holds
from catalog.errors import HoldStands
from catalog.holds import Decision
from core.access import Actor, Role
from core.verdict import Verdict
from quality.pool import CheckPool
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, Home

NIKS = ("9971011508900007", "9971014203850002", "9971012709770001")
COORDINATOR = Actor(id="u1", name="Sri Koordinator", roles=frozenset({Role.COORDINATOR}))
STEWARD = Actor(id="u2", name="Budi Walidata", roles=frozenset({Role.STEWARD}), member=CITY)


@pytest.fixture(scope="module")
def checking() -> Iterator[CheckPool]:
    """One checking process for these tests."""
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        yield pool


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, checking: CheckPool) -> Iterator[Home]:
    """A home of the invented province."""
    made = make.new_home(tmp_path, sqlite_template, checking)
    yield made
    made.close()


def complaints(*niks: str) -> str:
    return "nomor;nomor_identitas;isi\n" + "".join(f"{i};{nik};Jalan rusak\n" for i, nik in enumerate(niks))


def say(home: Home, actor: Actor, reason: str, decision: Decision = Decision.RELEASED) -> None:
    granary = home.granary
    with granary.sessions() as session:
        (one,) = holds.held(session, granary.contracts, actor=actor)
    holds.decide(
        granary.sessions, granary.contracts, one.name, decision, reason=reason, actor=actor, now=granary.clock()
    )


def stored(folder: Path) -> Iterator[bytes]:
    """All that the home keeps but the file as it came."""
    for path in folder.rglob("*"):
        if path.is_file() and "landing" not in path.parts and "setoran" not in path.parts:
            yield path.read_bytes()


def test_F35_a_file_without_a_standard_is_held_and_its_numbers_are_nowhere_repeated(home: Home) -> None:
    make.write(home.drop(), "aduan.csv", complaints(*NIKS))
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (0, {"PERSONAL_DATA": 1})
    assert home.snapshots == [] and home.resources["aduan.csv"].last_verdict == Verdict.HELD.value
    (hold,) = home.checks[-1].holds
    assert hold["values"] == {
        "column": "nomor_identitas", "kind": "NIK", "rows": 3, "percent": 100, "example": "9971••••••••0007",
    }  # fmt: skip
    assert not any(nik.encode() in kept for kept in stored(home.granary.settings.home) for nik in NIKS)


def test_F35_a_mapped_file_is_held_for_a_column_that_its_mapping_leaves_out(home: Home) -> None:
    make.write(home.drop(PRICES), "harga.csv", make.prices(3, nik_pedagang=NIKS, harga=["abc", "1000", "2000"]))
    assert "PERSONAL_DATA" in home.harvest().holds
    assert home.snapshots == [] and home.returned == []  # not even rejected rows are written down
    make.write(home.drop(PRICES), "harga.csv", make.prices(3))
    assert home.harvest().snapshots == 1


def test_F35_rt_codes_are_published(home: Home) -> None:
    codes = [f"9971011001{rw:03}{rt:03}" for rw in range(1, 9) for rt in range(1, 9)]
    make.write(home.drop(), "rt.csv", "kode_rt;nama\n" + "".join(f"{c};RT {c[-3:]}\n" for c in codes))
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (1, {})


def test_F35_an_offices_telephone_is_published_with_a_remark(home: Home) -> None:
    make.write(home.drop(), "kantor.csv", "kantor;telepon_kantor\nBPBD;(024) 3547091\nDinas PU;024-8311174\n")
    assert home.harvest().snapshots == 1
    assert [w["code"] for w in home.checks[-1].warnings] == ["PERSONAL_DATA_POSSIBLE"]


def test_F35_only_a_coordinator_may_say_that_it_is_no_personal_data_and_only_so(home: Home) -> None:
    make.write(home.drop(), "aduan.csv", complaints(*NIKS))
    home.harvest()
    with pytest.raises(HoldStands):
        say(home, STEWARD, "bukan data pribadi: nomor perkara")
    with pytest.raises(HoldStands):
        say(home, COORDINATOR, "sudah dibicarakan")
    say(home, COORDINATOR, "Bukan data pribadi: nomor perkara pengadilan")
    assert home.harvest().snapshots == 1
    make.write(home.drop(), "aduan.csv", complaints(*NIKS, "9971015512600003"))
    assert dict(home.harvest().holds) == {"PERSONAL_DATA": 1}  # other bytes are judged anew
