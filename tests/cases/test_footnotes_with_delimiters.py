"""Footnotes that hold the delimiter: they stay footnotes, and no row is made of them."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_a_source_line_with_semicolons_is_a_footnote(tmp_path: Path) -> None:
    text = (
        "Kab;Harga;Stok\nPati;12.000;10\nKudus;13.000;20\n"
        "Sumber: Dinas Pangan; diolah; 2024\nCatatan: *) sementara; **) sangat sementara\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert f.rows(table) == [("Pati", "12.000", "10"), ("Kudus", "13.000", "20")]
    assert [note[:7] for note in table.footnotes] == ["Sumber:", "Catatan"]


def test_a_row_about_a_source_is_a_row(tmp_path: Path) -> None:
    text = "nama;jenis;debit\nKali Garang;sungai;10\nSumber Air Muncul;mata air;5\n"
    assert f.rows(f.only(f.read_bytes(tmp_path, text)))[1] == ("Sumber Air Muncul", "mata air", "5")


def test_a_source_line_below_a_table_of_two_columns_is_a_footnote(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "kab,harga\nPati,1\nKudus,2\n\nSumber: BPS\n"))
    assert (len(table), table.footnotes) == (2, ("Sumber: BPS",))


def test_a_footnote_makes_no_quote_of_an_apostrophe(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "tanggal,nama\n2024-01-01,Pati\n2024-01-02,'petik'\n\nSumber: BPS\n"))
    assert f.rows(table)[1] == ("2024-01-02", "'petik'")
