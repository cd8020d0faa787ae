"""Several tables side by side in one sheet, and one table that only has air in it."""

from pathlib import Path

from tests.federation.readers import factories as f

GAP = None


def test_tables_of_different_length_are_read_each_for_itself(tmp_path: Path) -> None:
    rows = [
        ["Kab", "Harga", GAP, "Komoditas", "Stok", "Satuan"],
        ["Pati", 1, GAP, "Beras", 10, "kg"],
        ["Kudus", 2, GAP, "Gula", 20, "kg"],
        ["Demak", 3],
        ["Jepara", 4],
    ]
    result = f.read_bytes(tmp_path, f.xlsx(rows), "dua.xlsx")
    one, other = result.tables
    assert (one.columns, len(one), other.columns) == (("Kab", "Harga"), 4, ("Komoditas", "Stok", "Satuan"))
    assert f.rows(other) == [("Beras", "10", "kg"), ("Gula", "20", "kg")]
    assert other.name == "Sheet#2" and f.note(one, "reader.tables_beside") == {"count": "2"}


def test_tables_under_titles_of_their_own_keep_them(tmp_path: Path) -> None:
    rows = [
        ["Tabel 1. Harga", GAP, GAP, "Tabel 2. Stok"],
        [],
        ["Kab", "Harga", GAP, "Komoditas", "Stok"],
        ["Pati", 1, GAP, "Beras", 10],
        ["Kudus", 2, GAP, "Gula", 20],
    ]
    one, other = f.read_bytes(tmp_path, f.xlsx(rows), "dua.xlsx").tables
    assert (one.title, one.columns) == ("Tabel 1. Harga", ("Kab", "Harga"))
    assert (other.title, other.columns) == ("Tabel 2. Stok", ("Komoditas", "Stok"))


def test_one_list_set_in_two_columns_of_print_is_two_tables_of_one_header(tmp_path: Path) -> None:
    head = ["No", "Desa", "Jiwa"]
    rows = [[*head, GAP, *head], [1, "Aa", 10, GAP, 3, "Cc", 30], [2, "Bb", 20, GAP, 4, "Dd", 40]]
    one, other = f.read_bytes(tmp_path, f.xlsx(rows), "desa.xlsx").tables
    assert f.rows(one) + f.rows(other) == [("1", "Aa", "10"), ("2", "Bb", "20"), ("3", "Cc", "30"), ("4", "Dd", "40")]


def test_a_blank_column_inside_one_table_parts_no_value_from_its_key(tmp_path: Path) -> None:
    for rows in (
        [["Kab", "Camat", GAP, "Target", "Capaian"], ["Pati", "A", GAP, 1, 2], ["Kudus", "B", GAP, 3, 4], ["Demak", "C"]],
        [["Kab", "Harga", GAP, "Camat", "Telepon"], ["Pati", 1, GAP, "Sri", "08"], ["Kudus", 2, GAP, "Budi", "09"]],
        [
            ["Kab", "Harga", GAP, "Camat", "Telepon"], ["Pati", 1, GAP, "Sri", "08"], ["Kudus", 2, GAP, "Budi", "09"],
            ["Jumlah", 3], ["Rata-rata", 1.5],
        ],
        [["Kab", 2021, 2022, GAP, 2021, 2022], ["Pati", 1, 2, GAP, 3, 4], ["Kudus", 1, 2, GAP, 3, 4]],
    ):  # fmt: skip
        assert len(f.read_bytes(tmp_path, f.xlsx(rows), "satu.xlsx").tables) == 1


def test_tables_beside_each_other_in_a_csv_are_read_each_for_itself(tmp_path: Path) -> None:
    text = "Kab;Harga;;Komoditas;Stok;Satuan\nPati;1;;Beras;10;kg\nKudus;2;;Gula;20;kg\nDemak;3;;;;\nJepara;4;;;;\n"
    one, other = f.read_bytes(tmp_path, text).tables
    assert (one.columns, len(one), other.columns, len(other)) == (
        ("Kab", "Harga"),
        4,
        ("Komoditas", "Stok", "Satuan"),
        2,
    )
    assert f.note(one, "reader.tables_beside") == {"count": "2"}
    spaced = "Kab;;Nilai;;Ket\nPati;;1;;x\nKudus;;2;;y\n"
    assert f.only(f.read_bytes(tmp_path, spaced)).columns == ("Kab", "Nilai", "Ket")


def test_a_large_csv_is_cut_as_a_small_one_is(tmp_path: Path) -> None:
    rows = [f"Kab {i};{i};;{f'Barang {i};{i};kg' if i < 40_000 else ';;'}" for i in range(45_000)]
    result = f.read_bytes(tmp_path, "Kab;Harga;;Komoditas;Stok;Satuan\n" + "\n".join(rows) + "\n")
    assert [len(table) for table in result.tables] == [45_000, 40_000]
