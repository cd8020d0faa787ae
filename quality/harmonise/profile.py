"""What the cells of one column look like: numbers, dates, codes, words; worked out on distinct spellings of a sample.

Nothing is decided here: which of a standard's columns such cells fit is `quality/harmonise/fit.py`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core import spellings as values
from core import styles
from core.reference import CodeList, fold
from quality.harmonise import units
from quality.harmonise.words import Header, Words

if TYPE_CHECKING:
    from quality.harmonise.fit import Fit

#: So many distinct spellings of a column are looked up in a code list.
_LOOKED_UP = 300
#: Where none of so many is known, no more are looked up.
_HOPELESS = 80
_LONG = 13
#: Yes and no are said in no more spellings.
_DECISIONS = 12
#: Words that name a row's number.
_NUMBERING = frozenset({"nomor", "urut"})
_TAIL = re.compile(r"^(.*\d)\s*([A-Za-z%/\u00b2\u00b3][A-Za-z%/.\u00b2\u00b32 ]*)$")
_NUMBERED = re.compile(r"[-/. ]0[0-9]{3}$")  # 11.01.0001 numbers a document
_MONTH = re.compile(
    r"(?:(?:jan|feb|peb|mar|apr|mei|may|jun|jul|agu|ags|aug|sep|okt|oct|nov|nop|des|dec)[a-z]*\.?[\s/-]*'?"
    r"(?:(?:19|20)?\d\d)?|(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d)",
    re.IGNORECASE,
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coded:
    """How a column's spellings stand to a code list, as shares of its filled cells.

    Attributes:
        sure: that mean one code; `meant`: that mean one or several.
        codes: the codes of each spelling, none where it is unknown.
    """

    sure: float
    meant: float
    codes: tuple[tuple[str, ...], ...]
    unresolved: tuple[str, ...]


@dataclass
class Profile:
    """One column of a table as far as it was looked at.

    Attributes:
        at: its place in the table; `spellings`: distinct filled cells, most frequent first, and how often each occurs.
        filled: the share of cells that hold something.
        fits: what its cells were found to say about standards' columns.
    """

    at: int
    header: Header
    rows: int
    spellings: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    cells: Sequence[str | None]
    words: Words
    year: int
    variants: tuple[Header, ...] = ()
    _coded: dict[str, Coded] = field(default_factory=dict)
    _matching: dict[re.Pattern[str], float] = field(default_factory=dict)
    fits: dict[tuple[str, str, str | None], "Fit"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The header as it stands in the table."""
        return self.header.text

    @cached_property
    def total(self) -> int:
        """How many cells of the sample hold something."""
        return int(self.counts.sum())

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return self.total == 0

    @property
    def filled(self) -> float:
        """The share of cells that hold something."""
        return self.total / self.rows if self.rows else 0.0

    def share(self, which: npt.NDArray[np.bool_]) -> float:
        """The share of filled cells whose spelling is one of some."""
        return float(self.counts[which].sum() / self.total) if self.total else 0.0

    # -- numbers ----------------------------------------------------------------------------------------------------

    @cached_property
    def _bare(self) -> tuple[pa.Array, str | None]:
        """The spellings without a unit behind their digits, and that unit where most have the same."""
        found: Counter[str] = Counter()
        bare: list[str] = []
        for spelling, count in zip(self.spellings, self.counts, strict=True):
            match = _TAIL.match(spelling.strip())
            if match is not None and units.known(match[2]):
                found[match[2].strip().lower()] += int(count)
                bare.append(match[1])
            else:
                bare.append(spelling)
        unit, times = found.most_common(1)[0] if found else (None, 0)
        return pa.array(bare, pa.string()), unit if times > 0.5 * self.total else None

    @property
    def cell_unit(self) -> str | None:
        """The unit that most cells carry."""
        return self._bare[1]

    @cached_property
    def numbers(self) -> values.Numbers:
        """The spellings as numbers."""
        return values.numbers(self._bare[0])

    @cached_property
    def style(self) -> str | None:
        """How its numbers are written: `id`, `en`, `any`, None where the cells do not decide."""
        return styles.number_style(self.numbers.kinds, whole=False)

    def read(self, *, whole: bool) -> Floats:
        """The number of each spelling, NaN where it is none; undecided digits are read as whole numbers are."""
        style = styles.number_style(self.numbers.kinds, whole=whole) or "id"
        return np.asarray(self.numbers.floats("en" if style == "any" else style).fill_null(np.nan), np.float64)

    @cached_property
    def exact(self) -> Floats:
        """The numbers, read as a column of measures is."""
        return self.read(whole=False)

    @cached_property
    def decimals(self) -> Floats:
        """The numbers if whatever mark they have is the decimal one, as in degrees."""
        out = np.full(len(self.spellings), np.nan)
        for i, spelling in enumerate(self.spellings):
            with suppress(ValueError):
                out[i] = float(spelling.replace(",", "."))
        return out

    @cached_property
    def places(self) -> npt.NDArray[np.int64]:
        """How many digits stand behind the last mark of each spelling."""
        last = (re.split("[.,]", spelling) for spelling in self.spellings)
        return np.array([len(parts[-1]) if len(parts) > 1 else 0 for parts in last], np.int64)

    @cached_property
    def long(self) -> float:
        """The share of spellings that are longer than measures are."""
        return sum(len(spelling) >= _LONG for spelling in self.spellings) / max(1, len(self.spellings))

    @cached_property
    def whole(self) -> Floats:
        """The numbers, read as a column of whole numbers is."""
        return self.read(whole=True)

    @cached_property
    def numeric(self) -> float:
        """The share of cells that are numbers."""
        return self.share(self.numbers.kinds != values.BAD) if self.total else 0.0

    @cached_property
    def integral(self) -> bool:
        """Whether its numbers are whole."""
        read = self.whole[~np.isnan(self.whole)]
        return bool(len(read)) and bool(np.all(read == np.floor(read)))

    @cached_property
    def counting(self) -> bool:
        """Whether it numbers the rows: 1, 2, 3 and so on."""
        if self.numeric < 0.95 or not self.integral or len(self.spellings) < 3:
            return False
        read = [int(n) for n in self._in_order if not np.isnan(n)]
        if set(self.header.tokens) <= _NUMBERING and self.header.tokens and min(read) in (0, 1):
            return all(b - a in (0, 1) or b == 1 for a, b in pairwise(read))  # it may begin anew in each group
        steps = sum(b - a == 1 for a, b in pairwise(read))
        return min(read) in (0, 1) and len(set(read)) == len(read) and steps >= 0.9 * (len(read) - 1)

    @cached_property
    def _in_order(self) -> list[float]:
        known = dict(zip(self.spellings, self.whole, strict=True))
        return [float(known[cell]) for cell in self.cells[:300] if cell is not None]

    @cached_property
    def series(self) -> npt.NDArray[np.float64]:
        """The number of each row of the sample, NaN where there is none."""
        known = dict(zip(self.spellings, self.exact, strict=True))
        return np.array([known[cell] if cell is not None else np.nan for cell in self.cells], np.float64)

    # -- dates ------------------------------------------------------------------------------------------------------

    @cached_property
    def dates(self) -> values.Dates:
        """The spellings as dates."""
        return values.dates(pa.array(self.spellings, pa.string()), self.year)

    @cached_property
    def date_style(self) -> str | None:
        """`dmy`, `mdy`, `ymd`, `any` where no cell depends on it, None where the cells do not decide."""
        return styles.date_style(self.dates, self.year + 1)

    @cached_property
    def dated(self) -> float:
        """The share of cells that are dates in some order of day and month."""
        first, last = np.datetime64("1900-01-01"), np.datetime64(f"{self.year + 50}-01-01")
        real = np.zeros(len(self.spellings), np.bool_)
        for style in values.STYLES:
            day, there = self.dates.days(style)
            real |= there & (day >= first) & (day < last)
        numbered = np.array([_NUMBERED.search(spelling) is not None for spelling in self.spellings], np.bool_)
        return self.share(real & ~numbered)

    @cached_property
    def timed(self) -> float:
        """The share of cells that have a time of day."""
        return self.share(self.dates.timed)

    @cached_property
    def monthly(self) -> float:
        """The share of cells that name a month, with or without its year."""
        return self.share(np.array([_MONTH.fullmatch(s.strip()) is not None for s in self.spellings], np.bool_))

    @cached_property
    def yearly(self) -> float:
        """The share of cells that are a year between 1900 and two years from now."""
        ok = self.numbers_between(1900, self.year + 2)
        return self.share(ok & (self.whole == np.floor(self.whole)))

    @cached_property
    def serial(self) -> float:
        """The share of cells that are a spreadsheet's number of a day between 1995 and two years from now."""
        return self.share(self.numbers_between(34700, 25569 + (self.year + 2 - 1970) * 365.25))

    @cached_property
    def ticking(self) -> float:
        """The share of cells that are a machine's number of a moment: seconds since 1970, or its digits."""
        seconds = self.numbers_between(9.4e8, 2.2e9) | self.numbers_between(9.4e11, 2.2e12)
        return self.share(seconds | self.numbers_between(1.99e11, 2.1e11) | self.numbers_between(1.99e13, 2.1e13))

    def numbers_between(self, low: float, high: float) -> npt.NDArray[np.bool_]:
        """Which spellings are numbers within bounds."""
        with np.errstate(invalid="ignore"):
            return (self.whole >= low) & (self.whole <= high)

    # -- codes and words --------------------------------------------------------------------------------------------

    def coded(self, codes: CodeList) -> Coded:
        """How the spellings stand to a code list."""
        if codes.name not in self._coded:
            self._coded[codes.name] = self._look_up(codes)
        return self._coded[codes.name]

    def _look_up(self, codes: CodeList) -> Coded:
        found: list[tuple[str, ...]] = []
        sure = meant = seen = 0
        unresolved: list[str] = []
        for i, (spelling, count) in enumerate(zip(self.spellings[:_LOOKED_UP], self.counts, strict=False)):
            if i == _HOPELESS and not meant:
                break
            resolution = self.words.resolve(codes, spelling)
            one = (resolution.code,) if resolution.code is not None else resolution.candidates
            found.append(one)
            seen += int(count)
            sure += int(count) if resolution.code is not None else 0
            meant += int(count) if one else 0
            if resolution.code is None:
                unresolved.append(spelling)
        return Coded(sure / seen if seen else 0.0, meant / seen if seen else 0.0, tuple(found), tuple(unresolved[:20]))

    @property
    def depth(self) -> int:
        """How long the codes of most regions in it are; 0 where it names none, or has not been looked at."""
        found = self._coded.get("region")
        lengths: Counter[int] = Counter()
        for codes, count in zip(found.codes if found else (), self.counts, strict=False):
            lengths[max(map(len, codes), default=0)] += int(count)
        return lengths.most_common(1)[0][0] if lengths else 0

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The most frequent spellings reduced to what people mean by them."""
        return tuple(fold(spelling) for spelling in self.spellings[:_LOOKED_UP])

    def meant(self, values: Mapping[str, str], meanings: Mapping[tuple[str, ...], str]) -> tuple[str | None, ...]:
        """The value of a closed list that each spelling means, by its letters or by its words.

        Empty where there are more spellings than a closed list has.
        """
        if len(self.spellings) > _LOOKED_UP:
            return ()
        found = [values.get(folded) for folded in self.folded]
        if self.worded:
            pairs = zip(found, self.worded, strict=True)
            found = [one if one is not None else meanings.get(tokens) for one, tokens in pairs]
        return tuple(found)

    @cached_property
    def worded(self) -> tuple[tuple[str, ...], ...]:
        """The spellings as words in one form; none for numbers, and for more spellings than a closed list has."""
        if self.numeric > 0.5 or len(self.spellings) > _LOOKED_UP:
            return ()
        return tuple(self.words.tokens(spelling) for spelling in self.spellings)

    @cached_property
    def deciding(self) -> float:
        """The share of cells that say yes or no."""
        if len(self.spellings) > _DECISIONS:
            return 0.0
        known = values.TRUE | values.FALSE
        return self.share(np.array([s.lower() in known or self.words.decides(s) for s in self.spellings], np.bool_))

    @cached_property
    def heads(self) -> Mapping[str, float]:
        """The words that values begin with, in one form, as shares of the filled cells."""
        found: Counter[str] = Counter()
        for folded, count in zip(self.folded, self.counts, strict=False):
            word = folded.partition(" ")[0]
            for token in self.words.heads.get(word, self.words.meanings.get(word, (word,))):
                found[token] += int(count)
        seen = int(self.counts[:_LOOKED_UP].sum())
        return {token: count / seen for token, count in found.items()} if seen else {}

    @cached_property
    def length(self) -> float:
        """The mean length of a cell."""
        if not self.total:
            return 0.0
        return float(np.dot([len(s) for s in self.spellings], self.counts) / self.total)

    @cached_property
    def wordy(self) -> float:
        """The share of cells that are sentences rather than names or numbers."""
        return self.share(np.array([sum(w.isalpha() for w in s.split()) > 3 for s in self.spellings], np.bool_))

    def matching(self, pattern: re.Pattern[str]) -> float:
        """The share of cells that a pattern matches from their beginning."""
        if pattern not in self._matching:
            matched = [pattern.match(s) is not None for s in self.spellings]
            self._matching[pattern] = self.share(np.array(matched, np.bool_))
        return self._matching[pattern]
