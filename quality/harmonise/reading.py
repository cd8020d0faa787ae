"""A table read as one standard: what fills its columns, what is left over, and how well the whole fits."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.contract import Contract
from core.reference import CodeList
from quality.harmonise.around import Around
from quality.harmonise.axes import Axes
from quality.harmonise.heading import Heading
from quality.harmonise.pairing import Hints, Pair, Pairing, pair
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.wide import PANEL, Group, groups
from quality.harmonise.words import Words

#: What is lost where a column that the standard needs is nowhere.
_NO_MEASURE, _NO_TIME, _NO_KEY, _NO_YEAR, _NO_OTHER, _NO_REGION, _NO_LISTED = 3.0, 1.6, 1.2, 0.8, 0.7, 0.4, 0.3
_NO_CODE = 2.2
#: What is lost where a column of texts says of each row something that the standard does not know.
_UNKNOWN, _MOST_UNKNOWN = 0.6, 3
_TITLE = 2.5
#: Words for places that lie within those of a standard.
_PLACES = frozenset({"desa", "kelurahan", "kecamatan", "dusun", "rt", "rw", "alamat", "kabupaten", "kota", "provinsi"})
#: A header less alike to a thing's name does not say that it is one.
_THING = 0.97
#: Rows of which so many have the key of another are told apart by something else.
_AGAIN = 0.1
#: What is lost where people are divided into kinds that the standard does not know.
_DIVIDED = 3.0
#: What is lost where more than a third of what the standard needs is nowhere, and won where all of it is there.
_LACKING, _COMPLETE = 6.0, 1.5
#: What is won for each number that the standard is about where all of them are there by their very names, and the share
#: of what it needs that may then be nowhere.
_BY_NAME, _SPARED, _VERY = 0.6, 0.5, 0.97
#: A title so alike to a standard names it; so does a code of its list.
_NAMED, _BY_CODE = 0.69, 0.9
#: What is won where headers are codes of a list.
_IN_HEADERS = 1.0
#: A header that is a code of the standard's list says that its numbers are that.
_NAMING = 4.0
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
#: A number of deaths is no rate of them.
_COUNT = ("jumlah",)
#: Words that say that a figure is no count, though its header says more than the name (... Miskin Sumatera).
_SHARE = frozenset({"persen", "persentase", "indeks", "angka", "rata"})
#: Headers that name no measure need a title that does.
_TITLED, _UNTITLED = 2.0, -2.5


@dataclass(frozen=True)
class Reading:
    """A table as one standard.

    Attributes:
        pairing: of the columns that no group has taken.
        groups: headers that are values.
        constants: the standard's column to a text for all rows, and why.
        score: how well it fits; comparable between standards for the same table.
        turned_down: places of columns whose headers are values, of which an ordinary column says as much.
        parted: neither where nor when is said, its numbers are people of whom nobody says who they are, or its rows or
            figures are parts by something that the standard does not know.
    """

    contract: Contract
    targets: tuple[Target, ...]
    pairing: Pairing
    groups: tuple[Group, ...]
    constants: Mapping[str, tuple[str, Evidence]]
    title: float
    score: float
    absent: tuple[Target, ...]
    parted: bool = False
    turned_down: frozenset[int] = frozenset()

    def about(self, target: Target) -> bool:
        """Whether a number is what the standard is about: it needs it, or has no other."""
        return target.measure and (target.column.required or sum(t.measure for t in self.targets) == 1)

    def between(self, column: Profile) -> bool:
        """Whether a number stands among headers that are things of a list, or beside indicators, so that its header may
        be one too."""
        if column.numeric <= 0.6 or column.counting:
            return False
        listed = [g for g in self.groups if "known" in g.kinds]
        places = [[c.at for c, _ in g.columns] for g in listed]
        panels = {t.name for t in self.targets if t.column.reference == PANEL}
        beside = column.yearly < 0.9 and any(panels & set(g.names) for g in listed)
        return beside or any(min(p) < column.at < max(p) for p in places)

    @property
    def melted(self) -> Mapping[int, Group]:
        """The group of each melted column, by its place."""
        return {column.at: group for group in self.groups for column, _ in group.columns}

    @property
    def filled(self) -> frozenset[str]:
        """The standard's columns that the table fills."""
        return frozenset(self.pairing.filled) | {n for g in self.groups for n in (*g.names, g.value.name)}


