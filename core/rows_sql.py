"""A row query as SQL for a table with the same columns (current rows, readings), on SQLite and PostgreSQL.

It answers exactly as `core/rows_duckdb.py` does; a property test drives both. Columns that the table declares NOT NULL,
and indexes made with `standing`, let a page come straight from an index.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
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
from sqlalchemy.engine import Dialect

from core.contract import ColumnType
from core.db import UTCDateTime
from core.rows import All, AnyOf, Compare, Filter, Not, Op, Order, RowQuery, Value

_VALUES: dict[ColumnType, sa.TypeEngine[Any]] = {
    ColumnType.TEXT: sa.Text(),
    ColumnType.INTEGER: sa.BigInteger(),
    ColumnType.NUMBER: sa.Double(),
    ColumnType.DATE: sa.Date(),
    ColumnType.MOMENT: UTCDateTime(),
    ColumnType.BOOLEAN: sa.Boolean(),
}
#: How each type is stored in such a table: text in the order of its code points, as SQLite and DuckDB compare it.
SA_TYPES = _VALUES | {ColumnType.TEXT: sa.Text().with_variant(sa.Text(collation="C"), "postgresql")}

_BOUND = "lumbung_"  # and a number: a value of the question
_OPERATORS = {Op.EQ: eq, Op.NE: ne, Op.LT: lt, Op.LTE: le, Op.GT: gt, Op.GTE: ge}


def standing(table: Table, columns: Sequence[str], dialect: str) -> list[ColumnElement[Any]]:
    """The terms of an index that gives rows by these columns ascending, nulls last."""
    return [term for name in columns for term in _ascending(table.c[name], dialect)]


def _ascending(column: ColumnElement[Any], dialect: str) -> list[ColumnElement[Any]]:
    """SQLite sorts nulls first and keeps no index with them last; PostgreSQL sorts them last by itself."""
    nullable = not isinstance(column, Column) or column.nullable
    return [column.is_(null()), column] if nullable and dialect == "sqlite" else [column]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query on its way into a statement over a table."""

    query: RowQuery
    table: Table
    dialect: str
    bound: list[tuple[Value, ColumnType]] = field(default_factory=list)

    def bind(self, value: Value, kind: ColumnType) -> ColumnElement[Any]:
        """A value of the question, named by its place among them: another question of the same form has others."""
        self.bound.append((value, kind))
        return bindparam(f"{_BOUND}{len(self.bound) - 1}", value, _VALUES[kind])

    def value(self, name: str) -> ColumnElement[Any]:
        """The column; the member of a stream that has moved since its rows were written is the one of now."""
        column: ColumnElement[Any] = self.table.c[name]
        if name == "_member" and self.query.relation.moved:
            return case(dict(self.query.relation.moved), value=self.table.c["_stream"], else_=column)
        return column

    def compare(self, part: Compare) -> ColumnElement[bool]:
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

    def begins(self) -> ColumnElement[bool]:
        """What follows from `remaining` alone and an index can seek: the first step is not before the last row's."""
        step, last = self.query.total_order[0], self.query.last
        if last is None or last[0] is None or self.table.c[step.column].nullable:
            return true()
        return self.compare(Compare(step.column, Op.LTE if step.descending else Op.GTE, last[0]))

    def order(self) -> list[ColumnElement[Any]]:
        """The total order without the columns that the filter holds to one value, as an index can answer it."""
        fixed = self.query.fixed
        return [term for step in self.query.total_order if step.column not in fixed for term in self.term(step)]

    def term(self, step: Order) -> list[ColumnElement[Any]]:
        """Nulls last."""
        column = self.value(step.column)
        if not step.descending:
            return _ascending(column, self.dialect)
        needless = isinstance(column, Column) and not column.nullable
        return [column.desc() if needless else column.desc().nulls_last()]


def compile_sql(query: RowQuery, table: Table, dialect: str) -> Select[Any]:
    """The page over `table` (every data and provenance column, one row each), for `sqlite` or `postgresql`.

    The result's columns are those of `compile_duckdb`: the query's own, then its total order. Where the relation has
    hidden or moved streams, the table has a column `_stream`.
    """
    return _compiled(_Asked(query, table, dialect))


def _compiled(asked: _Asked) -> Select[Any]:
    query = asked.query
    columns = [
        asked.value(c).label(c) if query.visible(c) else cast(null(), _VALUES[query.types[c]]).label(c)
        for c in query.columns
    ]
    places = [asked.value(o.column).label(f"_place{i}") for i, o in enumerate(query.total_order)]
    return (
        select(*columns, *places)
        .where(asked.begins(), asked.seen(query.remaining))
        .order_by(*asked.order())
        .limit(query.first + 1)
    )


