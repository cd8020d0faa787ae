"""One file fetched from a server of the test, and what came to lie in the landing."""

from pathlib import Path

from aiohttp import web

from federation.fetch import Fetcher
from federation.fetched import Fetched, NotModified
from tests.federation.fetch_factories import (
    resource,
    source,
)

BODY = b"tanggal;komoditas;harga\n" + b"2026-11-22;beras;14500\n" * 2000


async def csv(request: web.Request) -> web.StreamResponse:
    return web.Response(body=BODY, content_type="text/csv")


def landed(folder: Path) -> list[Path]:
    return [p for p in (folder / "landing").rglob("*") if p.is_file()]


async def get(one: Fetcher, url: str, **more: object) -> Fetched | NotModified:
    return await one.fetch(source(url), "d1", resource(url, **more))
