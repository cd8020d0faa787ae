"""Release schedules: which periods a dataset is due for, by when, and how a period stands.

A delivery is taken to be for the period that ended before it came; what its rows speak of is looked at by the checks
beyond one file.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.contract_metadata import Period, Release
from quality.score import Cell

_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.HALF_YEAR: 6, Period.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Due:
    """One period of one schedule.

    Attributes:
        name: `2026-11-22`, `2026-W47`, `2026-11`, `2026-T4`, `2026-S2` or `2026`.
        ends: the first moment after the period.
        opens: from here on a delivery can be the one for it.
        due: the first moment at which it is late.
        until: the first moment at which it can no longer come late: the next one is overdue by then.
    """

    name: str
    ends: datetime
    opens: datetime
    due: datetime
    until: datetime

    def cell(self, accepted: Sequence[datetime], held: Sequence[datetime], now: datetime) -> Cell:
        """How it stands at `now`; both lists of arrivals are sorted, and what came at or after `now` does not count."""
        at = bisect_left(accepted, self.opens)
        if at < len(accepted) and accepted[at] < min(self.until, now):
            return Cell.ON_TIME if accepted[at] < self.due else Cell.LATE
        if now < self.due:
            return Cell.NOT_DUE
        at = bisect_left(held, self.opens)
        return Cell.HELD if at < len(held) and held[at] < min(self.until, now) else Cell.MISSING


def start_of(every: Period, day: date) -> date:
    """The first day of the period in which a day lies."""
    if every is Period.DAY:
        return day
    if every is Period.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def after(every: Period, start: date, periods: int = 1) -> date:
    """The first day of the period so many later; earlier where negative."""
    if every is Period.DAY:
        return start + timedelta(days=periods)
    if every is Period.WEEK:
        return start + timedelta(weeks=periods)
    month = start.year * 12 + start.month - 1 + periods * _MONTHS[every]
    return date(month // 12, month % 12 + 1, 1)


def name_of(every: Period, start: date) -> str:
    """What a period is called."""
    match every:
        case Period.DAY:
            return start.isoformat()
        case Period.WEEK:
            year, week, _ = start.isocalendar()
            return f"{year:04}-W{week:02}"
        case Period.MONTH:
            return f"{start:%Y-%m}"
        case Period.QUARTER:
            return f"{start.year:04}-T{(start.month + 2) // 3}"
        case Period.HALF_YEAR:
            return f"{start.year:04}-S{(start.month + 5) // 6}"
        case Period.YEAR:
            return f"{start.year:04}"


def period(release: Release, start: date, zone: ZoneInfo) -> Due:
    """The period that begins on a day, under a schedule."""
    following = after(release.every, start)
    ends, grace = _midnight(following, zone), timedelta(days=release.due_days)
    return Due(
        name=name_of(release.every, start),
        ends=ends,
        opens=ends if release.due_days else _midnight(start, zone),  # due on its last day: it must come within it
        due=_midnight(following + grace, zone),
        until=_midnight(after(release.every, following) + grace, zone),
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)


def periods(release: Release, zone: ZoneInfo, *, since: datetime, now: datetime, most: int) -> Iterator[Due]:
    """The newest periods that had ended by `now` and ended after `since`, newest first, at most so many."""
    start = start_of(release.every, now.astimezone(zone).date())
    for _ in range(most):
        start = after(release.every, start, -1)
        one = period(release, start, zone)
        if one.ends <= since:
            return
        yield one


def newest_due(release: Release, zone: ZoneInfo, *, since: datetime, now: datetime) -> Due | None:
    """The newest period that is due at `now` and ended after `since`; None where none is due yet."""
    most = release.due_days + 2  # of days; of longer periods fewer are still open
    return next((p for p in periods(release, zone, since=since, now=now, most=most) if p.due <= now), None)
