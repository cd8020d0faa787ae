"""The node's rows in GraphQL: filters, order and pages as a plain Python model has them; versions, groups, keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.graph import NodeGraph
from tests.node import factories
from tests.node.factories import ROWS, reading

READINGS = [
    reading(gauge, minute, stage, status)
    for gauge, minute, stage, status in (
        ("garang", 0, 1.25, "Siaga 3"), ("garang", 10, 1.5, None), ("garang", 20, -0.125, ""), ("garang", 30, 1.25, "é"),
        ("Garang", 0, 0.0, "Siaga 3"), ("kreo", 0, 122.831, "Siaga 1"), ("kreo", 10, 1.25, None), ("kreo", 50, 2.0, "%"),
        ("plumbon", 10, 1.5, "siaga 3"), ("plumbon", 20, 1.5, None),
    )
]  # fmt: skip
for one in READINGS:
    one["status"] = one["status"] or None
FIELDS = {"gaugeCode": "GAUGE_CODE", "regionCode": "REGION_CODE", "observedAt": "OBSERVED_AT", "stageM": "STAGE_M",
          "status": "STATUS"}  # fmt: skip
HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "prefix": lambda a, b: a.startswith(b),
    "contains": lambda a, b: b in a,
    "range": lambda a, b: b["from"] <= a <= b["to"],
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeGraph]:
    made = factories.graph_of(factories.folder_of(tmp_path_factory.mktemp("node") / "f", READINGS))
    assert made.door.rows.problems == ()
    yield made
    made.door.close()


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(st.sampled_from(sorted(FIELDS)))
    values = st.sampled_from([r[field] for r in READINGS if r[field] is not None])
    ops = [op for op in HOLDS if op not in ("prefix", "contains") or field in ("gaugeCode", "status")]
    op = draw(st.sampled_from([*ops, "isNull"]))
    match op:
        case "isNull":
            value: Any = draw(st.booleans())
        case "in":
            value = draw(st.lists(values, max_size=3))
        case "range":
            value = {"from": draw(values), "to": draw(values)}
        case "prefix" | "contains":
            value = draw(values)[: draw(st.integers(0, 3))]
        case _:
            value = draw(values)
    return {field: {op: value}}


filters = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: {"and": p}),
        st.lists(inner, max_size=3).map(lambda p: {"or": p}),
        inner.map(lambda p: {"not": p}),
    ),
    max_leaves=5,
)
orders = st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True).flatmap(
    lambda names: st.tuples(
        *(st.tuples(st.just(name), st.sampled_from(["ASC", "DESC"])) for name in names),
    )
)


def matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    found = True
    for name, value in where.items():
        if name == "and":
            found &= all(matches(row, inner) for inner in value)
        elif name == "or":
            found &= any(matches(row, inner) for inner in value)
        elif name == "not":
            found &= not matches(row, value)
        else:
            [(op, wanted)] = value.items()
            cell = row[name]
            found &= (cell is None) is wanted if op == "isNull" else cell is not None and HOLDS[op](cell, wanted)
    return found


def in_order(rows: Sequence[Mapping[str, Any]], steps: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]]:
    out = sorted(rows, key=lambda r: (r["gaugeCode"], r["observedAt"]))
    for name, direction in reversed(steps):
        # equal ones keep their order, reversed or not
        there = sorted((r for r in out if r[name] is not None), key=lambda r: r[name], reverse=direction == "DESC")
        out = [*there, *(r for r in out if r[name] is None)]
    return out


async def pages(ask: Callable[..., Any], first: int, **variables: Any) -> tuple[list[Any], int]:
    """All rows, page by page; what pages say of themselves is held to what they hold."""
    rows: list[Any] = []
    after: str | None = None
    while True:
        body = await ask(ROWS, first=first, after=after, **variables)
        assert "errors" not in body, body
        page = body["data"]["riverStages"]
        rows += [edge["node"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] is (after is not None)
        if not info["hasNextPage"]:
            return rows, page["totalCount"]
        assert len(page["edges"]) == first
        after = info["endCursor"]
        assert after == page["edges"][-1]["cursor"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=filters, steps=orders, first=st.integers(1, 12))
async def test_filter_order_and_pages_are_those_of_a_plain_model(
    graph: NodeGraph, where: dict[str, Any], steps: tuple[tuple[str, str], ...], first: int
) -> None:
    order = [{"column": FIELDS[name], "direction": direction} for name, direction in steps]
    found, total = await pages(factories.asking(graph), first, where=where, orderBy=order)
    expected = in_order([r for r in READINGS if matches(r, where)], steps)
    assert found == expected
    assert total == len(expected)


async def test_groups_are_by_value_and_by_day_with_conditions_and_order(graph: NodeGraph) -> None:
    ask = factories.asking(graph)
    body = await ask(
        "{ riverStagesAggregate(groupBy: [OBSERVED_AT_DAY, GAUGE_CODE], measures: [{op: MAX, column: STAGE_M},"
        " {op: COUNT, column: STATUS}], having: [{measure: 0, gt: 1.5}], orderBy: [{measure: 0, direction: DESC}])"
        " { hasMore groups { key { gaugeCode observedAtDay status } count values } } }"
    )
    assert body == {"data": {"riverStagesAggregate": {"hasMore": False, "groups": [
        {"key": {"gaugeCode": "kreo", "observedAtDay": "2026-02-21", "status": None}, "count": 3, "values": [122.831, 2]},
    ]}}}  # fmt: skip
    inside = await ask('{ riverStages(where: {gaugeCode: {eq: "kreo"}}) { aggregate { groups { count values } } } }')
    assert inside == {"data": {"riverStages": {"aggregate": {"groups": [{"count": 3, "values": []}]}}}}


async def test_pages_go_on_in_the_version_they_began_in_while_the_file_is_replaced(tmp_path: Path) -> None:
    root = factories.folder_of(tmp_path / "f", READINGS)
    graph = factories.graph_of(root)
    ask, rows = factories.asking(graph), graph.door.rows
    begun = (await ask(ROWS, first=4))["data"]["riverStages"]
    factories.put(root, [reading("baru", i, 9.0) for i in range(3)])
    rows.look(again=True)
    fresh = (await ask(ROWS))["data"]["riverStages"]
    assert fresh["seq"] > begun["seq"]
    assert [e["node"]["gaugeCode"] for e in fresh["edges"]] == ["baru"] * 3
    rest = (await ask(ROWS, after=begun["pageInfo"]["endCursor"]))["data"]["riverStages"]
    assert [e["node"] for e in (*begun["edges"], *rest["edges"])] == in_order(READINGS, ())
    for i in range(5):  # versions are not kept for ever: the cursor's place is looked for in the newest one then
        factories.put(root, [reading("zeta", i, 1.0)])
        rows.look(again=True)
    late = (await ask(ROWS, after=begun["pageInfo"]["endCursor"]))["data"]["riverStages"]
    assert [e["node"]["gaugeCode"] for e in late["edges"]] == ["zeta"]
    assert len(list(rows.store.glob("*.parquet"))) <= 10
    graph.door.close()


async def test_a_restart_keeps_the_number_of_what_has_not_changed(tmp_path: Path) -> None:
    root = factories.folder_of(tmp_path / "f", READINGS)
    first = factories.graph_of(root)
    begun = (await factories.asking(first)(ROWS, first=3))["data"]["riverStages"]
    first.door.close()
    again = factories.graph_of(root, clock=lambda: factories.NOW.replace(year=2027))
    rest = (await factories.asking(again)(ROWS, after=begun["pageInfo"]["endCursor"]))["data"]["riverStages"]
    assert rest["seq"] == begun["seq"]
    assert len(rest["edges"]) == len(READINGS) - 3
    again.door.close()


ENTITIES = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on RiverStage { stageM } } }"


async def test_entities_are_found_by_their_keys_in_order_whatever_else_a_representation_holds(graph: NodeGraph) -> None:
    keys = [{"__typename": "RiverStage", "gaugeCode": r["gaugeCode"], "observedAt": r["observedAt"], "x": [1]}
            for r in (READINGS[5], READINGS[0], READINGS[5])]  # fmt: skip
    keys.insert(1, keys[0] | {"gaugeCode": "tidak ada"})
    keys.append(keys[0] | {"observedAt": "2026-02-21T07:00:00+07:00"})  # the same moment
    body = await factories.asking(graph)(ENTITIES, of=keys)
    stages = [None if e is None else e["stageM"] for e in body["data"]["_entities"]]
    assert stages == [122.831, None, 1.25, 122.831, 122.831]


@pytest.mark.parametrize(
    ("of", "said"),
    [
        ([{"__typename": "RiverStage", "gaugeCode": "x", "observedAt": "2026-02-21T00:00:00Z"}] * 10_000, "_entities"),
        ([{"__typename": "Region", "code": "33"}], "__typename"),
        ([{"__typename": "Query"}], "__typename"),
        ([7], "__typename"),
        ([{"__typename": "RiverStage", "gaugeCode": "x"}], "gaugeCode"),
        ([{"__typename": "RiverStage", "gaugeCode": "x\x00", "observedAt": "2026-02-21T00:00:00Z"}], "gaugeCode"),
        ([{"__typename": "RiverStage", "gaugeCode": {}, "observedAt": "kemarin"}], "gaugeCode"),
    ],
)
async def test_G25_too_many_representations_and_foreign_types_are_refused(
    graph: NodeGraph, of: list[Any], said: str
) -> None:
    body = await factories.asking(graph)(ENTITIES, of=of)
    assert body["data"] is None
    assert [e["extensions"]["code"] for e in body["errors"]] == ["NODE_QUERY_REFUSED"]
    assert said in body["errors"][0]["message"]


async def test_what_cannot_be_asked_says_so_and_shows_nothing(graph: NodeGraph) -> None:
    ask = factories.asking(graph)
    for variables, code in (
        ({"first": 0}, "PAGE_INVALID"),
        ({"first": -1}, "PAGE_INVALID"),
        ({"first": 1_001}, "PAGE_INVALID"),
        ({"after": "bukan-kursor"}, "CURSOR_INVALID"),
        ({"where": {"stageM": {"eq": None}}}, "FILTER_INVALID"),
        ({"where": {"stageM": {"range": {}}}}, "FILTER_INVALID"),
        ({"orderBy": [{"column": "STATUS"}, {"column": "STATUS"}]}, "FILTER_INVALID"),
    ):
        body = await ask(ROWS, **variables)
        assert [e["extensions"]["code"] for e in body["errors"]] == [code], variables


async def test_rows_are_filtered_by_what_their_region_is(graph: NodeGraph) -> None:
    ask = factories.asking(graph)
    counts = [
        (await ask(ROWS, where={"region": of}))["data"]["riverStages"]["totalCount"]
        for of in ({"kind": "CITY"}, {"kind": "REGENCY"}, {"parent": "33", "namePrefix": "semar"}, {"parent": "34"})
    ]
    assert counts == [len(READINGS), 0, len(READINGS), 0]
    refused = await ask(ROWS, where={"region": {}})
    assert refused["errors"][0]["extensions"]["code"] == "FILTER_INVALID"


async def test_a_node_promises_no_history(graph: NodeGraph) -> None:
    """Its files say nothing of yesterday, so its schema has neither `asOf` nor `diff` (docs/adr/0030)."""
    sdl = (await factories.asking(graph)("{ _service { sdl } }"))["data"]["_service"]["sdl"]
    assert "asOf" not in sdl and "diff" not in sdl


async def test_days_are_those_of_the_zone_that_the_asker_names(graph: NodeGraph) -> None:
    days = """query ($zone: String) { riverStagesAggregate(groupBy: [OBSERVED_AT_DAY], zone: $zone) {
      groups { key { observedAtDay } count } } }"""
    ask = factories.asking(graph)
    found = [
        (await ask(days, zone=zone))["data"]["riverStagesAggregate"]["groups"] for zone in (None, "America/New_York")
    ]
    assert [[g["key"]["observedAtDay"] for g in groups] for groups in found] == [["2026-02-21"], ["2026-02-20"]]
    refused = await ask(days, zone="../etc/passwd")
    assert refused["errors"][0]["extensions"]["code"] == "FILTER_INVALID"
