"""Proposes how a file's tables become rows of a standard: `suggest` is the door of `quality/harmonise`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from core.contract import ColumnType, Contract
from core.mapping import DateStyle, NumberStyle
from core.reference import CodeList
from core.styles import number_style
from core.table import TextTable
from quality.harmonise import units
from quality.harmonise.around import Around
from quality.harmonise.certainty import of_pair, of_standards, of_unused, same
from quality.harmonise.meant import taught
from quality.harmonise.pairing import Pair
from quality.harmonise.profile import Profile
from quality.harmonise.reading import Reading, likelihood, read_as
from quality.harmonise.sample import profiles
from quality.harmonise.suggestion import SURE, Codes, ColumnSuggestion, Evidence, Question, Suggestion
from quality.harmonise.target import Target, Wanted, wanted
from quality.harmonise.wide import Group, melt
from quality.harmonise.words import Words, load_words

#: A standard of less is not proposed, unless it shares with another what is clearly not nothing.
_LIKELY, _CLEAR = 0.5, 0.2
#: That nothing fits is never sure: a person may know words that no list has.
_STRANGE = 0.85
#: A standard so likely makes its own words surer.
_CLEARLY = 0.95
#: A table whose figure is only a part of the standard's may not be meant by it.
_PART = 0.85
#: A column whose other places are less likely has none worth a word.
_WORTH = 0.05
_SHOWN = 3


def suggest(
    tables: Sequence[TextTable],
    contracts: Mapping[str, Contract],
    references: Mapping[str, CodeList],
    *,
    title: str | None = None,
    file: str = "",
    regions: frozenset[str] = frozenset(),
    now: datetime,
    words: Words | None = None,
) -> tuple[Suggestion, ...]:
    """The likeliest reading of each table with columns, the surest first; a table that fits nothing has no standard.

    Args:
        references: code lists by the name that contracts refer to, of the whole nation.
        title: of the dataset at its source; `file`: the file's name.
        regions: the member's own codes; a member of one regency speaks of it where nothing else is said.
        now: bounds what may be a year.
        words: of the home (`load_words`); None takes the shipped ones.
    """
    sought = wanted(contracts, words if words is not None else load_words())
    known = sought.words
    out = []
    for table in tables:
        columns = profiles(table, known, now.year)
        if not columns:
            continue
        texts = (title or "", table.title or "", table.name.replace("/", " "), file.rpartition(".")[0])
        around = Around(tuple(dict.fromkeys(t for t in texts if t.strip())))
        readings = [
            read_as(contracts[name], one, columns, references=references, around=around, words=known, regions=regions)
            for name, one in sought.targets.items()
        ]
        out.append(_suggestion(table, columns, readings, references, around, sought=sought))
    return tuple(sorted(out, key=lambda s: (-s.confidence if s.standard else 1.0, -len(s.columns))))


def _suggestion(
    table: TextTable,
    columns: Sequence[Profile],
    readings: Sequence[Reading],
    references: Mapping[str, CodeList],
    around: Around,
    *,
    sought: Wanted,
) -> Suggestion:
    likely = of_standards(readings, len(columns))
    ranked = sorted(readings, key=lambda r: (-likely[r.contract.name], r.contract.name))
    best = ranked[0]
    chosen = best.pairing.chosen.values()
    if best.parted or any(
        p.heading.narrower and p.target.column.unit == "orang" and best.about(p.target) for p in chosen
    ):
        likely = {**likely, best.contract.name: min(_PART, likely[best.contract.name])}
    confidence = likely[best.contract.name]
    nothing = max(0.0, 1 - sum(likely.values()))
    if confidence < _LIKELY and confidence <= nothing + _CLEAR:
        fits_none = tuple(ColumnSuggestion(c.name, None, "unused", min(_STRANGE, nothing)) for c in columns)
        near = tuple(r.contract.name for r in ranked if likely[r.contract.name] > _WORTH)
        asked = (Question("standard", None, near),) if near else ()
        return Suggestion(None, nothing, table.name, table.place.row, fits_none, questions=asked)
    found = tuple(_column(c, best, ranked, likely, sought) for c in columns)
    evidence = [Evidence("standard", {"found": len(best.filled), "of": len(best.targets)})]
    if best.title > 0.9:
        evidence.append(Evidence("named", {"standard": best.contract.title["id"]}))
    return Suggestion(
        standard=best.contract.name,
        confidence=confidence,
        table=table.name,
        header_row=table.place.row,
        columns=found,
        constants={name: value for name, (value, _) in best.constants.items()},
        constant_evidence={name: said for name, (_, said) in best.constants.items()},
        melts=tuple(melt(g, columns, around.period) for g in best.groups),
        codes=_codes(best, references),
        evidence=tuple(evidence),
        questions=_questions(best, ranked, confidence, found, references),
        values=taught(best, references, sought.words),
    )


def _column(
    column: Profile, best: Reading, ranked: Sequence[Reading], likely: Mapping[str, float], sought: Wanted
) -> ColumnSuggestion:
    group = best.melted.get(column.at)
    if group is not None:
        return _melted(column, group, best, likely[best.contract.name])
    chosen = best.pairing.chosen.get(column.at)
    others = _others(column, best, chosen)
    taken = frozenset(n for g in best.groups for n in (*g.names, g.value.name))
    whole = likely[best.contract.name]
    if chosen is None:
        sure = _beside(
            of_unused(column, best.pairing, taken, named=sought.names(column.header.tokens)),
            None,
            column,
            ranked,
            likely,
        )
        again = any(same(column, one.column, one.target.name, best.pairing) for one in best.pairing.chosen.values())
        strange = column.at in best.turned_down or (best.between(column) and not again)
        sure = min(sure, whole, _PART if strange else 1.0)
        why = Evidence("empty") if column.empty else Evidence("counting" if column.counting else "nothing")
        return ColumnSuggestion(column.name, None, "unused", sure, (why,), alternatives=others)
    sure = _beside(of_pair(chosen, best.pairing, clear=whole >= _CLEARLY), chosen.target.name, column, ranked, likely)
    factor = units.written(chosen.fit.factor) if chosen.fit.factor is not None else None
    numbers, dates = _styles(column, chosen.target)
    return ColumnSuggestion(
        header=column.name,
        to=chosen.target.name,
        role="column",
        confidence=min(sure, whole),
        evidence=chosen.evidence,
        factor=factor,
        unit=chosen.fit.unit,
        number_style=numbers,
        date_style=dates,
        alternatives=others,
    )


def _beside(
    sure: float, to: str | None, column: Profile, ranked: Sequence[Reading], likely: Mapping[str, float]
) -> float:
    """An answer's certainty where other standards would answer otherwise."""
    agree = 0.0
    for reading in ranked:
        if column.at in reading.melted:
            continue
        chosen = reading.pairing.chosen.get(column.at)
        agree += likely[reading.contract.name] if (chosen.target.name if chosen else None) == to else 0.0
    nothing = max(0.0, 1 - sum(likely.values()))
    return sure * min(1.0, agree + (nothing if to is None else 0.0))


