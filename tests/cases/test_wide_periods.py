"""Periods as columns: the table is read as it lies, and reported as wide with the periods it holds."""

from pathlib import Path

import pytest

from federation.readers.wide import period, wide
from tests.federation.readers import factories as f


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Januari 2024", "month"), ("Jan-24", "month"), ("Agustus", "month"), ("2024 Mei", "month"), ("May 2025 (II)", "month"),
        ("2024-01", "month"), ("202401", "month"), ("2024M01", "month"), ("01/2024", "month"), ("2019", "year"), ("2019*", "year"),
        ("Tahun 2019", "year"), ("2019/2020", "year"), ("03/ 01/ 2022", "date"), ("1 Januari 2023", "date"), ("2023-01-05", "date"),
        ("Triwulan IV 2023", "quarter"), ("TW II", "quarter"), ("Q3", "quarter"), ("2023 Q1", "quarter"), ("Minggu III", "week"),
        ("Minggu ke-2 Mei 2024", "week"), ("35-39", None), ("33.10", None), ("Harga", None), ("I", None), ("1", None), ("Marga", None),
    ],
)  # fmt: skip
def test_a_column_title_is_a_period_or_not(title: str, expected: str | None) -> None:
    assert period(title) == expected


def test_months_as_columns_are_reported_with_the_first_and_the_last(tmp_path: Path) -> None:
    text = "Kab,Komoditas,Jan 2024,Feb 2024,Mar 2024\nPati,Beras,1,2,3\nKudus,Beras,4,5,6\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("Kab", "Komoditas", "Jan 2024", "Feb 2024", "Mar 2024")
    said = f.note(table, "reader.wide")
    assert (said["count"], said["first"], said["last"], said["kinds"]) == ("3", "Jan 2024", "Mar 2024", "month")


def test_years_under_a_measure_in_two_header_rows_are_reported_with_their_measures(tmp_path: Path) -> None:
    rows = [
        ["Wilayah", "Laki-laki", None, None, "Perempuan", None, None],
        [None, 2021, 2022, 2023, 2021, 2022, 2023],
        ["Pati", 10, 11, 12, 20, 21, 22],
        ["Kudus", 13, 14, 15, 23, 24, 25],
    ]
    book = f.xlsx(rows, merges=["A1:A2", "B1:D1", "E1:G1"])
    said = f.note(f.only(f.read_bytes(tmp_path, book, "penduduk.xlsx")), "reader.wide")
    assert (said["count"], said["kinds"], said["measures"]) == ("6", "year", "laki-laki, perempuan")


def test_a_table_with_one_or_two_years_among_its_titles_is_an_ordinary_one() -> None:
    assert wide(["Kab", "Jumlah 2023", "Jumlah 2024"]) is None
    assert wide(["tahun", "bulan", "35-39 Laki-laki", "40-44 Laki-laki", "45-49 Laki-laki"]) is None


def test_the_real_wide_files_are_reported(tmp_path: Path) -> None:
    from federation.readers import read

    for name, count, first, last in (
        ("data_harga_wide_2018_2023.csv", "66", "Januari 2018", "Juni 2023"),
        ("pihps_xlsx_21c8d654-ad2.xlsx", "53", "Apr 2025 (I)", "Apr 2026 (I)"),
    ):
        path = f.shared("price", name)
        for table in read(path, name).tables:
            said = f.note(table, "reader.wide")
            assert (said["count"], said["first"], said["last"]) == (count, first, last)
