"""Groups of all nodes' rows: each node works its own out, and the parts are put together here.

What each is asked for and how parts become a whole is `parts.py`. Where a node gave nothing, or more than may be sent,
the catalogue's groups of its rows stand in.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from core.contract import ColumnType, Contract
from core.errors import LumbungError
from core.group_keys import group_keys
from core.log import get
from core.naming import ASKABLE, camel
from core.rows import TRUE, Filter, Order, Scope, Value
from core.rows_aggregate import MAX_GROUP_BY, AggregateQuery, GroupOrder, Having, Measure, MeasureOp, column_of
from core.rows_errors import FilterInvalid
from federation.live.errors import (
    LiveError,
    LiveGroupsTooMany,
    LiveInvalid,
    LiveRowsDropped,
    LiveTooLarge,
    LiveValuesTooMany,
)
from federation.live.last_good import LastGood, StaleGroups
from federation.live.node import Node
from federation.live.parts import COUNTED_MAX, Group, Partials, Parts, Together, Values, columns_counted, parts_of
from federation.live.question import Question, ask, relation_of
from federation.live.scatter import Live
from federation.live.status import NodeState, NodeStatus
from federation.live.wire import READ, RowUnfit, groups_request

log = get("federation.live")
#: Groups, or values of groups, that one node may give.
LARGEST = 10_000
#: Those of all nodes together.
MOST = 200_000
_INLINE = 500  # so many are read between two other things of the loop


@dataclass(frozen=True)
class GroupsQuestion:
    """Groups of a question's rows; made by `ask_groups`."""

    rows: Question
    together: Together
    first: int

    @property
    def partials(self) -> Partials:
        """What each node is asked for."""
        return self.together.partials


def ask_groups(
    contract: Contract,
    scope: Scope,
    *,
    where: Filter = TRUE,
    group_by: tuple[str, ...] = (),
    measures: tuple[Measure, ...] = (),
    having: tuple[Having, ...] = (),
    order: tuple[GroupOrder, ...] = (),
    first: int = 1_000,
    regions: frozenset[str] | None = None,
    zone: str = "UTC",
) -> GroupsQuestion:
    """The question, refused where the catalogue would refuse it, and where parts would need too many keys.

    Args:
        group_by: names of `core.group_keys`.
        having, order: measures by their place; behind the last one stands the number of rows.
        zone: the IANA name of the zone whose days count.

    Raises:
        PageInvalid, ColumnUnknown, FilterInvalid.
    """
    keys = group_keys(contract, ASKABLE)
    asked = tuple(keys[name].asked(zone) for name in group_by)
    rows = ask(contract, scope, where=where, regions=regions)
    AggregateQuery(
        relation=relation_of(contract), scope=scope, group_by=asked, where=where, first=first, having=having,
        order=order, measures=(*measures, Measure(MeasureOp.COUNT)),
    )  # fmt: skip
    named = {*map(column_of, asked), *(m.column for m in measures if m.column is not None)}
    ask(contract, scope, order=tuple(Order(column) for column in named))  # no provenance
    region, counted = contract.region_column, columns_counted(measures)
    finer = dict.fromkeys((*group_by, *([region] if region in scope.columns else [])))
    if any(len({*finer, column}) > MAX_GROUP_BY for column in (*counted, *list(finer)[:1])):
        most = MAX_GROUP_BY - len(finer) + len(group_by) - bool(counted)
        raise FilterInvalid(relation=contract.name, column="-", op="groupBy", expected=f"<= {most}")
    if len(counted) > COUNTED_MAX:
        raise FilterInvalid(relation=contract.name, column="-", op="measures", expected=f"<= {COUNTED_MAX}")
    partials = Partials(
        keys={name: keys[name] for name in finer if name is not None},
        measures=tuple(dict.fromkeys(part for measure in measures for part in parts_of(measure))),
        counted=counted,
        zone=zone,
    )
    return GroupsQuestion(rows, Together(partials, len(group_by), measures, having, order), first)


