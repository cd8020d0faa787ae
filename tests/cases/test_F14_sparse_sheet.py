"""F14: one cell at the far corner of a sheet must not make us hold 17 billion."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F14_a_cell_in_the_last_corner_of_a_sheet_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    body = f'<row r="1">{f.inline("A1", "nama")}</row><row r="1048576">{f.inline("XFD1048576", "x")}</row>'
    with pytest.raises(errors.SheetTooLarge) as caught:
        f.read_bytes(tmp_path, f.raw_xlsx(f.worksheet(body)), "jarang.xlsx")
    assert caught.value.values["rows"] == 1_048_576
    assert caught.value.values["columns"] == 16_384
    assert caught.value.place.sheet == "Data"


def test_F14_formatting_down_to_the_last_row_is_not_content(tmp_path: Path) -> None:
    body = (
        f'<row r="1">{f.inline("A1", "nama")}{f.inline("B1", "nilai")}</row>'
        f'<row r="2">{f.inline("A2", "Kudus")}<c r="B2"><v>5</v></c></row>'
        '<row r="1048576" ht="15"/><row r="1048575"><c r="XFD1048575" s="1"/></row>'
    )
    table = f.only(f.read_bytes(tmp_path, f.raw_xlsx(f.worksheet(body)), "hias.xlsx"))
    assert f.rows(table) == [("Kudus", "5")]


def test_F14_a_cell_repeated_a_million_times_in_an_ods_is_refused(tmp_path: Path) -> None:
    cell = (
        '<table:table-cell table:number-columns-repeated="16384" office:value-type="string">'
        "<text:p>x</text:p></table:table-cell>"
    )
    with pytest.raises(errors.SheetTooLarge):
        body = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
        f.read_bytes(tmp_path, f.ods(body), "ulang.ods")


def test_F14_blank_cells_repeated_to_the_edge_of_an_ods_are_nothing(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    edge = '<table:table-cell table:number-columns-repeated="16382"/>'
    body = (
        f"<table:table-row>{cell('nama')}{cell('kode')}{edge}</table:table-row>"
        f"<table:table-row>{cell('Kudus')}{cell('33.19')}{edge}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    assert f.rows(f.only(f.read_bytes(tmp_path, f.ods(body), "data.ods"))) == [("Kudus", "33.19")]