def read_as(
    contract: Contract,
    targets: tuple[Target, ...],
    columns: Sequence[Profile],
    *,
    references: Mapping[str, CodeList],
    around: Around,
    words: Words,
    regions: frozenset[str],
) -> Reading:
    """The best reading of a table as one standard."""
    axes = Axes(targets, references, words)
    title, unit = around.likeness(contract, targets, words), around.unit(columns)
    hints = Hints(title >= _NAMED, unit)
    plain = pair(columns, targets, references, words, hints)
    every = groups(columns, targets, axes, words, unit)
    found = tuple(_named_by_sum(g, plain) for g in every if not _beaten(g, plain))
    taken_up = {c.at for g in found for c, _ in g.columns}
    turned_down = frozenset(c.at for g in every for c, _ in g.columns if c.at not in taken_up)
    said: dict[str, tuple[str, Evidence]] = {}
    if not found:
        titled = around.constants(
            contract, targets, frozenset(plain.filled), references=references, axes=axes, words=words, regions=regions
        )
        said, headings = _named_by_header(
            columns, targets, plain, references=references, axes=axes, titled=titled, words=words
        )
        if headings:
            plain = pair(columns, targets, references, words, replace(hints, headings=headings))
    if found:
        taken = {c.at for g in found for c, _ in g.columns}
        done = {n for g in found for n in (*g.names, g.value.name)}
        rest = [c for c in columns if c.at not in taken]
        plain = pair(rest, [t for t in targets if t.name not in done], references, words, hints)
    filled = frozenset(plain.filled) | {n for g in found for n in (*g.names, g.value.name)}
    constants = (
        around.constants(contract, targets, filled, references=references, axes=axes, words=words, regions=regions)
        | said
    )
    for target in targets:
        if target.name in constants and target.column.reference not in (None, "region"):
            title = max(title, _BY_CODE * target.weight)
    constants = _year_in_headers(targets, plain, constants)
    absent = tuple(t for t in targets if t.column.required and t.name not in filled and t.name not in constants)
    people = any(t.measure and t.column.unit == "orang" and t.column.required for t in targets)
    of_kind = people and around.of_a_kind(contract, targets, words)
    score = _score(contract, targets, plain, found, constants=constants, title=title) - (_DIVIDED if of_kind else 0.0)
    counted = _unmeasured(targets, filled) and any(t.measure and t.column.unit == "orang" for t in targets)
    unnamed = people and ((title < _NAMED and any(g.likeness is None for g in found)) or len(absent) > 1)
    parts = people and (any(_divides(c) for c in plain.columns) or _is_sum(plain))
    times = any(t.yearly or t.name == contract.time_column for t in absent)
    nowhere = times and any(t.name == contract.region_column for t in absent)
    parted = nowhere or of_kind or counted or unnamed or parts or _parted(targets, plain) or _unknown(plain)
    return Reading(contract, targets, plain, found, constants, title, score, absent, parted, turned_down)


def _is_sum(plain: Pairing) -> bool:
    """Whether the people of a table are the sum of its other numbers, so that those are kinds of them."""
    rest = [c for c in plain.columns if c.at not in plain.chosen and c.numeric > 0.9 and not c.counting and not c.empty]
    chosen = [p.column for p in plain.chosen.values() if p.target.measure]
    return len(rest) > 1 and any(_sum(column, rest) for column in chosen)


def _unknown(plain: Pairing) -> bool:
    """Whether what every row is about is a guess: no cell is of the list that it must be of, and no header says so."""
    things = [
        p for p in plain.chosen.values() if p.target.column.key and p.target.column.reference not in (None, "region")
    ]
    return any(p.heading.likeness < _THING and not p.fit.telling and p.fit.odds < 0 for p in things)


def _parted(targets: Sequence[Target], pairing: Pairing) -> bool:
    """Whether rows with the same key are told apart by a column that the standard does not know: trades, ages."""
    keys = [pair.column for name, pair in pairing.filled.items() if pair.target.column.key]
    if not any(t.measure and t.column.required and t.column.unit == "orang" for t in targets):
        return False
    own = (t for t in targets if t.column.key and t.numeric and not t.yearly)
    if not pairing.columns or any(t.name not in pairing.filled for t in own):
        return False  # what the standard itself counts rows of one key by
    rows = list(zip(*(column.cells for column in keys), strict=True)) if keys else [()] * pairing.columns[0].rows
    again = len(rows) - len(set(rows))
    if again < _AGAIN * len(rows):
        return False
    for column in pairing.columns:
        if column.at in pairing.chosen or column.numeric > 0.5 or len(column.spellings) < 2:
            continue
        if _PLACES & set(column.header.tokens):
            continue
        finer = len(rows) - len(set(zip(rows, column.cells, strict=True)))
        if finer < again / 2:
            return True
    return False


