"""F22: equal and empty column titles are told apart and remarked."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F22_equal_titles_get_a_number_and_empty_ones_a_name(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "kota,harga,harga,,harga_2\nPati,1,2,3,4\nKudus,5,6,7,8\n"))
    assert table.columns == ("kota", "harga", "harga_3", "kolom_4", "harga_2")
    assert f.rows(table)[0] == ("Pati", "1", "2", "3", "4")
    assert {"reader.header_doubled", "reader.header_empty"} <= f.codes(table)


def test_F22_columns_with_neither_title_nor_content_are_passed_over_and_said(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "kota,,harga,,\nPati,,1,,\nKudus,,2,,\n"))
    assert table.columns == ("kota", "harga")
    assert f.note(table, "reader.empty_columns") == {"columns": "2"}


def test_F22_titles_that_differ_only_in_case_are_told_apart(tmp_path: Path) -> None:
    """As published: a national price panel has both `Bulan_num` and `bulan_num`."""
    table = f.only(f.read_bytes(tmp_path, "kota,Bulan_num,bulan_num\nPati,1,1\nKudus,2,2\n"))
    assert table.columns == ("kota", "Bulan_num", "bulan_num_2")
    assert f.note(table, "reader.header_doubled") == {"columns": "bulan_num_2"}
