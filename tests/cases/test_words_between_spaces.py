"""Cells of several words in a file divided by spaces: joined where only one column can have them, else left and named."""

from pathlib import Path

from tests.federation.readers import factories as f

HEAD = "tanggal kode komoditas harga\n"


def test_the_words_of_the_one_free_column_are_joined_again(tmp_path: Path) -> None:
    text = HEAD + (
        "2024-01-01 A-01 Beras 12000\n2024-01-02 A-02 Cabai Rawit Merah 50000\n2024-01-03 A-03 Gula 15000\n"
        "2024-01-04 A-04 Minyak  Goreng 18000\n2024-01-05 A-05 Telur 27000\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("tanggal", "kode", "komoditas", "harga")
    assert [row[2] for row in f.rows(table)] == ["Beras", "Cabai Rawit Merah", "Gula", "Minyak  Goreng", "Telur"]
    assert [row[3] for row in f.rows(table)] == ["12000", "50000", "15000", "18000", "27000"]
    assert f.note(table, "reader.words_joined") == {"rows": "3, 5", "count": "2"}


def test_two_columns_of_words_are_never_guessed_apart(tmp_path: Path) -> None:
    text = "pasar komoditas harga\n" + (
        "Johar Beras 12000\nJohar Gula 15000\nPasar Johar Beras 12000\nBulu Telur 27000\nBulu Cabai Rawit 50000\n"
        "Johar Telur 26000\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert "reader.words_joined" not in f.codes(table)
    assert "reader.rows_long" in f.codes(table)
