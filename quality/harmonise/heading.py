"""What a header says about a pair of columns, as evidence for or against in natural logarithms of odds."""

from dataclasses import dataclass, replace
from itertools import pairwise

from core.contract import ColumnType
from quality.harmonise.profile import Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target
from quality.harmonise.words import Header, Words

#: Likeness of words to evidence; between two of them it is read off the line.
_SCALE = ((0.0, -3.0), (0.2, -2.0), (0.4, -0.5), (0.55, 0.8), (0.7, 1.8), (0.85, 3.0), (0.97, 4.0), (1.0, 4.5))
#: A header that says nothing speaks neither way; whatever is found must come from the cells.
_SILENT = -0.3
#: A word that makes the figure another one: yesterday's, planned, a share.
_NOT = 4.0
#: What is called a code counts nothing.
_CODE = "kode"
#: Periods that are no day.
_LONGER = frozenset({"bulan", "bulanan", "minggu", "mingguan", "tahun", "tahunan", "triwulan", "dasarian"})
#: A figure that runs from the year's beginning is not that of its last month.
_SO_FAR = "sampai"
#: Words of more weight say of which kind a figure is.
_STRONG = 0.6
#: `Jumlah`, `Nilai`, `Total` alone say of a number that it is one.
_SAYING, _DULL, _DULL_NAMED = 0.9, 1.0, 2.0
#: Words for a place or a period say neither what a number is nor of which kind.
_ANY = frozenset({
    "kabupaten", "kota", "provinsi", "kecamatan", "wilayah", "daerah", "harian", "mingguan", "bulanan", "tahunan",
})  # fmt: skip
#: All words of a name and a strong one more say of which kind the figure is (Penduduk Miskin).
_NARROWER = 1.3
#: The upper level of a two-level header is left away.
_LOWER = 0.3


@dataclass(frozen=True, slots=True)
class Heading:
    """What a header says.

    Attributes:
        likeness: to the nearest phrase.
        another: it makes the number another figure; `narrower`: a part of the figure.
    """

    odds: float
    likeness: float
    evidence: tuple[Evidence, ...]
    another: bool = False
    narrower: bool = False


def heading(column: Profile, target: Target, words: Words, *, named: bool) -> Heading:
    """What the header of a column says about its being a standard's column.

    Args:
        named: whether the table is named after the standard, so that `Jumlah` is its number.
    """
    best = _one(column.header, target, words, named=named)
    for variant in column.variants:
        lower = _one(variant, target, words, named=named)
        above = [t for t in column.header.tokens if t not in variant.tokens and words.weight(t) > _SAYING - 0.1]
        if (
            target.measure
            and target.column.unit == "orang"
            and any(not any(t in p for p in target.phrases) for t in above)
        ):
            lower = replace(lower, odds=min(lower.odds, _NARROWER + _LOWER), narrower=True)
        if lower.odds - _LOWER > best.odds:
            best = Heading(lower.odds - _LOWER, lower.likeness, lower.evidence, lower.another, lower.narrower)
    return best


def _one(header: Header, target: Target, words: Words, *, named: bool) -> Heading:
    if header.silent and header.unit and named and target.measure:
        return Heading(_DULL_NAMED, 0.5, (Evidence("silent"),))
    if header.silent:
        return Heading(_SILENT, 0.0, (Evidence("silent"),))
    likeness, phrase = target.likeness(header.tokens, words)
    if _CODE in header.tokens and _CODE not in phrase and (target.measure or _named_text(target)):
        return Heading(-_NOT, likeness, (Evidence("another", {"word": _CODE}),), another=True)
    nots = [word for word in header.nots if not any(word in p for p in target.phrases)] if target.measure else []
    if target.daily:
        nots += [word for word in header.tokens if word in _LONGER]
    odds = _scaled(likeness)
    evidence, narrower = [], False
    if target.measure and all(t in _ANY or words.weight(t) < _SAYING for t in header.tokens):
        odds = max(odds, _DULL_NAMED) if named else min(odds, _DULL)
    elif target.measure and likeness < 1 and (names_a_kind(header, target, words) or _of_one_time(header, phrase)):
        narrower = True
        odds = min(odds, _NARROWER)
        evidence.append(Evidence("narrower", {"words": " ".join(header.tokens)}))
    if likeness >= 0.4:
        evidence.append(Evidence("header", {"words": " ".join(phrase), "likeness": round(100 * likeness)}))
    if nots:
        odds = min(odds, 1.5) - _NOT
        evidence.append(Evidence("another", {"word": ", ".join(nots)}))
    return Heading(odds, likeness, tuple(evidence), bool(nots), narrower)


def _named_text(target: Target) -> bool:
    """Whether it holds names, which a code is not."""
    return target.column.type is ColumnType.TEXT and not target.column.reference and not target.values


def _of_one_time(header: Header, phrase: tuple[str, ...]) -> bool:
    """Whether a header speaks of this month alone where the standard's figure runs up to it."""
    return _SO_FAR in phrase and _SO_FAR not in header.tokens


def names_a_kind(header: Header, target: Target, words: Words) -> bool:
    """Whether a header holds a whole name and a strong word more (Penduduk Miskin), which says of which kind."""
    more = [
        t
        for t in header.tokens
        if t not in _ANY and words.weight(t) > _STRONG and not any(near in target.spoken for near in words.near(t))
    ]
    return bool(more) and any(set(phrase) <= set(header.tokens) for phrase in target.phrases)


def _scaled(likeness: float) -> float:
    for (low, at_low), (high, at_high) in pairwise(_SCALE):
        if likeness <= high:
            return at_low + (at_high - at_low) * (likeness - low) / (high - low)
    return _SCALE[-1][1]
