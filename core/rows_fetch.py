"""Pages of a table fetched at little cost: a question's text is made once for its form, and SQLite answers in one step.

`core/rows_sql.py` says what is asked; a property test holds what is fetched here to what its statement gives. Python's
driver lets go of the interpreter at every row and has to get it back, which under load costs more than the rows: so
SQLite hands a page over as one JSON text. Its own text of a floating number is not exact, so a number travels as its
whole part and its rest in 2^-62: with those of less than 2^-9, and beyond 2^62, the page is fetched row by row.
"""

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from core.contract import ColumnType
from core.rows import AnyOf, Compare, Filter, Not, Op, Page, RowQuery, Value
from core.rows_sql import BOUND, VALUES, Asked, statement

_MOST_TEXTS = 512
#: What a driver may give otherwise than as a value of the type.
_CONVERTED = (ColumnType.DATE, ColumnType.MOMENT, ColumnType.BOOLEAN)
_REST = 2.0**62


@dataclass(frozen=True, slots=True)
class Text:
    """The SQL of all questions of one form, and its values that are the same for all."""

    sql: str
    order: tuple[str, ...] | None  # of the values, where the driver takes them by place and not by name
    fixed: Mapping[str, object]

    def run(self, connection: Connection, values: Mapping[str, object]) -> Sequence[Any]:
        """What it selects with some values, within a transaction that has begun.

        Raises:
            sqlalchemy.exc.DBAPIError: as SQLAlchemy has it, whose own way with SQLite would take 50 µs more.
        """
        params = {**self.fixed, **values}
        sent = params if self.order is None else tuple(params[name] for name in self.order)
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            return connection.exec_driver_sql(self.sql, sent).fetchall()
        try:
            return driver.execute(self.sql, sent).fetchall()
        except sqlite3.Error as error:
            raise DBAPIError.instance(self.sql, sent, error, sqlite3.Error, dialect=connection.dialect) from error


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A form: its texts, what its values become for the driver, and the driver's values for us."""

    rows: Text
    whole: Text | None  # all rows in one, where the database does better so
    given: tuple[Callable[[Any], Any] | None, ...]
    taken: tuple[tuple[int, Callable[[Any], Any]], ...]
    numbers: tuple[int, ...]


_TEXTS: dict[Hashable, _Prepared] = {}


