"""Which dialect a delimited text is written in: our own detector, on a sample of its records.

Every candidate is tried and scored: how even the records come out (pattern) times how much the cells look
like numbers, dates and words rather than leftovers of another dialect (type), the idea of
G. van den Burg et al., "Wrangling messy CSV files by detecting row and type patterns" (2019). Sniffers that
also type the columns are not used anywhere: one read Rp 122.831 as 122.831.
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from federation.readers.cells import Kind, kind
from federation.readers.records import Dialect, Record, records

#: How believable each delimiter is before anything is counted; a space is met in every sentence.
DELIMITERS = {",": 1.0, ";": 1.0, "\t": 1.0, "|": 0.98, "^": 0.9, "~": 0.9, " ": 0.55}
#: Excel's own first line that states the delimiter.
SEP = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*(?:\r\n|\n|\r)', re.IGNORECASE)
_SAMPLE_RECORDS = 300
_LEFTOVER = re.compile(r"[;\t|]|^\"|\"$|^'|'$")


@dataclass(frozen=True, slots=True)
class Guess:
    """A dialect, the width most of its records have, and its score between 0 and 1."""

    dialect: Dialect
    width: int
    score: float


def detect(sample: str) -> Guess:
    """The best dialect for a sample that begins at the file's beginning; one column where nothing divides it."""
    best = Guess(Dialect(delimiter=""), 1, 0.0)
    stated = SEP.match(sample)
    if stated:
        sample = sample[stated.end() :]
    decimal_only = _commas_are_decimal(sample) and not stated
    for delimiter, prior in ({stated.group(1): 1.0} if stated else DELIMITERS).items():
        if prior <= best.score or delimiter not in sample or (delimiter == "," and decimal_only):
            continue  # no score is above its prior
        for quote, escape in _quotings(sample, delimiter):
            guess = _score(sample, Dialect(delimiter, quote, escape), prior)
            if guess.score > best.score + 1e-9:
                best = guess
    if best.width < 2:
        return Guess(Dialect(delimiter=""), 1, best.score)
    if best.dialect.quote == "'" and _single_quotes_are_words(sample, best):
        usual = [_score(sample, Dialect(best.dialect.delimiter, '"', e), 1.0) for e in _escapes(sample, '"')]
        best = max(usual, key=lambda guess: guess.score)
    return replace(best, dialect=_with_space(sample, best))


def _quotings(sample: str, delimiter: str) -> list[tuple[str, str]]:
    """The quote and escape characters worth trying: those that stand where such characters stand."""
    edge = re.escape(delimiter)
    quotes = ['"']
    if "'" in sample and re.search(rf"(?:^|{edge} *|[\r\n])'(?:[^'\r\n]|'')*'(?={edge}|\s*$|[\r\n])", sample):
        quotes.append("'")
    return [(quote, escape) for quote in quotes for escape in _escapes(sample, quote)]


def _escapes(sample: str, quote: str) -> list[str]:
    return ["", "\\"] if f"\\{quote}" in sample else [""]


def _single_quotes_are_words(sample: str, guess: Guess) -> bool:
    """Whether the records are as even without them and no column has them throughout: then they are text."""
    rows = [r.cells for r in records(sample, Dialect(guess.dialect.delimiter, '"')) if r.cells][:_SAMPLE_RECORDS]
    rows = [cells for cells in rows if len(cells) > 1]  # titles and footnotes are single cells
    if any(len(cells) != guess.width for cells in rows):
        return False
    for column in zip(*rows, strict=True):
        cells = [cell.strip() for cell in column if cell.strip()]
        if sum(1 for c in cells if len(c) > 1 and c[0] == c[-1] == "'") > 0.5 * len(cells):
            return False
    return True


def _commas_are_decimal(sample: str) -> bool:
    """Whether each comma stands between digits and the first line has none: one column of decimal numbers."""
    if "," not in sample:
        return False
    first = next((line for line in re.split(r"[\r\n]+", sample) if line.strip()), "")
    return "," not in first and not re.search(r"(?<!\d),|,(?!\d)|,\d+,", sample)


def _score(sample: str, dialect: Dialect, prior: float) -> Guess:
    rows: list[Record] = []
    for record in records(sample, dialect):
        if any(cell.strip() for cell in record.cells):
            rows.append(record)
        if len(rows) >= _SAMPLE_RECORDS:
            break
    widths = Counter(len(row.cells) for row in rows if len(row.cells) > 1)
    if not widths:
        return Guess(dialect, 1, 0.0)
    width = max(widths, key=lambda w: (widths[w] * (w - 1) / w, w))
    if any(row.flaw for row in rows):  # with the width known, more records can be repaired
        rows = [r for r in records(sample, dialect, width) if any(c.strip() for c in r.cells)][:_SAMPLE_RECORDS]
    # Titles above and footnotes below are single cells: they speak little for or against a dialect. Of spaces they do:
    # any sentence and any list of names has those.
    spaces = dialect.delimiter == " "
    if spaces and (widths[width] < max(2, 0.3 * len(rows)) or _words_only(rows)):
        return Guess(dialect, 1, 0.0)
    weight = sum(0.15 if len(row.cells) == 1 and not spaces else 1.0 for row in rows)
    even = sum(1.0 for row in rows if len(row.cells) == width) / weight
    flawed = sum(1 for row in rows if row.flaw == "unclosed") + 0.3 * sum(1 for r in rows if r.flaw == "quote")
    typed = _type_score([row for row in rows if len(row.cells) == width])
    # A repair is believed, but a dialect that needs none is believed more.
    sound = 1.0 - 0.5 * min(1.0, flawed / len(rows))
    return Guess(dialect, width, prior * min(1.0, even) ** 1.5 * ((width - 0.6) / width) * typed * sound)


def _words_only(rows: list[Record]) -> bool:
    return all(kind(cell) in (Kind.TEXT, Kind.EMPTY) for row in rows for cell in row.cells)


def _type_score(rows: list[Record]) -> float:
    """The mean over all cells of how much each looks like one thing."""
    points = 0.0
    count = 0
    for row in rows:
        for cell in row.cells:
            count += 1
            points += _points(cell)
    return points / count if count else 0.0


@lru_cache(maxsize=65_536)
def _points(cell: str) -> float:
    text = cell.strip()
    if not text:
        return 0.9
    if kind(text) is not Kind.TEXT:
        return 1.0
    if '\\"' in text:
        return 0.0
    if _LEFTOVER.search(text):
        return 0.1
    return 0.75 if "," in text and len(text) < 40 else 0.95


def _with_space(sample: str, guess: Guess) -> Dialect:
    """The same dialect, with one space behind each delimiter as syntax where nearly every field has it."""
    dialect = guess.dialect
    if dialect.delimiter == " ":
        return dialect
    bare = _unquoted(sample, dialect)
    return replace(dialect, spaced=bare.count(dialect.delimiter + " ") > 0.9 * bare.count(dialect.delimiter))


def _unquoted(sample: str, dialect: Dialect) -> str:
    """The sample with what stands in quotes blanked out, positions kept."""
    if dialect.quote not in sample:
        return sample
    quote = re.escape(dialect.quote)
    inner = rf"{quote}[^{quote}]*{quote}"
    if dialect.escape:
        inner = rf"\\.|{quote}(?:\\.|[^{quote}\\])*{quote}"
    return re.sub(inner, lambda m: "x" * len(m.group()), sample)
