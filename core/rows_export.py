"""Rows as files that are written while they are read: CSV, NDJSON and Parquet, a page of Arrow columns at a time.

Whatever pages come, one writer holds no more than one of them. CSV is for spreadsheets, so text that one would run is
marked as text (F28); NDJSON and Parquet are for programs and hold every text as it is. Which rows are asked for is left
to `core/rows.py`, reading them to `core/duck.py`.
"""

import io
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from core import rows_json_columns
from core.contract import ColumnType
from core.rows_json import Leaf, Struct
from core.spreadsheet import FORMULA, formula_like

_FORMULA = "^[" + "".join(rf"\x{ord(sign):02x}" for sign in FORMULA) + "]"
_BOM = "\ufeff".encode()


class Format(StrEnum):
    """The kinds of file."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


#: The media type of each.
MEDIA: Mapping[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
    Format.PARQUET: "application/vnd.apache.parquet",
}


class Writer(Protocol):
    """Gives a file's bytes for the pages it is handed; `end` gives the rest."""

    def page(self, table: pa.Table) -> bytes:
        """The bytes of one page; the first may be empty, and tells the columns."""
        ...

    def end(self) -> bytes:
        """What closes the file."""
        ...


class _Csv:
    def __init__(self, types: Mapping[str, ColumnType], *, bom: bool, delimiter: str) -> None:
        self._types = types
        self._head = _BOM if bom else b""
        self._first = True
        self._delimiter = delimiter

    def page(self, table: pa.Table) -> bytes:
        columns = [_csv_texts(kind, table[name].combine_chunks()) for name, kind in self._types.items()]
        options = pa.csv.WriteOptions(
            include_header=self._first, delimiter=self._delimiter, quoting_style="needed", quoting_header="needed"
        )
        out = io.BytesIO()
        names = [f"'{name}" if formula_like(name) else name for name in self._types]
        pa.csv.write_csv(pa.table(columns, names=names), out, options)
        head, self._head, self._first = self._head, b"", False
        return head + out.getvalue()

    def end(self) -> bytes:
        return b""


def _csv_texts(kind: ColumnType, column: Any) -> Any:
    """A column as CSV has it: moments in UTC with Z, numbers that are none empty, no text that a spreadsheet runs."""
    match kind:
        case ColumnType.TEXT:
            risky = pc.match_substring_regex(column, _FORMULA)
            return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
        case ColumnType.MOMENT:
            text = pc.strftime(column.cast(pa.timestamp("us", "UTC")), format="%Y-%m-%dT%H:%M:%S")
            return pc.binary_join_element_wise(pc.replace_substring(text, ".000000", ""), "Z", "")
        case ColumnType.NUMBER:
            return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
        case ColumnType.DATE | ColumnType.BOOLEAN | ColumnType.INTEGER:
            return column


class _Ndjson:
    def __init__(self, types: Mapping[str, ColumnType]) -> None:
        self._names = list(types)
        self._struct = Struct(tuple((name, Leaf(name, kind)) for name, kind in types.items()))

    def page(self, table: pa.Table) -> bytes:
        lines = rows_json_columns.lines_of_arrow(self._struct, table)
        if lines is None:  # a number that is none is null, as nothing else can be said of it
            rows = table.select(self._names).to_pylist()
            return b"".join(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE) for row in rows)
        return bytes(lines)

    def end(self) -> bytes:
        return b""


class _Sink(io.RawIOBase):
    """A file that is handed on in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._at

    def take(self) -> bytes:
        """What was written since."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


class _Parquet:
    def __init__(self, types: Mapping[str, ColumnType]) -> None:
        self._names = list(types)
        self._sink = _Sink()
        self._writer: Any = None

    def page(self, table: pa.Table) -> bytes:
        table = table.select(self._names)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._sink, table.schema, compression="zstd")
        if len(table):
            self._writer.write_table(table.cast(self._writer.schema))
        return self._sink.take()

    def end(self) -> bytes:
        if self._writer is not None:
            self._writer.close()
        return self._sink.take()


def writer(form: Format, types: Mapping[str, ColumnType], *, bom: bool = False, delimiter: str = ",") -> Writer:
    """What writes a file of these columns, in their order.

    Args:
        bom: CSV begins with the mark by which Excel knows UTF-8.
        delimiter: between the cells of CSV.
    """
    match form:
        case Format.CSV:
            return _Csv(types, bom=bom, delimiter=delimiter)
        case Format.NDJSON:
            return _Ndjson(types)
        case Format.PARQUET:
            return _Parquet(types)


def file_name(parts: Sequence[str], form: Format) -> str:
    """A name that is safe in a header and on any disk."""
    kept = ("".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in part)[:60] for part in parts)
    return f"{'-'.join(kept)}.{form.value}"
