"""Wide tables become rows: which headers are values, what they say, and that nothing is lost or invented on the way."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mapping import DatasetMapping, Melt
from core.verdict import Verdict
from quality.headers import time_in
from quality.melt import Long, melted, taken
from quality.worker import Checker
from tests.quality import factories
from tests.quality.factories import CONTRACTS, REFERENCES, mapping, source

PRICE = CONTRACTS["commodity_price"]
PEOPLE = CONTRACTS["population"]
STOCK = CONTRACTS["commodity_stock"]
BUDGET = CONTRACTS["regional_revenue"]
MONTHS = Melt(value="price", names="date", like="month")
WIDE = mapping(
    "commodity_price",
    {"region_code": "Lokasi", "commodity_code": "Komoditas"},
    constants={"price_level": "konsumen"},
    melts=(MONTHS,),
)


def long_of(table: pa.Table, how: DatasetMapping) -> Long:
    made = melted(table, CONTRACTS[how.contract], how, REFERENCES)
    assert made is not None
    return made


def rows_of(table: pa.Table, how: DatasetMapping) -> list[dict[str, str | None]]:
    """The long rows by the standard's own names."""
    long = long_of(table, how)
    names = {header: name for name, header in long.mapping.columns.items()} | {"_row": "_row"}
    kept = [header for header in long.table.column_names if header in names]
    return [{names[k]: v for k, v in row.items()} for row in long.table.select(kept).to_pylist()]


@pytest.mark.parametrize(
    ("kind", "title", "said"),
    [
        ("year", "2018", {"year": "2018"}),
        ("year", "Th. 2018", {"year": "2018"}),
        ("year", "2018*", {"year": "2018"}),
        ("year", "2018_2", None),
        ("year", "Kelurahan 2018", None),
        ("month", "Januari", {"month": "01"}),
        ("month", "Pebruari 2019", {"year": "2019", "month": "02"}),
        ("month", "Jan-24", {"year": "2024", "month": "01"}),
        ("month", "2024M01", {"year": "2024", "month": "01"}),
        ("month", "01/2024", {"year": "2024", "month": "01"}),
        ("month", "Apr 2025 (II)", {"year": "2025", "month": "04", "day": "08"}),
        ("month", "Total", None),
        ("month", "13/2024", None),
        ("date", "2024-01-15 00:00:00", {"year": "2024", "month": "01", "day": "15"}),
        ("date", "Senin, 15 Januari 2024", {"year": "2024", "month": "01", "day": "15"}),
        ("date", "03/04/2024", {"year": "2024", "month": "04", "day": "03"}),
        ("date", "30/02/2024", None),
        ("date", "2024-01", None),
    ],
)
def test_what_time_a_title_names(kind: str, title: str, said: dict[str, str] | None) -> None:
    assert time_in(title, kind) == said  # type: ignore[arg-type]  # a literal of three


def test_months_become_first_days_and_empty_cells_no_rows() -> None:
    table = source({
        "Lokasi": ["Kota Semarang", "Klaten"], "Komoditas": ["Beras Medium", "Cabe rawit"],
        "Januari 2018": ["10.000", "-"], "Februari 2018": ["10.500", "41.000"], "Rata-rata": ["10.250", "41.000"],
    })  # fmt: skip
    assert [(r["_row"], r["date"], r["price"]) for r in rows_of(table, WIDE)] == [
        (2, "2018-01-01", "10.000"),
        (2, "2018-02-01", "10.500"),
        (3, "2018-02-01", "41.000"),
    ]


def test_the_next_month_is_taken_up_and_a_total_is_not() -> None:
    how = mapping("commodity_price", melts=(Melt(value="price", names="date", like="month", columns=("Jan 2024",)),))
    found = taken(PRICE, how, ["Lokasi", "Jan 2024", "Feb 2024", "Total", "Rata-rata 2024"], REFERENCES)
    assert [one.header for one in found] == ["Jan 2024", "Feb 2024"]


def test_a_closed_list_of_headers_takes_up_nothing_new() -> None:
    how = mapping("commodity_price", melts=(Melt(value="price", names="date", columns=("Jan 2024",)),))
    assert [one.header for one in taken(PRICE, how, ["Jan 2024", "Feb 2024"], REFERENCES)] == ["Jan 2024"]


