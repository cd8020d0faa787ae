"""Asking nodes: bounded in time, bytes and rows; what is wrong is dropped and named; one node never harms another."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from core.access import Actor, Role, scope
from core.contract import Classification
from core.rows import FALSE, TRUE, AnyOf, Compare, Op, Order
from core.rows_aggregate import Having, Measure, MeasureOp
from core.rows_errors import ColumnUnknown, CursorInvalid, FilterInvalid
from federation.live.errors import LiveGroupsTooMany
from federation.live.groups import LARGEST, ask_groups, groups
from federation.live.node import LiveLimits, Node, asked
from federation.live.question import admits
from federation.live.scatter import Live, LivePage
from federation.live.status import NodeState
from tests.federation import live_nodes
from tests.federation.live_nodes import (
    CONTRACT,
    COORDINATOR,
    TOKEN,
    Stand,
    drips,
    edges,
    gives,
    hangs,
    node,
    question,
    row,
    says,
    serving,
    streams_on,
)

BY_TIME = (Order("observed_at"),)
GOOD = "33.01"


async def of(
    stands: dict[str, Stand], *, limits: LiveLimits | None = None, seconds: float = 2.0, **more: Any
) -> LivePage:
    """The page of nodes named by their regions."""
    async with serving(stands) as url:
        live = Live(limits or LiveLimits())
        try:
            nodes = [node(name, name, url) for name in sorted(stands)]
            return await live.rows(question(order=BY_TIME, **more), nodes, seconds=seconds)
        finally:
            await live.close()


def states(page: LivePage) -> dict[str, tuple[str, str | None]]:
    """Each node's state and code."""
    return {s.node.id: (s.state.value, s.error.code if s.error else None) for s in page.nodes}


async def test_rows_of_all_nodes_come_in_the_order_asked_for_and_no_more_is_fetched_than_a_page() -> None:
    stands = {GOOD: Stand([row("a", GOOD, i) for i in range(0, 40, 2)]), "33.02": Stand([row("b", "33.02", 5)])}
    page = await of(stands, first=4)
    assert [r.values[0] for r in page.rows] == ["a", "a", "a", "b"] and page.has_next
    assert stands[GOOD].asked[0]["variables"]["first"] == 4


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        (hangs, "LIVE_SILENT"),
        (drips, "LIVE_SILENT"),
        (streams_on, "LIVE_TOO_LARGE"),
        (says(503), "LIVE_FAILING"),
        (says(401), "LIVE_REFUSED"),
        (says(302, Location="http://127.0.0.1:9/graphql"), "LIVE_UNSAFE"),
        (says(200, "<html>login</html>"), "LIVE_INVALID"),
        (says(200, "[" * 100_000), "LIVE_INVALID"),
        (gives({"data": None}), "LIVE_INVALID"),
        (gives({"data": {"rows": {"edges": 3, "pageInfo": {"hasNextPage": False}}}}), "LIVE_INVALID"),
        (gives(edges(more=True)), "LIVE_INVALID"),
        (gives(edges(*(row("b", "33.02", i) for i in range(200)))), "LIVE_TOO_LARGE"),
        (gives({"errors": [{"message": "boom"}], "data": {}}), "LIVE_REFUSED"),
    ],
)
async def test_G22_a_node_that_fails_in_whatever_way_is_named_and_the_others_answer(manner: Any, code: str) -> None:
    stands = {GOOD: Stand([row("a", GOOD, 1)]), "33.02": Stand(manner=manner)}
    page = await of(stands, limits=LiveLimits(body=1_000_000), seconds=0.5)
    assert states(page) == {GOOD: ("live", None), "33.02": ("down", code)}
    assert [r.values[0] for r in page.rows] == ["a"]


async def test_G22_a_node_that_is_not_there_is_named() -> None:
    stands = {GOOD: Stand([row("a", GOOD, 1)])}
    async with serving(stands) as url:
        live = Live()
        away = Node(live_nodes.source("x", "33.02", "http://127.0.0.1:1"), "33.02", frozenset({"33.02"}))
        page = await live.rows(question(), [node(GOOD, GOOD, url), away], seconds=1.0)
        await live.close()
    assert states(page) == {GOOD: ("live", None), "x": ("down", "LIVE_UNREACHABLE")}


