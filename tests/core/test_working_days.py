"""Deadlines count working days: weekends and listed holidays do not."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reference_errors import ReferenceFileInvalid
from core.working_days import load_holidays, working_day_after

FRIDAY = date(2026, 11, 20)


def test_five_working_days_after_a_friday_is_the_friday_after() -> None:
    assert working_day_after(FRIDAY, 5) == date(2026, 11, 27)
    assert working_day_after(FRIDAY, 1) == date(2026, 11, 23)
    assert working_day_after(FRIDAY, 0) == FRIDAY


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(1, 60),
    st.sets(st.integers(1, 120), max_size=20),
)
def test_exactly_so_many_working_days_lie_between(day: date, count: int, off: set[int]) -> None:
    holidays = {day + timedelta(days=n) for n in off}
    end = working_day_after(day, count, holidays)
    days = [day + timedelta(days=n) for n in range(1, (end - day).days + 1)]
    assert sum(d.isoweekday() <= 5 and d not in holidays for d in days) == count
    assert end.isoweekday() <= 5 and end not in holidays


def test_holidays_come_from_the_home_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    assert load_holidays(tmp_path) == frozenset()
    file = tmp_path / "holiday.csv"
    file.write_text("date,name,source\n2026-08-17,Kemerdekaan,Keppres\n", encoding="utf-8")
    assert load_holidays(tmp_path) == {date(2026, 8, 17)}
    file.write_text("date,name,source\n17/08/2026,Kemerdekaan,Keppres\n", encoding="utf-8")
    with pytest.raises(ReferenceFileInvalid) as caught:
        load_holidays(tmp_path)
    assert caught.value.values["row"] == 2 and caught.value.values["value"] == "17/08/2026"
