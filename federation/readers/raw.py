"""The sheets of a workbook as they stand: every row with its values, merged ranges and telling formats.

For whoever writes a workbook of the same layout again (`services/returns`); tables are `sheet.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_calamine as calamine

from core.table import Place
from federation.readers import workbook
from federation.readers.errors import SheetTooLarge, WorkbookBroken
from federation.readers.formats import Formats, formats
from federation.readers.header import Merge
from federation.readers.result import ReadLimits


@dataclass(frozen=True, slots=True)
class RawSheet:
    """One sheet.

    Attributes:
        rows: from row 1 and column A on: text, numbers, booleans, dates, times; an empty text where nothing stands.
        merges: by row number from 1 and column index from 0.
        formats: which numbers are shown as percentages or with leading zeros, None where none is.
        hidden: whether its owner has hidden it.
    """

    name: str
    rows: Sequence[Sequence[Any]]
    merges: tuple[Merge, ...]
    formats: Formats | None
    hidden: bool


def raw_sheets(path: Path, kind: str, place: Place, limits: ReadLimits) -> list[RawSheet]:
    """The worksheets of an XLSX, XLS or ODS file in order.

    Raises:
        WorkbookEncrypted, WorkbookBroken, MarkupRefused, SheetTooLarge, ArchiveBomb: as for reading its tables.
    """
    workbook.inspect(path, kind, place, limits)
    formatted = formats(path, kind)
    out: list[RawSheet] = []
    try:
        with calamine.CalamineWorkbook.from_path(path) as book:
            for meta in book.sheets_metadata:
                if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                end = sheet.end or (0, 0)
                if (end[0] + 1) * (end[1] + 1) > limits.max_cells:
                    raise SheetTooLarge(place, rows=end[0] + 1, columns=end[1] + 1, limit=limits.max_cells)
                rows = sheet.to_python(skip_empty_area=False) if sheet.end is not None else []
                merges: tuple[Merge, ...] = tuple(
                    (top + 1, left, bottom + 1, right)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                )
                hidden = meta.visible != calamine.SheetVisibleEnum.Visible
                out.append(RawSheet(meta.name, rows, merges, formatted.get(meta.name), hidden))
    except (calamine.CalamineError, OSError) as error:
        raise WorkbookBroken(place, reason=str(error)) from error
    return out
