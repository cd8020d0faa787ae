"""The catalogue as a stand-in for nodes that do not answer: their current rows in it, under the asker's scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.rows import Compare, Filter, Op, Order, Relation, RowQuery, Scope, all_of, any_of, beyond
from core.rows_aggregate import AggregateQuery, Groups, Measure, MeasureOp, compile_aggregate, groups
from federation.live.groups import LARGEST
from federation.live.last_good import StaleGroups, StaleRow, StaleRows
from federation.live.node import Node
from federation.live.parts import Partials, Parts
from federation.live.question import Place, Question
from gateway.context import Context
from gateway.reading import of_contract

#: What makes the order of several nodes' rows total, and a row's place in it.
_REST = (Order("_member"), Order("_source"), Order("_resource"), Order("_row"))
_SOURCES = ("_member", "_source")
_FACTS = ("_member", "_source", "_resource", "_row", "_fetched_at")


def _of(nodes: Sequence[Node]) -> Filter:
    """The rows that these nodes speak for."""
    sisters = [node for node in nodes if not node.alone]
    kept: list[Filter] = []
    if alone := tuple(node.member for node in nodes if node.alone):
        kept.append(Compare("_member", Op.IN, alone))
    if sisters:
        own = Compare("_source", Op.IN, tuple(node.id for node in sisters))
        kept.append(all_of((Compare("_member", Op.IN, tuple({node.member: None for node in sisters})), own)))
    return any_of(kept)


def _of_each(nodes: Sequence[Node], by_source: Groups) -> dict[str, list[Any]]:
    """By node what was measured of the sources that it speaks for, as groups by member and source have it."""
    found: dict[str, list[Any]] = {}
    for member, source, measured in by_source.rows:
        for node in nodes:
            if node.speaks_for(str(member), str(source)):
                found.setdefault(node.id, []).append(measured)
    return found


def _fetched(nodes: Sequence[Node], newest: Groups) -> Mapping[str, datetime]:
    """By node, when the newest of its deliveries was fetched."""
    return {node: max(moments) for node, moments in _of_each(nodes, newest).items()}


def _newest(relation: Relation, scope: Scope, nodes: Sequence[Node]) -> AggregateQuery:
    return AggregateQuery(
        relation=relation, scope=scope, where=_of(nodes), group_by=_SOURCES,
        measures=(Measure(MeasureOp.MAX, "_fetched_at"),), first=LARGEST,
    )  # fmt: skip


class Catalogue:
    """Looks rows up for one request."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def _found(self, question: Question) -> tuple[Relation, Scope]:
        context, resolve = self._context, of_contract(question.contract)
        found = await context.sql(lambda session: resolve(session, context, None))
        assert found is not None  # a contract's relation is there even where it is empty
        return found

    async def rows(self, question: Question, nodes: Sequence[Node], after: Place | None, first: int) -> StaleRows:
        """The first rows of some nodes after a place, and when each was last fetched."""
        relation, scope = await self._found(question)
        order = (*question.order, *_REST)
        rest = () if after is None else (beyond(order[: len(after)], after),)
        query = RowQuery(
            relation=relation,
            columns=(*question.columns, *_FACTS),
            scope=scope,
            where=all_of((question.where, _of(nodes), *rest)),
            order=order,
            first=first,
        )
        newest = _newest(relation, scope, nodes)

        def read(duck: Any, left: float) -> tuple[Any, Any]:
            return duck.page(query, deadline=left), _asked(duck, newest, left)

        page, fetched = await self._context.duck(read)
        width = len(question.columns)
        return StaleRows(
            rows=[StaleRow(row[:width], *row[width:]) for row in page.rows],
            more=page.has_next,
            fetched=_fetched(nodes, fetched),
        )

    async def groups(self, question: Question, nodes: Sequence[Node], partials: Partials) -> StaleGroups:
        """Groups of some nodes' rows in parts; none where there are more than a node may give."""
        relation, scope = await self._found(question)
        where = all_of((question.where, _of(nodes)))
        count = Measure(MeasureOp.COUNT)
        keys = partials.group_by

        def query(group_by: Any, *measures: Measure) -> AggregateQuery:
            return AggregateQuery(
                relation=relation, scope=scope, where=where, group_by=group_by, measures=measures, first=LARGEST
            )

        finer = [tuple(dict.fromkeys((*keys, column))) for column in partials.counted]
        asked = [
            query(keys, *partials.measures, count),
            *(query(by, count) for by in finer),
            query(_SOURCES, count),
            _newest(relation, scope, nodes),
        ]
        found = await self._context.duck(lambda duck, left: [_asked(duck, one, left) for one in asked])
        if any(one.more for one in found):
            return StaleGroups()
        width, (whole, *counted, each, newest) = len(keys), found
        parts = Parts([(row[:width], _number(row), row[width:-1]) for row in whole.rows])
        parts.counted = [
            [(row[:width], value, _number(row)) for row in one.rows if (value := row[at]) is not None]
            for one, at in zip(counted, map(tuple.index, finer, partials.counted), strict=True)
        ]
        rows = {node: sum(numbers) for node, numbers in _of_each(nodes, each).items()}
        return StaleGroups(parts, rows, _fetched(nodes, newest))


def _number(row: Sequence[object]) -> int:
    """The number of rows, which every part ends with."""
    assert isinstance(row[-1], int)
    return row[-1]


def _asked(duck: Any, query: AggregateQuery, left: float) -> Groups:
    compiled = compile_aggregate(query)
    return groups(query, duck.select(compiled.sql, compiled.params, deadline=left))
