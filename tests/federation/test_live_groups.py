"""Groups put together from nodes are the groups of all their rows in one table, as the catalogue would give them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import scope
from core.arrow import ARROW
from core.duck import Duck
from core.group_keys import group_keys
from core.naming import ASKABLE, camel
from core.rows import Op, Part, Relation
from core.rows_aggregate import AggregateQuery, GroupOrder, Having, Measure, MeasureOp, compile_aggregate
from core.rows_aggregate import groups as grouped
from core.wire import plain_value
from federation.live.groups import ask_groups, groups
from federation.live.node import LiveLimits, Node
from federation.live.question import relation_of
from federation.live.scatter import Live
from tests.federation.live_nodes import CONTRACT, COORDINATOR, T0, node

ZONE = "Asia/Jakarta"
SEEN = scope(COORDINATOR, CONTRACT)
KEYS = group_keys(CONTRACT, ASKABLE)
COUNT = Measure(MeasureOp.COUNT)


class Files:
    """Rows in a file a node, and all of them as one relation."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.duck, self._number = folder, Duck([folder], size=1, threads=1, memory="200MB"), 0

    def relation(self, rows: Sequence[Mapping[str, Any]], code: str) -> Relation:
        self._number += 1
        path = self.folder / f"{self._number}.parquet"
        columns = {c.name: pa.array([r[c.name] for r in rows], ARROW[c.type]) for c in CONTRACT.columns}
        pq.write_table(pa.table(columns | {"_row": pa.array(range(len(rows)), pa.int64())}), path)
        part = Part(path, 1, code, f"s{code}", "d", f"r{code}", datetime(2026, 1, 1, tzinfo=UTC), "published")
        return replace(relation_of(CONTRACT), parts=(part,))

    def groups(self, query: AggregateQuery) -> Any:
        compiled = compile_aggregate(query)
        return grouped(query, self.duck.select(compiled.sql, compiled.params, deadline=20.0))


class Nearby(Live):
    """Nodes that ask their own file."""

    def __init__(self, files: Files, relations: Mapping[str, Relation]) -> None:
        super().__init__(LiveLimits(total=20.0, node=20.0))
        self.files, self.relations = files, relations

    def client(self, of: Node) -> Any:
        return _Near(self.files, self.relations[of.id])


class _Near:
    def __init__(self, files: Files, relation: Relation) -> None:
        self.files, self.relation = files, relation

    async def ask(self, body: bytes, seconds: float) -> Any:
        """The answer as it comes over the wire."""
        asked = orjson.loads(body)["variables"]
        lists = [asked[name] for name in sorted(asked) if name.startswith("by")]
        made = [self._list(asked, by, () if i else asked["measures"]) for i, by in enumerate(lists)]
        named = {("groups" if i == 0 else f"values{i - 1}"): each for i, each in enumerate(made)}
        return orjson.loads(orjson.dumps(named))

    def _list(self, asked: Mapping[str, Any], by: Sequence[str], measures: Sequence[Mapping[str, str]]) -> Any:
        names = [name.lower() for name in by]
        found = self.files.groups(
            AggregateQuery(
                relation=self.relation, scope=SEEN, first=asked["first"],
                group_by=tuple(KEYS[name].asked(asked.get("zone", "UTC")) for name in names),
                measures=(*(Measure(MeasureOp(m["op"].lower()), m.get("column", "").lower() or None) for m in measures), COUNT),
            )
        )  # fmt: skip
        width = len(names)
        return {
            "groups": [
                {
                    "key": dict(zip(map(camel, names), map(plain_value, row[:width]), strict=True)),
                    "count": row[-1],
                    "values": [*map(plain_value, row[width:-1])],
                }
                for row in found.rows
            ],
            "hasMore": found.more,
        }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    made = Files(tmp_path_factory.mktemp("parts"))
    yield made
    made.duck.close()


cells = st.tuples(
    st.sampled_from(["g1", "g2", "é"]), st.integers(0, 9) | st.sampled_from([1_030, 2_000]),
    st.sampled_from([None, -1.5, 0.0, 2.0, 7.25, 1e9]), st.sampled_from([None, "", "B", "a"]),
)  # fmt: skip
provinces = st.lists(st.lists(cells, max_size=12), min_size=1, max_size=4)
keys = st.lists(
    st.sampled_from(["gauge_code", "region_code", "observed_at_day", "observed_at_month", "region_code_province", "stage_m", "status"]),
    max_size=2, unique=True,
)  # fmt: skip
one_of = {
    "stage_m": ["sum", "avg", "min", "max", "count", "count_distinct", "median"],
    "status": ["min", "max", "count", "count_distinct"],
    "observed_at": ["min", "max", "count_distinct"],
    "region_code": ["count_distinct"],
}
measures = st.lists(
    st.sampled_from([COUNT, *(Measure(MeasureOp(op), column) for column, ops in one_of.items() for op in ops)]),
    max_size=4,
)


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(provinces, keys, measures, st.data())
async def test_groups_of_nodes_are_the_groups_of_all_rows(
    files: Files, drawn: Any, by: list[str], measured: list[Measure], data: st.DataObject
) -> None:
    rows, relations, nodes = [], {}, []
    for i, some in enumerate(drawn):
        code = f"33.0{i + 1}"
        own = [
            {"gauge_code": g, "region_code": code, "observed_at": T0 + timedelta(minutes=m), "stage_m": s, "status": w}
            for g, m, s, w in some
        ]
        rows += own
        nodes.append(node(f"n{i}", code, "http://127.0.0.1:1"))
        relations[f"n{i}"] = files.relation(own, code)
    numbers = [
        i for i, m in enumerate([*measured, COUNT]) if m == COUNT or m.column == "stage_m" or "count" in m.op.value
    ]
    condition = st.builds(
        Having,
        st.sampled_from(numbers),
        st.sampled_from([Op.EQ, Op.NE, Op.LT, Op.GTE]),
        st.sampled_from([0, 1, 2, 0.25]),
    )
    having = tuple(data.draw(st.lists(condition, max_size=2)))
    steps = data.draw(st.lists(st.sampled_from([*range(len(measured) + 1), *by]), max_size=2, unique=True))
    down = data.draw(st.booleans())
    first = data.draw(st.integers(1, 6))
    asked_by = {name: KEYS[name].asked(ZONE) for name in by}
    order = tuple(GroupOrder(asked_by[s] if isinstance(s, str) else s, down) for s in steps)
    wanted = files.groups(
        AggregateQuery(
            relation=files.relation(rows, "33"), scope=SEEN, group_by=tuple(asked_by.values()),
            measures=(*measured, COUNT), having=having, order=order, first=first,
        )
    )  # fmt: skip
    question = ask_groups(
        CONTRACT, SEEN, group_by=tuple(by), measures=tuple(measured), having=having, order=order, first=first, zone=ZONE
    )
    found = await groups(Nearby(files, relations), question, nodes)
    assert [s.error for s in found.nodes] == [None] * len(nodes)
    assert [(*g.key, *g.values, g.count) for g in found.groups] == list(wanted.rows)
    assert found.more == wanted.more
