"""A page's rows as JSON for exactly a selection of columns: from tuples for small pages, from Arrow columns for large.

Both write what the graph's scalars write, value by value: days as ISO text, moments in UTC with Z, 64-bit integers as
numbers. Where a value cannot be written so (a number that is not finite, an empty cell where the graph promises none)
the answer is None, and the caller goes the long way, which says what is wrong and where. Which columns were selected is
left to the gateway, reading to `core/duck.py` and `catalog/current_pages.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import ColumnType
from core.rows import Value

Row = tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column's value; `required` where the graph says that it is never null."""

    column: str
    kind: ColumnType
    required: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for every row."""

    value: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row's cursor."""


@dataclass(frozen=True, slots=True)
class Struct:
    """An object, its keys in the order of the answer."""

    fields: tuple[tuple[str, "Leaf | Constant | Cursor | Struct"], ...]

    def leaves(self) -> Iterator[Leaf]:
        """Every column's value in it, however deep."""
        for _, node in self.fields:
            if isinstance(node, Struct):
                yield from node.leaves()
            elif isinstance(node, Leaf):
                yield node

    def with_cursor(self) -> bool:
        """Whether a row's cursor is part of it."""
        return any(isinstance(n, Cursor) or (isinstance(n, Struct) and n.with_cursor()) for _, n in self.fields)


def _sound(leaf: Leaf, values: Sequence[Value | None]) -> bool:
    if leaf.required and None in values:
        return False
    return leaf.kind is not ColumnType.NUMBER or all(isfinite(v) for v in values if v is not None)  # type: ignore[arg-type]  # a NUMBER column holds numbers


def _object(struct: Struct, at: Mapping[str, int]) -> Callable[[Row, str | None], dict[str, Any]]:
    keys = [key for key, _ in struct.fields]
    if all(isinstance(node, Leaf) for _, node in struct.fields):
        places = [at[node.column] for _, node in struct.fields if isinstance(node, Leaf)]
        if places == list(range(len(at))):
            return lambda row, _: dict(zip(keys, row, strict=False))
        return lambda row, _: dict(zip(keys, [row[i] for i in places], strict=True))

    def part(node: Leaf | Constant | Cursor | Struct) -> Callable[[Row, str | None], Any]:
        if isinstance(node, Struct):
            return _object(node, at)
        if isinstance(node, Constant):
            return lambda _row, _cursor: node.value
        if isinstance(node, Cursor):
            return lambda _row, cursor: cursor
        place = at[node.column]
        return lambda row, _: row[place]

    parts = [(key, part(node)) for key, node in struct.fields]
    return lambda row, cursor: {key: made(row, cursor) for key, made in parts}


def of_tuples(
    struct: Struct, columns: Sequence[str], rows: Sequence[Row], cursors: Sequence[str] | None = None
) -> bytes | None:
    """The list of rows as JSON text; each row's values begin with those of `columns`, in their order."""
    at = {column: i for i, column in enumerate(columns)}
    if not all(_sound(leaf, [row[at[leaf.column]] for row in rows]) for leaf in struct.leaves() if _doubtful(leaf)):
        return None
    made = _object(struct, at)
    if cursors is None:
        return orjson.dumps([made(row, None) for row in rows], option=orjson.OPT_UTC_Z)
    return orjson.dumps([made(row, c) for row, c in zip(rows, cursors, strict=True)], option=orjson.OPT_UTC_Z)


def _doubtful(leaf: Leaf) -> bool:
    return leaf.required or leaf.kind is ColumnType.NUMBER


