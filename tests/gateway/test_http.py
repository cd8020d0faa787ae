"""The door's manners: one JSON request, one answer; tokens; errors masked; the loop never held (G09, G11-G16, G18, G19)."""

import asyncio
import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
from sqlalchemy import Engine
from sqlalchemy import text as sql
from starlette.applications import Starlette
from starlette.routing import Route

from core import tokens
from core.access import SYSTEM, Role
from gateway.context import Info
from gateway.http import GraphQLDoor
from gateway.offload import Offload
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, Province, price

ASK = {"query": "{ members { code } }"}


async def post(province: Province, content: bytes, **headers: str) -> httpx.Response:
    headers.setdefault("Content-Type", "application/json")
    async with province.client(**headers) as client:
        return await client.post("/graphql", content=content)


def code(answer: httpx.Response) -> str:
    [error] = answer.json()["errors"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (json.dumps([ASK, ASK]).encode(), {}),  # G09
        (b"\xff\xfe{}", {}),  # G13
        (b'{"query": "\xff"}', {}),
        (b"{", {}),
        (b"", {}),
        (b"[" * 100_000, {}),
        (b"{}", {}),
        (b'{"query": 7}', {}),
        (b'{"query": ""}', {}),
        (b'{"query": "{a}", "variables": []}', {}),
        (b'{"query": "{a}", "operationName": {}}', {}),
        (b"query=%7Bmembers%7D", {"Content-Type": "application/x-www-form-urlencoded"}),  # G14
        (b"{ members { code } }", {"Content-Type": "text/plain"}),
        (b"{ members { code } }", {"Content-Type": "application/graphql"}),
        (json.dumps(ASK).encode(), {"Content-Type": "multipart/form-data; boundary=x"}),
        (json.dumps(ASK).encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
        (b"\x1f\x8b", {"Content-Encoding": "gzip"}),  # G12
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_not_one_json_request_is_refused(
    province: Province, content: bytes, headers: dict[str, str]
) -> None:
    answer = await post(province, content, **headers)
    assert (answer.status_code, code(answer)) == (400, "REQUEST_INVALID")
    assert "data" not in answer.json()


async def test_g11_a_body_of_five_megabytes_is_refused_before_it_is_read(province: Province) -> None:
    answer = await post(province, b'{"query": "' + b" " * 5_000_000 + b'"}')
    assert (answer.status_code, code(answer)) == (413, "REQUEST_TOO_LARGE")


async def test_g11_a_body_without_its_length_is_cut_off_too(province: Province) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 65_536

    async with province.client() as client:
        answer = await client.post("/graphql", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "REQUEST_TOO_LARGE")


async def test_a_query_by_get(province: Province) -> None:
    async with province.client() as client:
        answer = await client.get(
            "/graphql",
            params={"query": "query($c: String!) { member(code: $c) { name } }", "variables": '{"c": "33.74"}'},
        )
    assert answer.json()["data"] == {"member": {"name": "Kota Semarang"}}


@pytest.mark.parametrize("document", ["mutation { hapus }", "subscription { snapshotCommitted { seq } }"])
async def test_g15_get_runs_queries_only(province: Province, document: str) -> None:
    async with province.client() as client:
        answer = await client.get("/graphql", params={"query": document})
    assert (answer.status_code, code(answer)) == (400, "OPERATION_REFUSED")


async def test_r06_a_repeated_parameter_is_refused(province: Province) -> None:
    async with province.client() as client:
        answer = await client.get("/graphql?query={members{code}}&query={sources{id}}")
    assert code(answer) == "REQUEST_INVALID"


async def test_g16_two_operations_need_a_name(province: Province) -> None:
    both = "query A { members { code } } query B { sources { id } }"
    assert code(await post(province, json.dumps({"query": both}).encode())) == "OPERATION_REFUSED"
    assert code(await post(province, json.dumps({"query": both, "operationName": "C"}).encode())) == "OPERATION_REFUSED"
    named = await post(province, json.dumps({"query": both, "operationName": "B"}).encode())
    assert list(named.json()["data"]) == ["sources"]


@pytest.mark.parametrize("header", ["Bearer salah", "Bearer ", "Basic YTpi", "Bearer " + "a" * 5_000, "lmb_x"])
async def test_a_token_that_is_not_valid_is_401_and_answers_nothing(province: Province, header: str) -> None:
    answer = await post(province, json.dumps(ASK).encode(), Authorization=header)
    assert (answer.status_code, code(answer)) == (401, "TOKEN_INVALID")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a07_t09_a_revoked_and_an_expired_token_are_worth_nothing(province: Province) -> None:
    sessions = province.services.sessions
    expired = tokens.issue(sessions, name="lama", roles=[Role.ADMIN], by=SYSTEM, now=NOW, expires=NOW)
    revoked = tokens.issue(sessions, name="dicabut", roles=[Role.ADMIN], by=SYSTEM, now=NOW)
    tokens.revoke(sessions, revoked.id, by=SYSTEM, now=NOW)
    for issued in (expired, revoked):
        answer = await post(province, json.dumps(ASK).encode(), Authorization=f"Bearer {issued.secret}")
        assert answer.status_code == 401


async def test_errors_speak_the_readers_language(province: Province) -> None:
    body = json.dumps({"query": "{ commodityPrices(first: 0) { seq } }"}).encode()
    english = (await post(province, body, **{"Accept-Language": "fr;q=1, en-GB;q=0.9"})).json()["errors"][0]
    indonesian = (await post(province, body)).json()["errors"][0]
    assert english["message"].startswith("The page size 0")
    assert indonesian["message"].startswith("Ukuran halaman 0")
    assert english["extensions"]["page"] == "docs/errors/PAGE_INVALID.md"
    assert english["path"] == ["commodityPrices"]


def door(province: Province, query: type) -> Starlette:
    """A door over another schema, with the same services."""
    services = province.services
    made = GraphQLDoor(strawberry.Schema(query=query), services, Offload(services.sessions, sql=2, duck=2))
    return Starlette(routes=[Route("/graphql", made.__call__, methods=["POST"])])


async def test_g18_an_unforeseen_error_is_a_number_and_nothing_else(
    province: Province, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def broken(self) -> str:
            raise RuntimeError("postgresql://lumbung:rahasia@10.0.0.5/lumbung")

        @strawberry.field
        async def broken_sql(self, info: Info) -> str:
            return await info.context.sql(lambda session: str(session.execute(sql("SELECT * FROM tiada")).all()))

    transport = httpx.ASGITransport(door(province, Query))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for field in ("broken", "brokenSql"):
            answer = await client.post("/graphql", json={"query": f"{{ {field} }}"})
            [error] = answer.json()["errors"]
            assert error["extensions"]["code"] == "INTERNAL"
            number = error["extensions"]["values"]["id"]
            assert number in error["message"]
            assert not [w for w in ("rahasia", "10.0.0.5", "postgresql", "tiada", "SELECT") if w in answer.text]
            assert [line["exception"] for line in log_lines() if line.get("number") == number]


async def test_g19_a_resolver_that_never_ends_is_cancelled_at_the_deadline(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine, query_seconds=0.2)
    cancelled: list[bool] = []

    @strawberry.type
    class Query:
        @strawberry.field
        async def slow(self) -> str:
            try:
                await asyncio.sleep(120)
            except asyncio.CancelledError:
                cancelled.append(True)
                raise
            return "never"

        @strawberry.field
        async def runaway(self, info: Info) -> int:
            endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            return await info.context.sql(lambda session: int(session.execute(sql(endless)).scalar_one()))

        @strawberry.field
        async def runaway_duck(self, info: Info) -> int:
            endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
            return await info.context.duck(lambda duck, left: len(duck.select(endless, deadline=left)))

    transport = httpx.ASGITransport(door(province, Query))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for field in ("slow", "runaway", "runawayDuck"):
            begin = time.monotonic()
            answer = await client.post("/graphql", json={"query": f"{{ {field} }}"})
            assert answer.json()["errors"][0]["extensions"]["code"] == "QUERY_TIMEOUT", answer.text
            assert time.monotonic() - begin < 3
    assert cancelled == [True]
    assert province.services.duck.select("SELECT 1", deadline=5) == [(1,)]


class Pulse:
    """Measures how long the loop was held: the computation between two turns of a task that always wants one."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> "Pulse":
        self._task = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        return self

    async def _beat(self) -> None:
        while True:
            begin = time.thread_time()  # of the loop's thread: neighbours on the machine do not count
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - begin)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()


async def test_the_loop_is_never_held_for_50_ms(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine)
    standard = province.services.contracts["commodity_price"]
    province.see(CITY, factories.seen(CITY, "harga", "Harga"))
    rows = [price(CITY, 1 + n % 28, 1_000 + n, f"k{n // 28}") for n in range(1_000)]
    province.commit(CITY, "harga", rows, standard)
    query = """{ commodityPrices(first: 1000) { totalCount nodes { regionCode date market commodityCode priceLevel price unit
        region { name } provenance { seq row verdict member { name } dataset { title } snapshot { seq } } } } }"""
    gc.collect()
    gc.freeze()  # as the app does when it starts
    try:
        async with Pulse() as pulse:
            found = await province.data(query)
            text = await province.data("{ commodityPrices(first: 1000) { edges { cursor node { market price } } } }")
    finally:
        gc.unfreeze()
    assert len(found["commodityPrices"]["nodes"]) == len(text["commodityPrices"]["edges"]) == 1_000
    assert pulse.longest < 0.05
