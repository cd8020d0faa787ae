"""Workbooks with text as text and nothing that a spreadsheet would run (F28); the same sheets, the same bytes."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from core.spreadsheet import formula_like, put_text, unstamped, writable

_HEAD = PatternFill("solid", fgColor="1E6B4F")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_SHORT_TEXT = 40
_SHORT, _LONG = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its title, its header, and rows of text, numbers, days and nothing.

    `formats`: how each column's numbers and days are shown, as spreadsheets write it; empty for as they are.
    """

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[object]]
    formats: Sequence[str] = ()


def workbook(sheets: Iterable[Sheet], *, stamp: str) -> bytes:
    """The sheets as an XLSX file that says it was made at `stamp` (ISO, UTC, with Z)."""
    book = Workbook(write_only=True)
    for one in sheets:
        sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", one.title)[:31])
        rows = [list(row) for row in one.rows]
        for i, header in enumerate(one.headers):
            widest = max((len(str(row[i])) for row in rows[:200] if row[i] is not None), default=0)
            sheet.column_dimensions[get_column_letter(i + 1)].width = min(60, max(10, len(header), widest) + 2)
        sheet.freeze_panes = "A2"
        sheet.append([_head(sheet, header) for header in one.headers])
        for row in rows:
            sheet.append([_cell(sheet, value, of) for value, of in zip_longest(row, one.formats, fillvalue="")])
    made = BytesIO()
    book.save(made)
    return unstamped(made.getvalue(), stamp)


def _head(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet)
    put_text(cell, text)
    cell.font, cell.fill = _HEAD_FONT, _HEAD
    return cell


def _cell(sheet: Any, value: object, shown: str) -> Any:
    """A value as a cell: numbers and days as such, anything else as text that is never a formula."""
    if value is None:
        return value
    if isinstance(value, int | float | date) and not isinstance(value, bool):
        if not shown:
            return value
        kept: Any = value  # openpyxl's stubs know no days
        cell = WriteOnlyCell(sheet, kept)
        cell.number_format = shown
        return cell
    text = str(value)
    if len(text) <= _SHORT_TEXT and not formula_like(text):
        return writable(text)
    cell = WriteOnlyCell(sheet)
    put_text(cell, text)
    cell.alignment = _LONG if len(text) > _SHORT_TEXT else _SHORT
    return cell
