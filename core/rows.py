"""The one query value: contract rows, filter, order, cursor, as-of, scope; compiled to DuckDB and to SQL.

GraphQL, export, datastore_search, services and the node only translate into a `RowQuery`; none of them
writes a row query of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from core.contract import ColumnType, Mode

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
    """

    name: str
    columns: tuple[tuple[str, ColumnType], ...]
    key: tuple[str, ...]
    mode: Mode
    parts: tuple[Part, ...]
    seq: int
