"""Whole lines in quotes: a CSV opened as one column and saved so is opened into its columns again."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_lines_quoted_as_a_whole_are_opened_and_said_to_be(tmp_path: Path) -> None:
    text = '"kab,ket,harga"\r\n"Pati,""kota, lama"",1"\r\n"Kudus,biasa,2"\r\n'
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("kab", "ket", "harga")
    assert f.rows(table) == [("Pati", "kota, lama", "1"), ("Kudus", "biasa", "2")]
    assert "reader.lines_unquoted" in f.codes(f.read_bytes(tmp_path, text))


def test_one_column_of_quoted_sentences_stays_one_column(tmp_path: Path) -> None:
    text = '"keluhan"\n"Jalan rusak, mohon diperbaiki"\n"Air mati"\n"Lampu, taman, dan trotoar"\n'
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("keluhan",) and len(table) == 3
