"""Where a fetch may go: redirects, inward names, odd addresses, certificates, and where the token goes (S16 to S19)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from federation.errors import (
    AddressRefused,
    AllowanceExpired,
    RedirectRefused,
    TlsRefused,
    UrlRefused,
)
from federation.fetched import Fetched
from federation.member import AllowanceKind, SourceConfig, SourceKind
from tests.federation.fetch_factories import (
    HOST,
    allow,
    authority,
    certificate,
    fetcher,
    resource,
    serving,
    source,
)
from tests.federation.fetching import csv, get, landed


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