def key_of(asked: Asked) -> Hashable:
    """What is the same for all questions of one form, whatever the values compared with."""
    query, relation = asked.query, asked.query.relation
    return (
        asked.table, asked.dialect, query.columns, tuple(map(query.visible, query.columns)), query.total_order,
        query.first, relation.hidden, relation.moved, _form(query.matching), query.backwards, query.looked,
        None if query.begin is None else query.begin[0] is not None,
        None if query.end is None else query.end[0] is not None,
        None if query.begin is None and query.end is None else _form(query.remaining),
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


def text_of(asked: Select[Any], dialect: Dialect) -> Text:
    """The SQL of a statement whose values of the question are named by `BOUND`."""
    compiled = asked.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    order = getattr(compiled, "positiontup", None)
    fixed = {name: value for name, value in compiled.params.items() if not name.startswith(BOUND)}
    return Text(str(compiled), None if order is None else tuple(order), fixed)


def _in_one(asked: Select[Any], kinds: Sequence[ColumnType]) -> Select[Any]:
    """All rows as one JSON text of lists, and how many of them hold a number that does not travel so."""
    page = asked.subquery()
    parts: list[ColumnElement[Any]] = []
    exact: list[ColumnElement[bool]] = []
    for column, kind in zip(page.c, kinds, strict=True):
        if kind is not ColumnType.NUMBER:
            parts.append(column)
            continue
        whole = cast(column, BigInteger)
        rest = cast((column - whole) * literal(_REST), BigInteger)
        parts += [whole, rest]
        exact.append(func.coalesce(whole + rest / literal(_REST) == column, True))
    lost = func.sum(case((and_(*exact), 0), else_=1)) if exact else null()
    return select(func.json_group_array(func.json_array(*parts)), lost).select_from(page)


def _names(query: RowQuery) -> list[str]:
    """The columns to read: each once, whether it is shown or part of the order; masked ones are not read at all."""
    return list(dict.fromkeys((*filter(query.visible, query.columns), *(o.column for o in query.total_order))))


def _prepare(asked: Asked, dialect: Dialect) -> _Prepared:
    query, names = asked.query, _names(asked.query)
    asking = statement(asked, names)
    kinds = [query.types[name] for name in names]
    types = {kind: kind_type.dialect_impl(dialect) for kind, kind_type in VALUES.items()}
    taken = [(i, types[kind].result_processor(dialect, None)) for i, kind in enumerate(kinds) if kind in _CONVERTED]
    return _Prepared(
        rows=text_of(asking, dialect),
        whole=text_of(_in_one(asking, kinds), dialect) if dialect.name == "sqlite" else None,
        given=givers(asked, dialect),
        taken=tuple((i, made) for i, made in taken if made is not None),
        numbers=tuple(i for i, kind in enumerate(kinds) if kind is ColumnType.NUMBER),
    )


def _columns(prepared: _Prepared, connection: Connection, values: Mapping[str, object]) -> list[Sequence[Any]]:
    """The columns of a page as the driver gives their values; none where it has no rows."""
    if prepared.whole is not None:
        ((json, lost),) = prepared.whole.run(connection, values)
        if not lost:
            columns: list[Sequence[Any]] = list(zip(*orjson.loads(json), strict=True))
            for i in prepared.numbers if columns else ():
                rest = columns.pop(i + 1)
                columns[i] = [None if w is None else w + r / _REST for w, r in zip(columns[i], rest, strict=True)]
            return columns
    return list(zip(*map(tuple, prepared.rows.run(connection, values)), strict=True))


def bound(asked: Asked, given: Sequence[Callable[[Any], Any] | None]) -> dict[str, object]:
    """The values of a question by their names in its statement, as the driver takes them."""
    query = asked.query
    if query.begin is not None or query.end is not None:
        asked.within()  # it binds the first values, where the page goes on from another
    values = (*(value for value, _ in asked.bound), *_compared_with(query.remaining))
    return {
        f"{BOUND}{i}": value if made is None else made(value)
        for i, (value, made) in enumerate(zip(values, given, strict=True))
    }


def givers(asked: Asked, dialect: Dialect) -> tuple[Callable[[Any], Any] | None, ...]:
    """What each value of a question that was made into a statement becomes for the driver."""
    return tuple(VALUES[kind].dialect_impl(dialect).bind_processor(dialect) for _, kind in asked.bound)


def fetch(connection: Connection, query: RowQuery, table: Table) -> Page:
    """The page that `compile_sql` selects; for pages that are not large."""
    asked = Asked(query, table, connection.dialect.name)
    key = key_of(asked)
    prepared = _TEXTS.get(key)
    if prepared is None:
        if len(_TEXTS) >= _MOST_TEXTS:
            _TEXTS.clear()
        prepared = _TEXTS[key] = _prepare(asked, connection.dialect)
        asked.bound.clear()
    columns = _columns(prepared, connection, bound(asked, prepared.given))
    if not columns:
        return Page((), (), *query.around(more=False))
    more = len(columns[0]) > query.first
    if more or query.backwards:
        columns = [column[: query.first][:: -1 if query.backwards else 1] for column in columns]
    for i, made in prepared.taken:
        columns[i] = [None if value is None else made(value) for value in columns[i]]
    found = dict(zip(_names(query), columns, strict=True))
    nothing = (None,) * len(columns[0])
    rows = zip(*(found[c] if query.visible(c) else nothing for c in query.columns), strict=True)
    places = tuple(zip(*(found[o.column] for o in query.total_order), strict=True))
    return Page(tuple(rows) if query.columns else ((),) * len(places), places, *query.around(more))
