"""The field `aggregate` of a contract's rows: groups with what is worked out of each, over the page's own filter.

The core's `AggregateQuery` says what may be asked; every column outside the actor's scope is unknown to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import strawberry
from strawberry import UNSET

from core import rows_json
from core.clock import zone
from core.contract import ColumnType, Contract
from core.duck import Duck
from core.group_keys import GroupKey, group_keys
from core.naming import camel
from core.rows import Op, RowQuery
from core.rows_aggregate import (
    AggregateQuery,
    Coarse,
    Grain,
    GroupOrder,
    Groups,
    Having,
    Measure,
    MeasureOp,
    compile_aggregate,
    groups,
)
from core.rows_errors import FilterInvalid
from core.rows_json import Constant, Struct
from core.wire import plain_value
from gateway import splice
from gateway.building import enum, lst, make, optional
from gateway.context import Context, Info
from gateway.entities.places import Region, region_of
from gateway.scalars import BigInt, Json
from gateway.where import KINDS, Direction

strawberry.enum(MeasureOp, name="MeasureOp", description="Ukuran: what is worked out of a group's values.")
#: What a group has beside the values of its key.
_COUNT, _VALUES, _HIDDEN = " count", " values", " hidden"
_GROUPING = "grouping"  # where a field keeps what its groups are asked with
_CONDITIONS = (Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)

GroupCondition: Any = make(
    "GroupCondition",
    lambda cls: strawberry.input(cls, description="Syarat kelompok: comparisons of one measure; all must hold."),
    {
        "measure": (int, strawberry.field(description="The measure's place in `measures`, from 0.")),
        **{op.value: (float | None, optional()) for op in _CONDITIONS},
    },
)


def having_of(given: Any) -> tuple[Having, ...]:
    """The conditions that an input means; a null as a value is refused."""
    found: list[Having] = []
    for condition in given or ():
        for op in _CONDITIONS:
            value = getattr(condition, op.value)
            if value is UNSET:
                continue
            if value is None:
                raise FilterInvalid(relation="-", column="-", op=op.value, expected="number")
            found.append(Having(condition.measure, op, value))
    return tuple(found)


def _order(given: Any, keys: Mapping[str, str | Coarse]) -> tuple[GroupOrder, ...]:
    steps: list[GroupOrder] = []
    for step in given or ():
        named = [x for x in (step.key, step.measure) if x is not UNSET and x is not None]
        if len(named) != 1:
            raise FilterInvalid(relation="-", column="-", op="orderBy", expected="key | measure")
        by = named[0] if isinstance(named[0], int) else keys[named[0].value]
        steps.append(GroupOrder(by, step.direction is Direction.DESC))
    return tuple(steps)


async def _asked(context: Context, query: AggregateQuery) -> Groups:
    def read(duck: Duck, left: float) -> Groups:
        compiled = compile_aggregate(query, duck.gone(query.rows, deadline=left))
        return groups(query, duck.select(compiled.sql, compiled.params, deadline=context.deadline.left))

    return await context.duck(read)


def _key_type(contract: Contract, name: str, keys: Mapping[str, GroupKey]) -> Any:
    """The type of a group's key: one field for each thing that can be grouped by, and the region that it names."""
    fields: dict[str, tuple[Any, Any]] = {
        f"k_{n}": (KINDS[key.kind] | None, strawberry.field(name=camel(n), default=None)) for n, key in keys.items()
    }
    column = contract.region_column
    if column is not None and "region" not in keys:

        def region(self: Any, info: Info) -> Any:
            return region_of(info, getattr(self, f"k_{column}") or getattr(self, f"k_{column}_{Grain.PROVINCE}"))

        region.__annotations__ = {"info": Info, "return": Region | None}
        text = "Wilayah that the key names, where rows are grouped by it or its province."
        fields["region"] = (Region | None, strawberry.field(resolver=region, description=text))
    return make(
        f"{name}GroupKey",
        lambda cls: strawberry.type(cls, description="Kunci kelompok: the values grouped by; all others are null."),
        fields,
    )


def _group_type(contract: Contract, name: str, key: Any) -> Any:
    fields: dict[str, tuple[Any, Any]] = {
        "key": (key, None),
        "count": (BigInt, None),
        "values": (lst(Json | None), None),
    }
    if contract.suppression is not None:
        text = "Rows whose number is not shown, to protect people: what is measured is of the others alone."
        fields["hidden"] = (BigInt | None, strawberry.field(description=text))
    return make(
        f"{name}Group",
        lambda cls: strawberry.type(cls, description="Kelompok: its key, its rows' number and its measures."),
        fields,
    )


def _spliced(plan: Struct, keys: list[str], rows: list[Any], *, more: bool) -> splice.Spliced | None:
    """The answer with its groups as JSON text; None where a value in them is one that only the long way can tell of."""
    body: dict[str, Any] = {}
    for name, part in plan.fields:
        if isinstance(part, Struct):
            columns = [*keys, _COUNT, _VALUES, _HIDDEN]
            absent = [leaf.column for leaf in part.leaves() if leaf.column not in columns]  # not grouped by: null
            columns += dict.fromkeys(absent)
            padding = (None,) * (len(columns) - len(keys) - 3)
            json = rows_json.of_tuples(part, columns, [(*row, *padding) for row in rows])
            if json is None:
                return None
            body[name] = orjson.Fragment(json)
        else:
            body[name] = part.value if isinstance(part, Constant) else more
    return splice.Spliced(body)


