"""Pages in the files' own order taken straight from their row groups, whose columns are kept decoded for the next page.

Planning a statement over a segment takes DuckDB as long as reading 10,000 rows of it, and every page decodes the same
bytes again. Files of rows never change, so what a group holds is kept as a database keeps its buffers; which files
count, at which commit and for whom, is asked of the catalogue each time and arrives here as the query. Whatever needs
more than looking through some groups is left to DuckDB: other orders, comparisons of numbers with fractions, files that
lack a column. `core/rows_arrow.py` puts the parts found here together, `core/duck.py` decides who is asked.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.arrow import ARROW
from core.contract import ColumnType
from core.rows import All, AnyOf, Compare, Filter, Not, Op, Packed, RowQuery
from core.rows_duckdb import compared

#: Decoded columns of row groups that a process keeps, in bytes.
KEPT = 64 << 20
#: Groups of a file that are looked through for one page; a filter that finds few rows in many is DuckDB's.
_GROUPS = 64
_FILES = 64
_CODED = pa.dictionary(pa.int32(), pa.string())
_OWN: Mapping[str, pa.DataType] = {
    "_stream": _CODED, "_ord": pa.int64(), "_deleted": pa.bool_(), "_to": pa.int64(),
}  # fmt: skip
#: Kinds whose least and greatest value in a group are told by its file in a form that can be compared here.
_BOUNDED = (ColumnType.TEXT, ColumnType.INTEGER, ColumnType.DATE)
#: Which rows of a group: all, none, or as it says.
_Mask = bool | np.ndarray[Any, np.dtype[np.bool_]]


class _Unserved(Exception):
    """Something is asked for that only DuckDB answers."""


@dataclass(frozen=True, slots=True)
class _Contents:
    """A file's own list of what is in it."""

    path: Path
    mark: tuple[int, int]
    metadata: Any
    places: Mapping[str, int]
    types: Mapping[str, pa.DataType]
    bounds: dict[tuple[str, int], tuple[Any, Any] | None] = field(default_factory=dict)

    def between(self, name: str, group: int) -> tuple[Any, Any] | None:
        """The least and the greatest value of a column in a group, where the file tells them."""
        key = (name, group)
        if key not in self.bounds:
            told = self.metadata.row_group(group).column(self.places[name]).statistics
            try:
                self.bounds[key] = (told.min, told.max) if told is not None and told.has_min_max else None
            except UnicodeDecodeError:  # a text that was cut for it
                self.bounds[key] = None
        return self.bounds[key]


def _type_of(name: str, kinds: Mapping[str, ColumnType]) -> pa.DataType:
    if name in _OWN:
        return _OWN[name]
    return _CODED if kinds[name] is ColumnType.TEXT else ARROW[kinds[name]]


class _Group:
    """One row group of one file, its columns decoded when first asked for."""

    __slots__ = ("_file", "_kept", "_kinds", "_number", "rows")

    def __init__(self, kept: "Groups", file: _Contents, number: int, kinds: Mapping[str, ColumnType]) -> None:
        self._kept, self._file, self._number, self._kinds = kept, file, number, kinds
        self.rows: int = file.metadata.row_group(number).num_rows

    def columns(self, names: Sequence[str]) -> list[Any]:
        return self._kept.columns(self._file, self._number, names, self._kinds)

    def may_hold(self, part: Filter) -> bool:
        """Whether a row here can match, by what the file tells of the group."""
        if isinstance(part, All):
            return all(map(self.may_hold, part.parts))
        if isinstance(part, AnyOf):
            return any(map(self.may_hold, part.parts))
        if isinstance(part, Not) or part.column not in self._kinds or self._kinds[part.column] not in _BOUNDED:
            return True
        ends = self._file.between(part.column, self._number)
        if ends is None or part.column == "_snapshot":  # which a file may count from another number
            return True
        least, most = ends
        value: Any = part.value
        match part.op:
            case Op.EQ:
                return bool(least <= value <= most)
            case Op.IN:
                return any(least <= one <= most for one in value)
            case Op.LT | Op.LTE:
                return bool(least <= value)
            case Op.GT | Op.GTE:
                return bool(most >= value)
        return True

    def mask(self, part: Filter, base: int) -> _Mask:
        """The rows that a filter holds for; `base` is what is added to a row's snapshot."""
        if isinstance(part, Compare):
            return self._compared(part, base)
        if isinstance(part, Not):
            return _inverted(self.mask(part.part, base))
        every = isinstance(part, All)
        held: _Mask = every
        for inner in part.parts:
            if held is (not every):  # whatever else is stated
                break
            held = (_both if every else _either)(held, self.mask(inner, base))
        return held

    def _compared(self, part: Compare, base: int) -> _Mask:
        (cells,) = self.columns([part.column])
        if part.op is Op.IS_NULL:
            nulls = _normal(cells.is_null()) if cells.null_count else False
            return nulls if part.value else _inverted(nulls)
        kind = self._kinds[part.column]
        if kind is ColumnType.NUMBER:
            raise _Unserved  # DuckDB has its own order of numbers that are none
        if part.column == "_snapshot" and base:
            cells = pc.add(cells, base)
        return _of_values(cells, lambda values: _compare(values, part, ARROW[kind]))


