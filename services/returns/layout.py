"""A delivered file as the pages of a workbook: the steward's own sheets row by row, or its tables as they were read.

Which of its cells are wrong is `faults.py`'s; how pages become a workbook is `workbook.py`'s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from core.table import Place, TextTable
from federation.readers.formats import PERCENT
from federation.readers.header import Merge
from federation.readers.raw import RawSheet, raw_sheets
from federation.readers.result import ReadLimits
from federation.readers.returned import is_summary
from federation.readers.sheet import shown

#: A table of more rows goes back with those that are wrong and a little around them.
MOST_ROWS = 50_000
AROUND = 2
#: Of a delivery that is held as a whole, so many rows of a large table are shown.
SHOWN = 100
_LOOKED_AT = 60
_BOOKS = frozenset({"xlsx", "xls", "ods"})
_NAME_MOST = 31
_REFUSED = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(slots=True)
class Page:
    """One sheet of the workbook.

    Attributes:
        rows: what stands in each line; text is text, whatever it begins with.
        at: source row to its line here, from 0.
        columns: of each table of this sheet by name, where its columns stand, from 0.
        merges: ranges by line from 1 and column from 0.
        shapes: number formats of some cells, by line and column from 0.
        typed: whether values keep their kind (a workbook's own) or every cell is text as it was read.
        part: whether only some rows of a large table are here.
    """

    name: str
    rows: list[Sequence[Any]]
    at: Mapping[int, int]
    columns: dict[str, dict[str, int]]
    merges: tuple[Merge, ...] = ()
    shapes: Mapping[tuple[int, int], str] = field(default_factory=dict)
    typed: bool = False
    hidden: bool = False
    part: bool = False


def own_pages(path: Path, kind: str, tables: Sequence[TextTable], limits: ReadLimits) -> list[Page] | None:
    """The file's own sheets row by row; None where it has none, or a table cannot be found again in them."""
    if kind not in _BOOKS or any(len(table) > MOST_ROWS for table in tables):
        return None
    sheets = raw_sheets(path, kind, Place(path.name), limits)
    pages = []
    for sheet in sheets:
        if is_summary(sheet.rows):  # it went back before
            continue
        columns: dict[str, dict[str, int]] = {}
        for table in tables:
            if table.place.sheet == sheet.name:
                found = _places(table, sheet.rows)
                if found is None:
                    return None
                columns[table.name] = found
        pages.append(_own(sheet, columns))
    return pages


def _own(sheet: RawSheet, columns: dict[str, dict[str, int]]) -> Page:
    shapes: dict[tuple[int, int], str] = {}
    for line in range(len(sheet.rows)) if sheet.formats is not None else ():
        for column, how in sheet.formats.of(line) if sheet.formats is not None else ():
            shapes[line, column] = "0.##########%" if how == PERCENT else "0" * how
    at = {line + 1: line for line in range(len(sheet.rows))}
    return Page(
        sheet.name, list(sheet.rows), at, columns, sheet.merges, shapes, typed=True, hidden=sheet.hidden
    )  # fmt: skip


def _places(table: TextTable, rows: Sequence[Sequence[Any]]) -> dict[str, int] | None:
    """Where a table's columns stand in its sheet: the next one to the right whose cells say the same."""
    step = max(1, len(table) // _LOOKED_AT)
    picked = list(range(0, len(table), step))
    lines = [int(table.row_numbers[i].as_py()) - 1 for i in picked]
    if any(line >= len(rows) for line in lines):
        return None
    found: dict[str, int] = {}
    column = 0
    for name in table.columns:
        cells = table.data[name].take(picked).to_pylist()
        best = _best(cells, [rows[line] for line in lines], column)
        if best is None:
            return None
        found[name] = best
        column = best + 1
    return found


def _best(cells: Sequence[str | None], rows: Sequence[Sequence[Any]], start: int) -> int | None:
    """The first column from `start` on that says the same in every row; a cell under a tall merged one is blank."""
    width = max((len(row) for row in rows), default=0)
    said = [cell for cell in cells if cell]
    for column in range(start, width):
        pairs = [(cell, shown(row[column]) if column < len(row) else "") for cell, row in zip(cells, rows, strict=True)]
        if all(_same(cell, there) for cell, there in pairs) and (not said or any(there for _, there in pairs)):
            return column
    return None


def _same(read: str | None, there: str) -> bool:
    if not there.strip() or not (read or "").strip():
        return not (read or "").strip() or not there.strip()
    # a number may be shown as a percentage or filled up with zeros
    return read == there or (read or "").endswith("%") or (read or "").lstrip("0") == there


def read_pages(tables: Sequence[TextTable], wanted: Mapping[str, Sequence[int]], *, bare: bool = False) -> list[Page]:
    """The tables as they were read, one a sheet.

    Args:
        wanted: by table, the source rows that are returned; of a large table only these and a little around them.
        bare: without the words above and below a table.
    """
    taken: set[str] = set()
    return [_page(table, _sheet_name(table.name, taken), wanted.get(table.name, ()), bare=bare) for table in tables]


def _page(table: TextTable, name: str, wanted: Sequence[int], *, bare: bool) -> Page:
    above: list[list[Any]] = []
    if table.title and not bare:
        above = [*([line] for line in table.title.split("\n")), []]
    numbers = table.row_numbers.to_pylist()
    picked = _picked(numbers, wanted)
    rows: list[Sequence[Any]] = [*above, list(table.columns)]
    first = len(rows)
    data = table.data if picked is None else table.data.take(picked)
    rows += [list(row) for row in zip(*(column.to_pylist() for column in data.columns), strict=True)]
    kept = numbers if picked is None else [numbers[i] for i in picked]
    at = {number: first + i for i, number in enumerate(kept)}
    if table.footnotes and not bare:
        rows += [[], *([note] for note in table.footnotes)]
    columns = {column: i for i, column in enumerate(table.columns)}
    return Page(name, rows, at, {table.name: columns}, part=picked is not None)


def _picked(numbers: Sequence[int], wanted: Sequence[int]) -> list[int] | None:
    """The positions of the rows that go back; None is all of them."""
    if len(numbers) <= MOST_ROWS:
        return None
    if not wanted:
        return list(range(SHOWN))
    place = {number: i for i, number in enumerate(numbers)}
    out: set[int] = set()
    for number in wanted:
        if (i := place.get(number)) is not None:
            out.update(range(max(0, i - AROUND), min(len(numbers), i + AROUND + 1)))
        if len(out) > MOST_ROWS:
            break
    return sorted(out)


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that a spreadsheet takes, told apart from the others."""
    base = " ".join(name.translate(_REFUSED).split()).strip("'")[:_NAME_MOST] or "Tabel"
    out, n = base, 1
    while out.casefold() in taken:
        n += 1
        out = f"{base[: _NAME_MOST - 4]} {n}"
    taken.add(out.casefold())
    return out


def same_tables(before: Sequence[TextTable], after: Sequence[TextTable]) -> bool:
    """Whether a workbook, read again, gives the tables that it was made from, cell by cell."""
    return len(before) == len(after) and all(
        one.columns == other.columns and _cells(one) == _cells(other) for one, other in zip(before, after, strict=True)
    )


def _cells(table: TextTable) -> list[list[str]]:
    return [[cell or "" for cell in column.to_pylist()] for column in table.data.columns]


def same_headers(before: Sequence[TextTable], after: Sequence[TextTable]) -> bool:
    """Whether a workbook of some rows gives tables of the same columns."""
    pairs: Iterator[tuple[TextTable | None, TextTable | None]] = zip_longest(before, after)
    return all(a is not None and b is not None and a.columns == b.columns for a, b in pairs)
