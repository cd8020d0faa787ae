"""The registry: what a member's TOML says, and every slip in it named with file, key and fix."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cron import is_cron
from core.errors import LumbungError
from core.mapping import DatasetMapping, Match
from federation.member_errors import (
    MappingAmbiguous,
    MappingPatternInvalid,
    MemberDuplicate,
    MemberFileSyntax,
    MemberKeyMissing,
    MemberKeyUnknown,
    MemberRegionUnknown,
    MemberUnknown,
    MemberValueInvalid,
    SourceDuplicate,
    SourceUnknown,
    SourceUrlRefused,
)
from federation.members_file import parse_member
from federation.registry import (
    Allowance,
    AllowanceKind,
    Contact,
    MemberKind,
    Organisation,
    Registry,
    SourceConfig,
    SourceKind,
    owns,
)
from tests.federation.registry_factories import MEMBER, PLAIN, home


def test_a_members_file_becomes_values(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    registry = Registry.load(folder)
    member = registry.member("33.74")
    assert (member.name, member.kind, member.regions) == ("Kota Semarang", MemberKind.CITY, frozenset({"33.74"}))
    assert member.contact == Contact("Walidata Kota Semarang", "walidata@semarangkota.example", None)
    assert member.organisations[0] == Organisation("disdag-kota", "Dinas Perdagangan")
    portal = registry.source("portal-kota-semarang")
    assert portal.kind is SourceKind.CKAN and portal.url == "https://data.semarangkota.example"
    assert portal.token_env == "TOKEN_KOTA_SEMARANG"
    assert portal.mappings[1] == DatasetMapping(
        "commodity_stock",
        Match(title="stok beras", resource=r"\.csv$"),
        columns={"date": "tanggal", "stock_kg": "stok_ton"},
        factors={"stock_kg": "1000"},
        zone="WIB",
    )
    drop = registry.source("folder-dpu")
    assert drop.path == folder / "titip" / "dpu"
    assert drop.organisation == "dpu-kota"
    assert (member.schedule_of(portal), member.schedule_of(drop)) == ("30 1 * * *", "*/15 * * * *")


def test_what_is_not_there_is_named() -> None:
    registry = Registry(())
    with pytest.raises(MemberUnknown, match=r"33\.74"):
        registry.member("33.74")
    with pytest.raises(SourceUnknown, match="portal"):
        registry.source("portal")


@pytest.mark.parametrize(
    ("old", "new", "error", "key"),
    [
        ('kind = "city"', 'kind = "kota"', MemberValueInvalid, "kind"),
        ('name = "Kota Semarang"', "", MemberKeyMissing, "name"),
        ('regions = ["33.74"]', "regions = []", MemberValueInvalid, "regions"),
        ('regions = ["33.74"]', "regions = [33.74]", MemberValueInvalid, "regions"),
        ('regions = ["33.74"]', 'regions = ["33.99"]', MemberRegionUnknown, "regions"),
        ('regions = ["33.74"]', 'region = ["33.74"]', MemberKeyUnknown, "region"),
        ('schedule = "30 1 * * *"', 'schedule = "jam 1"', MemberValueInvalid, "schedule"),
        ('email = "walidata@semarangkota.example"', 'email = "walidata"', MemberValueInvalid, "contact.email"),
        ('kind = "ckan"', 'kind = "ftp"', MemberValueInvalid, "sources[1].kind"),
        ('contract = "commodity_stock"', 'contrak = "x"', MemberKeyUnknown, "sources[1].mappings[2].contrak"),
        ("title = '^Harga Pangan'", "titel = 'x'", MemberKeyUnknown, "sources[1].mappings[1].match.titel"),
        ("title = '^Harga Pangan'", "title = 'Harga (Pangan'", MappingPatternInvalid, "sources[1].mappings[1].match.title"),
        ("match = {title = 'stok beras', resource = '\\.csv$'}", "match = {}", MemberValueInvalid, "sources[1].mappings[2].match.id"),
        ('factors = {stock_kg = "1000"}', 'factors = {stock_kg = 1000}', MemberValueInvalid, "sources[1].mappings[2].factors.stock_kg"),
        ('factors = {stock_kg = "1000"}', 'factors = {stock_kg = "0.0"}', MemberValueInvalid, "sources[1].mappings[2].factors.stock_kg"),
        ('zone = "WIB"', 'zone = "WIBB"', MemberValueInvalid, "sources[1].mappings[2].zone"),
        ('number_style = "id"', 'number_style = "de"', MemberValueInvalid, "sources[1].mappings[1].number_style"),
        ("until = 2027-01-31", 'until = "2027-02-29"', MemberValueInvalid, "sources[1].allow[1].until"),
        ("until = 2027-01-31", "until = 2027-01-31T00:00:00", MemberValueInvalid, "sources[1].allow[1].until"),
        ("until = 2027-01-31\n", "", MemberKeyMissing, "sources[1].allow[1].until"),
        ('reason = "portal di intranet kota"\n', "", MemberKeyMissing, "sources[1].allow[1].reason"),
        ('what = "private_address"', 'what = "tls"', MemberValueInvalid, "sources[1].allow[1].what"),
        ('what = "private_address"', 'what = "port"', MemberValueInvalid, "sources[1].allow[1].value"),
        ('what = "private_address"', 'what = "pin"', MemberValueInvalid, "sources[1].allow[1].value"),
        ('path = "titip/dpu"', 'url = "https://x.example"', MemberKeyUnknown, "sources[2].url"),
        ('organisation = "dpu-kota"', 'organisation = "dinkes"', MemberValueInvalid, "sources[2].organisation"),
        ('id = "folder-dpu"', 'id = "Folder DPU"', MemberValueInvalid, "sources[2].id"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_file_key_and_fix(
    tmp_path: Path, old: str, new: str, error: type[LumbungError], key: str
) -> None:
    assert old in MEMBER
    folder = home(tmp_path, kota=MEMBER.replace(old, new, 1))
    with pytest.raises(error) as caught:
        Registry.load(folder)
    assert caught.value.values["file"] == folder / "members" / "kota.toml"
    assert caught.value.values["key"] == key
    for locale in ("id", "en"):
        assert "kota.toml" in caught.value.what(locale)
        assert "?" not in caught.value.what(locale) + caught.value.fix(locale)


def test_an_unknown_key_suggests_the_nearest() -> None:
    with pytest.raises(MemberKeyUnknown) as caught:
        parse_member(PLAIN + 'schedul = "0 1 * * *"\n', Path("x.toml"), Path())
    assert "schedule" in caught.value.fix()


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(MemberFileSyntax, match="line 2"):
        Registry.load(home(tmp_path, kota='code = "33.74"\nname = "Kota\n'))
    (tmp_path / "home" / "members" / "kota.toml").write_bytes(b'name = "Caf\xe9"')
    with pytest.raises(MemberFileSyntax):
        Registry.load(tmp_path / "home")


def test_one_members_slip_does_not_hide_the_others(tmp_path: Path) -> None:
    registry = Registry.load_sound(home(tmp_path, a=PLAIN, b="code = ", c=MEMBER))
    assert [m.code for m in registry.members] == ["33.22", "33.74"]
    assert [p.code for p in registry.problems] == ["MEMBER_FILE_SYNTAX"]


def test_two_files_for_one_member_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MemberDuplicate) as caught:
        Registry.load(home(tmp_path, a=PLAIN, b=PLAIN))
    assert Path(str(caught.value.values["other"])).name == "a.toml"


@pytest.mark.parametrize("second", ["portal-kota-semarang", "folder-dpu"])
def test_a_source_id_holds_for_the_whole_province(tmp_path: Path, second: str) -> None:
    source = f'[[sources]]\nid = "{second}"\nkind = "http"\nurl = "https://x.example/a.csv"\n'
    with pytest.raises(SourceDuplicate) as caught:
        Registry.load(home(tmp_path, a=MEMBER, b=PLAIN + source))
    assert (Path(str(caught.value.values["file"])).name, Path(str(caught.value.values["other"])).name) == (
        "b.toml",
        "a.toml",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://admin:rahasia123@data.example",
        "https://rahasia123@data.example",
        "file:///etc/passwd?rahasia123",
        "gopher://rahasia123.example@x/",
        "data.example/rahasia123",
        "https:///rahasia123",
        "https://[rahasia123",
        "https://data.example:99999/rahasia123",
        "https://data.example\\\\@rahasia123",
        "https://data.example/ rahasia123",
    ],
)
def test_S19_an_address_with_credentials_or_an_odd_scheme_is_refused_without_repeating_them(url: str) -> None:
    text = PLAIN + f'[[sources]]\nid = "x"\nkind = "ckan"\nurl = "{url}"\n'
    with pytest.raises(SourceUrlRefused) as caught:
        parse_member(text, Path("x.toml"), Path())
    assert "rahasia123" not in str(caught.value) + str(caught.value.as_dict())


def test_a_token_in_the_place_of_its_variable_is_refused_without_repeating_it() -> None:
    with pytest.raises(MemberValueInvalid) as caught:
        parse_member(MEMBER.replace("TOKEN_KOTA_SEMARANG", "eyJhbGciOi.rahasia"), Path("x.toml"), Path())
    assert "rahasia" not in str(caught.value)


def source(*mappings: DatasetMapping) -> SourceConfig:
    return SourceConfig("portal", SourceKind.CKAN, "https://x.example", "33.74", mappings=mappings)


def test_a_dataset_finds_its_mapping_by_id_tag_title_or_resource() -> None:
    prices = DatasetMapping("commodity_price", Match(tag="Harga"))
    stocks = DatasetMapping("commodity_stock", Match(id="stok-beras", resource=r"gudang.*\.csv$"))
    portal = source(prices, stocks)

    def found(ids: list[str], title: str, tags: list[str], resource: str) -> DatasetMapping | None:
        return Registry.mapping_for(portal, ids, title, tags, resource)

    assert found(["a1", "harga-2024"], "Harga", ["harga", "pasar"], "x.csv") is prices
    assert found(["b2", "stok-beras"], "Stok", [], "Gudang 2024.CSV") is stocks
    assert found(["b2", "stok-beras"], "Stok", [], "denah.pdf") is None
    assert found(["c3"], "Aset Tanah", ["aset"], "x.csv") is None


def test_two_different_mappings_that_both_fit_are_an_error_naming_both() -> None:
    portal = source(
        DatasetMapping("commodity_price", Match(tag="pangan")), DatasetMapping("commodity_stock", Match(title="stok"))
    )
    with pytest.raises(MappingAmbiguous) as caught:
        Registry.mapping_for(portal, ["s1"], "Stok Beras", ["pangan"], "stok.csv")
    for word in ("mappings[1] commodity_price", "mappings[2] commodity_stock", "s1", "stok.csv"):
        assert word in caught.value.what()


def test_two_matches_that_would_do_the_same_are_no_conflict() -> None:
    portal = source(
        DatasetMapping("commodity_price", Match(tag="pangan")), DatasetMapping("commodity_price", Match(title="harga"))
    )
    assert Registry.mapping_for(portal, ["s1"], "Harga", ["pangan"], "h.csv") == portal.mappings[0]


def test_an_exception_holds_until_its_last_day_and_then_stands_on_the_report(tmp_path: Path) -> None:
    registry = Registry.load(home(tmp_path, kota=MEMBER))
    portal = registry.source("portal-kota-semarang")
    last, after = date(2027, 1, 31), date(2027, 2, 1)
    allowance = Allowance(AllowanceKind.PRIVATE_ADDRESS, "Sri Admin", "portal di intranet kota", last, "10.1.2.3")
    assert portal.allowed(AllowanceKind.PRIVATE_ADDRESS, last) == (allowance,)
    assert portal.allowed(AllowanceKind.HTTP, last) == ()
    assert portal.allowed(AllowanceKind.PRIVATE_ADDRESS, after) == ()
    assert registry.expired(last) == ()
    assert registry.expired(after) == ((portal, allowance),)


def test_A09_one_dinas_cannot_touch_anothers_and_the_steward_can_touch_all(tmp_path: Path) -> None:
    member = Registry.load(home(tmp_path, kota=MEMBER)).member("33.74")
    assert owns(member, "disdag-kota", "disdag-kota")
    assert not owns(member, "disdag-kota", "dpu-kota")
    assert not owns(member, "disdag-kota", None)
    assert not owns(member, "dinas-yang-dihapus", "dinas-yang-dihapus")
    assert owns(member, None, "dpu-kota") and owns(member, None, None)
    drop = member.sources[1]
    assert drop.dataset_organisation("apa-kata-portal") == "dpu-kota"
    assert member.sources[0].dataset_organisation("disdag-kota") == "disdag-kota"


@pytest.mark.parametrize("line", ["30 1 * * *", "*/15 * * * *", "0 6-18/2 * * mon-fri", "5,35 0 1 jan *", "0 0 * * 7"])
def test_a_cron_line_is_known(line: str) -> None:
    assert is_cron(line)


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "60 1 * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "* * * mon *", "@daily"],
)
def test_what_is_no_cron_line_is_known_too(line: str) -> None:
    assert not is_cron(line)


@given(st.text(max_size=200))
def test_any_text_is_a_member_or_a_typed_error(text: str) -> None:
    try:
        parse_member(text, Path("x.toml"), Path())
    except LumbungError as error:
        assert error.what() and error.fix()


LINES = [line for line in MEMBER.splitlines() if "=" in line]
VALUES = st.sampled_from(["1", "true", '""', "[]", "{}", '"x"', "1.5", "2027-01-01", "[1]", '["x"]', "{x = 1}", "nan"])


@given(st.sampled_from(LINES), VALUES)
def test_any_value_of_a_wrong_type_is_a_typed_error_or_harmless(line: str, value: str) -> None:
    text = MEMBER.replace(line, f"{line.partition(' =')[0]} = {value}", 1)
    try:
        parse_member(text, Path("x.toml"), Path())
    except LumbungError as error:
        assert error.values["file"] == Path("x.toml")
