"""F19: semicolons divide, commas are decimal: neither a column nor a number is broken."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F19_semicolons_divide_where_commas_are_decimal(tmp_path: Path) -> None:
    text = "kota;luas;kepadatan\nPati;1.503,68;886,1\nKudus;425,17;2.005,4\nJepara;1.059,25;1.146,0\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.dialect["delimiter"] == ";"
    assert f.rows(table)[0] == ("Pati", "1.503,68", "886,1")


def test_F19_a_single_column_of_decimal_commas_is_not_divided(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "curah_hujan_mm\n12,5\n0,0\n3,25\n"))
    assert f.rows(table) == [("12,5",), ("0,0",), ("3,25",)]


def test_F19_quoted_decimal_commas_do_not_divide_a_comma_file(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, 'kota,harga\nPati,"12.500,50"\nKudus,"9.000,00"\n'))
    assert f.rows(table) == [("Pati", "12.500,50"), ("Kudus", "9.000,00")]