@dataclass(frozen=True, slots=True)
class LiveGroups:
    """The groups of all nodes together, in the order asked for."""

    groups: Sequence[Group]
    more: bool
    nodes: Sequence[NodeStatus]


@dataclass
class _Heard:
    """What one node gave."""

    node: Node
    parts: Parts = field(default_factory=Parts)
    error: LiveError | None = None
    seconds: float = 0.0
    dropped: int = 0


async def groups(
    live: Live,
    question: GroupsQuestion,
    nodes: Sequence[Node],
    *,
    seconds: float | None = None,
    owners: Mapping[str, Mapping[str, str]] | None = None,
    last_good: LastGood | None = None,
) -> LiveGroups:
    """The groups of a question over all nodes, and how each node did; arguments as `Live.rows` takes them.

    Raises:
        LiveGroupsTooMany: what all nodes gave together is too much to be put together.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + min(seconds or live.limits.total, live.limits.total)
    reader = _Reader(question, owners or {})
    patience = min(live.limits.node, (until - loop.time()) * (0.8 if last_good is not None else 1))
    body = groups_request(question.rows.contract, question.rows.where, question.partials, LARGEST)
    taken = 0

    async def one(node: Node) -> _Heard:
        nonlocal taken
        began, heard = loop.time(), _Heard(node)
        try:
            data = await live.client(node).ask(body, patience)
            await _apart(_size(data), lambda: reader.read(data, heard))
            taken += heard.parts.size
            if taken > MOST:
                heard.parts = Parts()
        except LiveError as error:
            heard.error, heard.parts = error, Parts()
        heard.seconds = loop.time() - began
        return heard

    heard = await asyncio.gather(*map(one, nodes))
    stale = await _stand_in(question, [h.node for h in heard if h.error is not None], last_good, until - loop.time())
    size = taken + stale.parts.size
    if size > MOST:
        raise LiveGroupsTooMany(limit=MOST)
    found: list[Group] = []
    given = [*(h.parts for h in heard), stale.parts]
    await _apart(size, lambda: found.extend(question.together.groups(given)))
    return LiveGroups(found[: question.first], len(found) > question.first, [_status(h, stale) for h in heard])


async def _apart(size: int, work: Any) -> None:
    """Do something that takes long with much beside the loop."""
    if size <= _INLINE:
        work()
    else:
        await asyncio.to_thread(work)


def _size(data: Mapping[str, Any]) -> int:
    """How much an answer has, whatever it is."""
    lists = (part.get("groups") for part in data.values() if type(part) is dict)
    return sum(len(found) for found in lists if type(found) is list)


async def _stand_in(
    question: GroupsQuestion, failed: Sequence[Node], last_good: LastGood | None, left: float
) -> StaleGroups:
    """The catalogue's groups of nodes that gave nothing, where they can be had in time."""
    if last_good is None or not failed:
        return StaleGroups()
    try:
        async with asyncio.timeout(max(left, 0)):
            return await last_good.groups(question.rows, failed, question.partials)
    except TimeoutError:
        return StaleGroups()
    except LumbungError as error:  # what stands in must not take the nodes' own answers along
        log.warning("live.last_good", code=error.code)
        return StaleGroups()


