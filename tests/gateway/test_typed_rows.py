"""Rows of each data standard: filters, order, pages, as-of, provenance, masking."""

from tests.gateway.factories import CITY, Province

PRICES = """
query Harga($where: CommodityPriceFilter, $orderBy: [CommodityPriceOrder!], $first: Int! = 100, $after: String,
            $asOf: DateTime, $asOfSeq: BigInt) {
  commodityPrices(where: $where, orderBy: $orderBy, first: $first, after: $after, asOf: $asOf, asOfSeq: $asOfSeq) {
    nodes { regionCode date price market }
    edges { cursor node { price } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
    totalCount seq
  }
}
"""


async def prices(province: Province, **variables: object) -> list[int]:
    data = await province.data(PRICES, **variables)
    return [row["price"] for row in data["commodityPrices"]["nodes"]]


async def test_current_rows_are_the_newest_of_each_key(province: Province) -> None:
    where = {"regionCode": {"eq": CITY}}
    order = [{"column": "DATE"}]
    assert await prices(province, where=where, orderBy=order) == [40_001, 40_002, 40_003, 40_004, 52_000, 55_000]
