"""What a header says: its words in one form, its unit, and the words that make it another figure.

Words are data (`words.csv`, `columns.csv`, `meanings.csv`; a home may add `reference/words.csv` with the same columns):
`word` gives what an abbreviation or English word means, `skip` says nothing, `weak` says little, `not` makes a figure
another one (of yesterday, planned, a share), `aside` goes beside any table (a row's number, a clerk, a remark), `part`
divides people into kinds, `head` begins a value and tells what it is (Dinas ..., Jl. ...), `column` is a further word
for a standard's column (`commodity_price.price`) or for the columns of that name in all of them (`*.region_code`),
`standard` one for what a standard is about, and `value` one for a value of a closed list (`*.sex=P`) or for yes and no
(`boolean=ya`), and `cell` what an abbreviation means in a cell that names a thing of a code list.
"""

import csv
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

from core.reference import CodeList, Resolution, fold
from core.spellings import MONTHS
from quality.harmonise import units

SHIPPED = tuple(Path(__file__).with_name(f"{name}.csv") for name in ("words", "columns", "meanings"))
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: `s.d.` is until; the letters alone say nothing.
_UNTIL = re.compile(r"\b(?:s\s?[./]\s?d\b\.?|sd\b|s d\b|hingga\b)", re.IGNORECASE)
_ASIDE = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
#: What may stand in a column, behind its name.
_MARKS = re.compile(
    r"(?:ya|tidak|tdk|ada|sudah|belum|[a-z]{1,3})(?:\s*/\s*(?:ya|tidak|tdk|ada|sudah|belum|[a-z]{1,3}))+", re.I
)
#: Headers that readers and programs make up where a file has none.
_MADE_UP = re.compile(
    r"(?:kolom|column|unnamed|field|kol|col|var|[a-z])?[ _:.]*\d*(?:[ _]level[ _]\d+)?", re.IGNORECASE
)
#: Words that count things and say the unit at once stay words.
_COUNTED = frozenset({"orang", "jiwa", "kk", "keluarga", "rumah", "tahun", "hari", "jam", "persen", "rumah tangga"})
#: Regions in English.
_KINDS = {"regency": "Kabupaten", "city": "Kota", "municipality": "Kota", "province": "Provinsi"}
_OF = re.compile(rf"({'|'.join(_KINDS)}) of (.+)", re.IGNORECASE)
_REGENCY = re.compile(rf"(.+?) ({'|'.join(_KINDS)})", re.IGNORECASE)
#: Words before or behind the name of an indicator that say when and in what it was counted.
_COUNTING = frozenset({
    *MONTHS, "nilai", "capaian", "realisasi", "agregat", "persen", "tahun", "thn", "th", "pct", "poin", "point",
    "indeks",
    "index", "idx", "persentase", "prosentase", "tingkat", "kab", "kabkota", "prov", "kabupaten", "kota", "rasio",
    "provinsi", "menurut", "per", "bulan", "semester", "angka", "rata", "data", "indikator",
    "sum", "of", "average", "avg",
})  # fmt: skip
_ENDINGS = frozenset({"an", "kan", "nya", "i", "s"})  # of another word, not of one that was cut short
_GLUED, _SHORT = 5, 2
_VOWELS, _BONES = re.compile("[aiueo]"), 3
_TYPO = 5  # shorter words have no typing errors, only other meanings


