"""Files of offices that nobody has seen before: their words are understood, and what is not theirs is asked about."""

from collections.abc import Sequence

import pytest

from core.mapping import Match
from quality.harmonise import SURE
from tests.quality.harmonise import factories as make

Columns = dict[str, Sequence[str | None]]


@pytest.mark.parametrize(
    "headers",
    [
        ("tgl_update", "nm_psr", "nm_komoditi", "hrg_rata2"),
        ("tnggl", "psr", "kmdts", "hrg"),  # without vowels
        ("Tangal Survei", "Nama Pasr", "Komodtas", "Harga"),  # mistyped
        ("survey_date", "Market Name", "Commodity", "avg_price"),
    ],
)
def test_words_cut_short_mistyped_or_english_are_words(headers: tuple[str, ...]) -> None:
    cells = (make.DAYS, ("Pasar Johar", "Pasar Bulu"), make.COMMODITIES, make.PRICES)
    answer = make.ask(dict(zip(headers, cells, strict=True)), "Harga Bahan Pokok", regions=frozenset({"33.74"}))
    assert answer.standard == "commodity_price"
    assert tuple(make.places(answer).values()) == ("date", "market", "commodity_code", "price")


def test_abbreviated_commodities_as_headers_are_theirs() -> None:
    goods: Columns = {"Tanggal": make.DAYS, "Kab/Kota": make.REGENCIES}
    goods |= dict.fromkeys(("Brs Med", "Bw Merah", "Cb Rwt Merah"), make.PRICES)
    answer = make.ask(goods, "Harga Pangan")
    assert [c.names for c in answer.columns if c.role == "melt"] == [("commodity_code",)] * 3


def test_a_name_known_elsewhere_is_not_asked_about_here() -> None:
    answer = make.ask(
        {**make.prices(), "Nama Kecamatan": ["Mijen", "Tugu"], "Petugas": ["Ani", "Budi"]}, "Harga Pangan"
    )
    assert make.sure(answer).get("Nama Kecamatan", "asked") is None


def test_quarters_are_months_that_are_asked_about() -> None:
    columns: Columns = {
        "Nama SKPD": ["Dinas Pendidikan", "Dinas Kesehatan"],
        "Kode Rekening": ["5.1.02.01", "5.2.03.01"],
        "Uraian": ["Belanja Barang", "Belanja Gedung"],
        "Jenis Belanja": ["Belanja operasi", "Belanja modal"],
        "Pagu": ["25000000000", "12000000000"],
        "Realisasi TW I": ["4100000000", "600000000"],
        "Realisasi TW II": ["8100000000", "900000000"],
    }
    answer = make.ask(columns, "Realisasi Belanja TA 2026", rows=2, regions=frozenset({"33.05"}))
    quarters = [c for c in answer.columns if c.role == "melt"]
    assert [(c.to, c.names) for c in quarters] == [("realisation_rupiah", ("month",))] * 2
    assert not any(c.sure for c in quarters)
    words = answer.mapping(Match(id="lra")).values["month"]
    assert words.items() >= {"Realisasi TW I": "3", "Realisasi TW II": "6"}.items()


def test_a_year_within_a_phrase_is_the_year() -> None:
    columns: Columns = {"Kab/Kota": make.REGENCIES}
    columns |= {f"Jumlah Penduduk Tahun {year} (Jiwa)": ["1163824", "850123"] for year in (2021, 2022, 2023)}
    answer = make.ask(columns, rows=6)
    assert [(c.to, c.names) for c in answer.columns[1:]] == [("people", ("year",))] * 3


@pytest.mark.parametrize(
    ("title", "columns"),
    [
        ("Penduduk", {"Jenis Pekerjaan": ["Petani", "Nelayan"], "Laki-laki": ["30", "12"], "Perempuan": ["20", "1"]}),
        ("", {"kabupaten": ["Kab. Demak"], "agama": ["A", "B"], "tahun": ["2023"], "jumlah_penduduk": ["110", "12"]}),
        ("Jumlah Penduduk Miskin", {"Kab/Kota": make.REGENCIES, "2022": ["150"], "2023": ["148"], "2024": ["145"]}),
    ],
)  # fmt: skip
def test_people_of_a_kind_are_never_surely_the_people(title: str, columns: Columns) -> None:
    answer = make.ask(columns, title, rows=6)
    assert answer.standard is None or answer.confidence < SURE


