"""The file that a steward fills for a standard: a workbook that helps while it is filled, and a plain CSV.

The sheet of data holds its header and nothing else, so that no row of it can be mistaken for data: definitions, units
and examples stand in the notes of the header and on a sheet of their own. The titles are the columns' own, which the
gate reads back without any mapping (docs/adr/0016).
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from core.contract import Column, ColumnType, Contract
from core.contracts import PARTS
from core.messages import text
from core.spreadsheet import put_text
from core.template import DATA_SHEET
from quality.standard.column_guide import Guide

_LAST = 1_048_576  # rows of a sheet
_HEADER = PatternFill("solid", start_color="FF1F4E78")
_NEEDED = PatternFill("solid", start_color="FF9C2F2F")
_FORMATS = {
    ColumnType.TEXT: "@", ColumnType.DATE: "yyyy-mm-dd", ColumnType.MOMENT: "yyyy-mm-dd hh:mm",
    ColumnType.INTEGER: "0", ColumnType.NUMBER: "General", ColumnType.BOOLEAN: "@",
}  # fmt: skip
_Kind = Literal["date", "whole", "decimal", "textLength"]
_SAID_MOST = 250  # letters of a message beside a cell
_WIDE = 10**15


def workbook(contract: Contract, columns: Sequence[Guide], *, lang: str = "id", member: str = "") -> bytes:
    """The workbook: data, guide, and a hidden sheet with the lists that its cells choose from."""
    book = Workbook()
    data = book.active
    assert data is not None
    data.title = DATA_SHEET
    guide = book.create_sheet(text("standard.template.sheet.guide", lang))
    lists = book.create_sheet(text("standard.template.sheet.lists", lang))
    lists.sheet_state = "hidden"
    for at, one in enumerate(columns, start=1):
        _column(data, lists, at, one, lang)
    data.freeze_panes = "A2"
    data.row_dimensions[1].height = 32
    _protect(data)
    _guide_sheet(guide, contract, columns, lang, member)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def delimited(contract: Contract, *, lang: str = "id") -> bytes:
    """The same header as CSV: UTF-8 with its mark, semicolons, as a spreadsheet of an Indonesian office opens it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([c.title[lang] for c in contract.columns])
    return out.getvalue().encode("utf-8-sig")


def _column(data: Worksheet, lists: Worksheet, at: int, one: Guide, lang: str) -> None:
    letter, column = get_column_letter(at), one.column
    whole = data.column_dimensions[letter]
    whole.number_format = _FORMATS[column.type] if not one.choices else "@"
    whole.protection = Protection(locked=False)
    whole.width = max(14, min(40, len(one.title(lang)) + 6, *(len(c) + 4 for c in one.choices[:50] or (" " * 36,))))
    head = data.cell(row=1, column=at)
    put_text(head, one.title(lang))
    head.font = Font(bold=True, color="FFFFFFFF")
    head.fill = _NEEDED if column.required else _HEADER
    head.alignment = Alignment(wrap_text=True, vertical="center")
    head.protection = Protection(locked=True)
    note = "\n".join(one.sentences(lang))
    head.comment = Comment(note, "Lumbung", height=40 + 18 * (1 + len(note) // 42), width=320)
    check = _validation(lists, at, one)
    if check is None:
        return
    check.showErrorMessage, check.errorStyle = True, "stop"
    check.errorTitle = text("standard.template.wrong", lang)[:32]
    check.error = one.allowed(lang)[:_SAID_MOST]
    check.add(f"{letter}2:{letter}{_LAST}")
    data.add_data_validation(check)


def _validation(lists: Worksheet, at: int, one: Guide) -> DataValidation | None:
    """What a spreadsheet lets in; None where it lets everything in and the gate decides."""
    blank = not one.column.required
    if one.choices:
        letter = get_column_letter(at)
        for row, choice in enumerate(one.choices, start=1):
            put_text(lists.cell(row=row, column=at), choice)
        source = f"'{lists.title}'!${letter}$1:${letter}${len(one.choices)}"
        return DataValidation(type="list", formula1=source, allow_blank=blank)
    kinds: dict[ColumnType, _Kind] = {
        ColumnType.DATE: "date", ColumnType.MOMENT: "date", ColumnType.INTEGER: "whole", ColumnType.NUMBER: "decimal",
        ColumnType.TEXT: "textLength",
    }  # fmt: skip
    kind = kinds.get(one.column.type)
    if kind is None or one.column.reference or (kind == "textLength" and one.low is None and one.high is None):
        return None
    low, high = _ends(one.column, one.low, one.high)
    return DataValidation(type=kind, operator="between", formula1=low, formula2=high, allow_blank=blank)


def _ends(column: Column, low: Any, high: Any) -> tuple[str, str]:
    """The bounds as a spreadsheet writes them, wide open where the standard has none."""
    if column.type in (ColumnType.DATE, ColumnType.MOMENT):
        return _day(low or date(1900, 1, 1)), _day(high or date(2199, 12, 31))
    if column.type is ColumnType.TEXT:
        return str(low or 0), str(high if high is not None else 32_767)
    return str(low if low is not None else -_WIDE), str(high if high is not None else _WIDE)


def _day(value: date) -> str:
    day = f"DATE({value.year},{value.month},{value.day})"
    return f"{day}+TIME({value.hour},{value.minute},0)" if isinstance(value, datetime) else day


def _protect(sheet: Worksheet) -> None:
    """Only the header is locked; without a password, since this keeps from slips and not from people."""
    sheet.protection.enable()
    for allowed in ("formatColumns", "formatRows", "formatCells", "insertRows", "deleteRows", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # a spreadsheet stores what is forbidden


def _guide_sheet(sheet: Worksheet, contract: Contract, columns: Sequence[Guide], lang: str, member: str) -> None:
    """The five parts of the standard, how to fill it, and one line a column."""

    def line(*values: str, bold: bool = False) -> None:
        row = sheet.max_row + (sheet.max_row > 1 or sheet.cell(1, 1).value is not None)
        for at, value in enumerate(values, start=1):
            cell = sheet.cell(row=row, column=at)
            put_text(cell, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=bold)

    release, producer = contract.metadata.release, contract.metadata.producer
    line(
        text("standard.template.heading", lang),
        f"{contract.title[lang]} ({contract.name} {contract.version})",
        bold=True,
    )
    line(text("standard.template.definition", lang), contract.description[lang])
    for part in PARTS:
        line(text(f"standard.part.{part}", lang), contract.standard[part][lang])
    line(text("standard.template.classification", lang), contract.classification.value)
    if producer:
        line(text("standard.template.producer", lang), producer[lang])
    if release is not None:
        due = text("standard.template.release.due", lang, every=release.every.value, days=release.due_days)
        line(text("standard.template.release", lang), due)
    if member:
        line(text("standard.template.member", lang), member)
    line(text("standard.template.how", lang), text("standard.template.how.text", lang))
    line("", "")
    heads = ("title", "definition", "needed", "unit_head", "allowed", "example_head")
    line(*(text(f"standard.template.{head}", lang) for head in heads), bold=True)
    for one in columns:
        column = one.column
        needed = text("cli.yes" if column.required else "cli.no", lang).capitalize()
        line(
            one.title(lang), column.standard["definisi"][lang], needed, column.standard["satuan"][lang],
            one.allowed(lang), one.example,
        )  # fmt: skip
    for letter, width in zip("ABCDEF", (28, 60, 12, 24, 44, 24), strict=True):
        sheet.column_dimensions[letter].width = width
