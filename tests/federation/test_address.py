"""S16-S19: which addresses the province's machine may call, and what a named admin may allow."""

import ipaddress
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from federation.address import AddressKind, AddressPolicy, kind_of, safe_url
from federation.errors import (
    AddressRefused,
    AllowanceExpired,
    RedirectRefused,
    SourceUnreachable,
    UrlRefused,
)
from federation.member import Allowance, AllowanceKind, SourceConfig, SourceKind
from tests.federation.fetch_factories import HOST, allow

TODAY = date(2026, 11, 22)


def policy(*granted: Allowance, url: str = f"https://{HOST}", answers: Sequence[str] = ("103.1.2.3",)) -> AddressPolicy:
    source = SourceConfig(id="semarang", kind=SourceKind.CKAN, url=url, member="33.74", allow=granted)
    return AddressPolicy(source, today=lambda: TODAY, resolve=lambda host, port: answers)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "url_scheme"),
        ("gopher://data.contoh.go.id/", "url_scheme"),
        ("ftp://data.contoh.go.id/a.csv", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("data.contoh.go.id/a.csv", "url_scheme"),
        ("https://budi:rahasia@data.contoh.go.id/", "url_credentials"),
        ("https://budi@data.contoh.go.id/", "url_credentials"),
        ("https://data.contoh.go.id:25/", "url_port"),
        ("http://data.contoh.go.id:6379/", "url_port"),
        ("https:///a.csv", "url_host"),
        ("https://data.contoh.go.id\\@evil.example/", "url_host"),
        ("https://data.contoh.go.id/\r\nX: 1", "url_host"),
        ("http://[::1", "url_host"),
    ],
)
def test_S19_an_odd_address_is_refused_at_entry_and_its_secret_is_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(UrlRefused) as refused:
        policy().check(url)
    assert refused.value.values["reason"] == reason
    assert "rahasia" not in str(refused.value) + refused.value.what("en")


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_S19_the_usual_ports_of_portals_are_taken(port: int) -> None:
    assert policy().check(f"https://{HOST}:{port}/a.csv").port == port


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "100.64.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.7",
        "240.0.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::7f00:1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::5",
        "ff02::1",
        "fec0::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
    ],
)
def test_S17_an_address_that_is_not_public_is_refused_however_it_is_written(address: str) -> None:
    assert kind_of(address) is not AddressKind.PUBLIC
    with pytest.raises(AddressRefused):
        policy(answers=[address]).vet(HOST, 443)
    with pytest.raises((AddressRefused, UrlRefused)):
        policy().check(f"https://[{address}]/" if ":" in address else f"https://{address}/")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001"])
def test_S17_an_old_way_of_writing_loopback_is_judged_by_what_it_resolves_to(host: str) -> None:
    with pytest.raises(AddressRefused):
        AddressPolicy(SourceConfig(id="s", kind=SourceKind.HTTP, url="https://x", member="33")).vet(host, 80)


@given(st.ip_addresses(v=4))
def test_S17_an_address_inside_another_counts_as_itself(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    sixtofour = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    nat64 = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | number)
    assert {kind_of(str(a)) for a in (mapped, sixtofour, nat64)} == {kind_of(str(inner))}
    if not inner.is_global:
        assert kind_of(str(inner)) is not AddressKind.PUBLIC


def test_S17_one_private_answer_among_public_ones_refuses_them_all() -> None:
    with pytest.raises(AddressRefused) as refused:
        policy(answers=["103.1.2.3", "10.0.0.8"]).vet(HOST, 443)
    assert refused.value.values["address"] == "10.0.0.8"


def test_S17_an_allowance_opens_the_intranet_for_its_host_alone_and_is_reported() -> None:
    granted = allow(AllowanceKind.PRIVATE_ADDRESS, HOST)
    rules = policy(granted, answers=["10.0.0.8"])
    assert rules.used_allowances == ()
    assert rules.vet(HOST, 443) == ("10.0.0.8",)
    assert rules.used_allowances == (granted,)
    with pytest.raises(AddressRefused):
        rules.vet("lain.contoh.go.id", 443)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "224.0.0.1"])