def test_commodities_as_headers_with_the_date_in_two_columns() -> None:
    how = mapping(
        "commodity_price",
        {"region_code": "Kab/Kota"},
        written={"date": "1 {Bulan} {Tahun}"},
        melts=(Melt(value="price", names="commodity_code", like="known"),),
    )
    table = source({
        "Kab/Kota": ["Klaten"], "Tahun": ["2024.0"], "Bulan": ["Maret"], "Beras Medium": ["12811.0"],
        "Cabai Rawit Merah": ["45000.0"], "Jumlah": ["57811.0"],
    })  # fmt: skip
    assert [(r["date"], r["commodity_code"], r["price"]) for r in rows_of(table, how)] == [
        ("1 Maret 2024", "Beras Medium", "12811.0"),
        ("1 Maret 2024", "Cabai Rawit Merah", "45000.0"),
    ]


def test_two_header_rows_that_the_reader_joined_are_told_apart_by_a_pattern() -> None:
    how = mapping(
        "population",
        {"region_code": "Wilayah"},
        melts=(Melt(value="people", pattern=r"(?P<year>\d{4}) (?P<sex>.+)"),),
    )
    table = source({"Wilayah": ["Klaten"], "2023 Laki-laki": ["10"], "2023 Perempuan": ["11"], "2023 Tinggi": ["9"]})
    assert [(r["year"], r["sex"], r["people"]) for r in rows_of(table, how)] == [
        ("2023", "Laki-laki", "10"),
        ("2023", "Perempuan", "11"),
    ]


def test_two_values_of_one_year_are_one_row() -> None:
    how = mapping(
        "commodity_stock",
        {"region_code": "Wilayah", "commodity_code": "Komoditas"},
        melts=(
            Melt(value="stock_kg", pattern=r"Stok (?P<year>\d{4})", written={"date": "{year}-12-31"}),
            Melt(value="capacity_kg", pattern=r"Kapasitas (?P<year>\d{4})", written={"date": "{year}-12-31"}),
        ),
    )
    table = source({
        "Wilayah": ["Klaten"], "Komoditas": ["Beras Medium"], "Stok 2023": ["5"], "Kapasitas 2023": ["9"],
        "Stok 2024": [None], "Kapasitas 2024": ["9"],
    })  # fmt: skip
    assert [(r["date"], r["stock_kg"], r["capacity_kg"]) for r in rows_of(table, how)] == [
        ("2023-12-31", "5", "9"),
        ("2024-12-31", None, "9"),
    ]


def test_months_without_a_year_take_it_from_their_row_and_fill_a_number() -> None:
    how = mapping(
        "regional_revenue",
        {"account_code": "Kode", "year": "Tahun"},
        melts=(Melt(value="realisation_rupiah", names="month", like="month"),),
    )
    table = source({"Kode": ["4.1"], "Tahun": ["2024"], "Januari": ["100"], "Desember": ["200"]})
    assert [(r["year"], r["month"]) for r in rows_of(table, how)] == [("2024", "01"), ("2024", "12")]


def test_a_row_whose_year_is_empty_has_an_empty_date_and_not_a_wrong_one() -> None:
    how = mapping("commodity_price", melts=(Melt(value="price", like="month", written={"date": "{Tahun}-{month}-01"}),))
    table = source({"Tahun": ["2024", "-"], "Maret": ["100", "200"]})
    assert [r["date"] for r in rows_of(table, how)] == ["2024-03-01", None]


def test_a_value_none_of_whose_headers_came_is_looked_for_by_name(tmp_path: Path) -> None:
    how = mapping(
        "commodity_price", {"region_code": "Lokasi", "commodity_code": "Komoditas"},
        constants={"price_level": "konsumen"},
        melts=(Melt(value="price", names="date", columns=("Januari 2018", "Februari 2018")),),
    )  # fmt: skip
    table = source({"Lokasi": ["Klaten"], "Komoditas": ["Beras Medium"], "Harga": ["1"], "Maret": ["10.000"]})
    outcome = Checker().run(factories.job(tmp_path, table, PRICE, mapping=how))
    held = next(h for h in outcome.holds if h.code == "MAPPED_COLUMNS_MISSING")
    assert "price (Januari 2018, Februari 2018)" in str(held.values["columns"])
    assert held.values["found"] == "Lokasi, Komoditas, Harga, Maret"


