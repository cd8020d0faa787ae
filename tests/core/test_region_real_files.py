"""Every region name in the real files resolves as a person would read it."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from core.region import RegionKind, Regions

DATA = Path(__file__).parents[3] / "shared" / "data"
if not DATA.is_dir():
    pytest.skip("the real files (../shared/data) are not on this machine", allow_module_level=True)

NATION = Regions.load()
TODAY = date(2026, 11, 22)
PROVINCES = frozenset({RegionKind.PROVINCE})
REGENCIES = frozenset({RegionKind.REGENCY, RegionKind.CITY})


def column(name: str, header: str, encoding: str = "utf-8-sig") -> list[str]:
    text = re.sub(r"\r\n?", "\n", (DATA / name).read_text(encoding))
    rows = csv.reader(io.StringIO(text))
    at = next(rows).index(header)
    return [row[at] for row in rows if len(row) > at and row[at].strip()]


def codes(texts: Iterable[str], kinds: frozenset[RegionKind] | None = None) -> set[str]:
    out: set[str] = set()
    for text in set(texts):
        found = NATION.resolve(text, TODAY, kinds=kinds)
        assert found.code is not None, (text, found.candidates)
        out.add(found.code)
    return out


@pytest.mark.parametrize("name", ["messy/jabar_disnaker_upah_minimum.csv", "messy/jabar_dukcapil_penduduk_jk.csv"])
def test_open_data_jabar_names_and_codes_agree(name: str) -> None:
    everybody = {r.code for r in NATION.children("32")}
    assert codes(column(name, "nama_kabupaten_kota")) == everybody
    pairs = zip(column(name, "kode_kabupaten_kota"), column(name, "nama_kabupaten_kota"), strict=True)
    assert all(NATION.resolve(c, TODAY) == NATION.resolve(n, TODAY) for c, n in pairs)
    assert codes(column(name, "nama_provinsi")) == {"32"}


@pytest.mark.parametrize(
    "name",
    [
        "messy/jateng_indeks_pembangunan_manusia_jawa_tengah.csv",
        "messy/jateng_Tingkat_Pengangguran_Terbuka_Menurut_Kabupaten_Kota_dan_Jenis_Kelamin_di_Provinsi_Jawa_Tengah.csv",
    ],
)
def test_bps_jateng_names_are_the_35(name: str) -> None:
    assert codes(column(name, "Wilayah")) == {r.code for r in NATION.children("33")}


def test_jakarta_names_with_and_without_administrasi_are_the_same_six() -> None:
    six = {r.code for r in NATION.children("31")}
    assert codes(column("messy/jakarta_DATA-DKI-MENURUT-NOMOR-KODE-WILAYAH-TAHUN-2014.csv", "nama_kabupaten")) == six
    assert codes(column("messy/jakarta_dkikepadatankelurahan2013.csv", "NAMA KABUPATEN/KOTA")) == six
    assert codes(column("messy/jakarta_dkikepadatankelurahan2013.csv", "NAMA PROVINSI")) == {"31"}
    long = "messy/jakarta_Jumlah-Kecamatan-Kelurahan-Rukun-Warga-Rukun-Tetangga-dan-Kepala-Keluarga-Menurut-Kabupaten-Atau-Kot.csv"
    assert codes(column(long, "nama_kabupaten_atau_kota_administrasi")) == six


def test_provinces_of_2009_are_found_by_name_and_their_bps_codes_where_one_meaning_remains() -> None:
    name = "messy/jakarta_transportasi-darat-per-provinsi-2009.csv"
    assert len(codes(column(name, "nama_provinsi"), PROVINCES)) == 33
    for text, title in zip(column(name, "kode_provinsi"), column(name, "nama_provinsi"), strict=True):
        by_code, by_name = NATION.resolve(text, TODAY), NATION.resolve(title, TODAY, kinds=PROVINCES)
        if title in ("Papua", "Papua Barat"):  # BPS and Kemendagri number them crosswise
            assert by_code.code is None and by_name.code in by_code.candidates
        else:
            assert by_code.code == by_name.code


def test_bps_workbook_of_provinces_is_found() -> None:
    sheet = CalamineWorkbook.from_path(str(DATA / "messy" / "bps_emp_prov_sect9_2010-2014.xlsx")).get_sheet_by_index(0)
    assert len(codes((str(row[1]) for row in sheet.to_python()[1:]), PROVINCES)) == 33


def test_a_header_of_bare_names_leaves_the_four_doubles_to_a_person() -> None:
    book = CalamineWorkbook.from_path(str(DATA / "messy" / "jateng_bencana_alam.xlsx"))
    header = [str(cell) for cell in book.get_sheet_by_name("Data Analisis").to_python()[0][1:] if cell]
    assert len(header) == 35
    open_names = {text for text in header if NATION.resolve(text, TODAY).code is None}
    assert open_names == {"Magelang", "Semarang", "Pekalongan", "Tegal"}
    assert len(codes(set(header) - open_names)) == 31
    only_regencies = frozenset({RegionKind.REGENCY})  # what the blocks of the table say
    assert codes(open_names, only_regencies) == {"33.08", "33.22", "33.26", "33.28"}


def test_price_panels_name_regions_that_are_found() -> None:
    assert len(codes(column("price/harga_pangan_kabkota_latlon.csv", "Kab/Kota"), REGENCIES)) == 505
    assert len(codes(column("price/data_harga_wide_2018_2023.csv", "Lokasi"), PROVINCES)) == 34


def test_names_and_codes_of_the_nation_agree_with_the_published_lists() -> None:
    with (DATA / "region" / "regencies.csv").open(encoding="utf-8") as stream:
        published = {row["code"]: row["name"] for row in csv.DictReader(stream)}
    with (DATA / "region" / "provinces.csv").open(encoding="utf-8") as stream:
        published |= {row["code"]: row["name"] for row in csv.DictReader(stream)}
    assert {r.code: r.name for r in NATION} == published
    for line in (DATA / "region" / "regencies_bps2018.csv").read_text().splitlines():
        bps, _, name = line.split(",")
        found = NATION.resolve(name, TODAY)
        assert found.code is not None, name
        assert NATION.region(found.code).bps_code == bps
