"""The yearly data list as offices write it: read whole or not at all, matched beyond doubt or proposed."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from catalog import data_list as kept
from catalog.data_list import Listed, MatchedBy
from core.access import SYSTEM, Actor, Role
from core.contract import Contract
from core.contract_metadata import Period, Release
from core.contracts import load_contracts
from services import data_list
from services.data_list import import_list, periods
from services.data_list_reading import Reading, read_list
from services.errors import DataListEmpty, DataListInvalid, DataListRefused, DataListUnreadable
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, SHIPPED, Home

WITA = ZoneInfo("Asia/Makassar")
HEADER = ["No", "Judul Data", "Produsen Data", "Jadwal Rilis", "Data Prioritas"]


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    return load_contracts(SHIPPED)


def messy() -> bytes:
    """Titles, an empty row, a merged office, headings of offices, a sum below."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Daftar 2026"
    rows: list[list[object]] = [
        ["DAFTAR DATA TAHUN 2026", *[None] * 4],
        ["PEMERINTAH KOTA MUARA PADI", *[None] * 4],
        [],
        HEADER,
        [1, "Harga Komoditas Pangan", "Dinas Perdagangan", "Harian", "Prioritas: Ya"],
        [2, "Stok Komoditas Pangan", None, "Mingguan, 3 hari setelahnya", "√"],
        ["A", "Dinas Kependudukan dan Pencatatan Sipil", None, None, None],
        [3, "Penduduk menurut Kecamatan", None, "Semester", "Tidak"],
        [4, "Jumlah Posyandu", "Dinas Kesehatan", "Triwulan (paling lambat tanggal 20)", "-"],
        [5, "Peta Rawan Banjir", "BPBD", "", None],
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:E1")
    sheet.merge_cells("A2:E2")
    sheet.merge_cells("C5:C6")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def lines(contracts: dict[str, Contract], folder: Path, rows: Sequence[Sequence[str]]) -> Reading:
    file = folder / "daftar.csv"
    file.write_text("\n".join(";".join(row) for row in rows) + "\n", "utf-8")
    return read_list(file, CITY, 2026, contracts)


def test_a_messy_sheet_gives_its_lines(contracts: dict[str, Contract], tmp_path: Path) -> None:
    (tmp_path / "daftar.xlsx").write_bytes(messy())
    found = read_list(tmp_path / "daftar.xlsx", CITY, 2026, contracts)
    assert found.faults == ()
    told = [(o.title, o.contract, o.producer, o.release, o.priority) for o in found.lines]
    assert told == [
        ("Harga Komoditas Pangan", "commodity_price", "Dinas Perdagangan", Release(Period.DAY, 1), True),
        ("Stok Komoditas Pangan", "commodity_stock", "Dinas Perdagangan", Release(Period.WEEK, 3), True),
        (
            "Penduduk menurut Kecamatan",
            None,
            "Dinas Kependudukan dan Pencatatan Sipil",
            Release(Period.HALF_YEAR, 30),
            False,
        ),
        ("Jumlah Posyandu", None, "Dinas Kesehatan", Release(Period.QUARTER, 20), False),
        ("Peta Rawan Banjir", None, "BPBD", None, False),
    ]
    assert found.lines[0].place == "daftar.xlsx › lembar Daftar 2026 › baris 5"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (["", "Dinas A", "Bulanan", "Ya"], "no_title"),
        (["Izin", "Dinas A", "5 tahunan", "Ya"], "schedule"),
        (["Izin", "Dinas A", "kalau sempat", "Ya"], "schedule"),
        (["Izin", "Dinas A", "Bulanan", "mungkin"], "priority"),
        (["HARGA   pangan", "Dinas B", "Bulanan", "Ya"], "repeated"),
    ],
)
def test_a_bad_line_is_named_by_row_and_column(
    contracts: dict[str, Contract], tmp_path: Path, cell: list[str], code: str
) -> None:
    good = ["Harga Pangan", "Dinas A", "Bulanan", "Ya"]
    [fault] = lines(contracts, tmp_path, [HEADER[1:], good, cell, ["Gudang", "Dinas A", "Tahunan", ""]]).faults
    assert (fault.code, fault.place.row) == (code, 3)
    assert "baris 3" in fault.what and f"kolom {fault.place.column}" in fault.what and "?" not in fault.what


