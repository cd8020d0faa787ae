"""What a header is when it is a value: a time, a commodity, a region, a sex; alone or joined with a measure or another.

`Januari 2024`, `Cabai Rawit (kg)`, `2018 Laki-laki`, `Stok Beras`: which of these a table's headers are, and whether
enough of them are, is decided in `quality/harmonise/wide.py`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from core.contract import ColumnType
from core.reference import CodeList, fold
from quality.harmonise import units
from quality.harmonise.target import Target
from quality.harmonise.words import Words

Kind = Literal["year", "month", "week", "date", "day", "hour", "known"]

_MONTHS = (
    "januari|january|jan|februari|february|pebruari|feb|peb|maret|march|mar|mrt|april|apr|mei|may|juni|june|jun"
    "|juli|july|jul|agustus|august|agt|agst|agu|ags|aug|september|sept|sep|oktober|october|okt|oct|november|nopember"
    "|nov|nop|desember|december|des|dec"
)
_YEAR = r"(?:19|20)\d\d"
_WRITTEN: tuple[tuple[Kind, str], ...] = (
    ("year", rf"(?:tahun|thn|th|year|ta)?\.?\s*{_YEAR}\s*\*{{0,3}}"),
    ("month", rf"(?:bulan\s+)?(?:{_MONTHS})\.?(?:[\s./,_-]*'?(?:{_YEAR}|\d\d))?"),
    ("month", rf"{_YEAR}[\s./,_-]*(?:{_MONTHS})|{_YEAR}[-/._](?:0[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.]{_YEAR}"),
    (
        "week",
        rf"(?:{_MONTHS})\.?[\s./,_-]*{_YEAR}\s*\((?:[ivx]{{1,4}}|\d)\)"
        rf"|(?:minggu|pekan|week|mg)\.?\s*(?:ke)?[\s-]*(?:[ivx]{{1,4}}|\d{{1,2}})(?:[\s,]+(?:{_MONTHS}))?(?:[\s,]*{_YEAR})?",
    ),
    (
        "date",
        r"\d{1,2}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{2,4}|\d{4}-\d{1,2}-\d{1,2}"
        rf"|\d{{1,2}}[\s-]+(?:{_MONTHS})[\s-]+\d{{2,4}}",
    ),
    ("day", r"(?:tgl|tanggal|hari)?\.?\s*(?:0?[1-9]|[12]\d|3[01])"),
    ("hour", r"(?:jam|pukul|pkl)\.?\s*\d{1,2}(?:[.:]\d\d)?(?:\s*wi[bt]a?)?|\d{1,2}[.:]\d\d(?:\s*wi[bt]a?)?"),
)
_UNIT = re.compile(r"\s*\(([^()]+)\)$")
_YEARLY = re.compile(_YEAR)
_TIMES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WRITTEN)
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_LONGEST = 14
_REGIONS = frozenset({"kabupaten", "kota", "provinsi", "wilayah", "daerah"})


@dataclass(frozen=True, slots=True)
class Value:
    """A part of a header that is a value: of which column of the standard, what kind, as written."""

    target: str
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a header: values, in their order, and what is left of it (a measure, or nothing).

    Attributes:
        shape: `{}` for each value and the rest as it stands, so that headers of one shape belong together.
    """

    values: tuple[Value, ...]
    rest: str
    shape: str