def _named_by_header(
    columns: Sequence[Profile],
    targets: Sequence[Target],
    plain: Pairing,
    *,
    references: Mapping[str, CodeList],
    axes: Axes,
    titled: Mapping[str, tuple[str, Evidence]],
    words: Words,
) -> tuple[dict[str, tuple[str, Evidence]], dict[tuple[int, str], Heading]]:
    """A measure whose header is the one thing that the standard asks of each row (`upah_minimum`, `TPT`).

    Where the title names that thing, a header that says part of its name does.
    """
    values = [t for t in targets if t.measure and t.column.required]
    listed = [t for t in targets if t.column.key and t.column.reference not in (None, "region")]
    for target in listed:
        codes = references.get(target.column.reference or "")
        if codes is None or target.name in plain.filled or len(values) != 1:
            continue
        numeric = [c for c in columns if c.numeric >= 0.6 and c.header.tokens[:1] != _COUNT]
        if target.name in titled and not any(v.target == target.name for c in numeric for v in axes.values(c.name)):
            part = _parts(codes, titled[target.name][0], numeric, words)
            if len(part) == 1:
                why = Evidence("named_by_title", {"header": part[0].name, "value": titled[target.name][0]})
                return {}, {(part[0].at, values[0].name): Heading(_NAMING - 1, 0.8, (why,))}
        named = [c for c in columns if c.numeric >= 0.6 and any(v.target == target.name for v in axes.values(c.name))]
        if len(named) != 1:
            continue
        code = codes.resolve(_bare(named[0].name)).code
        if code is not None:
            why = Evidence("named_by_header", {"header": named[0].name, "value": code})
            return {target.name: (code, why)}, {(named[0].at, values[0].name): Heading(_NAMING, 1.0, (why,))}
    return {}, {}


def _parts(codes: CodeList, code: str, columns: Sequence[Profile], words: Words) -> list[Profile]:
    """The columns whose header says part of a code's name."""
    spellings = [codes.codes.get(code, ""), *(s for s, meant in codes.spellings.items() if meant == (code,))]
    names = [set(words.tokens(spelling)) for spelling in spellings]
    found = []
    for column in columns:
        said = {t for t in column.header.tokens if words.weight(t) > 0.5}
        if said and any(said <= name or (len(name) > 1 and name <= said and said & _SHARE) for name in names):
            found.append(column)
    return found


def _bare(header: str) -> str:
    return re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", header.replace("_", " ")).strip()


def _beaten(group: Group, plain: Pairing) -> bool:
    """Whether an ordinary column holds what the group would, or the headers are ordinary columns themselves."""
    places = {c.at for c, _ in group.columns}
    other = plain.filled.get(group.value.name)
    if other is not None and other.column.at not in places and other.heading.likeness >= 0.7 and other.odds > 1.5:
        return not _sum(other.column, [c for c, _ in group.columns])
    own = [p for at, p in plain.chosen.items() if at in places and p.heading.likeness >= 0.95 and p.odds > 2.0]
    return len(own) > len(places) / 2


def _sum(whole: Profile, parts: Sequence[Profile]) -> bool:
    """Whether a column is the sum of others in nearly every row, so that it says nothing that they do not."""
    if whole.numeric < 0.9 or any(part.numeric < 0.9 for part in parts):
        return False
    added = np.sum([part.series for part in parts], axis=0)
    there = np.isfinite(added) & np.isfinite(whole.series)
    return int(there.sum()) > 1 and bool(np.mean(np.abs(added - whole.series)[there] <= 0.01 * added[there]) > 0.9)


def _year_in_headers(
    targets: Sequence[Target], plain: Pairing, constants: Mapping[str, tuple[str, Evidence]]
) -> dict[str, tuple[str, Evidence]]:
    """The constants, and the one year that headers of the standard's numbers say where nothing else says it."""
    said = {y: p.column.name for p in plain.chosen.values() if p.target.measure for y in _YEAR.findall(p.column.name)}
    if len(said) != 1:
        return dict(constants)
    [(year, header)] = said.items()
    why = Evidence("title", {"text": header, "value": year})
    wanted = (t.name for t in targets if t.yearly and t.name not in plain.filled and t.name not in constants)
    return {**constants, **dict.fromkeys(wanted, (year, why))}


