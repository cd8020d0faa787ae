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

from federation.connectors.base import Page
from federation.errors import (
    CkanAccess,
    CkanRefused,
    FederationError,
    SourceBusy,
    SourceInconsistent,
    SourceInterrupted,
    SourceNotCkan,
    SourceSilent,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
)
from federation.vetted import Limits
from tests.federation.ckan_factories import NAMES, connector, many
from tests.federation.fetch_factories import (
    FakeCkan,
    Sleeper,
    dataset,
    faulty,
    free_port,
    serving,
    talking,
)

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
