"""Which rows are header rows, and how several become one: multi-level, bilingual, merged, numbered.

Where a table begins and ends is `finder.py`; making names unique is `build.py`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile, zip_longest
from typing import TYPE_CHECKING

from federation.readers.around import is_label
from federation.readers.cells import Kind, is_year, kind

if TYPE_CHECKING:
    from federation.readers.finder import Line

#: A merged range: first row number, first column index, last row number, last column index.
Merge = tuple[int, int, int, int]
_MAX_HEADER = 8
#: So many columns of sums and means may stand behind those that are counted.
_SUMS = 3
#: An hour as a column's name; other numbers with two decimals end in 00 or 30 less often.
_HOUR = re.compile(r"([01]?\d|2[0-4])[.:](00|30)")
#: A column's number, perhaps with how it is worked out from others: `5 = 4/3`, `(6=4-5)`.
_NUMBERED = re.compile(r"\(?\s*\d{1,3}\s*\)?|\(\d+\s*=.*\)|\d{1,3}\s*=[\d\s()+\-*/:x\u00d7%]+|\[\d+\]")


_UNIT = re.compile(
    r"[\W\d]*(?:(?:ribu|juta|miliar|milyar)\s+)?(?:ha|ton|kg|kw|ku|kuintal|gr?|mm|cm|m|km|l|liter|jiwa|orang|org|unit|buah"
    r"|rp|rupiah|persen|ekor|hari|kk|kali|batang|pohon|paket|lembar|mdpl|mw|kwh)?[\W\d]*"
    r"(?:\s*(?:/|per)\s*(?:ha|det|detik|jam|hari|bulan|tahun|kg|km|m)[\W\d]*)?",
    re.IGNORECASE,
)
#: Words of the second language that official tables repeat their header in.
_ENGLISH = re.compile(
    r"\b(?:total|number|male|female|year|month|date|(?:sub)?district|regency|municipality|village|province|area|population"
    r"|percentage|production|average|amount|value|description|type|category|name|unit)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What the columns of a body look like: the kind of each that has one, and those that hold years."""

    typed: dict[int, Kind]
    yearly: frozenset[int]

    def mismatch(self, cells: Sequence[str]) -> tuple[int, int]:
        """How many typed columns have something in this row, and in how many it is of another kind."""
        typed = odd = 0
        for column, expected in self.typed.items():
            if column >= len(cells):
                continue
            cell = cells[column]
            seen = kind(cell)
            if seen is Kind.EMPTY:
                continue
            typed += 1
            short = expected is Kind.CODE and seen is Kind.NUMBER  # 33.18 among 33.18.01
            if (seen is not expected and not short) or (is_year(cell) and column not in self.yearly):
                odd += 1
        return typed, odd


