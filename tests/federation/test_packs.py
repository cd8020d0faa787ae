"""A home from a pack: whole or not at all, and any province alike."""

from datetime import date
from pathlib import Path

import pytest

from core import settings
from core.reference import Resolution
from core.reference_errors import ReferenceFileInvalid
from core.reference_files import (
    load_code_lists,
    load_commodities,
    load_gauges,
    load_population,
    load_travel_times,
)
from federation.member import MemberKind
from federation.member_errors import HomeExists, HomeNotEmpty, MemberRegionUnknown, PackInvalid, PackUnknown
from federation.members_file import parse_member
from federation.packs import SHIPPED, find_pack, init_home
from federation.registry import Registry, home_regions

INVENTED = Path(__file__).parent.parent / "packs" / "99"
TODAY = date(2026, 11, 22)


def test_a_home_of_jawa_tengah_is_ready(tmp_path: Path) -> None:
    home = init_home(tmp_path / "lumbung", "33")
    found = settings.load(home)
    assert (found.province, found.timezone, found.service_name) == ("33", "WIB", "Lumbung Data Jawa Tengah")
    registry, regions = Registry.load(home), home_regions(home)
    governments = [m for m in registry.members if m.kind in (MemberKind.REGENCY, MemberKind.CITY)]
    assert [m.code for m in governments] == [r.code for r in regions.children("33")]
    assert all(m.name == regions.region(m.code).name and m.regions == {m.code} for m in governments)
    assert {m.code for m in registry.members} - {m.code for m in governments} == {
        *("33", "bbws-bengawan-solo", "bbws-pemali-juana", "bmkg-jateng", "bps-jateng", "bulog-jateng"),
        "pusdataru-jateng",
    }
    assert registry.sources == ()
    assert len({m.schedule for m in registry.members}) == len(registry.members), "they must not all start at once (P07)"


def test_the_reference_of_jawa_tengah_names_its_sources() -> None:
    folder = SHIPPED / "33" / "reference"
    regions = home_regions(SHIPPED / "33")
    people = load_population(folder, regions)
    assert {p.region_code for p in people} == {r.code for r in regions.children("33")}
    assert sum(p.people for p in people) == 38_430_645, "the province's own total in the same decree"
    gauges = {g.code: g for g in load_gauges(folder, regions)}
    assert gauges["simongan"].level_mid == 1.0 and gauges["simongan"].original == "60 / 100 / 200 cm"
    assert gauges["jurug"].severity_polarity == "3=worst" and gauges["katulampa"].severity_polarity == "1=worst"
    assert gauges["pluit"].level_low == -0.49
    assert gauges["wilalung"].unit == "m3/s"
    for gauge in gauges.values():
        levels = [level for level in (gauge.level_low, gauge.level_mid, gauge.level_high) if level is not None]
        assert levels == sorted(levels), gauge
    for time in load_travel_times(folder):
        assert 0 < time.hours_low <= time.hours_high
        assert {time.from_gauge, time.to_gauge} - {None} <= gauges.keys()
    sources = [*(p.source for p in people), *(g.source for g in gauges.values())]
    sources += [*(t.source for t in load_travel_times(folder)), *(c.source for c in load_commodities(folder))]
    assert all(sources)


def test_commodities_resolve_as_markets_write_them_and_are_not_guessed() -> None:
    commodity = load_code_lists(SHIPPED / "33" / "reference", home_regions(SHIPPED / "33"), TODAY)["commodity"]
    for text, code in (
        ("Beras Premium", "beras_premium"),
        ("BAWANG PUTIH HONAN", "bawang_putih"),
        ("Daging Sapi Murni", "daging_sapi"),
        ("Cabe Rawit Merah", "cabai_rawit_merah"),
        ("Kedelai Biji Kering (Impor)", "kedelai"),
        ("Gula Konsumsi", "gula_pasir"),
        ("Ayam Potong", "daging_ayam_ras"),
        ("beras_medium", "beras_medium"),
        ("Beras_Medium", "beras_medium"),
    ):
        assert commodity.resolve(text) == Resolution(code), text
    assert commodity.resolve("Beras") == Resolution(None, ("beras_medium", "beras_premium"))
    assert commodity.resolve("Cabai Merah") == Resolution(None, ("cabai_merah_besar", "cabai_merah_keriting"))


def test_T04_an_invented_province_in_wita_needs_no_other_code(tmp_path: Path) -> None:
    for folders in ([INVENTED], [INVENTED.parent]):
        home = init_home(tmp_path / f"lumbung{len(str(folders))}", "99", folders)
        assert settings.load(home).timezone == "WITA"
        registry, regions = Registry.load(home), home_regions(home)
        assert registry.member("99.04").regions == {"99.03", "99.04"}
        lists = load_code_lists(home / "reference", regions, TODAY, frozenset({"99"}))
        assert lists["region"].resolve("Kab. Kep. Beringin").code == "99.04"
        assert lists["region"].resolve("Muara Padi").candidates == ("99.01", "99.71")
        assert lists["region"].resolve("Kota Semarang").code is None
        assert lists["commodity"].resolve("sagu basah").code == "sagu"
        assert lists["gauge"].resolve("Pos Jembatan Padi").code == "jembatan_padi"