@pytest.mark.parametrize(
    ("title", "column", "of"),
    [
        ("Stok Pangan", "Kebutuhan Bulanan (ton)", "need_kg_per_day"),
        ("Stok Pangan", "Stok Awal (ton)", "stock_kg"),
        ("Stok Pangan", "Jumlah Stok", "stock_kg"),  # of tons or kilograms nobody says a word
    ],
)
def test_a_figure_of_another_time_or_without_a_unit_is_asked_about(title: str, column: str, of: str) -> None:
    columns: Columns = {"Tgl": make.DAYS, "Kab/Kota": make.REGENCIES, "Komoditas": make.COMMODITIES}
    assert make.sure(make.ask({**columns, column: ["120,5", "88", "45"]}, title)).get(column) != of


def test_the_sum_of_the_sexes_names_what_they_count() -> None:
    columns: Columns = {
        "Kecamatan": ["Mijen", "Tugu", "Genuk"],
        "Tahun": ["2023"],
        "L": ["1210", "2320", "3131"],
        "P": ["1311", "2219", "3230"],
        "Jumlah Penduduk": ["2521", "4539", "6361"],
    }
    answer = make.ask(columns, rows=3, regions=frozenset({"33.74"}))
    assert [c.header for c in answer.columns if c.role == "melt"] == ["L", "P"]
    assert make.places(answer)["Jumlah Penduduk"] is None


def test_a_number_among_melted_goods_is_asked_about() -> None:
    goods: Columns = {"Tanggal": make.DAYS, "Kab/Kota": make.REGENCIES, **dict.fromkeys(make.COMMODITIES, make.PRICES)}
    goods = {**goods, "Xyz": make.PRICES, "Beras": make.PRICES}
    answer = make.ask(goods, "Harga Pangan")
    assert "Xyz" not in make.sure(answer)


def test_an_indicator_is_known_with_month_and_unit_around_its_name() -> None:
    columns: Columns = {"Region": ["Demak Regency", "Semarang City"], "TPT Agustus 2023 (persen)": ["8,7", "6,4"]}
    answer = make.ask({**columns, "TPT Agustus 2024 (persen)": ["8,5", "6,3"]}, rows=2)
    assert (answer.standard, make.places(answer)["Region"]) == ("development_indicator", "region_code")
    assert {c.names for c in answer.columns if c.role == "melt"} == {("indicator_code", "year")}
    assert answer.mapping(Match(id="tpt")).values["indicator_code"] == {"TPT Agustus": "tpt"}


def test_how_many_poor_there_are_is_not_their_share() -> None:
    columns: Columns = {"Kab/Kota": make.REGENCIES}
    columns |= {f"Jumlah Penduduk Miskin {year} (ribu)": ["150,1", "66,2"] for year in (2022, 2023, 2024)}
    answer = make.ask(columns, rows=6)
    assert not any(c.sure and c.role == "melt" for c in answer.columns)


def test_a_height_at_no_known_gauge_is_no_sure_stage() -> None:
    columns: Columns = {"Lokasi Posyandu": ["Melati", "Mawar"], "Tanggal Ukur": make.DAYS, "Tinggi (cm)": ["80", "85"]}
    assert make.ask(columns).confidence < SURE


def test_people_that_are_the_sum_of_unknown_kinds_are_not_surely_all() -> None:
    columns: Columns = {
        "Jenis Kelamin": ["Laki-laki", "Perempuan"],
        "Petani": ["3000", "1200"],
        "Nelayan": ["2000", "100"],
        "Jumlah": ["5000", "1300"],
    }
    assert make.ask(columns, "Penduduk", rows=2).confidence < SURE


def test_people_by_trade_are_not_surely_all_where_the_title_has_the_year() -> None:
    columns: Columns = {
        "No": ["1", "2", "3"],
        "Lapangan Usaha": ["Pertanian", "Industri", "Jasa"],
        "Laki-laki": ["123456", "45210", "20110"],
        "Perempuan": ["98765", "40120", "25330"],
        "Jumlah": ["222221", "85330", "45440"],
    }
    answer = make.ask(columns, "Penduduk Menurut Lapangan Usaha 2023", rows=3)
    assert not any(column.sure for column in answer.columns)


def test_two_indicators_beside_each_other_are_a_panel_and_numbers_beside_them_are_asked_about() -> None:
    columns: Columns = {
        "nama_kabkota": make.REGENCIES,
        "tahun": ["2021", "2022"],
        "Sum of ipm": ["70,4", "71,0"],
        "Sum of pengangguran_terbuka": ["7,1", "7,4"],
        "jumlah_umkm": ["1200", "1340"],
    }
    answer = make.ask(columns, "Indikator Pembangunan", rows=4)
    assert answer.standard == "development_indicator"
    assert [(c.header, c.role) for c in answer.columns[2:]] == [
        ("Sum of ipm", "melt"),
        ("Sum of pengangguran_terbuka", "melt"),
        ("jumlah_umkm", "unused"),
    ]
    assert not answer.columns[4].sure
