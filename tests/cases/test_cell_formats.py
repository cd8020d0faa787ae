"""Formats that change what a person reads: percentages and leading zeros, in XLSX and ODS."""

import io
from pathlib import Path

import openpyxl

from tests.federation.readers import factories as f


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
