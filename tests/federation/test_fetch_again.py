"""A file fetched again: confirmed without its bytes where nothing changed, and nobody held up by somebody else."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from federation.fetched import Fetched, NotModified
from tests.federation.fetch_factories import (
    fetcher,
    landing,
    resource,
    serving,
    source,
    talking,
)
from tests.federation.fetching import BODY, csv, get, landed


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified"])
async def test_an_unchanged_file_is_confirmed_without_its_bytes(tmp_path: Path, validator: str) -> None:
    value = '"abc"' if validator == "ETag" else "Sun, 22 Nov 2026 08:00:00 GMT"
    asked: list[str | None] = []

    async def conditional(request: web.Request) -> web.StreamResponse:
        header = "If-None-Match" if validator == "ETag" else "If-Modified-Since"
        asked.append(request.headers.get(header))
        if asked[-1] == value:
            return web.Response(status=304)
        return web.Response(body=BODY, headers={validator: value})

    async with serving(conditional) as base, fetcher(tmp_path) as one:
        first = await get(one, f"{base}/a.csv")
        second = await get(one, f"{base}/a.csv")
        third = await get(one, f"{base}/a.csv")
        moved = await get(one, f"{base}/b.csv")
    assert isinstance(first, Fetched) and isinstance(second, NotModified) and isinstance(third, NotModified)
    assert second.sha256 == first.sha256 and second.path.read_bytes() == BODY
    assert asked == [None, value, value, None], "another address is not asked with this one's mark"
    assert isinstance(moved, Fetched)


async def test_S22_the_same_bytes_fetched_again_are_not_a_change(tmp_path: Path) -> None:
    async with serving(csv) as base, fetcher(tmp_path) as one:
        await get(one, f"{base}/a.csv")
        again = await get(one, f"{base}/a.csv")
    assert isinstance(again, Fetched) and not again.changed


async def test_many_files_at_once_keep_to_the_limit_per_host_and_all_arrive(tmp_path: Path) -> None:
    running, most = 0, 0

    async def counted(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.01)
        running -= 1
        return web.Response(body=request.path.encode() + BODY)

    async with serving(counted) as base, fetcher(tmp_path, limits={"per_host": 4}) as one:
        got = await asyncio.gather(
            *(one.fetch(source(base), "d", resource(f"{base}/{n}", id=f"r{n}")) for n in range(40))
        )
    assert most == 4
    assert len({g.sha256 for g in got}) == 40 and len(list(landing(tmp_path).replay())) == 40


async def test_one_hanging_source_does_not_hold_up_another(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as bad, serving(csv) as good, fetcher(tmp_path, limits={"read": 30, "total": 60}) as one:
        stuck = [asyncio.create_task(get(one, f"{bad}/a.csv", id=f"r{n}")) for n in range(16)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert isinstance(await get(one, f"{good}/a.csv"), Fetched)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
    assert [p for p in landed(tmp_path) if p.parent.name == "tmp"] == []