def test_S17_no_allowance_opens_metadata_or_multicast(address: str) -> None:
    with pytest.raises(AddressRefused):
        policy(allow(AllowanceKind.PRIVATE_ADDRESS, HOST), answers=[address]).vet(HOST, 443)


def test_an_expired_allowance_is_refused_by_name() -> None:
    old = allow(AllowanceKind.PRIVATE_ADDRESS, HOST, date(2026, 11, 21))
    with pytest.raises(AllowanceExpired) as refused:
        policy(old, answers=["10.0.0.8"]).vet(HOST, 443)
    assert {"by": "Sri Admin", "until": "2026-11-21", "what": "private_address"}.items() <= refused.value.values.items()
    last_day = allow(AllowanceKind.PRIVATE_ADDRESS, HOST, TODAY)
    assert policy(old, last_day, answers=["10.0.0.8"]).vet(HOST, 443)


def test_S19_port_and_http_allowances_hold_for_the_sources_own_hosts() -> None:
    rules = policy(allow(AllowanceKind.PORT, "5001"), allow(AllowanceKind.HTTP))
    rules.accept(rules.check(f"http://{HOST}:5001/"))
    with pytest.raises(UrlRefused):
        rules.check("http://lain.contoh.go.id:5001/")
    with pytest.raises(UrlRefused):
        rules.accept(rules.check("http://lain.contoh.go.id/"))


def test_S19_without_an_allowance_nothing_but_a_redirect_is_taken_over_http() -> None:
    rules = policy(url=f"http://{HOST}")
    first = rules.check(f"http://{HOST}/a.csv")
    assert rules.redirect([first], f"https://{HOST}/a.csv").scheme == "https"
    with pytest.raises(UrlRefused) as refused:
        rules.accept(first)
    assert refused.value.values["reason"] == "url_http"


def test_S16_redirects_are_checked_hop_by_hop() -> None:
    rules = policy()
    start = URL(f"https://{HOST}/0")
    assert rules.redirect([start], "/1") == URL(f"https://{HOST}/1")
    for location, reason in (
        (f"http://{HOST}/1", "redirect_down"),
        ("/0", "redirect_loop"),
        ("/0#again", "redirect_loop"),
    ):
        with pytest.raises(RedirectRefused) as refused:
            rules.redirect([start], location)
        assert refused.value.values["reason"] == reason
    with pytest.raises(RedirectRefused) as refused:
        rules.redirect([start / str(n) for n in range(6)], "/7")
    assert refused.value.values["reason"] == "redirect_hops"
    assert rules.redirect([start / str(n) for n in range(5)], "/7")
    with pytest.raises(UrlRefused):
        rules.redirect([start], "file:///etc/passwd")
    with pytest.raises(AddressRefused):
        rules.redirect([start], "https://169.254.169.254/latest/meta-data/")


def test_the_token_goes_to_the_sources_own_host_over_https_only() -> None:
    rules = policy()
    assert rules.trusts(URL(f"https://{HOST}/api"))
    assert not rules.trusts(URL(f"http://{HOST}/api"))
    assert not rules.trusts(URL("https://lain.contoh.go.id/api"))
    assert policy(allow(AllowanceKind.HTTP)).trusts(URL(f"http://{HOST}/api"))


def test_S01_an_unknown_name_is_unreachable_not_refused() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("tidak dikenal")

    source = SourceConfig(id="s", kind=SourceKind.HTTP, url="https://x", member="33")
    with pytest.raises(SourceUnreachable):
        AddressPolicy(source, resolve=unknown).vet("tidak.ada", 443)


@given(
    password=st.from_regex(r"[a-z0-9]{8,12}rahasia", fullmatch=True),
    key=st.sampled_from(["token", "api_key", "X-Amz-Signature", "password", "sig"]),
)
def test_a_shown_address_never_holds_a_secret(password: str, key: str) -> None:
    assert "rahasia" not in safe_url(f"https://u:{password}@data.contoh.go.id/a.csv?{key}={password}&tahun=2026")
    assert (
        safe_url("https://data.contoh.go.id/a%20b.csv?tahun=2026") == "https://data.contoh.go.id/a%20b.csv?tahun=2026"
    )
