"""Each domain's subgraph alone: what its SDL says, how a router reaches it, and how it resolves entities (G25)."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type, is_non_null_type
from sqlalchemy import event

from core import settings
from core.access import Role
from core.contracts import load_contracts
from core.db import make_engine
from core.errors import SettingsInvalid
from gateway.building import owner_of
from gateway.entity_batches import ENTITIES
from gateway.errors import GraphNameTaken
from gateway.federated import SUBGRAPHS, Subgraph, make_subgraphs
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from tests.gateway import factories
from tests.gateway.factories import CITY, REGENCY, Province

SECRET = "s" * 40
#: What only the root of subscriptions leads to, which no router asks for.
TOLD = ("Subscription", "LiveRiverStageAdded")


@pytest.fixture(scope="module")
def federation(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """The seeded province, with doors for routers."""
    home = tmp_path_factory.mktemp("federation")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    made = factories.seed(factories.empty_province(home, engine, subgraph_secret=SECRET, entities_max=3_000))
    yield made
    made.services.duck.close()
    engine.dispose()


@pytest.fixture(scope="module")
def subgraphs() -> dict[str, Subgraph]:
    return make_subgraphs(load_contracts(shipped_contracts()))


async def ask(
    province: Province,
    name: str,
    query: str,
    token: str | None = None,
    *,
    secret: str | None = SECRET,
    **variables: Any,
) -> httpx.Response:
    headers: Any = {} if secret is None else {"X-Subgraph-Secret": secret.encode()}
    async with province.client(token, **headers) as client:
        return await client.post(f"/subgraphs/{name}", json={"query": query, "variables": variables})


async def entities(
    province: Province, name: str, selection: str, given: list[Any], token: str | None = None
) -> dict[str, Any]:
    """The body of an answer to a router's question for entities."""
    query = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ __typename {selection} }} }}"
    body: dict[str, Any] = (await ask(province, name, query, token, r=given)).json()
    return body


@contextmanager
def statements(province: Province) -> Iterator[list[str]]:
    """The statements that the catalogue's database is sent meanwhile, but for transactions' own and tokens'."""
    seen: list[str] = []

    def sent(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT") and "token" not in statement:
            seen.append(statement)

    engine = province.services.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", sent)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", sent)


# what a subgraph says of itself


def test_each_contract_belongs_to_a_subgraph_and_its_rows_stand_there_alone(subgraphs: dict[str, Subgraph]) -> None:
    found = {name: set(graph.object_fields()["Query"]) for name, graph in subgraphs.items()}
    assert {"commodityPrices", "commodityStocks", "warehouses", "commodities"} <= found["logistics"]
    assert {"riverStages", "rainfalls", "floodReports", "gauges"} <= found["flood"]
    assert {"checks", "quarantine", "scores", "findings"} == found["quality"]
    assert {"datasets", "rows", "populations"} <= found["catalog"]
    assert sum(len(fields) for fields in found.values()) == len(set().union(*found.values())), "none stands twice"


def test_the_subgraphs_together_are_the_graph(subgraphs: dict[str, Subgraph]) -> None:
    merged = make_schema(load_contracts(shipped_contracts()))._schema
    wanted = {
        (name, field, str(declared.type))
        for name, kind in merged.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and name not in TOLD
        for field, declared in kind.fields.items()
    }
    found = {
        (name, field, str(graph._schema.type_map[name].fields[field].type))  # type: ignore[attr-defined]  # of object types
        for graph in subgraphs.values()
        for name, fields in graph.object_fields().items()
        for field in fields
    }
    assert found == wanted


@pytest.mark.parametrize("name", SUBGRAPHS)
def test_its_sdl_follows_federation_2_9_and_keeps_the_machinery_out(subgraphs: dict[str, Subgraph], name: str) -> None:
    sdl = subgraphs[name].sdl
    assert sdl.startswith('extend schema @link(url: "https://specs.apollo.dev/federation/v2.9"')
    assert not re.search(r"_entities|_service|_Any|_Entity", sdl)
    assert "type PageInfo @shareable {" in sdl


