"""A value's own surroundings on a logarithmic scale: what stood before it, after it, and how much that usually moves.

Numbers only: `typos.py` and `season.py` decide what is worth saying. Every figure here is a median or a quantile, so
neither single wrong values nor the order of rows, nor a constant factor over a series, changes what is usual.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: So many values on either side are a value's surroundings: two weeks of days, a year and more of months.
WIDE = 7
#: Fewer on one side say little of that side.
FEW = 4
#: Prices are rounded and weeks are calm, so a scale is never taken to be smaller (3 %).
FLOOR = 0.03
#: So many values are needed before a series or a group has a scale of its own, and what is taken for one until then.
ENOUGH, UNKNOWN = 30, 0.1
#: What a quantile of sizes is of a normal distribution.
_NORMAL = {0.9: 1.6449, 0.8: 1.2816}
_CHUNK = 200_000


def codes(table: pa.Table, names: Sequence[str]) -> Ints:
    """A number for each row, the same for rows that are equal in these columns (null equals null)."""
    found = np.zeros(table.num_rows, np.int64)
    for name in names:
        column = table[name].combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = pc.dictionary_encode(column)
        one = np.asarray(pc.fill_null(column.indices, -1)).astype(np.int64) + 1
        found = found * (len(column.dictionary) + 1) + one
        found = np.unique(found, return_inverse=True)[1]
    return found


def times(table: pa.Table, names: Sequence[str]) -> tuple[Ints, Bools]:
    """A number for each row that rises with its time, equal for equal times; and whether every part of it is there."""
    there = np.ones(table.num_rows, np.bool_)
    found = np.zeros(table.num_rows, np.int64)
    for name in names:
        column = table[name].combine_chunks()
        there &= np.asarray(column.is_valid())
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        ranks = np.asarray(pc.rank(column, "ascending", tiebreaker="dense")).astype(np.int64)
        found = found * (int(ranks.max(initial=0)) + 1) + ranks
        found = np.unique(found, return_inverse=True)[1]
    return found, there


def middle(rows: Floats) -> tuple[Floats, Ints]:
    """The median of each row without its NaN, and of how many numbers it is made."""
    rows = np.sort(rows, axis=1)
    count = (~np.isnan(rows)).sum(axis=1)
    low = np.maximum((count - 1) // 2, 0)
    high = np.minimum(count // 2, rows.shape[1] - 1)
    pick = np.arange(len(rows))
    return np.asarray((rows[pick, low] + rows[pick, high]) / 2), np.asarray(count, np.int64)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around each value of sorted series; logarithms, NaN where there is nothing.

    Attributes:
        before, after: the median of the `WIDE` values on that side; `befores`, `afters`: of how many it is.
        leap: how far the value is from both sides, signed: 0 where it lies between them or agrees with one, and from
            the one side where the other has fewer than `FEW`; NaN where both have.
        two: whether `leap` speaks of both sides.
    """

    before: Floats
    after: Floats
    befores: Ints
    afters: Ints
    leap: Floats
    two: Bools


def neighbours(x: Floats, series: Ints, at: Ints) -> tuple[Floats, Floats]:
    """The `WIDE` values before and after each of these places, nearest first; x is sorted by series, then time."""
    steps = np.arange(1, WIDE + 1)
    sides = []
    for places in (at[:, None] - steps, at[:, None] + steps):
        inside = np.clip(places, 0, len(x) - 1)
        same = (places == inside) & (series[inside] == series[at][:, None])
        sides.append(np.where(same, x[inside], np.nan))
    return sides[0], sides[1]


def around(x: Floats, series: Ints) -> Around:
    """The surroundings of every value; x is sorted by series, then time."""
    before, after = np.empty(len(x)), np.empty(len(x))
    befores, afters = np.empty(len(x), np.int64), np.empty(len(x), np.int64)
    for start in range(0, len(x), _CHUNK):
        part = slice(start, min(start + _CHUNK, len(x)))
        earlier, later = neighbours(x, series, np.arange(part.start, part.stop))
        before[part], befores[part] = middle(earlier)
        after[part], afters[part] = middle(later)
    up, down = x - before, x - after
    least = np.where(np.sign(up) == np.sign(down), np.sign(up) * np.minimum(np.abs(up), np.abs(down)), 0.0)
    left, right = befores >= FEW, afters >= FEW
    leap = np.select([left & right, left, right], [least, up, down], np.nan)
    return Around(before, after, befores, afters, leap, left & right)


def scale(leaps: Floats, group: Ints, quantile: float = 0.9) -> Floats:
    """How much leaps of each row's group usually are: a high quantile of their sizes, as of a normal distribution.

    A group with fewer than `ENOUGH` leaps is taken for one that moves no less than `UNKNOWN`.
    """
    known = ~np.isnan(leaps)
    sizes, groups = np.abs(leaps[known]), group[known]
    order = np.lexsort((sizes, groups))
    sizes, groups = sizes[order], groups[order]
    found = np.full(int(group.max(initial=-1)) + 1, UNKNOWN)
    first = np.flatnonzero(np.diff(groups, prepend=-1))
    count = np.diff(first, append=len(groups))
    decile = sizes[first + ((count - 1) * quantile).astype(np.int64)] / _NORMAL[quantile]
    found[groups[first]] = np.maximum(decile, np.where(count < ENOUGH, UNKNOWN, FLOOR))
    return np.asarray(found[group])


def others(values: Floats, group: Ints) -> tuple[Floats, Ints]:
    """For each row the median of the other rows of its group, and how many they are; values hold no NaN."""
    order = np.lexsort((values, group))
    ordered, groups = values[order], group[order]
    first = np.flatnonzero(np.diff(groups, prepend=-1))
    size = np.diff(first, append=len(groups))
    start, rest = np.repeat(first, size), np.repeat(size, size) - 1
    place = np.arange(len(groups)) - start
    halves = []
    for half in (np.maximum(rest - 1, 0) // 2, rest // 2):
        taken = start + half + (half >= place)  # the row itself is passed over
        halves.append(ordered[np.minimum(taken, len(ordered) - 1)])
    middle_, count = np.empty(len(values)), np.empty(len(values), np.int64)
    middle_[order] = np.where(rest > 0, (halves[0] + halves[1]) / 2, np.nan)
    count[order] = rest
    return middle_, count