class _Reader:
    """Reads a node's groups; one that is not as the data standard says is dropped."""

    def __init__(self, question: GroupsQuestion, owners: Mapping[str, Mapping[str, str]]) -> None:
        contract, partials = question.rows.contract, question.partials
        self._kinds = {c.name: c.type for c in contract.columns}
        self._partials = partials
        self._keys = {name: (camel(name), READ[key.kind]) for name, key in partials.keys.items()}
        names = list(partials.keys)
        self._region = next((i for i, name in enumerate(names) if name == contract.region_column), None)
        self._owned = [(i, owners[name]) for i, name in enumerate(names) if name in owners]
        self._values = [(m.op, None if m.column is None else self._kinds[m.column]) for m in partials.measures]

    def read(self, data: Any, heard: _Heard) -> None:
        """Take a node's answer.

        Raises:
            LiveInvalid, LiveTooLarge, LiveValuesTooMany.
        """
        node, parts = heard.node, heard.parts
        groups, more = _listed(data, "groups", node)
        if more:
            raise LiveTooLarge(member=node.member, source=node.id, limit=LARGEST)
        for group in groups:
            try:
                key = self._key(group, node.regions)
                values = group["values"]
                if len(values) != len(self._values):
                    raise RowUnfit("type")
                parts.groups.append((key, _count(group["count"]), tuple(map(_part, values, self._values))))
            except (RowUnfit, KeyError, TypeError, IndexError):
                heard.dropped += 1
        counted = []
        for place, column in enumerate(self._partials.counted):
            groups, more = _listed(data, f"values{place}", node)
            if more:
                raise LiveValuesTooMany(member=node.member, source=node.id, column=column, limit=LARGEST)
            counted.append(self._counted(groups, column, heard))
        parts.counted = counted

    def _counted(self, groups: Sequence[Any], column: str, heard: _Heard) -> list[tuple[Values, Value, int]]:
        name, read = camel(column), READ[self._kinds[column]]
        found = []
        for group in groups:
            try:
                key = self._key(group, heard.node.regions)
                if group["key"][name] is not None:
                    found.append((key, read(group["key"][name]), _count(group["count"])))
            except (RowUnfit, KeyError, TypeError, IndexError):
                heard.dropped += 1
        return found

    def _key(self, given: Any, regions: frozenset[str]) -> Values:
        """A group's key, of rows that may speak about these regions."""
        key = tuple(
            None if (value := given["key"][name]) is None else read(value) for name, read in self._keys.values()
        )
        if self._region is not None and key[self._region] not in regions:
            raise RowUnfit("region")
        for i, codes in self._owned:
            owner = codes.get(str(key[i]))
            if owner is not None and owner not in regions:
                raise RowUnfit("key")
        return key


def _listed(data: Any, name: str, node: Node) -> tuple[list[Any], bool]:
    """A list of groups in an answer, and whether there are more than a node may give."""
    try:
        groups, more = data[name]["groups"], data[name]["hasMore"]
    except (KeyError, TypeError) as error:
        raise LiveInvalid(member=node.member, source=node.id) from error
    if type(groups) is not list or type(more) is not bool:
        raise LiveInvalid(member=node.member, source=node.id)
    return groups, more or len(groups) > LARGEST


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise RowUnfit("type")
    return value


def _part(value: object, asked: tuple[MeasureOp, ColumnType | None]) -> Value | None:
    op, kind = asked
    if op in (MeasureOp.COUNT, MeasureOp.COUNT_TRUE):
        return _count(value)
    if value is None or kind is None:
        return None
    if op is MeasureOp.SUM:
        if type(value) not in (int, float) or not isfinite(value):  # type: ignore[arg-type]  # the line says what it is
            raise RowUnfit("type")
        return value  # type: ignore[return-value]  # the line above says what it is
    return READ[kind](value)


def _status(heard: _Heard, stale: StaleGroups) -> NodeStatus:
    node, error = heard.node, heard.error
    if error is not None:
        at = stale.fetched.get(node.id)
        state = NodeState.DOWN if at is None else NodeState.STALE
        return NodeStatus(node, state, stale.rows.get(node.id, 0), heard.seconds, error, fetched_at=at)
    rows = sum(count for _, count, _ in heard.parts.groups)
    if heard.dropped:
        lost = LiveRowsDropped(member=node.member, source=node.id, rows=heard.dropped, reasons="type, region, key")
        return NodeStatus(node, NodeState.PARTIAL, rows, heard.seconds, lost, heard.dropped)
    return NodeStatus(node, NodeState.LIVE, rows, heard.seconds)
