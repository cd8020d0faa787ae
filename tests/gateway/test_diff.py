"""What became of a standard's rows between two commits, by key, as the graph tells it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.access import Role
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, SECRET_CELL, Province, price

DIFF = """query ($from: DateTime, $fromSeq: BigInt, $to: DateTime, $toSeq: BigInt, $kinds: [ChangeKind!], $first: Int! = 100,
  $after: String, $where: CommodityPriceFilter, $asOfSeq: BigInt) {
  commodityPrices(where: $where, asOfSeq: $asOfSeq) {
    diff(from: $from, fromSeq: $fromSeq, to: $to, toSeq: $toSeq, kinds: $kinds, first: $first, after: $after) {
      nodes {
        kind columns
        before { date price provenance { seq } }
        after { date price region { name } provenance { seq row dataset { title } } }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totals { added changed removed }
      fromSeq toSeq
    }
  }
}"""


@pytest.fixture
def own(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Province]:
    """A seeded province that may be changed."""
    made = factories.seed(factories.empty_province(tmp_path / "home", sqlite_engine))
    yield made
    made.services.duck.close()


async def diff(province: Province, **asked: Any) -> Any:
    return (await province.data(DIFF, **asked))["commodityPrices"]["diff"]


async def refused(province: Province, code: str, **asked: Any) -> None:
    body = await province.ask(DIFF, **asked)
    assert [e["extensions"]["code"] for e in body["errors"]] == [code], body


async def test_a_row_that_changed_names_its_columns_and_both_values(province: Province) -> None:
    found = await diff(province, fromSeq=2)
    assert found["totals"] == {"added": 1, "changed": 1, "removed": 0}
    changed, added = found["nodes"]  # in the order of their keys
    assert (changed["kind"], changed["columns"]) == ("CHANGED", ["PRICE"])
    assert changed["before"] == {"date": "2026-02-05", "price": 40_005, "provenance": {"seq": 1}}
    assert changed["after"] == {
        "date": "2026-02-05", "price": 52_000, "region": {"name": "Kota Semarang"},
        "provenance": {"seq": 3, "row": 2, "dataset": {"title": "Harga pangan Kota Semarang"}},
    }  # fmt: skip
    assert (added["kind"], added["columns"], added["before"], added["after"]["price"]) == ("ADDED", [], None, 55_000)


async def test_between_two_commits_or_moments_either_way(province: Province) -> None:
    assert (await diff(province, fromSeq=0, toSeq=1))["totals"] == {"added": 5, "changed": 0, "removed": 0}
    back = await diff(province, fromSeq=3, toSeq=1)
    assert back["totals"] == {"added": 0, "changed": 1, "removed": 4}
    assert (back["fromSeq"], back["toSeq"]) == (3, 1)
    assert (await diff(province, fromSeq=1, asOfSeq=2))["totals"]["added"] == 3
    since = await diff(province, **{"from": "2026-03-01T12:00:00+07:00", "to": NOW.isoformat()})
    assert since["totals"] == {"added": 1, "changed": 1, "removed": 0}


async def test_the_filter_holds_for_a_row_before_or_after(province: Province) -> None:
    dear = await diff(province, fromSeq=2, where={"price": {"gte": 52_000}})
    assert dear["totals"] == {"added": 1, "changed": 1, "removed": 0}
    assert (await diff(province, fromSeq=2, where={"price": {"lt": 50_000}}))["totals"]["changed"] == 1
    assert (await diff(province, fromSeq=2, where={"region": {"kind": "REGENCY"}}))["nodes"] == []


async def test_kinds_are_listed_as_asked_for_and_counted_all(province: Province) -> None:
    found = await diff(province, fromSeq=2, kinds=["ADDED"])
    assert [n["kind"] for n in found["nodes"]] == ["ADDED"]
    assert found["totals"]["changed"] == 1


async def test_pages_follow_each_other_and_stay_at_their_commits(own: Province) -> None:
    whole = (await diff(own, fromSeq=0))["nodes"]
    standard = own.services.contracts["commodity_price"]
    paged: list[Any] = []
    after = None
    while True:
        found = await diff(own, fromSeq=0, first=2, after=after)
        paged += found["nodes"]
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
        own.commit(CITY, "harga", [price(CITY, len(paged) + 10, 1_000)], standard)  # none of these is on a later page
    assert paged == whole
    assert found["totals"]["added"] == len(whole)


async def test_what_cannot_be_compared_is_refused(province: Province) -> None:
    await refused(province, "FILTER_INVALID")
    await refused(province, "FILTER_INVALID", fromSeq=1, **{"from": NOW.isoformat()})
    await refused(province, "FILTER_INVALID", fromSeq=1, toSeq=2, to=NOW.isoformat())
    await refused(province, "AS_OF_UNKNOWN", fromSeq=999)
    await refused(province, "PAGE_INVALID", fromSeq=1, first=0)
    await refused(province, "CURSOR_INVALID", fromSeq=1, after="bukan")
    end = (await diff(province, fromSeq=2, first=1))["pageInfo"]["endCursor"]
    await refused(province, "CURSOR_INVALID", fromSeq=2, after=end, kinds=["ADDED"])


STOCK = """{ commodityStocks { diff(fromSeq: 0) {
  nodes { kind columns after { stockKg warehouseAddress } } totals { added changed removed } } } }"""


async def test_a_masked_column_never_shows_as_changed(own: Province) -> None:
    standard = own.services.contracts["commodity_stock"]
    row = {
        "region_code": CITY, "date": price(CITY, 1, 1)["date"], "warehouse": "Gudang A", "commodity_code": "beras_medium",
        "stock_kg": 1000, "need_kg_per_day": 10.0, "capacity_kg": 5000, "warehouse_address": f"{SECRET_CELL} baru",
    }  # fmt: skip
    begin = own.commit(CITY, "stok", [row], standard).seq or 0
    ask = STOCK.replace("fromSeq: 0", f"fromSeq: {begin - 1}")
    public = (await own.data(ask))["commodityStocks"]["diff"]
    assert public == {"nodes": [], "totals": {"added": 0, "changed": 0, "removed": 0}}
    [seen] = (await own.data(ask, own.token(Role.COORDINATOR)))["commodityStocks"]["diff"]["nodes"]
    assert (seen["kind"], seen["columns"]) == ("CHANGED", ["WAREHOUSE_ADDRESS"])
    [added] = (await own.data(STOCK, own.token(Role.STEWARD, member=REGENCY)))["commodityStocks"]["diff"]["nodes"]
    assert added["after"] == {"stockKg": 1000, "warehouseAddress": None}
