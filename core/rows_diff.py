"""The query value for what became of rows between two commits, by key: added, changed, removed; compiled to DuckDB.

It stands beside `RowQuery` and asks the same rows twice: relation, scope and filter mean there what they mean here, and
are checked by it. A column outside the scope is no part of the comparison, so that no change tells of it. Running it is
left to `core/duck.py`.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core import cursors
from core.rows import (
    PROVENANCE,
    TRUE,
    All,
    Compiled,
    Filter,
    Order,
    Relation,
    RowQuery,
    Scope,
    Value,
    all_of,
    beyond,
)
from core.rows_duckdb import Statement, compared, compile_source, quoted
from core.rows_errors import ColumnUnknown, FilterInvalid

Place = tuple[Value | None, ...]


class Kind(StrEnum):
    """What became of a key's row; the order in which examples are given."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


#: Facts that are the same for all rows of a resource, whichever commit they are of.
_OF_RESOURCE = frozenset({"_source", "_dataset"})
_SAME = "same"


@dataclass(frozen=True)
class DiffQuery:
    """One page of what became of rows, checked when it is made: what cannot be asked raises `core.rows_errors`.

    Attributes:
        before, after: one relation at two commits.
        scope: what the actor may see; other columns are not compared, and a key that has one cannot be followed.
        where: the caller's filter: a row counts if it holds before or after.
        per: the provenance within which a key names a row: `_resource`, or `_member` where a row that a member's other
            resource takes over is the same row. A key that a member has in several resources counts once there, with
            the least value of each column.
        kinds: what to list.
        first: so many a page, at least 1.
        cursor: that of the last one of the page before, or None.
    """

    before: Relation
    after: Relation
    scope: Scope
    where: Filter = TRUE
    per: str = "_resource"
    kinds: frozenset[Kind] = frozenset(Kind)
    first: int = 100
    cursor: str | None = None

    def __post_init__(self) -> None:
        whole = self.side(self.after, self.where)
        name, types = self.after.name, whole.types
        for column in self.after.key:
            if not whole.visible(column):
                raise ColumnUnknown(relation=name, column=column, columns=", ".join(filter(whole.visible, types)))
        if not self.after.key:
            raise FilterInvalid(relation=name, column="-", op="diff", expected="key")
        assert self.cursor is None or self.place is not None  # decoding refuses a cursor that is not ours

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The columns that together name a row."""
        return (self.per, *self.after.key)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The columns that are compared."""
        return tuple(c for c, _ in self.after.columns if c in self.scope.columns and c not in self.after.key)

    @property
    def facts(self) -> tuple[str, ...]:
        """The provenance that is given beside the values of a row: of one row, so where a key names one."""
        return tuple(f for f in PROVENANCE if f != self.per) if self.per == "_resource" else ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns of either side in the answer, after the identity."""
        return (*self.values, *self.facts)

    @cached_property
    def order(self) -> tuple[Order, ...]:
        """The order of pages."""
        return tuple(map(Order, self.identity))

    @cached_property
    def place(self) -> Place | None:
        """The place of the last one before this page, or None at the beginning."""
        if self.cursor is None:
            return None
        types = dict(self.after.columns) | PROVENANCE
        return cursors.unsealed(self._question, self._seqs, [types[c] for c in self.identity], self.cursor)

    def cursor_of(self, place: Place) -> str:
        """The cursor of what stands at a place."""
        return cursors.sealer(self._question, self._seqs)(place)

    @property
    def _seqs(self) -> tuple[int, int]:
        return self.before.seq, self.after.seq

    @cached_property
    def _question(self) -> bytes:
        parts = (
            "diff",
            self.after.name,
            repr(self.where),
            repr(self.order),
            repr(self.scope),
            repr(sorted(self.kinds)),
        )
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()

    @cached_property
    def parts(self) -> tuple[Filter, Filter]:
        """The filter in two: what holds for a row before as it does after, and what is asked of each."""
        fixed = {*self.identity, *(_OF_RESOURCE if self.per == "_resource" else ())}
        every = self.where.parts if isinstance(self.where, All) else (self.where,)
        apart = [p for p in every if compared(p) <= fixed]
        return all_of(apart), all_of(p for p in every if p not in apart)

    def side(self, relation: Relation, where: Filter) -> RowQuery:
        """The rows at one of the commits."""
        columns = tuple(dict.fromkeys((*self.identity, *self.shown, *sorted(compared(self.parts[1])))))
        return RowQuery(relation, columns, self.scope, where, first=self.first)


def _side(query: DiffQuery, relation: Relation, bound: Sequence[object]) -> Compiled:
    """One line a key, with `_in`, whether the filter holds, and where rows share a key a sum over all values."""
    pushed, asked = query.parts
    source = compile_source(query.side(relation, pushed), bound)
    statement = Statement(query.side(relation, TRUE).types, list(source.params))
    hit = "true" if asked == TRUE else f"coalesce({statement.where(asked)}, false)"
    names = ", ".join(map(quoted, query.identity))
    if query.per == "_resource":
        shown = "".join(f", {quoted(c)}" for c in query.shown)
        return Compiled(
            f"SELECT {names}{shown}, true AS _in, {hit} AS _hit FROM ({source.sql})", tuple(statement.params)
        )
    shown = "".join(f", min({quoted(c)}) AS {quoted(c)}" for c in query.values)
    values = ", ".join(map(quoted, query.values))
    digest = f"sum(CAST(hash({values}) AS HUGEINT))" if values else "count(*)"
    sql = f"SELECT {names}{shown}, {digest} AS _sum, true AS _in, bool_or({hit}) AS _hit FROM ({source.sql})"
    return Compiled(f"{sql} GROUP BY {names}", tuple(statement.params))


def _joined(query: DiffQuery) -> Compiled:
    """`WITH d AS (...)`: each key with `_kind`, and both sides' columns as `_b0`, `_a0` and so on."""
    before = _side(query, query.before, ())
    after = _side(query, query.after, before.params)
    same = " AND ".join(f"a.{quoted(c)} IS NOT DISTINCT FROM b.{quoted(c)}" for c in query.identity)
    names = ", ".join(f"coalesce(a.{quoted(c)}, b.{quoted(c)}) AS {quoted(c)}" for c in query.identity)
    beside = "".join(f", {s}.{quoted(c)} AS _{s}{i}" for s in "ba" for i, c in enumerate(query.shown))
    differs = (
        " OR ".join(f"a.{quoted(c)} IS DISTINCT FROM b.{quoted(c)}" for c in query.values) or "false"
        if query.per == "_resource"
        else "a._sum <> b._sum"
    )
    sql = (
        f"WITH b AS ({before.sql}), a AS ({after.sql}), d AS (SELECT {names}{beside}, "
        f"CASE WHEN b._in IS NULL THEN '{Kind.ADDED}' WHEN a._in IS NULL THEN '{Kind.REMOVED}' "
        f"WHEN {differs} THEN '{Kind.CHANGED}' ELSE '{_SAME}' END AS _kind "
        f"FROM a FULL JOIN b ON {same} WHERE coalesce(a._hit, false) OR coalesce(b._hit, false)) "
    )
    return Compiled(sql, after.params)


