"""Findings beyond one file through the graph: for whom, with which evidence, in which order and state."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from catalog import findings as kept
from core.access import Actor, Role
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, SECRET_CELL, Province, noted

ASK = """query ($states: [FindingState!]! = [OPEN], $kind: FindingKind, $member: String, $contract: String, $dataset: ID,
    $first: Int! = 20, $after: String) {
  findings(states: $states, kind: $kind, member: $member, contract: $contract, dataset: $dataset, first: $first,
      after: $after) {
    nodes {
      id kind state contract rule sentence advice columns key weight since seq closedAt asOf
      member { code } dataset { title } datasets { title } accepted { by reason at }
      seen { what value count rows { row member { code } dataset { title } resource { id } snapshot { seq } } }
      expected { what value count rows { row dataset { title } snapshot { seq } } }
    }
    edges { cursor } pageInfo { hasNextPage endCursor }
  }
}"""
COORDINATOR = Actor("k", "Koordinator", frozenset({Role.COORDINATOR}))


@pytest.fixture
def home(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Province]:
    made = factories.seed(factories.empty_province(tmp_path / "home", sqlite_engine))
    yield made
    made.services.duck.close()


async def found(province: Province, token: str | None, **variables: Any) -> list[Any]:
    nodes: list[Any] = (await province.data(ASK, token, **variables))["findings"]["nodes"]
    return nodes


def ids(nodes: list[Any]) -> list[int]:
    return [int(node["id"], 16) for node in nodes]


async def test_a_finding_shows_both_sides_with_their_rows_and_what_to_do(home: Province) -> None:
    factories.found(home, noted(home, 1, REGENCY, "harga", value=38_003))
    [one] = await found(home, home.token(Role.REVIEWER))
    assert (one["kind"], one["state"], one["contract"], one["rule"]) == ("DISAGREE", "OPEN", "commodity_price", "agree")
    assert one["sentence"] == (
        "Harga cabai rawit: Portal A menyatakan 38.003 (baris 3), Portal B menyatakan 40.003 (baris 3); toleransi 5 %."
    )
    assert one["advice"].startswith("Wali data menetapkan")
    assert (one["member"]["code"], one["key"], one["columns"]) == (REGENCY, {"region_code": REGENCY}, ["price"])
    assert [d["title"] for d in one["datasets"]] == ["Harga pangan Kabupaten Semarang", "Harga pangan Kota Semarang"]
    [row] = one["seen"]["rows"]
    assert (one["seen"]["what"], one["seen"]["value"], row["row"]) == ("menurut sumber", 38_003, 3)
    assert (row["member"]["code"], row["resource"]["id"]) == (REGENCY, home.resource(REGENCY, "harga"))
    assert row["snapshot"]["seq"] == 2
    [other] = one["expected"]
    assert (other["value"], other["rows"][0]["snapshot"]["seq"]) == (40_003, 3)  # the newest then, at commit 3
    assert (one["seq"], one["accepted"], one["closedAt"]) == (3, None, None)


async def test_a_finding_is_seen_by_its_member_and_by_those_who_see_every_region(home: Province) -> None:
    factories.found(
        home, noted(home, 1, REGENCY, "harga", value=38_003), noted(home, 2, CITY, "harga", value=41_000),
        noted(home, 3, CITY, "harga", value=1, member=None, kind="sum"),
    )  # fmt: skip
    assert await found(home, None) == []
    assert ids(await found(home, home.token(Role.STEWARD, member=REGENCY))) == [1]
    assert ids(await found(home, home.token(Role.STEWARD, member=CITY))) == [2]
    for role in (Role.REVIEWER, Role.COORDINATOR):
        assert ids(await found(home, home.token(role))) == [2, 1, 3]


async def test_a14_a_finding_with_evidence_that_its_asker_may_not_see_is_absent(home: Province) -> None:
    closed, limited = home.dataset(REGENCY, "rahasia"), home.dataset(REGENCY, "terbatas")
    factories.found(
        home,
        noted(home, 1, CITY, "harga", value=SECRET_CELL, concerns=[closed]),
        noted(home, 2, CITY, "harga", value=SECRET_CELL, concerns=[limited]),
        noted(home, 3, CITY, "stok", value=1, contract="commodity_stock", columns=["stock_kg", "warehouse_address"]),
        noted(home, 4, CITY, "stok", value=1, contract="commodity_stock", columns=["stock_kg"]),
        noted(home, 5, REGENCY, "rahasia", value=1),
        noted(home, 6, REGENCY, "harga", value=1, contract="tidak_ada"),
    )
    assert ids(await found(home, home.token(Role.STEWARD, member=CITY))) == [4]
    assert ids(await found(home, home.token(Role.STEWARD, member=REGENCY))) == [5]
    assert sorted(ids(await found(home, home.token(Role.REVIEWER)))) == [2, 3, 4]  # what is closed is its owner's


async def test_what_was_accepted_and_what_is_over_is_told_where_it_is_asked_for(home: Province) -> None:
    steward = home.token(Role.STEWARD, member=REGENCY)
    first, second = (noted(home, n, REGENCY, "harga", value=38_000 + n) for n in (1, 2))
    factories.found(home, first, second)
    kept.accept(home.services.sessions, first.id, reason="panen raya", actor=COORDINATOR, now=NOW)
    assert ids(await found(home, steward)) == [2]
    [accepted] = await found(home, steward, states=["ACCEPTED"])
    assert (accepted["id"], accepted["state"]) == (first.id, "ACCEPTED")
    assert (accepted["accepted"]["by"], accepted["accepted"]["reason"]) == ("Koordinator", "panen raya")
    changed = noted(home, 2, REGENCY, "harga", value=39_000, standing="2")
    factories.found(home, changed, now=NOW + timedelta(days=1))
    [still] = await found(home, steward)
    assert (still["seen"]["value"], still["since"]) == (39_000, NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))
    [over] = await found(home, steward, states=["CLOSED"])  # what only says something else now is not over
    assert (over["id"], over["state"], over["closedAt"]) == (first.id, "CLOSED", "2026-03-03T05:00:00Z")
    assert sorted(ids(await found(home, steward, states=["OPEN", "ACCEPTED", "CLOSED"]))) == [1, 2]
    assert await found(home, steward, states=[]) == []


async def test_findings_are_asked_by_kind_member_standard_and_dataset_and_by_pages(home: Province) -> None:
    reviewer = home.token(Role.REVIEWER)
    many = [noted(home, n, REGENCY, "harga", value=n, weight=n / 4) for n in range(1, 5)]
    stock = noted(home, 9, CITY, "stok", value=1, contract="commodity_stock", kind="sum")
    factories.found(home, *many, stock)
    assert ids(await found(home, reviewer, kind="SUM")) == [9]
    assert ids(await found(home, reviewer, member=CITY)) == [9]
    assert ids(await found(home, reviewer, contract="commodity_price")) == [4, 3, 2, 1]
    assert len(await found(home, reviewer, dataset=home.dataset(CITY, "harga"))) == 5  # where it has a part
    assert await found(home, reviewer, dataset='%"') == []
    paged: list[int] = []
    after = None
    while True:
        page = (await home.data(ASK, reviewer, first=2, after=after))["findings"]
        paged += ids(page["nodes"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert paged == [4, 3, 2, 1, 9]
    refused = await home.ask(ASK, reviewer, after="W10")
    assert refused["errors"][0]["extensions"]["code"] == "CURSOR_INVALID"


async def test_findings_answer_as_a_table_too(home: Province) -> None:
    factories.found(
        home, noted(home, 1, REGENCY, "harga", value=38_003), noted(home, 2, CITY, "harga", value=1, kind="sum")
    )
    async with home.client(home.token(Role.REVIEWER)) as client:
        answer = await client.get("/tanya/temuan_terbuka", params={"jenis": "DISAGREE"})
    [row] = answer.json()["rows"]
    assert row[:3] == [
        "Kabupaten Semarang", "Sumber berbeda", "Harga pangan Kabupaten Semarang; Harga pangan Kota Semarang",
    ]  # fmt: skip
    assert row[3].startswith("Harga cabai rawit: Portal A menyatakan 38.003")
