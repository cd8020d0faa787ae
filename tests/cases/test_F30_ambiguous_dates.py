"""F30: 01/02/03 reaches the contract as it was written; no reader decides what it means."""

import datetime as dt
from pathlib import Path

import openpyxl

from tests.federation.readers import factories as f


def test_F30_dates_in_text_files_are_not_touched(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "tanggal,harga\n01/02/03,1\n31/12/2023,2\n12 Januari 2024,3\n"))
    assert [row[0] for row in f.rows(table)] == ["01/02/03", "31/12/2023", "12 Januari 2024"]


def test_F30_real_dates_of_a_sheet_are_written_as_iso(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.create_sheet("Tanggal", 0)
    page.append(["tanggal", "jam", "saat"])
    page.append([dt.date(2024, 2, 1), dt.time(6, 30), dt.datetime.fromisoformat("2024-02-01T06:30")])
    page.append([dt.date(2024, 2, 2), dt.time(18, 0), dt.datetime.fromisoformat("2024-02-02T18:00")])
    path = tmp_path / "t.xlsx"
    book.save(path)
    table = f.only(f.read_bytes(tmp_path, path.read_bytes(), "t.xlsx"))
    assert f.rows(table)[0] == ("2024-02-01", "06:30:00", "2024-02-01 06:30:00")
