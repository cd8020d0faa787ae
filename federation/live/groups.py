"""Groups of all nodes' rows: each node works its own out, and the parts are put together here.

An average is asked for as sum and count. A count of distinct values cannot be put together from parts and is refused.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from core.contract import ColumnType, Contract
from core.errors import LumbungError
from core.log import get
from core.naming import camel
from core.rows import TRUE, Filter, Order, Scope, Value
from core.rows_aggregate import AggregateQuery, Measure, MeasureOp
from core.rows_errors import FilterInvalid
from federation.live.errors import LiveError, LiveInvalid, LiveRowsDropped, LiveTooLarge
from federation.live.last_good import LastGood, StaleGroups, Values
from federation.live.merge import key_of
from federation.live.node import Node
from federation.live.question import Question, ask, relation_of
from federation.live.scatter import Live, NodeState, NodeStatus
from federation.live.wire import READ, RowUnfit, groups_request

log = get("federation.live")
#: Groups that one node may give.
LARGEST = 10_000


@dataclass(frozen=True)
class GroupsQuestion:
    """Groups of a question's rows; made by `ask_groups`."""

    rows: Question
    group_by: tuple[str, ...]
    measures: tuple[Measure, ...]
    first: int

    @property
    def partials(self) -> tuple[Measure, ...]:
        """What each node is asked for."""
        found: dict[Measure, None] = {}
        for measure in self.measures:
            found.update(dict.fromkeys(_parts(measure)))
        return tuple(found)


def _parts(measure: Measure) -> tuple[Measure, ...]:
    if measure.op is MeasureOp.AVG:
        return Measure(MeasureOp.SUM, measure.column), Measure(MeasureOp.COUNT, measure.column)
    return (measure,)


def ask_groups(
    contract: Contract,
    scope: Scope,
    *,
    where: Filter = TRUE,
    group_by: tuple[str, ...] = (),
    measures: tuple[Measure, ...] = (),
    first: int = 1_000,
    regions: frozenset[str] | None = None,
) -> GroupsQuestion:
    """The question, refused where the catalogue would refuse it, and where parts cannot be put together.

    Raises:
        PageInvalid, ColumnUnknown, FilterInvalid.
    """
    for measure in measures:
        if measure.op is MeasureOp.COUNT_DISTINCT:
            raise FilterInvalid(
                relation=contract.name, column=measure.column or "-", op=measure.op.value,
                expected="count | sum | avg | min | max",
            )  # fmt: skip
    rows = ask(contract, scope, where=where, regions=regions)
    known = AggregateQuery(
        relation=relation_of(contract), scope=scope, group_by=group_by, where=where, first=first,
        measures=measures or (Measure(MeasureOp.COUNT),),
    )  # fmt: skip
    ask(contract, scope, order=tuple(Order(c) for c in known.rows.columns if c != "_row"))  # no provenance
    return GroupsQuestion(rows, group_by, measures, first)


@dataclass(frozen=True, slots=True)
class Group:
    """One group: values grouped by, its rows, its measures."""

    key: Values
    count: int
    values: Values


@dataclass(frozen=True, slots=True)
class LiveGroups:
    """The groups of all nodes together, in the order of their keys."""

    groups: Sequence[Group]
    more: bool
    nodes: Sequence[NodeStatus]


@dataclass
class _Whole:
    count: int = 0
    parts: list[Any] = field(default_factory=list)


@dataclass
class _Heard:
    """What one node gave."""

    node: Node
    groups: list[tuple[Values, int, Values]] = field(default_factory=list)
    error: LiveError | None = None
    seconds: float = 0.0
    dropped: int = 0
    more: bool = False


async def groups(
    live: Live,
    question: GroupsQuestion,
    nodes: Sequence[Node],
    *,
    seconds: float | None = None,
    owners: Mapping[str, Mapping[str, str]] | None = None,
    last_good: LastGood | None = None,
) -> LiveGroups:
    """The groups of a question over all nodes, and how each node did; arguments as `Live.rows` takes them."""
    loop = asyncio.get_running_loop()
    until = loop.time() + min(seconds or live.limits.total, live.limits.total)
    reader = _Reader(question, owners or {})
    patience = min(live.limits.node, (until - loop.time()) * (0.8 if last_good is not None else 1))

    async def one(node: Node) -> _Heard:
        began, heard = loop.time(), _Heard(node)
        body = groups_request(
            question.rows.contract, question.rows.where, question.group_by, question.partials, LARGEST
        )
        try:
            reader.read(await live.client(node).ask(body, patience), heard)
        except LiveError as error:
            heard.error = error
        heard.seconds = loop.time() - began
        return heard

    heard = await asyncio.gather(*map(one, nodes))
    stale = await _stand_in(question, nodes, heard, last_good, until - loop.time())
    whole: dict[Values, _Whole] = {}
    for each in heard:
        _add(question, whole, each.groups)
    _add(question, whole, stale.groups)
    found = _measured(question, whole)
    return LiveGroups(found[: question.first], len(found) > question.first, [_status(h, stale.fetched) for h in heard])