def _named_by_sum(group: Group, plain: Pairing) -> Group:
    """A group whose headers name no measure, with the name of the column that is its sum."""
    other = plain.filled.get(group.value.name)
    if group.likeness is not None or other is None or other.heading.likeness < 0.85:
        return group
    parts = [c for c, _ in group.columns]
    inside = any(part.at == other.column.at for part in parts)
    return replace(group, likeness=other.heading.likeness) if not inside and _sum(other.column, parts) else group


def likelihood(odds: float) -> float:
    """Odds as a probability."""
    return 1 / (1 + math.exp(-odds))


def _score(
    contract: Contract,
    targets: Sequence[Target],
    pairing: Pairing,
    found: Sequence[Group],
    *,
    constants: Mapping[str, tuple[str, Evidence]],
    title: float,
) -> float:
    score = _TITLE * title
    for one in pairing.chosen.values():
        score += likelihood(one.odds) * (0.4 + 1.6 * one.target.weight)
    if any(g.likeness is None for g in found):
        score += _TITLED * title if title >= _NAMED else _UNTITLED
    melted = {n for g in found for n in (*g.names, g.value.name)}
    score += sum(0.4 + 1.6 * t.weight for t in targets if t.name in melted)
    headed = {name for g in found for name in g.names}
    score += sum(_IN_HEADERS for t in targets if t.name in headed and t.column.reference not in (None, "region"))
    filled = melted | {name for name, one in pairing.filled.items() if one.odds > 0}
    for target in targets:
        if not target.column.required or target.name in melted:
            continue
        chosen = pairing.filled.get(target.name)
        there = likelihood(chosen.odds) if chosen is not None else 0.8 if target.name in constants else 0.0
        score -= _lost(contract, target) * (1 - there)
    measures = [t for t in targets if t.measure]
    unmeasured = _unmeasured(targets, filled)
    score -= _NO_MEASURE if unmeasured else 0.0
    needed = [t for t in targets if t.column.required and not t.values]
    lacking = [t for t in needed if t.name not in filled and t.name not in constants]
    named = [t for t in needed if t.measure and t.name in pairing.filled and _by_name(pairing.filled[t.name])]
    all_named = bool(named) and len(named) == sum(t.measure for t in needed)
    score += _BY_NAME * len(named) if all_named else 0.0
    score -= _LACKING * max(0.0, len(lacking) / len(needed) - (_SPARED if all_named else 0.34)) if needed else 0.0
    people = any(t.column.unit == "orang" for t in measures)
    score += _COMPLETE if not lacking and not (unmeasured and people) else 0.0
    unknown = sum(_tells(c) for c in pairing.columns if c.at not in pairing.chosen)
    if people and any(_divides(c) for c in pairing.columns):
        score -= _DIVIDED
    return score - _UNKNOWN * min(_MOST_UNKNOWN, unknown)


def _divides(column: Profile) -> bool:
    """Whether it divides people by what no standard knows: ages, schools, faiths."""
    return len(column.spellings) > 1 and bool(column.words.parts & set(column.header.tokens))


def _unmeasured(targets: Sequence[Target], filled: Collection[str]) -> bool:
    """Whether the one number that a standard is about is nowhere, though rows may do without it."""
    measures = [t for t in targets if t.measure]
    return len(measures) == 1 and not measures[0].column.required and measures[0].name not in filled


def _by_name(pair: Pair) -> bool:
    """Whether a number bears the very name of what the standard is about, and can be it."""
    return (
        pair.heading.likeness >= _VERY and pair.fit.odds > -0.5 and not pair.heading.another and not pair.fit.doubtful
    )


def _lost(contract: Contract, target: Target) -> float:
    if target.name == contract.region_column:
        return _NO_REGION
    if target.measure:
        return _NO_MEASURE
    if target.yearly:
        return _NO_YEAR
    if target.name == contract.time_column:
        return _NO_TIME
    if target.values:
        return _NO_LISTED
    if target.column.key and target.column.reference:
        return _NO_CODE
    return _NO_KEY if target.column.key else _NO_OTHER


def _tells(column: Profile) -> bool:
    """Whether a column left over says of each row something of its own, so that rows are not the standard's."""
    if column.empty or column.numeric > 0.5 or len(column.spellings) < 2 or column.dated > 0.5:
        return False
    return not column.words.beside(column.header.tokens)
