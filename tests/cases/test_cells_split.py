"""A CSV that was opened under another delimiter and saved as a workbook of one column."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_the_lines_of_a_csv_in_one_column_come_apart(tmp_path: Path) -> None:
    rows: list[list[f.Cell]] = [['Kab;"Nilai; Rp"'], ["Pati;1,5"], ["Kudus;2,5"]]
    table = f.only(f.read_bytes(tmp_path, f.xlsx(rows), "a.xlsx"))
    assert (table.columns, f.rows(table)) == (("Kab", "Nilai; Rp"), [("Pati", "1,5"), ("Kudus", "2,5")])
    assert f.note(table, "reader.cells_split") == {"delimiter": ";", "count": "3"}


def test_sentences_and_names_in_one_column_stay_whole(tmp_path: Path) -> None:
    for rows in (
        [["PETUNJUK"], ["1. Isi kolom kuning, lalu simpan"], ["2. Jangan mengubah judul, urutan, warna"]],
        [["Nama Desa"], ["Baja Mulyo"], ["Tri Mulyo"]],
    ):
        assert len(f.only(f.read_bytes(tmp_path, f.xlsx(rows), "a.xlsx")).columns) == 1
