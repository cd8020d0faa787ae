"""Gross typos: numbers so far from their own series and from their like that a hand must have slipped.

Judged on a logarithmic scale by sizes alone, so digits and units do not matter (docs/adr/0024): against the values
before and after it in its own series; at the end of a series against those before; where a series is too short,
against others of its kind. What lasts, and what several series of a kind share at one time, is no typo, unless it is
ten, a hundred, a thousand times the usual: nothing grows so from one day to the next.
"""

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import Contract
from core.contract_checks import Typical
from quality.beyond import runs
from quality.beyond.levels import (
    ENOUGH,
    FEW,
    UNKNOWN,
    Around,
    Bools,
    Floats,
    Ints,
    around,
    codes,
    neighbours,
    others,
    scale,
    times,
)  # fmt: skip
from quality.beyond.runs import at_ten

#: So many times the usual (or its fraction) on both sides is gross, unless the standard says another factor.
FACTOR = 4.0
#: With one side alone, or others of its kind alone, it takes so many times that.
_ONE_SIDED, _BY_KIND = 1.25, 2.0
#: And so many times what usually happens, which leaves in peace what truly leaps: chillies, stocks. (At the end of a
#: series `_ONE` where it is about a power of ten, else `_KIND`.)
_TWO, _ONE, _KIND = 5.0, 4.0, 6.0
#: A series is short, so more of it may be mistyped than of its kind.
_OWN = 0.8
#: Others of its kind speak for a value without a series of its own only where there are so many.
_KINDS = 5
#: A single value so far out amid quiet ones is worth a look, though it may be true.
_ODD, _ODD_SCALES = math.log(1.6), 12.0


@dataclass(frozen=True, slots=True)
class Suspects:
    """The rows that stand out, in the order of the table.

    Attributes:
        at: their places among the judged table's rows.
        gross: whether the row is a gross typo; the others are only unlikely.
        usual: what was to be expected there, in the column's unit.
        alone: whether only others of its kind say so, its own series being too short.
        measured: the places of all rows that could be judged at all.
    """

    at: Ints
    gross: Bools
    usual: Floats
    alone: Bools
    measured: Ints


def series_columns(contract: Contract, rule: Typical) -> tuple[str, ...]:
    """The columns that make a series: the key without its time, and what makes values comparable."""
    return tuple(dict.fromkeys([*(name for name in contract.key if name not in rule.time), *rule.by]))


def suspects(contract: Contract, rule: Typical, rows: pa.Table, history: pa.Table | None = None) -> Suspects:
    """The rows of a table of typed columns that stand out against it and against earlier rows.

    Args:
        rows: has the columns that the rule and the contract's key name; any order.
        history: the same columns of rows that are there already; rows of the same series and time give way.
    """
    series = series_columns(contract, rule)
    named = [*dict.fromkeys([*series, *rule.time, rule.value])]
    table, fresh = rows.select(named), np.ones(rows.num_rows, np.bool_)
    if history is not None and history.num_rows:
        table = pa.concat_tables([_plain(table), _plain(history.select(named))], promote_options="permissive")
        fresh = np.arange(table.num_rows) < rows.num_rows
    time, there = times(table, rule.time)
    values = table[rule.value].cast(pa.float64()).to_numpy(zero_copy_only=False)
    values = np.where(there, values, np.nan)
    kind, own = _kinds(contract, rule, table), codes(table, series)
    return judge(values, own, kind, time, factor=rule.factor, fresh=fresh, peers=own if rule.own_sizes else None)


def _kinds(contract: Contract, rule: Typical, table: pa.Table) -> Ints:
    """What values are alike: those of one kind at one level, for a province is no regency that was mistyped."""
    kind, region = codes(table, rule.by), contract.region_column
    if region is None or region not in table.column_names:
        return kind
    named = table[region].combine_chunks()
    texts = named.cast(named.type.value_type) if pa.types.is_dictionary(named.type) else named
    level = np.asarray(pc.fill_null(pc.utf8_length(texts), 0)).astype(np.int64)
    both: Ints = np.unique(kind * (int(level.max(initial=0)) + 1) + level, return_inverse=True)[1]
    return both


