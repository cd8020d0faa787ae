"""Groups of a standard's rows: what is measured is what the page's filter and the actor's scope let through."""

from typing import Any

import pytest

from core.access import Role
from tests.gateway.factories import CITY, REGENCY, Province

ASK = """query ($by: [CommodityPriceColumn!]!, $measures: [CommodityPriceMeasure!]!, $having: [GroupCondition!],
  $where: CommodityPriceFilter, $first: Int! = 100) {
  commodityPrices(where: $where) {
    aggregate(groupBy: $by, measures: $measures, having: $having, first: $first) {
      groups { key { regionCode market date } count values } hasMore
    }
  }
}"""
PRICE = [{"op": op, "column": "PRICE"} for op in ("SUM", "AVG", "MIN", "MAX", "COUNT_DISTINCT")]


async def groups(province: Province, **asked: Any) -> list[Any]:
    data = await province.data(ASK, **{"by": [], "measures": []} | asked)
    found: list[Any] = data["commodityPrices"]["aggregate"]["groups"]
    return found


async def test_groups_by_a_column_with_all_measures(province: Province) -> None:
    by_region = await groups(province, by=["REGION_CODE"], measures=PRICE)
    assert [g["key"]["regionCode"] for g in by_region] == [REGENCY, CITY]
    regency, city = by_region
    assert regency["count"] == 3
    assert regency["values"] == [114_006, 38_002.0, 38_001, 38_003, 3]
    assert city["count"] == 6
    assert city["values"][2:] == [40_001, 55_000, 6]
    assert city["key"]["market"] is None


async def test_the_filter_of_the_page_and_conditions_on_measures_hold(province: Province) -> None:
    dear = await groups(province, measures=PRICE[:1], where={"price": {"gte": 50_000}})
    assert [(g["count"], g["values"]) for g in dear] == [(2, [107_000])]
    having = [{"measure": 0, "gt": 54_000}]
    last = await groups(province, by=["DATE"], measures=PRICE[3:4], having=having)
    assert [g["key"]["date"] for g in last] == ["2026-02-06"]


async def test_an_empty_value_is_a_group_of_its_own_and_comes_last(province: Province) -> None:
    assert [g["key"]["market"] for g in await groups(province, by=["MARKET"])] == ["Pasar Johar", None]


async def test_more_groups_than_asked_for_are_told(province: Province) -> None:
    data = await province.data(ASK, by=["DATE"], measures=[], first=2)
    found = data["commodityPrices"]["aggregate"]
    assert (len(found["groups"]), found["hasMore"]) == (2, True)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"measures": [{"op": "SUM", "column": "MARKET"}]}, "FILTER_INVALID"),
        ({"measures": [{"op": "MAX"}]}, "FILTER_INVALID"),
        ({"by": ["DATE", "DATE"]}, "FILTER_INVALID"),
        ({"by": ["DATE"] * 9}, "FILTER_INVALID"),
        ({"having": [{"measure": 4, "gt": 1}]}, "FILTER_INVALID"),
        ({"first": 0}, "PAGE_INVALID"),
    ],
)
async def test_what_cannot_be_measured_is_refused(province: Province, asked: Any, code: str) -> None:
    body = await province.ask(ASK, **{"by": [], "measures": []} | asked)
    assert body["errors"][0]["extensions"]["code"] == code


async def test_a_masked_column_can_be_neither_grouped_by_nor_measured(province: Province) -> None:
    stocks = """query ($by: [CommodityStockColumn!]!, $measures: [CommodityStockMeasure!]!) {
      commodityStocks { aggregate(groupBy: $by, measures: $measures) { groups { key { warehouseAddress } values } } }
    }"""
    secret = "WAREHOUSE_ADDRESS"
    for asked in ({"by": [secret], "measures": []}, {"by": [], "measures": [{"op": "MAX", "column": secret}]}):
        body = await province.ask(stocks, province.token(Role.STEWARD, member=REGENCY), **asked)
        assert body["errors"][0]["extensions"]["code"] == "COLUMN_UNKNOWN"
    seen = await province.data(stocks, province.token(Role.COORDINATOR), by=[secret], measures=[])
    assert len(seen["commodityStocks"]["aggregate"]["groups"]) == 1
