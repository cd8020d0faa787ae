"""Hub and real nodes speak one language: rows, pages, groups and tokens over HTTP, through to the files of a regency."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.naming import camel
from federation.member import SourceConfig
from node.serve import running
from node.tokens import Tokens
from tests.federation import live_nodes
from tests.gateway.factories import CITY, DEMAK, NOW, Province, empty_province, seen
from tests.gateway.test_live import closed, with_node_sources
from tests.node import factories as node_factories

PAGE = """query ($after: String) { live { riverStages(first: 7, after: $after, orderBy: [{column: OBSERVED_AT, direction: DESC}],
  where: {stageM: {gte: 0.5}, or: [{status: {isNull: true}}, {status: {in: ["Siaga 3"]}}]}) {
  nodes { gaugeCode regionCode observedAt stageM status member stale }
  pageInfo { hasNextPage endCursor } nodesStatus { member status code what } } } }"""
GROUPS = """{ live { riverStagesAggregate(groupBy: [REGION_CODE, GAUGE_CODE], measures: [{op: AVG, column: STAGE_M},
  {op: MIN, column: OBSERVED_AT}, {op: COUNT, column: STATUS}]) {
  groups { key { regionCode gaugeCode } count values } hasMore nodesStatus { member status code what } } } }"""

COLUMNS = ("gauge_code", "region_code", "observed_at", "stage_m", "status")
GROUP = "groups { key { regionCode gaugeCode observedAtDay status region { name } } count values } hasMore"
SAME = (
    "groupBy: [STATUS], measures: [{op: COUNT_DISTINCT, column: REGION_CODE}, {op: MEDIAN, column: STAGE_M}]",
    "groupBy: [OBSERVED_AT_DAY], measures: [{op: AVG, column: STAGE_M}], orderBy: [{measure: 0, direction: DESC}]",
    "groupBy: [REGION_CODE, GAUGE_CODE], measures: [{op: MAX, column: STAGE_M}], having: [{measure: 0, gte: 2.6}]",
    "groupBy: [REGION_CODE, GAUGE_CODE], first: 2, orderBy: [{key: GAUGE_CODE, direction: DESC}]",
    "measures: [{op: COUNT_DISTINCT, column: OBSERVED_AT}, {op: COUNT}, {op: SUM, column: STAGE_M}]",
)


def readings(code: str, begin: int) -> list[dict[str, Any]]:
    rows = [
        node_factories.reading(f"pos{i % 2}", begin + i * 10, 0.25 * i, None if i % 3 else "Siaga 3") for i in range(12)
    ]
    return [r | {"regionCode": code} for r in rows]


@contextmanager
def nodes(
    folder: Path, rows: Mapping[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, SourceConfig]]:
    """Real nodes with these rows, by member, each with a token of its own."""
    specs = []
    for code, some in rows.items():
        (folder / code).mkdir()
        offer = node_factories.OFFER.replace(node_factories.MEMBER, code)
        made = node_factories.folder_of(folder / code, some, toml=offer)
        monkeypatch.setenv(f"TOKEN_{code.replace('.', '_')}", Tokens(made).issue("hub", now=NOW))
        specs.append(node_factories.spec(made))
    with running(specs) as urls:
        found = {}
        for code, url in zip(rows, urls, strict=True):
            named = live_nodes.source("x", code, url, token_env=f"TOKEN_{code.replace('.', '_')}")
            found[code] = replace(named, id=f"simpul-{code}", url=url)
        yield found


async def test_what_real_nodes_answer_is_what_their_files_say(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {code: readings(code, begin) for code, begin in ((CITY, 0), (DEMAK, 5))}
    with nodes(tmp_path, rows, monkeypatch) as sources:
        made = with_node_sources(province, sources)
        after, told = None, []
        for _ in range(6):
            found = (await made.data(PAGE, after=after))["live"]["riverStages"]
            assert [s["status"] for s in found["nodesStatus"]] == ["LIVE", "LIVE"]
            told += found["nodes"]
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        grouped = (await made.data(GROUPS))["live"]["riverStagesAggregate"]
        await closed(made)
    wanted = [r for some in rows.values() for r in some if r["stageM"] >= 0.5]
    wanted.sort(key=lambda r: r["observedAt"], reverse=True)
    assert [{k: r[k] for k in wanted[0]} for r in told] == wanted
    assert {r["member"] for r in told} == {CITY, DEMAK} and not any(r["stale"] for r in told)
    assert [(g["key"]["regionCode"], g["key"]["gaugeCode"], g["count"]) for g in grouped["groups"]] == [
        (DEMAK, "pos0", 6), (DEMAK, "pos1", 6), (CITY, "pos0", 6), (CITY, "pos1", 6),
    ]  # fmt: skip
    assert grouped["groups"][0]["values"] == [1.25, "2026-02-21T00:05:00Z", 2]


async def test_groups_of_real_nodes_are_the_hubs_own_of_the_same_rows(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked with the same arguments, answered in the same form."""
    rows = {code: readings(code, begin) for code, begin in ((CITY, 1_000), (DEMAK, 1_015))}
    hub = empty_province(tmp_path / "home", sqlite_engine)
    for code, some in rows.items():
        hub.see(code, seen(code, "tma", "TMA"))
        own = [{c: r[camel(c)] for c in COLUMNS} for r in some]
        own = [r | {"observed_at": datetime.fromisoformat(r["observed_at"])} for r in own]
        hub.commit(code, "tma", own, hub.services.contracts["river_stage"])
    with nodes(tmp_path, rows, monkeypatch) as sources:
        made = with_node_sources(hub, sources)
        for asked in SAME:
            live = (await made.data(f"{{ live {{ found: riverStagesAggregate({asked}) {{ {GROUP} }} }} }}"))["live"][
                "found"
            ]
            held = (await made.data(f"{{ riverStages {{ found: aggregate({asked}) {{ {GROUP} }} }} }}"))["riverStages"][
                "found"
            ]
            assert live == held and live["groups"], asked
        await closed(made)
    hub.services.duck.close()
