"""Wrong values that stay for weeks: a slip repeated every day, or carried on by whoever fills gaps.

Such a run looks like a new level to its neighbours. Two things tell it from one: the series comes back to where it
was, or others of its kind never went along. Only about ten, a hundred, a thousand times the usual is taken for a slip
here; anything less that lasts is true for all that numbers can say.
"""

import math

import numpy as np

from quality.beyond.levels import FEW, UNKNOWN, Around, Bools, Floats, Ints, others

TEN, _AT_TEN = math.log(10), math.log(1.35)
#: A run of more values than that is believed.
LONGEST = 90
_SCALES, _NORMAL = 6.0, 1.4826


def at_ten(size: Floats) -> Bools:
    """Whether it is about ten, a hundred, a thousand times; sizes are logarithms."""
    power = np.maximum(np.round(size / TEN), 1)
    return np.asarray(np.abs(size - power * TEN) <= _AT_TEN)


def returned(x: Floats, series: Ints, near: Around, least: Floats) -> tuple[Bools, Floats]:
    """The values between a leap away from a level and the leap back to it, and that level.

    Args:
        least: how far off each value must be.
    """
    found, usual = np.zeros(len(x), np.bool_), np.full(len(x), np.nan)
    with np.errstate(invalid="ignore"):
        away, back = x - near.before, x - near.after
        left = (near.befores >= FEW) & at_ten(np.abs(away)) & (np.abs(away) >= least) & (np.abs(back) < least / 2)
        right = (near.afters >= FEW) & at_ten(np.abs(back)) & (np.abs(back) >= least) & (np.abs(away) < least / 2)
    ends = np.flatnonzero(right)
    for start in np.flatnonzero(left):
        if found[start]:
            continue
        within = ends[(ends >= start) & (ends < start + LONGEST)]
        within = within[(series[within] == series[start]) & (np.sign(back[within]) == np.sign(away[start]))]
        within = within[np.abs(near.after[within] - near.before[start]) < np.abs(away[start]) / 2]
        if len(within):
            run = slice(int(start), int(within[-1]) + 1)
            level = float(near.before[start])
            off = np.abs(x[run] - level)
            found[run] = (off >= least[run]) & at_ten(off)
            usual[run] = level
    return found, usual


def unlike_kind(x: Floats, series: Ints, group: Ints, time: Ints, least: Floats) -> tuple[Bools, Floats]:
    """The values that left both their own series' level and what others of the kind did at the time; and that level.

    What sets a series apart from its kind (a dear market) is its own median distance, so it counts for nothing.
    """
    found = np.zeros(len(x), np.bool_)
    level, _ = _medians(x, series)
    far = np.abs(x - level) >= least
    if not far.any():
        return found, level
    at = np.flatnonzero(np.isin(group, group[far]))
    kind, count = others(x[at], np.unique(group[at] * (int(time.max()) + 1) + time[at], return_inverse=True)[1])
    told = at[count > 0]
    apart = x[told] - kind[count > 0]
    usually, many = _medians(apart, series[told])
    off = apart - usually
    out = far[told] & (many >= 2 * FEW) & (np.abs(off) >= least[told]) & at_ten(np.abs(off))
    spread = np.maximum(_medians(np.abs(off), group[told])[0] * _NORMAL, UNKNOWN)  # a run is too long for deciles
    out &= (np.sign(off) == np.sign(x[told] - level[told])) & (np.abs(off) >= _SCALES * spread)
    found[told] = out
    usual = level.copy()
    usual[told] = kind[count > 0] + usually
    return found, usual


def _medians(x: Floats, series: Ints) -> tuple[Floats, Ints]:
    """For each row its series' median and length."""
    order = np.lexsort((x, series))
    first = np.flatnonzero(np.diff(series[order], prepend=-1))
    count = np.diff(first, append=len(order))
    ordered = x[order]
    middle = (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
    out, many = np.empty(len(x)), np.empty(len(x), np.int64)
    out[order], many[order] = np.repeat(middle, count), np.repeat(count, count)
    return out, many
