"""The graph's building stones: scalars, filters, enums and pages, named as in the hub's graph.

graphene has no types of its own, so everything made with it is `Any`; what goes in and out of it is typed.
"""

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

import graphene
from graphql import GraphQLError, Undefined, ValueNode, value_from_ast_untyped

from core.contract import ColumnType
from core.naming import ASKABLE, TYPE_NAMES, camel, compares
from core.region import RegionKind, Regions
from core.rows import PROVENANCE, AnyOf, Compare, Filter, Not, Op, all_of
from core.rows_aggregate import MeasureOp
from core.rows_errors import FilterInvalid
from core.wire import day, moment, moment_text, whole_number

CONDITIONS = (Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)
_enum: Any = Enum  # functional API: the members are known only at run time


def made(name: str, base: Any, fields: Mapping[str, Any], **meta: Any) -> Any:
    """A graphene class of that name with these attributes."""
    return type(name, (base,), {**fields, "Meta": type("Meta", (), {"name": name, **meta})})


def required(kind: Any, **options: Any) -> Any:
    """A field that is never null."""
    return graphene.Field(graphene.NonNull(kind), **options)


def listed(kind: Any) -> Any:
    """A list whose items are never null."""
    return graphene.List(graphene.NonNull(kind))


def _scalar(name: str, serialize: Any, parse: Any, description: str) -> Any:
    def literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        value = value_from_ast_untyped(node, variables)
        if value is Undefined:
            raise GraphQLError("a value is expected")
        return parse(value)

    statics = {"serialize": serialize, "parse_value": parse, "parse_literal": literal}
    return made(name, graphene.Scalar, {k: staticmethod(v) for k, v in statics.items()}, description=description)


BigInt = _scalar("BigInt", whole_number, whole_number, "A whole number of up to 64 bits, written as a JSON number.")
Date = _scalar("Date", lambda value: value.isoformat(), day, "A day: 2026-01-31.")
DateTime = _scalar("DateTime", moment_text, moment, "A moment: 2026-01-31T00:00:00Z. Its zone must be given.")
Json = _scalar("JSON", lambda value: value, lambda value: value, "Any JSON value.")
AnyKey = _scalar("_Any", lambda value: value, lambda value: value, "A representation: __typename and a key.")

KINDS: Mapping[ColumnType, Any] = {
    ColumnType.TEXT: graphene.String,
    ColumnType.INTEGER: BigInt,
    ColumnType.NUMBER: graphene.Float,
    ColumnType.DATE: Date,
    ColumnType.MOMENT: DateTime,
    ColumnType.BOOLEAN: graphene.Boolean,
}
_OPS = {("isNull" if op is Op.IS_NULL else op.value): op for op in Op}


def _comparisons(kind: ColumnType) -> Any:
    fields: dict[str, Any] = {}
    for name, op in _OPS.items():
        if not compares(kind, op):
            continue
        inner = graphene.Boolean if op is Op.IS_NULL else listed(KINDS[kind]) if op is Op.IN else KINDS[kind]
        fields[name] = graphene.InputField(inner)
    if kind is not ColumnType.BOOLEAN:
        ends = {end: graphene.InputField(KINDS[kind]) for end in ("from", "to")}
        fields["range"] = graphene.InputField(
            made(f"{TYPE_NAMES[kind]}Range", graphene.InputObjectType, ends, container=dict)
        )
    return made(f"{TYPE_NAMES[kind]}Filter", graphene.InputObjectType, fields, container=dict)


#: The filter input of each column type.
COMPARISONS: Mapping[ColumnType, Any] = {kind: _comparisons(kind) for kind in ColumnType}
ProvenanceFilter = made(
    "ProvenanceFilter",
    graphene.InputObjectType,
    {camel(name): graphene.InputField(COMPARISONS[PROVENANCE[column]]) for name, column in ASKABLE.items()},
    container=dict,
)
Direction = graphene.Enum.from_enum(_enum("Direction", {"ASC": "asc", "DESC": "desc"}), description="Arah urutan.")
Measured = graphene.Enum.from_enum(MeasureOp, description="Ukuran: what is worked out of a group's values.")
GroupCondition = made(
    "GroupCondition",
    graphene.InputObjectType,
    {"measure": graphene.InputField(graphene.Int, required=True)}
    | {op.value: graphene.InputField(graphene.Float) for op in CONDITIONS},
    container=dict,
)
RegionOfRow = made(
    "RegionOfRow",
    graphene.InputObjectType,
    {
        "kind": graphene.InputField(graphene.Enum.from_enum(RegionKind, description="Tingkat wilayah.")),
        "parent": graphene.InputField(graphene.String),
        "namePrefix": graphene.InputField(graphene.String),
    },
    description="Saringan wilayah: what the region of a row is; everything given must hold.",
    container=dict,
)
PageInfo = made(
    "PageInfo",
    graphene.ObjectType,
    {
        "hasNextPage": required(graphene.Boolean),
        "hasPreviousPage": required(graphene.Boolean),
        "startCursor": graphene.Field(graphene.String),
        "endCursor": graphene.Field(graphene.String),
    },
)


def compared(column: str, given: Mapping[str, Any]) -> Filter:
    """The comparisons of one column; a null as a value is refused, for it would silently mean everything."""
    parts: list[Filter] = []
    for name, op in _OPS.items():
        if name not in given:
            continue
        value = given[name]
        if value is None:
            raise FilterInvalid(relation="-", column=column, op=op.value, expected="isNull: true")
        parts.append(Compare(column, op, tuple(value) if isinstance(value, list) else value))
    if "range" in given:
        ends = [(op, (given["range"] or {}).get(end)) for op, end in ((Op.GTE, "from"), (Op.LTE, "to"))]
        within = [Compare(column, op, value) for op, value in ends if value is not None]
        if len(within) != len(given["range"] or {}) or not within:
            raise FilterInvalid(relation="-", column=column, op="range", expected="from | to")
        parts += within
    return all_of(parts)


@cache
def nation() -> Regions:
    """The nation's list of regions."""
    return Regions.load()


def _of_region(column: str, given: Mapping[str, Any]) -> Filter:
    """The rows whose region is so, as a comparison with the codes of the nation's list."""
    if not given or None in given.values():
        raise FilterInvalid(relation="-", column=column, op="region", expected="kind | parent | namePrefix")
    codes = nation().codes_of(kind=given.get("kind"), parent=given.get("parent"), name_prefix=given.get("namePrefix"))
    return Compare(column, Op.IN, codes)


def translated(given: Mapping[str, Any], columns: Mapping[str, str], region: str | None = None) -> Filter:
    """The `Filter` that a standard's filter input means.

    Args:
        columns: from fields to column names.
        region: the column that the filter `region` speaks about.
    """
    parts = [compared(column, given[name]) for name, column in columns.items() if given.get(name) is not None]
    origin = given.get("provenance") or {}
    parts += [
        compared(column, origin[camel(name)]) for name, column in ASKABLE.items() if origin.get(camel(name)) is not None
    ]
    if region is not None and given.get("region") is not None:
        parts.append(_of_region(region, given["region"]))
    parts += [translated(inner, columns, region) for inner in given.get("and") or ()]
    if given.get("or") is not None:
        parts.append(AnyOf(tuple(translated(inner, columns, region) for inner in given["or"])))
    if given.get("not"):
        parts.append(Not(translated(given["not"], columns, region)))
    return all_of(parts)