async def test_G23_rows_of_another_region_and_of_wrong_types_are_dropped_and_counted() -> None:
    bad: list[dict[str, Any]] = [
        row("b", "33.74", 1),
        row("b", "33.02", 2) | {"stageM": "tinggi"},
        row("b", "33.02", 3) | {"observedAt": "kemarin"},
        row("b", "33.02", 3) | {"gaugeCode": None},
        row("b", "33.02", 3) | {"stageM": True},
    ]
    page = await of({"33.02": Stand(manner=gives(edges(*bad, row("b", "33.02", 4), row("b", "33.02", 0))))})
    assert [r.values[2].minute for r in page.rows] == [4]  # type: ignore[union-attr]  # a moment
    [status] = page.nodes
    assert status.state is NodeState.PARTIAL and status.dropped == 6 and status.error is not None
    assert status.error.code == "LIVE_ROWS_DROPPED" and status.error.values["reasons"] == "order, region, type"


async def test_G23_a_node_that_begins_again_on_the_next_page_is_not_believed() -> None:
    """It forgets its cursors, or gives those of another: what lies before the place where it stood is dropped."""
    again = [edges(*(row("a", GOOD, i) for i in minutes), more=True) for minutes in ((0, 1), (0, 1, 2), (3,))]
    again[1]["data"]["rows"]["edges"][-1]["cursor"] = "9"

    async def forgets(stand: Stand, request: Any, body: dict[str, Any]) -> Any:
        return again[min(len(stand.asked) - 1, 2)]

    async with serving({GOOD: Stand(manner=forgets)}) as url:
        live, nodes = Live(), [node(GOOD, GOOD, url)]
        first = await live.rows(question(order=BY_TIME, first=2), nodes)
        second = await live.rows(question(order=BY_TIME, first=3, after=first.end_cursor), nodes)
        await live.close()
    seen = [r.values[2].minute for page in (first, second) for r in page.rows]  # type: ignore[union-attr]  # moments
    assert seen == sorted(seen) and seen[:2] == [0, 1] and seen.count(0) == 1
    assert second.nodes[0].dropped and second.nodes[0].error is not None


async def test_the_same_key_from_two_nodes_is_two_rows_each_with_its_node() -> None:
    stands = {"hulu": Stand([row("a", GOOD, 1, 1.0)]), "hilir": Stand([row("a", GOOD, 1, 2.0)])}
    async with serving(stands) as url:
        live, nodes = Live(), [replace(node(name, GOOD, url), alone=False) for name in sorted(stands)]
        page = await live.rows(question(order=BY_TIME), nodes)
        await live.close()
    assert [(r.node.id, r.values[3]) for r in page.rows] == [("hilir", 2.0), ("hulu", 1.0)]


@pytest.mark.parametrize("seconds", [0.001, 0.000_001])
async def test_a_deadline_of_a_millisecond_answers_with_what_there_is_and_says_so(seconds: float) -> None:
    page = await of({GOOD: Stand(manner=hangs), "33.02": Stand(manner=hangs)}, seconds=seconds)
    assert page.rows == [] and {code for _, code in states(page).values()} == {"LIVE_SILENT"}


async def test_G26_a_row_under_another_regions_gauge_is_dropped() -> None:
    async with serving({"33.02": Stand([row("garang", "33.02", 1), row("sendiri", "33.02", 2)])}) as url:
        live = Live()
        owners = {"gauge_code": {"garang": "33.74"}}
        page = await live.rows(question(), [node("33.02", "33.02", url)], owners=owners)
        await live.close()
    assert [r.values[0] for r in page.rows] == ["sendiri"]
    assert page.nodes[0].error is not None and page.nodes[0].error.values["reasons"] == "key"


async def test_G24_what_a_node_says_is_never_passed_on_and_an_echoed_token_spoils_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN_SIMPUL", TOKEN)
    dsn = "postgresql://admin:rahasia@10.0.0.7/data"
    stands = {
        "33.01": Stand(manner=says(500, f"Bearer {TOKEN} {dsn}")),
        "33.02": Stand(manner=gives({"errors": [{"message": f"{dsn} {TOKEN}"}]})),
        "33.03": Stand(manner=gives(edges(row("c", "33.03", 1, status=TOKEN)))),
        "33.04": Stand([row("d", "33.04", 1)]),
    }
    async with serving(stands) as url:
        live = Live()
        nodes = [node(name, name, url, token_env="TOKEN_SIMPUL") for name in stands]
        page = await live.rows(question(), nodes)
        await live.close()
    told = " ".join(f"{s.error} {s.error.as_dict()}" for s in page.nodes if s.error)
    assert TOKEN not in told and "rahasia" not in told and "10.0.0.7" not in told
    assert [r.values[0] for r in page.rows] == ["d"]
    assert states(page)["33.03"] == ("down", "LIVE_INVALID")
    assert stands["33.04"].tokens == [f"Bearer {TOKEN}"]


