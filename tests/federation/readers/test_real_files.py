"""Every real file opens to the table that a person sees: columns, number of rows, first and last row."""

from dataclasses import dataclass

import pytest

from federation.readers import read
from tests.federation.readers import factories as f


@dataclass(frozen=True)
class Seen:
    """What a person sees: the first columns' names, how many columns and rows, the first and last row's beginning."""

    file: str
    columns: tuple[str, ...]
    size: tuple[int, int]
    first: tuple[str | None, ...]
    last: tuple[str | None, ...]
    lines: tuple[int, int]
    tables: int = 1


FILES = [
    Seen(
        "messy/bps_emp_prov_sect9_2010-2014.xlsx",
        ("prov_kode", "prov_nama", "year", "bekerja_agri"),
        (165, 13),
        ("11", "Aceh", "2010", "809788"),
        ("94", "Papua", "2014", "1141671"),
        (2, 166),
    ),
    Seen(
        "messy/jabar_disnaker_upah_minimum.csv",
        ("id", "kode_provinsi", "nama_provinsi", "kode_kabupaten_kota", "nama_kabupaten_kota", "upah_minimum"),
        (216, 8),
        ("1", "32", "JAWA BARAT", "3201", "KABUPATEN BOGOR", "3204551.0", "RUPIAH", "2017"),
        ("216", "32", "JAWA BARAT", "3279", "KOTA BANJAR", "2070192.0", "RUPIAH", "2024"),
        (2, 217),
    ),
    Seen(
        "messy/jabar_dukcapil_penduduk_jk.csv",
        ("id", "kode_provinsi", "nama_provinsi", "kode_kabupaten_kota", "nama_kabupaten_kota", "jenis_kelamin"),
        (594, 9),
        ("1", "32", "JAWA BARAT", "3201", "KABUPATEN BOGOR", "LAKI-LAKI", "1930902", "JIWA", "2013"),
        ("594", "32", "JAWA BARAT", "3279", "KOTA BANJAR", "PEREMPUAN", "103310", "JIWA", "2023"),
        (2, 595),
    ),
    Seen(
        "messy/jakarta_DATA-DKI-MENURUT-NOMOR-KODE-WILAYAH-TAHUN-2014.csv",
        ("tahun", "nomor_provinsi", "nama_provinsi", "nomor_kabupaten"),
        (267, 11),
        ("2014", "31", "DKI JAKARTA", "1", "KAB.ADM.KEP.SERIBU"),
        ("2014", "31", "DKI JAKARTA", "75", "JAKARTA TIMUR"),
        (2, 268),
    ),
    Seen(
        "messy/jakarta_Jumlah-Kecamatan-Kelurahan-Rukun-Warga-Rukun-Tetangga-dan-Kepala-Keluarga-Menurut-Kabupaten-Atau-Kot.csv",
        ("tahun", "nama_kabupaten_atau_kota_administrasi", "nama_kecamatan", "jumlah_kelurahan"),
        (44, 7),
        ("2013.0", "Kepulauan Seribu", "Kepulauan Seribu Selatan ", "3.0"),
        ("2013.0", "Jakarta Utara", "Cilincing ", "7.0"),
        (2, 45),
    ),
    Seen(
        "messy/jakarta_dkikepadatankelurahan2013.csv",
        ("TAHUN", "NAMA PROVINSI", "NAMA KABUPATEN/KOTA", "NAMA KECAMATAN", "NAMA KELURAHAN", "LUAS WILAYAH (KM2)"),
        (267, 25),
        (
            "2013",
            "PROVINSI DKI JAKARTA",
            "KAB.ADM.KEP.SERIBU",
            "KEP. SERIBU UTR",
            "P. PANGGANG",
            " 0.91 ",
            "6779",
            "231",
        ),
        ("2013", "PROVINSI DKI JAKARTA", "JAKARTA TIMUR", "CIPAYUNG", "CEGER", " 3.63 ", "5492", "1007"),
        (2, 268),
    ),
    Seen(
        "messy/jakarta_jumlahimbbangunandanluasbangunan19982012.csv",
        ("tahun", "imb", "bangunan", "luas_bangunan"),
        (15, 4),
        ("1998", "6904", "7394", "2801718"),
        ("2012", "15562", "11447", "5246912"),
        (2, 16),
    ),
    Seen(
        "messy/jakarta_transportasi-darat-per-provinsi-2009.csv",
        ("kode_provinsi", "nama_provinsi", "lintang", "bujur"),
        (33, 9),
        ("1100", "Nanggroe Aceh Darussalam", "5.55", "95.31667"),
        ("9400", "Papua", "-2.533056", "140.7169"),
        (2, 34),
    ),
    Seen(
        "messy/jateng_Tingkat_Pengangguran_Terbuka_Menurut_Kabupaten_Kota_dan_Jenis_Kelamin_di_Provinsi_Jawa_Tengah.csv",
        ("Wilayah", "Tahun", "Laki-laki", "Perempuan", "Total"),
        (140, 5),
        ("Kabupaten Cilacap", "2020", "10.59", "6.75", "9.10"),
        ("Kota Tegal", "2023", "4.09", "9.26", "6.05"),
        (2, 141),
    ),
    Seen(
        "messy/jateng_bencana_alam.xlsx",
        ("Bencana", "Jumlah", "Kabupaten / Kota Cilacap", "Kabupaten / Kota Banyumas"),
        (12, 51),
        ("101. BANJIR", "2119", "258", "112"),
        ("Jumlah", "9891", "1077", "768"),
        (6, 17),
        2,
    ),
    Seen(
        "messy/jateng_indeks_pembangunan_manusia_jawa_tengah.csv",
        ("Wilayah", "Tahun", "Usia Harapan Hidup saat Lahir (tahun)", "Harapan Lama Sekolah (tahun)"),
        (175, 7),
        ("Kabupaten Cilacap", "2020", "73.73", "12.5", "6.97", "10440", "69.95"),
        ("Kota Tegal", "2024", "74.87", "13.25", "9.28", "14358", "77.43"),
        (2, 176),
    ),
    Seen(
        "messy/jateng_sampah_bps_jateng.csv",
        (
            "Kabupaten/ Kota Regency/ Municipality",
            "Jenis Tempat Pembuangan Sampah Type of Garbage Disposal Unit Tempat Sampah Kemudian Diangkut "
            "Garbage Pail and Carried Away",
        ),
        (36, 8),
        ("Cilacap", "     32 ", "     248 ", "     4 ", " -   "),
        ("JAWA TENGAH", "    2 244 ", "    6 070 ", "     149 "),
        (15, 50),
    ),
    Seen(
        "messy/satudata_data_ekspor.csv",
        ("Tahun", "Total", "Migas", "Non Migas", "Agriculture", "Industry", "Mining", "Others"),
        (9, 8),
        ("September", "24,777.18", "1,310.47", "23,466.71", "414.65"),
        ("Januari", "19,173.70", "901.17", "18,272.53", "380.99"),
        (2, 10),
    ),
    Seen(
        "messy/soluvas_18.-DKI-Kantor-Pelayanan-Kependudukan-dan-Pencatatan-Sipil--2015v2.xls",
        ("tahun", "kantor_pelayanan", "nama_provinsi", "nama_kabupaten/kota", "nama_kecamatan", "keterangan"),
        (318, 10),
        ("2015", "Dinas Kependudukan dan Pencatatan Sipil  \nProvinsi DKI Jakarta", "PROVINSI DKI JAKARTA", None, None),
        ("2015", "Kelurahan Ceger", "PROVINSI DKI JAKARTA", "JAKARTA TIMUR", "CIPAYUNG"),
        (2, 319),
    ),
    Seen(
        "messy/soluvas_rumahsakitumum.all.csv",
        ("id", "nama_rsu", "jenis_rsu", "location/alamat", "location/latitude", "location/longitude", "kode_pos"),
        (112, 20),
        ("2", "Tarakan", "Rumah Sakit Umum Daerah", "Jl. Kyai Caringin No. 7", "-6.171333", "106.810013", "10150"),
        ("117", "Ciracas", "Rumah Sakit Umum Kecamatan", "Jalan  Raya Lapangan Tembak", "-6.25801", "106.905167"),
        (2, 113),
    ),
    Seen(
        "price/data_harga_wide_2018_2023.csv",
        ("Lokasi", "Komoditas", "Januari 2018", "Februari 2018", "Maret 2018"),
        (101, 68),
        ("Aceh", "Bawang merah", "30152.17", "27000", None, "33583.33"),
        ("Papua", "Daging Ayam Ras", "42282.61", "40000", None, "40000"),
        (2, 102),
    ),
    Seen(
        "price/harga_pangan_kabkota_latlon.csv",
        ("Kab/Kota", "Tahun", "Bulan", "Beras Premium", "Beras Medium"),
        (9908, 29),
        ("Kab. Aceh Barat", "2024", "Januari", "14655.0", "12811.0"),
        ("Kota Yogyakarta", "2025", "Agustus", "14500.0", "12948.0"),
        (2, 9909),
    ),
    Seen(
        "price/islamic_calendar.csv",
        ("year", "ramadan_start", "eid_date", "source"),
        (18, 4),
        ("2007", "2007-09-13", "2007-10-13", "IslamicFinder.org (calculated)"),
        ("2024", "2024-03-11", "2024-04-10", "IslamicFinder.org (calculated)"),
        (2, 19),
    ),
    Seen(
        "price/pihps_beras_2022_2026.csv",
        ("Date_Scraped", "Date_Param", "Commodity_ID", "Commodity_Name", "Province_ID", "Province_Name", "Price"),
        (47211, 8),
        ("2026-02-12", "2022-01-01", "1", "Beras", "1", "Aceh", "10250.0", "1"),
        ("2026-02-13", "2026-02-12", "1", "Beras", "34", "Papua Barat", "16800.0", "1"),
        (2, 47212),
    ),
    Seen(
        "price/pihps_cabai_rawit_2022_2026.csv",
        ("Date_Scraped", "Date_Param", "Commodity_ID", "Commodity_Name", "Province_ID", "Province_Name", "Price"),
        (47213, 8),
        ("2026-02-12", "2022-01-01", "8", "Cabai Rawit", "1", "Aceh", "48150.0", "1"),
        ("2026-02-13", "2026-02-12", "8", "Cabai Rawit", "34", "Papua Barat", "72500.0", "1"),
        (2, 47214),
    ),
    Seen(
        "price/pihps_pasar_jabar_cabe_rawit.csv",
        ("No", "Komoditas", "Tanggal", "Provinsi", "Kota / Kelurahan", "Pasar", "Harga (Rp)"),
        (32742, 7),
        ("1", "Cabai Rawit Merah", "01/01/2019", "Jawa Barat", "Kota Bekasi", "Pasar Kranji", "-"),
        ("32742", "Cabai Rawit Merah", "19/12/2025", "Jawa Barat", "Kab. Tasikmalaya", "Pasar Manonjaya", "90000"),
        (2, 32743),
    ),
    Seen(
        "price/pihps_xlsx_21c8d654-ad2.xlsx",
        ("Komoditas", "no", "name", "level", "Apr 2025 (I)"),
        (70, 57),
        ("Beras", "I", "Semua Provinsi", "0", "15,300"),
        ("Gula Pasir", "5", "Kab. Jayawijaya", "2", "33,100"),
        (2, 71),
        11,
    ),
    Seen(
        "price/siskaperbapo_produsen.json",
        ("kunci", "Pasar Dlinggu Kabupaten Probolinggo", "Pasar Sukomoro Kabupaten Nganjuk"),
        (3670, 3),
        ("2026-07-19", "22000", "20500"),
        ("2016-08-29", "20000", "19000"),
        (1, 3670),
        9,
    ),
]


