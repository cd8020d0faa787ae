"""The one query value: contract rows, filter, order, cursor, as-of, scope; compiled to DuckDB and to SQL.

GraphQL, export, datastore_search, services and the node only translate into a `RowQuery`; none of them
writes a row query of its own. This module holds the values; `core/rows_check.py` refuses what cannot be asked,
`core/cursors.py` writes and reads the opaque cursor, `core/rows_duckdb.py` and `core/rows_sql.py` compile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from core.contract import ColumnType, Mode

#: What a cell holds and what a comparison is made with.
Value = str | int | float | bool | date | datetime


class Op(StrEnum):
    """What a comparison asks; text compares by code point, nulls never match except by IS_NULL."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    IN = "in"
    PREFIX = "prefix"
    CONTAINS = "contains"
    IS_NULL = "is_null"


@dataclass(frozen=True, slots=True)
class Compare:
    """One column against a value; for IN a tuple of values, for IS_NULL a bool."""

    column: str
    op: Op
    value: Value | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without parts, true."""

    parts: tuple["Filter", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; without parts, false."""

    parts: tuple["Filter", ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold (unknown counts as not holding)."""

    part: "Filter"


Filter = Compare | All | AnyOf | Not
TRUE: Filter = All()
FALSE: Filter = AnyOf()


def all_of(parts: Iterable[Filter]) -> Filter:
    """The conjunction, flat where it can be."""
    kept = tuple(p for p in parts if p != TRUE)
    return kept[0] if len(kept) == 1 else All(kept)


def any_of(parts: Iterable[Filter]) -> Filter:
    """The disjunction, flat where it can be."""
    kept = tuple(p for p in parts if p != FALSE)
    return kept[0] if len(kept) == 1 else AnyOf(kept)


@dataclass(frozen=True, slots=True)
class Order:
    """One step of an ordering; nulls come last whichever way it runs."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column that no file has: the word that each code of another column stands for, null without one.

    Cursors carry words as they carry values, so pages go on where they stood though the list was changed.
    """

    name: str
    of: str
    words: Mapping[str, str]

    def __hash__(self) -> int:
        return hash((self.name, self.of, len(self.words)))


@dataclass(frozen=True, slots=True)
class Part:
    """One committed snapshot file, with the facts that each of its rows can name.

    Provenance columns of every row: `_snapshot` (the commit's seq), `_row` (row number in the source file),
    `_member`, `_source`, `_dataset`, `_resource` (ids), `_fetched_at` (moment), `_verdict`.
    """

    path: Path
    snapshot: int
    member: str
    source: str
    dataset: str
    resource: str
    fetched_at: datetime
    verdict: str


@dataclass(frozen=True, slots=True)
class Packed:
    """A committed file whose rows carry their own provenance, and from which commit on and until which they count.

    Beside the data it has `_stream`, `_ord` (place within its snapshot), `_deleted`, `_to` (first commit without the
    row; null where the file knows none), and `_closes_seq` with `_closes_ord`: the snapshot and place of the row that
    this one takes the place of, or with a null place all earlier rows of its stream (docs/adr/0006).

    Attributes:
        base: what is added to `_snapshot`: a commit's own file counts from 0, since numbers are given afterwards.
        closings: rows that take the place of a single row of another file.
        wholes: rows that take the place of all earlier rows of their stream.
        complete: it has every column of the relation; a file of an earlier minor version may not.
        last: no row is of a later snapshot than this; None where it is not known.
        ends: rows may have a `_to`; false where all of them are null.
        times: the first and last value of a column that is part of the key, where every row has one: a row, and what
            ends it, lie in files whose times meet. None where it is not so.
        sorted: rows lie in the standing order of pages: by resource and key.
    """

    path: Path
    base: int
    closings: int
    wholes: int
    complete: bool = True
    last: int | None = None
    ends: bool = True
    times: tuple[str, Value, Value] | None = None
    sorted: bool = False


PROVENANCE: dict[str, ColumnType] = {
    "_snapshot": ColumnType.INTEGER,
    "_row": ColumnType.INTEGER,
    "_member": ColumnType.TEXT,
    "_source": ColumnType.TEXT,
    "_dataset": ColumnType.TEXT,
    "_resource": ColumnType.TEXT,
    "_fetched_at": ColumnType.MOMENT,
    "_verdict": ColumnType.TEXT,
}


@dataclass(frozen=True, slots=True)
class Relation:
    """What is asked: a contract's rows (or one unmapped dataset's text rows) at one resolved point.

    Attributes:
        name: the contract's or dataset's name.
        columns: data columns with their types, in order.
        key: the columns that name a row within a resource; empty for text tables.
        mode: with UPSERT the newest row of a key within its resource counts and tombstones (`_deleted`) hide it;
            with REPLACE the caller passes each resource's newest part only.
        parts: the snapshot files that make it up.
        seq: the commit it is resolved to; cursors carry it, so pages stay stable while others commit.
        files: files whose rows carry their own provenance and validity; they need no `mode`.
        hidden: streams of `files` that are not seen at this commit.
        moved: streams whose dataset has gone over to another member since their rows were written, and to which.
        uncommitted: some of `files` hold readings of days that no commit has yet (docs/adr/0012).
    """

    name: str
    columns: tuple[tuple[str, ColumnType], ...]
    key: tuple[str, ...]
    mode: Mode
    parts: tuple[Part, ...]
    seq: int
    files: tuple[Packed, ...] = ()
    hidden: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    uncommitted: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What an actor may see of one table: columns it may read, and the rows, as a predicate for the query.

    `core/access.py` makes it from an actor and a contract; provenance columns are always readable.
    """

    columns: frozenset[str]
    predicate: Filter = TRUE


@dataclass(frozen=True)
class RowQuery:
    """One page of one relation, checked when it is made: what cannot be asked raises `core.rows_errors`.

    Attributes:
        relation: what is asked, resolved to a commit.
        columns: the columns of the answer, in order; one outside the scope comes back null.
        where: the caller's own filter; the scope's predicate is added when it is compiled.
        order: the caller's ordering; `tiebreak` is added so that every row has one place.
        first: rows a page, at least 1.
        after: the cursor of a row that the page's rows come after, or None.
        scope: what the actor may see; a column outside it is unknown to `where` and `order`.
        before: the cursor of a row that they come before, or None.
        backwards: the page holds the last rows of what is asked instead of the first; in the same order.
        looked: further columns of text, for whoever may read the columns that they explain.
    """

    relation: Relation
    columns: tuple[str, ...]
    scope: Scope
    where: Filter = TRUE
    order: tuple[Order, ...] = ()
    first: int = 100
    after: str | None = None
    before: str | None = None
    backwards: bool = False
    looked: tuple[Lookup, ...] = ()

    def __post_init__(self) -> None:
        from core import rows_check  # it names this class

        rows_check.check(self)

    @cached_property
    def types(self) -> dict[str, ColumnType]:
        """Every column that exists, data and provenance, with its type."""
        known = dict(self.relation.columns) | PROVENANCE
        return known | {lookup.name: ColumnType.TEXT for lookup in self.looked} if self.looked else known

    def visible(self, column: str) -> bool:
        """Whether the actor may read, filter by and order by a column."""
        if column in PROVENANCE or column in self.scope.columns:
            return True
        return any(lookup.name == column and self.visible(lookup.of) for lookup in self.looked)

    @cached_property
    def total_order(self) -> tuple[Order, ...]:
        """The caller's ordering and what makes it total: resource, visible key, source row, snapshot.

        Within the commit that the cursor carries these never change, so pages stay stable while others commit.
        A masked key column stays out: its value would be readable in the cursor.
        """
        named = {o.column for o in self.order}
        key = (c for c in self.relation.key if self.visible(c))
        rest = ("_resource", *key, "_row", "_snapshot")
        return (*self.order, *(Order(c) for c in rest if c not in named))

    @cached_property
    def begin(self) -> tuple[Value | None, ...] | None:
        """The place in the total order that the page's rows come after, or None."""
        return self._place(self.after)

    @cached_property
    def end(self) -> tuple[Value | None, ...] | None:
        """The place in the total order that the page's rows come before, or None."""
        return self._place(self.before)

    def _place(self, cursor: str | None) -> tuple[Value | None, ...] | None:
        from core import cursors

        return None if cursor is None else cursors.decode(self, cursor)

    def around(self, more: bool) -> tuple[bool, bool]:
        """Whether rows follow the page, and whether some come before it, given whether more was found than it holds.

        The row that a cursor names is there, at the cursor's commit.
        """
        follow = self.before is not None or (more and not self.backwards)
        return follow, self.after is not None or (more and self.backwards)

    @property
    def matching(self) -> Filter:
        """The rows that the question is about, on whichever page: the scope's and the caller's own."""
        return all_of((self.scope.predicate, self.where))

    @cached_property
    def fixed(self) -> frozenset[str]:
        """The columns that the filter holds to one value: ordering by them says nothing."""
        parts = self.matching.parts if isinstance(self.matching, All) else (self.matching,)
        return frozenset(p.column for p in parts if isinstance(p, Compare) and p.op is Op.EQ)

    @property
    def remaining(self) -> Filter:
        """The matching rows that come after `begin` and before `end` in the total order."""
        if self.begin is None and self.end is None:
            return self.matching
        after = TRUE if self.begin is None else beyond(self.total_order, self.begin)
        return all_of((self.matching, after, TRUE if self.end is None else short_of(self.total_order, self.end)))


def beyond(order: tuple[Order, ...], place: tuple[Value | None, ...]) -> Filter:
    """The rows that come after a place: equal in the first steps and later in the next one, nulls last."""
    choices: list[Filter] = []
    equal: tuple[Filter, ...] = ()
    for step, value in zip(order, place, strict=True):
        if value is None:
            equal = (*equal, Compare(step.column, Op.IS_NULL, True))
            continue
        later = Compare(step.column, Op.LT if step.descending else Op.GT, value)
        choices.append(All((*equal, AnyOf((later, Compare(step.column, Op.IS_NULL, True))))))
        equal = (*equal, Compare(step.column, Op.EQ, value))
    return AnyOf(tuple(choices))


def short_of(order: tuple[Order, ...], place: tuple[Value | None, ...]) -> Filter:
    """The rows that come before a place: equal in the first steps and earlier in the next one, nulls last."""
    choices: list[Filter] = []
    equal: tuple[Filter, ...] = ()
    for step, value in zip(order, place, strict=True):
        if value is None:
            earlier, same = Compare(step.column, Op.IS_NULL, False), Compare(step.column, Op.IS_NULL, True)
        else:
            earlier = Compare(step.column, Op.GT if step.descending else Op.LT, value)
            same = Compare(step.column, Op.EQ, value)
        choices.append(All((*equal, earlier)))
        equal = (*equal, same)
    return AnyOf(tuple(choices))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement with bound values; its columns are the query's own, then one for each step of the total order."""

    sql: str
    params: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page as tuples in the query's column order, the place of each, and what lies around them."""

    rows: tuple[tuple[Value | None, ...], ...]
    places: tuple[tuple[Value | None, ...], ...]
    has_next: bool
    has_previous: bool = False


def page(query: RowQuery, fetched: Iterable[tuple[Value | None, ...]]) -> Page:
    """The page in what a compiled query returned (it asks for one row more than the page holds)."""
    width = len(query.columns)
    rows = list(fetched)
    kept = rows[: query.first]
    if query.backwards:
        kept.reverse()
    return Page(tuple(r[:width] for r in kept), tuple(r[width:] for r in kept), *query.around(len(rows) > query.first))
