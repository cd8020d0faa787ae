"""`live` in the graph: the asker's scope, errors beside data, and the catalogue where a node does not answer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.access import Role
from core.region import Regions
from federation.live.node import LiveLimits
from federation.live.scatter import Live
from federation.member import SourceConfig
from federation.registry import Registry
from hub.web import make_app
from tests.federation import live_nodes
from tests.federation.live_nodes import Stand, hangs, row, says, serving
from tests.gateway.factories import CITY, DEMAK, NOW, REGENCY, Province, empty_province, member, seen

#: How long a node that never answers is waited for; the others must have answered by then, also on a busy machine.
HANGING = 2.5
STATUS = "nodesStatus { member node status latencyMs code what age rows dropped owner { name } source { id } }"
ASK = f"""query ($after: String, $first: Int = 10, $regions: [String!], $deadline: Float = 30.0) {{ live {{
  riverStages(regions: $regions, first: $first, after: $after, deadline: $deadline,
              orderBy: [{{column: OBSERVED_AT}}]) {{
    nodes {{ gaugeCode regionCode stageM observedAt node member time stale region {{ name }} gauge {{ name }} }}
    pageInfo {{ hasNextPage endCursor }} {STATUS} }} }} }}"""


def with_node_sources(province: Province, sources: Mapping[str, SourceConfig], **limits: Any) -> Province:
    """The same province, whose members have these nodes."""
    regions = Regions.load()
    known = {code: member(code, regions) for code in (CITY, REGENCY, DEMAK)}
    for code, source in sources.items():
        known[code] = replace(known[code], sources=(*known[code].sources, source))
    live = Live(LiveLimits(total=30.0, node=30.0, **limits))
    services = replace(province.services, registry=Registry(tuple(known.values())), live=live)
    return Province(province.folder, services, make_app(services))


def with_nodes(province: Province, url: str, names: Mapping[str, str], **limits: Any) -> Province:
    """The same province, whose members have nodes of one server."""
    sources = {code: live_nodes.source(name, code, url) for name, code in names.items()}
    return with_node_sources(province, sources, **limits)


async def closed(province: Province) -> None:
    assert province.services.live is not None
    await province.services.live.close()


async def test_nodes_rows_come_merged_with_region_node_and_time(province: Province) -> None:
    stands = {"a": Stand([row("g1", CITY, i) for i in (0, 2, 4)]), "b": Stand([row("g2", DEMAK, i) for i in (1, 3)])}
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "b": DEMAK})
        found = (await made.data(ASK))["live"]["riverStages"]
        await closed(made)
    assert [r["gaugeCode"] for r in found["nodes"]] == ["g1", "g2", "g1", "g2", "g1"]
    first = found["nodes"][0]
    assert (first["node"], first["member"], first["stale"]) == ("a", CITY, False)
    assert first["region"]["name"] == "Kota Semarang" and first["time"] == "2026-03-02T05:00:00Z"
    assert [(s["member"], s["status"], s["rows"], s["code"]) for s in found["nodesStatus"]] == [
        (DEMAK, "LIVE", 2, None),
        (CITY, "LIVE", 3, None),
    ]
    assert found["pageInfo"]["hasNextPage"] is False


async def test_G22_a_node_that_is_down_leaves_partial_data_an_error_with_its_path_and_its_status(
    province: Province,
) -> None:
    stands = {"a": Stand([row("g1", CITY, 0)]), "b": Stand(manner=hangs)}
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "b": DEMAK})
        body = await made.ask(ASK, deadline=HANGING)
        await closed(made)
    found = body["data"]["live"]["riverStages"]
    assert [r["gaugeCode"] for r in found["nodes"]] == ["g1"]
    down = found["nodesStatus"][0]
    assert (down["member"], down["status"], down["code"]) == (DEMAK, "DOWN", "LIVE_SILENT")
    [error] = body["errors"]
    assert error["path"] == ["live", "riverStages"] and error["extensions"]["code"] == "LIVE_SILENT"


async def test_the_last_good_rows_stand_in_with_their_age_and_are_paged_on(province: Province) -> None:
    stands = {"a": Stand([row("g1", CITY, i) for i in (30, 90)]), "r": Stand(manner=says(503))}
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "r": REGENCY})
        after, seen, states = None, [], []
        for _ in range(4):
            body = await made.ask(ASK, first=2, after=after)
            found = body["data"]["live"]["riverStages"]
            seen += [(r["observedAt"], r["member"], r["stale"]) for r in found["nodes"]]
            states.append({s["member"]: (s["status"], s["age"] is not None) for s in found["nodesStatus"]})
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        await closed(made)
    # four stages of the regency on the hour, of the seeded catalogue, and two of the city's node between them
    assert seen == sorted(seen) and len(seen) == 6
    assert [stale for _, code, stale in seen if code == REGENCY] == [True] * 4
    assert states[0] == {REGENCY: ("STALE", True), CITY: ("LIVE", False)}


async def test_groups_are_put_together_from_nodes_and_catalogue(province: Province) -> None:
    stands = {
        "a": Stand([row("g1", CITY, i, stage) for i, stage in enumerate((1.0, 2.0))]),
        "r": Stand(manner=says(503)),
    }
    query = f"""{{ live {{ riverStagesAggregate(groupBy: [REGION_CODE], deadline: 30.0,
        measures: [{{op: AVG, column: STAGE_M}}, {{op: MAX, column: OBSERVED_AT}}]) {{
        groups {{ key {{ regionCode }} count values }} hasMore {STATUS} }} }} }}"""
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "r": REGENCY})
        body = await made.ask(query)
        await closed(made)
    found = body["data"]["live"]["riverStagesAggregate"]
    assert found["groups"] == [
        {"key": {"regionCode": REGENCY}, "count": 4, "values": [1.65, "2026-02-01T03:00:00Z"]},
        {"key": {"regionCode": CITY}, "count": 2, "values": [1.5, "2026-02-01T00:01:00Z"]},
    ]
    assert [s["status"] for s in found["nodesStatus"]] == ["STALE", "LIVE"]


async def test_only_nodes_of_the_regions_asked_for_are_asked(province: Province) -> None:
    stands = {"a": Stand([row("g1", CITY, 0)]), "b": Stand([row("g2", DEMAK, 0)])}
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "b": DEMAK})
        found = (await made.data(ASK, regions=[DEMAK]))["live"]["riverStages"]
        whole = (await made.data(ASK, regions=["33"]))["live"]["riverStages"]
        unknown = await made.ask(ASK, regions=["99.99"])
        await closed(made)
    assert [s["member"] for s in found["nodesStatus"]] == [DEMAK] and len(stands["a"].asked) == 1
    assert stands["b"].asked[0]["variables"]["where"] == {"regionCode": {"in": [DEMAK]}}
    assert len(whole["nodes"]) == 2
    assert unknown["data"]["live"] is None or unknown["data"]["live"]["riverStages"] is None
    assert unknown["errors"][0]["extensions"]["code"] == "REGION_UNKNOWN"


async def test_what_is_masked_is_not_even_asked_for(province: Province) -> None:
    async def stock(stand: Stand, request: Any, body: dict[str, Any]) -> Any:
        return {"data": {"rows": {"edges": [], "pageInfo": {"hasNextPage": False}}}}

    stands = {"a": Stand(manner=stock)}
    query = "{ live { commodityStocks(first: 5) { nodes { warehouse warehouseAddress } } } }"
    hidden = '{ live { commodityStocks(where: {warehouseAddress: {eq: "x"}}) { nodes { warehouse } } } }'
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY})
        await made.data(query)
        refused = await made.ask(hidden)
        await made.data(query, token=made.token(Role.COORDINATOR))
        await closed(made)
    assert ["warehouseAddress" in one["query"] for one in stands["a"].asked] == [False, True]
    assert refused["errors"][0]["extensions"]["code"] == "COLUMN_UNKNOWN"


async def test_what_cannot_be_asked_is_refused_before_any_node_hears_of_it(province: Province) -> None:
    stands = {"a": Stand()}
    field = "{{ live {{ riverStages({}) {{ pageInfo {{ endCursor }} }} }} }}"
    refused = {
        "deadline: 0": "LIVE_DEADLINE_INVALID",
        "first: 0": "PAGE_INVALID",
        'after: "abc"': "CURSOR_INVALID",
        "orderBy: [{column: PROVENANCE_MEMBER}]": "COLUMN_UNKNOWN",
        "orderBy: [{column: REGION_NAME}]": "COLUMN_UNKNOWN",
        'where: {provenance: {member: {eq: "33.74"}}}': "COLUMN_UNKNOWN",
    }
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY})
        for given, code in refused.items():
            body = await made.ask(field.format(given))
            assert [e["extensions"]["code"] for e in body["errors"]] == [code], given
        await closed(made)
    assert stands["a"].asked == []


async def test_plain_selections_take_the_short_way_to_the_same_answer(province: Province) -> None:
    stands = {"a": Stand([row("g1", CITY, i, 0.5 * i, "Siaga 3" if i else None) for i in range(3)])}
    plain = """kode: gaugeCode ...R __typename stageM @skip(if: false) status @include(if: false) time stale node"""
    query = """{{ live {{ a: riverStages {{ nodes {{ {} }} hal: pageInfo {{ hasNextPage }} nodesStatus {{ m: member status
      code age rows dropped node __typename {} }} }} }} }} fragment R on LiveRiverStage {{ regionCode observedAt }}"""
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY})
        short = (await made.data(query.format(plain, "")))["live"]["a"]
        long = (await made.data(query.format(f"{plain} region {{ code }}", "owner { code }")))["live"]["a"]
        await closed(made)
    assert [r.pop("region") for r in long["nodes"]] == [{"code": CITY}] * 3
    assert [s.pop("owner") for s in long["nodesStatus"]] == [{"code": CITY}]
    assert short == long and list(short["nodes"][0]) == list(long["nodes"][0])


async def test_the_last_good_rows_are_there_in_time_for_a_node_that_never_answers(province: Province) -> None:
    stands = {"a": Stand([row("g1", CITY, 30)]), "r": Stand(manner=hangs)}
    async with serving(stands) as url:
        made = with_nodes(province, url, {"a": CITY, "r": REGENCY})
        body = await made.ask(ASK, deadline=HANGING)
        await closed(made)
    found = body["data"]["live"]["riverStages"]
    assert [s["status"] for s in found["nodesStatus"]] == ["STALE", "LIVE"] and len(found["nodes"]) == 5
    assert [e["extensions"]["code"] for e in body["errors"]] == ["LIVE_SILENT"]


def with_two_nodes(folder: Path, engine: Engine, url: str) -> Province:
    """Demak's two nodes, each harvested too, beside a portal of its own; all three are in the catalogue."""
    made = empty_province(folder, engine)
    contract = made.services.contracts["river_stage"]
    for hours, (source, gauge) in enumerate((("hulu", "gh"), ("hilir", "gl"), (None, "gp"))):
        made.see(DEMAK, seen(DEMAK, gauge, "Tinggi muka air"), source=source)
        at = [live_nodes.T0 + timedelta(minutes=i) for i in range(3)]
        rows = [
            {"gauge_code": gauge, "region_code": DEMAK, "observed_at": m, "stage_m": 2.0, "status": None} for m in at
        ]
        made.commit(DEMAK, gauge, rows, contract, source=source, now=NOW - timedelta(hours=hours))
    demak = member(DEMAK, Regions.load())
    nodes = tuple(live_nodes.source(name, DEMAK, url) for name in ("hulu", "hilir"))
    registry = Registry((replace(demak, sources=(*demak.sources, *nodes)),))
    services = replace(made.services, registry=registry, live=Live(LiveLimits(total=30.0, node=30.0)))
    return Province(made.folder, services, make_app(services))


