"""Every door passes an actor's scope: all routes and all root fields are enumerated here, so a new one must be added.

Each root field is asked for everything that can be reached from it, as the public, as another member, and as the
owner; what an actor may not see must not stand anywhere in the answer, and asking for it by id answers exactly as
asking for what is absent.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
)
from sqlalchemy import Engine

from core.access import ANONYMOUS, Actor, Role
from core.naming import camel, plural
from gateway.context import Context
from gateway.execution import Request, run
from gateway.offload import Deadline, Offload
from gateway.schema import make_schema
from tests.gateway import factories
from tests.gateway.factories import CITY, DEMAK, REGENCY, SECRET_CELL, Province

#: Each route with what keeps it: a door that asks for an actor, or a reason why nothing can be seen there.
ROUTES = {
    ("/", "GET"): "names the service only",
    ("/graphql", "GET"): "actor of the bearer token, scope in every query",
    ("/graphql", "POST"): "actor of the bearer token, scope in every query",
    (
        "/graphql",
        "WEBSOCKET",
    ): "actor of the bearer token, proved again for every event; tests/gateway/test_subscriptions.py",
    ("/graphql/tanya", "GET"): "a page without data; it asks /graphql as any client",
    ("/graphql/tanya/page.js", "GET"): "part of the page",
    ("/graphql/tanya/page.css", "GET"): "part of the page",
    ("/graphql/tanya/schema.json", "GET"): "the schema, which has no data, where introspection is allowed",
    ("/graphql/tanya/examples.json", "GET"): "the shipped and registered documents",
    ("/health/live", "GET"): "says that it lives",
    ("/health/ready", "GET"): "says which part is not ready",
    ("/export/{file}", "GET"): "actor of the bearer token, scope in the query; tests/gateway/test_export.py",
    ("/tanya", "GET"): "questions and lists of the province, which are open; a token that came must hold",
    ("/tanya/{name}", "GET"): "actor of the bearer token, scope in every query; tests/gateway/test_questions.py",
    ("/inbox/{member}", "GET"): "signature of a key of that member; tests/hub/test_inbox.py",
    ("/inbox/{member}/manifest", "PUT"): "signature of a key of that member",
    ("/inbox/{member}/files/{sha256}", "GET"): "signature of a key of that member",
    ("/inbox/{member}/files/{sha256}", "PUT"): "signature of a key of that member",
}
#: Each root field with the arguments that it needs to be asked.
FIELDS: dict[str, str] = {
    "regions": "(first: 3)",
    "region": '(code: "33.22")',
    "members": "",
    "member": '(code: "33.22")',
    "sources": "",
    "source": '(id: "portal-33.22")',
    "runs": "",
    "datasets": "",
    "dataset": "(id: $dataset)",
    "resource": "(id: $resource)",
    "snapshot": "(seq: $seq)",
    "checks": "",
    "quarantine": "",
    "scores": "",
    "findings": "(states: [OPEN, ACCEPTED, CLOSED])",
    "rows": "(dataset: $dataset)",
    "live": "",
    "gauges": "",
    "gauge": '(code: "garang_hulu")',
    "commodities": "",
    "commodity": '(code: "cabai_rawit")',
    # every data standard has the same door, made by gateway/typed.py
    **{camel(plural(name)): "" for name in factories.load_contracts(factories.shipped_contracts())},
}
VARIABLES = {"dataset": "ID!", "resource": "ID!", "seq": "BigInt!"}
DEPTH = 5

STRANGER = Actor("a", "a", frozenset({Role.STEWARD}), member=DEMAK)
OWNER = Actor("b", "b", frozenset({Role.STEWARD}), member=REGENCY)
#: What each actor must never meet anywhere.
HIDDEN = {
    "anonymous": (ANONYMOUS, (SECRET_CELL, "Jumlah pegawai", "Data terbatas", "Data tertutup", "budi@", "10.0.0.7")),
    "another member": (STRANGER, (SECRET_CELL, "Data terbatas", "Data tertutup")),
}
CLOSED = [(REGENCY, "rahasia"), (REGENCY, "terbatas")]


@pytest.fixture(scope="module")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    import shutil

    from core.db import make_engine

    home = tmp_path_factory.mktemp("doors")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine: Engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    made = factories.seed(factories.empty_province(home, engine))
    factories.found(
        made,
        factories.noted(made, 1, REGENCY, "harga", value=38_003),
        factories.noted(made, 2, REGENCY, "rahasia", value=SECRET_CELL),
        factories.noted(made, 3, DEMAK, "harga", value=SECRET_CELL, concerns=[made.dataset(REGENCY, "terbatas")]),
    )
    yield made
    made.services.duck.close()
    engine.dispose()


def selection(kind: GraphQLObjectType, seen: tuple[str, ...] = (), depth: int = DEPTH) -> str:
    """Everything that can be asked of a type without arguments, each type once along a path."""
    parts: list[str] = []
    for name, field in kind.fields.items():
        if any(is_required_argument(a) for a in field.args.values()):
            continue
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif isinstance(inner, GraphQLObjectType) and depth > 1 and inner.name not in seen and name != "edges":
            below = selection(inner, (*seen, inner.name), depth - 1)
            if below:
                parts.append(f"{name} {{ {below} }}")
    return " ".join(parts)


@cache
def graph() -> GraphQLSchema:
    return make_schema(factories.load_contracts(factories.shipped_contracts()))._schema


def root_fields() -> dict[str, GraphQLField]:
    query = graph().query_type
    assert query is not None
    return query.fields


@cache
def question(name: str) -> str:
    field = root_fields()[name]
    kind = get_named_type(field.type)
    assert isinstance(kind, GraphQLObjectType)
    declared = ", ".join(f"${v}: {t}" for v, t in VARIABLES.items() if f"${v}" in FIELDS[name])
    return f"query Q{f'({declared})' if declared else ''} {{ {name}{FIELDS[name]} {{ {selection(kind)} }} }}"


async def ask(province: Province, actor: Actor, name: str, **variables: Any) -> dict[str, Any]:
    """The answer, without the limits on a document's size: the doors are what is tried here."""
    services = province.services
    offload = Offload(services.sessions, sql=2, duck=2)
    context = Context(services, offload, Deadline(30), actor)
    try:
        return await run(graph(), context, parse(question(name)), Request("", variables))
    finally:
        offload.close()


