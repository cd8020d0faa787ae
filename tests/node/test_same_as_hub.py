"""The same rows at the hub and at a node give equal answers to the same operations, whatever is asked."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.db import make_engine
from node.graph import NodeGraph
from tests.gateway.factories import CITY, Province, empty_province, seen
from tests.node import factories
from tests.node.factories import reading

READINGS = [
    reading(gauge, minute, stage, status)
    for gauge, minute, stage, status in (
        ("garang", 0, 1.25, "Siaga 3"), ("garang", 1_450, 1.5, None), ("kreo", 0, -0.125, "siaga"), ("kreo", 10, 1.25, "é"),
        ("kreo", 44_000, 122.831, None), ("plumbon", 10, 2.0, "Siaga 3"), ("plumbon", 600_000, 0.0, None),
    )
]  # fmt: skip
COLUMNS = ["GAUGE_CODE", "REGION_CODE", "OBSERVED_AT", "STAGE_M", "STATUS"]
ROWS = """
query ($where: RiverStageFilter, $order: [RiverStageOrder!], $first: Int!, $after: String) {
  riverStages(where: $where, orderBy: $order, first: $first, after: $after) {
    totalCount nodes { ...of } edges { node { ...of } } pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}
fragment of on RiverStage { __typename kode: gaugeCode regionCode observedAt stageM status @skip(if: false) }
"""
GROUPS = """
query ($where: RiverStageFilter, $by: [RiverStageGroupBy!]!, $measures: [RiverStageMeasure!]!,
       $having: [GroupCondition!], $order: [RiverStageGroupOrder!], $first: Int!) {
  riverStages(where: $where) {
    aggregate(groupBy: $by, measures: $measures, having: $having, orderBy: $order, first: $first) {
      hasMore groups { count values key { gaugeCode regionCode observedAt observedAtDay observedAtMonth observedAtYear
                                          regionCodeProvince stageM status } }
    }
  }
}
"""
NUMBERS = st.sampled_from([-1.0, 0.0, 1.25, 122.831])
WORDS = st.sampled_from(["", "Siaga", "Siaga 3", "kreo", "é", "e"])
MOMENTS = st.sampled_from([r["observedAt"] for r in READINGS] + ["2026-02-22T07:10:00+07:00"])
comparisons = st.one_of(
    st.tuples(st.sampled_from(["gaugeCode", "status"]), st.sampled_from(["eq", "ne", "lt", "gte", "prefix", "contains"]), WORDS),
    st.tuples(st.just("stageM"), st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), NUMBERS),
    st.tuples(st.just("stageM"), st.just("in"), st.lists(NUMBERS, max_size=2)),
    st.tuples(st.just("observedAt"), st.sampled_from(["eq", "lt", "gte"]), MOMENTS),
    st.tuples(st.just("observedAt"), st.just("range"), st.fixed_dictionaries({"from": MOMENTS})),
    st.tuples(st.just("status"), st.just("isNull"), st.booleans()),
    st.tuples(st.just("region"), st.just("kind"), st.sampled_from(["PROVINCE", "REGENCY", "CITY"])),
    st.tuples(st.just("region"), st.just("parent"), st.sampled_from(["33", "34"])),
    st.tuples(st.just("region"), st.just("namePrefix"), st.sampled_from(["kota sem", "Semarang", "x"])),
).map(lambda found: {found[0]: {found[1]: found[2]}})  # fmt: skip
filters = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda parts: {"and": parts}),
        st.lists(inner, max_size=2).map(lambda parts: {"or": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=3,
)
directions = st.sampled_from(["ASC", "DESC"])
#: With gauge and time behind it, so that no row's place depends on where it is stored.
orders = st.tuples(st.sampled_from([*COLUMNS, "REGION_NAME"]), directions).map(
    lambda step: [{"column": c, "direction": step[1]} for c in dict.fromkeys((step[0], "GAUGE_CODE", "OBSERVED_AT"))]
)
keys = st.lists(
    st.sampled_from([*COLUMNS, "OBSERVED_AT_DAY", "OBSERVED_AT_MONTH", "OBSERVED_AT_YEAR", "REGION_CODE_PROVINCE"]),
    max_size=2, unique=True,
)  # fmt: skip
measures = st.lists(
    st.one_of(
        st.fixed_dictionaries({"op": st.sampled_from(["SUM", "AVG", "MIN", "MAX", "MEDIAN"]), "column": st.just("STAGE_M")}),
        st.fixed_dictionaries({"op": st.sampled_from(["COUNT", "COUNT_DISTINCT", "MAX"]), "column": st.sampled_from(COLUMNS)}),
        st.just({"op": "COUNT"}),
    ),
    max_size=3,
)  # fmt: skip


class Both:
    """A hub and a node with the same rows."""

    def __init__(self, hub: Province, node: NodeGraph) -> None:
        self.hub, self.node = hub.ask, factories.asking(node)


@pytest.fixture(scope="module")
def both(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp("hub")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    hub = empty_province(home, engine)
    hub.see(CITY, seen(CITY, "tma", "TMA"))
    rows = [
        {"gauge_code": r["gaugeCode"], "region_code": r["regionCode"], "stage_m": r["stageM"], "status": r["status"],
         "observed_at": datetime.fromisoformat(r["observedAt"])}
        for r in READINGS
    ]  # fmt: skip
    hub.commit(CITY, "tma", rows, hub.services.contracts["river_stage"])
    node = factories.graph_of(factories.folder_of(tmp_path_factory.mktemp("node") / "f", READINGS))
    yield Both(hub, node)
    node.door.close()
    hub.services.duck.close()
    engine.dispose()


def plain(body: Any) -> Any:
    """An answer without what is each one's own: cursors, costs, and the sentences of errors."""
    if isinstance(body, dict):
        if "message" in body:
            return body["extensions"]["code"]
        return {name: plain(value) for name, value in body.items() if name not in ("endCursor", "extensions")}
    return [plain(value) for value in body] if isinstance(body, list) else body


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=filters, order=orders, first=st.integers(1, 5))
async def test_pages_of_rows(both: Both, where: dict[str, Any], order: list[dict[str, str]], first: int) -> None:
    after = [None, None]
    for _ in range(3):
        asked = {"where": where, "order": order, "first": first}
        theirs = await both.hub(ROWS, after=after[0], **asked)
        ours = await both.node(ROWS, after=after[1], **asked)
        assert plain(ours) == plain(theirs)
        after = [body["data"]["riverStages"]["pageInfo"]["endCursor"] for body in (theirs, ours)]
        if not ours["data"]["riverStages"]["pageInfo"]["hasNextPage"]:
            return


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=filters, by=keys, measured=measures, least=st.none() | NUMBERS, down=directions, first=st.integers(1, 9))
async def test_groups_and_what_is_refused_of_them(
    both: Both, where: dict[str, Any], by: list[str], measured: list[dict[str, str]],
    least: float | None, down: str, first: int,
) -> None:  # fmt: skip
    asked = {
        "where": where, "by": by, "measures": measured, "first": first,
        "having": None if least is None else [{"measure": 0, "gte": least}],
        "order": [{"key": key, "direction": down} for key in by],
    }  # fmt: skip
    assert plain(await both.node(GROUPS, **asked)) == plain(await both.hub(GROUPS, **asked))