def _compare(values: pa.Array, part: Compare, kind: pa.DataType) -> Any:
    """Which values a comparison holds for."""
    if isinstance(part.value, tuple):
        return pc.is_in(values, pa.array(part.value, kind))
    if part.op in (Op.PREFIX, Op.CONTAINS):
        found = pc.starts_with if part.op is Op.PREFIX else pc.match_substring
        return found(values, str(part.value))
    return _COMPARED[part.op](values, pa.scalar(part.value, kind))


_COMPARED: Mapping[Op, Callable[[Any, Any], Any]] = {
    Op.EQ: pc.equal, Op.NE: pc.not_equal, Op.LT: pc.less, Op.LTE: pc.less_equal, Op.GT: pc.greater,
    Op.GTE: pc.greater_equal,
}  # fmt: skip


def _of_values(cells: pa.Array, holds: Callable[[pa.Array], Any]) -> _Mask:
    """The rows whose value something holds for; of several rows with one text it is asked once."""
    if not isinstance(cells, pa.DictionaryArray):
        return _normal(holds(cells))
    of_code = _normal(holds(cells.dictionary))
    if of_code is False or (of_code is True and not cells.null_count):
        return of_code
    if of_code is True:
        return _normal(cells.is_valid())
    codes = cells.indices
    found = of_code[np.asarray(codes.fill_null(0) if codes.null_count else codes)]
    return _reduced(found & np.asarray(cells.is_valid()) if codes.null_count else found)


def _normal(held: pa.Array) -> _Mask:
    return _reduced(np.asarray(held.fill_null(False) if held.null_count else held))


def _reduced(held: np.ndarray[Any, np.dtype[np.bool_]]) -> _Mask:
    if held.all():
        return True
    return held if held.any() else False


def _inverted(held: _Mask) -> _Mask:
    return not held if isinstance(held, bool) else ~held


def _both(one: _Mask, other: _Mask) -> _Mask:
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return _reduced(one & other)


def _either(one: _Mask, other: _Mask) -> _Mask:
    return _inverted(_both(_inverted(one), _inverted(other)))


