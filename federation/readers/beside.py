"""Tables that stand side by side in one sheet or file: told apart only where each is clearly a table of its own.

A blank column alone says little: offices use them to space one table out, and cutting that would part values from their
keys. So each part must have its header and rows, and something that only a table of its own has.
"""

import re
from collections.abc import Sequence

from federation.readers.cells import Kind, kind
from federation.readers.finder import TOTAL, Found, Line, find
from federation.readers.header import Merge

_FIRST = 200
_TOTAL = re.compile(TOTAL, re.IGNORECASE)


def parts(lines: Sequence[Line], merges: Sequence[Merge]) -> list[tuple[list[Line], list[Merge]]]:
    """The rows and merged ranges, cut between tables that stand beside each other; else all of them."""
    whole = [(list(lines), list(merges))]
    if not may_be(lines):  # most tables have no gap, and need no look at every row
        return whole
    spans = _spans(lines)
    if not _apart(spans):
        return whole
    cut = [_cut(lines, merges, left, right) for left, right in spans]
    tables = [find(part, ranges, even=True) for part, ranges in cut]
    if not all(found and all(t.header is not None and t.rows for t in found) for found in tables):
        return whole
    first = tables[0]
    return cut if all(_own(first, other) for other in tables[1:]) else whole


def may_be(lines: Sequence[Line]) -> bool:
    """Whether the first rows have a blank column between groups of columns, so that tables may stand side by side."""
    return _apart(_spans(lines[:_FIRST]))


def _apart(spans: Sequence[tuple[int, int]]) -> bool:
    return len(spans) > 1 and all(right > left for left, right in spans)


def _spans(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """The runs of columns that hold anything, first and last index of each."""
    filled: set[int] = set()
    for line in lines:
        filled.update(i for i, cell in enumerate(line.cells) if cell and not cell.isspace())
    out: list[tuple[int, int]] = []
    for column in sorted(filled):
        if out and column == out[-1][1] + 1:
            out[-1] = (out[-1][0], column)
        else:
            out.append((column, column))
    return out


def _cut(lines: Sequence[Line], merges: Sequence[Merge], left: int, right: int) -> tuple[list[Line], list[Merge]]:
    part = [Line(line.number, line.cells[left : right + 1]) for line in lines]
    inside = [
        (top, max(first, left) - left, bottom, min(last, right) - left)
        for top, first, bottom, last in merges
        if first <= right and last >= left
    ]
    return part, inside


def _own(before: Sequence[Found], after: Sequence[Found]) -> bool:
    """Whether a part is a table of its own: the same header once more, or keys of its own and another place or end."""
    one, other = before[0], after[0]
    if one.header == other.header:
        return True
    if not _keyed(other):
        return False
    if one.number != other.number or (one.title and other.title):
        return True
    # Ends alone: a last row that is not filled in yet must not cut values from their keys.
    return abs(_end(before) - _end(after)) > 1 and all(line.filled == len(line.cells) for line in other.rows)


def _end(tables: Sequence[Found]) -> int:
    """The number of the last row that does not sum up others."""
    rows = [line.number for line in tables[-1].rows if not _TOTAL.match(line.text)]
    return rows[-1] if rows else tables[-1].rows[-1].number


def _keyed(table: Found) -> bool:
    """Whether its first column names its rows: filled throughout, hardly a repetition, words or numbers from 1 up."""
    cells = [line.cells[0].strip() if line.cells else "" for line in table.rows]
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) < 2 or not all(cells) or len(set(cells)) < 0.9 * len(cells):
        return False
    words = sum(1 for cell in cells if kind(cell) is Kind.TEXT)
    return words >= 0.8 * len(cells) or cells == [str(i) for i in range(1, len(cells) + 1)]
