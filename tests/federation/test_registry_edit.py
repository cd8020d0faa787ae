"""Adding and removing sources: the file keeps what people wrote, and stays whole whatever happens."""

import resource
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import LumbungError
from federation.member import MemberKind
from federation.member_errors import (
    MemberDuplicate,
    MemberFileSyntax,
    MemberIncomplete,
    MemberRegionUnknown,
    MemberUnknown,
    MemberValueInvalid,
    SourceDuplicate,
    SourceUnknown,
    SourceUrlRefused,
)
from federation.members_edit import add_member, add_source, member_file, remove_source
from federation.packs import init_home
from federation.registry import Registry, SourceKind
from tests.federation.registry_factories import MEMBER, PLAIN, home


def test_a_source_is_added_behind_what_people_wrote(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    added = add_source(
        folder,
        "33.74",
        source_id="berkas-hujan",
        kind=SourceKind.HTTP,
        location="https://bmkg.example/hujan.csv",
        title="Curah hujan harian",
        organisation="dpu-kota",
        token_env="TOKEN_HUJAN",
        schedule="0 7 * * *",
    )
    assert added == Registry.load(folder).source("berkas-hujan")
    assert (added.title, added.organisation, added.token_env) == ("Curah hujan harian", "dpu-kota", "TOKEN_HUJAN")
    text = (folder / "members" / "kota.toml").read_text()
    assert text.startswith(MEMBER.rstrip("\n"))


def test_a_source_is_removed_and_the_others_keep_their_comments(tmp_path: Path) -> None:
    folder = home(tmp_path, kota=MEMBER)
    removed = remove_source(folder, "folder-dpu")
    assert removed.kind is SourceKind.FOLDER
    text = (folder / "members" / "kota.toml").read_text()
    assert "# portal utama" in text and "# Kota Semarang, ditulis oleh walidata" in text
    assert [s.id for s in Registry.load(folder).sources] == ["portal-kota-semarang"]
    remove_source(folder, "portal-kota-semarang")
    assert Registry.load(folder).sources == ()
    with pytest.raises(SourceUnknown):
        remove_source(folder, "portal-kota-semarang")


@pytest.mark.parametrize(
    "sources",
    [
        "",
        "sources = []\n",
        'sources = [{id = "satu", kind = "ckan", url = "https://satu.example"}]  # sebaris\n',
        '[[sources]]\nid = "satu"\nkind = "ckan"\nurl = "https://satu.example"\n\n[contact]\nname = "Budi"\n',
        '[contact]\nname = "Budi"\n\n[[sources]]\nid = "satu"\nkind = "ckan"\nurl = "https://satu.example"\n# akhir\n',
    ],
)
def test_however_the_file_is_written_adding_and_removing_leaves_it_as_it_was(tmp_path: Path, sources: str) -> None:
    folder = home(tmp_path, kab=PLAIN + sources)
    before = Registry.load(folder)
    add_source(folder, "33.22", source_id="dua", kind=SourceKind.FOLDER, location="titip")
    after = Registry.load(folder)
    assert [s.id for s in after.sources] == [*(s.id for s in before.sources), "dua"]
    assert after.sources[:-1] == before.sources
    remove_source(folder, "dua")
    assert Registry.load(folder) == before


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (MemberUnknown, {"member": "33.01"}),
        (SourceDuplicate, {"source_id": "portal-kota-semarang"}),
        (SourceDuplicate, {"member": "33.22", "source_id": "portal-kota-semarang"}),
        (SourceUrlRefused, {"location": "https://a:b@data.example"}),
        (SourceUrlRefused, {"location": "file:///etc/passwd"}),
        (MemberValueInvalid, {"source_id": "Portal Baru"}),
        (MemberValueInvalid, {"schedule": "jam satu"}),
        (MemberValueInvalid, {"organisation": "dinas-lain"}),
    ],
)
def test_a_source_that_would_not_be_sound_is_not_written(
    tmp_path: Path, error: type[LumbungError], changes: dict[str, str]
) -> None:
    folder = home(tmp_path, kota=MEMBER, kab=PLAIN)
    values: dict[str, str] = {"source_id": "baru", "location": "https://data.example", "member": "33.74", **changes}
    with pytest.raises(error) as caught:
        add_source(
            folder,
            values["member"],
            source_id=values["source_id"],
            kind=SourceKind.CKAN,
            location=values["location"],
            schedule=values.get("schedule"),
            organisation=values.get("organisation"),
        )
    assert "?" not in caught.value.what() + caught.value.fix()
    assert (folder / "members" / "kota.toml").read_text() == MEMBER
    assert (folder / "members" / "kab.toml").read_text() == PLAIN
    assert sorted(p.name for p in (folder / "members").iterdir()) == ["kab.toml", "kota.toml"]


def test_D03_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    folder = home(tmp_path, **{"33.22": PLAIN})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))  # the kernel refuses the rest, as a full disk would
    try:
        with pytest.raises(OSError, match="large"):
            add_source(folder, "33.22", source_id="baru", kind=SourceKind.CKAN, location="https://data.example")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [p.name for p in (folder / "members").iterdir()] == ["33.22.toml"]
    assert (folder / "members" / "33.22.toml").read_text() == PLAIN


def test_another_members_broken_file_is_no_hindrance(tmp_path: Path) -> None:
    folder = home(tmp_path, aaa="code = ", kab=PLAIN)
    add_source(folder, "33.22", source_id="baru", kind=SourceKind.CKAN, location="https://data.example")
    assert Registry.load_sound(folder).source("baru").member == "33.22"


def test_the_members_own_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MemberFileSyntax):
        member_file(home(tmp_path, **{"33.22": "code = "}), "33.22")


TITLES = st.text(min_size=1, max_size=40).filter(lambda t: t.strip() and t.isprintable())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(TITLES)
def test_any_title_comes_back_as_it_was_given(tmp_path: Path, title: str) -> None:
    folder = tmp_path / "home"
    (folder / "members").mkdir(parents=True, exist_ok=True)
    (folder / "members" / "33.22.toml").write_text(PLAIN)
    add_source(folder, "33.22", source_id="x", kind=SourceKind.HTTP, location="https://x.example/a", title=title)
    assert Registry.load(folder).source("x").title == title
    assert tomllib.loads((folder / "members" / "33.22.toml").read_text("utf-8"))["sources"][0]["title"] == title


def test_a_member_is_added_by_its_regions_code_alone_and_an_agency_with_its_name(tmp_path: Path) -> None:
    folder = init_home(tmp_path / "home", None, ())
    added = add_member(folder, "31.71")
    assert (added.kind, added.regions) == (MemberKind.CITY, frozenset({"31.71"})) and "Jakarta Pusat" in added.name
    for code, error in (("31.71", MemberDuplicate), ("dsda-dki", MemberIncomplete), ("../x", MemberIncomplete)):
        with pytest.raises(error):
            add_member(folder, code)
    with pytest.raises(MemberValueInvalid):
        add_member(folder, "../x", name="x", kind=MemberKind.AGENCY, regions=["31"])
    with pytest.raises(MemberRegionUnknown):
        add_member(folder, "dsda-dki", name="Dinas SDA", kind=MemberKind.AGENCY, regions=["30"])
    add_member(folder, "dsda-dki", name="Dinas SDA", kind=MemberKind.AGENCY, regions=["31"])
    assert [m.code for m in Registry.load(folder).members] == ["31.71", "dsda-dki"]
