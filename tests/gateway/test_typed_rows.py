"""Rows of each data standard: filters, order, pages, as-of, provenance, masking."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.access import Role
from core.contract import ColumnType
from core.rows import Op
from gateway.where import COMPARISONS
from tests.gateway import factories
from tests.gateway.factories import CITY, NOW, REGENCY, SECRET_CELL, Province, price

PRICES = """
query Harga($where: CommodityPriceFilter, $orderBy: [CommodityPriceOrder!], $first: Int! = 100, $after: String,
            $asOf: DateTime, $asOfSeq: BigInt) {
  commodityPrices(where: $where, orderBy: $orderBy, first: $first, after: $after, asOf: $asOf, asOfSeq: $asOfSeq) {
    nodes { price }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    seq
  }
}
"""
BY_DATE = [{"column": "DATE"}, {"column": "REGION_CODE", "direction": "DESC"}]
IN_CITY = {"regionCode": {"eq": CITY}}
CITY_NOW = [40_001, 40_002, 40_003, 40_004, 52_000, 55_000]
REGENCY_NOW = [38_001, 38_002, 38_003]


async def prices(province: Province, **variables: object) -> list[int]:
    data = await province.data(PRICES, **variables)
    return [row["price"] for row in data["commodityPrices"]["nodes"]]


async def refused(province: Province, code: str, **variables: object) -> None:
    body = await province.ask(PRICES, **variables)
    assert [e["extensions"]["code"] for e in body["errors"]] == [code], body


async def test_current_rows_are_the_newest_of_each_key(province: Province) -> None:
    assert await prices(province, where=IN_CITY, orderBy=BY_DATE) == CITY_NOW


async def test_as_of_a_commit_or_a_moment_gives_what_was_current_then(province: Province) -> None:
    then = [40_001, 40_002, 40_003, 40_004, 40_005]
    assert await prices(province, where=IN_CITY, orderBy=BY_DATE, asOfSeq=1) == then
    assert await prices(province, where=IN_CITY, orderBy=BY_DATE, asOf="2026-03-01T12:00:00+07:00") == then
    assert await prices(province, asOfSeq=0) == []
    assert await prices(province, asOf="2020-01-01T00:00:00Z") == []


async def test_an_as_of_that_means_nothing_is_refused(province: Province) -> None:
    await refused(province, "AS_OF_UNKNOWN", asOfSeq=999)
    await refused(province, "MOMENT_AMBIGUOUS", asOfSeq=1, asOf=NOW.isoformat())
    await refused(province, "QUERY_INVALID", asOf="2026-01-01T00:00:00")  # T06: without a zone


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"price": {"gte": 40_004, "lt": 55_000}}, [40_004, 52_000]),
        ({"price": {"in": [38_001, 55_000]}}, [38_001, 55_000]),
        ({"price": {"in": []}}, []),
        ({"market": {"isNull": True}}, REGENCY_NOW),
        ({"market": {"prefix": "Pasar J"}, "date": {"gt": "2026-02-04"}}, [52_000, 55_000]),
        ({"market": {"contains": "johar"}}, []),
        ({"not": {"market": {"contains": "Johar"}}}, REGENCY_NOW),
        ({"market": {"ne": "Pasar X"}}, CITY_NOW),
        ({"or": [{"price": {"eq": 55_000}}, {"price": {"eq": 38_001}}]}, [38_001, 55_000]),
        ({"or": []}, []),
        ({"and": [{"price": {"gt": 50_000}}, {"price": {"lt": 53_000}}]}, [52_000]),
        ({"provenance": {"member": {"eq": REGENCY}}}, REGENCY_NOW),
        ({"provenance": {"verdict": {"eq": "published_with_warnings"}}}, [52_000, 55_000]),
        ({"price": {"range": {"from": 40_004, "to": 52_000}}}, [40_004, 52_000]),
        ({"date": {"range": {"from": "2026-02-05"}}}, [52_000, 55_000]),
        ({"region": {"kind": "CITY"}}, CITY_NOW),
        ({"region": {"parent": "33", "kind": "REGENCY"}}, REGENCY_NOW),
        ({"region": {"parent": "33"}, "price": {"lt": 40_000}}, REGENCY_NOW),
        ({"region": {"namePrefix": "kota sem"}}, CITY_NOW),
        ({"region": {"namePrefix": "semarang"}}, [*REGENCY_NOW, *CITY_NOW]),
        ({"region": {"parent": "34"}}, []),
        ({"not": {"region": {"kind": "CITY"}}}, REGENCY_NOW),
        ({}, [38_001, 38_002, 38_003, *CITY_NOW]),
    ],
    ids=str,
)
async def test_filters(province: Province, where: object, found: list[int]) -> None:
    assert sorted(await prices(province, where=where)) == found


async def test_a_null_to_compare_with_is_refused_rather_than_meaning_everything(province: Province) -> None:
    await refused(province, "FILTER_INVALID", where={"price": {"eq": None}})


@pytest.mark.parametrize(
    "where", [{"price": {"range": {}}}, {"price": {"range": {"to": None}}}, {"region": {}}, {"region": {"kind": None}}]
)
async def test_a_range_without_ends_and_a_region_without_facts_are_refused(province: Province, where: object) -> None:
    await refused(province, "FILTER_INVALID", where=where)


async def test_a_region_is_found_by_the_query_and_not_afterwards(province: Province) -> None:
    found = (await province.data(PRICES, where={"region": {"kind": "REGENCY"}}, first=2))["commodityPrices"]
    assert [len(found["nodes"]), found["totalCount"], found["pageInfo"]["hasNextPage"]] == [2, 3, True]


async def test_64_bit_values_and_their_limits(province: Province) -> None:
    assert await prices(province, where={"price": {"eq": 2**63 - 1}}) == []
    assert await prices(province, where={"price": {"eq": "38001"}}) == [38_001]
    await refused(province, "QUERY_INVALID", where={"price": {"eq": 2**63}})
    await refused(province, "QUERY_INVALID", where={"price": {"eq": 1.5}})


async def test_pages_follow_each_other_without_gap_or_repeat(province: Province) -> None:
    whole = await prices(province, orderBy=BY_DATE)
    paged: list[int] = []
    after = None
    while True:
        found = (await province.data(PRICES, orderBy=BY_DATE, first=2, after=after))["commodityPrices"]
        paged += [row["price"] for row in found["nodes"]]
        assert found["totalCount"] == len(whole)
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert found["pageInfo"]["endCursor"] == found["edges"][-1]["cursor"]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert paged == whole


async def test_pages_are_read_from_the_end_in_the_same_order(province: Province) -> None:
    query = PRICES.replace("$first: Int! = 100", "$first: Int, $last: Int, $before: String").replace(
        "first: $first", "first: $first, last: $last, before: $before"
    )

    async def page(**variables: object) -> tuple[list[int], bool, bool, list[str]]:
        found = (await province.data(query, where=IN_CITY, orderBy=BY_DATE, **variables))["commodityPrices"]
        info, cursors = found["pageInfo"], [edge["cursor"] for edge in found["edges"]]
        assert [info["startCursor"], info["endCursor"]] == ([cursors[0], cursors[-1]] if cursors else [None, None])
        return [r["price"] for r in found["nodes"]], info["hasPreviousPage"], info["hasNextPage"], cursors

    prices_, before, after, cursors = await page(last=2)
    assert (prices_, before, after) == (CITY_NOW[-2:], True, False)
    prices_, before, after, cursors = await page(last=3, before=cursors[0])
    assert (prices_, before, after) == (CITY_NOW[1:4], True, True)
    begin, end = cursors[0], cursors[-1]
    assert (await page(last=3, before=begin))[:3] == (CITY_NOW[:1], False, True)
    assert (await page(last=1, after=begin, before=end))[:3] == (CITY_NOW[2:3], True, True)
    assert (await page(first=9, after=begin, before=end))[:3] == (CITY_NOW[2:3], True, True)
    assert (await page(last=2, after=end))[:3] == (CITY_NOW[-2:], True, False)
    assert (await page(first=9, after=end, before=begin))[:3] == ([], True, True)


async def test_rows_are_ordered_by_the_name_of_their_region(province: Province) -> None:
    """Kabupaten stands before Kota, though the code of the city is higher; pages go on within a name."""
    steps = [{"column": "REGION_NAME", "direction": "DESC"}, {"column": "DATE"}, {"column": "MARKET"}]
    whole = await prices(province, orderBy=steps)
    assert whole == [*CITY_NOW, *REGENCY_NOW]
    assert await prices(province, orderBy=[{"column": "REGION_NAME"}, *steps[1:]]) == [*REGENCY_NOW, *CITY_NOW]
    paged: list[int] = []
    after = None
    while True:
        found = (await province.data(PRICES, orderBy=steps, first=2, after=after))["commodityPrices"]
        paged += [row["price"] for row in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    assert paged == whole


@pytest.mark.parametrize(
    "inner",
    [
        "aggregate(measures: [{op: MAX, column: REGION_NAME}]) { hasMore }",
        "nodes { price } aggregate(groupBy: [DATE], measures: [{op: COUNT, column: REGION_NAME}]) { hasMore }",
    ],
)
async def test_the_name_of_a_region_is_to_order_by_alone(province: Province, inner: str) -> None:
    body = await province.ask(f"{{ commodityPrices {{ {inner} }} }}")
    assert body["errors"][0]["extensions"]["code"] == "COLUMN_UNKNOWN"


async def test_pages_that_cannot_be_meant_are_refused(province: Province) -> None:
    async def code(arguments: str) -> str:
        body = await province.ask(f"{{ commodityPrices({arguments}) {{ nodes {{ price }} }} }}")
        return str(body["errors"][0]["extensions"]["code"])

    assert await code("first: 1, last: 1") == "PAGE_AMBIGUOUS"
    assert await code("last: 0") == "PAGE_INVALID"
    assert await code("last: 1001") == "PAGE_INVALID"
    cursor = (await province.data(PRICES, first=1, asOfSeq=1))["commodityPrices"]["pageInfo"]["endCursor"]
    other = (await province.data(PRICES, first=1))["commodityPrices"]["pageInfo"]["endCursor"]
    assert await code(f'last: 1, after: "{cursor}", before: "{other}"') == "CURSOR_INVALID"


async def test_pages_stay_at_their_commit_while_another_lands(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.seed(factories.empty_province(tmp_path / "home", sqlite_engine))
    first = (await province.data(PRICES, where=IN_CITY, orderBy=BY_DATE, first=3))["commodityPrices"]
    standard = province.services.contracts["commodity_price"]
    province.commit(CITY, "harga", [price(CITY, d, 1_000 + d) for d in range(1, 9)], standard)
    after = first["pageInfo"]["endCursor"]
    second = (await province.data(PRICES, where=IN_CITY, orderBy=BY_DATE, first=9, after=after))["commodityPrices"]
    assert [r["price"] for r in first["nodes"] + second["nodes"]] == CITY_NOW
    assert first["seq"] == second["seq"]
    assert await prices(province, where=IN_CITY, orderBy=BY_DATE) == [1_000 + d for d in range(1, 9)]


async def test_a_cursor_of_another_question_is_refused(province: Province) -> None:
    found = (await province.data(PRICES, first=1))["commodityPrices"]
    await refused(province, "CURSOR_INVALID", after=found["pageInfo"]["endCursor"], where=IN_CITY)
    await refused(province, "CURSOR_INVALID", after="bukan")


@pytest.mark.parametrize("first", [0, -1, 1_001, 2**31 - 1])
async def test_g17_a_page_size_out_of_bounds_is_refused(province: Province, first: int) -> None:
    await refused(province, "PAGE_INVALID", first=first)


async def test_g17_a_page_size_beyond_32_bits_is_refused(province: Province) -> None:
    await refused(province, "QUERY_INVALID", first=2**31)


async def test_every_row_can_name_where_it_comes_from(province: Province) -> None:
    query = """{ commodityPrices(where: {price: {eq: 55000}}) { nodes {
        region { code name province { name } }
        provenance {
          seq row fetchedAt verdict member { code name } source { id title state member { code } }
          dataset { id title } resource { id name } snapshot { seq rows committedAt resource { dataset { title } } }
        } } } }"""
    [row] = (await province.data(query))["commodityPrices"]["nodes"]
    assert row["region"] == {"code": CITY, "name": "Kota Semarang", "province": {"name": "Jawa Tengah"}}
    assert row["provenance"] == {
        "seq": 3,
        "row": 3,
        "fetchedAt": "2026-03-02T04:55:00Z",
        "verdict": "published_with_warnings",
        "member": {"code": CITY, "name": "Kota Semarang"},
        "source": {"id": "portal-33.74", "title": "Portal 33.74", "state": "OK", "member": {"code": CITY}},
        "dataset": {"id": province.dataset(CITY, "harga"), "title": "Harga pangan Kota Semarang"},
        "resource": {"id": province.resource(CITY, "harga"), "name": "harga.csv"},
        "snapshot": {
            "seq": 3,
            "rows": 2,
            "committedAt": "2026-03-02T05:00:00Z",
            "resource": {"dataset": {"title": "Harga pangan Kota Semarang"}},
        },
    }


STOCK = "{ commodityStocks { nodes { stockKg warehouseAddress } } }"


async def test_a_limited_column_is_null_for_the_public_and_read_by_who_may(province: Province) -> None:
    async def address(token: str | None) -> object:
        return (await province.data(STOCK, token))["commodityStocks"]["nodes"][0]["warehouseAddress"]

    assert await address(None) is None
    assert await address(province.token(Role.STEWARD, member=REGENCY)) is None
    assert await address(province.token(Role.REVIEWER)) == SECRET_CELL


@pytest.mark.parametrize(
    "arguments",
    [
        'where: {warehouseAddress: {prefix: "r"}}',
        "orderBy: [{column: WAREHOUSE_ADDRESS}]",
        "where: {not: {warehouseAddress: {isNull: true}}}",
    ],
)
async def test_a14_a_masked_column_answers_neither_filter_nor_order(province: Province, arguments: str) -> None:
    body = await province.ask("{ commodityStocks(" + arguments + ") { totalCount } }")
    [error] = body["errors"]
    assert error["extensions"]["code"] == "COLUMN_UNKNOWN"
    assert "warehouse_address" not in error["extensions"]["values"]["columns"]
    assert SECRET_CELL not in str(body)


def test_boolean_columns_are_not_ordered_and_only_text_has_prefixes() -> None:
    def attributes(kind: ColumnType) -> set[str]:
        return set(COMPARISONS[kind].__annotations__)

    assert attributes(ColumnType.BOOLEAN) == {"eq", "ne", "in_", "is_null"}
    assert "range" in attributes(ColumnType.MOMENT)
    assert attributes(ColumnType.TEXT) - attributes(ColumnType.DATE) == {Op.PREFIX.value, Op.CONTAINS.value}