def compile_sql_count(query: RowQuery, table: Table, dialect: str) -> Select[int]:
    """How many rows match on all pages together."""
    return select(func.count()).select_from(table).where(_Asked(query, table, dialect).seen(query.matching))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The text of all questions of one form, what their values become for the driver, and its values for us."""

    sql: str
    order: tuple[str, ...] | None  # of the values, where the driver takes them by place and not by name
    fixed: Mapping[str, object]
    given: tuple[Callable[[Any], Any] | None, ...]
    taken: tuple[tuple[int, Callable[[Any], Any]], ...]


_MOST_TEXTS = 512
#: What a driver may give otherwise than as a value of the type.
_CONVERTED = (ColumnType.DATE, ColumnType.MOMENT, ColumnType.BOOLEAN)
_TEXTS: dict[Hashable, _Prepared] = {}


def _key(asked: _Asked) -> Hashable:
    """What is the same for all questions of one form, whatever the values compared with."""
    query, relation = asked.query, asked.query.relation
    return (
        asked.table, asked.dialect, query.columns, tuple(map(query.visible, query.columns)), query.total_order,
        query.first, relation.hidden, relation.moved, _form(query.matching), _form(query.remaining),
        query.last is not None and query.last[0] is not None,
    )  # fmt: skip


def _form(part: Filter) -> Hashable:
    if isinstance(part, Compare):
        if part.op is Op.IS_NULL:
            return part
        more = len(part.value) if isinstance(part.value, tuple) else len(str(part.value)) if part.op is Op.PREFIX else 0
        return part.column, part.op, more
    if isinstance(part, Not):
        return "not", _form(part.part)
    return isinstance(part, AnyOf), tuple(map(_form, part.parts))


def _compared_with(part: Filter) -> Iterator[Value]:
    if isinstance(part, Compare):
        if part.op is not Op.IS_NULL:
            yield from part.value if isinstance(part.value, tuple) else (part.value,)
        return
    for inner in (part.part,) if isinstance(part, Not) else part.parts:
        yield from _compared_with(inner)


def _prepare(asked: _Asked, dialect: Dialect) -> _Prepared:
    compiled = _compiled(asked).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    query, order = asked.query, getattr(compiled, "positiontup", None)
    kinds = [*(query.types[c] for c in query.columns), *(query.types[o.column] for o in query.total_order)]
    types = {kind: kind_type.dialect_impl(dialect) for kind, kind_type in _VALUES.items()}
    taken = [(i, types[kind].result_processor(dialect, None)) for i, kind in enumerate(kinds) if kind in _CONVERTED]
    return _Prepared(
        sql=str(compiled),
        order=None if order is None else tuple(order),
        fixed={name: value for name, value in compiled.params.items() if not name.startswith(_BOUND)},
        given=tuple(types[kind].bind_processor(dialect) for _, kind in asked.bound),
        taken=tuple((i, made) for i, made in taken if made is not None),
    )


def fetch(connection: Connection, query: RowQuery, table: Table) -> list[tuple[Value | None, ...]]:
    """What `compile_sql` selects; its text is made once for all questions of a form: making it outweighs a page."""
    asked = _Asked(query, table, connection.dialect.name)
    key = _key(asked)
    prepared = _TEXTS.get(key)
    if prepared is None:
        if len(_TEXTS) >= _MOST_TEXTS:
            _TEXTS.clear()
        prepared = _TEXTS[key] = _prepare(asked, connection.dialect)
        asked.bound.clear()
    asked.begins()  # it binds the first value, where the page goes on from another
    values = [*(value for value, _ in asked.bound), *_compared_with(query.remaining)]
    given = (value if made is None else made(value) for value, made in zip(values, prepared.given, strict=True))
    params = {**prepared.fixed, **{f"{_BOUND}{i}": value for i, value in enumerate(given)}}
    sent = params if prepared.order is None else tuple(params[name] for name in prepared.order)
    rows = [tuple(row) for row in connection.exec_driver_sql(prepared.sql, sent).fetchall()]
    if not rows or not prepared.taken:
        return rows
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    for i, made in prepared.taken:
        columns[i] = [None if value is None else made(value) for value in columns[i]]
    return list(zip(*columns, strict=True))
