"""Fetching from real servers that misbehave as sources do: named errors, nothing half-kept, no other source held up."""

import asyncio
import hashlib
import socket
import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from core.errors import LumbungError
from federation.errors import (
    AddressRefused,
    AllowanceExpired,
    FederationError,
    RedirectRefused,
    SourceBusy,
    SourceFailing,
    SourceInterrupted,
    SourceResting,
    SourceSilent,
    SourceStatus,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    TlsRefused,
    UrlRefused,
)
from federation.fetch import Fetcher
from federation.fetched import Fetched, NotModified
from federation.member import AllowanceKind, SourceConfig, SourceKind
from tests.federation.fetch_factories import (
    HOST,
    Sleeper,
    allow,
    authority,
    certificate,
    faulty,
    fetcher,
    free_port,
    landing,
    resource,
    serving,
    source,
    talking,
)

BODY = b"tanggal;komoditas;harga\n" + b"2026-11-22;beras;14500\n" * 2000


async def csv(request: web.Request) -> web.StreamResponse:
    return web.Response(body=BODY, content_type="text/csv")


def landed(folder: Path) -> list[Path]:
    return [p for p in (folder / "landing").rglob("*") if p.is_file()]


async def get(one: Fetcher, url: str, **more: object) -> Fetched | NotModified:
    return await one.fetch(source(url), "d1", resource(url, **more))


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


# -- conditional requests -------------------------------------------------------------------------------------


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


# -- S16 to S19 -----------------------------------------------------------------------------------------------


async def test_S16_loops_and_long_chains_of_redirects_are_refused(tmp_path: Path) -> None:
    async def hop(request: web.Request) -> web.StreamResponse:
        n = int(request.path.rsplit("/", 1)[1])
        if request.path.startswith("/loop"):
            return web.Response(status=302, headers={"Location": f"/loop/{(n + 1) % 3}"})
        if n == 0:
            return await csv(request)
        return web.Response(status=307, headers={"Location": f"/down/{n - 1}"})

    async with serving(hop) as base, fetcher(tmp_path) as one:
        assert isinstance(await get(one, f"{base}/down/5"), Fetched)
        for path, reason in (("/down/6", "redirect_hops"), ("/loop/0", "redirect_loop")):
            with pytest.raises(RedirectRefused) as refused:
                await get(one, base + path)
            assert refused.value.values["reason"] == reason


async def test_S17_a_redirect_into_the_network_or_to_metadata_is_refused_before_any_call(tmp_path: Path) -> None:
    called = []

    async def secret(request: web.Request) -> web.StreamResponse:
        called.append(request.path)
        return web.Response(text="rahasia")

    async with serving(secret) as inner:
        targets = [
            inner.replace("127.0.0.1", "127.0.0.2"),
            "http://169.254.169.254/latest",
            "http://[::ffff:10.0.0.1]/",
        ]

        async def lure(request: web.Request) -> web.StreamResponse:
            return web.Response(status=302, headers={"Location": targets[int(request.path[1:])]})

        async with serving(lure) as base, fetcher(tmp_path) as one:
            for n in range(len(targets)):
                with pytest.raises((AddressRefused, UrlRefused)):
                    await get(one, f"{base}/{n}")
    assert called == []


async def test_S17_a_name_that_turns_inward_after_the_check_is_refused(tmp_path: Path) -> None:
    """DNS rebinding: the name is public when it is looked at and loopback a moment later."""
    called = []

    async def secret(request: web.Request) -> web.StreamResponse:
        called.append(request.path)
        return web.Response(text="rahasia")

    async with serving(secret) as inner:
        port = inner.rpartition(":")[2]
        answers = iter([["203.0.113.9"], ["127.0.0.1"], ["127.0.0.1"]])
        allowed = (allow(AllowanceKind.PORT, port), allow(AllowanceKind.HTTP))
        victim = SourceConfig(id="s", kind=SourceKind.HTTP, url=f"http://{HOST}:{port}", member="33", allow=allowed)
        async with fetcher(tmp_path, resolve=lambda host, p: next(answers)) as one:
            for _ in range(2):
                with pytest.raises(AddressRefused):
                    await one.fetch(victim, "d", resource(f"http://{HOST}:{port}/a"))
    assert called == []


