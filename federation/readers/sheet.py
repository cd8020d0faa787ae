"""XLSX, XLS and ODS to tables, by calamine: every cell as the text that a person sees, merged headers filled.

What may be opened at all is decided in `workbook.py` before calamine sees the file.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine

from core.table import Note, Place, TextTable
from federation.readers import grid, workbook
from federation.readers.build import shown as some_of
from federation.readers.errors import SheetTooLarge, WorkbookBroken, WorkbookEncrypted
from federation.readers.finder import Line
from federation.readers.formats import PERCENT, Formats, formats
from federation.readers.header import Merge
from federation.readers.result import ReadLimits
from federation.readers.returned import is_summary, remark, tables_of
from federation.readers.split import split

_ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!"})


def read_sheets(
    path: Path, name: str, kind: str, place: Place, limits: ReadLimits
) -> tuple[list[TextTable], list[Note]]:
    """The tables of all sheets, hidden ones included with a remark, and remarks about the workbook.

    Raises:
        WorkbookEncrypted, WorkbookBroken, MarkupRefused, SheetTooLarge, ArchiveBomb: with the place.
    """
    about = workbook.inspect(path, kind, place, limits)
    notes = list(about.notes)
    tables: list[TextTable] = []
    named: Mapping[str, str] = {}
    formatted = formats(path, kind)
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                here = Place(place.file, place.member, meta.name)
                if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                    notes.append(Note("reader.sheet_skipped", {"sheet": meta.name}))
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                if sheet.end is not None and is_summary(sheet.to_python(skip_empty_area=False, nrows=1)):
                    summary = sheet.to_python(skip_empty_area=False)
                    notes.append(remark(summary))
                    named = tables_of(summary)
                    continue
                found = _read_sheet(sheet, here, limits, about, formatted.get(meta.name))
                if meta.visible != calamine.SheetVisibleEnum.Visible and found:
                    notes.append(Note("reader.sheet_hidden", {"sheet": meta.name}))
                tables.extend(found)
    except calamine.PasswordError as error:
        raise WorkbookEncrypted(place) from error
    except (calamine.CalamineError, OSError) as error:
        raise WorkbookBroken(place, reason=str(error)) from error
    if not tables:
        notes.append(Note("reader.workbook_empty"))
    return [replace(one, name=named.get(one.name, one.name)) for one in tables], notes


def _read_sheet(
    sheet: calamine.CalamineSheet, place: Place, limits: ReadLimits, about: workbook.Workbook, formatted: Formats | None
) -> list[TextTable]:
    end = sheet.end
    if end is None:
        return []
    if (end[0] + 1) * (end[1] + 1) > limits.max_cells:
        raise SheetTooLarge(place, rows=end[0] + 1, columns=end[1] + 1, limit=limits.max_cells)
    notes: list[Note] = []
    broken = list(about.broken.get(place.sheet or "", []))
    lines: list[Line] = []
    # Rows come from A1 on, so that their numbers are those on the screen.
    for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
        if row.count("") == len(row):
            lines.append(Line(number, []))
            continue
        cells = [shown(value) for value in row]
        for column, how in formatted.of(number - 1) if formatted else ():
            if column < len(cells):
                cells[column] = _formatted(row[column], cells[column], how)
        for column, cell in enumerate(cells):
            if cell in _ERRORS:
                broken.append(f"{workbook.letters(column)}{number}")
                cells[column] = ""
        lines.append(Line(number, cells))
    if broken:
        notes.append(Note("reader.cell_errors", {"cells": some_of(broken), "count": str(len(broken))}))
    blank = about.unfilled.get(place.sheet or "", [])
    if blank:
        notes.append(Note("reader.formulas_empty", {"cells": some_of(blank), "count": str(len(blank))}))
    if (apart := split(lines)) is not None:
        lines, remark = apart
        notes.append(remark)
    merges: list[Merge] = [
        (top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
    ]
    return grid.tables(lines, merges, place.sheet or "", place, limits, notes=notes)


def _formatted(value: object, cell: str, how: int) -> str:
    """The text of a number whose format makes it a percentage or fills it up with zeros."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return cell
    return f"{_number(value * 100)}%" if how == PERCENT else cell.zfill(how) if cell.isdigit() else cell


def shown(value: object) -> str:
    """A cell's value as a person sees it: whole numbers without `.0`, dates as ISO, TRUE and FALSE."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if value is None else str(value)


def _number(value: float) -> str:
    """At most fifteen digits, as Excel keeps them, and never an exponent."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - the test for NaN
        return ""
    text = f"{value:.15g}"
    if "e" in text:
        text = format(Decimal(text), "f")
    return "0" if text == "-0" else text