def test_an_empty_home_works_too(tmp_path: Path) -> None:
    home = init_home(tmp_path / "kosong", None)
    assert settings.load(home).province == ""
    assert Registry.load(home).members == ()
    lists = load_code_lists(home / "reference", home_regions(home), TODAY)
    assert lists["region"].resolve("Kota Semarang").code == "33.74"
    assert lists["commodity"].codes == {} and lists["gauge"].codes == {}


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    home = init_home(tmp_path / "lumbung", "33")
    before = sorted((p, p.read_bytes()) for p in home.rglob("*") if p.is_file())
    with pytest.raises(HomeExists, match="lumbung"):
        init_home(home, "33")
    assert sorted((p, p.read_bytes()) for p in home.rglob("*") if p.is_file()) == before
    other = tmp_path / "dokumen"
    other.mkdir()
    (other / "surat.txt").write_text("penting")
    with pytest.raises(HomeNotEmpty):
        init_home(other, "33")
    assert [p.name for p in other.iterdir()] == ["surat.txt"]
    (tmp_path / "ada").mkdir()
    assert Registry.load(init_home(tmp_path / "ada", "33")).members


def test_an_unknown_province_names_the_packs_at_hand(tmp_path: Path) -> None:
    with pytest.raises(PackUnknown) as caught:
        init_home(tmp_path / "x", "34", [INVENTED])
    assert "33 Jawa Tengah" in caught.value.fix() and "99 Tanjung Rejeki" in caught.value.fix()
    assert not (tmp_path / "x").exists()


def test_a_pack_named_by_path_comes_before_the_one_that_ships(tmp_path: Path) -> None:
    own = tmp_path / "paket"
    own.mkdir()
    (own / "pack.toml").write_text('province = "33"\nname = "Uji"\ntimezone = "WIB"\nservice_name = "Uji"\n')
    assert find_pack("33", [own]).name == "Uji"
    assert find_pack("33").name == "Jawa Tengah"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('province = "98"', "name"),
        ('province = 98\nname = "x"', "province"),
        ('province = "98"\nname = "x"\ntimezone = "WIBB"\nservice_name = "x"', "timezone"),
        ('province = "98"\nname = "x"\ntimezone = "WIB"\nservice_name = "x"\nlogo = "y"', "logo"),
        ("province =", "pack.toml"),
    ],
)
def test_a_faulty_pack_is_named_with_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    (tmp_path / "pack.toml").write_text(text)
    with pytest.raises(PackInvalid) as caught:
        find_pack("98", [tmp_path])
    assert (caught.value.values["file"], caught.value.values["key"]) == (tmp_path / "pack.toml", key)


def test_D08_a_pack_with_a_broken_member_leaves_no_half_home(tmp_path: Path) -> None:
    pack = tmp_path / "paket"
    (pack / "members").mkdir(parents=True)
    (pack / "pack.toml").write_text('province = "98"\nname = "x"\ntimezone = "WIT"\nservice_name = "x"\n')
    (pack / "members" / "98.01.toml").write_text('code = "98.01"\nname = "x"\nkind = "regency"\nregions = ["98.01"]\n')
    with pytest.raises(MemberRegionUnknown):
        init_home(tmp_path / "lumbung", "98", [pack])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["paket"]


@pytest.mark.parametrize(
    ("name", "text", "row", "key"),
    [
        ("commodity.csv", "code,name,unit,aliases,source\nberas,Beras,,,x\n", 2, "unit"),
        ("commodity.csv", "code,name,unit,aliases,source\nberas,Beras,kg,,x\nberas,Beras,kg,,x\n", 3, "code"),
        ("gauge.csv", "code,name,river,river_system,region_code,unit,source\na,A,r,r,33.99,m,x\n", 2, "region_code"),
        ("gauge.csv", "code,name,river,river_system,unit,level_low,source\na,A,r,r,m,\"1,5\",x\n", 2, "level_low"),
        ("population.csv", "code,year,population,source\n33.74,2025,1.700.000,x\n", 2, "population"),
        ("population.csv", "code,year,population,source\n33.74,25,1700000,x\n", 2, "year"),
        ("travel_time.csv", "from_place,to_place,hours_low,hours_high,source\nA,B,3,,x\n", 2, "hours_high"),
    ],
)  # fmt: skip
def test_a_faulty_reference_file_is_named_with_line_and_key(
    tmp_path: Path, name: str, text: str, row: int, key: str
) -> None:
    (tmp_path / name).write_text(text)
    regions = home_regions(tmp_path)
    with pytest.raises(ReferenceFileInvalid) as caught:
        load_code_lists(tmp_path, regions, TODAY)
        load_population(tmp_path, regions)
        load_travel_times(tmp_path)
    assert (caught.value.values["file"], caught.value.values["row"], caught.value.values["key"]) == (
        tmp_path / name,
        row,
        key,
    )
    assert "?" not in caught.value.what() + caught.value.fix()


def test_the_source_in_the_packs_readme_can_be_read() -> None:
    example = (SHIPPED / "README.md").read_text("utf-8").split("```toml\n")[1].split("```")[0]
    text = 'code = "33.74"\nname = "Kota Semarang"\nkind = "city"\nregions = ["33.74"]\n'
    text += '[[organisations]]\nname = "disdag-kota"\ntitle = "Dinas Perdagangan"\n' + example
    source = parse_member(text, Path("README.md"), Path()).sources[0]
    assert (source.organisation, source.mappings[0].contract, len(source.allow)) == (
        "disdag-kota",
        "commodity_price",
        1,
    )