def profile(lines: Sequence["Line"]) -> Profile:
    """The profile of a body, from its lower part (up to 200 rows), where no header is."""
    count = len(lines)
    start = min(count - 1, max(1, min(_MAX_HEADER + 2, count // 2))) if count else 0
    body = [line.cells for line in lines[start : start + 200] if line.filled >= 2 or count == 1 or len(line.cells) <= 1]
    typed: dict[int, Kind] = {}
    yearly: set[int] = set()
    for column, cells in enumerate(zip_longest(*body, fillvalue="")):
        kinds = Counter(map(kind, cells))
        del kinds[Kind.EMPTY]
        if not kinds:
            continue
        what, times = kinds.most_common(1)[0]
        if what is not Kind.TEXT and times >= 0.7 * kinds.total():
            typed[column] = what
            if sum(map(is_year, cells)) > 0.5 * kinds.total():
                yearly.add(column)
    return Profile(typed, frozenset(yearly))


def header_rows(lines: Sequence["Line"], merges: Sequence[Merge]) -> tuple[int, int]:
    """How many of the first rows are header, and whether (0 or 1) a row of column numbers follows them."""
    seen = profile(lines)
    if len(lines) == 1:
        kinds = {kind(cell) for cell in lines[0].cells} - {Kind.EMPTY}
        words = sum(1 for cell in lines[0].cells if kind(cell) is Kind.TEXT)
        return (1 if kinds <= {Kind.TEXT} or words >= 0.8 * lines[0].filled else 0), 0
    if not _heads(lines[0], seen):
        return 0, 0
    count = 1
    limit = min(_MAX_HEADER, len(lines))
    while count < limit:
        line = lines[count]
        if _is_numbering(line) or not (_heads(line, seen, above=lines[:count]) or _fills(lines, count, merges)):
            break
        count += 1
    numbering = int(count < len(lines) and _is_numbering(lines[count]))
    return count, numbering


def _heads(line: "Line", seen: Profile, above: Sequence["Line"] = ()) -> bool:
    """Whether a row names columns rather than filling them; `above` are the header rows before it."""
    if _is_group(line, seen, above):
        return False
    typed, odd = seen.mismatch(line.cells)
    if typed == 1 and above and line.cells[0].strip() and not _ENGLISH.search(line.text):
        return False  # one word where a number is expected is more likely a row without one
    if typed and not above and _counts(line):
        return True
    if typed and not odd and not above:
        return False
    if typed:
        beneath = not line.cells[0].strip() and odd == typed  # a name under a group, nothing under the first column
        enough = typed >= 2 or typed == len(seen.typed) or not above or beneath
        return enough and odd >= (0.6 if above else 0.5) * typed and odd > 0
    if not above:
        # Nothing to compare with: a table of words only, or a row that names groups of columns.
        return line.filled > 0
    if line.cells[0].strip() or not 0 < line.filled < len(line.cells):
        return False
    return bool(seen.typed) or _completes(line, above[-1])


def _is_group(line: "Line", seen: Profile, above: Sequence["Line"]) -> bool:
    """Whether one name under a whole header heads the rows below it, and not its column: neither a unit nor a year."""
    if line.filled != 1 or not above:
        return False
    cell = line.cells[line.first].strip()
    if cell.startswith(("(", "[")) or is_year(cell) or _UNIT.fullmatch(cell):
        return False
    columns = {line.first, *seen.typed}  # a column without a name yet says that the header goes on
    return all(any(c < len(row.cells) and row.cells[c].strip() for row in above) for c in columns)


def _completes(line: "Line", above: "Line") -> bool:
    """Whether a row gives every column a name that the row above left without one."""
    blank = [i for i in range(above.first, len(line.cells)) if i >= len(above.cells) or not above.cells[i].strip()]
    return bool(blank) and all(line.cells[i].strip() for i in blank)


def _counts(line: "Line") -> bool:
    """Whether it names its columns by counting them, days of a month or hours, perhaps with a sum in words behind."""
    cells = [cell.strip() for cell in line.cells if cell.strip()]
    words = [cell for cell in line.cells[:2] if kind(cell) is Kind.TEXT]
    behind = list(takewhile(lambda cell: kind(cell) is Kind.TEXT, reversed(cells[len(words) :])))
    rest = cells[len(words) : len(cells) - len(behind)]
    if not words or len(behind) > _SUMS:
        return False
    hours = [match for cell in rest if (match := _HOUR.fullmatch(cell)) is not None]
    if len(hours) == len(rest) >= 3:
        told = [(int(match[1]), int(match[2])) for match in hours]
        return all(a < b for a, b in pairwise(told))
    counted = rest == [str(i) for i in range(1, len(rest) + 1)]
    return counted and (len(rest) >= 10 or (len(rest) >= 4 and is_label(words[-1])))


def _fills(lines: Sequence["Line"], at: int, merges: Sequence[Merge]) -> bool:
    """Whether merged cells of the rows above reach down to this one, or group the columns it names."""
    above = {line.number for line in lines[:at]}
    number = lines[at].number
    for top, left, bottom, right in merges:
        if top in above and (bottom >= number or (right > left and bottom == number - 1)):
            under = lines[at].cells[left : right + 1]
            words = [cell for cell in under if cell.strip()]
            if bottom >= number or (words and all(kind(c) is Kind.TEXT or is_year(c) for c in words)):
                return True
    return False


def _is_numbering(line: "Line") -> bool:
    """Whether it is the row `(1) (2) (3)` that official tables have under their header."""
    cells = [cell.strip() for cell in line.cells if cell.strip()]
    if len(cells) < 2 or not all(_NUMBERED.fullmatch(cell) for cell in cells):
        return False
    digits = [int(re.sub(r"\D.*", "", cell.lstrip("([ ")) or 0) for cell in cells]
    bracketed = all(cell.startswith(("(", "[")) for cell in cells)
    steps = all(b - a == 1 for a, b in pairwise(digits))
    return steps and digits[0] in (0, 1, 2) and (bracketed or len(cells) >= 4)


def join_header(
    rows: Sequence[Sequence[str]], numbers: Sequence[int], merges: Sequence[Merge], width: int
) -> list[str]:
    """One name a column from one or more header rows: groups reach over their columns, equal parts are said once."""
    grid = [[" ".join(row[i].split()) if i < len(row) else "" for i in range(width)] for row in rows]
    if len(rows) > 1:
        _fill_merged(grid, numbers, merges, width)
        _fill_groups(grid, width)
    return [_joined([row[i] for row in grid]) for i in range(width)]


def _joined(parts: Sequence[str]) -> str:
    out: list[str] = []
    for part in parts:
        if part and (not out or out[-1].casefold() != part.casefold()):
            out.append(part)
    return " ".join(out)


def _fill_merged(grid: list[list[str]], numbers: Sequence[int], merges: Sequence[Merge], width: int) -> None:
    at = {number: i for i, number in enumerate(numbers)}
    for top, left, bottom, right in merges:
        if top not in at or left >= width:
            continue
        value = grid[at[top]][left]
        for number in range(top, bottom + 1):
            if number in at:
                for column in range(left, min(right + 1, width)):
                    grid[at[number]][column] = value


def _fill_groups(grid: list[list[str]], width: int) -> None:
    """Let a group's name reach right over the columns it stands above, up to the next group at its level or above."""
    own = [[bool(cell) for cell in row] for row in grid]
    for level, row in enumerate(grid[:-1]):
        current = ""
        for column in range(width):
            if own[level][column]:
                current = row[column]
                continue
            starts = any(own[upper][column] for upper in range(level))
            below = any(own[lower][column] for lower in range(level + 1, len(grid)))
            if starts or not below:
                current = ""
            elif current:
                row[column] = current
