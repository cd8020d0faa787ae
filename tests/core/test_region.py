"""Regions: what every usual spelling means, and what is never guessed."""

import pickle
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LumbungError
from core.reference import Resolution
from core.reference_errors import RegionsFileInvalid, RegionUnknown
from core.region import Region, RegionKind, Regions

NATION = Regions.load()
TODAY = date(2026, 11, 22)
INVENTED = Path(__file__).parent.parent / "packs" / "99" / "reference" / "regions.csv"


def code(text: str, within: frozenset[str] | None = None) -> str | None:
    return NATION.resolve(text, TODAY, within).code


def test_the_nation_is_whole() -> None:
    kinds = [region.kind for region in NATION]
    assert kinds.count(RegionKind.PROVINCE) == 38
    assert len(kinds) - 38 == 514
    jateng = NATION.children("33")
    assert len(jateng) == 35
    assert [r.kind for r in jateng].count(RegionKind.CITY) == 6
    assert [r.code for r in jateng][:1] + [r.code for r in jateng][-1:] == ["33.01", "33.76"]
    assert all(r.source for r in NATION)


def test_every_region_of_jawa_tengah_has_a_centroid_in_it() -> None:
    for region in NATION.children("33"):
        assert region.lat is not None and -8.3 < region.lat < -5.6, region
        assert region.lon is not None and 108.5 < region.lon < 111.7, region


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[
            (t, "33.22")
            for t in ("Kabupaten Semarang", "Kab. Semarang", "KAB SEMARANG", "Kab.Semarang", "kab. semarang ")
        ],
        *[(t, "33.22") for t in ("Semarang, Kab.", "SEMARANG (KABUPATEN)", "Pemkab Semarang", "Kab. Semarang, Jateng")],
        *[
            (t, "33.74")
            for t in ("Kota Semarang", "KOTA SEMARANG", "Kota. Semarang", "Semarang (Kota)", "SEMARANG, KOTA")
        ],
        *[(t, "33.74") for t in ("Kodya Semarang", "33.74", "3374", " 33.74 ", "3374.0", "33 74", "3.374", "'3374")],
        *[(t, "31.74") for t in ("Kota Administrasi Jakarta Selatan", "Jakarta Selatan", "KOTA ADM. JAKARTA SELATAN")],
        *[(t, "31.01") for t in ("KAB.ADM.KEP.SERIBU", "Kepulauan Seribu", "Kab. Adm. Kepulauan Seribu")],
        *[
            (t, "33")
            for t in ("Jawa Tengah", "Prov. Jawa Tengah", "PROVINSI JAWA TENGAH", "Jateng", "33", "3300", "ID-JT")
        ],
        *[(t, "31") for t in ("DKI Jakarta", "Daerah Khusus Ibukota Jakarta", "Jakarta", "PROVINSI DKI JAKARTA")],
        *[
            (t, "34")
            for t in ("D.I. Yogyakarta", "DI Yogyakarta", "Daerah Istimewa Yogyakarta", "DIY", "D I Yogyakarta")
        ],
        *[(t, "33.19") for t in ("Kudus", "kab kudus", "KABUPATEN  KUDUS", "Ｋｕｄｕｓ")],
        *[(t, "34.03") for t in ("Gunungkidul", "Gunung Kidul", "Kab. Gunung Kidul")],
        ("Solo", "33.72"),
        ("Kabupaten Toba Samosir", "12.12"),
        ("Banjar Kota", "32.79"),
        ("Kabupaten Banjar", "63.03"),
        ("Yogyakarta Kota", "34.71"),
    ],
)
def test_a_usual_spelling_is_its_region(text: str, expected: str) -> None:
    assert NATION.resolve(text, TODAY) == Resolution(expected)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Semarang", ("33.22", "33.74")),
        ("TEGAL", ("33.28", "33.76")),
        ("pekalongan", ("33.26", "33.75")),
        ("Magelang, Jawa Tengah", ("33.08", "33.71")),
        ("Bandung", ("32.04", "32.73")),
        ("Bogor", ("32.01", "32.71")),
        ("Banjar", ("32.79", "63.03")),
        ("Yogyakarta", ("34", "34.71")),
        ("Gorontalo", ("75", "75.01", "75.71")),
        ("1101", ("11.01", "11.09")),  # Kemendagri: Aceh Selatan; BPS: Simeulue
        ("9100", ("91", "92")),  # Kemendagri: Papua; BPS before the split: Papua Barat
    ],
)
def test_what_may_mean_two_regions_is_never_guessed(text: str, candidates: tuple[str, ...]) -> None:
    assert NATION.resolve(text, TODAY) == Resolution(None, candidates)