class Axes:
    """The values that headers may be, for one standard."""

    def __init__(self, targets: Sequence[Target], references: Mapping[str, CodeList], words: Words) -> None:
        self._targets, self._references, self._words = targets, references, words
        self._cache: dict[str, tuple[Value, ...]] = {}
        texts = [t for t in targets if t.column.key and t.column.type is ColumnType.TEXT]
        self._region = next((t.name for t in texts if t.column.reference == "region"), None)
        self._years = frozenset(t.name for t in targets if t.yearly)
        #: What stands in a region and is named before it: a market, a warehouse, a station.
        self._place = next((t for t in texts if not t.column.reference and not t.values), None)

    def readings(self, text: str) -> Iterator[Reading]:
        """The ways to read a header, the plainest first."""
        text = " ".join(text.replace("_", " ").split())
        yield from self._readings(text)
        unit = _UNIT.search(text)  # what stands in brackets behind it is its unit
        if unit is not None and units.known(unit[1]):
            for reading in self._readings(text[: unit.start()].strip()):
                yield replace(reading, shape=f"{reading.shape} {unit[0].strip().lower()}")

    def _readings(self, text: str) -> Iterator[Reading]:
        yield from (Reading((v,), "", "{}") for v in self.values(text))
        parts = text.split(" ")
        if not 2 <= len(parts) <= _LONGEST:
            return
        yield from self._between(parts)
        for i in range(1, len(parts)):
            left, right = " ".join(parts[:i]).strip(" -:/|,"), " ".join(parts[i:]).strip(" -:/|,")
            firsts, seconds = self._apart(left), self._apart(right)
            for first in firsts:
                yield from (
                    Reading((first, second), "", "{} {}") for second in seconds if second.target != first.target
                )
            yield from (Reading((first,), right, f"{{}} {right.lower()}") for first in firsts)
            yield from (Reading((second,), left, f"{left.lower()} {{}}") for second in seconds)
            yield from (
                Reading((Value(place.name, "known", left), second), "", "{} {}")
                for second in seconds
                if second.target == self._region
                and len(right.split()) > 1
                and (place := self._place) is not None
                and not set(self._words.tokens(left)) <= _REGIONS
            )

    def _apart(self, text: str) -> tuple[Value, ...]:
        """What a part of a header is a value of; a month is no part of a year, whose digits stand by themselves."""
        return tuple(v for v in self.values(text) if not (v.kind == "month" and v.target in self._years))

    def _between(self, parts: Sequence[str]) -> Iterator[Reading]:
        """A year in the middle of a phrase: `Jumlah Penduduk Tahun 2021 (Jiwa)`."""
        for i in range(1, len(parts) - 1):
            for value in self.values(parts[i]) if _YEARLY.fullmatch(parts[i]) else ():
                left, right = " ".join(parts[:i]), " ".join(parts[i + 1 :])
                yield Reading((value,), f"{left} {right}", f"{left.lower()} {{}} {right.lower()}")

    def values(self, text: str) -> tuple[Value, ...]:
        """What a whole text is a value of."""
        if text not in self._cache:
            self._cache[text] = tuple(self._values(text))
        return self._cache[text]

    def _values(self, text: str) -> Iterator[Value]:
        if not text:
            return
        kind = time_of(text)
        target = self._time(kind) if kind is not None else None
        undated = target is not None and target.yearly and kind == "month" and not re.search(_YEAR, text)
        if kind is not None and target is not None and not undated:
            yield Value(target.name, kind, text)
            return
        bare = _ASIDE.sub("", text).strip()
        tokens = self._words.tokens(bare)
        for target in self._targets:
            if (codes := self._references.get(target.column.reference or "")) is not None:
                if self._coded(codes, target, text) or self._coded(codes, target, bare):
                    yield Value(target.name, "known", text)
            elif target is self._place and tokens[:1] and tokens[0] in target.begins and len(tokens) > 1:
                if not any(set(tokens) <= set(phrase) for phrase in target.phrases):
                    yield Value(target.name, "known", text)
            elif target.values and target.column.key and (fold(bare) in target.values or tokens in target.meanings):
                yield Value(target.name, "known", text)

    def _coded(self, codes: CodeList, target: Target, text: str) -> bool:
        if not text or text.replace(".", "").isdigit():
            return False
        found = self._words.resolve(codes, text)
        return found.code is not None or bool(found.candidates)

    def value_of(self, target: str, text: str) -> str | None:
        """The value of a closed list that a text means."""
        bare = _ASIDE.sub("", text).strip()
        one = next(t for t in self._targets if t.name == target)
        return one.values.get(fold(bare)) or one.meanings.get(self._words.tokens(bare))

    def _time(self, kind: Kind) -> Target | None:
        """The column that a header's time goes to."""
        years = [t for t in self._targets if t.yearly and t.column.key]
        times = [t for t in self._targets if t.column.type in (ColumnType.DATE, ColumnType.MOMENT) and t.column.key]
        months = [t for t in self._targets if t.values and {"1", "12"} <= set(t.values.values())]
        wanted = {
            "year": years or times,
            "month": months or times or years,
            "week": times,
            "date": times,
            "day": times,
            "hour": times,
        }
        if kind == "hour":
            wanted["hour"] = [t for t in times if t.column.type is ColumnType.MOMENT]
        return next(iter(wanted.get(kind, [])), None)


def time_of(text: str) -> Kind | None:
    """What time a text is and nothing else; None where it is none."""
    return next((kind for kind, pattern in _TIMES if pattern.fullmatch(text.strip())), None)