async def test_a_node_without_its_token_or_inside_the_network_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN_SIMPUL", raising=False)
    async with serving({"a": Stand(), "b": Stand(), "c": Stand()}) as url:
        live = Live()
        nodes = [
            node("a", "33.01", url, token_env="TOKEN_SIMPUL"),
            node("b", "33.02", url, allow=()),
        ]
        page = await live.rows(question(), nodes)
        await live.close()
    assert states(page) == {"a": ("down", "LIVE_UNSAFE"), "b": ("down", "LIVE_UNSAFE")}


async def test_S07_a_node_that_keeps_failing_is_left_alone_and_tried_again() -> None:
    now = 0.0
    stand = Stand(manner=says(500))
    async with serving({"33.01": stand}) as url:
        live = Live(LiveLimits(failures=3, rest=30.0), clock=lambda: now)
        codes = [states(await live.rows(question(), [node("33.01", "33.01", url)]))["33.01"][1] for _ in range(5)]
        asked_before = len(stand.asked)
        now, stand.manner, stand.rows = 31.0, None, [row("a", "33.01", 1)]
        back = await live.rows(question(), [node("33.01", "33.01", url)])
        await live.close()
    assert codes == ["LIVE_FAILING"] * 3 + ["LIVE_RESTING"] * 2 and asked_before == 3
    assert len(back.rows) == 1


async def test_one_node_is_asked_by_few_at_once_and_others_do_not_wait_for_it() -> None:
    slow = Stand(manner=hangs)
    quick = Stand([row("b", "33.02", 1)])
    async with serving({"33.01": slow, "33.02": quick}) as url:
        live = Live(LiveLimits(calls=2, waiting=2, failures=1_000))
        nodes = [node("33.01", "33.01", url), node("33.02", "33.02", url)]
        waiting = [asyncio.create_task(live.rows(question(), nodes[:1], seconds=0.3)) for _ in range(4)]
        while slow.inside < 2:
            await asyncio.sleep(0)
        both = await live.rows(question(), nodes, seconds=0.3)
        held = await asyncio.gather(*waiting)
        await live.close()
    assert slow.most == 2
    assert states(both) == {"33.01": ("down", "LIVE_BUSY"), "33.02": ("live", None)}
    assert [states(p)["33.01"][1] for p in held] == ["LIVE_SILENT"] * 4


async def test_averages_are_made_of_sums_and_counts_and_a_lying_node_gives_no_group() -> None:
    lies = {"data": {"groups": {"groups": [
        {"key": {"regionCode": "33.01"}, "count": 99, "values": [99.0, 99, 99.0]},
        {"key": {"regionCode": "33.03"}, "count": "x", "values": [1.0, 1, 1.0]},
        {"key": {"regionCode": None}, "count": 1, "values": [1.0, 1, 1.0, 1.0]},
    ], "hasMore": False}}}  # fmt: skip
    stands = {
        "33.01": Stand([row("a", "33.01", 0, 1.0), row("a", "33.01", 1, 3.0), row("a", "33.01", 2, None)]),
        "33.02": Stand([row("b", "33.02", 0, 5.0)]),
        "33.03": Stand(manner=gives(lies)),
    }
    asked_for = (Measure(MeasureOp.AVG, "stage_m"), Measure(MeasureOp.MAX, "stage_m"), Measure(MeasureOp.COUNT))
    seen = scope(COORDINATOR, CONTRACT)
    async with serving(stands) as url:
        live = Live()
        nodes = [node(name, name, url) for name in stands]
        by_region = await groups(live, ask_groups(CONTRACT, seen, group_by=("region_code",), measures=asked_for), nodes)
        whole = await groups(live, ask_groups(CONTRACT, seen, measures=asked_for), nodes[:2])
        await live.close()
    assert [(g.key, g.count, g.values) for g in by_region.groups] == [
        (("33.01",), 3, (2.0, 3.0, 3)),
        (("33.02",), 1, (5.0, 5.0, 1)),
    ]
    assert [(g.count, g.values) for g in whole.groups] == [(4, (3.0, 5.0, 4))]
    assert [s.state.value for s in by_region.nodes] == ["live", "live", "partial"] and by_region.nodes[2].dropped == 3


