"""Formats that change what a person reads: percentages and leading zeros, in XLSX, XLS and ODS."""

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.readers import old_workbook
from tests.federation.readers import factories as f
from tests.federation.readers.old_workbooks import Number, records, xls


def _formatted(rows: list[list[f.Cell]], formats: dict[int, str]) -> bytes:
    book = openpyxl.Workbook()
    page = book["Sheet"]
    for row in rows:
        page.append(row)
    for column, code in formats.items():
        for number in range(2, len(rows) + 1):
            page.cell(number, column).number_format = code
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_percentage_is_read_as_it_is_shown(tmp_path: Path) -> None:
    rows: list[list[f.Cell]] = [["Kab", "Serapan", "Miskin", "Luas"], ["Pati", 0.07, 9.3, 1.5], ["Kudus", 1, "n/a", 2]]
    book = _formatted(rows, {2: "0.0%;[Red](0.0%)", 3: '0.0"%"', 4: "#,##0.00"})
    table = f.only(f.read_bytes(tmp_path, book, "a.xlsx"))
    assert f.rows(table) == [("Pati", "7%", "9.3", "1.5"), ("Kudus", "100%", "n/a", "2")]


def test_a_code_keeps_the_zeros_that_its_format_shows(tmp_path: Path) -> None:
    book = _formatted([["Kode Pos", "Nilai"], [1234, 1], [59111, 2], ["-", 3]], {1: "00000"})
    table = f.only(f.read_bytes(tmp_path, book, "a.xlsx"))
    assert [row[0] for row in f.rows(table)] == ["01234", "59111", "-"]


def test_a_percentage_of_an_open_document_is_read_as_it_is_shown(tmp_path: Path) -> None:
    def cell(value: str, kind: str = "string", repeat: int = 1) -> str:
        typed = f'table:number-columns-repeated="{repeat}" office:value-type="{kind}"'
        typed += f' office:value="{value}"' if kind != "string" else ""
        return f"<table:table-cell {typed}><text:p>{value}</text:p></table:table-cell>"

    def row(*cells: str, repeat: int = 1) -> str:
        return f'<table:table-row table:number-rows-repeated="{repeat}">{"".join(cells)}</table:table-row>'

    body = row(cell("Kab"), cell("L"), cell("P"), cell("N"))
    body += row(cell("Pati"), cell("0.25", "percentage", 2), cell("3", "float"), repeat=2) + row(
        cell("Kudus"), cell("4", "float", 3)
    )
    table = f.only(f.read_bytes(tmp_path, f.ods(body), "a.ods"))
    assert f.rows(table) == [("Pati", "25%", "25%", "3")] * 2 + [("Kudus", "4", "4", "4")]


SHARE, CODE = "0.0%;[Red](0.0%)", "00000"


def _old(*more: list[str | Number]) -> bytes:
    rows: list[list[str | Number]] = [["Kab", "Serapan", "Kode Pos"], ["Pati", (0.07, 2), (1234, 3)]]
    return records([SHARE, CODE], ("Data", [*rows, ["Kudus", (1, 2), (59111, 3)], ["Demak", (12.5, 1), "-"], *more]))


@pytest.mark.parametrize("small", [False, True])
def test_a_percentage_of_an_old_workbook_is_read_as_it_is_shown(tmp_path: Path, *, small: bool) -> None:
    table = f.only(f.read_bytes(tmp_path, xls(_old(), small=small), "a.xls"))
    assert f.rows(table) == [("Pati", "7%", "01234"), ("Kudus", "100%", "59111"), ("Demak", "12.5", "-")]


def test_each_sheet_of_an_old_workbook_has_its_own_formats(tmp_path: Path) -> None:
    pages: list[tuple[str, list[list[str | Number]]]]
    pages = [("Serapan", [["A", "B"], [(1, 2), (2, 1)], [(3, 1), (4, 1)]]), ("Luas", [["C", "D"], [(5, 1), (6, 2)]])]
    tables = f.read_bytes(tmp_path, xls(records([SHARE], *pages)), "a.xls").tables
    assert [f.rows(table) for table in tables] == [[("100%", "2"), ("3", "4")], [("5", "600%")]]


@given(st.data())
def test_a_damaged_old_workbook_is_read_or_named_but_never_hangs(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    body = bytearray(xls(_old()))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(8, len(body) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("xls") / "a.xls"
    path.write_bytes(body)
    for cells in old_workbook.cells(path, {9: 0}, lambda code: 0 if "%" in code else None).values():
        assert len(cells.rows) == len(cells.columns) == len(cells.shown)
