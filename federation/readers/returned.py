"""A workbook that was sent back to its steward and comes again: its summary is for people and no table of data.

`services/returns` writes such workbooks. The mark stands in the sheet itself, so that it survives every program that
saves the file; names of sheets are their owners' own.
"""

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


def summary_of(path: Path) -> Mapping[str, str] | None:
    """What the summary of a returned workbook says, by label; None where it is no such workbook."""
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False, nrows=400)
                if is_summary(rows):
                    return _labelled(rows)
    except (calamine.CalamineError, OSError):
        return None
    return None