_ESCAPED = r'["\\\x00-\x1f]'
#: More distinct texts than a quarter of the rows are not worth a dictionary.
_FEW = 4
#: Days and moments that Python has, in days and in microseconds since 1970.
_DAYS = (-719_162, 2_932_896)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def _texts(column: pa.Array) -> pa.Array:
    """Texts in quotes and escaped: each distinct one once where there are few, else all in columns."""
    coded = column.dictionary_encode()
    if len(coded.dictionary) * _FEW <= len(column):
        quoted = pa.array([orjson.dumps(text).decode() for text in coded.dictionary.to_pylist()], pa.string())
        return quoted.take(coded.indices)
    if pc.any(pc.match_substring_regex(column, _ESCAPED)).as_py():
        return pa.array([None if t is None else orjson.dumps(t).decode() for t in column.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', column, '"', "")


def _within(column: pa.Array, kind: pa.DataType, limits: tuple[int, int]) -> bool:
    ends = pc.min_max(column.cast(kind)).as_py()
    return ends["min"] is None or (limits[0] <= ends["min"] and ends["max"] <= limits[1])


def _written(leaf: Leaf, column: pa.Array) -> pa.Array | None:
    """A column's values as JSON texts, null where they are; None where one cannot be written."""
    match leaf.kind:
        case ColumnType.TEXT:
            return _texts(column.cast(pa.string()))
        case ColumnType.NUMBER:
            finite = pc.all(pc.is_finite(column)).as_py()
            return column.cast(pa.string()) if finite is not False else None
        case ColumnType.DATE:
            if not _within(column, pa.int32(), _DAYS):
                return None
            return _texts(column.cast(pa.string()))
        case ColumnType.MOMENT:
            column = column.cast(pa.timestamp("us", "UTC"))
            if not _within(column, pa.int64(), _MICROSECONDS):
                return None
            text = pc.strftime(column, format="%Y-%m-%dT%H:%M:%S")  # its seconds have all six digits behind the point
            return pc.binary_join_element_wise('"', pc.replace_substring(text, ".000000", ""), 'Z"', "")
        case ColumnType.INTEGER | ColumnType.BOOLEAN:
            return column.cast(pa.string())


def _pieces(node: Struct) -> Iterator[str | Leaf | Cursor]:
    """A row's text as what is the same for each, and what is not."""
    lead = "{"
    for key, inner in node.fields:
        yield lead + orjson.dumps(key).decode() + ":"
        lead = ","
        if isinstance(inner, Struct):
            yield from _pieces(inner)
        elif isinstance(inner, Constant):
            yield orjson.dumps(inner.value).decode()
        else:
            yield inner
    yield "}" if node.fields else "{}"


def of_arrow(struct: Struct, table: pa.Table, cursors: Sequence[str] | None = None) -> bytes | None:
    """The list of a table's rows as JSON text, made column by column; no Python object is made for a value."""
    if not len(table):
        return b"[]"
    written: dict[str, pa.Array] = {}
    for leaf in struct.leaves():
        column = table[leaf.column].combine_chunks()
        if leaf.required and column.null_count:
            return None
        if leaf.column not in written:
            text = _written(leaf, column)
            if text is None:
                return None
            written[leaf.column] = text.fill_null("null")
    parts: list[Any] = []
    fixed = ""
    for piece in (*_pieces(struct), ","):
        if isinstance(piece, str):
            fixed += piece
            continue
        if isinstance(piece, Cursor):
            assert cursors is not None
            parts += [pa.scalar(fixed + '"'), pa.array(cursors, pa.string())]  # of letters that need no escape
            fixed = '"'
            continue
        parts += [pa.scalar(fixed), written[piece.column]]
        fixed = ""
    if not parts:
        return b"[" + b",".join([fixed[:-1].encode()] * len(table)) + b"]"
    whole = pc.binary_join_element_wise(*parts, pa.scalar(fixed), "")
    return b"[" + memoryview(_bytes(whole))[:-1] + b"]"


def _bytes(texts: pa.Array | pa.ChunkedArray) -> pa.Buffer:
    """All texts behind each other, without a copy where they lie so."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    return data.slice(ends[texts.offset], ends[texts.offset + len(texts)] - ends[texts.offset])
