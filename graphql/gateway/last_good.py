"""The catalogue as a stand-in for nodes that do not answer: their members' current rows, under the asker's scope."""

from typing import Any

from core.rows import Compare, Filter, Op, Order, RowQuery, all_of, beyond
from core.rows_aggregate import AggregateQuery, Measure, MeasureOp, compile_aggregate, groups
from federation.live.groups import LARGEST
from federation.live.last_good import StaleGroups, StaleRow, StaleRows
from federation.live.question import Place, Question
from gateway.context import Context
from gateway.reading import of_contract

#: What makes the order of several members' rows total, and a row's place in it.
_REST = (Order("_member"), Order("_resource"), Order("_row"))
_FACTS = ("_member", "_resource", "_row", "_fetched_at")


def _of(members: tuple[str, ...]) -> Filter:
    return Compare("_member", Op.IN, members)


class Catalogue:
    """Looks rows up for one request."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def rows(self, question: Question, members: tuple[str, ...], after: Place | None, first: int) -> StaleRows:
        """The first rows of some members after a place, and when each was last fetched."""
        context, contract = self._context, question.contract
        relation, scope = await context.sql(lambda session: _found(of_contract(contract)(session, context, None)))
        order = (*question.order, *_REST)
        rest = () if after is None else (beyond(order[: len(after)], after),)
        query = RowQuery(
            relation=relation,
            columns=(*question.columns, *_FACTS),
            scope=scope,
            where=all_of((question.where, _of(members), *rest)),
            order=order,
            first=first,
        )
        newest = AggregateQuery(
            relation=relation, scope=scope, where=_of(members), group_by=("_member",),
            measures=(Measure(MeasureOp.MAX, "_fetched_at"),),
        )  # fmt: skip
        compiled = compile_aggregate(newest)

        def read(duck: Any, left: float) -> tuple[Any, Any]:
            fetched = groups(newest, duck.select(compiled.sql, compiled.params, deadline=left))
            return duck.page(query, deadline=left), fetched

        page, fetched = await context.duck(read)
        width = len(question.columns)
        return StaleRows(
            rows=[StaleRow(row[:width], *row[width:]) for row in page.rows],
            more=page.has_next,
            fetched=dict(fetched.rows),
        )

    async def groups(
        self, question: Question, members: tuple[str, ...], group_by: tuple[str, ...], measures: tuple[Measure, ...]
    ) -> StaleGroups:
        """Groups of some members' rows, with partial measures."""
        context, contract = self._context, question.contract
        relation, scope = await context.sql(lambda session: _found(of_contract(contract)(session, context, None)))
        query = AggregateQuery(
            relation=relation, scope=scope, where=all_of((question.where, _of(members))), group_by=group_by,
            measures=(*measures, Measure(MeasureOp.COUNT)), first=LARGEST,
        )  # fmt: skip
        newest = AggregateQuery(
            relation=relation, scope=scope, where=_of(members), group_by=("_member",),
            measures=(Measure(MeasureOp.MAX, "_fetched_at"),),
        )  # fmt: skip

        def read(duck: Any, left: float) -> list[Any]:
            compiled = [(q, compile_aggregate(q)) for q in (query, newest)]
            return [groups(q, duck.select(c.sql, c.params, deadline=left)) for q, c in compiled]

        found, fetched = await context.duck(read)
        width = len(group_by)
        return StaleGroups([(row[:width], row[-1], row[width:-1]) for row in found.rows], dict(fetched.rows))


def _found(resolved: Any) -> Any:
    assert resolved is not None  # a contract's relation is there even where it is empty
    return resolved
