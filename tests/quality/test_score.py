"""Scores are counts of weeks that exist; what was not measured stays unknown."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.errors import WeekUnknown
from quality.score import Measure, Week, total

JAKARTA = ZoneInfo("Asia/Jakarta")


def test_T08_a_year_has_week_53_only_where_iso_gives_it_one() -> None:
    assert Week.parse("2026-W53").monday == date(2026, 12, 28)
    assert Week.parse("2026-W53").back(-1) == Week(2027, 1)
    with pytest.raises(WeekUnknown):
        Week.parse("2025-W53")


@pytest.mark.parametrize("text", ["2026-W00", "2026-W54", "2026-47", "W47", "", "2026-W4"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(WeekUnknown):
        Week.parse(text)


@given(st.integers(min_value=946_684_800, max_value=4_102_358_400))
def test_every_moment_lies_in_exactly_the_week_that_it_is_said_to_be_in(second: int) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    week = Week.of(moment, JAKARTA)
    start, end = week.bounds(JAKARTA)
    assert start <= moment < end
    assert week.back(1).bounds(JAKARTA)[1] == start
    assert week.back(3).back(-3) == week == Week.parse(str(week))


def test_a_week_begins_on_monday_by_the_provinces_clock() -> None:
    sunday_evening_utc = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # Monday 00:30 in WIB
    assert Week.of(sunday_evening_utc, JAKARTA) == Week(2026, 48)
    assert Week.of(sunday_evening_utc, ZoneInfo("UTC")) == Week(2026, 47)


def test_what_was_not_measured_is_neither_0_nor_100() -> None:
    assert Measure(0, 0).share is None
    assert total([None, Measure(0, 0)]) is None


def test_a_wider_subjects_score_is_its_parts_counts_not_the_mean_of_their_shares() -> None:
    assert total([Measure(1, 1), None, Measure(10, 99)]) == Measure(11, 100)