@dataclass(frozen=True, slots=True)
class Header:
    """A header as it is understood.

    Attributes:
        text: as it stands in the table.
        tokens: its words in one form, in order, without unit and without words that say nothing.
        unit: the unit it names, as written; None where it names none.
        nots: words that make the figure another one.
    """

    text: str
    tokens: tuple[str, ...]
    unit: str | None = None
    nots: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether it says nothing about what the column holds."""
        return not self.tokens


@dataclass(frozen=True)
class Words:
    """The words of the shipped files and of a home; `kept` is what was worked out with them before."""

    meanings: Mapping[str, tuple[str, ...]]
    skips: frozenset[str]
    nots: Mapping[str, str]
    weak: Mapping[str, float]
    heads: Mapping[str, tuple[str, ...]]
    asides: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    cells: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    standards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    vocabulary: frozenset[str] = frozenset()
    _known: dict[tuple[tuple[str, ...], tuple[str, ...]], float] = field(default_factory=dict, compare=False)
    _near: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    kept: dict[Hashable, Any] = field(default_factory=dict, compare=False)

    def tokens(self, text: str) -> tuple[str, ...]:
        """The words of a text in one form, each once, in order."""
        out: dict[str, None] = {}
        for glued in fold(_UNTIL.sub(" sampai ", _CAMEL.sub(" ", text).replace("_", " "))).split():
            for word in self._parts(glued):
                for part in self.meanings.get(word, (word,)):
                    if part not in self.skips:
                        out.setdefault(part)
        return tuple(out)

    def _parts(self, word: str) -> tuple[str, ...]:
        """A word, or the two known ones that it is glued from (`jmlpddk`, `tglsurat`)."""
        if len(word) < _GLUED or word in self.meanings or word in self.vocabulary or not self.vocabulary:
            return (word,)
        for i in range(len(word) - 2, 1, -1):
            first, second = word[:i], word[i:]
            if all(p in self.meanings or (len(p) > _SHORT and p in self.vocabulary) for p in (first, second)):
                return first, second
        return (word,)

    def resolve(self, codes: CodeList, text: str) -> Resolution:
        """The code that a spelling means, also where its words are cut short (`Brs Med`) or say how it was counted."""
        found = codes.resolve(text)
        if codes.name == "region" and found == Resolution(None):
            before, after = _OF.fullmatch(text.strip()), _REGENCY.fullmatch(text.strip())
            kind, name = (before[1], before[2]) if before else (after[2], after[1]) if after else ("", "")
            return codes.resolve(f"{_KINDS[kind.lower()]} {name}") if kind else found
        if found.code is not None or found.candidates or codes.regions or codes.name == "region":
            return found
        said = fold(text).split()
        meant = [part for word in said for part in self.cells.get(word, word).split()]
        first = next((i for i, word in enumerate(meant) if word not in _COUNTING), 0)
        shorter = (meant[i:] for i in range(1, first + 1))  # `Sum of Rata_rata_lama_sekolah`
        for words in (meant, *shorter, [word for word in meant if word not in _COUNTING]):
            if words and words != said and (found := codes.resolve(" ".join(words))) != Resolution(None):
                return found
        return Resolution(None)

    def decides(self, text: str) -> bool:
        """Whether a text says yes or no in other words than everybody's."""
        return self.tokens(text) in self._deciding

    @cached_property
    def _deciding(self) -> frozenset[tuple[str, ...]]:
        return frozenset(self.tokens(word) for word, _ in self.values.get("boolean", ()))

    def knowing(self, vocabulary: Iterable[str]) -> "Words":
        """The same words, with those of the standards, of which others may be glued together."""
        return replace(self, vocabulary=frozenset(vocabulary), _known={}, _near={}, kept={})

    def near(self, token: str) -> tuple[str, ...]:
        """The words of the standards that one may be: itself, with a typing error, or cut short."""
        found = self._near.get(token)
        if found is None:
            found = self._near[token] = tuple(sorted(t for t in self._initials.get(token[:1], ()) if alike(token, t)))
        return found

    @cached_property
    def _initials(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for token in self.vocabulary:
            found.setdefault(token[:1], []).append(token)
        return {letter: tuple(tokens) for letter, tokens in found.items()}

    def header(self, text: str) -> Header:
        """A header as it is understood."""
        short = fold(text)
        unknown = bool(self.vocabulary) and short not in self.meanings and short not in self.vocabulary
        if _MADE_UP.fullmatch(text.strip()) or (len(short) <= _SHORT and short.isalpha() and unknown):
            return Header(text, ())
        if units.known(text) and fold(text) not in _COUNTED:
            return Header(text, (), text.strip())
        bare, unit = self._unit(" ".join(_CAMEL.sub(" ", text).split()))
        bare = bare.replace("%", " persen ")
        tokens = self.tokens(bare)
        return Header(text, tokens, unit, tuple(t for t in tokens if t in self.nots))

    def _unit(self, text: str) -> tuple[str, str | None]:
        """A header without its unit, and the unit: in brackets, or as its last word."""
        unit = None
        for aside in _ASIDE.findall(text):
            if units.known(aside):
                unit = unit or aside.strip()
                replacement = f" {aside} " if fold(aside) in _COUNTED else " "
                text = re.sub(rf"[(\[]{re.escape(aside)}[)\]]", replacement, text)
            elif _MARKS.fullmatch(aside.strip()):  # Terintegrasi (Ya/Tidak), Kondisi (B/RR/RB)
                text = re.sub(rf"[(\[]{re.escape(aside)}[)\]]", " ", text)
        if unit is None:
            words = re.sub(r"[_/ ]+", " ", text).split()
            for size in (3, 2, 1):
                last = " ".join(words[-size:])
                led = size > 1 and fold(words[-size] if len(words) >= size else "") in self.skips
                if len(words) > size and not led and units.known(last) and fold(last) not in _COUNTED:
                    return " ".join(words[:-size]), last
        return text, unit

    def weight(self, token: str) -> float:
        """How much a word says."""
        return self.weak.get(token, 0.15 if token.isdigit() else 1.0)

    def beside(self, tokens: Sequence[str]) -> bool:
        """Whether words name what goes beside any table and belongs to none: a row's number, a clerk, a remark."""
        return bool(tokens) and all(token in self.asides or self.weight(token) < 0.5 for token in tokens)

    def likeness(self, header: tuple[str, ...], phrase: tuple[str, ...]) -> float:
        """How alike two texts are by their words: 1 for the same words, 0 for none in common."""
        known = self._known.get((header, phrase))
        if known is None:
            known = self._known[header, phrase] = self._likeness(header, phrase)
        return known

    def _likeness(self, header: tuple[str, ...], phrase: tuple[str, ...]) -> float:
        if not header or not phrase:
            return 0.0
        if set(header) == set(phrase):
            return 1.0
        both, left = 0.0, list(phrase)
        for token in header:
            found = next((other for other in left if other == token), None)
            share = 1.0
            if found is None:
                found = next((other for other in left if alike(token, other)), None)
                share = 0.9
            if found is not None:
                left.remove(found)
                both += share * (self.weight(token) + self.weight(found)) / 2
        whole = sum(map(self.weight, header)) + sum(map(self.weight, phrase))
        return min(0.97, 2 * both / whole)


@lru_cache(maxsize=100_000)
def alike(one: str, other: str) -> bool:
    """Whether one of two words is the other with a typing error, without its vowels, or cut short."""
    if one == other:
        return True
    if _VOWELS.search(one) is None or _VOWELS.search(other) is None:  # kcmtn, hrg
        return min(len(one), len(other)) >= _BONES and _VOWELS.sub("", one) == _VOWELS.sub("", other)
    short, long = sorted((one, other), key=len)
    if len(long) == _TYPO == len(short) + 1 and short[0] == long[0] and _VOWELS.sub("", short) == _VOWELS.sub("", long):
        return True  # Pasr
    if len(short) >= _TYPO and short[0] == long[0]:
        return DamerauLevenshtein.distance(one, other, score_cutoff=1 + (len(long) > 8)) <= 1 + (len(long) > 8)
    cut = long.startswith(short) and long[len(short) :] not in _ENDINGS
    return len(short) >= 3 and len(long) >= 6 and cut and not short.isdigit()


def load_words(*files: Path) -> Words:
    """The shipped words and those of further files, a later one winning; a missing file adds none."""
    return _load(tuple((f, f.stat().st_mtime_ns) for f in (*SHIPPED, *files) if f.is_file()))


@lru_cache(maxsize=16)
def _load(files: tuple[tuple[Path, int], ...]) -> Words:
    kinds: dict[str, dict[str, str]] = {
        kind: {} for kind in ("word", "skip", "not", "weak", "head", "aside", "part", "cell")
    }
    several: dict[str, dict[str, list[str]]] = {"column": {}, "standard": {}}
    values: dict[str, list[tuple[str, str]]] = {}
    for word, kind, means in _lines(path for path, _ in files):
        if kind in several:
            several[kind].setdefault(means, []).append(word)
        elif kind == "value":
            column, _, value = means.partition("=")
            values.setdefault(column, []).append((word, value))
        elif kind in kinds:
            kinds[kind][fold(word)] = means
    return Words(
        {word: tuple(fold(means).split()) for word, means in kinds["word"].items()},
        frozenset(kinds["skip"]),
        kinds["not"],
        {word: _share(means) for word, means in kinds["weak"].items()},
        {word: tuple(fold(means).split()) for word, means in kinds["head"].items()},
        frozenset(kinds["aside"]),
        frozenset(kinds["part"]),
        kinds["cell"],
        {column: tuple(found) for column, found in several["column"].items()},
        {standard: tuple(found) for standard, found in several["standard"].items()},
        {column: tuple(found) for column, found in values.items()},
    )


def _lines(files: Iterable[Path]) -> Iterable[tuple[str, str, str]]:
    for path in files:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                yield (row.get("word") or "").strip(), (row.get("kind") or "").strip(), (row.get("means") or "").strip()


def _share(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.5