def test_an_entity_shows_its_key_and_what_the_subgraph_owns(subgraphs: dict[str, Subgraph]) -> None:
    fields = {name: graph.object_fields() for name, graph in subgraphs.items()}
    assert set(fields["quality"]["Dataset"]) == {"id", "checks", "quarantine", "scores"}
    assert not {"checks", "quarantine", "scores"} & set(fields["catalog"]["Dataset"])
    assert fields["flood"]["Region"] == ["code"]
    assert 'type Region @key(fields: "code", resolvable: false)' in subgraphs["flood"].sdl
    assert 'type Region @key(fields: "code") {' in subgraphs["catalog"].sdl
    assert sorted(subgraphs["quality"].entities) == ["Dataset", "Member", "Resource", "Snapshot"]


def test_only_page_facts_provenance_changes_counted_and_groups_of_live_standards_are_shared(
    subgraphs: dict[str, Subgraph],
) -> None:
    shared = {kind for g in subgraphs.values() for kind in re.findall(r"type (\w+) @shareable", g.sdl)}
    live = {f"{kind}Group{part}" for kind in ("CommodityStock", "Rainfall", "RiverStage") for part in ("", "Key")}
    assert shared == {"ChangeTotals", "PageInfo", "Provenance"} | live
    assert not any(re.search(r"\) @shareable|: .* @shareable", graph.sdl) for graph in subgraphs.values())


def test_every_field_of_an_entity_and_of_the_root_has_an_owner(subgraphs: dict[str, Subgraph]) -> None:
    for entity in ENTITIES.values():
        for field in entity.kind.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # strawberry adds it
            assert owner_of(field) in SUBGRAPHS or field.name == "record", f"{entity.kind.__name__}.{field.name}"
    for field in subgraphs["catalog"].query.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # strawberry adds it
        assert owner_of(field) in SUBGRAPHS or field.name.startswith("_")


def test_what_another_subgraph_answers_is_nullable(subgraphs: dict[str, Subgraph]) -> None:
    schema = make_schema(load_contracts(shipped_contracts()))._schema
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__") or name in TOLD:
            continue
        places = {
            field: [n for n, g in subgraphs.items() if field in g.object_fields().get(name, ())]
            for field in kind.fields
        }
        key = ENTITIES[name].key if name in ENTITIES else None
        home = (
            None if key is None else next(n for n, g in subgraphs.items() if len(g.object_fields().get(name, ())) > 1)
        )
        for field, declared in kind.fields.items():
            target = get_named_type(declared.type).name
            foreign = target in ENTITIES and not any(target in subgraphs[n].entities for n in places[field])
            added = key is not None and field != key and home not in places[field]
            if name == "Query" or foreign or added:
                assert not is_non_null_type(declared.type), f"{name}.{field}"


@pytest.mark.parametrize("name", ["dataset", "gauge", "commodity_prices", "page_info", "text"])
def test_a_standard_named_like_something_in_the_graph_is_refused_by_name(name: str) -> None:
    contracts = load_contracts(shipped_contracts())
    contracts[name] = replace(contracts["warehouse"], name=name)
    for made in (make_schema, make_subgraphs):
        with pytest.raises(GraphNameTaken):
            made(contracts)


# the doors


async def test_without_a_secret_in_the_settings_there_are_no_doors(province: Province) -> None:
    assert not [route for route in province.app.routes if "/subgraphs" in str(getattr(route, "path", ""))]
    answer = await ask(province, "catalog", "{ __typename }")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "ROUTE_UNKNOWN")


async def test_with_a_secret_each_subgraph_has_one_door(federation: Province, province: Province) -> None:
    routes = [{(r.path, *sorted(getattr(r, "methods", ()))) for r in p.app.routes} for p in (federation, province)]  # type: ignore[attr-defined]  # all are routes
    assert routes[0] - routes[1] == {(f"/subgraphs/{name}", "POST") for name in SUBGRAPHS}


