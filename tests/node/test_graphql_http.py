"""The node's GraphQL door over real HTTP: tokens, what is closed, refused forms, documents that would cost too much."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, build_schema, print_type

from node.documents import LIMITS, MAX_BODY
from node.errors import NodeMetadataInvalid
from node.serve import running
from node.tokens import FILE, Tokens
from tests.node import factories
from tests.node.factories import NOW, OFFER, ROWS, reading

HOUSES = """
[[graphql]]
contract = "warehouse"
file = "gudang.csv"
"""
READINGS = [reading("garang", i, i / 8) for i in range(20)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factories.folder_of(tmp_path_factory.mktemp("node") / "f", READINGS, toml=OFFER + "open = true\n" + HOUSES)


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[httpx.Client]:
    with running([factories.spec(root)]) as urls, httpx.Client(base_url=urls[0], timeout=10) as client:
        yield client


def ask(client: httpx.Client, query: str, token: str | None = None, **variables: Any) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


def code(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


# --- who may ask what --------------------------------------------------------------------------------------


def test_without_a_token_only_what_is_opened_is_there_at_all(client: httpx.Client, root: Path) -> None:
    assert len(ask(client, ROWS).json()["data"]["riverStages"]["edges"]) == 20
    closed = ask(client, "{ warehouses { nodes { name } } }")
    absent = ask(client, "{ tidakAda { nodes { name } } }")
    assert (closed.status_code, code(closed)) == (absent.status_code, code(absent)) == (400, "NODE_QUERY_REFUSED")
    assert "Warehouse" not in ask(client, "{ _service { sdl } }").text
    secret = Tokens(root).issue("hub", now=NOW)
    assert "type Warehouse " in ask(client, "{ _service { sdl } }", secret).json()["data"]["_service"]["sdl"]


def test_a_token_is_shown_once_kept_hashed_and_counts_until_it_ends_or_is_revoked(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    secret = tokens.issue("hub", now=NOW, expires=NOW + timedelta(days=1))
    written = (tmp_path / FILE).read_text()
    assert secret not in written
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
    later = Tokens(tmp_path)
    assert later.actor(secret, NOW).name == "hub"
    for moment in (NOW + timedelta(days=1), NOW + timedelta(days=400)):
        with pytest.raises(Exception, match="TOKEN_INVALID"):
            later.actor(secret, moment)
    for wrong in (secret[:-1], secret + "x", "", "lmb_" + "a" * 5_000):
        with pytest.raises(Exception, match="TOKEN_INVALID"):
            later.actor(wrong, NOW)
    [known] = later.all()
    later.revoke(known.id)
    with pytest.raises(Exception, match="TOKEN_INVALID"):
        tokens.actor(secret, NOW)
    with pytest.raises(Exception, match="NODE_TOKEN_UNKNOWN"):
        later.revoke(known.id)
    (tmp_path / FILE).write_text("{rusak")
    assert Tokens(tmp_path).all() == ()


@pytest.mark.parametrize("header", ["Bearer salah", "Basic YTpi", "Bearer", "lmb_x"])
def test_a_wrong_token_is_not_taken_for_none(client: httpx.Client, header: str) -> None:
    answer = client.post("/graphql", json={"query": "{ _service { sdl } }"}, headers={"Authorization": header})
    assert (answer.status_code, code(answer)) == (401, "TOKEN_INVALID")
    assert answer.headers["www-authenticate"] == "Bearer"


PERMITS = """
[[graphql]]
contract = "permit"
file = "izin.csv"
open = true
"""
PERMIT = "region_code,permit_kind,permit_number,applied_on,status,district,location,applicant_name\n"
PERMIT += "33.74,pbg,B-1,2026-01-05,terbit,Tembalang,Jl. Rahasia 1,Bu Rahasia\n"


async def test_closed_columns_are_empty_and_unknown_to_filters_and_groups_whoever_asks_for_them(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text(PERMITS)
    (tmp_path / "izin.csv").write_text(PERMIT)
    graph = factories.graph_of(tmp_path)
    tokens = graph.door.tokens
    for secret, location in ((None, None), (tokens.issue("hub", now=NOW), "Jl. Rahasia 1")):
        run = factories.asking(graph, graph.door.actor(secret))
        found = (await run("{ permits { nodes { permitNumber location applicantName } } }"))["data"]["permits"]["nodes"]
        assert found == [{"permitNumber": "B-1", "location": location, "applicantName": None}]
        for query in (
            '{ permits(where: {applicantName: {prefix: "Bu"}}) { totalCount } }',
            "{ permits(orderBy: [{column: APPLICANT_NAME}]) { totalCount } }",
            "{ permitsAggregate(groupBy: [APPLICANT_NAME]) { groups { count } } }",
            "{ permitsAggregate(measures: [{op: MAX, column: APPLICANT_NAME}]) { groups { values } } }",
        ):
            body = await run(query)
            assert [e["extensions"]["code"] for e in body["errors"]] == ["COLUMN_UNKNOWN"], query
            assert "Rahasia" not in json.dumps(body)
    graph.door.close()


def test_a_standard_whose_small_counts_are_hidden_is_not_offered(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text('[[graphql]]\ncontract = "maternal_health"\nfile = "ibu.csv"\n')
    with pytest.raises(NodeMetadataInvalid):
        factories.graph_of(tmp_path)


def test_nothing_is_there_without_an_offer_and_a_broken_one_is_told_where_health_is(tmp_path: Path) -> None:
    for name, toml in (("kosong", ""), ("salah", OFFER.replace("river_stage", "tinggi_air"))):
        folder = factories.folder_of(tmp_path / name, READINGS[:1], toml=toml)
        with running([factories.spec(folder)]) as [url]:
            answer = httpx.post(f"{url}/graphql", json={"query": "{ __typename }"})
            health = httpx.get(f"{url}/health/ready").json()
            assert answer.status_code == (503 if toml else 404)
            assert [p["code"] for p in health["problems"]] == (["NODE_METADATA_INVALID"] if toml else [])
            assert httpx.get(f"{url}/api/3/action/package_list").json()["result"] == ["tma"]


def test_health_tells_of_closed_offers_to_tokens_only(tmp_path: Path) -> None:
    root = factories.folder_of(tmp_path / "f", READINGS[:1], toml=OFFER + "open = true\n" + HOUSES)
    with running([factories.spec(root)]) as urls, httpx.Client(base_url=urls[0], timeout=10) as client:
        seen = client.get("/health/ready").json()
        assert (list(seen["graphql"]), seen["problems"]) == (["river_stage"], [])
        (root / "gudang.csv").write_text("nama rahasia\n")
        assert "gudang" not in client.get("/health/ready").text.replace('"files"', "")
        secret = Tokens(root).issue("hub", now=NOW)
        known = {"Authorization": f"Bearer {secret}"}
        while not (told := client.get("/health/ready", headers=known).json())["problems"]:
            pass  # until the next look
        assert list(told["graphql"]) == ["river_stage", "warehouse"]
        assert [p["code"] for p in told["problems"]] == ["NODE_COLUMNS_MISSING"]
        assert client.get("/health/ready").json()["problems"] == []


def test_the_portal_shows_neither_tokens_nor_the_stored_rows(client: httpx.Client, root: Path) -> None:
    ask(client, ROWS)
    assert (root / ".lumbung-node-rows").is_dir()
    assert client.get("/api/3/action/package_list").json()["result"] == ["tma"]
    shown = client.get("/api/3/action/package_search").text
    assert "lumbung-node" not in shown


# --- one language ------------------------------------------------------------------------------------------


def test_types_are_named_and_shaped_as_in_the_hubs_graph(client: httpx.Client) -> None:
    hub = build_schema(Path("graphql/schema.graphql").read_text())
    sdl = ask(client, "{ _service { sdl } }").json()["data"]["_service"]["sdl"]
    assert 'type RiverStage @key(fields: "gaugeCode observedAt")' in sdl
    assert "federation/v2.9" in sdl
    assert "_entities" not in sdl
    plain = sdl.partition("\n\n")[2].replace("@shareable", "").replace('@key(fields: "gaugeCode observedAt")', "")
    node = build_schema(plain)
    compared = 0
    for name, kind in node.type_map.items():
        theirs = hub.type_map.get(name)
        if name.startswith("__") or name in ("Query", "Subscription"):
            continue
        assert theirs is not None, name
        assert type(kind) is type(theirs), name
        if isinstance(kind, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            assert list(kind.values) == list(theirs.values), name
        elif isinstance(kind, GraphQLInputObjectType | GraphQLObjectType):
            assert isinstance(theirs, GraphQLInputObjectType | GraphQLObjectType)
            for field, own in kind.fields.items():
                assert str(own.type) == str(theirs.fields[field].type), f"{name}.{field}"
                if isinstance(kind, GraphQLObjectType) and isinstance(theirs, GraphQLObjectType):
                    args = {key: str(arg.type) for key, arg in kind.fields[field].args.items()}
                    assert args == {k: str(a.type) for k, a in theirs.fields[field].args.items()}, print_type(kind)
        compared += 1
    assert compared > 20


# --- what is refused ---------------------------------------------------------------------------------------


def test_G09_G14_only_one_json_request_by_post_is_read(client: httpx.Client) -> None:
    query = {"query": "{ _service { sdl } }"}
    json_type = {"Content-Type": "application/json"}
    assert client.get("/graphql", params=query).status_code == 405
    refused = [
        client.post("/graphql", json=[query, query]),
        client.post("/graphql", data=query),
        client.post("/graphql", files={"operations": b"{}"}),
        client.post("/graphql", content=b"{ a }", headers={"Content-Type": "application/graphql"}),
        client.post("/graphql", content=gzip.compress(json.dumps(query).encode()),
                    headers=json_type | {"Content-Encoding": "gzip"}),
        client.post("/graphql", content=b'{"query": "\xff"}', headers=json_type),
        client.post("/graphql", content=b'{"query": ', headers=json_type),
        client.post("/graphql", json={"query": " "}),
        client.post("/graphql", json={"query": "{ a }", "variables": []}),
        client.post("/graphql", content=b" " * (MAX_BODY + 1), headers=json_type),
        client.post("/graphql", content=b'{"query": "{ a }", "variables": ' + b"[" * 100_000, headers=json_type),
    ]  # fmt: skip
    assert [(a.status_code, code(a)) for a in refused] == [(400, "NODE_QUERY_REFUSED")] * len(refused)


FAN = "query { ...f0 } " + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(30))
COSTLY = {
    "G02 depth": "{ riverStages " + "{ a " * 2_000 + "}" * 2_000 + "}",
    "G01 depth": "{ riverStages { nodes { " + "... on RiverStage { " * 30 + "stageM" + " }" * 34,
    "G03 aliases": "{ " + " ".join(f"a{i}: riverStages {{ seq }}" for i in range(1_000)) + " }",
    "G04 fields": "{ riverStages { nodes { " + "stageM " * (LIMITS.fields + 1) + "} } }",
    "G05 directives": "{ riverStages { seq " + "@skip(if: false) " * 500 + "} }",
    "G07 circle": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "G08 fan": FAN + " fragment f30 on Query { riverStages { seq } }",
    "G16 unnamed": "query a { __typename } query b { __typename }",
    "roots": "{ " + " ".join(f"a{i}: riverStages {{ seq }}" for i in range(11)) + " }",
    "roots in a fragment": "{ ...r } fragment r on Query { "
    + " ".join(f"a{i}: riverStages {{ seq }}" for i in range(11)) + " }",
    "introspection": "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    "syntax": "{ riverStages { ",
    "subscription": "subscription { riverStageAdded { stageM } }",
    "mutation": "mutation { x }",
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_costly_documents_are_refused_before_anything_is_computed(client: httpx.Client, name: str) -> None:
    answer = ask(client, COSTLY[name])
    assert (answer.status_code, code(answer)) == (400, "NODE_QUERY_REFUSED"), answer.text
    assert answer.elapsed.total_seconds() < 2
    assert "Did you mean" not in answer.text


def test_G10_variables_nested_without_end_are_refused(client: httpx.Client) -> None:
    deep: dict[str, Any] = {"stageM": {"gt": 0}}
    for _ in range(400):
        deep = {"not": deep}
    answer = ask(client, ROWS, where=deep)
    assert answer.json()["errors"]
    many = ask(client, ROWS, where={"or": [{"stageM": {"gt": 0}}] * 3_000})
    assert code(many) == "FILTER_INVALID"


def test_G18_what_is_unforeseen_is_masked_under_a_number(client: httpx.Client, root: Path) -> None:
    store = root / ".lumbung-node-rows"
    moved = [path.rename(path.with_suffix(".lost")) for path in store.glob("*.parquet")]
    try:
        answer = ask(client, ROWS)
    finally:
        for path in moved:
            path.rename(path.with_suffix(".parquet"))
    error = answer.json()["errors"][0]
    assert error["extensions"]["code"] in ("SNAPSHOT_UNREADABLE", "NODE_INTERNAL")
    assert error["path"] == ["riverStages"]
    assert str(store) not in answer.text
    assert "parquet" not in answer.text


def test_introspection_can_be_shut(tmp_path: Path) -> None:
    folder = factories.folder_of(tmp_path / "f", READINGS[:1], toml="introspection = false\n" + OFFER + "open = true\n")
    with running([factories.spec(folder)]) as [url], httpx.Client(base_url=url) as client:
        assert code(ask(client, "{ __schema { queryType { name } } }")) == "NODE_QUERY_REFUSED"
        assert ask(client, "{ riverStages { totalCount } }").json()["data"]["riverStages"]["totalCount"] == 1
