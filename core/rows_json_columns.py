"""A large page's rows as JSON text made column by column: no Python object is made for a value.

A page is cut into stretches that several threads write beside each other, as Arrow's kernels let go of the interpreter;
a text that many rows share is escaped once. What is written, and when nothing is, is said in `core/rows_json.py`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import accumulate, count
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import ColumnType
from core.rows_json import Constant, Cursor, Leaf, Struct

_ESCAPED = r'["\\\x00-\x1f]'
#: More distinct values than a quarter of the rows are not worth a dictionary; a look at some rows tells mostly.
_FEW = 4
_LOOKED_AT = 512
#: Numbers are written so fast that only very few distinct ones are worth it.
_FEW_NUMBERS = 64
#: Days and moments that Python has, in days and in microseconds since 1970.
_DAYS = (-719_162, 2_932_896)
_MICROSECONDS = (_DAYS[0] * 86_400_000_000, (_DAYS[1] + 1) * 86_400_000_000 - 1)
#: Rows that one thread writes at a time: their text stays within a processor's own memory.
_STRETCH = 5_120
#: Threads that write one page.
_AT_ONCE = max(1, min(4, os.cpu_count() or 1))
T = TypeVar("T")


def _within(column: pa.Array, kind: pa.DataType, limits: tuple[int, int]) -> bool:
    cells = np.asarray(column.cast(kind).fill_null(0))
    return not len(cells) or bool(limits[0] <= cells.min() and cells.max() <= limits[1])


def _quoted(texts: pa.Array) -> pa.Array:
    letters = np.frombuffer(_bytes(texts), np.uint8)
    if ((letters < 0x20) | (letters == 0x22) | (letters == 0x5C)).any():
        return pa.array([None if t is None else orjson.dumps(t).decode() for t in texts.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")


def _texts(kind: ColumnType, values: pa.Array) -> pa.Array | None:
    """Values as JSON texts, null where they are; None where one cannot be written."""
    match kind:
        case ColumnType.TEXT:
            return _quoted(values if values.type == pa.string() else values.cast(pa.string()))
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
        case ColumnType.NUMBER:
            if pc.all(pc.is_finite(values)).as_py() is False:
                return None
            return pa.array([orjson.dumps(value).decode() for value in values.to_pylist()], pa.string())
        case ColumnType.INTEGER | ColumnType.BOOLEAN:
            return values.cast(pa.string())


def _coded(column: pa.Array) -> pa.DictionaryArray | None:
    """The column by its distinct values, where these are few; of several rows with one text it is written once."""
    if isinstance(column, pa.DictionaryArray):
        return column if len(column.dictionary) <= len(column) else None
    if pa.types.is_boolean(column.type):
        return None
    some = column.slice(0, _LOOKED_AT)
    if not pa.types.is_date(column.type) and len(some.unique()) * _FEW > max(len(some), _FEW * 2):
        return None
    coded = column.dictionary_encode()
    most = max(len(column), _FEW * 2) // _FEW
    if pa.types.is_floating(column.type):
        most = min(most, _FEW_NUMBERS)
    return coded if len(coded.dictionary) <= most else None


def _numbers(values: pa.Array, behind: str) -> pa.Array | None:
    """Numbers as JSON texts, each with what comes behind it; None where one of them is none."""
    if pa.types.is_floating(values.type) and pc.all(pc.is_finite(values)).as_py() is False:
        return None
    cells = values.to_numpy(zero_copy_only=False)  # nulls are no numbers here, which the writer says as null
    text = np.frombuffer(orjson.dumps(cells, option=orjson.OPT_SERIALIZE_NUMPY), np.uint8)[1:].copy()
    text[-1] = ord(",")
    ends = np.flatnonzero(text == ord(","))
    text[ends] = ord(behind)
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends + 1
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(text))


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


#: The texts of distinct values that several stretches have in common, by where these lie.
_Known = dict[tuple[ColumnType, int, int, int], pa.Array]


def _of_distinct(kind: ColumnType, values: pa.Array, known: _Known) -> pa.Array | None:
    """The JSON texts of distinct values that last as long as the page."""
    data = values.buffers()[-1]
    if data is None:
        return _texts(kind, values)
    key = (kind, data.address, values.offset, len(values))
    texts = known.get(key)
    if texts is None and (texts := _texts(kind, values)) is not None:
        known[key] = texts
    return texts


class _Rows:
    """The text of a stretch of rows, put together from the left.

    Joining costs by the part and row, so that what is the same for each row goes into the distinct texts beside it.
    """

    def __init__(self, size: int, first: str) -> None:
        self._size = size
        self._parts: list[Any] = []
        self._few: tuple[pa.Array, Any] | None = None  # distinct texts that are not put in yet, and each row's place
        self.fixed = first  # what comes behind them in each row

    def each(self, texts: pa.Array) -> None:
        """A text of each row."""
        self._put()
        self._parts.append(texts)

    def few(self, texts: pa.Array, places: pa.Array) -> None:
        """A text of each row, of few."""
        if places.null_count:
            places = places.fill_null(len(texts))
            texts = pa.concat_arrays([texts, pa.array(["null"])])
        numbers = np.asarray(places)
        first = int(numbers[0])
        if (numbers == first).all():
            self.fixed += texts[first].as_py()
            return
        if self._few is not None:
            self._put()
        if self.fixed:
            texts, self.fixed = pc.binary_join_element_wise(self.fixed, texts, ""), ""
        self._few = (texts, numbers)

    def _put(self) -> None:
        if self._few is not None:
            texts, numbers = self._few
            if self.fixed:
                texts = pc.binary_join_element_wise(texts, self.fixed, "")
            self._parts.append(texts.take(pa.array(numbers)))
        elif self.fixed:
            self._parts.append(self.fixed)
        self._few, self.fixed = None, ""

    def leaf(self, leaf: Leaf, column: pa.Array, behind: str, known: _Known) -> str | None:
        """A column's values; the text that is still to come behind them, or None where one cannot be written."""
        if leaf.required and column.null_count:
            return None
        if column.null_count == self._size:
            self.fixed += "null"
            return behind
        coded = _coded(column)
        if coded is not None:
            values = coded.dictionary
            texts = _of_distinct(leaf.kind, values, known) if coded is column else _texts(leaf.kind, values)
            if texts is not None:
                self.few(texts, coded.indices)
                return behind
        elif leaf.kind is ColumnType.NUMBER or (leaf.kind is ColumnType.INTEGER and not column.null_count):
            if (texts := _numbers(column, behind[0])) is not None:
                self.each(texts)
                return behind[1:]
        elif (texts := _texts(leaf.kind, column)) is not None:
            self.each(texts.fill_null("null") if texts.null_count else texts)
            return behind
        return None

    def whole(self) -> bytes | memoryview:
        """All rows behind each other."""
        if self._few is None and not self._parts:
            return self.fixed.encode() * self._size
        self._put()
        return memoryview(_bytes(pc.binary_join_element_wise(*self._parts, "")))


