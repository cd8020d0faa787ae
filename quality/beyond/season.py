"""A period against the one before it: how much a region's value of one kind leapt, and how much it usually does.

Judged by the same months of other years where there are enough, else by all periods of the region, else by all regions
of the kind. What most regions did at the same time is the market, not a fault, and is left to the services.
"""

import math
from dataclasses import dataclass

import numpy as np

from quality.beyond.levels import FLOOR, Bools, Floats, Ints, others

#: A leap is told from a quarter upwards, and so many times what is usual.
LEAST, SCALES = math.log(1.25), 5.0
#: So many leaps of the same season, of the region, or of all regions are enough to say what is usual.
SEASONS, OWN, KIND = 12, 12, 40
#: Others speak of the whole market where there are so many.
_MARKET = 3
_QUANTILE, _NORMAL = 0.9, 1.6449


@dataclass(frozen=True, slots=True)
class Leaps:
    """Leaps of the newest period, in the order of `series`; values are in the column's unit.

    Attributes:
        series: the number of the series; `now` and `before` its medians in the newest period and the one before.
        usual: how much it usually changes at this time, as a factor; `times` how many times more it was.
        seasonal: whether the same season of other years said so.
        measured: the numbers of all series that could be judged.
    """

    series: Ints
    now: Floats
    before: Floats
    usual: Floats
    times: Floats
    seasonal: Bools
    measured: Ints


def leaps(values: Floats, series: Ints, kind: Ints, period: Ints, *, newest: int, months: Ints | None = None) -> Leaps:
    """What leapt in the newest period; later ones are left out, and what is not a positive number.

    Args:
        series, kind: a small number for each row, equal for equal ones.
        period: a number that rises by one from period to period.
        months: the month of each row's period, 1-12, where there are seasons.
    """
    with np.errstate(invalid="ignore"):
        kept = np.flatnonzero(np.isfinite(values) & (values > 0) & (period <= newest))
    level, first = _medians(np.log(values[kept]), series[kept], period[kept])
    first = kept[first]
    which, when, what = series[first], period[first], kind[first]
    month = np.zeros(len(first), np.int64) if months is None else months[first]
    after = np.flatnonzero((which[1:] == which[:-1]) & (when[1:] == when[:-1] + 1)) + 1
    leap = level[after] - level[after - 1]
    which, when, what, month = which[after], when[after], what[after], month[after]
    common, many = others(leap, np.unique(what * (newest + 2) + when, return_inverse=True)[1])
    market = (many >= _MARKET) & (np.sign(common) == np.sign(leap)) & (np.abs(common) > np.abs(leap) / 2)
    by_kind = np.argsort(what, kind="stable")
    found: list[tuple[int, float, float, float, float, bool]] = []
    measured: list[int] = []
    for i in np.flatnonzero(when == newest).tolist():
        mine = slice(*np.searchsorted(which, [which[i], which[i] + 1]))
        past = leap[mine][when[mine] < newest]
        near = np.abs((month[mine][when[mine] < newest] - month[i] + 6) % 12 - 6) <= 1
        seasonal = months is not None and int(near.sum()) >= SEASONS
        if seasonal:
            past = past[near]
        elif len(past) < OWN:
            like = by_kind[slice(*np.searchsorted(what[by_kind], [what[i], what[i] + 1]))]
            past = leap[like][when[like] < newest]
            if len(past) < KIND:
                continue
        measured.append(int(which[i]))
        middle = float(np.median(past))
        scale = max(float(np.quantile(np.abs(past - middle), _QUANTILE)) / _NORMAL, FLOOR)
        off = abs(float(leap[i]) - middle)
        if off >= LEAST and off >= SCALES * scale and not market[i]:
            now, before = float(level[after[i]]), float(level[after[i] - 1])
            found.append((int(which[i]), math.exp(now), math.exp(before), math.exp(middle), off / scale, seasonal))
    columns = list(zip(*found, strict=True)) if found else [()] * 6
    return Leaps(
        series=np.array(columns[0], np.int64),
        now=np.array(columns[1], np.float64),
        before=np.array(columns[2], np.float64),
        usual=np.array(columns[3], np.float64),
        times=np.array(columns[4], np.float64),
        seasonal=np.array(columns[5], np.bool_),
        measured=np.array(measured, np.int64),
    )


def _medians(x: Floats, series: Ints, period: Ints) -> tuple[Floats, Ints]:
    """The median of each series and period in their order, and a row of each."""
    order = np.lexsort((x, period, series))
    series, period = series[order], period[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (series[1:] != series[:-1]) | (period[1:] != period[:-1])
    first = np.flatnonzero(new)
    count = np.diff(first, append=len(order))
    ordered = x[order]
    return (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2, order[first]