@pytest.mark.parametrize("secret", [None, "", "s" * 39, "S" * 40, "ü" * 20])
async def test_a_subgraph_answers_only_who_knows_the_secret(federation: Province, secret: str | None) -> None:
    for name in SUBGRAPHS:
        answer = await ask(federation, name, "{ _service { sdl } }", secret=secret)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "SUBGRAPH_REFUSED"
        assert "secret" not in str(answer.json()["errors"][0]["extensions"]["values"]).replace("X-Subgraph-Secret", "")


async def test_a_subgraph_says_its_sdl(federation: Province, subgraphs: dict[str, Subgraph]) -> None:
    for name in SUBGRAPHS:
        answer = await ask(federation, name, "{ _service { sdl } }")
        assert answer.json()["data"] == {"_service": {"sdl": subgraphs[name].sdl}}


async def test_the_public_graph_has_no_entities_and_a_subgraph_no_foreign_fields(federation: Province) -> None:
    body = await federation.ask("{ _entities(representations: []) { __typename } }")
    assert body["errors"][0]["extensions"]["code"] == "QUERY_INVALID"
    answer = await ask(federation, "flood", "{ commodityPrices { nodes { price } } }")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "QUERY_INVALID")


async def test_the_caller_and_not_the_router_decides_what_is_seen(federation: Province) -> None:
    query = "{ checks { nodes { verdict } } }"
    seen = {}
    for who, token in {"public": None, "member": federation.token(Role.COORDINATOR)}.items():
        seen[who] = (await ask(federation, "quality", query, token)).json()["data"]
        assert seen[who] == (await federation.ask(query, token))["data"]
    assert seen["public"] != seen["member"]


# entities


async def test_entities_come_in_the_order_asked_with_null_for_what_is_absent(federation: Province) -> None:
    given = [
        {"__typename": "Region", "code": CITY},
        {"__typename": "Member", "code": "99"},
        {"__typename": "Region", "code": "99.99"},
        {"__typename": "Member", "code": REGENCY},
        {"__typename": "Region", "code": CITY},
        {"__typename": "Snapshot", "seq": 1},
        {"__typename": "Snapshot", "seq": "3"},
    ]
    body = await entities(
        federation, "catalog", "... on Region { code } ... on Member { code } ... on Snapshot { seq }", given
    )
    assert [None if e is None else (e.get("code") or e.get("seq")) for e in body["data"]["_entities"]] == [
        CITY, None, None, REGENCY, CITY, 1, 3,
    ]  # fmt: skip


async def test_gauges_and_commodities_are_resolved_by_their_own_subgraphs(federation: Province) -> None:
    gauge = await entities(
        federation, "flood", "... on Gauge { name }", [{"__typename": "Gauge", "code": "garang_hulu"}]
    )
    assert gauge["data"]["_entities"] == [{"__typename": "Gauge", "name": "Garang Hulu"}]
    good = await entities(
        federation, "logistics", "... on Commodity { unit }", [{"__typename": "Commodity", "code": "cabai_rawit"}]
    )
    assert good["data"]["_entities"] == [{"__typename": "Commodity", "unit": "kg"}]


@pytest.mark.parametrize("number", [1, 2_900])
async def test_one_batch_a_type_whatever_the_size(federation: Province, number: int) -> None:
    token = federation.token(Role.COORDINATOR)
    real = [federation.dataset(CITY, "harga"), federation.dataset(REGENCY, "tma")]
    given = [{"__typename": "Dataset", "id": i} for i in [*real, *(f"{n:032x}" for n in range(number))]]
    given += [
        {"__typename": "Resource", "id": federation.resource(CITY, "harga")},
        {"__typename": "Snapshot", "seq": 1},
    ]
    with statements(federation) as sent:
        body = await entities(federation, "catalog", "... on Dataset { name }", given, token)
    assert [e and e.get("name") for e in body["data"]["_entities"][:3]] == [f"harga-{CITY}", f"tma-{REGENCY}", None]
    assert len(sent) == 3, sent


