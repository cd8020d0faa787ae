"""A large page as Arrow columns, and without sorting where the files' rows lie in the page's order already.

Sorting 25,000 rows by seven columns takes DuckDB as long as reading them twice. Merged segments are written in the
standing order of pages, so a page in that order is the beginning of each, and what few rows the other files have.
Running the statements is left to `core/duck.py`.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import ColumnType
from core.rows import Compiled, Packed, RowQuery, Value
from core.rows_duckdb import NAMED, Statement, compile_duckdb, current, read_columns, shown
from core.rows_files import needed

#: Sorted files that are read beside each other; with more of them sorting everything is no slower.
_STREAMS = 4
_PART = "_lumbung_part"
#: Rows of other files that are compared one by one with the end of a page.
_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page in columns: the query's, then those of its order that are not among them; and what lies around it."""

    table: pa.Table
    order: tuple[str, ...]
    has_next: bool
    has_previous: bool

    def place(self, row: int) -> tuple[Value | None, ...]:
        """The place of a row in the total order."""
        return tuple(self.table[name][row].as_py() for name in self.order)

    def places(self) -> list[tuple[Value | None, ...]]:
        """The place of every row."""
        return list(zip(*(self.table[name].to_pylist() for name in self.order), strict=True))


def columns_of(query: RowQuery) -> RowQuery:
    """The same question with the columns of its order among its own, as a sheet has them."""
    return replace(query, columns=tuple(dict.fromkeys((*query.columns, *(o.column for o in query.total_order)))))


def compile_whole(query: RowQuery, more: int | None) -> Compiled:
    """The sheet as one sorted SELECT, so many rows longer where rows that others end are left in (see `apart`)."""
    return compile_duckdb(query, apart=more, places=False)


def streams_of(query: RowQuery) -> tuple[list[Packed], list[Packed]] | None:
    """The sorted files and the others, where the page is in the order of the sorted; None where it would not do."""
    relation, files = query.relation, needed(query)
    streams, rest = [f for f in files if f.sorted], [f for f in files if not f.sorted]
    kinds = {query.types[o.column] for o in query.total_order}
    if (
        query.order
        or query.backwards
        or relation.parts
        or relation.moved
        or not 1 <= len(streams) <= _STREAMS
        or len(relation.hidden) > NAMED
        or any(f.wholes for f in files)
        or ColumnType.NUMBER in kinds
        or not all(map(query.visible, relation.key))
    ):
        return None
    return streams, rest


def compile_streams(query: RowQuery, streams: Sequence[Packed], rest: Sequence[Packed], more: int) -> Compiled:
    """One statement of a part for each sorted file, in its order, and one for the others (`streams_of`).

    A part holds the page's rows of its files, or more rows than a page has. Its number is the first column, `_ord` the
    last. Rows that a single row of another file ends are left in, as with `apart`.
    """
    statement = Statement(query.types)
    parts = []
    for number, some in enumerate([*((f,) for f in streams), *([tuple(rest)] if rest else [])]):
        own = replace(query, relation=replace(query.relation, files=some))
        source, counts = current(statement, own, read_columns(query, placed=True), paged=True, apart=True)
        where = f"{counts} AND {statement.where(query.remaining)}"
        parts.append(
            f"(SELECT {number} AS {_PART}, {', '.join(shown(query))}, _ord FROM {source} "
            f"WHERE {where} LIMIT {query.first + 1 + more})"
        )
    return Compiled(" UNION ALL ".join(parts), tuple(statement.params))


def parts_of(found: pa.Table, streams: int) -> list[tuple[bool, pa.Table]]:
    """The parts in what `compile_streams` selected, each with whether it is of one of so many sorted files."""
    numbers, rows = found[_PART].to_numpy(), found.drop_columns([_PART])
    if not len(numbers):
        return [(True, rows)]
    cuts = [0, *(np.flatnonzero(np.diff(numbers)) + 1), len(numbers)]
    return [(bool(numbers[b] < streams), rows.slice(b, e - b)) for b, e in itertools.pairwise(cuts)]


def merged(
    query: RowQuery, parts: Sequence[tuple[bool, pa.Table]], ended: pa.Array | None, more: int
) -> pa.Table | None:
    """The sheet's rows in its parts, in order; None where these may lack rows."""
    in_order: list[pa.Table] = []
    others: list[pa.Table] = []
    for stream, found in parts:
        part = trimmed(query, found, ended, more)
        if part is None or (not stream and len(found) > query.first + more):
            return None
        if len(part):
            (in_order if stream else others).append(part)
    if len(in_order) == 1:
        others = [some for other in others if len(some := _before_end(query, other, in_order[0]))]
        if not others:
            return in_order[0]
    if not in_order and not others:
        return parts[0][1].slice(0, 0)
    keys = [(o.column, "descending" if o.descending else "ascending", "at_end") for o in query.total_order]
    whole = pa.concat_tables([*in_order, *others])
    placed = decoded(whole.select([o.column for o in query.total_order])).combine_chunks()
    return whole.take(pc.sort_indices(placed, sort_keys=keys))


def _before_end(query: RowQuery, rows: pa.Table, stream: pa.Table) -> pa.Table:
    """The rows that can be on a page which a sorted part fills by itself; all of them where it does not."""
    if len(stream) <= query.first or len(rows) > _COMPARED:
        return rows
    names = [o.column for o in query.total_order if o.column not in query.fixed]

    def place(row: Iterable[Any]) -> tuple[tuple[bool, Any], ...]:
        return tuple((value is None, value) for value in row)

    last = place(stream[name][query.first].as_py() for name in names)
    kept = [i for i, row in enumerate(zip(*(rows[n].to_pylist() for n in names), strict=True)) if place(row) < last]
    return rows.take(pa.array(kept, pa.int64())) if len(kept) < len(rows) else rows


def decoded(table: pa.Table) -> pa.Table:
    """The same table with every text by itself, where texts were coded by their distinct values."""
    columns = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(columns, table.column_names)


def trimmed(query: RowQuery, found: pa.Table, ended: pa.Array | None, more: int) -> pa.Table | None:
    """The rows found without those that are ended; None where more were asked for and too few are left."""
    rows = _without(found, ended)
    return None if len(rows) <= query.first and len(found) > query.first + more else rows


def _without(table: pa.Table, ended: pa.Array | None) -> pa.Table:
    if ended is None or not len(ended):
        return table
    gone = pc.is_in(names_of(table["_snapshot"], table["_ord"]), ended)
    return table.filter(pc.invert(gone)) if pc.any(gone).as_py() else table


def names_of(snapshots: Any, places: Any) -> Any:
    """Rows by their snapshot and their place there, as one number each."""
    return pc.add(pc.multiply(pc.cast(snapshots, pa.int64()), 2**32), pc.cast(places, pa.int64()))


def ended_rows(ends: Iterable[tuple[tuple[Value | None, Value | None], int]], seq: int) -> pa.Array:
    """The names of rows that are ended by a commit: of (snapshot, place) and the commit that ends it."""
    return pa.array([int(str(s)) * 2**32 + int(str(o)) for (s, o), at in ends if at <= seq], pa.int64())


def sheet(query: RowQuery, table: pa.Table) -> Sheet:
    """The page in the rows found."""
    order = tuple(o.column for o in query.total_order)
    shown = table.slice(0, query.first)
    if query.backwards:
        shown = shown.take(pa.array(range(len(shown) - 1, -1, -1), pa.int64()))
    return Sheet(shown, order, *query.around(len(table) > query.first))
