"""Small pages of current rows come from their SQL table: the same answers, and no file is opened for them."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from catalog.current import follow
from core.access import Role
from core.duck import Duck
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, Province, price
from tests.gateway.test_typed_rows import BY_DATE, PRICES

QUESTIONS: list[dict[str, Any]] = [
    {},
    {"first": 2},
    {"where": {"regionCode": {"eq": CITY}}, "orderBy": BY_DATE},
    {"where": {"market": {"isNull": True}}},
    {"where": {"provenance": {"member": {"eq": REGENCY}}}, "first": 1},
    {"orderBy": [{"column": "DATE", "direction": "DESC"}]},
]


@pytest.fixture
def followed(tmp_path: Path, sqlite_engine: Engine) -> Province:
    return factories.seed(factories.empty_province(tmp_path, sqlite_engine))


async def test_answers_from_the_table_are_those_from_the_files(followed: Province) -> None:
    actors = [None, followed.token(Role.STEWARD, member=CITY)]
    before = [await followed.data(PRICES, token, **asked) for token in actors for asked in QUESTIONS]
    follow(followed.services.sessions, followed.services.store)
    duck: Duck = followed.services.duck
    duck.close()  # whoever asks the files now fails
    after = [await followed.data(PRICES, token, **asked) for token in actors for asked in QUESTIONS]
    assert before == after
    body = await followed.ask(PRICES, asOfSeq=1)
    assert body["errors"], "an earlier commit is asked of the files"


async def test_a_listing_that_began_before_a_commit_goes_on_as_it_began(followed: Province) -> None:
    services = followed.services
    follow(services.sessions, services.store)
    first = (await followed.data(PRICES, first=3))["commodityPrices"]
    rest = (await followed.data(PRICES, after=first["pageInfo"]["endCursor"]))["commodityPrices"]
    contract = services.contracts["commodity_price"]
    followed.commit(CITY, "harga", [price(CITY, 9, 99_000)], contract, now=NOW)
    follow(services.sessions, services.store)
    assert (await followed.data(PRICES, after=first["pageInfo"]["endCursor"]))["commodityPrices"] == rest
    assert (await followed.data(PRICES))["commodityPrices"]["totalCount"] == first["totalCount"] + 1
    services.duck.close()