@pytest.mark.parametrize("seen", FILES, ids=lambda seen: seen.file)
def test_a_real_file_opens_to_the_table_a_person_sees(seen: Seen) -> None:
    path = f.shared(*seen.file.split("/"))
    result = read(path, path.name)
    table = result.tables[0]
    rows = f.rows(table)
    assert table.columns[: len(seen.columns)] == seen.columns
    assert (len(rows), len(table.columns)) == seen.size
    assert rows[0][: len(seen.first)] == seen.first
    assert rows[-1][: len(seen.last)] == seen.last
    assert (table.row_numbers[0].as_py(), table.row_numbers[-1].as_py()) == seen.lines
    assert len(result.tables) == seen.tables


@pytest.mark.parametrize("folder", ["messy", "price"])
def test_no_real_file_is_without_its_case(folder: str) -> None:
    there = {f"{folder}/{path.name}" for path in f.shared(folder).iterdir() if path.is_file()}
    assert there <= {seen.file for seen in FILES}


def test_titles_and_footnotes_of_an_official_table_are_kept_beside_it() -> None:
    path = f.shared("messy", "jateng_sampah_bps_jateng.csv")
    table = f.only(read(path, path.name))
    assert (table.title or "").startswith("Banyaknya Desa/Kelurahan Menurut Jenis Tempat Pembuangan Sampah")
    assert "Number Of Villages/Kelurahan" in (table.title or "")
    assert table.footnotes == ("Sumber/ Source : Potensi Desa/ Village Potential Statistics",)
    assert f.note(table, "reader.header_joined") == {"rows": "4"}
    assert f.note(table, "reader.numbering_row") == {"row": "14"}
