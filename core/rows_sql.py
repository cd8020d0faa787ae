"""A row query as SQL for a table with the same columns (current rows, readings), on SQLite and PostgreSQL.

It answers exactly as `core/rows_duckdb.py` does; a property test drives both. Columns that the table declares NOT NULL,
and indexes made with `standing`, let a page come straight from an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import types as sa

from core.contract import ColumnType
from core.db import UTCDateTime
from core.rows import All, Compare, Filter, Not, Op, Order, RowQuery, Value

VALUES: dict[ColumnType, sa.TypeEngine[Any]] = {
    ColumnType.TEXT: sa.Text(),
    ColumnType.INTEGER: sa.BigInteger(),
    ColumnType.NUMBER: sa.Double(),
    ColumnType.DATE: sa.Date(),
    ColumnType.MOMENT: UTCDateTime(),
    ColumnType.BOOLEAN: sa.Boolean(),
}
#: How each type is stored in such a table: text in the order of its code points, as SQLite and DuckDB compare it.
SA_TYPES = VALUES | {ColumnType.TEXT: sa.Text().with_variant(sa.Text(collation="C"), "postgresql")}

BOUND = "lumbung_"  # and a number: a value of the question
_OPERATORS = {Op.EQ: eq, Op.NE: ne, Op.LT: lt, Op.LTE: le, Op.GT: gt, Op.GTE: ge}


def standing(table: Table, columns: Sequence[str], dialect: str) -> list[ColumnElement[Any]]:
    """The terms of an index that gives rows by these columns ascending, nulls last."""
    return [term for name in columns for term in _ascending(table.c[name], dialect)]


def _ascending(column: ColumnElement[Any], dialect: str) -> list[ColumnElement[Any]]:
    """SQLite sorts nulls first and keeps no index with them last; PostgreSQL sorts them last by itself."""
    nullable = not isinstance(column, Column) or column.nullable
    return [column.is_(null()), column] if nullable and dialect == "sqlite" else [column]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query on its way into a statement over a table."""

    query: RowQuery
    table: Table
    dialect: str
    bound: list[tuple[Value, ColumnType]] = field(default_factory=list)

    def bind(self, value: Value, kind: ColumnType) -> ColumnElement[Any]:
        """A value of the question, named by its place among them: another question of the same form has others."""
        self.bound.append((value, kind))
        return bindparam(f"{BOUND}{len(self.bound) - 1}", value, VALUES[kind])

    def value(self, name: str) -> ColumnElement[Any]:
        """The column; the member of a stream that has moved since its rows were written is the one of now."""
        for lookup in self.query.looked:
            if lookup.name == name:
                return case(lookup.words, value=self.table.c[lookup.of])
        column: ColumnElement[Any] = self.table.c[name]
        if name == "_member" and self.query.relation.moved:
            return case(dict(self.query.relation.moved), value=self.table.c["_stream"], else_=column)
        return column

    def compare(self, part: Compare) -> ColumnElement[bool]:
        """One comparison."""
        column = self.value(part.column)
        if part.op is Op.IS_NULL:
            return column.is_(null()) if part.value else column.is_not(null())
        kind = self.query.types[part.column]
        if isinstance(part.value, tuple):
            return column.in_([self.bind(v, kind) for v in part.value]) if part.value else false()
        value = self.bind(part.value, kind)
        if part.op is Op.PREFIX:
            return func.substr(column, 1, len(str(part.value))) == value
        if part.op is Op.CONTAINS:
            return (func.strpos if self.dialect == "postgresql" else func.instr)(column, value) > 0
        compared: ColumnElement[bool] = _OPERATORS[part.op](column, value)
        return compared

    def where(self, part: Filter) -> ColumnElement[bool]:
        """A filter, null or false for rows that it does not hold for."""
        if isinstance(part, Compare):
            return self.compare(part)
        if isinstance(part, Not):
            return not_(func.coalesce(self.where(part.part), false()))
        parts = [self.where(p) for p in part.parts]
        return and_(true(), *parts) if isinstance(part, All) else or_(false(), *parts)

    def seen(self, part: Filter) -> ColumnElement[bool]:
        """The rows that a filter holds for, of the streams that are seen."""
        hidden = self.query.relation.hidden
        shown = self.table.c["_stream"].not_in(hidden) if hidden else true()
        return and_(shown, self.where(part))

    def within(self) -> ColumnElement[bool]:
        """What follows from `remaining` alone and an index can seek: the first step is not beyond the cursors'."""
        step = self.query.total_order[0]
        column = self.table.c.get(step.column)
        parts: list[ColumnElement[bool]] = [true()]
        for place, past in ((self.query.begin, step.descending), (self.query.end, not step.descending)):
            if place is not None and place[0] is not None and column is not None and not column.nullable:
                parts.append(self.compare(Compare(step.column, Op.LTE if past else Op.GTE, place[0])))
        return and_(*parts)

    def order(self) -> list[ColumnElement[Any]]:
        """The order of reading without the columns that the filter holds to one value, as an index can answer it."""
        fixed = self.query.fixed
        return [term for step in self.query.total_order if step.column not in fixed for term in self.term(step)]

    def term(self, step: Order) -> list[ColumnElement[Any]]:
        """Nulls last; backwards the other way round, nulls first."""
        column, backwards = self.value(step.column), self.query.backwards
        if not step.descending:
            ascending = _ascending(column, self.dialect)
            return [term.desc() for term in ascending] if backwards else ascending
        needless = isinstance(column, Column) and not column.nullable
        turned = column.asc() if backwards else column.desc()
        if needless:
            return [turned]
        return [turned.nulls_first() if backwards else turned.nulls_last()]


def compile_sql(query: RowQuery, table: Table, dialect: str) -> Select[Any]:
    """The page over `table` (every data and provenance column, one row each), for `sqlite` or `postgresql`.

    The result's columns are those of `compile_duckdb`: the query's own, then its total order. Where the relation has
    hidden or moved streams, the table has a column `_stream`.
    """
    return statement(Asked(query, table, dialect))


def statement(asked: Asked, names: Sequence[str] | None = None) -> Select[Any]:
    """The page of a question over its table: its columns and the places, or the columns of some names."""
    query = asked.query
    if names is not None:
        return _selected(asked, [asked.value(name).label(name) for name in names])
    columns = [
        asked.value(c).label(c) if query.visible(c) else cast(null(), VALUES[query.types[c]]).label(c)
        for c in query.columns
    ]
    return _selected(
        asked, [*columns, *(asked.value(o.column).label(f"_place{i}") for i, o in enumerate(query.total_order))]
    )


def _selected(asked: Asked, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    query = asked.query
    return (
        select(*columns)
        .where(asked.within(), asked.seen(query.remaining))
        .order_by(*asked.order())
        .limit(query.first + 1)
    )


def compile_sql_count(query: RowQuery, table: Table, dialect: str) -> Select[int]:
    """How many rows match on all pages together."""
    return select(func.count()).select_from(table).where(Asked(query, table, dialect).seen(query.matching))
