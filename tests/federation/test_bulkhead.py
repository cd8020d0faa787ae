"""A source that hangs or drips holds its own connections and threads, and none that another source needs."""

import asyncio
import contextlib
import resource as process
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from core.settings import Settings
from federation.fetch import Fetcher
from federation.fetched import Fetched, FetchLimits
from federation.slots import Slots
from tests.federation.fetch_factories import fetcher, resource, serving, source, talking

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

BODY = b"a;b\n1;2\n"
#: As many as one batch of a harvest asks for.
FILES = 25


async def whole(request: web.Request) -> web.StreamResponse:
    return web.Response(body=BODY, content_type="text/csv")


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"1")
        await writer.drain()
        await asyncio.sleep(0.02)


async def all_of(one: Fetcher, name: str, base: str) -> list[object]:
    """Everything a source offers, asked for at once."""
    asked = (one.fetch(source(base, id=name), "d", resource(f"{base}/{n}", id=str(n))) for n in range(FILES))
    return list(await asyncio.gather(*asked, return_exceptions=True))


@pytest.mark.parametrize("bad", [hang, drip], ids=["S02_hanging", "S03_dripping"])
async def test_P07_good_sources_finish_while_bad_ones_hold_all_they_can(bad: Talk, tmp_path: Path) -> None:
    """Ten bad sources that end only when they are cut off; a limit in all as small as the sources need it."""
    limits = {"read": 60.0, "total": 60.0, "per_host": 2, "per_source": 2, "slots": 2 * 15}
    async with contextlib.AsyncExitStack() as stack, serving(whole) as base, fetcher(tmp_path, limits=limits) as one:
        stuck = [await stack.enter_async_context(talking(bad)) for _ in range(10)]
        held = [asyncio.create_task(all_of(one, f"buruk-{n}", url)) for n, url in enumerate(stuck)]
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            good = await asyncio.gather(*(all_of(one, f"baik-{n}", base) for n in range(5)))
        assert all(isinstance(got, Fetched) for of_one in good for got in of_one)
        assert not any(task.done() for task in held)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)


async def test_S02_a_host_that_hangs_leaves_its_sources_other_hosts_their_share(tmp_path: Path) -> None:
    limits = {"read": 60.0, "total": 60.0, "per_host": 2, "per_source": 4, "slots": 4}
    async with talking(hang) as stuck, serving(whole) as base, fetcher(tmp_path, limits=limits) as one:
        held = asyncio.create_task(all_of(one, "satu", stuck))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            good = await all_of(one, "satu", base)
        assert all(isinstance(got, Fetched) for got in good) and not held.done()
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)


async def test_P07_a_name_server_that_never_answers_holds_up_only_the_source_that_asks_it(tmp_path: Path) -> None:
    released = threading.Event()

    def slow(host: str, port: int) -> Sequence[str]:
        if host == "mati.contoh.go.id":
            released.wait(60)
        return ["127.0.0.1"]

    async with serving(whole) as base, fetcher(tmp_path, resolve=slow) as one:
        port = base.rpartition(":")[2]
        held = asyncio.create_task(all_of(one, "mati", f"http://mati.contoh.go.id:{port}"))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            good = await all_of(one, "hidup", base)
        assert all(isinstance(got, Fetched) for got in good) and not held.done()
        released.set()
        held.cancel()
        await asyncio.gather(held, return_exceptions=True)


async def test_connections_are_counted_for_a_host_a_source_and_in_all() -> None:
    slots = Slots(per_host=2, per_source=3, total=5)
    now: list[tuple[str, str]] = []
    most: list[tuple[int, int, int]] = []

    async def use(who: str, host: str) -> None:
        async with slots.one(who, host):
            now.append((who, host))
            most.append((len(now), sum(w == who for w, _ in now), sum(h == host for _, h in now)))
            await asyncio.sleep(0.001)
            now.remove((who, host))

    await asyncio.gather(*(use(who, host) for who in "ABC" for host in "xyz" for _ in range(6)))
    assert tuple(map(max, zip(*most, strict=True))) == (5, 3, 2)


def test_P06_P07_an_installation_lets_all_its_sources_have_their_connections_within_its_open_files() -> None:
    limits = FetchLimits.of(Settings(home=Path("/"), download_concurrency=4, sources_at_once=20))
    assert (limits.per_host, limits.per_source, limits.slots) == (4, 8, 80)
    many = FetchLimits.of(Settings(home=Path("/"), download_concurrency=256, sources_at_once=256))
    soft, _ = process.getrlimit(process.RLIMIT_NOFILE)
    assert many.slots <= max(soft // 2, 1) or soft == process.RLIM_INFINITY
