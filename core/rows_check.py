"""What may be asked: columns that exist for the actor, values that fit their column, filters of bounded size."""

import math
from collections.abc import Iterator
from datetime import date, datetime

from core.contract import ColumnType
from core.rows import All, AnyOf, Compare, Filter, Not, Op, RowQuery, Value
from core.rows_errors import ColumnUnknown, FilterInvalid, PageInvalid

MAX_DEPTH = 12
MAX_PARTS = 200
MAX_IN = 1_000
MAX_TEXT = 10_000
MAX_FIRST = 1_000_000
INT64 = 2**63


def _nodes(where: Filter) -> Iterator[tuple[Filter, int]]:
    """Every part of a filter with its depth, without recursion: a filter may come from anywhere."""
    todo: list[tuple[Filter, int]] = [(where, 1)]
    while todo:
        part, depth = todo.pop()
        yield part, depth
        if isinstance(part, All | AnyOf):
            todo.extend((p, depth + 1) for p in part.parts)
        elif isinstance(part, Not):
            todo.append((part.part, depth + 1))


def fits(kind: ColumnType, value: Value) -> bool:
    """Whether a value can be compared with a column of this type."""
    match kind:
        case ColumnType.TEXT:
            return isinstance(value, str) and "\x00" not in value and len(value) <= MAX_TEXT
        case ColumnType.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool) and -INT64 <= value < INT64
        case ColumnType.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case ColumnType.DATE:
            return isinstance(value, date) and not isinstance(value, datetime)
        case ColumnType.MOMENT:
            return isinstance(value, datetime) and value.tzinfo is not None
        case ColumnType.BOOLEAN:
            return isinstance(value, bool)


def _known(query: RowQuery, column: str) -> None:
    if column not in query.types or not query.visible(column):
        raise ColumnUnknown(
            relation=query.relation.name,
            column=column,
            columns=", ".join(c for c in query.types if query.visible(c)),
        )


def _comparison(query: RowQuery, part: Compare) -> None:
    _known(query, part.column)
    kind = query.types[part.column]
    facts = {"relation": query.relation.name, "column": part.column, "op": part.op.value}
    if part.op is Op.IS_NULL:
        if not isinstance(part.value, bool):
            raise FilterInvalid(**facts, expected="true/false")
        return
    if part.op in (Op.PREFIX, Op.CONTAINS) and kind is not ColumnType.TEXT:
        raise FilterInvalid(**facts, expected=ColumnType.TEXT.value)
    if (part.op is Op.IN) != isinstance(part.value, tuple):
        raise FilterInvalid(**facts, expected=kind.value)
    values = part.value if isinstance(part.value, tuple) else (part.value,)
    if len(values) > MAX_IN:
        raise FilterInvalid(**facts, expected=f"<= {MAX_IN}")
    if not all(fits(kind, v) for v in values):
        raise FilterInvalid(**facts, expected=kind.value)


def check(query: RowQuery) -> None:
    """Refuse what cannot be asked, with the place and the fix; the scope's own predicate is not questioned."""
    if not 1 <= query.first <= MAX_FIRST:
        raise PageInvalid(relation=query.relation.name, first=query.first, largest=MAX_FIRST)
    for column in query.columns:
        if column not in query.types:
            _known(query, column)
    for number, (part, depth) in enumerate(_nodes(query.where), 1):
        if depth > MAX_DEPTH or number > MAX_PARTS:
            raise FilterInvalid(
                relation=query.relation.name,
                column="-",
                op="and/or/not",
                expected=f"<= {MAX_PARTS}, <= {MAX_DEPTH}",
            )
        if isinstance(part, Compare):
            _comparison(query, part)
    for step in query.order:
        _known(query, step.column)
    if len({o.column for o in query.order}) < len(query.order):
        raise FilterInvalid(relation=query.relation.name, column=query.order[-1].column, op="order", expected="1x")
    for cursor, place in ((query.after, "begin"), (query.before, "end")):
        if cursor is not None:
            assert getattr(query, place) is not None  # decoding refuses a cursor that is not ours
