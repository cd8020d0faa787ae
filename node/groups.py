"""Groups of a standard's rows at a node: their types and their answer, in the form that the hub's graph gives them."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import graphene

from core.clock import zone
from core.contract import Contract
from core.group_keys import GroupKey, group_keys
from core.naming import ASKABLE, camel
from core.rows import RowQuery
from core.rows_aggregate import AggregateQuery, Coarse, GroupOrder, Having, Measure, MeasureOp
from core.rows_errors import FilterInvalid
from core.wire import plain_value
from node.asking import Asking
from node.words import CONDITIONS, KINDS, BigInt, Direction, GroupCondition, Json, Measured, listed, made
from node.words import required as always

_enum: Any = Enum  # functional API: the members are known only at run time


class Grouping:
    """The groups of one standard.

    Attributes:
        kind: the type of the answer.
        args: the field's arguments beside a filter.
    """

    def __init__(self, contract: Contract, name: str, columns: Any) -> None:
        self._keys = group_keys(contract, ASKABLE)
        by = graphene.Enum.from_enum(
            _enum(f"{name}GroupBy", {key.upper(): key for key in self._keys}),
            description=f"What rows of {name} can be grouped by.",
        )
        self.kind = _answer(name, self._keys)
        measure = {"op": graphene.InputField(Measured, required=True), "column": graphene.InputField(columns)}
        order = {
            "key": graphene.InputField(by),
            "measure": graphene.InputField(graphene.Int),
            "direction": graphene.InputField(Direction, required=True, default_value=Direction.get("asc")),
        }
        measures = listed(made(f"{name}Measure", graphene.InputObjectType, measure, container=dict))
        orders = listed(made(f"{name}GroupOrder", graphene.InputObjectType, order, container=dict))
        self.args: Mapping[str, Any] = {
            "groupBy": graphene.Argument(graphene.NonNull(listed(by)), default_value=[]),
            "measures": graphene.Argument(graphene.NonNull(measures), default_value=[]),
            "having": graphene.Argument(listed(GroupCondition)),
            "orderBy": graphene.Argument(orders),
            "first": graphene.Argument(graphene.NonNull(graphene.Int), default_value=1_000),
        }

    async def answer(self, asking: Asking, query: RowQuery, given: Mapping[str, Any]) -> dict[str, Any]:
        """The groups of a query's rows, with what is measured of each; days are those of `zone`, else the node's."""
        zone_name = _zone(given.get("zone") or asking.rows.zone)
        asked = {name: key.asked(zone_name) for name, key in self._keys.items()}
        names: list[str] = [member.value for member in given["groupBy"]]
        aggregate = AggregateQuery(
            relation=query.relation,
            scope=query.scope,
            where=query.where,
            group_by=tuple(asked[name] for name in names),
            measures=(
                *map(_measure, given["measures"]),
                Measure(MeasureOp.COUNT),
            ),
            having=_having(given.get("having")),
            order=_order(given.get("orderBy"), asked),
            first=given["first"],
        )
        found = await asking.groups(aggregate)
        width, last = len(names), len(names) + len(given["measures"])
        groups = [
            {
                "key": {camel(name): value for name, value in zip(names, row, strict=False)},
                "count": row[last],
                "values": [plain_value(value) for value in row[width:last]],
            }
            for row in found.rows
        ]
        return {"groups": groups, "hasMore": found.more}


def _zone(name: str) -> str:
    """The IANA name of a zone."""
    try:
        return str(zone(name))
    except (KeyError, ValueError, OSError) as error:  # names that a system's files of zones cannot be asked for
        raise FilterInvalid(relation="-", column="-", op="zone", expected="WIB | WITA | WIT | Asia/Jakarta") from error


def _answer(name: str, keys: Mapping[str, GroupKey]) -> Any:
    fields = {camel(key): graphene.Field(KINDS[found.kind]) for key, found in keys.items()}
    group = {
        "key": always(made(f"{name}GroupKey", graphene.ObjectType, fields)),
        "count": always(BigInt),
        "values": graphene.Field(graphene.NonNull(graphene.List(Json))),
    }
    groups = always(listed(made(f"{name}Group", graphene.ObjectType, group)))
    return made(f"{name}Groups", graphene.ObjectType, {"groups": groups, "hasMore": always(graphene.Boolean)})


def _measure(given: Mapping[str, Any]) -> Measure:
    column = given.get("column")
    return Measure(MeasureOp(given["op"].value), None if column is None else column.value)


def _having(given: Any) -> tuple[Having, ...]:
    asked = [(c["measure"], op, c[op.value]) for c in given or () for op in CONDITIONS if op.value in c]
    for _, op, value in asked:
        if value is None:
            raise FilterInvalid(relation="-", column="-", op=op.value, expected="number")
    return tuple(Having(*condition) for condition in asked)


def _order(given: Any, keys: Mapping[str, str | Coarse]) -> tuple[GroupOrder, ...]:
    steps = []
    for step in given or ():
        key, measure = step.get("key"), step.get("measure")
        if (key is None) == (measure is None):
            raise FilterInvalid(relation="-", column="-", op="orderBy", expected="key | measure")
        steps.append(GroupOrder(measure if key is None else keys[key.value], step["direction"].value == "desc"))
    return tuple(steps)
