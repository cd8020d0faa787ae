"""Filters as GraphQL inputs, one a column type, and their translation into the row query's `Filter`."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry
from strawberry import UNSET

from core.contract import ColumnType
from core.rows import AnyOf, Compare, Filter, Not, Op, Value, all_of
from core.rows_errors import FilterInvalid
from gateway.building import lst, make, optional
from gateway.scalars import BigInt

#: The Python annotation of each column type in the graph.
KINDS: Mapping[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: BigInt,
    ColumnType.NUMBER: float,
    ColumnType.DATE: date,
    ColumnType.MOMENT: datetime,
    ColumnType.BOOLEAN: bool,
}
_NAMES = {
    ColumnType.TEXT: "Text",
    ColumnType.INTEGER: "BigInt",
    ColumnType.NUMBER: "Float",
    ColumnType.DATE: "Date",
    ColumnType.MOMENT: "DateTime",
    ColumnType.BOOLEAN: "Boolean",
}
_TEXT_ONLY = (Op.PREFIX, Op.CONTAINS)
_ORDERED = (Op.LT, Op.LTE, Op.GT, Op.GTE)
_WORDS = {
    Op.EQ: "is",
    Op.NE: "is something else; empty cells do not match",
    Op.LT: "is less than",
    Op.LTE: "is at most",
    Op.GT: "is greater than",
    Op.GTE: "is at least",
    Op.IN: "is one of",
    Op.PREFIX: "begins with, letter by letter",
    Op.CONTAINS: "contains, letter by letter",
    Op.IS_NULL: "is empty (true) or is not (false)",
}


def _attribute(op: Op) -> str:
    return "in_" if op is Op.IN else op.value


def _comparisons(kind: ColumnType) -> Any:
    fields: dict[str, tuple[Any, Any]] = {}
    for op in Op:
        if (op in _TEXT_ONLY and kind is not ColumnType.TEXT) or (op in _ORDERED and kind is ColumnType.BOOLEAN):
            continue
        annotation = KINDS[kind] | None if op is not Op.IN else lst(KINDS[kind]) | None
        if op is Op.IS_NULL:
            annotation = bool | None
        fields[_attribute(op)] = (annotation, optional(_WORDS[op], name="in" if op is Op.IN else None))
    return make(
        f"{_NAMES[kind]}Filter",
        lambda cls: strawberry.input(cls, description="Comparisons that must all hold."),
        fields,
    )


#: The filter input of each column type.
COMPARISONS: Mapping[ColumnType, Any] = {kind: _comparisons(kind) for kind in ColumnType}


def compared(column: str, given: Any) -> Filter:
    """The comparisons of one column; a null as a value is refused, for it would silently mean everything."""
    parts: list[Filter] = []
    for op in Op:
        value: Value | list[Value] | None = getattr(given, _attribute(op), UNSET)
        if value is UNSET:
            continue
        if value is None:
            raise FilterInvalid(relation="-", column=column, op=op.value, expected="isNull: true")
        parts.append(Compare(column, op, tuple(value) if isinstance(value, list) else value))
    return all_of(parts)


def _columns(given: Any, columns: Mapping[str, str]) -> list[Filter]:
    found = ((column, getattr(given, attribute, UNSET)) for attribute, column in columns.items())
    return [compared(column, given_) for column, given_ in found if given_ is not UNSET and given_ is not None]


def translate(given: Any, columns: Mapping[str, str], provenance: Mapping[str, str]) -> Filter:
    """The `Filter` that a contract's filter input means; both maps lead from attributes to column names."""
    parts = _columns(given, columns)
    if given.provenance:
        parts += _columns(given.provenance, provenance)
    parts += [translate(inner, columns, provenance) for inner in given.and_ or ()]
    if given.or_ is not UNSET and given.or_ is not None:
        parts.append(AnyOf(tuple(translate(inner, columns, provenance) for inner in given.or_)))
    if given.not_:
        parts.append(Not(translate(given.not_, columns, provenance)))
    return all_of(parts)
