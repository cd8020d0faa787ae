"""When members are harvested: what their files say, in the province's own time."""

from typing import Any

from flows.schedules import deployments, timetable
from tests.services.factories import CITY, Home

ODD = """
schedule = "15 2 * * *"
[[sources]]
id = "setoran"
kind = "folder"
path = "setoran"
[[sources]]
id = "arsip"
kind = "folder"
path = "arsip"
schedule = "0 6 * * 1"
"""


def planned(home: Home) -> list[tuple[str, dict[str, Any], Any, str | None]]:
    granary = home.granary
    return [(name, p, s.cron, s.timezone) for name, p, s in deployments(granary.registry, granary.settings)]


def test_a_member_is_harvested_when_its_file_says_in_the_provinces_own_time(home: Home) -> None:
    home.member('schedule = "40 3 * * *"\n[[sources]]\nid = "setoran"\nkind = "folder"\npath = "setoran"\n')
    parameters = {"home": str(home.folder), "member": CITY, "source": None}
    assert planned(home) == [(CITY, parameters, "40 3 * * *", "Asia/Makassar")]


def test_a_source_with_its_own_schedule_is_planned_by_itself(home: Home) -> None:
    home.member(ODD)
    assert [(name, p["source"], cron) for name, p, cron, _ in planned(home)] == [
        ("setoran", "setoran", "15 2 * * *"),
        ("arsip", "arsip", "0 6 * * 1"),
    ]


def test_a_member_without_schedule_or_sources_is_never_planned(home: Home) -> None:
    home.member('[[sources]]\nid = "setoran"\nkind = "folder"\npath = "setoran"\n')
    assert planned(home) == []
    assert list(timetable(home.granary.registry.member("99.01"))) == []
