"""Times as numbers, and the periods that they fall into: weeks of days, months, quarters no one asks for, years.

A rule's time is a date or a moment, a year and a month, or a year. Numbers rise by one a day, a month, a year.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.contract import ColumnType, Contract
from core.contract_checks import Typical
from core.contract_metadata import Period
from core.rows_duckdb import quoted
from quality.beyond.asking import Bound
from quality.beyond.levels import Ints

_EPOCH = date(1970, 1, 1)
_THURSDAY = 3  # 1970 began on one, weeks begin on Mondays


@dataclass(frozen=True, slots=True)
class Times:
    """How a rule tells time: in days or months or years, of which `weekly`, `monthly` or yearly periods are made."""

    days: bool
    months: bool
    weekly: bool
    seasonal: bool

    @classmethod
    def of(cls, contract: Contract, rule: Typical) -> "Times":
        """As the rule's columns, the release schedule and the season say."""
        days = contract.column(rule.time[0]).type in (ColumnType.MOMENT, ColumnType.DATE)
        release = contract.metadata.release
        weekly = days and (release is None or release.every in (Period.DAY, Period.WEEK))
        return cls(days, not days and len(rule.time) > 1, weekly, rule.season is not None)

    def sql(self, contract: Contract, rule: Typical, bind: Bound, zone: str) -> str:
        """A row's time as a number."""
        column = quoted(rule.time[0])
        if contract.column(rule.time[0]).type is ColumnType.MOMENT:
            column = f"CAST(timezone({bind(zone)}, {column}) AS DATE)"
        if self.days:
            return f"CAST({column} - DATE '1970-01-01' AS BIGINT)"
        return (
            f"CAST({column} * 12 + {quoted(rule.time[1])} - 1 AS BIGINT)"
            if self.months
            else f"CAST({column} AS BIGINT)"
        )

    def now(self, today: date) -> int:
        """The time of a day."""
        return (today - _EPOCH).days if self.days else today.year * 12 + today.month - 1 if self.months else today.year

    def periods(self, times: Ints) -> Ints:
        """The period that each time falls into."""
        if self.weekly:
            return (times + _THURSDAY) // 7
        return _months(times) if self.days else times

    def seasons(self, periods: Ints) -> Ints | None:
        """The month in which each period begins, 1-12; None where there are no seasons."""
        if not self.seasonal or not (self.days or self.months):
            return None
        return (_months(periods * 7 - _THURSDAY) if self.weekly else periods) % 12 + 1

    def first_day(self, time: int) -> date:
        """The first day of a row's time."""
        if self.days:
            return _EPOCH + timedelta(days=time)
        return date(time // 12, time % 12 + 1, 1) if self.months else date(time, 1, 1)

    def begins(self, period: int) -> date:
        """The first day of a period."""
        if self.weekly:
            return _EPOCH + timedelta(days=period * 7 - _THURSDAY)
        return date(period // 12, period % 12 + 1, 1) if self.days or self.months else date(period, 1, 1)


def _months(days: Ints) -> Ints:
    """Months since the beginning of the era, of days since 1970."""
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months