def test_a_province_does_not_decide_between_two_of_its_regions() -> None:
    assert NATION.resolve("Semarang", TODAY, frozenset({"33"})) == Resolution(None, ("33.22", "33.74"))
    assert code("Banjar", frozenset({"32"})) == "32.79"
    assert code("Kota Semarang", frozenset({"33.22"})) is None


def test_a_column_of_provinces_means_provinces() -> None:
    provinces = frozenset({RegionKind.PROVINCE})
    for text, expected in (("Jambi", "15"), ("Gorontalo", "75"), ("Bengkulu", "17"), ("Yogyakarta", "34")):
        assert NATION.resolve(text, TODAY, kinds=provinces).code == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "33.1", "33.99", "33.74.01", "32.*", "Kab/Kota", "Jumlah", "Semarangg", "0", "-", "Kabupaten", "Kota"],
)
def test_what_is_no_region_is_none(text: str) -> None:
    assert NATION.resolve(text, TODAY) == Resolution(None)


CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.strip, str.upper, str.lower, str.title])
BETWEEN = st.sampled_from([" ", "  ", ". ", ".", " . ", "\t", "\u00a0"])
WORDS = {
    RegionKind.PROVINCE: ["Provinsi", "Prov", "Propinsi"],
    RegionKind.REGENCY: ["Kabupaten", "Kab", "Kab Adm", "Kabupaten Administrasi", "Pemerintah Kabupaten"],
    RegionKind.CITY: ["Kota", "Kotamadya", "Kota Administrasi", "Kota Adm", "Kodya"],
}
SUFFIXES = {RegionKind.PROVINCE: ["Provinsi"], RegionKind.REGENCY: ["Kabupaten", "Kab"], RegionKind.CITY: ["Kota"]}
FORMS = ["{name}", "{word}{gap}{short}", "{short}, {suffix}", "{short} ({suffix})", "{short}", "{digits}", "{code}"]


@st.composite
def spellings(draw: st.DrawFn) -> tuple[Region, str, str]:
    region = draw(st.sampled_from(list(NATION)))
    form = draw(st.sampled_from(FORMS))
    text = form.format(
        name=region.name,
        word=draw(st.sampled_from(WORDS[region.kind])),
        suffix=draw(st.sampled_from(SUFFIXES[region.kind])),
        gap=draw(BETWEEN),
        short=region.short_name,
        digits=region.code.replace(".", ""),
        code=region.code,
    )
    space = draw(st.sampled_from(["", " ", "\t", "  "]))
    return region, form, space + draw(CASES)(text).replace(" ", draw(st.sampled_from([" ", "  "]))) + space


@given(spellings())
def test_any_usual_spelling_is_its_region_or_ambiguous_but_never_another(drawn: tuple[Region, str, str]) -> None:
    region, form, text = drawn
    found = NATION.resolve(text, TODAY)
    assert found.code in (region.code, None), text
    if found.code is None:
        assert region.code in found.candidates, text
        assert form in ("{short}", "{name}", "{digits}"), text
    if form == "{name}" and region.kind is not RegionKind.PROVINCE:
        assert found.code == region.code