@pytest.mark.parametrize("whole", [False, True])
async def test_of_a_members_several_nodes_each_has_its_own_sources_last_good_rows(
    sqlite_engine: Engine, tmp_path: Path, whole: bool
) -> None:
    """What the sister gives is never there twice, and a portal's rows stand in for neither."""
    stands = {"hulu": Stand([row("gh", DEMAK, i, 3.0) for i in range(4)]), "hilir": Stand(manner=says(503))}
    if whole:
        stands["hulu"].manner = says(503)
    counted = "groups { key { gaugeCode } count } nodesStatus { node status age rows }"
    async with serving(stands) as url:
        made = with_two_nodes(tmp_path / "home", sqlite_engine, url)
        after, rows, states = None, [], []
        for _ in range(5):
            found = (await made.ask(ASK, first=2, after=after))["data"]["live"]["riverStages"]
            rows += [(r["observedAt"], r["gaugeCode"], r["node"], r["stale"]) for r in found["nodes"]]
            states.append({s["node"]: (s["status"], s["age"]) for s in found["nodesStatus"]})
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break
        grouped = (await made.ask(f"{{ live {{ riverStagesAggregate(groupBy: [GAUGE_CODE]) {{ {counted} }} }} }}"))[
            "data"
        ]["live"]["riverStagesAggregate"]
        await closed(made)
    made.services.duck.close()
    wanted = [(at, "gl", "hilir", True) for at in range(3)] + [
        (at, "gh", "hulu", whole) for at in range(3 if whole else 4)
    ]
    assert [(r[0], *r[1:]) for r in rows] == sorted((row("", "", w[0])["observedAt"], *w[1:]) for w in wanted)
    assert states[0]["hilir"] == ("STALE", 3900.0) and states[0]["hulu"] == (
        ("STALE", 300.0) if whole else ("LIVE", None)
    )
    assert [(g["key"]["gaugeCode"], g["count"]) for g in grouped["groups"]] == [("gh", 3 if whole else 4), ("gl", 3)]
    assert {s["node"]: (s["status"], s["age"]) for s in grouped["nodesStatus"]} == states[0]
    assert {s["node"]: s["rows"] for s in grouped["nodesStatus"]} == {"hulu": 3 if whole else 4, "hilir": 3}


async def test_without_nodes_the_answer_is_empty(province: Province) -> None:
    made = with_nodes(province, "", {})
    found = (await made.data(ASK))["live"]["riverStages"]
    assert found["nodes"] == [] and found["nodesStatus"] == [] and not found["pageInfo"]["hasNextPage"]