#: What a row's text begins with, then what is not the same for each row, with the text that comes behind it.
_Layout = tuple[str, list[tuple[Leaf | Cursor, str]]]


def _layout(struct: Struct, behind: str) -> _Layout:
    first = ""
    found: list[tuple[Leaf | Cursor, str]] = []
    for piece in (*_pieces(struct), behind):
        if not isinstance(piece, str):
            found.append((piece, ""))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + piece)
        else:
            first += piece
    return first, found


def _written(
    layout: _Layout, batch: pa.RecordBatch, cursors: Sequence[str] | None, known: _Known
) -> bytes | memoryview | None:
    """The rows' texts behind each other; None where a value cannot be written."""
    first, parts = layout
    rows = _Rows(batch.num_rows, first)
    for node, behind in parts:
        left: str | None
        if isinstance(node, Cursor):
            rows.fixed += '"'
            rows.each(pa.array(cursors, pa.string()))  # of letters that need no escape
            left = '"' + behind
        else:
            left = rows.leaf(node, batch.column(node.column), behind, known)
        if left is None:
            return None
        rows.fixed += left
    return rows.whole()


def _one_by_one(
    struct: Struct, table: pa.Table, cursors: Sequence[str] | None, behind: str
) -> list[bytes | memoryview] | None:
    """The rows' texts, each with something behind it, in stretches; None where a value cannot be written."""
    layout = _layout(struct, behind)
    batches = [batch for batch in table.to_batches(max_chunksize=_STRETCH) if batch.num_rows]
    known: _Known = {}
    begins = [0, *accumulate(batch.num_rows for batch in batches)]

    def written(number: int) -> bytes | memoryview | None:
        batch, begin = batches[number], begins[number]
        return _written(layout, batch, None if cursors is None else cursors[begin : begin + batch.num_rows], known)

    found = _beside_each_other(written, len(batches))
    kept = [part for part in found if part is not None]
    return kept if len(kept) == len(found) else None


def _beside_each_other(work: Callable[[int], T], number: int) -> list[T]:
    """The results for 0, 1, 2, ..., each worked out by this thread or by one that has nothing else to do."""
    found: dict[int, T] = {}
    numbers = count()

    def some() -> None:
        while (at := next(numbers)) < number:
            found[at] = work(at)

    helping = [_helpers(os.getpid()).submit(some) for _ in range(min(_AT_ONCE, number) - 1)]
    some()
    for help in helping:
        if not help.cancel():  # busy with others, all of it was done here
            help.result()
    return [found[at] for at in range(number)]


@cache
def _helpers(_process: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="json")


def pieces_of_arrow(
    struct: Struct, table: pa.Table, cursors: Sequence[str] | None = None
) -> list[bytes | memoryview] | None:
    """The list of a table's rows as JSON text, in pieces to be sent one behind the other; None as for tuples."""
    found = _one_by_one(struct, table, cursors, ",")
    if found is None:
        return None
    if found:
        found[-1] = found[-1][:-1]
    return [b"[", *found, b"]"]


def of_arrow(struct: Struct, table: pa.Table, cursors: Sequence[str] | None = None) -> bytes | None:
    """The list of a table's rows as JSON text in one."""
    found = pieces_of_arrow(struct, table, cursors)
    return None if found is None else b"".join(found)


def lines_of_arrow(struct: Struct, table: pa.Table) -> bytes | None:
    """A table's rows as JSON texts, each with the end of a line behind it (NDJSON)."""
    found = _one_by_one(struct, table, None, "\n")
    return None if found is None else b"".join(found)


def _bytes(texts: pa.Array) -> pa.Buffer:
    """All texts behind each other, without a copy."""
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    return data.slice(ends[texts.offset], ends[texts.offset + len(texts)] - ends[texts.offset])