async def _stand_in(
    question: GroupsQuestion, nodes: Sequence[Node], heard: Sequence[_Heard], last_good: LastGood | None, left: float
) -> StaleGroups:
    """The catalogue's groups of members none of whose nodes answered, where they can be had in time."""
    answered = {h.node.member for h in heard if h.error is None}
    failed = tuple(sorted({n.member for n in nodes} - answered))
    if last_good is None or not failed:
        return StaleGroups()
    try:
        async with asyncio.timeout(max(left, 0)):
            return await last_good.groups(question.rows, failed, question.group_by, question.partials)
    except TimeoutError:
        return StaleGroups()
    except LumbungError as error:  # what stands in must not take the nodes' own answers along
        log.warning("live.last_good", code=error.code)
        return StaleGroups()


class _Reader:
    """Reads a node's groups; one that is not as the data standard says is dropped."""

    def __init__(self, question: GroupsQuestion, owners: Mapping[str, Mapping[str, str]]) -> None:
        contract = question.rows.contract
        kinds = {c.name: c.type for c in contract.columns}
        self._key = [(camel(c), READ[kinds[c]]) for c in question.group_by]
        self._region = next((i for i, c in enumerate(question.group_by) if c == contract.region_column), None)
        self._owned = [(i, owners[c]) for i, c in enumerate(question.group_by) if c in owners]
        self._values = [(m.op, None if m.column is None else kinds[m.column]) for m in question.partials]

    def read(self, data: Any, heard: _Heard) -> None:
        """Take a node's answer.

        Raises:
            LiveInvalid, LiveTooLarge.
        """
        place = {"member": heard.node.member, "source": heard.node.id}
        try:
            groups, more = data["groups"]["groups"], data["groups"]["hasMore"]
        except (KeyError, TypeError) as error:
            raise LiveInvalid(**place) from error
        if type(groups) is not list or type(more) is not bool:
            raise LiveInvalid(**place)
        if more or len(groups) > LARGEST:
            raise LiveTooLarge(**place, limit=LARGEST)
        for group in groups:
            try:
                heard.groups.append(self._group(group, heard.node.regions))
            except (RowUnfit, KeyError, TypeError, IndexError):
                heard.dropped += 1

    def _group(self, given: Any, regions: frozenset[str]) -> tuple[Values, int, Values]:
        raw = [given["key"][name] for name, _ in self._key] if self._key else []
        key = tuple(None if v is None else read(v) for v, (_, read) in zip(raw, self._key, strict=True))
        if self._region is not None and key[self._region] not in regions:
            raise RowUnfit("region")
        for i, codes in self._owned:
            owner = codes.get(str(key[i]))
            if owner is not None and owner not in regions:
                raise RowUnfit("key")
        values = given["values"]
        if len(values) != len(self._values):
            raise RowUnfit("type")
        return key, _count(given["count"]), tuple(map(_part, values, self._values))


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise RowUnfit("type")
    return value


def _part(value: object, asked: tuple[MeasureOp, ColumnType | None]) -> Value | None:
    op, kind = asked
    if op is MeasureOp.COUNT:
        return _count(value)
    if value is None or kind is None:
        return None
    if op is MeasureOp.SUM:
        if type(value) not in (int, float) or not isfinite(value):  # type: ignore[arg-type]  # the line says what it is
            raise RowUnfit("type")
        return value  # type: ignore[return-value]  # the line above says what it is
    return READ[kind](value)


def _add(question: GroupsQuestion, whole: dict[Values, _Whole], parts: Sequence[tuple[Values, int, Values]]) -> None:
    ops = [m.op for m in question.partials]
    for key, count, values in parts:
        held = whole.get(key)
        if held is None:
            whole[key] = _Whole(count, list(values))
            continue
        held.count += count
        held.parts = [_joined(op, a, b) for op, a, b in zip(ops, held.parts, values, strict=True)]


def _joined(op: MeasureOp, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    if op is MeasureOp.MIN:
        return min(a, b)
    return max(a, b) if op is MeasureOp.MAX else a + b


def _measured(question: GroupsQuestion, whole: Mapping[Values, _Whole]) -> list[Group]:
    at = {m: i for i, m in enumerate(question.partials)}

    def value(measure: Measure, parts: Sequence[Any]) -> Value | None:
        given = [parts[at[part]] for part in _parts(measure)]
        if measure.op is MeasureOp.AVG:
            return given[0] / given[1] if given[0] is not None and given[1] else None
        made: Value | None = given[0]
        return float(made) if type(made) is int and not -(2**63) <= made < 2**63 else made

    found = [Group(k, w.count, tuple(value(m, w.parts) for m in question.measures)) for k, w in whole.items()]
    if not question.group_by and not found:
        empty = tuple(0 if m.op is MeasureOp.COUNT else None for m in question.measures)
        return [Group((), 0, empty)]
    key = key_of(tuple(Order(c) for c in question.group_by))
    return sorted(found, key=lambda group: key(group.key))


def _status(heard: _Heard, fetched: Mapping[str, datetime]) -> NodeStatus:
    node, error = heard.node, heard.error
    if error is not None:
        at = fetched.get(node.member)
        state = NodeState.DOWN if at is None else NodeState.STALE
        return NodeStatus(node, state, 0, heard.seconds, error, fetched_at=at)
    rows = sum(count for _, count, _ in heard.groups)
    if heard.dropped:
        lost = LiveRowsDropped(member=node.member, source=node.id, rows=heard.dropped, reasons="type, region, key")
        return NodeStatus(node, NodeState.PARTIAL, rows, heard.seconds, lost, heard.dropped)
    return NodeStatus(node, NodeState.LIVE, rows, heard.seconds)
