"""Working days: Monday to Friday without the holidays that a home lists; deadlines of returns count in them.

Holidays change by joint decree every year, so they are data: `HOME/reference/holiday.csv` (date, name, source).
"""

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

from core.reference_rows import read_rows

HOLIDAYS = "holiday.csv"


def working_day_after(day: date, count: int, holidays: Collection[date] = ()) -> date:
    """The day on which so many working days behind a day have begun; the day itself does not count."""
    left = count
    while left > 0:
        day += timedelta(days=1)
        if day.isoweekday() <= 5 and day not in holidays:
            left -= 1
    return day


def load_holidays(folder: Path) -> frozenset[date]:
    """The days of `holiday.csv` in a reference folder; none where there is no such file.

    Raises:
        ReferenceFileInvalid: a line that is no date, or lacks its name.
    """
    found = set()
    for row in read_rows(folder / HOLIDAYS):
        row.text("name")
        try:
            found.add(date.fromisoformat(row.text("date")))
        except ValueError:
            raise row.refuse("date", "day") from None
    return frozenset(found)
