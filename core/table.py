"""The text table: what a reader makes of a file before anybody has decided what a cell means.

Cells are text exactly as a person sees them; types come later, from the contract (`quality/cast`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a landed file; `row` counts from 1 as a spreadsheet or editor shows it."""

    file: str
    member: str | None = None  # the entry inside a zip
    sheet: str | None = None
    row: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.member:
            parts.append(self.member)
        if self.sheet:
            parts.append(f"lembar {self.sheet}")
        if self.row is not None:
            parts.append(f"baris {self.row}")
        if self.column is not None:
            parts.append(f"kolom {self.column}")
        return " › ".join(parts)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the reader that a steward should see: a code from the message catalogue and its values."""

    code: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextTable:
    """One table of a file.

    Attributes:
        name: sheet, zip entry or file stem; with `#n` behind it where one sheet holds several.
        place: where it begins.
        data: one `string` column each header, in order, names made unique; empty cells are null.
        row_numbers: int64, the source row (1-based) of each row of `data`, same length.
        title: text found above the header, joined by newlines, or None.
        footnotes: text found below the last row.
        notes: remarks (renamed headers, dropped totals, ragged rows, guessed encoding ...).
        dialect: what was decided about the syntax: encoding, delimiter, quote, newline; empty for sheets.
    """

    name: str
    place: Place
    data: pa.Table
    row_numbers: pa.Int64Array
    title: str | None = None
    footnotes: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    dialect: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The header, in order."""
        return tuple(self.data.column_names)

    def __len__(self) -> int:
        return int(self.data.num_rows)


def text_table(
    name: str, place: Place, columns: Sequence[str], rows: Sequence[Sequence[str | None]], first_row: int = 2
) -> TextTable:
    """A table from Python rows, for tests and small sources; row numbers count up from `first_row`."""
    arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(columns))]
    data = pa.table(arrays, names=list(columns)) if columns else pa.table({})
    return TextTable(name, place, data, pa.array(range(first_row, first_row + len(rows)), pa.int64()))
