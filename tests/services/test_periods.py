"""A period is on time, late, held, missing or not due yet, by when deliveries came."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.contract_metadata import Period, Release
from quality.score import Cell
from services.review.periods import after, name_of, newest_due, period, periods, start_of

MAKASSAR = ZoneInfo("Asia/Makassar")
MONTHLY = Release(Period.MONTH, 10)
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def local(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=MAKASSAR)


OCTOBER = period(MONTHLY, date(2026, 10, 1), MAKASSAR)


@pytest.mark.parametrize(
    ("came", "now", "cell"),
    [
        ([], local(11, 10, 23), Cell.NOT_DUE),
        ([], local(11, 11), Cell.MISSING),
        ([local(11, 10, 23)], local(11, 11), Cell.ON_TIME),
        ([local(11, 11)], local(11, 12), Cell.LATE),
        ([local(11, 20)], local(11, 12), Cell.MISSING),  # what came later is not known yet
        ([local(10, 30)], local(11, 12), Cell.MISSING),  # before the month had ended
        ([local(12, 5)], local(12, 6), Cell.LATE),
        ([local(12, 11)], local(12, 12), Cell.MISSING),  # by then November's is overdue
    ],
)
def test_a_monthly_release_due_ten_days_after_its_month(came: list[datetime], now: datetime, cell: Cell) -> None:
    assert OCTOBER.cell(came, [], now) is cell


def test_a_held_delivery_is_not_missing_and_not_delivered() -> None:
    assert OCTOBER.cell([], [local(11, 5)], local(11, 12)) is Cell.HELD
    assert OCTOBER.cell([], [local(11, 5)], local(11, 9)) is Cell.NOT_DUE
    assert OCTOBER.cell([local(11, 14)], [local(11, 5)], local(11, 15)) is Cell.LATE


def test_nothing_is_due_that_was_due_before_the_dataset_was_known() -> None:
    assert newest_due(MONTHLY, MAKASSAR, since=local(11, 2), now=local(11, 22)) is None
    found = newest_due(MONTHLY, MAKASSAR, since=local(11, 2), now=local(12, 11))
    assert found is not None and found.name == "2026-11"


@pytest.mark.parametrize(
    ("every", "day", "name"),
    [
        (Period.DAY, date(2026, 11, 22), "2026-11-22"), (Period.WEEK, date(2027, 1, 2), "2026-W53"),
        (Period.MONTH, date(2026, 11, 22), "2026-11"), (Period.QUARTER, date(2026, 11, 22), "2026-T4"),
        (Period.HALF_YEAR, date(2026, 6, 30), "2026-S1"), (Period.YEAR, date(2026, 11, 22), "2026"),
    ],
)  # fmt: skip
def test_periods_are_called_as_people_call_them(every: Period, day: date, name: str) -> None:
    assert name_of(every, start_of(every, day)) == name


@given(st.sampled_from(Period), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_day_lies_in_one_period_and_periods_follow_each_other(every: Period, day: date) -> None:
    start = start_of(every, day)
    following = after(every, start)
    assert start <= day < following
    assert start_of(every, following) == following
    assert after(every, following, -1) == start


@given(st.sampled_from(Period), st.integers(0, 400), st.integers(978_307_200, 4_102_444_800))
def test_the_newest_period_that_is_due_is_due_and_the_one_after_it_is_not(
    every: Period, days: int, second: int
) -> None:
    now, release = datetime.fromtimestamp(second, UTC), Release(every, days)
    found = newest_due(release, MAKASSAR, since=LONG_AGO, now=now)
    assert found is not None and found.due <= now < found.until


@given(st.sampled_from(Period), st.integers(0, 30), st.lists(st.integers(0, 800)), st.lists(st.integers(0, 800)))
def test_a_delivery_more_never_makes_a_period_worse(
    every: Period, days: int, accepted: list[int], held: list[int]
) -> None:
    began, rank = local(1, 1), [Cell.NOT_DUE, Cell.MISSING, Cell.HELD, Cell.LATE, Cell.ON_TIME]
    came, kept = (sorted(began + timedelta(days=n, hours=3) for n in some) for some in (accepted, held))
    for one in periods(Release(every, days), MAKASSAR, since=began, now=local(12, 31), most=20):
        without = one.cell(came[1:], kept, local(12, 31))
        assert rank.index(one.cell(came, kept, local(12, 31))) >= rank.index(without)
