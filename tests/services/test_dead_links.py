"""A portal's dead links: named when they are asked, left alone ever longer, asked at once when the portal mends them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from core.settings import Settings
from services.intake.outcome import SourceReport
from services.intake.resting import LONGEST, Failing, next_try
from tests.federation.fetch_factories import serving
from tests.services.factories import CITY, NOW, PEOPLE, Hand, Home
from tests.services.offices import FILE, Office, harvest, offered

DAY = 24


class Portal:
    """An office's portal with one good link and one whose file is gone, and the clock of those who harvest it."""

    def __init__(self, home: Home, office: Office, url: str) -> None:
        self.home, self.office, self.url = home, office, url
        office.offer(url, "penduduk-a", "penduduk-b")
        del office.files["penduduk-b.csv"]
        home.portal(url, PEOPLE)

    async def after(self, hours: float) -> SourceReport:
        assert isinstance(self.home.clock, Hand)
        self.home.clock.forward(hours=hours)
        return await harvest(self.home)


@pytest.fixture
async def portal(home: Home, office: Office) -> AsyncIterator[Portal]:
    async with serving(office) as url:
        yield Portal(home, office, url)


def words(report: SourceReport) -> list[str]:
    return [remark for remark in report.remarks if "terus gagal" in remark]


async def test_a_dead_link_is_asked_again_ever_more_rarely_and_the_run_says_so(portal: Portal) -> None:
    days = [await portal.after(0 if day == 0 else DAY) for day in range(19)]
    asked = [day for day, report in enumerate(days) if report.errors]
    assert asked == [0, 1, 2, 4, 8, 15]
    assert {days[day].state for day in asked} == {"partial"}
    rested = [report for day, report in enumerate(days) if day not in asked]
    assert {(report.state, len(words(report))) for report in rested} == {("ok", 1)}
    assert words(days[5])[0].startswith("1 tautan") and "WITA" in words(days[5])[0]
    assert len(portal.home.rows("population")) == 3


async def test_a_dead_link_that_the_portal_describes_anew_is_asked_at_once(portal: Portal) -> None:
    for hours in (0, DAY, DAY):
        assert (await portal.after(hours)).state == "partial"
    assert (await portal.after(1)).errors == []
    mended = offered(portal.url, "penduduk-b", metadata_modified="2026-11-23T08:00:00.000001")
    mended["resources"][0]["url"] = f"{portal.url}/unduh/penduduk-c.csv"
    portal.office.files["penduduk-c.csv"] = FILE.encode()
    portal.office.ckan.datasets[1] = mended
    report = await portal.after(1)
    assert (report.state, report.snapshots, words(report)) == ("ok", 1, [])


async def test_a_link_that_comes_back_is_taken_in_when_it_is_asked_and_begins_anew(portal: Portal) -> None:
    for hours in (0, DAY, DAY):
        await portal.after(hours)
    portal.office.files["penduduk-b.csv"] = FILE.encode()
    assert (await portal.after(DAY)).snapshots == 0
    assert (await portal.after(DAY)).snapshots == 1
    assert words(await portal.after(DAY)) == []


async def test_a_linked_file_elsewhere_is_looked_at_again_by_its_tag_on_its_own_schedule(
    home: Home, office: Office
) -> None:
    """Nothing changed at the portal: one question to it, and one to the file's own server a day, never the bytes."""
    tags: list[str | None] = []

    async def tagged(request: web.Request) -> web.StreamResponse:
        if not request.path.startswith("/unduh/"):
            return await office(request)
        tags.append(request.headers.get("If-None-Match"))
        return web.Response(status=304) if tags[-1] else web.Response(body=FILE.encode(), headers={"ETag": '"v1"'})

    async with serving(tagged) as url:
        office.offer(url, "penduduk-a")
        office.ckan.datasets[0]["resources"][0]["url"] = url.replace("127.0.0.1", "localhost") + "/unduh/a.csv"
        home.portal(url, PEOPLE)
        file = home.folder / "members" / f"{CITY}.toml"
        toml = file.read_text("utf-8")
        [granted] = [line for line in toml.splitlines() if "private_address" in line]
        file.write_text(toml.replace(granted, granted + granted.replace("127.0.0.1", "localhost")), encoding="utf-8")
        home.close()
        clock = home.clock
        assert isinstance(clock, Hand)
        assert (await harvest(home)).snapshots == 1
        for _ in range(4):
            clock.forward(hours=12)
            questions = len(office.ckan.asked)
            report = await harvest(home)
            assert (report.state, report.snapshots, len(office.ckan.asked) - questions) == ("ok", 0, 1)
    assert tags == [None, '"v1"', '"v1"']


@given(times=st.integers(1, 40), hours=st.floats(0, 200))
def test_the_wait_grows_with_each_failure_up_to_a_week(times: int, hours: float) -> None:
    settings = Settings(home="/", revalidate_hours=hours)
    now, then = (next_try(Failing(n, NOW), settings) - NOW for n in (times, times + 1))
    assert timedelta(0) <= now <= then <= LONGEST
