"""Groups of a standard's rows: what is measured is what the page's filter and the actor's scope let through."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.access import Role
from tests.gateway import factories
from tests.gateway.factories import CITY, REGENCY, Province

ASK = """query ($by: [CommodityPriceGroupBy!]!, $measures: [CommodityPriceMeasure!]!, $having: [GroupCondition!],
  $where: CommodityPriceFilter, $first: Int! = 100, $orderBy: [CommodityPriceGroupOrder!], $asOfSeq: BigInt) {
  commodityPrices(where: $where, asOfSeq: $asOfSeq) {
    aggregate(groupBy: $by, measures: $measures, having: $having, orderBy: $orderBy, first: $first) {
      groups {
        key { regionCode regionCodeProvince market date dateMonth dateYear region { name } } count values
      }
      hasMore
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


async def test_days_fall_into_months_and_years_and_regions_into_their_province(province: Province) -> None:
    [month] = await groups(province, by=["REGION_CODE_PROVINCE", "DATE_MONTH"], where={"region": {"parent": "33"}})
    assert (month["key"]["regionCodeProvince"], month["key"]["dateMonth"], month["count"]) == ("33", "2026-02-01", 9)
    assert month["key"]["region"] == {"name": "Jawa Tengah"}
    [year] = await groups(province, by=["DATE_YEAR"], measures=[{"op": "MEDIAN", "column": "PRICE"}])
    assert (year["key"]["dateYear"], year["values"], year["key"]["region"]) == ("2026-01-01", [40_002.0], None)


async def test_groups_stand_in_the_order_asked_for(province: Province) -> None:
    by_price = [{"measure": 0, "direction": "DESC"}, {"key": "DATE"}]
    found = await groups(province, by=["DATE"], measures=PRICE[3:4], orderBy=by_price, first=3)
    assert [g["values"] for g in found] == [[55_000], [52_000], [40_004]]
    assert [g["key"]["regionCode"] for g in await groups(
        province, by=["REGION_CODE"], orderBy=[{"key": "REGION_CODE", "direction": "DESC"}]
    )] == [CITY, REGENCY]  # fmt: skip


async def test_groups_as_of_a_commit_are_of_the_rows_that_counted_then(province: Province) -> None:
    for seq, most in ((0, None), (1, 40_005), (3, 55_000)):
        [whole] = await groups(province, measures=PRICE[3:4], asOfSeq=seq)
        assert whole["values"] == [most]


DEATHS = """{ maternalHealths { aggregate(groupBy: [YEAR], measures: [{op: SUM, column: DEATHS}]) {
  groups { count hidden values } } } }"""


async def test_a_sum_over_counts_that_are_not_shown_says_so(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine)
    province.see(CITY, factories.seen(CITY, "ibu", "Kematian ibu"))
    row = {"region_code": CITY, "district": None, "year": 2025, "cause": "total", "place": "total"}
    shown = [row | {"place": str(i), "deaths": 5 + i, "suppressed": False} for i in range(2)]
    province.commit(
        CITY,
        "ibu",
        [*shown, row | {"deaths": None, "suppressed": True}],
        province.services.contracts["maternal_health"],
    )
    [group] = (await province.data(DEATHS))["maternalHealths"]["aggregate"]["groups"]
    assert group == {"count": 3, "hidden": 1, "values": [11]}


async def test_more_groups_than_asked_for_are_told(province: Province) -> None:
    data = await province.data(ASK, by=["DATE"], measures=[], first=2)
    found = data["commodityPrices"]["aggregate"]
    assert (len(found["groups"]), found["hasMore"]) == (2, True)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"orderBy": [{}]}, "FILTER_INVALID"),
        ({"by": ["DATE"], "orderBy": [{"key": "MARKET"}]}, "FILTER_INVALID"),
        ({"orderBy": [{"measure": -1}]}, "FILTER_INVALID"),
        ({"measures": [{"op": "MEDIAN", "column": "DATE"}]}, "FILTER_INVALID"),
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
    stocks = """query ($by: [CommodityStockGroupBy!]!, $measures: [CommodityStockMeasure!]!) {
      commodityStocks { aggregate(groupBy: $by, measures: $measures) { groups { key { warehouseAddress } values } } }
    }"""
    secret = "WAREHOUSE_ADDRESS"
    for asked in ({"by": [secret], "measures": []}, {"by": [], "measures": [{"op": "MAX", "column": secret}]}):
        body = await province.ask(stocks, province.token(Role.STEWARD, member=REGENCY), **asked)
        assert body["errors"][0]["extensions"]["code"] == "COLUMN_UNKNOWN"
    seen = await province.data(stocks, province.token(Role.COORDINATOR), by=[secret], measures=[])
    assert len(seen["commodityStocks"]["aggregate"]["groups"]) == 1