class Groups:
    """Decoded columns of row groups, those asked for last; one for a process."""

    def __init__(self, most: int = KEPT) -> None:
        """Args: most: bytes that are kept."""
        self._most = most
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, _Contents] = OrderedDict()
        self._columns: OrderedDict[tuple[Path, tuple[int, int], int, str], Any] = OrderedDict()
        self._bytes = 0

    def parts(
        self, query: RowQuery, streams: Sequence[Packed], rest: Sequence[Packed], more: int, until: float
    ) -> list[tuple[bool, pa.Table]] | None:
        """The matching rows of sorted files, as many as a page needs, and of the others; None where DuckDB is to tell.

        Each part says whether it is in order. Rows that rows of other files end are in it; `more` are read for them.
        """
        found: list[tuple[bool, pa.Table]] = []
        try:
            for in_order, files in ((True, streams), (False, rest)):
                found += ((in_order, self._rows(query, f, query.first + 1 + more, until)) for f in files)
        except (OSError, pa.ArrowException, _Unserved):  # what is wrong with a file is told by whoever reads it next
            return None
        return found

    def _rows(self, query: RowQuery, file: Packed, enough: int, until: float) -> pa.Table:
        if not file.complete:
            raise _Unserved
        contents, kinds, where = self._contents(file.path), query.types, query.remaining
        shown = list(dict.fromkeys((*query.columns, "_snapshot", "_ord")))
        read = [name for name in shown if name in _OWN or query.visible(name)]
        if any(
            contents.types.get(name) != _plain(_type_of(name, kinds))
            for name in {*read, *compared(where), "_stream", "_deleted", "_to"}
        ):
            raise _Unserved
        batches: list[pa.RecordBatch] = []
        count = 0
        for group in self._groups(where, contents, kinds):
            if time.monotonic() > until:
                raise _Unserved
            held = _counting(group, query, file)
            if held is not False:
                held = _both(held, group.mask(where, file.base))
            if held is False:
                continue
            cells = dict(zip(read, (_picked(held, cell) for cell in group.columns(read)), strict=True))
            if file.base:
                cells["_snapshot"] = pc.add(cells["_snapshot"], file.base)
            size = len(cells["_ord"])
            nothing = {name: pa.nulls(size, _type_of(name, kinds)) for name in shown if name not in cells}
            batches.append(pa.record_batch([nothing.get(name, cells.get(name)) for name in shown], shown))
            count += size
            if count >= enough:
                break
        schema = pa.schema([(name, _type_of(name, kinds)) for name in shown])
        return pa.Table.from_batches(batches, schema)

    def _groups(self, where: Filter, file: _Contents, kinds: Mapping[str, ColumnType]) -> Iterator[_Group]:
        looked = 0
        for number in range(file.metadata.num_row_groups):
            group = _Group(self, file, number, kinds)
            if group.may_hold(where):
                looked += 1
                if looked > _GROUPS:
                    raise _Unserved
                yield group

    def _contents(self, path: Path) -> _Contents:
        stat = path.stat()
        mark = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            known = self._files.get(path)
            if known is not None and known.mark == mark:
                self._files.move_to_end(path)
                return known
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        places = {metadata.schema.column(i).path: i for i in range(metadata.num_columns)}
        types = {name: _plain(schema.field(name).type) for name in schema.names}
        made = _Contents(path, mark, metadata, places, types)
        with self._lock:
            self._files[path] = made
            while len(self._files) > _FILES:
                self._files.popitem(last=False)
        return made

    def columns(
        self, file: _Contents, group: int, names: Sequence[str], kinds: Mapping[str, ColumnType]
    ) -> list[pa.Array]:
        """Some columns of a group, from memory or decoded now."""
        keys = [(file.path, file.mark, group, name) for name in names]
        with self._lock:
            known = {}
            for key in keys:
                if key in self._columns:
                    self._columns.move_to_end(key)
                    known[key[-1]] = self._columns[key]
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            texts = [name for name in missing if _type_of(name, kinds) == _CODED]
            with pq.ParquetFile(file.path, metadata=file.metadata, read_dictionary=texts) as opened:
                table = opened.read_row_group(group, columns=missing, use_threads=False)
            for name in missing:
                known[name] = _one(table[name])
            self._keep(file, group, {name: known[name] for name in missing})
        return [known[name] for name in names]

    def _keep(self, file: _Contents, group: int, columns: Mapping[str, pa.Array]) -> None:
        with self._lock:
            for name, cells in columns.items():
                key = (file.path, file.mark, group, name)
                if key not in self._columns:
                    self._columns[key] = cells
                    self._bytes += cells.nbytes
            while self._bytes > self._most and self._columns:
                self._bytes -= self._columns.popitem(last=False)[1].nbytes


def _plain(kind: pa.DataType) -> pa.DataType:
    """A file's type of a column: texts are coded as they are read, whichever way they lie there."""
    return pa.string() if kind == _CODED else kind


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _counting(group: _Group, query: RowQuery, file: Packed) -> _Mask:
    """The rows of a group that count at the query's commit, but for those that rows of other files end."""
    relation = query.relation
    held: _Mask = True
    if file.last is None or file.last > relation.seq:
        (snapshots,) = group.columns(["_snapshot"])
        held = _normal(pc.less_equal(snapshots, relation.seq - file.base))
    if file.closings or file.wholes:
        (deleted,) = group.columns(["_deleted"])
        held = _both(held, _normal(pc.invert(deleted)))
    if file.ends:
        (ends,) = group.columns(["_to"])
        if ends.null_count < len(ends):
            held = _both(held, _normal(pc.or_kleene(pc.is_null(ends), pc.greater(ends, relation.seq))))
    if relation.hidden:
        (streams,) = group.columns(["_stream"])
        hidden = pa.array(relation.hidden, pa.string())
        held = _both(held, _of_values(streams, lambda names: pc.invert(pc.is_in(names, hidden))))
    return held


def _picked(held: _Mask, cells: pa.Array) -> pa.Array:
    """The cells of the rows that are meant; those that lie together are not copied."""
    if isinstance(held, bool):
        return cells
    places = np.flatnonzero(held)
    first, last = int(places[0]), int(places[-1])
    if last - first + 1 == len(places):
        return cells.slice(first, len(places))
    return cells.take(pa.array(places))
