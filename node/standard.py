"""The graph's types of one data standard at a node, and how its rows, groups and keys are answered.

Names, filters, order, connection and groups are those of the hub's graph, so that one question can be put to both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import graphene

from core import cursors
from core.contract import Classification, Contract
from core.naming import ASKABLE, REGION_NAME, camel, pascal, plural
from core.rows import TRUE, AnyOf, Compare, Filter, Op, Order, RowQuery, Value, all_of
from node.asking import PAGE_MAX, Asking
from node.groups import Grouping
from node.words import (
    COMPARISONS,
    KINDS,
    BigInt,
    Direction,
    PageInfo,
    ProvenanceFilter,
    RegionOfRow,
    listed,
    made,
    required,
    translated,
)

_enum: Any = Enum  # functional API: the members are known only at run time


@dataclass(frozen=True)
class Standard:
    """What a data standard became: its classes, and the names of its fields."""

    contract: Contract
    name: str
    row: Any
    connection: Any
    grouping: Grouping
    rows_args: Mapping[str, Any]
    group_args: Mapping[str, Any]
    fields: Mapping[str, str]  # of row and filter, to column

    @property
    def field(self) -> str:
        """The root field of its rows."""
        return camel(plural(self.contract.name))

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that name a row; empty where one of them may be closed to the asker."""
        sure = {c.name for c in self.contract.columns if c.required and c.classification is Classification.OPEN}
        names = tuple(c.name for c in self.contract.columns if c.key)
        return tuple(camel(name) for name in names) if sure.issuperset(names) else ()

    @property
    def region(self) -> str | None:
        """The column that the filter `region` speaks about."""
        return None if "region" in self.fields else self.contract.region_column

    @property
    def gauge(self) -> str | None:
        """The column of the gauge that a reading is of; None where rows are no readings in time."""
        return self.contract.gauge_column


@dataclass(frozen=True, slots=True)
class Answer:
    """A page that was read, and its question."""

    query: RowQuery
    asking: Asking
    rows: Sequence[Mapping[str, Any]]
    places: Sequence[tuple[Value | None, ...]]
    has_next: bool


def described(column: Any) -> str:
    """What stands beside a column's field: its titles, unit and definition."""
    parts = [column.title.get("id", ""), column.title.get("en", "")]
    unit = f" [{column.unit}]" if column.unit else ""
    definition = column.standard.get("definisi", {}).get("en", "")
    return " / ".join(dict.fromkeys(p for p in parts if p)) + unit + (f": {definition}" if definition else "")


def build(contract: Contract) -> Standard:
    """The types of a data standard, named after it."""
    name, fields = pascal(contract.name), {camel(c.name): c.name for c in contract.columns}
    row_fields: dict[str, Any] = {}
    for column in contract.columns:
        sure = column.key and column.required and column.classification is Classification.OPEN
        kind = KINDS[column.type]
        row_fields[camel(column.name)] = graphene.Field(
            graphene.NonNull(kind) if sure else kind, description=described(column)
        )
    text = f"{contract.title['id']}. {contract.description.get('en', '')} ({contract.name} {contract.version})"
    row = made(name, graphene.ObjectType, row_fields, description=text)
    where = _where(contract, name)
    orderable = {c.name.upper(): c.name for c in contract.columns}
    if contract.region_column is not None:
        orderable.setdefault("REGION_NAME", REGION_NAME)
    orderable |= {f"PROVENANCE_{key.upper()}": column for key, column in ASKABLE.items()}
    columns = graphene.Enum.from_enum(
        _enum(f"{name}Column", orderable),
        description=f"Kolom of {name} to order by.",
    )
    order = made(
        f"{name}Order",
        graphene.InputObjectType,
        {
            "column": graphene.InputField(columns, required=True),
            "direction": graphene.InputField(Direction, required=True, default_value=Direction.get("asc")),
        },
        container=dict,
    )
    grouping = Grouping(contract, name, columns)
    return Standard(
        contract=contract,
        name=name,
        row=row,
        connection=_connection(name, row, grouping),
        grouping=grouping,
        rows_args={
            "where": graphene.Argument(where),
            "orderBy": graphene.Argument(listed(order)),
            "first": graphene.Argument(graphene.NonNull(graphene.Int), default_value=100),
            "after": graphene.Argument(graphene.String),
        },
        group_args={"where": graphene.Argument(where), **grouping.args, "zone": graphene.Argument(graphene.String)},
        fields=fields,
    )