def target(province: Province, code: str, name: str) -> dict[str, Any]:
    commits = {"rahasia": 7, "terbatas": 8, "pegawai": 6, "harga": 1}
    return {
        "dataset": province.dataset(code, name),
        "resource": province.resource(code, name),
        "seq": commits[name],
    }


ABSENT = {"dataset": "0" * 32, "resource": "0" * 32, "seq": 999_999}


def test_every_route_is_a_known_door(province: Province) -> None:
    found = {
        (r.path, m)  # type: ignore[attr-defined]  # all are routes
        for r in province.app.routes
        for m in getattr(r, "methods", None) or ("WEBSOCKET",)
        if m != "HEAD"
    }
    assert found == set(ROUTES)


def test_every_root_field_is_a_known_door() -> None:
    assert set(root_fields()) == set(FIELDS)
    assert graph().mutation_type is None
    told = graph().subscription_type
    assert told is not None
    # what an actor may not see is not told: tests/gateway/test_subscriptions.py and test_live_added.py
    assert set(told.fields) == {"snapshotCommitted", "riverStageAdded"}


@pytest.mark.parametrize("who", HIDDEN)
@pytest.mark.parametrize("name", FIELDS)
async def test_a14_no_door_shows_what_its_actor_may_not_see(province: Province, name: str, who: str) -> None:
    actor, hidden = HIDDEN[who]
    for code, dataset in [*CLOSED, (CITY, "harga")]:
        body = str(await ask(province, actor, name, **target(province, code, dataset)))
        assert "INTERNAL" not in body, body
        assert not [word for word in hidden if word in body]


@pytest.mark.parametrize("name", [n for n, arguments in FIELDS.items() if "$" in arguments])
@pytest.mark.parametrize(("code", "dataset"), CLOSED)
async def test_a14_what_is_closed_answers_exactly_like_what_is_absent(
    province: Province, name: str, code: str, dataset: str
) -> None:
    for actor in (ANONYMOUS, STRANGER):
        closed = await ask(province, actor, name, **target(province, code, dataset))
        assert closed == await ask(province, actor, name, **ABSENT) == {"data": {name: None}}


@pytest.mark.parametrize("name", ["dataset", "resource", "snapshot", "rows"])
async def test_an_unclassified_dataset_is_seen_by_members_only(province: Province, name: str) -> None:
    there = target(province, CITY, "pegawai")
    assert (await ask(province, ANONYMOUS, name, **there))["data"] == {name: None}
    assert (await ask(province, STRANGER, name, **there))["data"][name] is not None  # type: ignore[index]  # data of an answer


@pytest.mark.parametrize("name", ["datasets", "dataset", "resource", "snapshot", "rows"])
async def test_the_owner_sees_its_closed_data_through_the_same_doors(province: Province, name: str) -> None:
    body = str(await ask(province, OWNER, name, **target(province, REGENCY, "rahasia")))
    assert "Data tertutup" in body or SECRET_CELL in body


@pytest.mark.parametrize("name", ["runs", "checks", "quarantine", "findings"])
async def test_runs_checks_and_returned_rows_are_no_public_matter(province: Province, name: str) -> None:
    body = await ask(province, ANONYMOUS, name)
    assert body["data"][name]["nodes"] == []  # type: ignore[index]  # data of an answer