def test_a_bad_cell_is_returned_with_its_own_header_and_value(tmp_path: Path) -> None:
    table = source({
        "Lokasi": ["Kota Semarang", "Klaten"], "Komoditas": ["Beras Medium", "Beras Medium"],
        "Jan 2024": ["12.500", "12.700"], "Feb 2024": ["dua belas", "12.900"], "Mar 2024": ["12.600", "13.000"],
    })  # fmt: skip
    outcome = Checker().run(factories.job(tmp_path, table, PRICE, mapping=WIDE))
    assert outcome.verdict is Verdict.WARNED
    assert (outcome.source_rows, outcome.accepted_rows, outcome.quarantined_rows) == (6, 5, 1)
    assert outcome.columns == ("Lokasi", "Komoditas", "Jan 2024", "Feb 2024", "Mar 2024")
    assert outcome.quarantined is not None
    [row] = pq.read_table(outcome.quarantined).to_pylist()
    assert row["_row"] == 2
    expected = {"Lokasi": "Kota Semarang", "Komoditas": "Beras Medium", "Feb 2024": "dua belas"}
    assert json.loads(row["original"]) == expected
    [reason] = row["reasons"]
    assert (reason["column"], reason["value"]) == ("price", "dua belas")
    assert reason["message"].endswith("(di kolom “Feb 2024”)")


def test_S20_a_new_month_is_no_changed_column_and_a_new_column_is(tmp_path: Path) -> None:
    before = ("Lokasi", "Komoditas", "Jan 2024")
    cells = {"Lokasi": ["Klaten"], "Komoditas": ["Beras Medium"], "Jan 2024": ["12.700"], "Feb 2024": ["12.900"]}
    checker = Checker()
    first = checker.run(factories.job(tmp_path / "a", source(cells), PRICE, mapping=WIDE, previous_columns=before))
    assert (first.verdict, first.accepted_rows) == (Verdict.PUBLISHED, 2)
    cells["Harga Eceran"] = ["12.000"]
    second = checker.run(factories.job(tmp_path / "b", source(cells), PRICE, mapping=WIDE, previous_columns=before))
    [hold] = second.holds
    assert (hold.code, hold.values["added"]) == ("COLUMNS_CHANGED", "Harga Eceran")


_CELL = st.one_of(st.none(), st.sampled_from(["", "-", " n/a "]), st.from_regex(r"[0-9]{1,4}", fullmatch=True))


@given(
    rows=st.lists(st.lists(_CELL, min_size=7, max_size=7), max_size=12),
    months=st.lists(st.integers(1, 12), unique=True, min_size=1, max_size=6),
)
def test_melting_and_pivoting_back_gives_the_same_cells(
    rows: Sequence[Sequence[str | None]], months: Sequence[int]
) -> None:
    """Every cell that says something comes back at its row and header; no other cell comes back."""
    headers = [f"{month:02d}/2024" for month in months]
    columns = {"Lokasi": [str(i) for i in range(len(rows))]}
    cells = {header: [row[i] for row in rows] for i, header in enumerate(headers)}
    table = source({**columns, **cells}, first_row=5)
    long = long_of(table, WIDE)
    price, date = long.mapping.columns["price"], long.mapping.columns["date"]
    back: dict[tuple[str, str], str] = {}
    everything = np.arange(len(long.place))
    at = long.header(["price"], everything) or []
    for row, header in zip(long.table.to_pylist(), at, strict=True):
        assert header is not None
        assert row[date] == f"2024-{header[:2]}-01"
        assert row["_row"] == int(row["Lokasi"]) + 5
        assert (row["Lokasi"], header) not in back
        back[row["Lokasi"], header] = row[price]
    said = {
        (str(i), header): cell
        for header, column in cells.items()
        for i, cell in enumerate(column)
        if cell is not None and cell.strip() not in ("", "-", "n/a")
    }
    assert back == said
    assert long.place.tolist() == sorted(long.place.tolist())


def test_kept_empty_cells_are_rows_without_a_value() -> None:
    how = mapping("commodity_price", melts=(Melt(value="price", names="date", like="month", keep_empty=True),))
    assert [r["price"] for r in rows_of(source({"Jan 2024": [None, "5"]}), how)] == [None, "5"]


def test_a_second_header_that_says_the_same_keeps_its_cells() -> None:
    how = mapping("commodity_price", melts=(Melt(value="price", names="date", like="month"),))
    found = rows_of(source({"Jan 2024": ["5"], "Januari 2024": ["6"]}), how)
    assert [(r["date"], r["price"]) for r in found] == [("2024-01-01", "5"), ("2024-01-01", "6")]