async def test_what_the_caller_may_not_see_is_absent(federation: Province) -> None:
    given = [
        {"__typename": "Dataset", "id": federation.dataset(REGENCY, "rahasia")},
        {"__typename": "Dataset", "id": "0" * 32},
        {"__typename": "Dataset", "id": federation.dataset(CITY, "harga")},
    ]
    for name in ("catalog", "quality"):
        body = await entities(federation, name, "... on Dataset { id }", given)
        assert [e is not None for e in body["data"]["_entities"]] == [False, False, True]
        assert "errors" not in body
    owner = federation.token(Role.STEWARD, member=REGENCY)
    body = await entities(federation, "quality", "... on Dataset { id }", given, owner)
    assert [e is not None for e in body["data"]["_entities"]] == [True, False, True]


async def test_keys_that_nobody_expected_are_passed_over(federation: Province) -> None:
    given = [{"__typename": "Region", "code": CITY, "name": "x", "self": 1, "info": None, "": [{}]}]
    body = await entities(federation, "catalog", "... on Region { name }", given)
    assert body["data"]["_entities"] == [{"__typename": "Region", "name": "Kota Semarang"}]


async def test_G25_ten_thousand_representations_are_refused_before_anything_is_looked_up(federation: Province) -> None:
    given = [{"__typename": "Dataset", "id": f"{n:032x}"} for n in range(10_000)]
    with statements(federation) as sent:
        body = await entities(federation, "catalog", "... on Dataset { name }", given)
    assert [e["extensions"]["code"] for e in body["errors"]] == ["ENTITIES_TOO_MANY"]
    assert body["data"] is None and not sent


async def test_G25_the_cap_is_a_requests_and_not_a_fields(federation: Province) -> None:
    query = (
        "query ($r: [_Any!]!) { "
        + " ".join(f"e{n}: _entities(representations: $r) {{ __typename }}" for n in range(4))
        + " }"
    )
    body = (await ask(federation, "catalog", query, r=[{"__typename": "Region", "code": CITY}] * 1_000)).json()
    assert {e["extensions"]["code"] for e in body["errors"]} == {"ENTITIES_TOO_MANY"}


@pytest.mark.parametrize(
    "given",
    [
        {"__typename": "Gauge", "code": "garang_hulu"},  # another subgraph's
        {"__typename": "Check", "id": "1"},  # no entity
        {"__typename": "Query"},
        {"__typename": "__Schema"},
        {"__typename": ["Region"], "code": CITY},
        {"code": CITY},
        {"__typename": "Region"},
        {"__typename": "Region", "code": None},
        {"__typename": "Region", "code": {"$ne": ""}},
        {"__typename": "Snapshot", "seq": "1; DROP TABLE"},
        {"__typename": "Snapshot", "seq": 2**70},
        "Region",
        7,
    ],
)
async def test_G25_a_foreign_type_or_a_key_that_is_none_is_denied_with_a_code(federation: Province, given: Any) -> None:
    with statements(federation) as sent:
        body = await entities(federation, "catalog", "", [{"__typename": "Snapshot", "seq": 1}, given])
    assert [e["extensions"]["code"] for e in body["errors"]] == ["ENTITY_REFUSED"]
    assert body["data"] is None and not sent


def test_a_secret_too_short_to_be_one_is_refused_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "lumbung.toml").write_text('subgraph_secret = "terlalu-pendek"\n', encoding="utf-8")
    with pytest.raises(SettingsInvalid) as refused:
        settings.load(tmp_path)
    assert "subgraph_secret" in refused.value.what()
    assert "terlalu-pendek" not in f"{refused.value.what()} {refused.value.as_dict()}"
    assert SECRET not in repr(settings.Settings(home=tmp_path, subgraph_secret=SECRET))
