"""Small pages that SQLite writes as JSON for a selection by itself, so that no value becomes an object on the way.

SQLite writes a floating number with fifteen digits. They tell it exactly where it is a whole number of millionths below
a hundred million, which the statement proves of each by a division; where one is not, or a cell is empty that the graph
promises, the answer is None, and the page is fetched as values (`core/rows_fetch.py`, which says what is read). What is
written is what `core/rows_json.py` writes.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, and_, case, cast, func, literal, null, or_, select
from sqlalchemy import types as sa
from sqlalchemy.engine import Dialect

from core.contract import ColumnType
from core.rows import RowQuery, Value
from core.rows_fetch import Text, bound, givers, key_of, text_of
from core.rows_json import Constant, Cursor, Leaf, Struct
from core.rows_sql import Asked, statement

_MOST_FORMS = 256
#: SQLite's functions take 127 arguments at most.
_MOST_FIELDS = 60
_MILLIONTHS, _BELOW = 1e6, 1e8
#: Kinds that a row's JSON gives back as they are, so that they need not be read again for its place.
_PLAIN = (ColumnType.TEXT, ColumnType.INTEGER, ColumnType.DATE)
#: A form whose page could not be written so often is not tried for as many times.
_RESTS = 64
_BETWEEN = ",\n"  # no text within JSON has the end of a line in it


@dataclass(frozen=True, slots=True)
class Written:
    """A page's rows as JSON text, and what tells the places of its rows."""

    json: bytes
    rows: int
    has_next: bool
    has_previous: bool
    _extras: list[str]
    _place: Callable[[Any, Any], tuple[Value | None, ...]]

    def place(self, row: int) -> tuple[Value | None, ...]:
        """The place of the first or the last row in the total order."""
        mark = _BETWEEN.encode()
        begin = 1 if row == 0 else self.json.rfind(mark) + len(mark) if self.rows > 1 else 1
        end = self.json.find(mark) if row == 0 and self.rows > 1 else len(self.json) - 1
        return self._place(orjson.loads(self.json[begin:end]), orjson.loads(self._extras[row]))


@dataclass(slots=True)
class _Form:
    text: Text
    given: tuple[Callable[[Any], Any] | None, ...]
    place: Callable[[Any, Any], tuple[Value | None, ...]]
    rests: int = 0


_FORMS: dict[Hashable, tuple[Struct, _Form | None]] = {}  # by structs that are kept beside it


def _moment(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A stored moment as the graph writes it."""
    rest = func.substr(column, 20)
    fraction = case((rest.in_(("", ".000000")), ""), else_=rest)
    return func.substr(column, 1, 10).concat("T").concat(func.substr(column, 12, 8)).concat(fraction).concat("Z")


def _value(kind: ColumnType, column: ColumnElement[Any]) -> ColumnElement[Any]:
    match kind:
        case ColumnType.MOMENT:
            return _moment(cast(column, sa.Text()))
        case ColumnType.BOOLEAN:
            return case((column.is_(null()), null()), (column, func.json("true")), else_=func.json("false"))
        case _:
            return column


def _object(query: RowQuery, struct: Struct, page: Any) -> ColumnElement[Any] | None:
    """A row's object; None where SQLite does not write it."""
    parts: list[ColumnElement[Any]] = []
    if len(struct.fields) > _MOST_FIELDS:
        return None
    for key, node in struct.fields:
        value: ColumnElement[Any] | None
        if isinstance(node, Cursor):
            return None
        if isinstance(node, Struct):
            value = _object(query, node, page)
            if value is None:
                return None
        elif isinstance(node, Constant):
            value = literal(node.value)
        else:
            value = _value(node.kind, page.c[node.column]) if query.visible(node.column) else null()
        parts += [literal(key), value]
    return func.json_object(*parts)


def _sound(query: RowQuery, leaf: Leaf, page: Any) -> ColumnElement[bool] | None:
    """What must hold of a column's value for it to be written; None where all are."""
    if not query.visible(leaf.column):
        return literal(False) if leaf.required else None
    column = page.c[leaf.column]
    if leaf.kind is not ColumnType.NUMBER:
        return column.is_not(null()) if leaf.required else None
    exact = and_(func.round(column * literal(_MILLIONTHS)) / literal(_MILLIONTHS) == column, func.abs(column) < _BELOW)
    return and_(column.is_not(null()), exact) if leaf.required else or_(column.is_(null()), exact)


def _form(asked: Asked, struct: Struct, dialect: Dialect) -> _Form | None:
    query = asked.query
    kinds = query.types
    order = [o.column for o in query.total_order]
    if any(kinds[name] in (ColumnType.NUMBER, ColumnType.MOMENT, ColumnType.BOOLEAN) for name in order):
        return None
    leaves = {node.column: key for key, node in struct.fields if isinstance(node, Leaf) and node.kind in _PLAIN}
    extra = [name for name in order if name not in leaves or not query.visible(name)]
    shown = [leaf.column for leaf in struct.leaves() if query.visible(leaf.column)]
    page = statement(asked, list(dict.fromkeys((*shown, *order)))).subquery()
    written = _object(query, struct, page)
    if written is None:
        return None
    sound = [held for leaf in struct.leaves() if (held := _sound(query, leaf, page)) is not None]
    whole = select(
        cast(func.group_concat(written, literal(_BETWEEN)), LargeBinary()),
        func.group_concat(func.json_array(*(page.c[name] for name in extra)), literal("\n")),
        func.count(),
        func.sum(case((and_(*sound), 0), else_=1)) if sound else literal(0),
    ).select_from(page)
    return _Form(text_of(whole, dialect), givers(asked, dialect), _placed(order, leaves, extra, kinds))


def _placed(
    order: list[str], leaves: Mapping[str, str], extra: list[str], kinds: Mapping[str, ColumnType]
) -> Callable[[Any, Any], tuple[Value | None, ...]]:
    def place(row: Any, rest: Any) -> tuple[Value | None, ...]:
        found = (rest[extra.index(name)] if name in extra else row[leaves[name]] for name in order)
        return tuple(
            date.fromisoformat(value) if kinds[name] is ColumnType.DATE and value is not None else value
            for name, value in zip(order, found, strict=True)
        )

    return place


def written(connection: Connection, query: RowQuery, table: Table, struct: Struct) -> Written | None:
    """The page's rows as JSON, or None where they are to be fetched as values."""
    if connection.dialect.name != "sqlite" or query.backwards:
        return None
    asked = Asked(query, table, connection.dialect.name)
    key = (id(struct), key_of(asked))
    kept = _FORMS.get(key)
    if kept is None:
        if len(_FORMS) >= _MOST_FORMS:
            _FORMS.clear()
        kept = _FORMS[key] = (struct, _form(asked, struct, connection.dialect))
        asked.bound.clear()
    form = kept[1]
    if form is None:
        return None
    if form.rests:
        form.rests -= 1
        return None
    ((json, extras, rows, lost),) = form.text.run(connection, bound(asked, form.given))
    if lost:
        form.rests = _RESTS
        return None
    if not rows:
        return Written(b"[]", 0, *query.around(more=False), [], form.place)
    more = rows > query.first
    if more:
        json, rows = json[: json.rindex(_BETWEEN.encode())], query.first
    return Written(b"[" + json + b"]", rows, *query.around(more), extras.split("\n")[:rows], form.place)
