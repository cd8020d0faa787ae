"""Fetching from real servers that misbehave as sources do: named errors, nothing half-kept, no other source held up."""

import asyncio
import hashlib
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web

from core.errors import LumbungError
from federation.errors import (
    FederationError,
    SourceBusy,
    SourceFailing,
    SourceInterrupted,
    SourceResting,
    SourceSilent,
    SourceStatus,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
)
from federation.fetched import Fetched, NotModified
from federation.member import SourceConfig, SourceKind
from tests.federation.fetch_factories import (
    HOST,
    Sleeper,
    faulty,
    fetcher,
    free_port,
    landing,
    resource,
    serving,
    talking,
)
from tests.federation.fetching import BODY, csv, get, landed


async def test_a_file_arrives_whole_with_its_facts(tmp_path: Path) -> None:
    async with serving(csv) as base, fetcher(tmp_path) as one:
        got = await get(one, f"{base}/harga.csv?token=rahasia")
    assert isinstance(got, Fetched)
    assert got.sha256 == hashlib.sha256(BODY).hexdigest()
    assert got.path.read_bytes() == BODY
    assert (got.name, got.mime, got.size, got.changed, got.page) == ("harga.csv", "text/csv", len(BODY), True, False)
    (event,) = landing(tmp_path).replay()
    assert event.status == 200 and event.headers["content-type"] == "text/csv"
    assert "rahasia" not in event.url


# -- S01 to S05 -----------------------------------------------------------------------------------------------


async def test_S01_a_refused_connection_is_tried_three_times_with_growing_jittered_waits(tmp_path: Path) -> None:
    sleep = Sleeper()
    async with fetcher(tmp_path, sleep) as one:
        with pytest.raises(SourceUnreachable) as failed:
            await get(one, f"http://127.0.0.1:{free_port()}/a.csv")
    assert sleep.asked == [0.5, 1.0]
    assert failed.value.values["source"] == "semarang" and failed.value.values["dataset"] == "d1"
    assert failed.value.transient and landed(tmp_path) == []


async def test_S01_an_unknown_host_is_unreachable(tmp_path: Path) -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with fetcher(tmp_path, resolve=unknown) as one:
        with pytest.raises(SourceUnreachable) as failed:
            await get(one, f"https://{HOST}/a.csv")
    assert failed.value.values["reason"] == "dns"