async def test_S17_the_connection_goes_to_the_judged_address_and_no_second_lookup_happens(tmp_path: Path) -> None:
    looked_up = []

    def once(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return ["127.0.0.1"]

    async with serving(csv) as base, fetcher(tmp_path, resolve=once) as one:
        port = base.rpartition(":")[2]
        named = source(f"http://{HOST}:{port}/a.csv")
        assert isinstance(await one.fetch(named, "d", resource(named.url)), Fetched)
        assert [a.what for a in one.used_allowances(named)] == [
            AllowanceKind.PORT,
            AllowanceKind.PRIVATE_ADDRESS,
            AllowanceKind.HTTP,
        ]
    assert looked_up == [HOST]


async def test_S17_S19_without_allowance_loopback_is_refused_and_an_expired_one_says_so(tmp_path: Path) -> None:
    async with serving(csv) as base, fetcher(tmp_path) as one:
        bare = SourceConfig(id="bare", kind=SourceKind.HTTP, url="http://127.0.0.1/", member="33")
        with pytest.raises(AddressRefused):
            await one.fetch(bare, "d", resource("http://127.0.0.1/a"))
        with pytest.raises(AllowanceExpired):
            await one.fetch(source(base, until=datetime(2020, 1, 1, tzinfo=UTC).date()), "d", resource(base))


async def test_S19_plain_http_without_allowance_serves_only_to_lead_on_to_https(tmp_path: Path) -> None:
    async with serving(csv) as base, fetcher(tmp_path) as one:
        port = base.rpartition(":")[2]
        granted = (allow(AllowanceKind.PRIVATE_ADDRESS, "127.0.0.1"), allow(AllowanceKind.PORT, port))
        with pytest.raises(UrlRefused) as refused:
            await one.fetch(source(base, allow=granted), "d", resource(base))
    assert refused.value.values["reason"] == "url_http"
    assert landed(tmp_path) == []


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "https://u:p@data.contoh.go.id/", "ftp://x/a.csv"])
async def test_S19_a_dataset_that_links_to_something_odd_is_refused_by_name(tmp_path: Path, url: str) -> None:
    async with fetcher(tmp_path) as one:
        with pytest.raises(UrlRefused) as refused:
            await one.fetch(source("https://data.contoh.go.id"), "d1", resource(url))
    assert refused.value.values["dataset"] == "d1" and refused.value.values["resource"] == "r1"


@pytest.mark.parametrize(
    ("host", "days", "signed", "reason"),
    [
        (HOST, 30, True, None),
        (HOST, -1, True, "tls_expired"),
        ("lain.contoh.go.id", 30, True, "tls_host"),
        (HOST, 30, False, "tls_self_signed"),
    ],
)
async def test_S18_only_a_certificate_that_verifies_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, days: int, signed: bool, reason: str | None
) -> None:
    key, built, file = authority(tmp_path)
    made = certificate(tmp_path, host, days=days, signer=(key, built) if signed else None)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with serving(csv, made.context) as base, fetcher(tmp_path, resolve=lambda h, p: ["127.0.0.1"]) as one:
        url = f"https://{HOST}:{base.rpartition(':')[2]}/a.csv"
        if reason is None:
            assert isinstance(await get(one, url), Fetched)
            return
        with pytest.raises(TlsRefused) as refused:
            await get(one, url)
    assert refused.value.values["reason"] == reason


async def test_S18_a_pinned_certificate_is_taken_only_if_it_is_that_one(tmp_path: Path) -> None:
    made = certificate(tmp_path, HOST, days=-1)
    async with serving(csv, made.context) as base, fetcher(tmp_path, resolve=lambda h, p: ["127.0.0.1"]) as one:
        url = f"https://{HOST}:{base.rpartition(':')[2]}/a.csv"
        for n, (pin, until, error) in enumerate(
            (
                (made.sha256, None, None),
                ("00" * 32, None, TlsRefused),
                (made.sha256, datetime(2020, 1, 1, tzinfo=UTC).date(), AllowanceExpired),
            )
        ):
            pinned = allow(AllowanceKind.PIN, pin, *([until] if until else []))
            plain = source(url, id=f"s{n}")
            one_source = source(url, id=f"s{n}", allow=(*plain.allow, pinned))
            if error is None:
                assert isinstance(await one.fetch(one_source, "d", resource(url)), Fetched)
                assert pinned in one.used_allowances(one_source)
                continue
            with pytest.raises(error):
                await one.fetch(one_source, "d", resource(url))


async def test_the_token_is_sent_to_the_sources_own_host_and_not_along_a_redirect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_SEMARANG", "rahasia")
    seen: list[tuple[str, str | None]] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        seen.append(("lain", request.headers.get("Authorization")))
        return await csv(request)

    async with serving(elsewhere) as other:
        other_port = other.rpartition(":")[2]

        async def portal(request: web.Request) -> web.StreamResponse:
            seen.append(("portal", request.headers.get("Authorization")))
            return web.Response(status=302, headers={"Location": f"http://berkas.contoh.go.id:{other_port}/a.csv"})

        async with serving(portal) as base, fetcher(tmp_path, resolve=lambda h, p: ["127.0.0.1"]) as one:
            port = base.rpartition(":")[2]
            config = source(f"http://{HOST}:{port}", token_env="TOKEN_SEMARANG")
            more = (
                allow(AllowanceKind.PRIVATE_ADDRESS, "berkas.contoh.go.id"),
                allow(AllowanceKind.PORT, other_port),
            )
            config = source(f"http://{HOST}:{port}", token_env="TOKEN_SEMARANG", allow=config.allow + more)
            assert isinstance(await one.fetch(config, "d", resource(f"http://{HOST}:{port}/a")), Fetched)
    assert seen == [("portal", "rahasia"), ("lain", None)]


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
