"""Which column of a table is which of a standard: all pairs weighed, then the best whole assignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from core.reference import CodeList
from quality.harmonise.fit import NEVER, Fit, fit
from quality.harmonise.heading import Heading, heading
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.words import Words

#: Odds that any two columns belong together before anything is known of them.
PRIOR = -1.5
#: A pair of less than these odds is not proposed.
LEAST = -0.6


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of a table and one of a standard, with what speaks for and against them."""

    column: Profile
    target: Target
    heading: Heading
    fit: Fit

    @property
    def odds(self) -> float:
        """All the evidence together."""
        if self.fit.odds <= NEVER:
            return NEVER
        return PRIOR + self.heading.odds + self.fit.odds

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why, the header first."""
        return (*self.heading.evidence, *self.fit.evidence)


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
    columns: Sequence[Profile], targets: Sequence[Target], references: Mapping[str, CodeList], words: Words
) -> Pairing:
    """The best assignment of a table's columns to a standard's, each at most once."""
    pairs: dict[tuple[int, str], Pair] = {}
    for column in columns:
        for target in targets:
            said = heading(column, target, words)
            pairs[column.at, target.name] = Pair(column, target, said, _cells(column, target, references, said))
    gains = np.array([[max(0.0, pairs[c.at, t.name].odds - LEAST) for t in targets] for c in columns])
    chosen = {}
    if gains.size:
        for i, j in zip(*linear_sum_assignment(gains, maximize=True), strict=True):
            if gains[i, j] > 0:
                chosen[columns[i].at] = pairs[columns[i].at, targets[j].name]
    return Pairing(tuple(columns), tuple(targets), pairs, chosen)


def _cells(column: Profile, target: Target, references: Mapping[str, CodeList], said: Heading) -> Fit:
    """What the cells say; looked at only where the header leaves it open or nothing else speaks."""
    return fit(column, target, references)
