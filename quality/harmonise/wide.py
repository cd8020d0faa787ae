"""Tables that lie on their side: which headers are values of a standard, and which of its numbers they hold."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.contract import ColumnType
from core.mapping import Like, Melt
from core.reference import fold
from quality.harmonise.axes import Axes, Reading
from quality.harmonise.fit import Fit, fit
from quality.harmonise.heading import names_a_kind
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.words import Header, Words
from quality.headers import squeezed

#: So many different values make headers values; of a closed list (a sex) two do.
_ENOUGH, _ENOUGH_CLOSED = 3, 2
#: Two indicators beside each other are a panel: their names are nothing else's.
PANEL = "indicator"
#: A rest that is less like the words of a measure is something else (an age group).
_MEASURE, _NAMED = 0.7, 0.85
#: Bare numbers are days of a month where there are so many of them.
_DAYS = 10
_DAY = r"(?:tgl|tanggal|hari)?\.?\s*(?P<day>\d{1,2})"
_YEARS_MONTH = r"\D*(?P<year>(?:19|20)\d\d)\D*"
#: Columns whose values a pattern reads as digits.
_COUNTED = frozenset({"month", "year", "day"})
_HOUR = re.compile(r"\d{1,2}[.:]\d\d")
_DATED = (ColumnType.DATE, ColumnType.MOMENT)
_GAP = "[ _]+"
#: What the last value of a header begins with, where the one before it is of words too: `RPH Krian Kabupaten Sidoarjo`.
_LAST = (".+", r"(?:kota|kabupaten|kab\.?|provinsi|prov\.?)[ _]+.+")
_FOUR = re.compile(r"(?:19|20)\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d|'\d\d|[-/. ]\d\d$")


@dataclass(frozen=True)
class Group:
    """Columns whose headers are values of the same columns of the standard.

    Attributes:
        columns: with the reading of each header.
        value: the standard's column that takes the cells; `fits`: what each column's cells say about that.
        likeness: how alike the rest of the header is to it; None where nothing is left of the header.
        rivals: other numbers of the standard that the cells would fit as well.
        dated: the headers go to a column of dates.
    """

    columns: tuple[tuple[Profile, Reading], ...]
    names: tuple[str, ...]
    value: Target
    fits: tuple[Fit, ...]
    likeness: float | None
    rivals: tuple[str, ...]
    dated: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of values the headers are."""
        return tuple(value.kind for value in self.columns[0][1].values)

    @property
    def quarterly(self) -> bool:
        """Whether headers name months by their quarter, or years by a month, so that something else may be meant."""
        values = [v for _, r in self.columns for v in r.values if v.target in _COUNTED]
        years = [y for v in values if (v.target, v.kind) == ("year", "month") for y in _FOUR.findall(v.text)]
        return any(v.kind == "known" for v in values) or len(set(years)) < len(years)

    @property
    def odds(self) -> float:
        """What the cells say, in the middle of the columns."""
        found = sorted(one.odds for one in self.fits)
        return found[len(found) // 2]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why the headers are values."""
        shown = ", ".join(c.name for c, _ in self.columns[:3])
        return (Evidence("melted", {"count": len(self.columns), "shown": shown, "kind": " + ".join(self.names)}),)


def groups(
    columns: Sequence[Profile], targets: Sequence[Target], axes: Axes, words: Words, stated: str | None
) -> tuple[Group, ...]:
    """The groups of a table's headers that are values, the largest first; each column is in one at most.

    Args:
        stated: the unit of the whole table.
    """
    found: dict[tuple[tuple[str, ...], tuple[str, ...], str], list[tuple[Profile, Reading]]] = defaultdict(list)
    for column in columns:
        if not column.empty and column.numeric < 0.6:
            continue
        seen = set()
        for reading in axes.readings(column.name):
            names = tuple(v.target for v in reading.values)
            key = (names, tuple(_sort(v.kind) for v in reading.values), reading.shape)
            if key not in seen:
                seen.add(key)
                found[key].append((column, reading))
    out: list[Group] = []
    taken: set[int] = set()
    measures = [t for t in targets if t.measure]
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), len(item[0][2]), item[0]))
    for (names, _, _), members in ordered:
        kept = [(c, r) for c, r in members if c.at not in taken]
        if len(kept) < _ENOUGH_CLOSED:
            continue
        group = _group(kept, names, measures, own=_own_words(names, targets), words=words, stated=stated)
        if group is not None and any(t.name in names and t.column.type in _DATED for t in targets):
            group = replace(group, dated=True)
        if group is not None and (_enough(kept, names, targets) or _all_there(group, columns)):
            out.append(group)
            taken |= {c.at for c, _ in kept}
    return tuple(out)


def _sort(kind: str) -> str:
    return kind if kind == "known" else "time"


def _enough(members: Sequence[tuple[Profile, Reading]], names: tuple[str, ...], targets: Sequence[Target]) -> bool:
    distinct = {tuple(v.text.lower() for v in r.values) for _, r in members}
    if members and all(v.kind == "day" for _, r in members for v in r.values):
        return len(distinct) >= _DAYS
    closed = len(names) > 1 or any(t.name in names and (t.values or t.column.reference == PANEL) for t in targets)
    return len(distinct) >= (_ENOUGH_CLOSED if closed else _ENOUGH)


def _all_there(group: Group, columns: Sequence[Profile]) -> bool:
    """Whether few headers do: each also names the measure, or no number of the table stands under another header."""
    if group.likeness is not None and group.likeness >= _NAMED:
        return True
    places = {c.at for c, _ in group.columns}
    known = all(v.kind == "known" for _, r in group.columns for v in r.values)
    return known and not any(c.numeric > 0.6 and not c.counting and c.at not in places for c in columns)


