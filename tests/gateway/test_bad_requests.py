"""G01-G20 against one counted schema: refused with a code, few errors back, and not one resolver was called."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import strawberry
from graphql import GraphQLObjectType, is_required_argument
from sqlalchemy import text as sql
from starlette.applications import Starlette
from starlette.routing import Route

from core.access import Role
from core.contracts import load_contracts
from gateway.context import Info
from gateway.http import GraphQLDoor
from gateway.offload import Deadline, Offload
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from tests.gateway.factories import Province

JSON = {"Content-Type": "application/json"}


CALLS: list[str] = []


@strawberry.type
class Item:
    @strawberry.field
    def name(self) -> str:
        CALLS.append("name")
        return "x"

    @strawberry.field
    def inner(self) -> "Item":
        CALLS.append("inner")
        return Item()

    @strawberry.field
    def forty(self) -> list["Item"]:
        return [Item()] * 40


@strawberry.type
class Query:
    @strawberry.field
    def item(self, first: int = 1, of: strawberry.scalars.JSON | None = None) -> Item:
        CALLS.append("item")
        return Item()

    @strawberry.field
    async def runaway(self, info: Info) -> int:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        return await info.context.sql(lambda session: int(session.execute(sql(endless)).scalar_one()))

    @strawberry.field
    async def runaway_duck(self, info: Info) -> int:
        endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
        return await info.context.duck(lambda duck, left: len(duck.select(endless, deadline=left)))


@dataclass
class Counted:
    """A door whose schema counts the calls of its resolvers."""

    app: Starlette
    offload: Offload
    calls: list[str] = field(default_factory=lambda: CALLS)

    async def send(self, content: bytes, method: str = "POST", query: str = "", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, f"/graphql{query}", content=content, headers=headers or JSON)


@pytest.fixture
def counted(province: Province) -> Iterator[Counted]:
    yield from made(province, 10)


@pytest.fixture
def hurried(province: Province) -> Iterator[Counted]:
    """The same with little time for an operation."""
    yield from made(province, 0.3)


@pytest.fixture
def frugal(province: Province) -> Iterator[Counted]:
    """The same with little to spend for an operation."""
    yield from made(province, 10, {"anonymous": 12_000, "member": 12_000})


def made(province: Province, seconds: float, most: dict[str, int] | None = None) -> Iterator[Counted]:
    CALLS.clear()
    update = {"query_seconds": seconds} | ({"query_cost_max": most} if most else {})
    settings = province.services.settings.model_copy(update=update)
    services = replace(province.services, settings=settings)
    offload = Offload(services.sessions, sql=1, duck=1)
    door = GraphQLDoor(strawberry.Schema(query=Query), services, offload)
    yield Counted(Starlette(routes=[Route("/graphql", door.__call__, methods=["GET", "POST"])]), offload)
    offload.close()


def asked(query: str, **more: Any) -> bytes:
    return json.dumps({"query": query, **more}).encode()


def nested(depth: int) -> str:
    return "{ item " + "{ inner " * depth + "{ name }" + "}" * (depth + 1)


FAN = (
    "".join(f"fragment F{i} on Item {{ ...F{i + 1} ...F{i + 1} }} " for i in range(30))
    + "fragment F30 on Item { name }"
)
DEEP: Any = 1
for _ in range(900):
    DEEP = {"a": DEEP}

CASES: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "G01 depth 30": (asked(nested(30)), JSON, 400, "QUERY_LIMIT"),
    "G02 depth 2000": (asked(nested(2_000)), JSON, 400, "QUERY_LIMIT"),
    "G03 1000 aliases": (asked("{" + "".join(f" a{i}: item {{ name }}" for i in range(1_000)) + "}"), JSON, 400, "QUERY_LIMIT"),
    "G04 5000 repeated fields": (asked("{ item {" + " name" * 5_000 + "} }"), JSON, 400, "QUERY_LIMIT"),
    "G05 500 directives": (asked("{ item { name" + " @skip(if: false)" * 500 + " } }"), JSON, 400, "QUERY_LIMIT"),
    "G06 10 bad directives": (asked("{ item { name" + "".join(f" @x{i}" for i in range(10)) + " } }"), JSON, 400, "QUERY_INVALID"),
    "G07 fragment cycle": (asked("{ item { ...A } } fragment A on Item { inner { ...A } }"), JSON, 400, "QUERY_INVALID"),
    "G08 2^30 fragment fan-out": (asked("{ item { ...F0 } } " + FAN), JSON, 400, "QUERY_LIMIT"),
    "G09 array batch": (json.dumps([{"query": "{ item { name } }"}] * 3).encode(), JSON, 400, "REQUEST_INVALID"),
    "G10 vars list": (asked("query($i: Int) { item(first: $i) { name } }", variables=[1]), JSON, 400, "REQUEST_INVALID"),
    "G10 vars wrong": (asked("query($i: Int!) { item(first: $i) { name } }", variables={"i": [[]]}), JSON, 400, "QUERY_INVALID"),
    "G10 vars deep": (asked("query($i: Int!) { item(first: $i) { name } }", variables={"i": DEEP}), JSON, 400, "QUERY_INVALID"),
    "G11 5 MB body": (b" " * 5_000_000, JSON, 413, "REQUEST_TOO_LARGE"),
    "G12 gzip body": (b"\x1f\x8b", JSON | {"Content-Encoding": "gzip"}, 400, "REQUEST_INVALID"),
    "G13 bad UTF-8": (b'{"query": "{ item { name \xff } }"}', JSON, 400, "REQUEST_INVALID"),
    "G14 form": (b"query=%7Bitem%7D", {"Content-Type": "application/x-www-form-urlencoded"}, 400, "REQUEST_INVALID"),
    "G14 text": (b"{ item { name } }", {"Content-Type": "text/plain"}, 400, "REQUEST_INVALID"),
    "G14 multipart": (b"--x--", {"Content-Type": "multipart/form-data; boundary=x"}, 400, "REQUEST_INVALID"),
    "G14 no type": (asked("{ item { name } }"), {"X": "y"}, 400, "REQUEST_INVALID"),
    "G16 two operations, no name": (asked("query A { item { name } } query B { item { name } }"), JSON, 400, "OPERATION_REFUSED"),
    "R07 a NUL": (asked("query($o: JSON) { item(of: $o) { name } }", variables={"o": ["a\0"]}), JSON, 400, "REQUEST_INVALID"),
    "G17 first beyond 32 bits": (asked("{ item(first: 2147483648) { name } }"), JSON, 400, "QUERY_INVALID"),
    "G20 a misspelt name": (asked("{ itme { nam } }"), JSON, 400, "QUERY_INVALID"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_refused_before_anything_is_computed(counted: Counted, name: str) -> None:
    content, headers, status, code = CASES[name]
    answer = await counted.send(content, **headers)
    body = answer.json()
    assert (answer.status_code, {e["extensions"]["code"] for e in body["errors"]}) == (status, {code}), body
    assert len(body["errors"]) <= 5
    assert not (body.get("data") or {})
    assert counted.calls == []
    assert "Did you mean" not in answer.text


async def test_g08_lists_within_lists_that_are_longer_than_thought_are_cut(frugal: Counted) -> None:
    assert (await frugal.send(asked("{ item { forty { forty { name } } } }"))).json()["data"]
    answer = await frugal.send(asked("{ item { forty { forty { forty { inner { name } } } } } }"))  # 64,000 items
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "QUERY_COST")
    assert frugal.calls.count("inner") <= 12_000


async def test_lists_within_lists_leave_turns_to_others(counted: Counted) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    assert (await counted.send(asked("{ item { forty { forty { forty { __typename } } } } }"))).status_code == 200
    beside.cancel()
    assert turns > 40**3 / 100  # no hundred items without a turn


async def test_R07_no_nul_by_get(counted: Counted) -> None:
    answer = await counted.send(b"", "GET", "?query={item{name}}&variables=" + quote('{"a":"\\u0000"}'))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "REQUEST_INVALID")


@pytest.mark.parametrize("query", ["mutation { hapus }", "subscription { detak }"])
async def test_g15_nothing_but_queries_by_get(counted: Counted, query: str) -> None:
    answer = await counted.send(b"", "GET", f"?query={query}")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "OPERATION_REFUSED")
    assert counted.calls == []


async def test_what_is_sound_is_computed_and_counted(counted: Counted) -> None:
    answer = await counted.send(asked("query A { item { name } } query B { item { name } }", operationName="B"))
    assert answer.json()["data"] == {"item": {"name": "x"}}
    assert counted.calls == ["item", "name"]


async def test_g19_a_cancelled_statement_gives_its_thread_back(hurried: Counted) -> None:
    for name in ("runaway", "runawayDuck"):
        answer = await hurried.send(asked(f"{{ {name} }}"))
        assert answer.json()["errors"][0]["extensions"]["code"] == "QUERY_TIMEOUT"
    # one thread each: whatever still ran in it would keep these waiting until their deadlines
    assert await hurried.offload.sql(Deadline(10), lambda session: session.execute(sql("SELECT 1")).scalar_one()) == 1
    assert await hurried.offload.duck(Deadline(10), lambda left: left > 0)


async def test_g19_many_runaways_at_once_leave_the_pool_free(hurried: Counted) -> None:
    answers = await asyncio.gather(*(hurried.send(asked("{ runaway }")) for _ in range(5)))
    assert {a.json()["errors"][0]["extensions"]["code"] for a in answers} == {"QUERY_TIMEOUT"}
    assert await hurried.offload.sql(Deadline(10), lambda session: session.execute(sql("SELECT 1")).scalar_one()) == 1


def paged() -> list[str]:
    """The root fields that take a page size and nothing else that must be given."""
    query = make_schema(load_contracts(shipped_contracts()))._schema.query_type
    assert isinstance(query, GraphQLObjectType)
    return sorted(
        name
        for name, declared in query.fields.items()
        if "first" in declared.args and not any(is_required_argument(a) for a in declared.args.values())
    )


async def test_g17_no_list_has_a_page_of_less_than_one_or_beyond_the_limit(province: Province) -> None:
    token = province.token(Role.COORDINATOR)
    fields = paged()
    assert len(fields) > 15
    for name in fields:
        if name == "rows":  # of no dataset: there is nothing to page
            continue
        for size in (-1, 0, 1_001, 2**31 - 1):
            body = await province.ask(f"query($n: Int!) {{ {name}(first: $n) {{ __typename }} }}", token, n=size)
            assert [e["extensions"]["code"] for e in body["errors"]] == ["PAGE_INVALID"], (name, size, body)
            assert body["data"] == {name: None}
        body = await province.ask(f"query($n: Int!) {{ {name}(first: $n) {{ __typename }} }}", token, n=2**31)
        assert [e["extensions"]["code"] for e in body["errors"]] == ["QUERY_INVALID"], name


def test_every_code_of_a_bad_question_has_a_test() -> None:
    written = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parents[1].rglob("test_*.py"))
    for number in range(1, 22):
        assert re.search(rf"\b(def test_\w*)?g{number:02d}\b|_g{number:02d}_|\"G{number:02d} ", written, re.IGNORECASE)


async def test_G11_a_body_that_does_not_come_is_not_waited_for(hurried: Counted) -> None:
    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    transport = httpx.ASGITransport(hurried.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/graphql", content=dripping(), headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "REQUEST_INVALID")
    assert "tidak tiba" in answer.text