def _columns(query: DiffQuery) -> str:
    shown = (f"_{s}{i}" for s in "ba" for i in range(len(query.shown)))
    return ", ".join((*map(quoted, query.identity), *shown, "_kind"))


def compile_diff(query: DiffQuery) -> Compiled:
    """The page as one SELECT, one row more than asked for: the identity, before's columns, after's, and the kind."""
    joined = _joined(query)
    types = dict(query.after.columns) | PROVENANCE
    statement = Statement(types, list(joined.params))
    listed = ", ".join(f"'{kind}'" for kind in Kind if kind in query.kinds)
    where = f"_kind IN ({listed})" if listed else "false"
    if query.place is not None:
        where += f" AND {statement.where(beyond(query.order, query.place))}"
    order = ", ".join(f"{quoted(c)} NULLS LAST" for c in query.identity)
    sql = f"{joined.sql}SELECT {_columns(query)} FROM d WHERE {where} ORDER BY {order} LIMIT {query.first + 1}"
    return Compiled(sql, tuple(statement.params))


def compile_examples(query: DiffQuery, each: int) -> Compiled:
    """The first of each kind by key, as `compile_diff` gives them."""
    joined = _joined(query)
    order = ", ".join(f"{quoted(c)} NULLS LAST" for c in query.identity)
    rank = " ".join(f"WHEN '{kind}' THEN {i}" for i, kind in enumerate(Kind))
    sql = (
        f"{joined.sql}SELECT {_columns(query)} FROM d WHERE _kind <> '{_SAME}' "
        f"QUALIFY row_number() OVER (PARTITION BY _kind ORDER BY {order}) <= {int(each)} "
        f"ORDER BY CASE _kind {rank} END, {order}"
    )
    return Compiled(sql, joined.params)


def compile_totals(query: DiffQuery, by: Sequence[str] = ()) -> Compiled:
    """How many keys there are after, and of each of `Kind` in its order; with `by` for each value of these first."""
    joined = _joined(query)
    names = ", ".join(map(quoted, by))
    counts = [f"count(*) FILTER (_kind <> '{Kind.REMOVED}')", *(f"count(*) FILTER (_kind = '{k}')" for k in Kind)]
    sql = f"{joined.sql}SELECT {', '.join([*map(quoted, by), *counts])} FROM d"
    return Compiled(sql + (f" GROUP BY {names} ORDER BY {names}" if by else ""), joined.params)


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one key: its row before and after by column, None where it is not there, and what differs."""

    kind: Kind
    place: Place
    before: Mapping[str, Value | None] | None
    after: Mapping[str, Value | None] | None
    columns: tuple[str, ...]


def _differ(one: Value | None, other: Value | None) -> bool:
    both_nan = isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
    return one != other and not both_nan


def change(query: DiffQuery, row: Sequence[Value | None]) -> Change:
    """What one row of a compiled page or of examples says."""
    width, more = len(query.identity), len(query.shown)
    kind, place = Kind(str(row[-1])), tuple(row[:width])
    named = dict(zip(query.identity, place, strict=True))
    before = named | dict(zip(query.shown, row[width : width + more], strict=True))
    after = named | dict(zip(query.shown, row[width + more : -1], strict=True))
    differing = (c for c in query.values if _differ(before[c], after[c]))
    return Change(
        kind,
        place,
        None if kind is Kind.ADDED else before,
        None if kind is Kind.REMOVED else after,
        tuple(differing) if kind is Kind.CHANGED else (),
    )


@dataclass(frozen=True, slots=True)
class DiffPage:
    """A page of changes, and whether more follow."""

    changes: tuple[Change, ...]
    has_next: bool


def page(query: DiffQuery, fetched: Iterable[Sequence[Value | None]]) -> DiffPage:
    """The page in what a compiled query returned (it asks for one more than the page holds)."""
    rows = list(fetched)
    return DiffPage(tuple(change(query, row) for row in rows[: query.first]), len(rows) > query.first)
