"""A page's rows as JSON for exactly a selection of columns: from tuples for small pages, from Arrow columns for large.

Both write what the graph's scalars write, value by value: days as ISO text, moments in UTC with Z, 64-bit integers as
numbers. Where a value cannot be written so (a number that is not finite, an empty cell where the graph promises none)
the answer is None, and the caller goes the long way, which says what is wrong and where. Which columns were selected is
left to the gateway, reading to `core/duck.py` and `catalog/current_pages.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
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


def _sound(leaf: Leaf, values: Sequence[Any]) -> bool:
    if leaf.required and None in values:
        return False
    # nothing times a number that is not finite is none
    return leaf.kind is not ColumnType.NUMBER or isfinite(sum(map((0.0).__mul__, filter(None, values))))


def _object(struct: Struct, at: Mapping[str, int]) -> Callable[[Row, str | None], dict[str, Any]]:
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
    values = [*zip(*rows, strict=False)]
    if rows and not all(_sound(leaf, values[at[leaf.column]]) for leaf in struct.leaves() if _doubtful(leaf)):
        return None
    plain = [node.column for _, node in struct.fields if isinstance(node, Leaf)]
    if len(plain) == len(struct.fields) and plain == list(columns):
        keys = [key for key, _ in struct.fields]
        made: list[dict[str, Any]] = [dict(zip(keys, row, strict=False)) for row in rows]
    else:
        of_row = _object(struct, at)
        made = [of_row(row, cursor) for row, cursor in zip(rows, cursors or repeat(None, len(rows)), strict=True)]
    return orjson.dumps(made, option=orjson.OPT_UTC_Z)


def _doubtful(leaf: Leaf) -> bool:
    return leaf.required or leaf.kind is ColumnType.NUMBER


_ESCAPED = r'["\\\x00-\x1f]'
#: More distinct values than a quarter of the rows are not worth a dictionary; a look at some rows tells mostly.
_FEW = 4
_LOOKED_AT = 512
#: Days and moments that Python has, in days and in microseconds since 1970.
_DAYS = (-719_162, 2_932_896)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)


def _within(column: pa.Array, kind: pa.DataType, limits: tuple[int, int]) -> bool:
    ends = pc.min_max(column.cast(kind)).as_py()
    return ends["min"] is None or (limits[0] <= ends["min"] and ends["max"] <= limits[1])


def _quoted(texts: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        return pa.array([None if t is None else orjson.dumps(t).decode() for t in texts.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")


def _texts(kind: ColumnType, values: pa.Array) -> pa.Array | None:
    """Values as JSON texts, null where they are; None where one cannot be written."""
    match kind:
        case ColumnType.TEXT:
            return _quoted(values.cast(pa.string()))
        case ColumnType.NUMBER:
            return values.cast(pa.string()) if pc.all(pc.is_finite(values)).as_py() is not False else None
        case ColumnType.DATE:
            if not _within(values, pa.int32(), _DAYS):
                return None
            return pc.binary_join_element_wise('"', values.cast(pa.string()), '"', "")
        case ColumnType.MOMENT:
            values = values.cast(pa.timestamp("us", "UTC"))
            if not _within(values, pa.int64(), _MICROSECONDS):
                return None
            text = pc.strftime(values, format="%Y-%m-%dT%H:%M:%S")  # its seconds have all six digits behind the point
            return pc.binary_join_element_wise('"', pc.replace_substring(text, ".000000", ""), 'Z"', "")
        case ColumnType.INTEGER | ColumnType.BOOLEAN:
            return values.cast(pa.string())


def _coded(column: pa.Array) -> Any | None:
    """The column by its distinct values, where these are few; of several rows with one text it is written once."""
    some = column.slice(0, _LOOKED_AT)
    if pa.types.is_boolean(column.type) or len(some.unique()) * _FEW > max(len(some), _FEW * 2):
        return None
    coded = column.dictionary_encode()
    return coded if len(coded.dictionary) * _FEW <= max(len(column), _FEW * 2) else None


@dataclass(frozen=True, slots=True)
class _Written:
    """A column's texts: of each row, or with `places` of the distinct values, the last of which stands for null."""

    texts: pa.Array
    places: pa.Array | None

    def behind(self, lead: str) -> list[Any]:
        """The texts behind another, as parts to be joined."""
        if self.places is None:
            return [pa.scalar(lead), self.texts]
        return [pc.binary_join_element_wise(lead, self.texts, "").take(self.places)]


def _written(leaf: Leaf, column: pa.Array) -> _Written | None:
    """A column ready to be joined; None where a value cannot be written."""
    if leaf.required and column.null_count:
        return None
    coded = _coded(column)
    texts = _texts(leaf.kind, column if coded is None else coded.dictionary)
    if texts is None:
        return None
    if coded is None:
        return _Written(texts.fill_null("null") if texts.null_count else texts, None)
    places = coded.indices.fill_null(len(texts)) if coded.indices.null_count else coded.indices
    return _Written(pa.concat_arrays([texts.fill_null("null"), pa.array(["null"])]), places)


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
    whole = _one_by_one(struct, table, cursors, ",")
    return None if whole is None else b"".join((b"[", whole[:-1], b"]"))


def lines_of_arrow(struct: Struct, table: pa.Table) -> bytes | memoryview | None:
    """A table's rows as JSON texts, each with the end of a line behind it (NDJSON)."""
    return _one_by_one(struct, table, None, "\n")


def _one_by_one(
    struct: Struct, table: pa.Table, cursors: Sequence[str] | None, behind: str
) -> bytes | memoryview | None:
    """The rows' texts, each with something behind it; None where a value cannot be written."""
    if not len(table):
        return b""
    written: dict[str, _Written] = {}
    for leaf in struct.leaves():
        if leaf.column not in written or leaf.required:
            made = _written(leaf, _whole(table[leaf.column]))
            if made is None:
                return None
            written[leaf.column] = made
    parts: list[Any] = []
    fixed = ""
    for piece in (*_pieces(struct), behind):
        if isinstance(piece, str):
            fixed += piece
            continue
        if isinstance(piece, Cursor):
            assert cursors is not None
            parts += [pa.scalar(fixed + '"'), pa.array(cursors, pa.string())]  # of letters that need no escape
            fixed = '"'
            continue
        parts += written[piece.column].behind(fixed)
        fixed = ""
    if not parts:
        return fixed.encode() * len(table)
    whole = pc.binary_join_element_wise(*parts, pa.scalar(fixed), "")
    return memoryview(_bytes(_whole(whole)))


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def _bytes(texts: pa.Array) -> pa.Buffer:
    """All texts behind each other, without a copy."""
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    return data.slice(ends[texts.offset], ends[texts.offset + len(texts)] - ends[texts.offset])