@given(st.text(max_size=40))
def test_any_text_at_all_has_an_answer(text: str) -> None:
    found = NATION.resolve(text, TODAY)
    assert found.code is None or NATION.known(found.code)


@given(spellings())
def test_the_workers_list_answers_as_the_resolver_does(drawn: tuple[Region, str, str]) -> None:
    assert NATION.code_list(TODAY).resolve(drawn[2]) == NATION.resolve(drawn[2], TODAY)


def test_a_province_covers_its_regencies_and_nothing_else() -> None:
    assert NATION.covers({"33"}, "33.74")
    assert NATION.covers({"33"}, "33")
    assert NATION.covers({"33.74", "33.22"}, "33.22")
    assert not NATION.covers({"33.74"}, "33.22")
    assert not NATION.covers({"33.74"}, "33")
    assert not NATION.covers({"32"}, "33.74")


@pytest.mark.parametrize("tricky", ["32.4", "32.04 ", "32.*", "32", "32.04.01", "", "३२.०४"])
def test_A10_a_code_that_is_almost_one_is_covered_by_nothing(tricky: str) -> None:
    assert not NATION.covers({"32.04"}, tricky)
    assert tricky == "32" or not NATION.covers({"32"}, tricky)


def test_regions_travel_to_another_process_and_answer_the_same() -> None:
    there = pickle.loads(pickle.dumps(NATION))
    assert list(there) == list(NATION)
    assert there.resolve("Kab. Semarang", TODAY) == NATION.resolve("Kab. Semarang", TODAY)


def test_an_unknown_code_is_a_typed_error() -> None:
    with pytest.raises(RegionUnknown) as caught:
        NATION.region("33.99")
    assert "33.99" in caught.value.what()


def test_T01_a_code_is_resolved_at_the_date_of_the_data() -> None:
    regions = Regions.load(INVENTED)
    assert regions.resolve("Kab. Kepulauan Beringin", date(2023, 12, 31)).code == "99.03"
    assert regions.resolve("Kab. Kepulauan Beringin", date(2024, 1, 1)).code == "99.04"
    assert regions.resolve("99.03", date(2024, 1, 1)).code is None
    assert [r.code for r in regions.children("99", date(2024, 6, 1))] == ["99.01", "99.02", "99.04", "99.71"]
    assert not regions.at(date(2024, 1, 1)).known("99.03")
    assert regions.resolve("Muara Padi", TODAY) == Resolution(None, ("99.01", "99.71"))


HEADER = "code,name,kind,province,source\n"


@pytest.mark.parametrize(
    ("text", "row", "key"),
    [
        ("code,name,kind,province\n", 1, "source"),
        ("code,name,kind,province,source,surprise\n", 1, "surprise"),
        (HEADER + "99,Baru,province,99,x\n99.1,Kabupaten Satu,regency,99,x\n", 3, "code"),
        (HEADER + "99,Baru,provinsi,99,x\n", 2, "kind"),
        (HEADER + "99,Baru,province,99,\n", 2, "source"),
        (HEADER + "99,Baru,province,98,x\n", 2, "province"),
        (HEADER + "33,Jawa Tengah,province,33,x\n", 2, "code"),
        (HEADER + "98.01,Kabupaten Satu,regency,98,x\n", 2, "province"),
        ("code,name,kind,province,source,lat\n99,Baru,province,99,x,tujuh\n", 2, "lat"),
        ("code,name,kind,province,source,valid_to\n99,Baru,province,99,x,2023-02-29\n", 2, "valid_to"),
    ],
)
def test_a_faulty_regions_file_is_named_with_line_and_key(tmp_path: Path, text: str, row: int, key: str) -> None:
    file = tmp_path / "regions.csv"
    file.write_text(text)
    with pytest.raises(RegionsFileInvalid) as caught:
        Regions.load(file)
    assert (caught.value.values["file"], caught.value.values["row"], caught.value.values["key"]) == (file, row, key)
    assert isinstance(caught.value, LumbungError) and key in caught.value.what()
