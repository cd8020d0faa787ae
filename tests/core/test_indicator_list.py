"""The list of development indicators against files that provinces publish."""

import csv
from datetime import date
from pathlib import Path

import pytest

from core.reference import CodeList
from core.reference_files import load_code_lists
from core.region import Regions

ROOT = Path(__file__).parents[2]
MESSY = ROOT.parent / "shared" / "data" / "messy"
IPM = MESSY / "jateng_indeks_pembangunan_manusia_jawa_tengah.csv"
TPT = MESSY / (
    "jateng_Tingkat_Pengangguran_Terbuka_Menurut_Kabupaten_Kota_dan_Jenis_Kelamin_di_Provinsi_Jawa_Tengah.csv"
)


@pytest.fixture(scope="module")
def lists() -> dict[str, CodeList]:
    return load_code_lists(ROOT / "federation/packs/33/reference", Regions.load(), at=date(2026, 11, 22))


@pytest.mark.parametrize(
    ("spelling", "code"),
    [("AKI", "kematian_ibu"), ("Angka Harapan Hidup", "uhh"), ("stunting", "stunting"), ("UMK", "upah_minimum"),
     ("APS 13-15", "aps_13_15"), ("Indeks Kebahagiaan", None)],
)  # fmt: skip
def test_usual_names_mean_one_indicator_and_others_none(
    lists: dict[str, CodeList], spelling: str, code: str | None
) -> None:
    assert lists["indicator"].resolve(spelling).code == code


@pytest.mark.skipif(not IPM.is_file(), reason="the shared real files are not here")
def test_each_column_of_the_published_human_development_file_is_an_indicator(lists: dict[str, CodeList]) -> None:
    with IPM.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert [lists["indicator"].resolve(h).code for h in header[2:]] == [
        "uhh", "hls", "rls", "pengeluaran_per_kapita", "ipm",
    ]  # fmt: skip
    assert {lists["region"].resolve(row[0]).code is not None for row in rows} == {True}
    assert all(0 < float(cell) < 1_000_000 for row in rows for cell in row[2:])


@pytest.mark.skipif(not TPT.is_file(), reason="the shared real files are not here")
def test_the_published_unemployment_file_is_one_indicator_by_sex(lists: dict[str, CodeList]) -> None:
    with TPT.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[2:] == ["Laki-laki", "Perempuan", "Total"]  # labels and values of the standard's closed list
    assert {lists["region"].resolve(row[0]).code is not None for row in rows} == {True}
    assert lists["indicator"].resolve("Tingkat Pengangguran Terbuka").code == "tpt"
