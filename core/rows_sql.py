"""A row query as SQL for a table with the same columns (current rows, readings), on SQLite and PostgreSQL.

It answers exactly as `core/rows_duckdb.py` does; a property test drives both.
"""

from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, cast, false, func, literal, not_, null, or_, select, true
from sqlalchemy import types as sa

from core.contract import ColumnType
from core.db import UTCDateTime
from core.rows import All, Compare, Filter, Not, Op, RowQuery

#: How each type is stored in such a table.
SA_TYPES: dict[ColumnType, sa.TypeEngine[Any]] = {
    ColumnType.TEXT: sa.Text(),
    ColumnType.INTEGER: sa.BigInteger(),
    ColumnType.NUMBER: sa.Double(),
    ColumnType.DATE: sa.Date(),
    ColumnType.MOMENT: UTCDateTime(),
    ColumnType.BOOLEAN: sa.Boolean(),
}

_OPERATORS = {Op.EQ: eq, Op.NE: ne, Op.LT: lt, Op.LTE: le, Op.GT: gt, Op.GTE: ge}


def _column(query: RowQuery, table: Table, name: str, dialect: str) -> ColumnElement[Any]:
    """The column; text compares by code point, which PostgreSQL does in the C collation only."""
    column: ColumnElement[Any] = table.c[name]
    if dialect == "postgresql" and query.types[name] is ColumnType.TEXT:
        return column.collate("C")
    return column


def _compare(query: RowQuery, table: Table, part: Compare, dialect: str) -> ColumnElement[bool]:
    column = _column(query, table, part.column, dialect)
    if part.op is Op.IS_NULL:
        return column.is_(null()) if part.value else column.is_not(null())
    kind = SA_TYPES[query.types[part.column]]
    if isinstance(part.value, tuple):
        return column.in_([literal(v, kind) for v in part.value]) if part.value else false()
    value = literal(part.value, kind)
    if part.op is Op.PREFIX:
        return func.substr(column, 1, len(str(part.value))) == value
    if part.op is Op.CONTAINS:
        return (func.strpos if dialect == "postgresql" else func.instr)(column, value) > 0
    compared: ColumnElement[bool] = _OPERATORS[part.op](column, value)
    return compared


def _where(query: RowQuery, table: Table, part: Filter, dialect: str) -> ColumnElement[bool]:
    if isinstance(part, Compare):
        return _compare(query, table, part, dialect)
    if isinstance(part, Not):
        return not_(func.coalesce(_where(query, table, part.part, dialect), false()))
    parts = [_where(query, table, p, dialect) for p in part.parts]
    return and_(true(), *parts) if isinstance(part, All) else or_(false(), *parts)


def compile_sql(query: RowQuery, table: Table, dialect: str) -> Select[Any]:
    """The page over `table` (every data and provenance column, one row each), for `sqlite` or `postgresql`.

    The result's columns are those of `compile_duckdb`: the query's own, then its total order.
    """
    columns = [
        table.c[c].label(c) if query.visible(c) else cast(null(), SA_TYPES[query.types[c]]).label(c)
        for c in query.columns
    ]
    places = [table.c[o.column].label(f"_place{i}") for i, o in enumerate(query.total_order)]
    steps = [(_column(query, table, o.column, dialect), o.descending) for o in query.total_order]
    return (
        select(*columns, *places)
        .where(_where(query, table, query.remaining, dialect))
        .order_by(*((c.desc() if down else c.asc()).nulls_last() for c, down in steps))
        .limit(query.first + 1)
    )


def compile_sql_count(query: RowQuery, table: Table, dialect: str) -> Select[int]:
    """How many rows match on all pages together."""
    return select(func.count()).select_from(table).where(_where(query, table, query.matching, dialect))