@pytest.mark.parametrize(
    ("said", "every", "days"),
    [
        ("Setiap hari", Period.DAY, 1), ("Mingguan", Period.WEEK, 3), ("Bulanan, paling lambat tanggal 5", Period.MONTH, 5),
        ("TW", Period.QUARTER, 15), ("per 3 bulan", Period.QUARTER, 15), ("6 Bulanan", Period.HALF_YEAR, 30),
        ("1 tahun sekali", Period.YEAR, 60), ("Tahunan (90 hari setelah tahun berakhir)", Period.YEAR, 90),
    ],
)  # fmt: skip
def test_schedules_in_the_words_of_offices(
    contracts: dict[str, Contract], tmp_path: Path, said: str, every: Period, days: int
) -> None:
    found = lines(contracts, tmp_path, [HEADER[1:], ["Izin usaha", "Dinas A", said, "Ya"]])
    assert (found.faults, [o.release for o in found.lines]) == ((), [Release(every, days)])


def test_a_table_without_titles_is_no_list(contracts: dict[str, Contract], tmp_path: Path) -> None:
    with pytest.raises(DataListUnreadable):
        lines(contracts, tmp_path, [["No", "Keterangan"], ["1", "a"]])


def test_an_import_is_whole_repeatable_and_matched_only_beyond_doubt(home: Home, tmp_path: Path) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(3))
    make.write(drop, "posyandu kota.csv", make.csv({"nama": ["A"], "jumlah": ["3"]}))
    home.harvest()
    granary = home.granary

    def bring(rows: Sequence[Sequence[str]], actor: Actor = SYSTEM) -> Any:
        file = make.write(tmp_path, "daftar.csv", "\n".join(";".join(row) for row in (HEADER[1:], *rows)) + "\n")
        return import_list(granary, file, CITY, 2026, actor=actor)

    rows = [["Harga komoditas pangan", "Dinas A", "Harian", "Ya"], ["Posyandu di kota", "Dinas B", "Tahunan", ""]]
    done = bring(rows)
    assert (done.lines, done.changed.added, done.matched) == (2, 2, 1)
    assert (bring(rows).changed.same, bring(rows).matched) == (2, 0)
    with granary.sessions() as session:
        first, second = data_list.standing(session, 2026, CITY)
    assert (first.listed.matched_by, first.title) == (MatchedBy.EXACT, "harga")  # the only one under its standard
    assert second.listed.dataset_id is None and [p.title for p in second.proposals] == ["posyandu kota"]
    with pytest.raises(DataListInvalid):
        bring([rows[0], rows[0]])
    with pytest.raises(DataListEmpty):
        bring([])
    with pytest.raises(DataListRefused):
        bring(rows, Actor("x", "walidata lain", frozenset({Role.STEWARD}), member="99.01"))
    own = Actor("y", "walidata", frozenset({Role.STEWARD}), member=CITY)
    kept.confirm(granary.sessions, second.listed.id[:12], second.proposals[0].dataset, actor=own, now=granary.clock())
    bring(rows[::-1])
    with granary.sessions() as session:
        assert [o.matched_by for o in data_list.listed(session, 2026)] == [MatchedBy.CONFIRMED, MatchedBy.EXACT]


def test_the_periods_of_a_year_and_when_each_was_due() -> None:
    monthly = Listed("1", CITY, 2026, "Harga", release=Release(Period.MONTH, 10))
    until = datetime(2026, 4, 5, tzinfo=UTC)
    assert [d.name for d in periods(monthly, WITA, until)] == ["2026-01", "2026-02", "2026-03"]
    assert periods(monthly, WITA, until)[0].due == datetime(2026, 2, 11, tzinfo=WITA)
    weekly = Listed("2", CITY, 2026, "Stok", release=Release(Period.WEEK, 1))
    names = [d.name for d in periods(weekly, WITA, datetime(2027, 2, 1, tzinfo=UTC))]
    assert (names[0], names[-1], len(names)) == ("2026-W02", "2026-W53", 52)
    assert periods(Listed("3", CITY, 2026, "Peta"), WITA, until) == ()
