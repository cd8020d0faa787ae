"""Paged through by cursor, the nodes' rows are the sorted union: whatever the page size, whoever fails in between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rows import Order
from federation.live.errors import LiveFailing
from federation.live.last_good import StaleRow, StaleRows
from federation.live.node import LiveLimits, Node
from federation.live.ordering import key_of
from federation.live.question import Place, Question
from federation.live.scatter import Live
from federation.live.status import NodeState
from federation.live.wire import READ
from tests.federation.live_nodes import CONTRACT, node, page, question, row

FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = [
    (),
    (Order("observed_at", descending=True),),
    (Order("stage_m"),),
    (Order("stage_m", descending=True), Order("status")),
    (Order("status", descending=True),),
]
KINDS = {c.name: c.type for c in CONTRACT.columns}
NAMES = {"gauge_code": "gaugeCode", "region_code": "regionCode", "observed_at": "observedAt", "stage_m": "stageM",
         "status": "status"}  # fmt: skip


class Memory:
    """A node in memory that fails when it is told to."""

    def __init__(self, of: Node, rows: Sequence[dict[str, Any]]) -> None:
        self.node, self.rows, self.up = of, rows, True

    async def ask(self, body: bytes, seconds: float) -> Any:
        if not self.up:
            raise LiveFailing(member=self.node.member, source=self.node.id, status=500)
        return page(self.rows, orjson.loads(body)["variables"])["data"]


class Nearby(Live):
    """Asks nodes in memory."""

    def __init__(self, nodes: dict[str, Memory]) -> None:
        super().__init__(LiveLimits())
        self.memory = nodes

    def client(self, node: Node) -> Any:
        return self.memory[node.id]


def values(of: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(None if of[n] is None else READ[KINDS[c]](of[n]) for c, n in NAMES.items())


class Kept:
    """The catalogue with the same rows as the nodes, each node's in a resource of its own source."""

    def __init__(self, nodes: dict[str, Memory]) -> None:
        self.memory = nodes

    async def rows(self, asked: Question, nodes: Sequence[Node], after: Place | None, first: int) -> StaleRows:
        order = (*asked.order, Order("m"), Order("s"), Order("r"), Order("n"))
        found = []
        for memory in self.memory.values():
            if memory.node in nodes:
                of = (memory.node.member, memory.node.id, "r")
                for number, each in enumerate(memory.rows):
                    row_ = values(each)
                    place = (*asked.place_of(row_), *of, number)
                    found.append((key_of(order)(place), StaleRow(row_, *of, number, FETCHED)))
        found.sort(key=lambda pair: pair[0])
        if after is not None:
            begin = key_of(order[: len(after)])(after)
            found = [pair for pair in found if pair[0][: len(begin)] > begin]
        return StaleRows([r for _, r in found[:first]], len(found) > first, {n.id: FETCHED for n in nodes})

    async def groups(self, *_: Any) -> Any:
        raise AssertionError("nobody asks for groups here")


cells = st.tuples(
    st.integers(0, 6), st.integers(0, 40), st.sampled_from([None, -1.5, 0.0, 2.0, 7.25]), st.sampled_from([None, "", "B", "a", "é"])
)  # fmt: skip
provinces = st.lists(st.lists(cells, max_size=25, unique_by=lambda c: c[:2]), min_size=1, max_size=5)


def built(drawn: Sequence[Sequence[tuple[Any, ...]]], each: int = 1) -> tuple[list[Node], dict[str, Memory]]:
    """Nodes with these rows, so many of each member."""
    nodes, memory = [], {}
    for i, rows in enumerate(drawn):
        code = f"33.0{i // each + 1}"
        one = replace(node(f"n{i}", code, "http://127.0.0.1:1"), alone=each == 1)
        nodes.append(one)
        memory[one.id] = Memory(one, [row(f"g{g}", code, minute, stage, status) for g, minute, stage, status in rows])
    return nodes, memory


def union(nodes: Sequence[Node], memory: dict[str, Memory], asked: Question) -> list[Any]:
    """All rows in the order of the question, equal ones by node."""
    key = key_of(asked.order)
    rows = [(rank, values(r)) for rank, n in enumerate(nodes) for r in memory[n.id].rows]
    return [v for _, v in sorted(rows, key=lambda pair: (*key(asked.place_of(pair[1])), pair[0]))]


@settings(max_examples=60, deadline=None)
@given(provinces, st.sampled_from(ORDERS), st.lists(st.integers(1, 30), min_size=1, max_size=4))
async def test_pages_are_the_sorted_union(drawn: Any, order: tuple[Order, ...], sizes: list[int]) -> None:
    nodes, memory = built(drawn)
    live, after, seen = Nearby(memory), None, []
    for turn in range(200):
        found = await live.rows(question(order=order, first=sizes[turn % len(sizes)], after=after), nodes)
        seen += [r.values for r in found.rows]
        after = found.end_cursor
        if not found.has_next:
            break
    assert seen == union(nodes, memory, question(order=order))


@settings(max_examples=60, deadline=None)
@given(
    provinces, st.sampled_from(ORDERS), st.integers(1, 12), st.lists(st.lists(st.booleans(), min_size=5, max_size=5))
)
async def test_whoever_fails_in_between_goes_on_where_it_stood(
    drawn: Any, order: tuple[Order, ...], size: int, ups: list[list[bool]]
) -> None:
    nodes, memory = built(drawn)
    key = key_of(question(order=order).order)
    live, after, seen = Nearby(memory), None, []
    for turn in range(300):
        for one, up in zip(nodes, ups[turn] if turn < len(ups) else [True] * 5, strict=False):
            memory[one.id].up = up
        found = await live.rows(question(order=order, first=size, after=after), nodes)
        mine = [r.values for r in found.rows]
        keys = [key(question(order=order).place_of(r)) for r in mine]
        assert keys == sorted(keys)
        seen += mine
        after = found.end_cursor
        if not found.has_next and turn >= len(ups):
            break
    assert sorted(map(str, seen)) == sorted(map(str, union(nodes, memory, question(order=order))))


@settings(max_examples=60, deadline=None)
@given(
    provinces,
    st.sampled_from(ORDERS),
    st.integers(1, 12),
    st.lists(st.lists(st.booleans(), min_size=5, max_size=5)),
    st.integers(1, 3),
)
async def test_with_the_last_good_rows_standing_in_pages_are_the_sorted_union_whoever_fails(
    drawn: Any, order: tuple[Order, ...], size: int, ups: list[list[bool]], each: int
) -> None:
    """Also where members have several nodes, some of which answer: no row is lost, none is there twice."""
    nodes, memory = built(drawn, each)
    live, after, seen = Nearby(memory), None, []
    for turn in range(300):
        for one, up in zip(nodes, ups[turn] if turn < len(ups) else [False] * 5, strict=False):
            memory[one.id].up = up
        found = await live.rows(question(order=order, first=size, after=after), nodes, last_good=Kept(memory))
        assert all(s.state in (NodeState.LIVE, NodeState.STALE) for s in found.nodes)
        seen += [r.values for r in found.rows]
        after = found.end_cursor
        if not found.has_next:
            break
    assert seen == union(nodes, memory, question(order=order))
