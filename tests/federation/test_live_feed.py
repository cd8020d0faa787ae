"""What nodes tell of by themselves: one line however many listen, each row judged, each silence told, nobody held up."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from core.access import scope
from core.rows import Scope
from core.rows_errors import ColumnUnknown
from federation.live.feed import ListenerSlow, Told, Wish, wish
from federation.live.node import LiveLimits, Node
from federation.live.scatter import Live
from federation.live.status import NodeState
from tests.federation.live_nodes import CONTRACT, COORDINATOR, TOKEN, Teller, message, node, row, telling

SECONDS = 60  # no test waits for this; it is only so that a broken one ends
ALL = wish(CONTRACT, scope(COORDINATOR, CONTRACT))
LIMITS = LiveLimits(again=0.01, again_most=0.02, begin=2.0, patience=0.1)


@asynccontextmanager
async def heard(
    live: Live, nodes: list[Node], wanted: Wish = ALL, **more: Any
) -> AsyncIterator[AsyncGenerator[Told, None]]:
    async with aclosing(live.feed.told(wanted, nodes, **more)) as events:
        yield events


async def rows(events: AsyncGenerator[Told, None], number: int) -> list[Any]:
    """The first rows that come, each as gauge and minute."""
    found: list[Any] = []
    async with asyncio.timeout(SECONDS):
        while len(found) < number:
            told = await anext(events)
            if told.row is not None:
                at: Any = told.row.values[2]
                found.append((told.row.values[0], at.minute))
    return found


async def state(events: AsyncGenerator[Told, None], wanted: NodeState) -> Told:
    """The first word that a node does so."""
    async with asyncio.timeout(SECONDS):
        while True:
            told = await anext(events)
            if told.status.state is wanted:
                return told


async def until(holds: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():
            await asyncio.sleep(0.002)


async def test_rows_come_as_nodes_tell_them_and_each_node_is_told_of_first() -> None:
    tellers = {"33.01": Teller([row("a", "33.01", 1)]), "33.02": Teller([row("b", "33.02", 2)])}
    async with telling(tellers) as url:
        live = Live(LIMITS)
        async with heard(live, [node(n, n, url) for n in tellers]) as events:
            found = [await anext(events) for _ in range(4)]
        await live.close()
    by_node: dict[str, list[Any]] = {}
    for told in found:
        by_node.setdefault(told.status.node.id, []).append((told.status.state.value, told.row and told.row.values[0]))
    assert by_node == {"33.01": [("live", None), ("live", "a")], "33.02": [("live", None), ("live", "b")]}


async def test_one_line_serves_all_listeners_opened_for_the_first_and_closed_after_the_last() -> None:
    teller = Teller()
    async with telling({"33.01": teller}) as url:
        live, one = Live(LIMITS), [node("33.01", "33.01", url)]
        async with heard(live, one) as first:
            await state(first, NodeState.LIVE)
            async with heard(live, one, replace(ALL, gauges=frozenset({"b"}))) as second:
                assert (await state(second, NodeState.LIVE)).status.error is None  # known already: told at once
                for gauge, minute in (("a", 1), ("b", 2), ("a", 3)):
                    teller.more.put_nowait(row(gauge, "33.01", minute))
                assert await rows(first, 3) == [("a", 1), ("b", 2), ("a", 3)]
                assert await rows(second, 1) == [("b", 2)]
            assert (teller.begun, teller.open, live.feed.lines) == (1, 1, 1)
        await until(lambda: teller.open == 0)
        assert live.feed.lines == 0 and teller.begun == 1
        await live.close()


async def test_G23_G26_rows_that_are_not_the_nodes_own_are_dropped_and_told() -> None:
    bad = [
        row("b", "33.74", 1),
        row("b", "33.02", 2) | {"stageM": "tinggi"},
        row("garang", "33.02", 3),
        row("b", "33.02", 4),
    ]
    async with telling({"33.02": Teller(bad)}) as url:
        live = Live(LIMITS)
        owners = {"gauge_code": {"garang": "33.74"}}
        async with heard(live, [node("33.02", "33.02", url)], owners=owners) as events:
            assert await rows(events, 1) == [("b", 4)]
        async with heard(live, [node("33.02", "33.02", url)], owners=owners) as events:
            told = await state(events, NodeState.PARTIAL)
            while told.status.dropped < 2:
                told = await state(events, NodeState.PARTIAL)
        await live.close()
    assert told.status.error is not None and told.status.error.code == "LIVE_ROWS_DROPPED"


@pytest.mark.parametrize(
    ("teller", "code"),
    [
        (Teller(status=503), "LIVE_FAILING"),
        (Teller(status=401), "LIVE_REFUSED"),
        (Teller(status=200), "LIVE_REFUSED"),
        (Teller(status=302, headers={"Location": "http://127.0.0.1:9/graphql"}), "LIVE_UNSAFE"),
        (Teller([4403]), "LIVE_REFUSED"),
        (Teller([1012]), "LIVE_FAILING"),
        (Teller([1000]), "LIVE_UNREACHABLE"),
        (Teller([message("{")]), "LIVE_INVALID"),
        (Teller([message("[]")]), "LIVE_INVALID"),
        (Teller([message('{"type":"next","id":"1","payload":{"data":{"other":1}}}')]), "LIVE_INVALID"),
        (Teller([message('{"type":"error","id":"1","payload":[{"message":"no such field"}]}')]), "LIVE_REFUSED"),
        (Teller([message('{"type":"complete","id":"1"}')]), "LIVE_UNREACHABLE"),
        (Teller([message("x" * 300_000)]), "LIVE_TOO_LARGE"),
        (Teller([row("c", "33.01", 1, status=TOKEN)]), "LIVE_INVALID"),
    ],
)
async def test_G22_G24_a_line_that_breaks_in_whatever_way_is_told_of_and_opened_again(
    teller: Teller, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_SIMPUL", TOKEN)
    async with telling({"33.01": teller, "33.02": Teller([row("b", "33.02", 1)])}) as url:
        live = Live(LIMITS)
        nodes = [node("33.01", "33.01", url, token_env="TOKEN_SIMPUL"), node("33.02", "33.02", url)]
        async with heard(live, nodes) as events:
            told = await state(events, NodeState.DOWN)
            teller.status, teller.script = 101, [row("a", "33.01", 2)]
            async with asyncio.timeout(SECONDS):
                while (came := await anext(events)).row is None or came.status.node.id != "33.01":
                    pass
        await live.close()
    assert told.status.error is not None and told.status.error.code == code
    assert TOKEN not in f"{told.status.error} {told.status.error.as_dict()}"
    assert teller.tokens[0] == f"Bearer {TOKEN}" and TOKEN not in str(teller.sent)


async def test_a_node_that_is_not_there_is_told_of_and_tried_with_growing_pauses() -> None:
    pauses: list[float] = []

    async def wait(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            await asyncio.Event().wait()

    live = Live(LiveLimits(again=1.0, again_most=6.0), wait=wait)
    async with heard(live, [node("33.01", "33.01", "http://127.0.0.1:1")]) as events:
        told = await state(events, NodeState.DOWN)
        await until(lambda: len(pauses) == 5)
    await live.close()
    assert told.status.error is not None and told.status.error.code == "LIVE_UNREACHABLE"
    assert pauses == [1.0, 2.0, 4.0, 6.0, 6.0]


async def test_a_node_that_says_nothing_is_asked_for_a_sign_of_life_and_told_of_where_none_comes() -> None:
    teller = Teller(deaf=True)
    async with telling({"33.01": teller}) as url:
        live = Live(replace(LIMITS, quiet=0.02, pong=0.02))
        async with heard(live, [node("33.01", "33.01", url)]) as events:
            told = await state(events, NodeState.DOWN)
        await live.close()
    assert told.status.error is not None and told.status.error.code == "LIVE_SILENT"
    assert {"type": "ping"} in teller.sent


async def test_a_quiet_node_that_gives_a_sign_of_life_is_listened_to_further() -> None:
    teller = Teller()
    async with telling({"33.01": teller}) as url:
        live = Live(replace(LIMITS, quiet=0.02, pong=SECONDS))
        async with heard(live, [node("33.01", "33.01", url)]) as events:
            assert (await anext(events)).status.state is NodeState.LIVE
            await until(lambda: teller.sent.count({"type": "ping"}) > 3)
            teller.more.put_nowait(row("a", "33.01", 1))
            told = await anext(events)
        await live.close()
    assert told.row is not None and told.row.values[0] == "a" and teller.begun == 1


async def test_who_does_not_keep_up_is_let_go_and_others_hear_everything() -> None:
    teller = Teller([row("a", "33.01", i) for i in range(12)])
    async with telling({"33.01": teller}) as url:
        live, one = Live(replace(LIMITS, behind=3, patience=0.05)), [node("33.01", "33.01", url)]
        async with heard(live, one) as slow, heard(live, one) as quick:
            await anext(slow)
            assert [minute for _, minute in await rows(quick, 12)] == list(range(12))
            with pytest.raises(ListenerSlow):
                await rows(slow, 12)
        await live.close()


async def test_only_regions_asked_for_are_told_and_what_is_masked_is_not_seen() -> None:
    region = wish(CONTRACT, scope(COORDINATOR, CONTRACT), regions=frozenset({"33.01"}))
    masked = wish(CONTRACT, Scope(frozenset({"gauge_code", "observed_at"})))
    told = [row("a", "33.02", 1), row("a", "33.01", 2)]
    async with telling({"p": Teller(told)}) as url:
        live = Live(LIMITS)
        both = replace(node("p", "33", url), regions=frozenset({"33.01", "33.02"}))
        async with heard(live, [both], region) as events:
            assert await rows(events, 1) == [("a", 2)]
        async with heard(live, [both], masked) as events:
            async with asyncio.timeout(SECONDS):
                while (one := await anext(events)).row is None:
                    pass
        await live.close()
    assert len(one.row.values) == 2
    with pytest.raises(ColumnUnknown):
        wish(CONTRACT, Scope(frozenset({"gauge_code"})), regions=frozenset({"33.01"}))
