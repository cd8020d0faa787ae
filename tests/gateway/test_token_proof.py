"""A token that held before is believed until the first reading, and nothing leaves before it was held to the database."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from core import tokens
from core.access import SYSTEM, Role
from tests.gateway import factories
from tests.gateway.factories import NOW, REGENCY, Province

STOCKS = "{ commodityStocks { nodes { stockKg warehouseAddress } } }"


@pytest.fixture
def own(tmp_path: Path, sqlite_engine: Engine) -> Province:
    return factories.seed(factories.empty_province(tmp_path, sqlite_engine))


def issue(own: Province) -> tokens.Issued:
    return tokens.issue(own.services.sessions, name="uji", roles=[Role.COORDINATOR], by=SYSTEM, now=NOW, member=REGENCY)


@pytest.mark.parametrize("query", [STOCKS, "{ __typename }", "{ nothing }", "query A { a } query B { b }"])
async def test_A14_a_revoked_token_is_refused_from_the_next_request_on(own: Province, query: str) -> None:
    issued = issue(own)
    async with own.client(issued.secret) as client:
        for _ in range(2):
            first = await client.post("/graphql", json={"query": STOCKS})
            assert first.json()["data"]["commodityStocks"]["nodes"][0]["warehouseAddress"]
            assert (await client.post("/graphql", json={"query": query})).status_code in (200, 400)
        tokens.revoke(own.services.sessions, issued.id, by=SYSTEM, now=NOW)
        for _ in range(2):
            refused = await client.post("/graphql", json={"query": query})
            assert refused.status_code == 401
            assert refused.json()["errors"][0]["extensions"]["code"] == "TOKEN_INVALID"
            assert "data" not in refused.json()


async def test_a_token_whose_roles_were_changed_by_hand_is_read_again(own: Province) -> None:
    issued = issue(own)
    async with own.client(issued.secret) as client:
        assert (await client.post("/graphql", json={"query": STOCKS})).status_code == 200
        with own.services.sessions.begin() as session:
            session.get_one(tokens.ApiToken, issued.id).roles = [Role.STEWARD.value]
        masked = await client.post("/graphql", json={"query": STOCKS})
        assert masked.json()["data"]["commodityStocks"]["nodes"][0]["warehouseAddress"] is None


async def test_a_known_token_costs_no_statement_of_its_own(own: Province, sqlite_engine: Engine) -> None:
    issued = issue(own)
    asked: list[str] = []
    async with own.client(issued.secret) as client:
        for _ in range(6):  # each of the pool's threads has read it once
            await client.post("/graphql", json={"query": STOCKS})
        event.listen(sqlite_engine, "before_cursor_execute", lambda _c, _u, sql, *_: asked.append(sql))
        await client.post("/graphql", json={"query": STOCKS})
    assert not [sql for sql in asked if "api_token" in sql]
