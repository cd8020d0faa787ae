"""Tables as offices lay them out: titles, footnotes, groups of columns, totals, several under one another."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


def test_titles_pairs_and_footnotes_surround_the_table_and_stay_out_of_it(tmp_path: Path) -> None:
    text = (
        "LAPORAN HARGA PANGAN,,,\nKabupaten : Semarang,,,\nBulan:,Januari 2024,,\n,,,\n"
        "No,Komoditas,Satuan,Harga (Rp)\n1,Beras,kg,12.500\n2,Cabai,kg,45.000\n3,Gula,kg,-\nJUMLAH,,,57.500\n"
        "Sumber: Dinas Perdagangan,,,\n*) angka sementara,,,\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("No", "Komoditas", "Satuan", "Harga (Rp)")
    assert table.title == "LAPORAN HARGA PANGAN\nKabupaten : Semarang\nBulan: Januari 2024"
    assert table.footnotes == ("Sumber: Dinas Perdagangan", "*) angka sementara")
    assert f.rows(table)[-1] == ("JUMLAH", None, None, "57.500")
    assert f.note(table, "reader.total_rows") == {"rows": "9", "count": "1"}
    assert table.row_numbers.to_pylist() == [6, 7, 8, 9]


def test_titles_without_delimiters_and_a_footnote_that_has_one(tmp_path: Path) -> None:
    text = (
        "LAPORAN HARGA HARIAN\nTanggal 1 Januari 2024\n\nKomoditas;Harga;Satuan\nBeras;12.500;kg\nCabai;45.000;kg\n"
        "Catatan: harga di pasar; belum termasuk ongkos\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert f.rows(table) == [("Beras", "12.500", "kg"), ("Cabai", "45.000", "kg")]
    assert table.title == "LAPORAN HARGA HARIAN\nTanggal 1 Januari 2024"
    assert table.footnotes == ("Catatan: harga di pasar belum termasuk ongkos",)


def test_tables_under_one_another_are_told_apart_each_with_its_title(tmp_path: Path) -> None:
    rows: list[list[f.Cell]] = [["Tabel 1. Beras"], [], ["Kota", "Harga"], ["Pati", 1], ["Kudus", 2], []]
    rows += [["Tabel 2. Cabai"], ["Kota", "Harga", "Stok"], ["Pati", 3, 4], ["Kudus", 5, 6]]
    book = f.xlsx(rows)
    one, two = f.read_bytes(tmp_path, book, "dua.xlsx").tables
    assert (one.name, one.title, one.columns) == ("Sheet", "Tabel 1. Beras", ("Kota", "Harga"))
    assert (two.name, two.title, two.columns) == ("Sheet#2", "Tabel 2. Cabai", ("Kota", "Harga", "Stok"))
    assert two.row_numbers.to_pylist() == [9, 10]


def test_a_header_repeated_on_every_page_is_one_table(tmp_path: Path) -> None:
    text = "kota,tahun,harga\nPati,2020,1\nKudus,2021,2\nkota,tahun,harga\nTegal,2022,3\nBlora,2023,4\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert [row[0] for row in f.rows(table)] == ["Pati", "Kudus", "Tegal", "Blora"]
    assert f.note(table, "reader.header_repeated") == {"row": "4"}


def test_the_same_table_twice_is_two_tables(tmp_path: Path) -> None:
    text = "kota,tahun,harga\nPati,2020,1\nKudus,2021,2\n"
    one, two = f.read_bytes(tmp_path, text * 2).tables
    assert f.rows(one) == f.rows(two)


def test_a_changed_width_begins_another_table(tmp_path: Path) -> None:
    text = (
        "kota,tahun,harga\nPati,2020,1\nKudus,2021,2\nTegal,2022,3\n"
        "kota,tahun,harga,stok\nPati,2020,1,9\nKudus,2021,2,9\nTegal,2022,3,9\n"
    )
    assert [table.columns[-1] for table in f.read_bytes(tmp_path, text).tables] == ["harga", "stok"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Kabupaten,2019,2020\nPati,10,20\nKudus,11,21\n", ("Kabupaten", "2019", "2020")),
        ("Komoditas,01/01/2024,02/01/2024\nBeras,12000,12100\n", ("Komoditas", "01/01/2024", "02/01/2024")),
        ("Kabupaten,Tahun,\n,2019,2020\nPati,10,20\nKudus,11,21\n", ("Kabupaten", "Tahun 2019", "Tahun 2020")),
        (
            "Kecamatan,Laki-laki,,Perempuan,\n,2020,2021,2020,2021\nA,1,2,3,4\nB,5,6,7,8\n",
            ("Kecamatan", "Laki-laki 2020", "Laki-laki 2021", "Perempuan 2020", "Perempuan 2021"),
        ),
        (
            "Kabupaten,Luas,Penduduk\nRegency,Area,Population\nPati,1503.7,1300000\nKudus,425.2,850000\n",
            ("Kabupaten Regency", "Luas Area", "Penduduk Population"),
        ),
        (
            "Komoditas,Harga,Stok\n,(Rp/kg),(ton)\nBeras,12000,10\nCabai,40000,2\n",
            ("Komoditas", "Harga (Rp/kg)", "Stok (ton)"),
        ),
        ("Kota,Harga,Stok\n(1),(2),(3)\nPati,1,2\nKudus,3,4\n", ("Kota", "Harga", "Stok")),
        ("nama,jenis,tempat\nJohar,tradisional,Tengah\nBulu,tradisional,Selatan\n", ("nama", "jenis", "tempat")),
        ("kota,tahun,harga\nPati,-,-\nKudus,2021,2\nTegal,2022,3\n", ("kota", "tahun", "harga")),
        # figures that begin like years are none
        ("Kota,2019,2020\nPati,1963824,1988622\nKudus,20000,19500\nTegal,1900,2000\n", ("Kota", "2019", "2020")),
        (
            "Pos,Hari,06.00,12.30,18.00\nJohar,1/2/26,5.2,5.6,5.9\nBulu,1/2/26,6,6.1,7\n",
            ("Pos", "Hari", "06.00", "12.30", "18.00"),
        ),
        (
            "Pos,1,2,3,4,5,6,7,8,9,10,Jml\nJohar,0,2,0,0,1,3,0,0,0,1,7\nBulu,0,0,0,0,1,3,0,2,0,1,7\n",
            ("Pos", *map(str, range(1, 11)), "Jml"),
        ),
    ],
)
def test_headers_as_offices_write_them(tmp_path: Path, text: str, columns: tuple[str, ...]) -> None:
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == columns
    assert f.rows(table)[0][0] in {"Pati", "Beras", "A", "Johar"}


def test_merged_header_cells_reach_over_their_columns_and_rows(tmp_path: Path) -> None:
    book = f.xlsx(
        [["Kabupaten", "Tahun", None, None], [None, 2019, 2020, 2021], ["Pati", 10, 20, 30], ["Kudus", 11, 21, 31]],
        merges=["A1:A2", "B1:D1"],
    )
    table = f.only(f.read_bytes(tmp_path, book, "gabung.xlsx"))
    assert table.columns == ("Kabupaten", "Tahun 2019", "Tahun 2020", "Tahun 2021")
    assert f.rows(table)[0] == ("Pati", "10", "20", "30")


def test_a_cell_merged_down_over_rows_speaks_for_each_of_them(tmp_path: Path) -> None:
    book = f.xlsx(
        [["Kabupaten", "Bulan", "Harga"], ["Pati", "Jan", 1], [None, "Feb", 2], ["Kudus", "Jan", 3], [None, "Feb", 4]],
        merges=["A2:A3", "A4:A5"],
    )
    table = f.only(f.read_bytes(tmp_path, book, "gabung.xlsx"))
    assert [row[0] for row in f.rows(table)] == ["Pati", "Pati", "Kudus", "Kudus"]
    assert f.note(table, "reader.merged_filled") == {"rows": "3, 5", "count": "2"}


def test_a_table_may_begin_anywhere_on_a_sheet(tmp_path: Path) -> None:
    book = f.xlsx([[], [], [None, None, "Judul"], [], [None, None, "Kota", "Harga"], [None, None, "Pati", 1]])
    table = f.only(f.read_bytes(tmp_path, book, "jauh.xlsx"))
    assert (table.title, table.columns, f.rows(table)) == ("Judul", ("Kota", "Harga"), [("Pati", "1")])
    assert (table.place.row, table.row_numbers.to_pylist()) == (5, [6])


def test_rows_without_a_header_get_numbered_columns_and_lose_no_row(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "Pati,2024-01-01,1000\nKudus,2024-01-02,2000\n"))
    assert table.columns == ("kolom_1", "kolom_2", "kolom_3")
    assert len(table) == 2
    assert "reader.no_header" in f.codes(table)


def test_blank_rows_within_a_table_do_not_end_it(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "kota,tahun,harga\nPati,2020,1\n,,\nKudus,2021,2\n\nTegal,2022,3\n"))
    assert table.row_numbers.to_pylist() == [2, 4, 6]


def test_rows_that_name_a_section_are_rows(tmp_path: Path) -> None:
    table = f.only(
        f.read_bytes(tmp_path, "No,Nama,Harga\n1,Beras,12\n2,Ketan,14\nB. Sayur,,\n1,Cabai,40\n2,Wortel,9\n")
    )
    assert f.rows(table)[2] == ("B. Sayur", None, None)


def test_a_drawn_line_under_the_header_is_no_row(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "| kota | harga |\n|------|-------|\n| Pati | 1 |\n| Kudus | 2 |\n"))
    assert table.columns == ("kota", "harga")
    assert len(table) == 2


def test_a_last_row_with_one_value_in_a_narrow_table_is_a_row(tmp_path: Path) -> None:
    assert f.rows(f.only(f.read_bytes(tmp_path, "kota,catatan\nPati,ada\nKudus,\n"))) == [
        ("Pati", "ada"),
        ("Kudus", None),
    ]


def test_hidden_sheets_are_read_and_said(tmp_path: Path) -> None:
    first: list[list[f.Cell]] = [["kota", "harga"], ["Pati", 1]]
    result = f.read_bytes(tmp_path, f.xlsx(first, first, hidden=(2,)), "sembunyi.xlsx")
    assert [table.name for table in result.tables] == ["Sheet", "Lembar2"]
    assert f.note(result, "reader.sheet_hidden") == {"sheet": "Lembar2"}
