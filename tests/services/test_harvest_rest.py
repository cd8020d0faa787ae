"""A service that gives rows page by page travels the whole way: pages landed, rows checked, published, replayed."""

from aiohttp import web

from tests.federation.fetch_factories import serving
from tests.services.factories import CITY, PRICES, Home
from tests.services.offices import harvest

REST = """
[[sources]]
id = "harga-api"
kind = "rest"
url = "{url}/api/harga"
title = "Harga pangan harian"
allow = [
  {{what = "private_address", value = "127.0.0.1", by = "Sri Admin", reason = "uji", until = 2999-01-01}},
  {{what = "http", by = "Sri Admin", reason = "uji", until = 2999-01-01}},
  {{what = "port", value = "{port}", by = "Sri Admin", reason = "uji", until = 2999-01-01}},
]

[sources.rest]
rows = "data.items"
paging = "page"
param = "halaman"
total = "data.jumlah"
"""


class Service:
    """Prices, two rows a page."""

    def __init__(self, prices: list[int]) -> None:
        self.prices = prices
        self.broken_from = 99

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        number = int(request.query["halaman"])
        if number >= self.broken_from:
            return web.Response(text="<html>Silakan masuk</html>", content_type="text/html")
        rows = [
            {"tanggal": f"2026-10-{i + 1:02}", "pasar": "Pasar Sentral", "komoditas": "Beras", "harga": price}
            for i, price in enumerate(self.prices)
        ]
        items = rows[2 * number - 2 : 2 * number]
        return web.json_response({"data": {"items": items, "jumlah": len(rows)}})


async def test_a_paged_service_is_published_and_a_broken_page_takes_nothing_away(home: Home) -> None:
    service = Service([12_000, 12_100, 12_200, 12_300, 12_400])
    async with serving(service) as url:
        home.member(REST.format(url=url, port=url.rpartition(":")[2]) + PRICES, CITY)
        first = await harvest(home)
        assert (first.state, first.snapshots, first.rows_published) == ("ok", 1, 5)
        assert [row["price"] for row in home.rows("commodity_price")] == service.prices
        assert (await harvest(home)).snapshots == 0
        service.prices, service.broken_from = [*service.prices, 12_500], 3
        broken = await harvest(home)
        assert broken.state == "partial" and broken.errors[0]["code"] == "SOURCE_ANSWER_UNFIT"
        assert len(home.rows("commodity_price")) == 5
        service.broken_from = 99
        assert (await harvest(home)).snapshots == 1
        assert len(home.rows("commodity_price")) == 6
