"""Hub and real nodes speak one language: rows, pages, groups and tokens over HTTP, through to the files of a regency."""

from pathlib import Path
from typing import Any

import pytest

from federation.member import SourceConfig
from node.serve import running
from node.tokens import Tokens
from tests.federation import live_nodes
from tests.gateway.factories import CITY, DEMAK, NOW, Province
from tests.gateway.test_live import closed, with_node_sources
from tests.node import factories as node_factories

PAGE = """query ($after: String) { live { riverStages(first: 7, after: $after, orderBy: [{column: OBSERVED_AT, direction: DESC}],
  where: {stageM: {gte: 0.5}, or: [{status: {isNull: true}}, {status: {in: ["Siaga 3"]}}]}) {
  nodes { gaugeCode regionCode observedAt stageM status member stale }
  pageInfo { hasNextPage endCursor } nodesStatus { member status code what } } } }"""
GROUPS = """{ live { riverStagesAggregate(groupBy: [REGION_CODE, GAUGE_CODE], measures: [{op: AVG, column: STAGE_M},
  {op: MIN, column: OBSERVED_AT}, {op: COUNT, column: STATUS}]) {
  groups { key { regionCode gaugeCode } count values } hasMore nodesStatus { member status code what } } } }"""


def readings(code: str, begin: int) -> list[dict[str, Any]]:
    rows = [
        node_factories.reading(f"pos{i % 2}", begin + i * 10, 0.25 * i, None if i % 3 else "Siaga 3") for i in range(12)
    ]
    return [r | {"regionCode": code} for r in rows]


async def test_what_real_nodes_answer_is_what_their_files_say(
    province: Province, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {code: readings(code, begin) for code, begin in ((CITY, 0), (DEMAK, 5))}
    specs = []
    for code, some in rows.items():
        (tmp_path / code).mkdir()
        offer = node_factories.OFFER.replace(node_factories.MEMBER, code)
        folder = node_factories.folder_of(tmp_path / code, some, toml=offer)
        monkeypatch.setenv(f"TOKEN_{code.replace('.', '_')}", Tokens(folder).issue("hub", now=NOW))
        specs.append(node_factories.spec(folder))
    with running(specs) as urls:
        sources: dict[str, SourceConfig] = {}
        for code, url in zip(rows, urls, strict=True):
            named = live_nodes.source("x", code, url, token_env=f"TOKEN_{code.replace('.', '_')}")
            sources[code] = SourceConfig(
                f"simpul-{code}", named.kind, url, code, allow=named.allow, token_env=named.token_env
            )
        made = with_node_sources(province, sources)
        after, seen = None, []
        for _ in range(6):
            found = (await made.data(PAGE, after=after))["live"]["riverStages"]
            assert [s["status"] for s in found["nodesStatus"]] == ["LIVE", "LIVE"]
            seen += found["nodes"]
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        grouped = (await made.data(GROUPS))["live"]["riverStagesAggregate"]
        await closed(made)
    wanted = [r for some in rows.values() for r in some if r["stageM"] >= 0.5]
    wanted.sort(key=lambda r: r["observedAt"], reverse=True)
    assert [{k: r[k] for k in wanted[0]} for r in seen] == wanted
    assert {r["member"] for r in seen} == {CITY, DEMAK} and not any(r["stale"] for r in seen)
    assert [(g["key"]["regionCode"], g["key"]["gaugeCode"], g["count"]) for g in grouped["groups"]] == [
        (DEMAK, "pos0", 6), (DEMAK, "pos1", 6), (CITY, "pos0", 6), (CITY, "pos1", 6),
    ]  # fmt: skip
    assert grouped["groups"][0]["values"] == [1.25, "2026-02-21T00:05:00Z", 2]
