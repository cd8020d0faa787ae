"""The field `aggregate` of a contract's rows: groups with what is worked out of each, over the page's own filter.

The core's `AggregateQuery` says what may be asked; every column outside the actor's scope is unknown to it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry
from strawberry import UNSET

from core.contract import Contract
from core.naming import camel
from core.rows import PROVENANCE, Op, RowQuery, Value
from core.rows_aggregate import AggregateQuery, Groups, Having, Measure, MeasureOp, compile_aggregate, groups
from core.rows_errors import FilterInvalid
from core.wire import moment_text
from gateway.building import lst, make, optional
from gateway.context import Context, Info
from gateway.scalars import BigInt, Json
from gateway.where import KINDS

strawberry.enum(MeasureOp, name="MeasureOp", description="Ukuran: what is worked out of a group's values.")
_CONDITIONS = (Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE)

GroupCondition: Any = make(
    "GroupCondition",
    lambda cls: strawberry.input(cls, description="Syarat kelompok: comparisons of one measure; all must hold."),
    {
        "measure": (int, strawberry.field(description="The measure's place in `measures`, from 0.")),
        **{op.value: (float | None, optional()) for op in _CONDITIONS},
    },
)


def _wire(value: Value | None) -> object:
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _having(given: Any) -> tuple[Having, ...]:
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


async def _asked(context: Context, query: AggregateQuery) -> Groups:
    compiled = compile_aggregate(query)
    return await context.duck(
        lambda duck, left: groups(query, duck.select(compiled.sql, compiled.params, deadline=left))
    )


def aggregate_field(contract: Contract, name: str, columns: Any, keys: Mapping[str, str]) -> tuple[Any, Any]:
    """The field's annotation and itself, for a connection whose `answer` has the query of its rows.

    Args:
        columns: the enum of columns that can be ordered by, and so grouped by and measured.
        keys: names of the provenance among them, to column.
    """
    kinds = {c.name: (c.name, KINDS[c.type]) for c in contract.columns}
    kinds |= {f"provenance_{key}": (column, KINDS[PROVENANCE[column]]) for key, column in keys.items()}
    key = make(
        f"{name}GroupKey",
        lambda cls: strawberry.type(cls, description="Kunci kelompok: the values grouped by; all others are null."),
        {f"k_{n}": (kind | None, strawberry.field(name=camel(n), default=None)) for n, (_, kind) in kinds.items()},
    )
    attributes = {column: f"k_{n}" for n, (column, _) in kinds.items()}
    group = make(
        f"{name}Group",
        lambda cls: strawberry.type(cls, description="Kelompok: its key, its rows' number and its measures."),
        {"key": (key, None), "count": (BigInt, None), "values": (lst(Json | None), None)},
    )
    answer = make(
        f"{name}Groups",
        lambda cls: strawberry.type(cls, description="Kelompok in the order of their keys."),
        {"groups": (lst(group), None), "has_more": (bool, None)},
    )
    measure = make(
        f"{name}Measure",
        lambda cls: strawberry.input(cls, description="Ukuran: COUNT needs no column, everything else does."),
        {"op": (MeasureOp, None), "column": (columns | None, optional())},
    )

    async def aggregate(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        self, info, *, group_by=(), measures=(), having=None, first=1_000
    ):
        rows: RowQuery = self.answer.query
        query = AggregateQuery(
            relation=rows.relation,
            scope=rows.scope,
            where=rows.where,
            group_by=tuple(column.value for column in group_by),
            measures=(
                *(Measure(m.op, m.column.value if m.column else None) for m in measures),
                Measure(MeasureOp.COUNT),
            ),
            having=_having(having),
            first=first,
        )
        found = await _asked(info.context, query)
        width = len(query.group_by)
        return answer(
            groups=[
                group(
                    key=key(**{attributes[c]: v for c, v in zip(query.group_by, row, strict=False)}),
                    count=row[-1],
                    values=[_wire(value) for value in row[width:-1]],
                )
                for row in found.rows
            ],
            has_more=found.more,
        )

    aggregate.__annotations__ = {
        "info": Info,
        "group_by": lst(columns),
        "measures": lst(measure),
        "having": lst(GroupCondition) | None,
        "first": int,
        "return": answer,
    }
    return answer, strawberry.field(resolver=aggregate, description="Rows in groups, with what is measured of each.")