def _own_words(names: tuple[str, ...], targets: Sequence[Target]) -> tuple[tuple[str, ...], ...]:
    return tuple(phrase for t in targets if t.name in names for phrase in t.phrases)


def _group(
    members: Sequence[tuple[Profile, Reading]],
    names: tuple[str, ...],
    measures: Sequence[Target],
    *,
    own: Sequence[tuple[str, ...]],
    words: Words,
    stated: str | None,
) -> Group | None:
    rest = words.header(members[0][1].rest)
    own_words = any(words.likeness(rest.tokens, phrase) > 0.8 for phrase in own)
    if own_words:
        rest = words.header("")  # `Kabupaten/Kota Cilacap`: the upper level only says what the lower one is
    weighed: list[tuple[float, float | None, Target, tuple[Fit, ...]]] = []
    for target in measures:
        fits = tuple(fit(column, target, {}, stated) for column, _ in members if not column.empty)
        if not fits:
            continue
        middle = sorted(f.odds for f in fits)[len(fits) // 2]
        likeness = target.likeness(rest.tokens, words)[0] if rest.tokens else None
        if rest.silent and members[0][1].rest and not own_words:
            continue
        if rest.silent and not target.column.required and len(measures) > 1:
            continue  # a header that names no measure stands over what the standard is about
        if middle < -1.5 or (likeness is not None and likeness < _MEASURE) or _another(rest, target):
            continue
        if target.column.unit == "orang" and names_a_kind(rest, target, words):
            continue
        score = middle + (3 * likeness if likeness is not None else 0) + (2.0 if target.column.required else 0.0)
        weighed.append((score, likeness, target, fits))
    if not weighed:
        return None
    weighed.sort(key=lambda one: -one[0])
    score, likeness, value, fits = weighed[0]
    rivals = tuple(t.name for s, _, t, _ in weighed[1:] if s > score - 1.0)
    return Group(tuple(members), names, value, fits, likeness, rivals)


def _another(rest: Header, target: Target) -> bool:
    """Whether words of what is left of a header make its numbers another figure."""
    return any(not any(word in phrase for phrase in target.phrases) for word in rest.nots)


def melt(group: Group, columns: Sequence[Profile], period: tuple[str | None, str | None]) -> Melt:
    """The group as a mapping has it, so that the next month's column is taken up without a question.

    Args:
        columns: of the whole table, among which one may say the year.
        period: year and month that the title says, as digits.
    """
    listed = tuple(c.name for c, _ in group.columns)
    first = group.columns[0][1]
    kinds = {v.kind for _, r in group.columns for v in r.values}
    value, names = group.value.name, group.names
    if kinds == {"day"}:
        written = {names[0]: f"{period[0]}-{period[1]}-{{day}}"} if None not in period else {}
        return Melt(value, listed, pattern=_DAY, written=written) if written else Melt(value, listed, names[0])
    if kinds == {"hour"} and all(_HOUR.fullmatch(name.strip()) for name in listed):
        days = (c.name for c in columns if c.name not in listed and c.dated > 0.8 and c.timed < 0.5)
        if (day := next(days, None)) is not None:
            return Melt(value, listed, names[0], written={names[0]: f"{{{day}}} {{}}"})
    if len(names) == 1 and kinds == {"known"} and names[0] in _COUNTED:
        return Melt(value, listed, names[0])  # a quarter's words are told with the mapping
    if len(names) == 1 and not first.rest and kinds == {"month"} and names[0] == "year":
        return Melt(value, listed, pattern=_YEARS_MONTH)  # the month in which a yearly figure was taken
    if len(names) == 1 and not first.rest:
        likes: dict[str, Like] = {"year": "year", "month": "month", "date": "date", "known": "known"}
        like = likes.get(next(iter(kinds))) if len(kinds) == 1 else None
        undated = like == "month" and group.dated and not any(_YEAR.search(name) for name in listed)
        year = next((f"{{{c.name}}}" for c in columns if c.name not in listed and c.yearly > 0.9), period[0])
        if undated and year is not None:
            return Melt(value, listed, names[0], like, written={names[0]: f"{year}-{{month}}-01"})
        return Melt(value, listed, names[0], like)
    patterns = [_pattern(first, names, last) for last in _LAST]
    exact = (p for p in patterns if all(_reads(p, column.name, reading) for column, reading in group.columns))
    return Melt(value, listed, pattern=next(exact, patterns[0]))


def _pattern(reading: Reading, names: Sequence[str], last: str) -> str:
    """What reads headers of a shape: each value as short as may be, the last one as `last` says."""
    pieces = [*(f"(?P<{name}>.+?)" for name in names[:-1]), f"(?P<{names[-1]}>{last})"]
    return _GAP.join(re.escape(part) if part != "{}" else pieces.pop(0) for part in _shape(reading))


def _reads(pattern: str, header: str, reading: Reading) -> bool:
    """Whether a pattern finds in a header the values that were read there."""
    found = re.fullmatch(pattern, squeezed(header), re.IGNORECASE)
    wanted = {value.target: fold(value.text) for value in reading.values}
    return found is not None and {name: fold(text or "") for name, text in found.groupdict().items()} == wanted


def _shape(reading: Reading) -> list[str]:
    out: list[str] = []
    for part in reading.shape.split(" "):
        if out and part != "{}" and out[-1] != "{}":
            out[-1] += f" {part}"
        else:
            out.append(part)
    return out
