"""CKAN portals: complete crawls or a named error, never an empty or partial catalogue in place of one."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from federation.address import AddressPolicy
from federation.connectors.base import Page
from federation.connectors.ckan import CkanConnector
from federation.connectors.ckan_dicts import dataset_from
from federation.errors import (
    AddressRefused,
    CkanAccess,
    CkanRefused,
    FederationError,
    RedirectRefused,
    SourceBusy,
    SourceInconsistent,
    SourceInterrupted,
    SourceNotCkan,
    SourceSilent,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    TlsRefused,
    UrlRefused,
)
from federation.member import AllowanceKind, SourceConfig, SourceKind
from federation.retry import Backoff
from federation.vetted import Limits
from tests.federation.fetch_factories import (
    HOST,
    SAMPLES,
    FakeCkan,
    Sleeper,
    allow,
    authority,
    certificate,
    dataset,
    faulty,
    free_port,
    serving,
    source,
    talking,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NAMES = [f"harga-{n:03}" for n in range(25)]


def connector(base: str, **more: Any) -> CkanConnector:
    more = {"sleep": lambda seconds: None, "backoff": Backoff(draw=lambda: 0.5), "now": lambda: NOW} | more
    config = more.pop("config", None) or source(base, SourceKind.CKAN)
    more.setdefault("limits", Limits(connect=2.0, read=0.4, total=4.0))
    return CkanConnector(config, **more)


def many(names: list[str] = NAMES) -> list[dict[str, Any]]:
    return [dataset(name, f"2026-11-01T08:00:{n:02}.000001") for n, name in enumerate(names)]


# -- complete, and cheap where nothing changed ------------------------------------------------------------------


async def test_a_first_crawl_of_a_thousand_or_less_is_one_question(tmp_path: Path) -> None:
    portal = FakeCkan(many())
    async with serving(portal) as base:
        crawl = await connector(base).crawl(None)
    assert crawl.complete and not crawl.unchanged
    assert [d.name for d in crawl.datasets] == NAMES
    assert crawl.requests == len(portal.asked) == 1


async def test_an_unchanged_portal_is_one_question() -> None:
    portal = FakeCkan(many())
    async with serving(portal) as base:
        first = await connector(base).crawl(None)
        again = await connector(base).crawl(json.loads(json.dumps(first.mark)))
    assert again.unchanged and again.datasets == () and not again.complete
    assert again.requests == 1 and again.mark == first.mark
    assert portal.asked[-1]["rows"] == "1"


@pytest.mark.parametrize("change", ["changed", "added", "deleted", "made private"])
async def test_any_change_is_found_by_a_complete_crawl(change: str) -> None:
    portal = FakeCkan(many())
    async with serving(portal) as base:
        first = await connector(base).crawl(None)
        match change:
            case "changed":
                portal.datasets[3]["metadata_modified"] = "2026-11-20T10:00:00"
            case "added":
                portal.datasets.append(dataset("baru", "2026-11-20T10:00:00"))
            case "deleted":
                del portal.datasets[7]
            case _:
                portal.datasets[7]["private"] = True
        second = await connector(base).crawl(first.mark)
    assert second.complete and not second.unchanged
    assert {d.id for d in second.datasets} == {d["id"] for d in portal.datasets if not d["private"]}


async def test_a_portal_that_caps_its_rows_is_read_to_the_end() -> None:
    portal = FakeCkan(many(), cap=10)
    async with serving(portal) as base:
        crawl = await connector(base).crawl(None)
    assert [d.name for d in crawl.datasets] == NAMES
    assert [a["start"] for a in portal.asked] == ["0", "10", "20"]


async def test_a_mark_of_another_address_or_another_right_to_see_proves_nothing() -> None:
    portal = FakeCkan([*many(), dataset("tertutup", private=True)])
    async with serving(portal) as base:
        public = await connector(base).crawl(None)
        inside = await connector(base, token="rahasia").crawl(public.mark)
    assert len(inside.datasets) == len(public.datasets) + 1
    assert [d.name for d in inside.datasets if d.private] == ["tertutup"]
    assert portal.tokens == [None, "rahasia"]


async def test_raw_answers_are_handed_over_for_landing() -> None:
    pages: list[Page] = []
    async with serving(FakeCkan(many(), cap=20)) as base:
        await connector(base, keep=pages.append).crawl(None)
    assert [len(json.loads(p.body)["result"]["results"]) for p in pages] == [20, 5]
    assert all(p.status == 200 and p.url.startswith(base) for p in pages)


# -- S01 to S12 -------------------------------------------------------------------------------------------------


async def test_S01_an_unreachable_portal_is_tried_three_times() -> None:
    sleep = Sleeper()
    with pytest.raises(SourceUnreachable):
        await connector(f"http://127.0.0.1:{free_port()}", sleep=sleep.in_thread).crawl(None)
    assert sleep.asked == [0.5, 1.0]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("refuse", (SourceUnreachable, SourceInterrupted)),
        ("hang", SourceSilent),
        ("drip:40", SourceTooSlow),
        ("reset:9000", SourceInterrupted),
        ("truncate:9000", SourceInterrupted),
        ("garbage", SourceInterrupted),
    ],
)
async def test_S02_S03_S04_S05_behind_the_fault_proxy_a_crawl_fails_by_name(
    fault: str, error: type[FederationError] | tuple[type[FederationError], ...]
) -> None:
    async with serving(FakeCkan(many())) as base, faulty(base, fault) as bad:
        with pytest.raises(error):
            await connector(bad, limits=Limits(connect=2.0, read=0.3, total=1.5)).crawl(None)


async def test_S03_the_deadline_ends_the_crawls_thread_too() -> None:
    import threading

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with talking(drip) as base:
        began = time.monotonic()
        with pytest.raises(SourceTooSlow):
            await connector(base, limits=Limits(read=5.0, total=0.3)).crawl(None)
        assert time.monotonic() - began < 3
        async with asyncio.timeout(3):
            while any(t.name.startswith("ckan-semarang") for t in threading.enumerate()):
                await asyncio.sleep(0.01)


async def test_S03_thirty_five_hanging_portals_do_not_hold_up_one_that_answers() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(silent) as bad, serving(FakeCkan(many())) as good:
        limits = Limits(read=30, total=60)
        stuck = [asyncio.create_task(connector(bad, limits=limits).crawl(None)) for _ in range(35)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert (await connector(good).crawl(None)).complete
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_S08_a_portal_that_asks_for_ages_is_skipped_and_one_that_asks_for_a_minute_is_waited_for() -> None:
    def bend(wait: str) -> Callable[[Any, int], Any]:
        return lambda answer, n: web.Response(status=503, headers={"Retry-After": wait}) if n == 1 else answer

    sleep, limits = Sleeper(), Limits(connect=2.0, read=2.0, total=300.0)
    async with serving(FakeCkan(many(), bend=bend("1000000000"))) as base:
        with pytest.raises(SourceBusy):
            await connector(base, sleep=sleep.in_thread, limits=limits).crawl(None)
    async with serving(FakeCkan(many(), bend=bend("60"))) as base:
        assert (await connector(base, sleep=sleep.in_thread, limits=limits).crawl(None)).complete
    assert sleep.asked == [60.0]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "<!DOCTYPE html><title>500</title>"),  # S09
        (200, "<html><form action=/login>"),  # S10, S11
        (200, "nama,kata sandi\n"),
        (200, ""),
        (200, "[]"),
        (200, '"success"'),
        (200, '{"success": true}'),
        (200, '{"success": true, "result": []}'),
        (200, '{"success": true, "result": {"count": "banyak", "results": []}}'),
        (200, '{"success": true, "result": {"count": 1, "results": [{"name": "tanpa id"}]}}'),
        (200, '{"success": true, "result": {"count": 1, "results": {}}}'),
        (200, '{"x":' * 100_000),
        (400, "Bad request: Action name not known: package_search"),
        (404, "<html>tidak ditemukan"),
    ],
)
async def test_S09_S10_S11_what_is_no_ckan_answer_is_an_error_and_never_an_empty_catalogue(
    status: int, body: str
) -> None:
    portal = FakeCkan(bend=lambda answer, n: web.Response(status=status, text=body, content_type="text/html"))
    async with serving(portal) as base:
        with pytest.raises(SourceNotCkan) as failed:
            await connector(base).crawl(None)
    assert failed.value.values["status"] == status
    assert len(portal.asked) == (3 if status == 500 else 1)


@pytest.mark.parametrize("status", [200, 409])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("Search Error", CkanRefused),
        ("Search Index Error", CkanRefused),
        ("Validation Error", CkanRefused),
        ("Not Found Error", CkanRefused),
        ("Kesalahan Baru", CkanRefused),
        ("Authorization Error", CkanAccess),
    ],
)
async def test_S12_success_false_is_an_error_by_its_type_whatever_the_status_and_the_words(
    status: int, kind: str, error: type[FederationError]
) -> None:
    body = {"success": False, "error": {"__type": kind, "message": "Akses ditolak: hasil kosong"}, "help": ""}
    portal = FakeCkan(bend=lambda answer, n: web.json_response(body, status=status))
    async with serving(portal) as base:
        with pytest.raises(error) as failed:
            await connector(base).crawl(None)
    assert failed.value.values["type"] == kind and len(portal.asked) == 1


async def test_a_page_that_is_too_slow_in_one_piece_is_asked_for_in_smaller_ones() -> None:
    class Slow(FakeCkan):
        async def __call__(self, request: web.Request) -> web.StreamResponse:
            if int(request.query["rows"]) > 100:
                await asyncio.sleep(30)
            return await super().__call__(request)

    async with serving(Slow(many())) as base:
        crawl = await connector(base).crawl(None)
    assert len(crawl.datasets) == len(NAMES)


async def test_an_answer_beyond_the_limit_is_refused() -> None:
    async with serving(FakeCkan(many())) as base:
        with pytest.raises(SourceTooLarge):
            await connector(base, limits=Limits(body=1000)).crawl(None)


# -- S13, S14, T07 ----------------------------------------------------------------------------------------------


def shrinking(answer: dict[str, Any], number: int) -> dict[str, Any]:
    answer["result"]["count"] -= number  # one fewer at each page
    return answer


def repeating(answer: dict[str, Any], number: int) -> dict[str, Any]:
    answer["result"]["results"] = many()[:10]
    return answer


def losing(answer: dict[str, Any], number: int) -> dict[str, Any]:
    answer["result"]["results"] = answer["result"]["results"][:5] if number % 3 == 0 else answer["result"]["results"]
    return answer


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (shrinking, "pages_count"),
        (repeating, "pages_repeated"),
        (lambda a, n: a | {"result": a["result"] | {"count": 99}}, "pages_missing"),
    ],
)
async def test_S13_pages_that_contradict_each_other_are_read_again_once_and_then_fail(
    bend: Callable[[Any, int], Any], reason: str
) -> None:
    portal = FakeCkan(many(), cap=10, bend=bend)
    async with serving(portal) as base:
        with pytest.raises(SourceInconsistent) as failed:
            await connector(base).crawl(None)
    assert failed.value.values["reason"] == reason
    assert [a["start"] for a in portal.asked].count("0") == 2
    assert "?" not in failed.value.what() + failed.value.what("en")


async def test_S13_a_portal_changed_while_it_was_read_is_read_again_and_complete() -> None:
    portal = FakeCkan(many(), cap=10)

    def delete_once(answer: dict[str, Any], number: int) -> dict[str, Any]:
        if number == 1:
            del portal.datasets[2]
        return answer

    portal.bend = delete_once
    async with serving(portal) as base:
        crawl = await connector(base).crawl(None)
    assert crawl.complete and {d.id for d in crawl.datasets} == {d["id"] for d in portal.datasets}


async def test_S14_a_portal_of_nothing_is_complete_but_says_so() -> None:
    async with serving(FakeCkan()) as base:
        crawl = await connector(base).crawl(None)
    assert crawl.complete and crawl.datasets == ()
    assert [n.code for n in crawl.remarks] == ["federation.note.empty_source"]


async def test_T07_a_date_in_2099_is_kept_noted_and_hides_no_later_change() -> None:
    portal = FakeCkan([*many(), dataset("masa-depan", "2099-01-01T00:00:00")])
    async with serving(portal) as base:
        first = await connector(base).crawl(None)
        unchanged = await connector(base).crawl(first.mark)
        portal.datasets[5]["metadata_modified"] = "2026-11-20T10:00:00"
        changed = await connector(base).crawl(first.mark)
    (strange,) = [d for d in first.datasets if d.name == "masa-depan"]
    assert strange.modified == datetime(2099, 1, 1, tzinfo=UTC)
    assert [(n.code, n.values["dataset"]) for n in first.remarks] == [("federation.note.future_date", "masa-depan")]
    assert unchanged.unchanged and not changed.unchanged


# -- addresses, tokens ------------------------------------------------------------------------------------------


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


# -- against real answers of CKAN 2.12 ---------------------------------------------------------------------------


def sample(name: str) -> Any:
    file = SAMPLES / f"{name}.json"
    if not file.is_file():
        pytest.skip("no recorded CKAN answers here")
    return json.loads(file.read_text("utf-8"))


def test_the_fake_portal_answers_in_the_shape_of_a_real_one() -> None:
    real = sample("package_search")["body"]
    assert set(real) == {"help", "success", "result"}
    assert {"count", "facets", "results", "sort", "search_facets"} == set(real["result"])
    assert set(dataset("x")) == set(real["result"]["results"][0])
    assert set(dataset("x")["organization"]) == set(real["result"]["results"][0]["organization"])


@pytest.mark.parametrize("name", ["err_bad_fq_syntax", "err_bad_sort", "err_rows_negative", "err_403_private"])
async def test_a_real_refusal_is_told_by_its_type(name: str) -> None:
    recorded = sample(name)
    portal = FakeCkan(bend=lambda answer, n: web.json_response(recorded["body"], status=recorded["status"]))
    async with serving(portal) as base:
        with pytest.raises(CkanRefused) as failed:
            await connector(base).crawl(None)
    assert failed.value.values["type"] == recorded["body"]["error"]["__type"]


@pytest.mark.parametrize("name", ["err_404_page", "err_400_unknown_action", "site_read"])
async def test_a_real_page_or_plain_text_is_no_ckan_answer(name: str) -> None:
    recorded = sample(name)
    portal = FakeCkan(bend=lambda answer, n: web.Response(status=recorded["status"], text=recorded["body"]))
    async with serving(portal) as base:
        with pytest.raises(SourceNotCkan):
            await connector(base).crawl(None)


def test_a_real_dataset_keeps_organisation_tags_groups_extras_and_times() -> None:
    raw = sample("package_show_extras_groups")["body"]["result"]
    remarks: list[Any] = []
    found = dataset_from(raw, "http://127.0.0.1:5001", remarks)
    assert found.organisation == "disdag-kab" and found.organisation_title == "Dinas Perdagangan Kabupaten Semarang"
    assert found.tags == ("harga", "pangan", "pasar") and found.groups == ("pangan",)
    assert found.extras["kode_wilayah"] == "33.22"
    assert found.modified == datetime.fromisoformat(raw["metadata_modified"]).replace(tzinfo=UTC)
    assert [r.id for r in found.resources] == [r["id"] for r in raw["resources"]]
    assert remarks == [] and found.raw is raw


def test_T06_odd_entries_are_read_as_far_as_they_go() -> None:
    remarks: list[Any] = []
    raw = {
        "id": "x",
        "title": None,
        "organization": "disdag",
        "tags": ["harga", {"display_name": "Pangan"}, 7, None],
        "extras": {"a": 1},
        "private": "True",
        "metadata_modified": "kemarin",
        "resources": [{"url": "/unduh/a.csv", "size": "12", "format": ".csv"}, "rusak", {"state": "deleted"}],
    }
    found = dataset_from(raw, "https://data.contoh.go.id/portal", remarks)
    assert (found.name, found.title, found.organisation) == ("x", "x", "")
    assert found.tags == ("harga", "Pangan", "7") and found.extras == {"a": "1"} and found.private
    (only,) = found.resources
    assert (only.url, only.size, only.format) == ("https://data.contoh.go.id/unduh/a.csv", 12, "CSV")
    assert found.modified is None and [n.code for n in remarks] == ["federation.note.date_unreadable"]