def _where(contract: Contract, name: str) -> Any:
    fields: dict[str, Any] = {
        camel(c.name): graphene.InputField(COMPARISONS[c.type], description=described(c)) for c in contract.columns
    }
    fields["provenance"] = graphene.InputField(ProvenanceFilter)
    if contract.region_column is not None and "region" not in fields:
        fields["region"] = graphene.InputField(RegionOfRow)
    kept: list[Any] = []
    fields |= {key: graphene.InputField(graphene.List(graphene.NonNull(lambda: kept[0]))) for key in ("and", "or")}
    fields["not"] = graphene.InputField(lambda: kept[0])
    kept.append(made(f"{name}Filter", graphene.InputObjectType, fields, container=dict))
    return kept[0]


def _connection(name: str, row: Any, grouping: Grouping) -> Any:
    edge = made(f"{name}Edge", graphene.ObjectType, {"cursor": required(graphene.String), "node": required(row)})

    def edges(self: Answer, info: Any) -> list[dict[str, Any]]:
        found = zip(self.rows, self.places, strict=True)
        return [{"node": node, "cursor": cursors.encode(self.query, place)} for node, place in found]

    def page_info(self: Answer, info: Any) -> dict[str, Any]:
        places = self.places
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.query.after is not None,
            "startCursor": cursors.encode(self.query, places[0]) if places else None,
            "endCursor": cursors.encode(self.query, places[-1]) if places else None,
        }

    async def total(self: Answer, info: Any) -> int:
        return await self.asking.count(self.query)

    async def aggregate(self: Answer, info: Any, **given: Any) -> dict[str, Any]:
        return await grouping.answer(self.asking, self.query, given)

    return made(
        f"{name}Connection",
        graphene.ObjectType,
        {
            "edges": required(listed(edge), resolver=edges),
            "nodes": required(listed(row), resolver=lambda self, info: self.rows),
            "pageInfo": required(PageInfo, resolver=page_info),
            "totalCount": required(BigInt, resolver=total),
            "seq": required(BigInt, resolver=lambda self, info: self.query.relation.seq),
            "aggregate": required(grouping.kind, resolver=aggregate, args=dict(grouping.args)),
        },
        description=f"Halaman of {name}, by keyset.",
    )


# --- answering -------------------------------------------------------------------------------------------


def filter_of(standard: Standard, given: Mapping[str, Any] | None) -> Filter:
    """What a filter input means; everything where it is absent."""
    return TRUE if given is None else translated(given, standard.fields, standard.region)


def as_rows(standard: Standard, rows: Sequence[tuple[Value | None, ...]]) -> list[dict[str, Any]]:
    """Rows of all columns as the row type has them."""
    return [dict(zip(standard.fields, values, strict=True)) for values in rows]


async def rows(standard: Standard, asking: Asking, given: Mapping[str, Any]) -> Answer:
    """The page of a root field's arguments."""
    query = asking.query(
        standard.contract,
        tuple(standard.fields.values()),
        where=filter_of(standard, given.get("where")),
        order=tuple(
            Order(step["column"].value, step["direction"].value == "desc") for step in given.get("orderBy") or ()
        ),
        first=given["first"],
        after=given.get("after"),
    )
    page = await asking.page(query)
    return Answer(query, asking, as_rows(standard, page.rows), page.places, page.has_next)


async def by_keys(
    standard: Standard, asking: Asking, keys: Sequence[tuple[Value, ...]]
) -> dict[tuple[Value, ...], dict[str, Any]]:
    """The rows that keys name, in one query whatever their number."""
    columns = tuple(standard.fields[field] for field in standard.key)
    wanted = AnyOf(
        tuple(all_of(Compare(column, Op.EQ, value) for column, value in zip(columns, key, strict=True)) for key in keys)
    )
    query = asking.query(
        standard.contract, tuple(standard.fields.values()), only=wanted, first=min(4 * len(keys), PAGE_MAX)
    )
    page = await asking.page(query)
    made_ = as_rows(standard, page.rows)
    return {tuple(row[field] for field in standard.key): row for row in reversed(made_)}
