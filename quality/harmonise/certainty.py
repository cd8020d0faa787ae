"""How sure an answer is: the odds of a pair against its rivals, of a standard against others and against none.

Calibrated so that 0.9 is only reached where header and cells agree, or one of them is overwhelming, and no other
column comes near (docs/adr/0017).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.contract import ColumnType
from quality.harmonise.fit import NEVER
from quality.harmonise.pairing import Pair, Pairing
from quality.harmonise.profile import Profile
from quality.harmonise.reading import Reading, likelihood

#: What a table must reach to fit a standard at all, and for each of its columns.
_NONE, _NONE_A_COLUMN = 2.2, 0.12
_TEMPERATURE = 0.8
#: What must be asked is never as sure as an answer.
_ASKED = 0.85
#: A pair of less may have to make way for another column; a header so alike may be about the same.
_FIRM, _LIKE = 2.0, 0.35
#: What a standard beyond doubt adds to a column that bears nearly the name of one of its own, and whose cells agree.
_KNOWN, _CALLED = 0.7, 0.8
#: A header so alike to a name is called so.
_NAMED = 0.85
#: A column that is called exactly so is hardly one of those that it is only like.
_EXACT_NAME, _LIKE_NAME, _SPARED = 1.0, 0.9, 0.25
#: Cells that speak no more against it may be what an unknown word names.
_POSSIBLE = -2.3
#: Columns of a number in two units: their cells are numbers, over so many rows, exactly so many times the other's.
_NUMBERS, _ROWS, _EXACT = 0.9, 4, 0.002
_DATES = (ColumnType.DATE, ColumnType.MOMENT)
#: Nothing is surer.
_MOST = 0.99


def of_standards(readings: Sequence[Reading], columns: int) -> Mapping[str, float]:
    """How likely each reading is, beside the others and beside none at all."""
    weights = {}
    for reading in readings:
        beside = sum(_beside(c) for c in reading.pairing.columns if c.at not in reading.pairing.chosen)
        apart = columns - len(reading.melted) + len(reading.groups) - beside
        none = _NONE + _NONE_A_COLUMN * min(apart, 15)
        weights[reading.contract.name] = math.exp(min(40.0, (reading.score - none) / _TEMPERATURE))
    whole = 1 + sum(weights.values())
    return {name: weight / whole for name, weight in weights.items()}


def _beside(column: Profile) -> bool:
    """Whether a column goes beside any table, so that it says nothing for or against a standard."""
    return column.empty or column.counting or column.words.beside(column.header.tokens)


def of_pair(pair: Pair, pairing: Pairing, *, clear: bool = False) -> float:
    """How sure a chosen pair is.

    Args:
        clear: the standard is beyond doubt, so that a name of one of its columns is likely to mean that.
    """
    known = clear and pair.heading.likeness >= _CALLED and not pair.heading.narrower and pair.fit.odds > 0
    sure = likelihood(pair.odds + (_KNOWN if known else 0.0))
    for (at, name), other in pairing.pairs.items():
        if other.odds <= NEVER or (at, name) == (pair.column.at, pair.target.name):
            continue
        chosen = pairing.chosen.get(at)
        if name == pair.target.name and at != pair.column.at:
            if same(pair.column, other.column, pair.target.name, pairing):
                continue
            better = chosen.odds if chosen is not None else 0.0
            sure *= 1 - _near(other.odds - max(0.0, better - other.odds), pair.odds)
        elif at == pair.column.at and not _later_date(pair, other, pairing):
            holder = pairing.filled.get(name)
            better = holder.odds if holder is not None else 0.0
            share = _near(other.odds - max(0.0, better - other.odds), pair.odds)
            exact = pair.heading.likeness >= _EXACT_NAME and other.heading.likeness < _LIKE_NAME
            sure *= 1 - share * (_SPARED if exact and not other.fit.telling else 1.0)
    if pair.fit.doubtful or pair.heading.another or pair.heading.narrower or pair.only:
        sure = min(sure, _ASKED)
    return min(sure, _MOST)


def _later_date(pair: Pair, other: Pair, pairing: Pairing) -> bool:
    """Whether the only date of a table could be one that the standard does without, its header saying no more of it."""
    mine, its = pair.target.column, other.target.column
    if mine.type not in _DATES or its.type not in _DATES or not mine.required or its.required:
        return False
    alone = sum(c.dated > 0.5 for c in pairing.columns) == 1
    return alone and other.heading.likeness <= pair.heading.likeness


def _near(rival: float, own: float) -> float:
    """The share that a rival takes away."""
    return 0.5 * likelihood(rival - own) * 2 if rival > own - 4 else 0.0


def of_unused(column: Profile, pairing: Pairing, taken: frozenset[str], *, named: bool) -> float:
    """How sure it is that a column is none of the standard's.

    Args:
        taken: columns of the standard that headers fill.
        named: its header is the very name of something, so that it is not what another column of the standard is.
    """
    if column.empty:
        return _MOST
    if any(same(column, one.column, one.target.name, pairing) for one in pairing.chosen.values()):
        return _MOST  # what it says is there already, by code or by name
    sure, chances = _any_number(column, pairing), [0.0]
    aside = _beside(column)
    for target in pairing.targets:
        one = pairing.pairs[column.at, target.name]
        if one.odds <= NEVER or target.name in taken:
            continue
        holder = pairing.filled.get(target.name)
        against = max(0.0, holder.odds) if holder is not None else 0.0
        chances.append(likelihood(one.odds - against))
        if holder is None and one.heading.likeness >= _NAMED and not one.heading.another:
            sure = min(sure, _ASKED)  # called so, whatever its cells look like
        free = holder is None or (target.measure and holder.odds < _FIRM and one.heading.likeness > _LIKE)
        other = named and one.heading.likeness <= _LIKE and not (one.target.column.required and one.fit.telling)
        another = one.heading.another and one.heading.likeness <= _LIKE
        if free and not other and not another and _could(one, aside=aside):
            sure = min(sure, _ASKED)
    return min(sure, 1 - max(chances), _MOST)


def _any_number(column: Profile, pairing: Pairing) -> float:
    """How sure a number may be left out of a standard whose own number may be anything: not, its name being unknown."""
    anything = any(t.measure and not t.column.unit and t.column.required for t in pairing.targets)
    beside = _beside(column) or bool(column.header.nots)
    return _ASKED if anything and not beside and column.numeric > _NUMBERS and column.yearly < _NUMBERS else 1.0


def _could(pair: Pair, *, aside: bool) -> bool:
    """Whether a column left out could be what nothing else fills, its header using a word that is not known.

    Args:
        aside: its header names what goes beside any table.
    """
    if pair.target.column.required:
        return pair.fit.odds >= (1.5 if aside else _POSSIBLE)
    return not aside and pair.fit.odds >= _POSSIBLE


def same(one: Profile, other: Profile, target: str, pairing: Pairing) -> bool:
    """Whether two columns say the same of every row: one by code and one by name, or a number in two units."""
    first, second = pairing.pairs.get((one.at, target)), pairing.pairs.get((other.at, target))
    if first is None or second is None:
        return False
    if first.target.measure:
        return _scaled(one, other)
    if first.target.column.reference is None:
        return False
    name = "region" if first.target.column.reference == "region" else first.target.column.reference
    mine, theirs = one._coded.get(name), other._coded.get(name)
    if mine is None or theirs is None:
        return False
    known = dict(zip(one.spellings, mine.codes, strict=False))
    others = dict(zip(other.spellings, theirs.codes, strict=False))
    agree = differ = 0
    for a, b in zip(one.cells, other.cells, strict=True):
        left, right = known.get(a or "", ()), others.get(b or "", ())
        if left and right:
            agree += bool(set(left) & set(right))
            differ += not set(left) & set(right)
    return agree > 0 and differ <= 0.02 * agree


def _scaled(one: Profile, other: Profile) -> bool:
    """Whether two columns of numbers are the same in units a thousand or a million apart, a row as good as the next."""
    if one.numeric < _NUMBERS or other.numeric < _NUMBERS:
        return False
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = one.series / other.series
    there = ratios[np.isfinite(ratios) & (ratios > 0)]
    if len(there) < _ROWS:
        return False
    power = float(np.median(np.log10(there)))
    return round(power) in (-6, -3, 3, 6) and bool(np.all(np.abs(np.log10(there) - round(power)) < _EXACT))
