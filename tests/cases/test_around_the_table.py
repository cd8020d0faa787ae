"""What stands around a table and between its parts: forms, groups, signatures, page marks, units, marks on values."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_a_group_named_between_blank_rows_stays_a_row_of_its_table(tmp_path: Path) -> None:
    text = (
        "Uraian;2021;2022\nA. PENDAPATAN;;\nPajak;10;11\nRetribusi;12;13\n\nB. BELANJA;;\nPegawai;14;15\nModal;16;17\n"
    )
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("Uraian", "2021", "2022")
    assert f.rows(table)[3:5] == [("B. BELANJA", None, None), ("Pegawai", "14", "15")]


def test_a_group_right_below_the_header_is_no_second_header_row(tmp_path: Path) -> None:
    text = "No;Desa;Jiwa\n;KECAMATAN JUWANA;\n1;Bajomulyo;10\n2;Bakaran;12\n;;\n;KECAMATAN TAYU;\n1;Sambiroto;14\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert table.columns == ("No", "Desa", "Jiwa")
    assert [row[1] for row in f.rows(table)] == [
        "KECAMATAN JUWANA",
        "Bajomulyo",
        "Bakaran",
        "KECAMATAN TAYU",
        "Sambiroto",
    ]


def test_a_single_unit_below_a_name_is_header_and_a_single_group_is_not(tmp_path: Path) -> None:
    for below, columns in (
        ("KECAMATAN A", ("No", "Kode", "Luas")),
        ("kw/ha", ("No", "Kode kw/ha", "Luas")),
        ("(ribu orang)", ("No", "Kode (ribu orang)", "Luas")),
        ("2023", ("No", "Kode 2023", "Luas")),
    ):
        table = f.only(f.read_bytes(tmp_path, f"No;Kode;Luas\n;{below};\n1;A12;5,5\n2;A13;6,5\n3;A14;7,5\n"))
        assert table.columns == columns


def test_a_first_row_without_its_number_is_no_second_header_row(tmp_path: Path) -> None:
    for first in ("belum lapor", "nihil", "rusak"):
        table = f.only(f.read_bytes(tmp_path, f"Kecamatan;Jumlah\nJuwana;{first}\nTayu;12\nGabus;13\n"))
        assert f.rows(table)[0] == ("Juwana", first)


def test_a_list_of_codes_of_every_level_keeps_its_first_row(tmp_path: Path) -> None:
    text = "KODE WILAYAH;NAMA\n33.18;PATI\n33.18.01;SUKOLILO\n33.18.01.2001;PAKEM\n"
    assert f.rows(f.only(f.read_bytes(tmp_path, text)))[0] == ("33.18", "PATI")


def test_pages_of_a_report_are_one_table_whatever_counts_or_repeats_between_them(tmp_path: Path) -> None:
    page = "No;Nama;Nilai\n{};A;10\n{};B;20\n\n"
    for between in ("Halaman 1 dari 2\n\n", "LAPORAN\n\n"):
        text = f"LAPORAN\n\n{page.format(1, 2)}{between}{page.format(3, 4)}"
        table = f.only(f.read_bytes(tmp_path, text))
        assert ([row[0] for row in f.rows(table)], table.title) == (["1", "2", "3", "4"], "LAPORAN")
        assert "reader.header_repeated" in f.codes(table)


def test_parts_under_titles_of_their_own_stay_apart(tmp_path: Path) -> None:
    page = "No;Desa;Jiwa\n1;A;10\n2;B;20\n\n"
    result = f.read_bytes(tmp_path, f"KECAMATAN JUWANA\n{page}KECAMATAN TAYU\n{page}")
    assert [table.title for table in result.tables] == ["KECAMATAN JUWANA", "KECAMATAN TAYU"]


@pytest.mark.parametrize(
    "form",
    [
        [["Nama OPD", ":", "Dinas Pertanian"], ["Tahun", ":", 2023], []],
        [["Provinsi", "Jawa Tengah"], ["Tahun", 2023], []],
        [["Provinsi", "Jawa Tengah"], ["Tahun", 2023]],
        [["ID WMO :", 96837], ["Elevasi :", 3], []],
    ],
)
def test_a_form_above_a_table_is_its_title(tmp_path: Path, form: list[list[f.Cell]]) -> None:
    rows = [*form, ["No", "Komoditas", "Produksi", "Satuan"], [1, "Padi", 10, "ton"], [2, "Jagung", 20, "ton"]]
    table = f.only(f.read_bytes(tmp_path, f.xlsx(rows), "a.xlsx"))
    assert table.columns == ("No", "Komoditas", "Produksi", "Satuan") and table.title


@pytest.mark.parametrize("gap", [[], [[None, None, None, None]]])
@pytest.mark.parametrize(
    "signed",
    [
        [[None, None, "Pati, 2 Januari 2024"], [None, None, "Kepala Bidang"], [None, None, "NIP 196801011990032001"]],
        [[None, "Mengetahui", None, "Pati, 2 Januari 2024"], [None, "Drs. A", None, "B, SE"]],
    ],
)
def test_a_signature_is_no_row(tmp_path: Path, gap: list[list[f.Cell]], signed: list[list[f.Cell]]) -> None:
    rows = [["No", "Aset", "Luas", "Nilai"], [1, "Tanah A", 10, 20], [2, "Tanah B", 30, 40], *gap, *signed]
    table = f.only(f.read_bytes(tmp_path, f.xlsx(rows), "a.xlsx"))
    assert (len(table), len(table.footnotes)) == (2, len(signed))


def test_a_last_row_with_a_place_and_date_of_birth_is_a_row(tmp_path: Path) -> None:
    text = "Nama;Lahir;Ket\nA;Pati, 2 Januari 1990;x\nB;Kudus, 3 Maret 1991;y\nC;Kudus, 3 Mei 1991;\n"
    assert len(f.only(f.read_bytes(tmp_path, text))) == 3


def test_a_unit_above_the_right_end_belongs_to_no_column(tmp_path: Path) -> None:
    rows = [["Curah Hujan"], [None, None, None, "(mm)"], ["No", "Pos", "Januari", "Februari"], [1, "A", 10, 20]]
    table = f.only(f.read_bytes(tmp_path, f.xlsx([*rows, [2, "B", 30, 40]]), "a.xlsx"))
    assert table.columns == ("No", "Pos", "Januari", "Februari") and table.title == "Curah Hujan\n(mm)"


def test_column_numbers_may_say_how_they_are_worked_out(tmp_path: Path) -> None:
    text = "Kode;Uraian;Anggaran;Realisasi;%\n1;2;3;4;5 = 4/3\n4;PENDAPATAN;2.800,00;2.700,00;96,43\n4.1;PAD;1,00;2,00;3,0\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert (len(table), "reader.numbering_row" in f.codes(table)) == (2, True)


def test_days_of_a_month_are_column_titles(tmp_path: Path) -> None:
    text = "Bulan;1;2;3;4;5\nJanuari;0;12,5;-;3;4\nFebruari;1;2;3;4;5\n"
    assert f.only(f.read_bytes(tmp_path, text)).columns == ("Bulan", "1", "2", "3", "4", "5")


def test_marks_on_values_and_what_they_mean_below_a_narrow_table(tmp_path: Path) -> None:
    table = f.only(f.read_bytes(tmp_path, "Kab;Nilai\nPati;12*\nKudus;13**)\n*) angka sementara\n"))
    assert f.rows(table) == [("Pati", "12*"), ("Kudus", "13**)")]
    assert table.footnotes == ("*) angka sementara",)


def test_a_list_of_names_of_two_words_is_one_column(tmp_path: Path) -> None:
    for names in ("Bajomulyo\nBakaran\n", "Baja Mulyo\nBakaran\nTri Mulyo\n"):
        assert f.only(f.read_bytes(tmp_path, "Nama Desa\n" + names)).columns == ("Nama Desa",)


def test_F25_a_sheet_saved_without_content_is_empty(tmp_path: Path) -> None:
    with pytest.raises(errors.FileEmpty):
        f.read_bytes(tmp_path, ";;;\r\n;;;\r\n")


def test_scattered_lines_above_a_title_are_title_too(tmp_path: Path) -> None:
    rows: list[list[f.Cell]] = [
        ["Lampiran I", None, None, None, "Peraturan Bupati"], [None, None, None, None, "Nomor 5 Tahun 2023"], ["DAFTAR DESA"],
        ["No", "Kecamatan", "Desa", "Status", "Luas"], [1, "A", "B", "IDM", 1.5], [2, "C", "D", "Maju", 2.5],
    ]  # fmt: skip
    table = f.only(f.read_bytes(tmp_path, f.xlsx(rows), "a.xlsx"))
    assert (table.columns, len(table)) == (("No", "Kecamatan", "Desa", "Status", "Luas"), 2)


def test_a_second_row_of_names_above_words_alone_is_header(tmp_path: Path) -> None:
    text = "No;Nama;Alamat;;Ket\n;;Jalan;Kota;\nA;Budi;Jl. A;Pati;x\nB;Siti;Jl. B;Kudus;y\n"
    table = f.only(f.read_bytes(tmp_path, text))
    assert (table.columns, len(table)) == (("No", "Nama", "Alamat Jalan", "Alamat Kota", "Ket"), 2)


def test_a_source_in_two_cells_is_a_footnote(tmp_path: Path) -> None:
    table = f.only(
        f.read_bytes(tmp_path, "No;Kec;L;P\n1;A;1;2\n2;B;3;4\nSumber :;Dukcapil;;\nTanggal :;2 Mei 2024;;\n")
    )
    assert (len(table), table.footnotes) == (2, ("Sumber : Dukcapil", "Tanggal : 2 Mei 2024"))
