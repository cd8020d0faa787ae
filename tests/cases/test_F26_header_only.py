"""F26: a header without rows is a table without rows: that is allowed (nihil)."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


@pytest.mark.parametrize("text", ["kode,tanggal,harga\n", "kode;tanggal;harga", "kode\ttanggal\tharga\r\n"])
def test_F26_a_header_alone_is_an_empty_table(tmp_path: Path, text: str) -> None:
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("kode", "tanggal", "harga")
    assert len(table) == 0


def test_F26_in_a_sheet_as_well(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, f.xlsx([["kode", "tanggal", "harga"]]), "nihil.xlsx"))
    assert (table.columns, len(table)) == (("kode", "tanggal", "harga"), 0)


def test_F26_below_a_title_as_well(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "Harga pangan 2024,,\n,,\nkode,tanggal,harga\n"))
    assert (table.title, table.columns, len(table)) == ("Harga pangan 2024", ("kode", "tanggal", "harga"), 0)
