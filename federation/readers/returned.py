"""A workbook that was sent back to its steward and comes again: its summary is for people and no table of data.

`services/returns` writes such workbooks. The mark stands in the sheet itself, so that it survives every program that
saves the file; names of sheets are their owners' own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import python_calamine as calamine

#: What the first cell of a summary begins with.
MARK = "RINGKASAN PENGEMBALIAN · LUMBUNG"
#: Labels of the rows by which a program knows what was sent back; they stand in the first column.
CASE, RESOURCE, TABLE, SENT, ROWS, PART = (
    "Nomor pengembalian", "Nomor sumber daya", "Tabel", "Sidik berkas asal", "Baris dalam buku ini", "Isi buku ini"
)  # fmt: skip
WHOLE, SOME = "seluruh tabel", "sebagian tabel"


def is_summary(rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a sheet is the summary of a return."""
    return bool(rows) and bool(rows[0]) and str(rows[0][0]).startswith(MARK)


def summary_of(path: Path) -> Mapping[str, str] | None:
    """What the summary of a returned workbook says, by label; None where it is no such workbook."""
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False, nrows=60)
                if is_summary(rows):
                    return {str(row[0]): str(row[1]) for row in rows if len(row) > 1 and row[0]}
    except (calamine.CalamineError, OSError):
        return None
    return None
