"""A table is read as a standard by its headers and its cells together, and what is not certain is asked."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.mapping import Match
from core.messages import catalogue
from quality.harmonise import SURE, load_words, suggest
from tests.quality.factories import CONTRACTS
from tests.quality.harmonise import factories as make

FULL = {"No": None, "Tgl": "date", "Kab/Kota": "region_code", "Bapok": "commodity_code", "Hrg (Rp/kg)": "price"}


def test_a_plain_table_is_read_without_a_question_about_its_columns() -> None:
    answer = make.ask(make.prices(), "Harga Bahan Pokok")
    assert answer.standard == "commodity_price"
    assert answer.confidence >= SURE
    assert make.sure(answer) == FULL
    [day] = [c for c in answer.columns if c.to == "date"]
    [price] = [c for c in answer.columns if c.to == "price"]
    assert (day.date_style, price.number_style, price.unit) == ("dmy", "id", "Rp/kg")


def test_the_mapping_says_what_the_answer_says() -> None:
    mapping = make.ask(make.prices(), "Harga Bahan Pokok").mapping(Match(id="harga"))
    assert mapping.columns == {to: header for header, to in FULL.items() if to is not None}
    assert (mapping.contract, mapping.date_style, mapping.number_style) == ("commodity_price", "dmy", "id")
    assert mapping.headers == tuple(make.prices())
    assert mapping.units == {"price": "Rp/kg"}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(list(FULL)), st.randoms(use_true_random=False))
def test_the_order_of_columns_and_rows_changes_nothing(order: list[str], random: object) -> None:
    columns = make.prices()
    shuffled = list(range(18))
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    moved = {header: [columns[header][i % len(columns[header])] for i in shuffled] for header in order}
    told = {c.header: (c.to, c.role) for c in make.ask(moved, "Harga Bahan Pokok").columns if c.header != "No"}
    plain = {c.header: (c.to, c.role) for c in make.ask(columns, "Harga Bahan Pokok").columns if c.header != "No"}
    assert told == plain


JUNK = st.sampled_from(["Petugas", "Ket.", "Paraf", "Foto", "Cuaca", "zzz", "Kolom 9"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JUNK, st.lists(st.sampled_from(["ok", "baik sekali", "-", "Sdr. A", "x1"]), min_size=1, max_size=5))
def test_a_column_of_junk_changes_no_sure_answer(header: str, cells: list[str]) -> None:
    answer = make.ask({**make.prices(), header: cells}, "Harga Bahan Pokok")
    for name, to in make.sure(answer).items():
        assert FULL.get(name) == to


def test_yesterdays_price_and_the_change_are_no_price() -> None:
    columns = {
        "Komoditas": make.COMMODITIES,
        "Kota": ["Kota Semarang"],
        "Tanggal": make.DAYS,
        "Harga Kemarin": make.PRICES,
        "Harga Hari Ini": make.PRICES[1:],
        "Perubahan (%)": ["0,5", "-1,2", "0,0"],
    }
    places = make.places(make.ask(columns, "Harga Harian"))
    assert (places["Harga Hari Ini"], places["Harga Kemarin"], places["Perubahan (%)"]) == ("price", None, None)


def test_of_code_and_name_of_a_region_one_is_taken_and_the_other_is_surely_not_needed() -> None:
    columns = {
        "kode_kabupaten_kota": ["3321", "3319", "3374"],
        "nama_kabupaten_kota": ["KABUPATEN DEMAK", "KABUPATEN KUDUS", "KOTA SEMARANG"],
        "jenis_kelamin": ["LAKI-LAKI", "PEREMPUAN"],
        "jumlah_penduduk": ["612301", "598220", "845177", "401822"],
        "tahun": ["2023", "2024"],
    }
    told = make.sure(make.ask(columns, "Jumlah Penduduk"))
    assert {told.pop("kode_kabupaten_kota"), told.pop("nama_kabupaten_kota")} == {None, "region_code"}
    assert told == {"jenis_kelamin": "sex", "jumlah_penduduk": "people", "tahun": "year"}


def test_the_province_of_each_regency_and_the_same_people_in_thousands_are_surely_not_needed() -> None:
    columns = {
        "bps_kode_provinsi": ["33"],
        "nama_provinsi": ["JAWA TENGAH"],
        "kab_kota": ["KABUPATEN DEMAK", "KABUPATEN KUDUS", "KOTA SEMARANG"],
        "jumlah_penduduk": ["612300", "598220", "845170", "401820"],
        "penduduk_ribu": ["612.3", "598.22", "845.17", "401.82"],
        "tahun": ["2023", "2024"],
    }
    assert make.sure(make.ask(columns, "Jumlah Penduduk")) == {
        "bps_kode_provinsi": None,
        "nama_provinsi": None,
        "kab_kota": "region_code",
        "jumlah_penduduk": "people",
        "penduduk_ribu": None,
        "tahun": "year",
    }


def test_a_province_is_the_region_where_nothing_is_finer() -> None:
    columns = {
        "Provinsi": ["ACEH", "RIAU", "BALI"],
        "IPM": ["71,19", "72,44", "74,77", "75,1"],
        "Tahun": ["2023", "2024"],
    }
    assert make.sure(make.ask(columns)) == {"Provinsi": "region_code", "IPM": "value", "Tahun": "year"}


def test_a_sentence_is_no_number_of_a_complaint() -> None:
    columns = {
        "id": [str(n) for n in range(1, 19)],
        "tanggal": make.DAYS,
        "kategori": ["Jalan Rusak", "Sampah", "Banjir"],
        "laporan": ["Jalan berlubang di depan pasar", "Sampah belum diangkut sejak kemarin pagi"],
        "status": ["Diterima", "Diproses", "Selesai"],
    }
    answer = make.ask(columns, "Aduan masyarakat")
    assert make.places(answer)["laporan"] == "summary"
    assert make.places(answer)["tanggal"] == "received_on"


UNITS = [
    ("Stok (ton)", None, "1000"),
    ("stok_kuintal", None, "100"),
    ("Stok (kg)", None, None),
    ("Stok", "ton", "1000"),
]


@pytest.mark.parametrize(("header", "column", "factor"), UNITS)
def test_the_unit_gives_the_factor_wherever_it_stands(header: str, column: str | None, factor: str | None) -> None:
    columns: dict[str, Sequence[str | None]] = {
        "Tanggal": make.DAYS, "Kab/Kota": make.REGENCIES, "Komoditas": make.COMMODITIES, header: ["12,5", "80,25", "41"],
    }  # fmt: skip
    if column is not None:
        columns["Satuan"] = [column]
    answer = make.ask(columns, "Stok Pangan")
    [stock] = [c for c in answer.columns if c.to == "stock_kg"]
    assert stock.factor == factor


def test_a_unit_read_off_the_size_of_numbers_is_asked() -> None:
    columns = {
        "Pos": ["Jurug", "Klambu"],
        "Waktu": ["2026-01-02 06:00", "2026-01-02 07:00", "2026-01-02 08:00"],
        "Tinggi Air": ["4180", "5230", "9480", "6720"],
    }
    [stage] = [c for c in make.ask(columns, "TMA").columns if c.to == "stage_m"]
    assert stage.factor == "0.001"
    assert not stage.sure


def test_what_the_title_says_fills_what_the_table_does_not() -> None:
    columns = {"Kab/Kota": make.REGENCIES, "Thn": ["2023", "2024"], "TPT": ["4,51", "5,02", "6,33"]}
    answer = make.ask(columns, "Pengangguran Terbuka menurut Kabupaten")
    assert answer.standard == "development_indicator"
    assert answer.constants["indicator_code"] == "tpt"
    assert make.places(answer)["TPT"] == "value"


def test_a_member_of_one_regency_speaks_of_it() -> None:
    columns = {"Pos Hujan": ["Pos A", "Pos B"], "Tanggal": make.DAYS, "Curah Hujan (mm)": ["12,5", "0", "3,2"]}
    answer = make.ask(columns, "Curah Hujan Harian", regions=frozenset({"33.21"}))
    assert answer.constants == {"region_code": "33.21"}


STRANGE = [
    ("Jumlah Siswa SD menurut jenis kelamin", {"Kecamatan": ["Mranggen", "Sayung"], "Laki-laki": ["310", "299"], "Perempuan": ["301", "288"]}),
    ("Kendaraan bermotor", {"Kab/Kota": ["Kab. Demak", "Kab. Kudus"], "Tahun": ["2023", "2024"], "Mobil": ["51021", "44100"]}),
    ("Penjualan harian", {"DATE": ["01/02/2024", "13/02/2024"], "PRODUCTID": ["55-11", "55-12"], "Price": ["12.5", "9.75"]}),
]  # fmt: skip


@pytest.mark.parametrize(("title", "columns"), STRANGE)
def test_what_fits_no_standard_is_given_none_and_never_surely(title: str, columns: dict[str, list[str]]) -> None:
    answer = make.ask(columns, title)
    assert answer.standard is None
    assert not any(c.sure for c in answer.columns)


def test_a_column_is_never_surely_left_out_while_what_it_could_be_is_missing() -> None:
    columns = {**make.prices(), "entah": make.PRICES}
    del columns["Hrg (Rp/kg)"]
    [unknown] = [c for c in make.ask(columns, "Harga Bahan Pokok").columns if c.header == "entah"]
    assert not unknown.sure


def test_every_reason_and_question_is_a_sentence_in_both_languages() -> None:
    answers = [make.ask(make.prices(), "Harga"), make.ask({"a": ["1", "2"], "Tgl": make.DAYS}, "Harga")]
    said = [e for a in answers for c in a.columns for e in c.evidence] + [e for a in answers for e in a.evidence]
    for locale in ("id", "en"):
        for one in said:
            assert f"harmonise.evidence.{one.code}" in catalogue(locale)
            assert "?" not in one.sentence(locale)
        for answer in answers:
            assert all(f"harmonise.question.{q.code}" in catalogue(locale) for q in answer.questions)


def test_a_home_adds_its_own_words_without_code(tmp_path: Path) -> None:
    own = tmp_path / "words.csv"
    own.write_text("word,kind,means\nregane,word,harga\npasarane,column,commodity_price.market\n", "utf-8")
    columns = {**make.prices(), "Regane": make.PRICES, "Pasarane": ["Legi", "Gede", "Kliwon"]}
    del columns["Hrg (Rp/kg)"]
    [answer] = suggest(
        [make.table(columns)], CONTRACTS, make.references(), title="Harga", now=make.NOW, words=load_words(own)
    )
    places = make.places(answer)
    assert (places["Regane"], places["Pasarane"]) == ("price", "market")