@dataclass(frozen=True)
class Grouping:
    """What groups of a contract's rows are asked with and answered in, wherever the rows are.

    Attributes:
        keys: what can be grouped by, by the value of its enum.
        by, measure, order: the inputs beside a filter.
        key, group: the types of a group.
    """

    keys: Mapping[str, GroupKey]
    by: Any
    measure: Any
    order: Any
    key: Any
    group: Any

    def made(self, names: Sequence[str], key: Sequence[Any], count: Any, values: Sequence[Any], **more: Any) -> Any:
        """A group of the answer: the names of what is grouped by, its values, and what is measured."""
        found = self.key(**{f"k_{name}": value for name, value in zip(names, key, strict=True)})
        return self.group(key=found, count=count, values=[plain_value(value) for value in values], **more)

    def ordered(self, given: Any, zone_name: str) -> tuple[GroupOrder, ...]:
        """The steps that an order input means; `zone_name` is the IANA name of the zone whose days count."""
        return _order(given, {name: key.asked(zone_name) for name, key in self.keys.items()})


def grouping_of(connection: Any) -> Grouping:
    """What the groups of a connection's rows are asked with."""
    fields = connection.__strawberry_definition__.fields
    found: Grouping = next(f.metadata[_GROUPING] for f in fields if f.python_name == "aggregate")
    return found


def aggregate_field(contract: Contract, name: str, columns: Any, provenance: Mapping[str, str]) -> tuple[Any, Any]:
    """The field's annotation and itself, for a connection whose `answer` has the query of its rows.

    Args:
        columns: the enum of columns that can be ordered by, and so measured.
        provenance: names of the provenance among them, to column.
    """
    keys = group_keys(contract, provenance)
    by = enum(
        f"{name}GroupBy",
        {n.upper(): n for n in keys},
        {n.upper(): key.title for n, key in keys.items()},
        f"What rows of {name} can be grouped by: columns, days, months and years of the province's time, provinces.",
    )
    key = _key_type(contract, name, keys)
    group = _group_type(contract, name, key)
    answer = make(
        f"{name}Groups",
        lambda cls: strawberry.type(cls, description="Kelompok in the order asked for, then of their keys."),
        {"groups": (lst(group), None), "has_more": (bool, None)},
    )
    measure = make(
        f"{name}Measure",
        lambda cls: strawberry.input(cls, description="Ukuran: COUNT needs no column, everything else does."),
        {"op": (MeasureOp, None), "column": (columns | None, optional())},
    )
    order = make(
        f"{name}GroupOrder",
        lambda cls: strawberry.input(cls, description="Urutan kelompok: by a key or by a measure, not both."),
        {
            "key": (by | None, optional()),
            "measure": (int | None, optional("The measure's place in `measures`, from 0.")),
            "direction": (Direction, strawberry.field(default=Direction.ASC)),
        },
    )

    grouping = Grouping(keys, by, measure, order, key, group)
    plain: splice.Plain = {
        "hasMore": ("has_more", ColumnType.BOOLEAN),
        "groups": {
            "key": {camel(n): (n, found.kind) for n, found in keys.items()},
            "count": (_COUNT, ColumnType.INTEGER),
            "values": (_VALUES, ColumnType.TEXT),
            "hidden": (_HIDDEN, ColumnType.INTEGER),
        },
    }
    plans = splice.objects()

    async def aggregate(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        self, info, *, group_by=(), measures=(), having=None, order_by=None, first=1_000
    ):
        rows: RowQuery = self.answer.query
        zone_name = str(zone(info.context.services.settings.timezone))
        asked = {n: found.asked(zone_name) for n, found in keys.items()}
        flag = contract.suppression.flag if contract.suppression else None
        hidden = (Measure(MeasureOp.COUNT_TRUE, flag),) if flag is not None and rows.visible(flag) else ()
        query = AggregateQuery(
            relation=rows.relation,
            scope=rows.scope,
            where=rows.where,
            group_by=tuple(asked[k.value] for k in group_by),
            measures=(
                *(Measure(m.op, m.column.value if m.column else None) for m in measures),
                Measure(MeasureOp.COUNT),
                *hidden,
            ),
            having=having_of(having),
            order=_order(order_by, asked),
            first=first,
        )
        found = await _asked(info.context, query)
        width, last = len(group_by), len(group_by) + len(measures)
        plan = plans.plan(info._raw_info, plain) if info.context.spliced else None
        if plan is not None:
            shown = [
                (*row[:width], row[last], [*map(plain_value, row[width:last])], row[last + 1] if hidden else None)
                for row in found.rows
            ]
            short = _spliced(plan, [k.value for k in group_by], shown, more=found.more)
            if short is not None:
                return short
        where_hidden = () if flag is None else ("hidden",)
        return answer(
            groups=[
                grouping.made(
                    [k.value for k in group_by],
                    row[:width],
                    row[last],
                    row[width:last],
                    **dict.fromkeys(where_hidden, row[last + 1] if hidden else None),
                )
                for row in found.rows
            ],
            has_more=found.more,
        )

    aggregate.__annotations__ = {
        "info": Info,
        "group_by": lst(by),
        "measures": lst(measure),
        "having": lst(GroupCondition) | None,
        "order_by": lst(order) | None,
        "first": int,
        "return": answer,
    }
    text = "Rows in groups, with what is measured of each."
    return answer, strawberry.field(resolver=aggregate, description=text, metadata={_GROUPING: grouping})
