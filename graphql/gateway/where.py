"""Filters as GraphQL inputs, one a column type, their translation into the row query's `Filter`, and orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from core.contract import ColumnType
from core.naming import REGION_NAME, TYPE_NAMES, compares
from core.region import RegionKind, Regions
from core.rows import AnyOf, Compare, Filter, Lookup, Not, Op, Order, Value, all_of
from core.rows_errors import FilterInvalid
from gateway.building import lst, make, optional
from gateway.scalars import BigInt


@strawberry.enum(description="Arah urutan; empty cells come last either way.")
class Direction(Enum):
    """Which way an ordering runs."""

    ASC = "asc"
    DESC = "desc"


#: The Python annotation of each column type in the graph.
KINDS: Mapping[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.INTEGER: BigInt,
    ColumnType.NUMBER: float,
    ColumnType.DATE: date,
    ColumnType.MOMENT: datetime,
    ColumnType.BOOLEAN: bool,
}
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


def _range(kind: ColumnType) -> Any:
    fields = {
        "from_": (KINDS[kind] | None, optional("the least; without it there is no lower end", name="from")),
        "to": (KINDS[kind] | None, optional("the greatest; without it there is no upper end")),
    }
    return make(
        f"{TYPE_NAMES[kind]}Range",
        lambda cls: strawberry.input(cls, description="Rentang, both ends included."),
        fields,
    )


def _comparisons(kind: ColumnType) -> Any:
    fields: dict[str, tuple[Any, Any]] = {}
    for op in Op:
        if not compares(kind, op):
            continue
        annotation = KINDS[kind] | None if op is not Op.IN else lst(KINDS[kind]) | None
        if op is Op.IS_NULL:
            annotation = bool | None
        fields[_attribute(op)] = (annotation, optional(_WORDS[op], name="in" if op is Op.IN else None))
    if kind is not ColumnType.BOOLEAN:
        fields["range"] = (_range(kind) | None, optional("lies between two values, both included"))
    return make(
        f"{TYPE_NAMES[kind]}Filter",
        lambda cls: strawberry.input(cls, description="Comparisons that must all hold."),
        fields,
    )


#: The filter input of each column type.
COMPARISONS: Mapping[ColumnType, Any] = {kind: _comparisons(kind) for kind in ColumnType}


@strawberry.input(description="Saringan wilayah: what the region of a row is; everything given must hold.")
class RegionOfRow:
    """Regions by what is known of them rather than by code."""

    kind: RegionKind | None = optional("is a province, a kabupaten or a kota")
    parent: str | None = optional("lies in the province with this code")
    name_prefix: str | None = optional("its name begins so, with or without Kabupaten or Kota; case does not matter")


def ordered(given: Any, region: str | None, regions: Regions) -> tuple[tuple[Order, ...], tuple[Lookup, ...]]:
    """The steps that an order input means, and the lookup of names among them; `region`: the column of codes."""
    order = tuple(Order(o.column.value, o.direction is Direction.DESC) for o in given or ())
    if region is None or all(step.column != REGION_NAME for step in order):
        return order, ()
    return order, (Lookup(REGION_NAME, region, {r.code: r.name for r in regions}),)


@dataclass(frozen=True, slots=True)
class Fields:
    """The columns that a filter input's attributes mean, and the one that `region` speaks about."""

    columns: Mapping[str, str]
    provenance: Mapping[str, str]
    region: str | None = None


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
    within = getattr(given, "range", UNSET)
    if within is not UNSET:
        parts += _ends(column, within)
    return all_of(parts)


def _ends(column: str, within: Any) -> list[Filter]:
    ends = [] if within is None else [(Op.GTE, within.from_), (Op.LTE, within.to)]
    given = [(op, value) for op, value in ends if value is not UNSET]
    if not given or any(value is None for _, value in given):
        raise FilterInvalid(relation="-", column=column, op="range", expected="from | to")
    return [Compare(column, op, value) for op, value in given]


def _of_region(column: str, given: RegionOfRow, regions: Regions) -> Filter:
    """The rows whose region is so, as a comparison with codes: nothing is looked up row by row."""
    asked = {name: value for name, value in vars(given).items() if value is not UNSET}
    if not asked or None in asked.values():
        raise FilterInvalid(relation="-", column=column, op="region", expected="kind | parent | namePrefix")
    return Compare(column, Op.IN, regions.codes_of(**asked))


def _columns(given: Any, columns: Mapping[str, str]) -> list[Filter]:
    found = ((column, getattr(given, attribute, UNSET)) for attribute, column in columns.items())
    return [compared(column, given_) for column, given_ in found if given_ is not UNSET and given_ is not None]


def translate(given: Any, fields: Fields, regions: Regions) -> Filter:
    """The `Filter` that a contract's filter input means."""
    parts = _columns(given, fields.columns)
    if given.provenance:
        parts += _columns(given.provenance, fields.provenance)
    if fields.region is not None and given.region:
        parts.append(_of_region(fields.region, given.region, regions))
    parts += [translate(inner, fields, regions) for inner in given.and_ or ()]
    if given.or_ is not UNSET and given.or_ is not None:
        parts.append(AnyOf(tuple(translate(inner, fields, regions) for inner in given.or_)))
    if given.not_:
        parts.append(Not(translate(given.not_, fields, regions)))
    return all_of(parts)
