"""Which column of a table is which of a standard: all pairs weighed, then the best whole assignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.reference import CodeList
from quality.harmonise.fit import NEVER, Fit, fit
from quality.harmonise.heading import Heading, heading
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.words import Words

#: Odds that any two columns belong together before anything is known of them.
PRIOR = -1.5
#: Cells that say so much need no header.
_TOLD = 2.0
#: A header so alike to a name says what its column is.
_NAMED = 0.7
#: That no other column can be what the standard needs.
_ONLY = 2.5
#: A pair of less than these odds is not proposed.
LEAST = -0.6


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of a table and one of a standard, with what speaks for and against them.

    Attributes:
        only: no other column can be what the standard needs.
    """

    column: Profile
    target: Target
    heading: Heading
    fit: Fit
    only: bool = False

    @property
    def odds(self) -> float:
        """All the evidence together."""
        if self.fit.odds <= NEVER:
            return NEVER
        return PRIOR + self.heading.odds + self.fit.odds + (_ONLY if self.only else 0.0)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why, the header first."""
        only = (Evidence("only"),) if self.only else ()
        return (*self.heading.evidence, *self.fit.evidence, *only)


@dataclass(frozen=True)
class Hints:
    """What the whole table says of its columns.

    Attributes:
        named: its title names the standard.
        unit: that is stated for the whole table, in its title or a column of its own.
        headings: what is known of a header, by column's place and target's name, beyond its own words.
    """

    named: bool = False
    unit: str | None = None
    headings: Mapping[tuple[int, str], Heading] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairing:
    """A standard's columns found in a table.

    Attributes:
        pairs: every pair, by column's place and target's name.
        chosen: the pairs of the best whole assignment, by column's place.
    """

    columns: tuple[Profile, ...]
    targets: tuple[Target, ...]
    pairs: Mapping[tuple[int, str], Pair]
    chosen: Mapping[int, Pair]

    @property
    def filled(self) -> Mapping[str, Pair]:
        """The chosen pairs by the standard's column."""
        return {pair.target.name: pair for pair in self.chosen.values()}


def pair(
    columns: Sequence[Profile],
    targets: Sequence[Target],
    references: Mapping[str, CodeList],
    words: Words,
    hints: Hints,
) -> Pairing:
    """The best assignment of a table's columns to a standard's, each at most once."""
    pairs: dict[tuple[int, str], Pair] = {}
    for column in columns:
        for target in targets:
            said = hints.headings.get((column.at, target.name)) or heading(column, target, words, named=hints.named)
            pairs[column.at, target.name] = Pair(column, target, said, fit(column, target, references, hints.unit))
    pairs |= _coarse(columns, targets, pairs)
    pairs |= _only(columns, targets, pairs, named=hints.named)
    gains = np.array([[_gain(pairs[c.at, t.name]) for t in targets] for c in columns])
    chosen = {}
    if gains.size:
        from scipy.optimize import linear_sum_assignment  # a third of a second that no other command should pay

        for i, j in zip(*linear_sum_assignment(gains, maximize=True), strict=True):
            if gains[i, j] > 0:
                chosen[columns[i].at] = pairs[columns[i].at, targets[j].name]
    return Pairing(tuple(columns), tuple(targets), pairs, chosen)


def _coarse(
    columns: Sequence[Profile], targets: Sequence[Target], pairs: Mapping[tuple[int, str], Pair]
) -> dict[tuple[int, str], Pair]:
    """The pairs of regions beside finer ones: the province of each regency is no row's region."""
    out = {}
    for target in targets:
        if target.column.reference != "region":
            continue
        depths = {c.at: c.depth for c in columns if pairs[c.at, target.name].fit.telling}
        for column in columns:
            one = pairs[column.at, target.name]
            if one.fit.odds > NEVER and 0 < column.depth < max(depths.values(), default=0):
                coarser = (Evidence("other_level", {"share": 100}),)
                out[column.at, target.name] = replace(one, fit=Fit(NEVER, coarser))
    return out


def _gain(pair: Pair) -> float:
    """What choosing a pair is worth: one sure pair more than two doubtful ones, and what is needed first."""
    above = pair.odds - LEAST
    return float(above**1.5 + (0.4 if pair.target.column.required else 0.0)) if above > 0 else 0.0


def _only(
    columns: Sequence[Profile], targets: Sequence[Target], pairs: Mapping[tuple[int, str], Pair], *, named: bool
) -> dict[tuple[int, str], Pair]:
    """The pairs of what the standard needs and no header names with the only column whose cells can be it.

    Numbers are many things: the only one of a table is the standard's if the table is `named` after it, or if the cells
    of the other columns are all that the standard asks besides and no header says otherwise.
    """
    out = {}
    taken = {
        at
        for (at, _), one in pairs.items()
        if one.heading.likeness >= _NAMED and one.odds > 0 and not one.heading.another
    }
    for target in targets:
        if not target.column.required or any(pairs[c.at, target.name].odds > 0 for c in columns):
            continue
        if target.measure and not named and not _all_else(target, targets, columns, pairs):
            continue
        can = [c for c in columns if c.at not in taken and _can(pairs[c.at, target.name])]
        if len(can) == 1:
            out[can[0].at, target.name] = replace(pairs[can[0].at, target.name], only=True)
    return out


def _all_else(
    measure: Target, targets: Sequence[Target], columns: Sequence[Profile], pairs: Mapping[tuple[int, str], Pair]
) -> bool:
    """Whether cells alone tell all that is needed besides a number, and the numbers have headers that say nothing."""
    others = [t for t in targets if t.column.required and t.column.key and t is not measure and not t.values]
    told = all(any(pairs[c.at, t.name].fit.odds >= _TOLD for c in columns) for t in others)
    return told and len(others) > 1 and all(c.header.silent for c in columns if pairs[c.at, measure.name].fit.odds > 0)


def _can(pair: Pair) -> bool:
    if pair.heading.another or pair.column.counting or pair.column.words.beside(pair.column.header.tokens):
        return False
    return pair.fit.odds >= (1.5 if not pair.target.measure else 0.5)
