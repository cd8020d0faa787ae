"""A portal's address: redirects, names that turn inward, certificates, and where its token goes (S16 to S18)."""

from pathlib import Path

import pytest
from aiohttp import web

from federation.address import AddressPolicy
from federation.errors import (
    AddressRefused,
    RedirectRefused,
    TlsRefused,
    UrlRefused,
)
from federation.member import AllowanceKind, SourceConfig, SourceKind
from tests.federation.ckan_factories import NAMES, connector, many
from tests.federation.fetch_factories import (
    HOST,
    FakeCkan,
    allow,
    authority,
    certificate,
    serving,
    source,
)


async def test_an_http_portal_that_moved_to_https_is_followed_and_the_token_waits_for_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, built, file = authority(tmp_path)
    made = certificate(tmp_path, signer=(key, built))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    portal, seen = FakeCkan(many()), []
    async with serving(portal, made.context) as secure:
        secure_port = secure.rpartition(":")[2]

        async def moved(request: web.Request) -> web.StreamResponse:
            seen.append(request.headers.get("Authorization") or request.headers.get("X-CKAN-API-Key"))
            return web.Response(status=301, headers={"Location": f"https://{HOST}:{secure_port}{request.path_qs}"})

        async with serving(moved) as plain:
            port = plain.rpartition(":")[2]
            granted = (
                allow(AllowanceKind.PRIVATE_ADDRESS, HOST),
                allow(AllowanceKind.PORT, port),
                allow(AllowanceKind.PORT, secure_port),
            )
            config = source(f"http://{HOST}:{port}", SourceKind.CKAN, allow=granted)
            policy = AddressPolicy(config, resolve=lambda host, p: ["127.0.0.1"])
            crawl = await connector("", config=config, policy=policy, token="rahasia").crawl(None)
    assert len(crawl.datasets) == len(NAMES)
    assert seen == [None] and portal.tokens == ["rahasia"]


async def test_S16_S17_redirects_of_a_portal_obey_the_rules() -> None:
    target = [""]

    async def lure(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": target[0] or str(request.rel_url)})

    async with serving(lure) as base:
        with pytest.raises(RedirectRefused):
            await connector(base).crawl(None)
        for target[0] in ("http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd"):
            with pytest.raises((AddressRefused, UrlRefused)):
                await connector(base).crawl(None)


async def test_S17_a_portals_name_that_turns_inward_is_refused_at_the_connection() -> None:
    portal = FakeCkan(many())
    async with serving(portal) as base:
        port = base.rpartition(":")[2]
        granted = (allow(AllowanceKind.PORT, port), allow(AllowanceKind.HTTP))
        config = SourceConfig("s", SourceKind.CKAN, f"http://{HOST}:{port}", "33.74", allow=granted)
        policy = AddressPolicy(config, resolve=lambda host, p: ["127.0.0.1"])
        with pytest.raises(AddressRefused):
            await connector("", config=config, policy=policy).crawl(None)
    assert portal.asked == []


@pytest.mark.parametrize(
    ("host", "days", "signed", "pinned", "reason"),
    [
        (HOST, 30, True, None, None),
        (HOST, -1, True, None, "tls_expired"),
        ("lain.contoh.go.id", 30, True, None, "tls_host"),
        (HOST, 30, False, None, "tls_self_signed"),
        (HOST, -1, False, "right", None),
        (HOST, 30, False, "wrong", "tls_pin"),
    ],
)
async def test_S18_a_portals_certificate_verifies_or_is_the_pinned_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    days: int,
    signed: bool,
    pinned: str | None,
    reason: str | None,
) -> None:
    key, built, file = authority(tmp_path)
    made = certificate(tmp_path, host, days=days, signer=(key, built) if signed else None)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with serving(FakeCkan(many()), made.context) as base:
        config = source(f"https://{HOST}:{base.rpartition(':')[2]}", SourceKind.CKAN)
        if pinned:
            pin = allow(AllowanceKind.PIN, made.sha256 if pinned == "right" else "11" * 32)
            config = source(config.url, SourceKind.CKAN, allow=(*config.allow, pin))
        policy = AddressPolicy(config, resolve=lambda h, p: ["127.0.0.1"])
        crawling = connector("", config=config, policy=policy).crawl(None)
        if reason is None:
            assert len((await crawling).datasets) == len(NAMES)
            return
        with pytest.raises(TlsRefused) as refused:
            await crawling
    assert refused.value.values["reason"] == reason