def judge(
    values: Floats,
    series: Ints,
    kind: Ints,
    time: Ints,
    *,
    factor: float | None = None,
    fresh: Bools | None = None,
    peers: Ints | None = None,
) -> Suspects:
    """The values that stand out; what is not a positive number is passed over.

    Args:
        series, kind, time: a small number for each row, equal for equal ones; that of time rises with it.
        fresh: the rows asked about; the others are there to compare with, and give way to them.
        peers: whose sizes are comparable, the same for equal ones; those of a kind where None.
    """
    if fresh is None:
        fresh = np.ones(len(values), np.bool_)
    with np.errstate(invalid="ignore"):
        kept = np.isfinite(values) & (values > 0)
    if not fresh.all():
        moment = np.unique(series * (int(time.max(initial=0)) + 1) + time, return_inverse=True)[1]
        kept &= fresh | ~np.isin(moment, moment[fresh & kept])
    place = np.flatnonzero(kept)
    x = np.log(values[place])
    order = np.lexsort((x, time[place], series[place]))
    place, x = place[order], x[order]
    sizes = (kind if peers is None else peers)[place]
    found = _judged(x, series[place], kind[place], time[place], factor=factor or FACTOR, peers=sizes)
    mine = fresh[place]
    hit = np.flatnonzero((found.gross | found.odd) & mine)
    hit = hit[np.argsort(place[hit], kind="stable")]
    return Suspects(
        at=place[hit],
        gross=found.gross[hit],
        usual=np.exp(found.usual[hit]),
        alone=found.alone[hit],
        measured=np.sort(place[found.measured & mine]),
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    gross: Bools
    odd: Bools
    usual: Floats
    alone: Bools
    measured: Bools


def _judged(x: Floats, series: Ints, group: Ints, time: Ints, *, factor: float, peers: Ints) -> _Judged:
    """Every value judged; logarithms sorted by series, then time."""
    near = around(x, series)
    lone = np.isnan(near.leap)
    leap = np.where(lone, 0.0, near.leap)
    size = np.abs(leap)
    usually = _scales(np.where(near.two, near.leap, np.nan), series, group)
    onward = _scales(np.where(near.befores >= FEW, x - near.before, np.nan), series, group)
    both, one = size / usually, size / onward
    gross = near.two & (size >= math.log(factor)) & (both >= _TWO)
    gross |= (
        ~near.two
        & (size >= math.log(factor * _ONE_SIDED))
        & (one >= np.where(at_ten(size), _ONE, _KIND))
        & ~_lasting(x, near, size)
    )
    odd = near.two & (size >= _ODD) & (both >= _ODD_SCALES) & ~gross
    odd[odd] = _amid_quiet(x, series, np.flatnonzero(odd))
    shared = _shared(np.where(near.befores >= FEW, x - near.before, leap), leap, group, time, gross | odd)
    kind, middle_, measured = _by_kind(x, peers, time, lone, factor)
    least = np.maximum(math.log(factor), _ONE * np.maximum(usually, onward))
    run, level = runs.returned(x, series, near, least)
    strange, stranger = runs.unlike_kind(x, series, group, time, least)
    nearer = np.where(np.abs(x - near.before) <= np.abs(x - near.after), near.before, near.after)
    side = np.where(near.befores >= FEW, near.before, near.after)
    near_by = gross & ~shared
    return _Judged(
        gross=near_by | kind | run | strange,
        odd=odd & ~shared & ~run & ~strange,
        usual=np.select([lone, run & ~near_by, strange & ~near_by, near.two], [middle_, level, stranger, nearer], side),
        alone=kind,
        measured=~lone | measured,
    )


def _scales(leaps: Floats, series: Ints, group: Ints) -> Floats:
    """How much a value's like usually leaps, or its own series where that is long enough to tell and leaps more."""
    count = np.bincount(series[~np.isnan(leaps)], minlength=int(series.max(initial=-1)) + 1)
    own = np.where(count[series] >= ENOUGH, scale(leaps, series, _OWN), 0.0)
    kind = np.bincount(group[~np.isnan(leaps)], minlength=int(group.max(initial=-1)) + 1)[group]
    all_ = np.where(kind < ENOUGH, scale(leaps, np.zeros_like(group)), 0.0)  # a kind seen seldom may leap as any does
    return np.maximum(np.maximum(scale(leaps, group), own), all_)


def _lasting(x: Floats, near: Around, size: Floats) -> Bools:
    """Whether the one, two or three values on the short side stand where the value does: a new level, not a slip."""
    short = np.where(near.befores >= FEW, near.after, near.before)
    with np.errstate(invalid="ignore"):
        stays = np.abs(x - short) < size / 2
    return np.asarray(stays & ~at_ten(size))


def _amid_quiet(x: Floats, series: Ints, at: Ints) -> Bools:
    """Whether all but two of the values around these stand close together and far from them."""
    before, after = neighbours(x, series, at)
    around_ = np.concatenate([before, after], axis=1)
    level = np.nanmedian(around_, axis=1) if len(at) else np.empty(0)
    size = np.abs(x[at] - level)
    far = (np.abs(around_ - level[:, None]) > size[:, None] / 3).sum(axis=1)
    return np.asarray(far <= 2)


def _shared(moved: Floats, leap: Floats, group: Ints, time: Ints, candidates: Bools) -> Bools:
    """Whether others of the kind moved along at the same time by more than half as much (as a logarithm)."""
    shared = np.zeros(len(leap), np.bool_)
    if not candidates.any():
        return shared
    when = np.unique(group * (int(time.max()) + 1) + time, return_inverse=True)[1]
    at = np.flatnonzero(np.isin(when, when[candidates]))
    along, count = others(moved[at], when[at])
    with np.errstate(invalid="ignore"):
        shared[at] = (count > 0) & (np.sign(along) == np.sign(leap[at])) & (np.abs(along) > np.abs(leap[at]) / 2)
    return shared & candidates & ~at_ten(np.abs(leap))


def _by_kind(x: Floats, group: Ints, time: Ints, lone: Bools, factor: float) -> tuple[Bools, Floats, Bools]:
    """What stands out among others of its kind, those of its own time where they are enough; and what is usual there.

    Only for values whose own series is too short to say anything.
    """
    out, usual, known = np.zeros(len(x), np.bool_), np.full(len(x), np.nan), np.zeros(len(x), np.bool_)
    if not lone.any():
        return out, usual, known
    for among in (group, np.unique(group * (int(time.max()) + 1) + time, return_inverse=True)[1]):
        at = np.flatnonzero(np.isin(among, among[lone]))
        level, count = others(x[at], among[at])
        off = np.abs(x[at] - level)
        spread, _ = others(np.nan_to_num(off), among[at])
        enough = count >= _KINDS
        far = (off >= math.log(factor * _BY_KIND)) & (off >= _KIND * np.maximum(spread * 1.4826, UNKNOWN))
        out[at] = np.where(enough, far, out[at])
        usual[at] = np.where(enough, level, usual[at])
        known[at] |= enough
    return out & lone, usual, known & lone


def _plain(table: pa.Table) -> pa.Table:
    """Words as they are: two tables number them differently."""
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(field.type.value_type))
    return table
