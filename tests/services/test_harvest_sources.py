"""Sources that fail, empty themselves or lose things: what was good stays, the others finish, nobody deletes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from catalog import datasets as catalogue
from catalog import decisions
from core.access import ANONYMOUS, Actor, Role
from federation.models import SourceState
from tests.federation.fetch_factories import faulty, serving
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, Hand, Home
from tests.services.offices import FILE, Office, harvest

STEWARD = Actor(id="t1", name="Walidata", roles=frozenset({Role.STEWARD}), member=CITY)
STRANGER = Actor(id="t2", name="Walidata lain", roles=frozenset({Role.STEWARD}), member="99.02")
COORDINATOR = Actor(id="t3", name="Koordinator", roles=frozenset({Role.COORDINATOR}))


BROKEN: dict[str, tuple[Callable[[], web.StreamResponse], str]] = {
    "S09_an_error_page": (
        lambda: web.Response(status=500, text="<html>Galat</html>", content_type="text/html"),
        "SOURCE_NOT_CKAN",
    ),
    "S10_a_login_page": (
        lambda: web.Response(text="<html><form>Masuk</form></html>", content_type="text/html"),
        "SOURCE_NOT_CKAN",
    ),
    "S12_success_false": (
        lambda: web.json_response({"success": False, "error": {"__type": "Search Error", "message": "galat"}}),
        "CKAN_REFUSED",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_failing_portal_takes_nothing_away(fault: str, home: Home, office: Office) -> None:
    answer, code = BROKEN[fault]
    async with serving(office) as url:
        office.offer(url, "penduduk-a", "penduduk-b")
        home.portal(url, PEOPLE)
        assert (await harvest(home)).snapshots == 2
        office.broken = answer
        report = await harvest(home)
        assert (report.state, report.missing, report.withdrawn) == ("failed", 0, 0)
        assert report.error is not None and report.error["code"] == code
        assert len(home.rows("population")) == 6
        assert {d.state for d in home.datasets.values()} == {"active"}
        [failed] = [r for r in home.runs if r.state == "failed"]
        assert failed.error is not None and failed.error["code"] == code and [e.code for e in home.errors] == [code]
        office.broken = None
        again = await harvest(home)
        assert (again.state, again.snapshots) == ("ok", 0)


async def test_S01_a_dead_portal_leaves_what_it_gave_before_and_is_named(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        home.portal(url, PEOPLE)
        await harvest(home)
    report = await harvest(home)
    assert report.state == "failed" and report.error is not None and report.error["code"] == "SOURCE_UNREACHABLE"
    assert len(home.rows("population")) == 3
    [state] = home.all(SourceState)
    assert state.last_error["code"] == "SOURCE_UNREACHABLE" and state.last_ok < state.last_attempt


@pytest.mark.parametrize("fault", ["reset:2000", "truncate:2000"])
async def test_S04_S05_a_portal_cut_off_in_its_answer_publishes_nothing(fault: str, home: Home, office: Office) -> None:
    async with serving(office) as url, faulty(url, fault) as broken:
        office.offer(broken, *(f"penduduk-{i}" for i in range(5)))
        home.portal(broken, PEOPLE)
        report = await harvest(home)
        assert report.state == "failed" and report.error is not None
        assert report.error["code"] in {"SOURCE_INTERRUPTED", "SOURCE_UNREACHABLE"}
        assert not (home.snapshots or home.datasets)


async def test_S03_a_dripping_portal_ends_at_its_total_deadline(home: Home, office: Office) -> None:
    home.settings = {"crawl_total_seconds": 0.5}
    async with serving(office) as url, faulty(url, "drip:40") as slow:
        office.offer(slow, "penduduk")
        home.portal(slow, PEOPLE)
        report = await harvest(home)
    assert report.error is not None and report.error["code"] == "SOURCE_TOO_SLOW"
    assert report.seconds < 5


async def test_one_file_that_cannot_be_fetched_or_read_does_not_stop_the_others(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk-a", "penduduk-b", "penduduk-c", "penduduk-d", "penduduk-e")
        del office.files["penduduk-b.csv"]
        office.files["penduduk-c.csv"] = b"<!doctype html><html><title>Masuk</title></html>"
        office.files["penduduk-d.csv"] = b""
        home.portal(url, PEOPLE)
        report = await harvest(home)
        assert (report.state, report.snapshots) == ("partial", 2)
        named = {e["dataset"]: e["code"] for e in report.errors}
        assert named == {"Penduduk-B": "SOURCE_STATUS", "Penduduk-C": "NOT_DATA", "Penduduk-D": "FILE_EMPTY"}
        assert {e.code for e in home.errors} == set(named.values())
        assert all(e.values["source"] == "portal" and e.resource_id for e in home.errors)
        office.files["penduduk-b.csv"] = FILE.encode()
        again = await harvest(home)  # the portal says that nothing changed; what is owed is fetched all the same
        assert (again.state, again.snapshots, again.fetched) == ("ok", 1, 1)


async def test_S14_a_portal_that_is_suddenly_empty_removes_nothing_and_asks_a_person(
    home: Home, office: Office
) -> None:
    clock = home.clock
    assert isinstance(clock, Hand)
    async with serving(office) as url:
        office.offer(url, "penduduk-a", "penduduk-b")
        home.portal(url, PEOPLE)
        await harvest(home)
        seen = {d.last_seen for d in home.datasets.values()}
        office.ckan.datasets = []
        for _ in range(5):
            clock.forward(days=1)
            report = await harvest(home)
            assert (report.state, report.missing, report.withdrawn, len(report.remarks)) == ("ok", 0, 0, 2)
        assert [(r.kind, r.source, r.decided_at) for r in home.reviews] == [("empty_source", "portal", None)]
        assert {d.state for d in home.datasets.values()} == {"active"} and len(home.rows("population")) == 6
        assert {d.last_seen for d in home.datasets.values()} == seen  # nobody has seen them since


async def test_a_removed_dataset_is_missing_then_withdrawn_after_three_complete_crawls_and_comes_back(
    home: Home, office: Office
) -> None:
    async with serving(office) as url:
        office.offer(url, *(f"penduduk-{i:02}" for i in range(12)))
        home.portal(url, PEOPLE)
        await harvest(home)
        everything = office.ckan.datasets
        office.ckan.datasets = everything[1:]
        states = []
        for _ in range(3):
            report = await harvest(home)
            states.append((report.missing, report.withdrawn, home.datasets["Penduduk-00"].state))
            served = len(home.rows("population"))
        assert states == [(1, 0, "hilang_di_sumber"), (0, 0, "hilang_di_sumber"), (0, 1, "dicabut")]
        assert served == 33
        before = home.snapshots[-1].seq
        assert len(home.rows("population", as_of=before)) == 36  # as-of still shows what was published then
        office.ckan.datasets = everything
        report = await harvest(home)
        assert (report.snapshots, home.datasets["Penduduk-00"].state) == (0, "active")
        assert len(home.rows("population")) == 36


async def test_many_missing_at_once_are_never_withdrawn_by_themselves(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, *(f"penduduk-{i}" for i in range(6)))
        home.portal(url, PEOPLE)
        await harvest(home)
        office.ckan.datasets = office.ckan.datasets[:2]
        for _ in range(5):
            assert (await harvest(home)).withdrawn == 0
        assert sorted(d.state for d in home.datasets.values()) == ["active"] * 2 + ["hilang_di_sumber"] * 4
        assert [r.kind for r in home.reviews] == ["many_missing"]
        assert len(home.rows("population")) == 18


async def test_what_a_person_withdrew_stays_withdrawn(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        home.portal(url, PEOPLE)
        await harvest(home)
        known = home.datasets["Penduduk"]
        decisions.withdraw(home.granary.sessions, known.id, actor=COORDINATOR, reason="salah", now=home.granary.clock())
        office.offer(url, "penduduk", modified="2026-11-20T00:00:00")
        office.files["penduduk.csv"] = make.people(1, 2, 3).encode()
        await harvest(home)
        assert home.datasets["Penduduk"].state == "dicabut" and home.rows("population") == []


async def test_S13_pages_that_never_agree_fail_the_run(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, *(f"penduduk-{i}" for i in range(5)))
        office.ckan.cap = 2

        def shifting(answer: dict[str, Any], number: int) -> Any:
            answer["result"]["count"] += number
            return answer

        office.ckan.bend = shifting
        home.portal(url, PEOPLE)
        report = await harvest(home)
        assert report.error is not None and report.error["code"] == "SOURCE_INCONSISTENT"
        assert not home.datasets


async def test_S15_an_id_given_to_other_content_gets_its_own_identity_and_a_review(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk")
        home.portal(url, PEOPLE)
        await harvest(home)
        old = home.datasets["Penduduk"].id
        office.offer(url, "penduduk-hewan", id="id-penduduk", metadata_created="2026-11-15T00:00:00")
        office.ckan.datasets[0]["metadata_modified"] = "2026-11-15T00:00:00"
        report = await harvest(home)
        assert (report.new, report.missing) == (1, 1)
        assert home.datasets["Penduduk-Hewan"].id != old
        assert [r.kind for r in home.reviews] == ["id_reused"]


async def test_T07_a_dataset_modified_in_2099_does_not_hide_later_changes(home: Home, office: Office) -> None:
    async with serving(office) as url:
        office.offer(url, "penduduk-a", "penduduk-b")
        office.ckan.datasets[0]["metadata_modified"] = "2099-01-01T00:00:00"
        home.portal(url, PEOPLE)
        first = await harvest(home)
        assert first.snapshots == 2 and any("2099" in line for line in first.remarks)
        assert (await harvest(home)).skipped
        office.ckan.datasets[1]["metadata_modified"] = "2026-11-20T00:00:00"
        office.ckan.datasets[1]["resources"][0]["last_modified"] = "2026-11-20T00:00:00"
        office.files["penduduk-b.csv"] = make.people(1, 2, 3).encode()
        assert (await harvest(home)).snapshots == 1
        with home.granary.sessions() as session:
            mark = catalogue.high_water(session, "portal", now=datetime.now(UTC))
        assert mark is not None and mark.year == 2026


async def test_private_datasets_of_a_portal_are_limited(
    home: Home, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_UJI", "rahasia")
    async with serving(office) as url:
        office.offer(url, "pegawai", private=True)
        home.portal(url, token_env="TOKEN_UJI")
        assert (await harvest(home)).snapshots == 1
        found = home.datasets["Pegawai"]
        assert found.classification == "terbatas"
        assert [len(home.text_rows(found.id, a)) for a in (ANONYMOUS, STRANGER, STEWARD, COORDINATOR)] == [0, 0, 3, 3]


@pytest.mark.parametrize("private", [True, False])
async def test_an_open_standard_opens_no_private_dataset(
    home: Home, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    monkeypatch.setenv("TOKEN_UJI", "rahasia")
    office = Office()
    async with serving(office) as url:
        office.offer(url, "penduduk", private=private)
        home.portal(url, PEOPLE, token_env="TOKEN_UJI")
        await harvest(home)
    seen = [len(home.rows("population", actor=a)) for a in (ANONYMOUS, STRANGER, STEWARD, COORDINATOR)]
    assert seen == ([0, 0, 3, 3] if private else [3, 3, 3, 3])


def test_a_slip_in_one_members_file_leaves_the_others_harvested(home: Home, tmp_path: Path) -> None:
    make.write(home.drop(PEOPLE, folder="a"), "penduduk.csv", FILE)
    slip = home.folder / "members" / "99.02.toml"
    slip.write_text(slip.read_text("utf-8") + '\n[[sources]]\nid = "x"\nkind = "folder"\npaht = "y"\n', "utf-8")
    home.close()
    assert [p.code for p in home.granary.registry.problems] == ["MEMBER_KEY_UNKNOWN"]
    assert "99.02.toml" in str(home.granary.registry.problems[0])
    assert [m.code for m in home.granary.registry.members] == ["99", "99.01", "99.04", CITY]
    assert home.harvest().snapshots == 1


def test_S14_a_folder_that_came_off_removes_nothing(home: Home, tmp_path: Path) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", FILE)
    home.harvest()
    drop.rename(tmp_path / "lepas")
    report = home.harvest()
    assert report.error is not None and report.error["code"] == "SOURCE_FOLDER_MISSING"
    assert len(home.rows("population")) == 3
    (tmp_path / "lepas").rename(drop)
    assert (home.harvest().state, len(home.snapshots)) == ("ok", 1)


def test_the_other_sources_of_a_member_finish(home: Home, tmp_path: Path) -> None:
    good = tmp_path / "baik"
    make.write(good, "penduduk.csv", FILE)
    home.member(
        f'[[sources]]\nid = "mati"\nkind = "folder"\npath = "{tmp_path / "tiada"}"\n'
        f'[[sources]]\nid = "hidup"\nkind = "folder"\npath = "{good}"\n{PEOPLE}'
    )
    assert [home.harvest(s).state for s in ("mati", "hidup")] == ["failed", "ok"]
    assert len(home.rows("population")) == 3
