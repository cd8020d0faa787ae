"""Pages, marked cells and a summary to one XLSX: nothing in it is live, and the same content gives the same bytes.

Text stays text whatever it begins with (F28): no formula, link or macro is ever written. Rows are streamed, so that a
table of fifty thousand rows costs no more memory than its text.
"""

import io
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from core.spreadsheet import put_text, unstamped
from services.returns.layout import Page

#: So many cells carry a comment; the further ones are coloured.
MOST_COMMENTS = 5_000
_WRONG = PatternFill("solid", start_color="FFFFC7CE")  # the cell itself
_ROW = PatternFill("solid", start_color="FFFFEB9C")  # a row, where no single cell is wrong
_WIDEST, _NARROWEST = 48, 9
_AUTHOR = "Lumbung"


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wrong at one cell; `whole_row` where no single cell is."""

    text: str
    whole_row: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary: a label with its value, or the cells of a table's row."""

    cells: Sequence[str | int]
    bold: bool = False


def write(
    pages: Sequence[Page],
    marks: Mapping[tuple[int, int, int], Mark],
    summary: Sequence[Line],
    *,
    title: str,
    at: datetime,
) -> bytes:
    """The workbook: the summary first, then the pages.

    Args:
        marks: by page, line and column, all from 0.
        title: of the summary's sheet; another is found where a page is called so.
        at: the moment that the document names as its own.
    """
    book = Workbook(write_only=True)
    names = {page.name.casefold() for page in pages}
    while title.casefold() in names:
        title += " Lumbung"
    _summary(book, title, summary)
    commented = sorted(marks, key=lambda at: (marks[at].whole_row, at))[:MOST_COMMENTS]  # a wrong cell before a row
    for number, page in enumerate(pages):
        mine = {(line, column): mark for (p, line, column), mark in marks.items() if p == number}
        _page(book, page, mine, {(line, column) for p, line, column in commented if p == number})
    out = io.BytesIO()
    book.save(out)
    return unstamped(out.getvalue(), at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _summary(book: Workbook, title: str, lines: Sequence[Line]) -> None:
    sheet = book.create_sheet(title)
    for column, width in (("A", 30), ("B", 70), ("C", 14), ("D", 70)):
        sheet.column_dimensions[column].width = width
    for line in lines:
        cells = []
        for value in line.cells:
            cell = WriteOnlyCell(sheet)
            _put(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if line.bold:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)


def _page(
    book: Workbook, page: Page, marks: Mapping[tuple[int, int], Mark], commented: Container[tuple[int, int]]
) -> None:
    """Write one page with its marks; `commented` are those that carry a comment."""
    sheet = book.create_sheet(page.name)
    if page.hidden:
        sheet.sheet_state = "hidden"
    for column, width in _widths(page).items():
        sheet.column_dimensions[get_column_letter(column + 1)].width = width
    for top, first, bottom, last in page.merges:
        if (bottom, last) > (top, first):
            sheet.merged_cells.add(f"{get_column_letter(first + 1)}{top}:{get_column_letter(last + 1)}{bottom}")
    by_line: dict[int, dict[int, Mark]] = {}
    for (row, column), said in marks.items():
        by_line.setdefault(row, {})[column] = said
    for line, values in enumerate(page.rows):
        here = by_line.get(line, {})
        width = max(len(values), max(here, default=-1) + 1)
        cells: list[Any] = []
        for column in range(width):
            value = values[column] if column < len(values) else None
            mark = here.get(column)
            if value in (None, "") and mark is None:
                cells.append(None)
                continue
            cell = WriteOnlyCell(sheet)
            _put(cell, value)
            cell.number_format = page.shapes.get((line, column)) or _shape(value, typed=page.typed)
            if mark is not None:
                cell.fill = _ROW if mark.whole_row else _WRONG
                if (line, column) in commented:
                    cell.comment = _comment(mark.text)
            cells.append(cell)
        sheet.append(cells)


def _put(cell: Any, value: Any) -> None:
    """A value into a cell; text is never taken for anything else."""
    if isinstance(value, str):
        put_text(cell, value)
    else:
        cell.value = value


def _shape(value: Any, *, typed: bool) -> str:
    """The number format: a page of text takes what is typed into it as text, a workbook's own keeps its kinds."""
    if isinstance(value, datetime):
        return "yyyy-mm-dd" if value.time() == time(0) else "yyyy-mm-dd hh:mm:ss"
    if isinstance(value, date):
        return "yyyy-mm-dd"
    if isinstance(value, time):
        return "hh:mm:ss"
    if isinstance(value, timedelta):
        return "[h]:mm:ss"
    return "General" if typed else "@"


def _comment(text: str) -> Comment:
    lines = sum(1 + len(line) // 48 for line in text.split("\n"))
    return Comment(text, _AUTHOR, height=24 + 18 * lines, width=340)


def _widths(page: Page) -> dict[int, int]:
    """How wide columns are to be, by what stands below the titles."""
    out: dict[int, int] = {}
    for values in page.rows[:200]:
        if sum(value not in (None, "") for value in values) < 2:  # a title reaches over columns
            continue
        for column, value in enumerate(values):
            length = min(_WIDEST, len(str(value)) + 2) if value is not None else 0
            out[column] = max(out.get(column, _NARROWEST), length)
    return out