async def test_S01_a_source_that_comes_back_is_read(tmp_path: Path) -> None:
    calls = 0

    async def flaky(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return await csv(request) if calls == 3 else web.Response(status=502, text="<html>bad gateway")

    async with serving(flaky) as base, fetcher(tmp_path) as one:
        assert isinstance(await get(one, f"{base}/a.csv"), Fetched)


async def test_S02_a_source_that_never_answers_ends_at_the_read_limit(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as base, fetcher(tmp_path, limits={"read": 0.1}) as one:
        with pytest.raises(SourceSilent) as failed:
            await get(one, f"{base}/a.csv")
    assert failed.value.values["seconds"] == 0.1


@pytest.mark.parametrize("headers", [b"", b"Content-Length: 100000\r\n"])
async def test_S03_a_dripping_source_ends_at_the_total_deadline_although_no_read_times_out(
    tmp_path: Path, headers: bytes
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
        while True:
            writer.write(b"1")
            await writer.drain()
            await asyncio.sleep(0.025)  # 40 B/s

    async with talking(drip) as base, fetcher(tmp_path, limits={"read": 0.3, "total": 0.5}) as one:
        with pytest.raises(SourceTooSlow):
            await get(one, f"{base}/a.csv")
    assert landed(tmp_path) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("refuse", (SourceUnreachable, SourceInterrupted)),  # by when the reset is noticed
        ("hang", SourceSilent),
        ("drip:400", SourceTooSlow),
        ("reset:9000", SourceInterrupted),
        ("truncate:9000", SourceInterrupted),
        ("garbage", SourceInterrupted),
    ],
)
async def test_S02_S03_S04_S05_behind_the_fault_proxy_each_fault_has_its_name_and_keeps_nothing(
    tmp_path: Path, fault: str, error: type[FederationError] | tuple[type[FederationError], ...]
) -> None:
    async with serving(csv) as base, faulty(base, fault) as bad, fetcher(tmp_path, limits={"total": 1.0}) as one:
        with pytest.raises(error):
            await get(one, f"{bad}/a.csv")
    assert landed(tmp_path) == []


async def test_S04_a_reset_in_the_middle_keeps_nothing(tmp_path: Path) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with talking(reset) as base, fetcher(tmp_path) as one:
        with pytest.raises(SourceInterrupted):
            await get(one, f"{base}/a.csv")
    assert landed(tmp_path) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f4\r\n" + b"x" * 500,
    ],
)
async def test_S05_a_body_shorter_than_promised_is_not_kept(tmp_path: Path, answer: bytes) -> None:
    async def short(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with talking(short) as base, fetcher(tmp_path) as one:
        with pytest.raises(SourceInterrupted):
            await get(one, f"{base}/a.csv")
    assert landed(tmp_path) == []


async def test_S06_a_body_without_a_length_is_kept_for_the_gate_to_judge(tmp_path: Path) -> None:
    async def unsized(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\na;b\n1;2\n")
        await writer.drain()

    async with talking(unsized) as base, fetcher(tmp_path) as one:
        got = await get(one, f"{base}/a.csv")
    assert isinstance(got, Fetched) and got.path.read_bytes() == b"a;b\n1;2\n"


@pytest.mark.parametrize("honest", [True, False])
async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(tmp_path: Path, honest: bool) -> None:
    async def large(request: web.Request) -> web.StreamResponse:
        if honest:
            return web.Response(body=b"x" * 5000)
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b"x" * 100)
        return response

    async with serving(large) as base, fetcher(tmp_path, limits={"body": 4000}) as one:
        with pytest.raises(SourceTooLarge):
            await get(one, f"{base}/a.csv")
    assert landed(tmp_path) == []


# -- S07 to S10 -----------------------------------------------------------------------------------------------


async def test_S07_a_flapping_host_is_left_alone_and_others_are_not(tmp_path: Path) -> None:
    calls = 0

    async def failing(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return web.Response(status=500)

    now = [1000.0]
    async with (
        serving(failing) as bad,
        serving(csv) as good,
        fetcher(tmp_path, clock=lambda: now[0], limits={"total": 1e9}) as one,
    ):
        outcomes = []
        for _ in range(9):
            try:
                await get(one, f"{bad}/a.csv")
            except FederationError as error:
                outcomes.append(type(error))
        assert outcomes == [SourceFailing] * 6 + [SourceResting] * 3
        assert calls == 20
        assert isinstance(await get(one, f"{good}/a.csv"), Fetched)
        now[0] += 31
        with pytest.raises(SourceResting):
            await get(one, f"{bad}/a.csv")
        assert calls == 21, "one trial after the pause"


async def test_S08_a_short_retry_after_is_honoured(tmp_path: Path) -> None:
    calls = 0

    async def busy(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return web.Response(status=429, headers={"Retry-After": "120"}) if calls == 1 else await csv(request)

    now, sleep = [0.0], Sleeper()

    async def pass_time(seconds: float) -> None:
        now[0] += seconds
        await sleep(seconds)

    async with serving(busy) as base, fetcher(tmp_path, pass_time, clock=lambda: now[0]) as one:  # type: ignore[arg-type]
        assert isinstance(await get(one, f"{base}/a.csv"), Fetched)
    assert sleep.asked == [120.0]


@pytest.mark.parametrize("value", ["1000000000", "901", "Fri, 31 Dec 2999 00:00:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
async def test_S08_a_retry_after_beyond_fifteen_minutes_skips_the_source(
    tmp_path: Path, value: str, status: int
) -> None:
    calls = 0

    async def busy(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        return web.Response(status=status, headers={"Retry-After": value})

    sleep = Sleeper()
    async with serving(busy) as base, fetcher(tmp_path, sleep) as one:
        with pytest.raises(SourceBusy) as skipped:
            await get(one, f"{base}/a.csv")
    assert calls == 1 and sleep.asked == []
    assert skipped.value.values["limit"] == 900


async def test_S09_an_error_page_is_an_error_and_a_missing_file_is_not_tried_again(tmp_path: Path) -> None:
    calls = []

    async def pages(request: web.Request) -> web.StreamResponse:
        calls.append(request.path)
        return web.Response(status=int(request.path[1:]), text="<html>Kesalahan", content_type="text/html")

    async with serving(pages) as base, fetcher(tmp_path) as one:
        with pytest.raises(SourceFailing):
            await get(one, f"{base}/500")
        with pytest.raises(SourceStatus) as missing:
            await get(one, f"{base}/404")
    assert calls == ["/500"] * 3 + ["/404"]
    assert not missing.value.transient


async def test_S10_a_web_page_under_the_name_of_a_table_is_flagged(tmp_path: Path) -> None:
    async def login(request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html><form>Masuk", content_type="text/html")

    async with serving(login) as base, fetcher(tmp_path) as one:
        got = await get(one, f"{base}/harga.csv")
        meant = await get(one, f"{base}/tentang.html", id="r2", format="HTML")
    assert isinstance(got, Fetched) and got.page
    assert isinstance(meant, Fetched) and not meant.page


# -- names, folders -------------------------------------------------------------------------------------------


async def test_F32_what_a_source_calls_a_file_never_decides_where_it_lies(tmp_path: Path) -> None:
    async with serving(csv) as base, fetcher(tmp_path) as one:
        got = await get(one, f"{base}/..%2f..%2fCON", name="../../x\u202e\x00" + "a" * 300)
    assert isinstance(got, Fetched)
    assert got.path == tmp_path / "landing" / got.sha256[:2] / got.sha256
    assert "/" not in got.name and len(got.name) <= 120


async def test_a_folders_file_is_copied_once_and_confirmed_while_it_stays(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "harga beras.csv").write_bytes(BODY)
    config = SourceConfig(id="folder", kind=SourceKind.FOLDER, url=str(drop), member="33.74")
    file = resource("folder:harga%20beras.csv", name="harga beras.csv")
    async with fetcher(tmp_path / "home") as one:
        first = await one.fetch(config, "harga beras.csv", file)
        second = await one.fetch(config, "harga beras.csv", file)
        (drop / "harga beras.csv").write_bytes(BODY + b"2026-11-23;beras;14600\n")
        third = await one.fetch(config, "harga beras.csv", file)
    assert isinstance(first, Fetched) and isinstance(second, NotModified) and isinstance(third, Fetched)
    assert first.path.read_bytes() == BODY and second.sha256 == first.sha256 and third.changed


@pytest.mark.parametrize(
    "url", ["folder:../luar.csv", "folder:%2e%2e/luar.csv", "folder:/etc/passwd", "folder:link.csv"]
)
async def test_a_folder_source_never_reads_outside_of_its_folder(tmp_path: Path, url: str) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (tmp_path / "luar.csv").write_bytes(b"rahasia")
    (drop / "link.csv").symlink_to(tmp_path / "luar.csv")
    config = SourceConfig(id="folder", kind=SourceKind.FOLDER, url=str(drop), member="33.74")
    async with fetcher(tmp_path / "home") as one:
        with pytest.raises(SourceInterrupted):
            await one.fetch(config, "d", resource(url))


async def test_D03_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    async with serving(csv) as base, fetcher(tmp_path) as one:
        monkeypatch.setattr(one._landing, "temporary", lambda: Path("/dev/full"))
        monkeypatch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        with pytest.raises(LumbungError) as full:
            await get(one, f"{base}/a.csv")
    assert full.value.code == "STORAGE_FULL"