def _melted(column: Profile, group: Group, best: Reading, whole: float) -> ColumnSuggestion:
    odds = group.odds + 1.0 + 0.3 * min(6, len(group.columns))
    odds += 2.0 * (group.likeness or 0.0) + (1.5 * best.title if group.likeness is None else 0.0)
    sure = likelihood(odds) * whole
    if group.rivals or any(one.doubtful for one in group.fits):
        sure = min(sure, 0.85)
    if any(kind in ("week", "hour") for kind in group.kinds) or group.quarterly:
        sure = min(sure, 0.8)
    numbers, _ = _styles(column, group.value)
    middle = group.fits[0]
    factor = units.written(middle.factor) if middle.factor is not None else None
    return ColumnSuggestion(
        header=column.name,
        to=group.value.name,
        role="melt",
        confidence=min(0.99, sure),
        evidence=group.evidence,
        names=group.names,
        factor=factor,
        unit=middle.unit,
        number_style=numbers,
    )


def _others(column: Profile, best: Reading, chosen: Pair | None) -> tuple[tuple[str, float], ...]:
    """Other places of a column, likeliest first."""
    found = []
    for target in best.pairing.targets:
        pair = best.pairing.pairs[column.at, target.name]
        share = likelihood(pair.odds)
        if (chosen is None or target.name != chosen.target.name) and share > _WORTH:
            found.append((target.name, round(share, 3)))
    return tuple(sorted(found, key=lambda one: (-one[1], one[0]))[:_SHOWN])


def _styles(column: Profile, target: Target) -> tuple[NumberStyle, DateStyle]:
    """How the cells are written, where it matters."""
    numbers: NumberStyle = "auto"
    dates: DateStyle = "auto"
    if target.numeric:
        style = number_style(column.numbers.kinds, whole=target.column.type is ColumnType.INTEGER)
        numbers = "id" if style == "id" else "en" if style == "en" else "auto"
    if target.column.type.value in ("date", "moment"):
        found = column.date_style
        dates = "dmy" if found == "dmy" else "mdy" if found == "mdy" else "ymd" if found == "ymd" else "auto"
    return numbers, dates


def _codes(best: Reading, references: Mapping[str, CodeList]) -> tuple[Codes, ...]:
    out = []
    for pair in best.pairing.chosen.values():
        if (codes := references.get(pair.target.column.reference or "")) is not None:
            found = pair.column.coded(codes)
            out.append(Codes(pair.target.name, codes.name, found.sure, found.unresolved))
    return tuple(out)


def _questions(
    best: Reading,
    ranked: Sequence[Reading],
    confidence: float,
    found: Sequence[ColumnSuggestion],
    references: Mapping[str, CodeList],
) -> tuple[Question, ...]:
    out = []
    lists = (references.get(pair.target.column.reference or "") for pair in best.pairing.chosen.values())
    placed = best.contract.region_column if any(known is not None and known.regions for known in lists) else None
    if confidence < SURE:
        out.append(Question("standard", None, tuple(r.contract.name for r in ranked[:_SHOWN])))
    for one in found:
        if not one.sure:
            first = (one.to,) if one.to is not None else ()
            out.append(Question("column", one.header, (*first, *(name for name, _ in one.alternatives))))
    for target in best.absent:
        if target.name == placed:  # a gauge's own list says where it stands
            continue
        out.append(Question("absent", None, (target.name,), {"column": target.column.title["id"]}))
    return tuple(out)