async def test_distinct_values_are_counted_over_all_nodes_and_a_node_with_too_many_is_left_out_and_named() -> None:
    stands = {
        "33.01": Stand([row("a", "33.01", i, status=s) for i, s in enumerate(("Siaga 3", "Siaga 2", None))]),
        "33.02": Stand([row("b", "33.02", i, status=s) for i, s in enumerate(("Siaga 3", "Siaga 3", "Awas"))]),
        "33.03": Stand([row("c", "33.03", i, status=f"s{i}") for i in range(LARGEST + 1)]),
    }
    distinct, middle = Measure(MeasureOp.COUNT_DISTINCT, "status"), Measure(MeasureOp.MEDIAN, "stage_m")
    seen = scope(COORDINATOR, CONTRACT)
    async with serving(stands) as url:
        live = Live()
        nodes = [node(name, name, url) for name in stands]
        found = await groups(live, ask_groups(CONTRACT, seen, measures=(distinct, middle)), nodes)
        await live.close()
    assert [(g.count, g.values) for g in found.groups] == [(6, (3, 1.0))]
    last = found.nodes[2]
    assert (last.state, last.error and last.error.code) == (NodeState.DOWN, "LIVE_VALUES_TOO_MANY")


async def test_a_nodes_foreign_rows_do_not_count_whatever_is_grouped_by() -> None:
    """The nodes group by region too, so that another region's rows are dropped as they are from pages (G23)."""
    stands = {"33.01": Stand([row("a", "33.01", 0), row("a", "33.74", 1), row("a", "33.01", 2)])}
    async with serving(stands) as url:
        live = Live()
        asked_for = ask_groups(CONTRACT, scope(COORDINATOR, CONTRACT), group_by=("gauge_code",))
        found = await groups(live, asked_for, [node("33.01", "33.01", url)])
        await live.close()
    assert [(g.key, g.count) for g in found.groups] == [(("a",), 2)]
    assert found.nodes[0].state is NodeState.PARTIAL and found.nodes[0].dropped == 1


async def test_more_groups_than_can_be_put_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("federation.live.groups.MOST", 3)
    stands = {code: Stand([row(f"g{i}", code, i) for i in range(2)]) for code in ("33.01", "33.02")}
    async with serving(stands) as url:
        live = Live()
        asked_for = ask_groups(CONTRACT, scope(COORDINATOR, CONTRACT), group_by=("gauge_code",))
        with pytest.raises(LiveGroupsTooMany):
            await groups(live, asked_for, [node(name, name, url) for name in stands])
        await live.close()


@pytest.mark.parametrize(
    "more",
    [
        {"group_by": ("gauge_code", "observed_at", "stage_m", "status", "observed_at_day", "observed_at_month")},
        {"group_by": ("provenance_member",)},
        {"measures": (Measure(MeasureOp.SUM, "status"),)},
        {"having": (Having(1, Op.GT, 1),)},
    ],
)
def test_groups_are_refused_where_the_catalogue_would_or_where_parts_need_too_many_keys(more: Any) -> None:
    with pytest.raises((FilterInvalid, ColumnUnknown)):
        ask_groups(CONTRACT, scope(COORDINATOR, CONTRACT), **more)


async def test_a_cursor_of_another_question_is_refused() -> None:
    page = await of({GOOD: Stand([row("a", GOOD, i) for i in range(5)])}, first=2)
    for other in ({"first": 2}, {"order": BY_TIME, "where": Compare("status", Op.EQ, "x")}):
        with pytest.raises(CursorInvalid):
            question(**other, after=page.end_cursor)
    for broken in (page.end_cursor[:-3], page.end_cursor[:20] + "A" + page.end_cursor[21:], "", "A" * 200_000):
        with pytest.raises(CursorInvalid):
            question(order=BY_TIME, after=broken)


def test_a_scope_lets_its_own_members_nodes_be_asked_and_what_it_cannot_judge_it_does_not() -> None:
    own = Compare("_member", Op.EQ, "33.74")
    assert admits(TRUE, "33.74") and not admits(FALSE, "33.74")
    assert admits(own, "33.74") and not admits(own, "33.01")
    assert admits(AnyOf((own, FALSE)), "33.74") and not admits(Compare("_source", Op.EQ, "x"), "33.74")
    steward = Actor("s", "Sri", frozenset({Role.STEWARD}), "33.74", None, frozenset({"33.74"}))
    assert CONTRACT.classification is Classification.OPEN and scope(steward, CONTRACT).predicate == TRUE


def test_a_node_is_asked_only_for_the_standards_that_it_names() -> None:
    named = node("a", "33.74", "http://127.0.0.1:1", live=("rainfall",))
    assert asked((named,), CONTRACT, None) == ()
    assert asked((node("a", "33.74", "http://127.0.0.1:1"),), CONTRACT, frozenset({"33.01"})) == ()
