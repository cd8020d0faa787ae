"""A workbook that was sent back to its steward and comes again: its summary is for people and no table of data.

`services/returns` writes such workbooks. The mark stands in the sheet itself, so that it survives every program that
saves the file; names of sheets are their owners' own.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import python_calamine as calamine

from core.table import Note

#: What the first cell of a summary begins with.
MARK = "RINGKASAN PENGEMBALIAN · LUMBUNG"
#: Labels of the rows by which a program knows what was sent back; they stand in the first column.
CASE, RESOURCE, TABLE, SENT, WRONG, ROWS, PART = (
    "Nomor pengembalian", "Nomor sumber daya", "Tabel", "Sidik berkas asal", "Baris yang salah", "Baris dalam buku ini",
    "Isi buku ini",
)  # fmt: skip
WHOLE, SOME = "seluruh tabel", "sebagian tabel"
#: A sheet whose table is called otherwise: its name in the second column, that of the table in the third.
SHEET = "Lembar"
#: Above the rows whose values look like slips of the hand; in the fourth column a person says why one is true.
TRUE = "Nilai yang memang benar"
#: So many of these rows are listed.
MOST_TRUE = 100
_TRUE_ROW = re.compile(r"(\d+) · ([0-9a-f ]+)")


#: The remark about a workbook that was sent back: how many rows it held, how many of them wrong, and whether all.
RETURNED = "reader.returned"


def is_summary(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a sheet is the summary of a return."""
    return bool(rows) and bool(rows[0]) and str(rows[0][0]).startswith(MARK)


def remark(rows: Sequence[Sequence[Any]]) -> Note:
    """What a summary says of its workbook, for whoever takes the repaired rows in."""
    said = _labelled(rows)
    return Note(RETURNED, {"rows": said.get(ROWS, ""), "wrong": said.get(WRONG, ""), "part": said.get(PART, "")})


def is_part(note: Note, rows: int) -> bool:
    """Whether a repaired table of so many rows is only a part of what its owner has.

    Rows that were wrong may be gone for good, so only a table that lacks more than those is a part.
    """
    if note.values["part"] == SOME:
        return True
    sent, wrong = note.values["rows"], note.values["wrong"]
    return sent.isdigit() and wrong.isdigit() and rows < int(sent) - int(wrong)


def _labelled(rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in rows if len(row) > 1 and row[0]}


def tables_of(rows: Sequence[Sequence[Any]]) -> Mapping[str, str]:
    """What the tables of a returned workbook are called in the file that was sent: name of the sheet to that."""
    return {str(row[1]): str(row[2]) for row in rows if len(row) > 2 and row[0] == SHEET}


def true_label(row: int, marks: str) -> str:
    """How a row (of the workbook) whose values may be true is called in the summary."""
    return f"{row} · {marks}"


def said_true(path: Path) -> Mapping[str, str]:
    """What a person has said is true in a returned workbook: the marks of a row's values to the reason."""
    rows, out, inside = _summary_rows(path) or [], {}, False
    for row in rows:
        first = str(row[0]) if row else ""
        inside = inside or first == TRUE
        found = _TRUE_ROW.fullmatch(first) if inside else None
        if found is not None and len(row) > 3 and (reason := str(row[3]).strip()):
            out[found[2]] = reason
    return out


def summary_of(path: Path) -> Mapping[str, str] | None:
    """What the summary of a returned workbook says, by label; None where it is no such workbook."""
    rows = _summary_rows(path)
    return None if rows is None else _labelled(rows)


def _summary_rows(path: Path) -> list[list[Any]] | None:
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                rows: list[list[Any]] = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False, nrows=400)
                if is_summary(rows):
                    return rows
    except (calamine.CalamineError, OSError):
        return None
    return None
