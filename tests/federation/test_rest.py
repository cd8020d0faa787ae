"""Services that give their rows page by page: every way of paging ends with all rows once, or with a named error."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from core.errors import LumbungError
from federation.connectors.rest import RestConnector
from federation.errors import (
    PagesContradict,
    PagesLimit,
    RestAnswerUnfit,
    SourceBusy,
    SourceFailing,
    SourceSilent,
    SourceTooLarge,
    SourceTooSlow,
    XmlRefused,
)
from federation.fetched import Fetched, NotModified
from federation.member import SourceConfig, SourceKind
from federation.member_errors import MemberKeyUnknown, MemberValueInvalid
from federation.members_file import parse_member
from federation.models import FetchEvent
from federation.readers import read
from federation.rest_answer import Answer, read_answer
from federation.rest_pages import Shifted, Walk, next_link
from federation.rest_spec import AnswerFormat, Paging, RestSpec
from tests.federation.fetch_factories import Sleeper, fetcher, landing, serving, source

#: As a Laravel service of a food office answers (`paginate()`), shortened to two rows a page.
LARAVEL = """{"current_page": 1, "data": [
 {"id": 1, "tanggal": "2026-11-20", "komoditas": "Beras", "harga": 14500, "pasar": {"kode": "01", "nama": "Johar"}},
 {"id": 2, "tanggal": "2026-11-20", "komoditas": "Cabai rawit", "harga": 61250.50, "pasar": null}],
 "first_page_url": "http://x/api/harga?page=1", "last_page": 1, "next_page_url": null, "per_page": 2, "total": 2}"""

ROWS = [{"no": str(n), "harga": str(12_000 + n)} for n in range(7)]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def service(rows: list[dict[str, str]], most: int = 3) -> Handler:
    """A service that pages in every way and gives at most so many rows a page, whatever it is asked for."""

    async def answer(request: web.Request) -> web.StreamResponse:
        query = request.query
        size = min(int(query.get("limit", most)), most)
        start = int(query.get("offset", query.get("cursor", (int(query.get("page", 1)) - 1) * size)))
        page, more = rows[start : start + size], start + size < len(rows)
        address = request.url.update_query({"offset": str(start + size)})
        following = str(start + size) if more else None
        body = {
            "data": {"items": page},
            "meta": {"total": len(rows), "next": following, "pages": -(-len(rows) // size)},
            "@odata.nextLink": address.path_qs if more else None,
        }
        headers = {"Link": f'<{request.url}>; rel="self", <{address}>; title="a, b"; rel="next last"'} if more else {}
        return web.json_response(body, headers=headers)

    return answer


def paged(url: str, **spec: Any) -> SourceConfig:
    return source(url, SourceKind.REST, title="Harga", rest=RestSpec(**({"rows": "data.items"} | spec)))


async def collected(folder: Path, config: SourceConfig, **more: Any) -> Fetched | NotModified:
    (dataset,) = (await RestConnector(config).crawl(None)).datasets
    async with fetcher(folder, **more) as one:
        return await one.fetch(config, dataset.id, dataset.resources[0])


def rows_of(got: Fetched | NotModified) -> list[dict[str, str]]:
    assert isinstance(got, Fetched)
    (table,) = read(got.path, got.name, mime=got.mime).tables
    return [dict(row) for row in table.data.to_pylist()]


WAYS: dict[str, dict[str, Any]] = {
    "page": {"paging": Paging.PAGE, "param": "page"},
    "page, total told": {"paging": Paging.PAGE, "param": "page", "total": "meta.total"},
    "page, pages told": {"paging": Paging.PAGE, "param": "page", "pages": "meta.pages"},
    "page, larger than allowed": {"paging": Paging.PAGE, "param": "page", "size_param": "limit", "size": 500},
    "offset": {"paging": Paging.OFFSET, "param": "offset", "size_param": "limit", "size": 2},
    "offset, larger than allowed": {"paging": Paging.OFFSET, "param": "offset", "size_param": "limit", "size": 500},
    "cursor": {"paging": Paging.CURSOR, "param": "cursor", "cursor": "meta.next"},
    "link header": {"paging": Paging.LINK},
    "next address": {"paging": Paging.LINK, "next": "@odata.nextLink"},
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_of_paging_gives_every_row_once(way: str, tmp_path: Path) -> None:
    async with serving(service(ROWS)) as base:
        got = await collected(tmp_path, paged(f"{base}/harga?tahun=2026", **WAYS[way]))
    assert rows_of(got) == ROWS


async def test_each_page_is_landed_and_the_rows_are_one_resource_that_can_be_replayed(tmp_path: Path) -> None:
    async with serving(service(ROWS)) as base:
        got = await collected(tmp_path, paged(f"{base}/harga", **WAYS["cursor"]))
        again = await collected(tmp_path, paged(f"{base}/harga", **WAYS["cursor"]))
    assert isinstance(got, Fetched) and isinstance(again, NotModified) and again.sha256 == got.sha256
    kept = landing(tmp_path)
    (arrival,) = kept.replay()
    assert arrival.sha256 == got.sha256 and arrival.status == 304
    with kept._sessions() as session:
        pages = [e for e in session.query(FetchEvent) if not e.resource]
    assert len(pages) == 6 and len({e.sha256 for e in pages}) == 3
    first = json.loads(kept.open(pages[0].sha256).read_bytes())
    assert first["data"]["items"] == ROWS[:3]


def test_a_page_as_laravel_writes_it_keeps_every_value_as_it_stood() -> None:
    spec = RestSpec(rows="data", total="total", pages="last_page", paging=Paging.LINK, next="next_page_url")
    answer = read_answer(LARAVEL.encode(), spec, "x")
    assert (answer.total, answer.pages, answer.next) == (2, 1, None)
    assert answer.records[1] == {
        "id": "2",
        "tanggal": "2026-11-20",
        "komoditas": "Cabai rawit",
        "harga": "61250.50",
        "pasar": None,
    }


async def test_a_token_goes_into_its_header_and_fixed_parameters_with_every_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str | None, str]] = []

    async def guarded(request: web.Request) -> web.StreamResponse:
        asked.append((request.headers.get("X-API-Key"), request.query["wilayah"]))
        assert "Authorization" not in request.headers
        return await service(ROWS)(request)

    monkeypatch.setenv("TOKEN_DINAS", "rahasia")
    async with serving(guarded) as base:
        spec = {**WAYS["offset"], "token_header": "X-API-Key", "token_prefix": "Bearer", "params": {"wilayah": "33.74"}}
        config = paged(f"{base}/harga", **spec)
        config = SourceConfig(**{n: getattr(config, n) for n in config.__slots__} | {"token_env": "TOKEN_DINAS"})
        got = await collected(tmp_path, config)
    assert rows_of(got) == ROWS and set(asked) == {("Bearer rahasia", "33.74")} and len(asked) == 5


# -- what goes wrong ------------------------------------------------------------------------------------------


def fixed(*answers: Any) -> Handler:
    """A service that gives these answers in turn, the last one for ever."""
    left = list(answers)

    async def answer(_: web.Request) -> web.StreamResponse:
        given = left.pop(0) if len(left) > 1 else left[0]
        return given() if callable(given) else web.json_response(given)

    return answer


def page(*numbers: int, **meta: Any) -> dict[str, Any]:
    return {"data": {"items": [{"no": str(n)} for n in numbers]}, "meta": meta}


PAGE: dict[str, Any] = {"paging": Paging.PAGE, "param": "page"}
CONTRADICTIONS: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "S13 the page parameter is ignored": ([page(1, 2)], PAGE, "rest_repeated"),
    "S13 a cursor goes round": (
        [page(1, next="a"), page(2, next="b"), page(3, next="a"), page(4, next="b"), page(5, next="a")] * 2,
        {"paging": Paging.CURSOR, "param": "cursor", "cursor": "meta.next"},
        "rest_loop",
    ),
    "S13 the count shrinks between pages": (
        [page(1, 2, total=4), page(3, total=3), page(1, 2, total=4), page(3, total=3)],
        {**PAGE, "total": "meta.total"},
        "rest_total",
    ),
    "S13 rows are missing": ([page(1, total=3), page(total=3)] * 2, {**PAGE, "total": "meta.total"}, "rest_missing"),
    "S13 more rows than told": ([page(1, 2, 3, total=2)], {**PAGE, "total": "meta.total"}, "rest_missing"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
async def test_S13_pages_that_contradict_each_other_twice_give_nothing(case: str, tmp_path: Path) -> None:
    answers, spec, reason = CONTRADICTIONS[case]
    async with serving(fixed(*answers)) as base:
        with pytest.raises(PagesContradict) as failed:
            await collected(tmp_path, paged(base, **spec))
    assert failed.value.values["reason"] == reason and failed.value.values["source"] == "semarang"
    assert list(landing(tmp_path).replay()) == []


async def test_S13_pages_that_shifted_once_are_read_again(tmp_path: Path) -> None:
    answers = [page(1, 2, total=3), page(2, 3, total=4), page(1, 2, total=3), page(3, total=3)]
    async with serving(fixed(*answers)) as base:
        got = await collected(tmp_path, paged(base, **PAGE, total="meta.total"))
    assert [row["no"] for row in rows_of(got)] == ["1", "2", "3"]


async def test_more_pages_or_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    async with serving(service(ROWS)) as base:
        with pytest.raises(PagesLimit):
            await collected(tmp_path, paged(base, **WAYS["offset"], max_pages=2))
        with pytest.raises(SourceTooLarge):
            await collected(tmp_path, paged(base, **WAYS["offset"], max_bytes=300))


def broken(status: int, text: str = "<html><form>Masuk</form></html>", **headers: str) -> Callable[[], web.Response]:
    return lambda: web.Response(status=status, text=text, content_type="text/html", headers=headers)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (broken(500), SourceFailing),  # S09
        (broken(200), RestAnswerUnfit),  # S10
        (broken(429, **{"Retry-After": "1000000000"}), SourceBusy),  # S08
        (broken(200, ""), RestAnswerUnfit),
        ({"success": False, "message": "token salah"}, RestAnswerUnfit),  # S12
        ({"data": {"items": {"a": 1}}}, RestAnswerUnfit),
        (broken(200, '{"data": {"items": [' + "[" * 200_000), LumbungError),  # F05
        (broken(200, '{"data": {"items": [{"a": NaN}]}}'), LumbungError),  # F07
    ],
)
async def test_S08_S09_S10_S12_a_later_page_that_is_no_data_takes_nothing_in(
    answer: Any, error: type[Exception], tmp_path: Path
) -> None:
    async with serving(fixed(page(1, 2), answer)) as base:
        with pytest.raises(error) as failed:
            await collected(tmp_path, paged(base, **PAGE))
    assert isinstance(failed.value, LumbungError) and failed.value.values["source"] == "semarang"
    assert list(landing(tmp_path).replay()) == []


async def test_S02_a_page_that_never_comes_and_S03_pages_that_drip_end_at_the_deadline(tmp_path: Path) -> None:
    import asyncio

    async def silent(request: web.Request) -> web.StreamResponse:
        if request.query["page"] == "2":
            await asyncio.sleep(30)
        return web.json_response(page(1))

    async def dripping(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async with serving(silent) as base:
        with pytest.raises(SourceSilent):
            await collected(tmp_path, paged(base, **PAGE), sleep=Sleeper())
    async with serving(dripping) as base:
        with pytest.raises(SourceTooSlow) as late:
            await collected(tmp_path, paged(base, **PAGE, seconds=1))
    assert late.value.values["seconds"] == 1


# -- XML ------------------------------------------------------------------------------------------------------

XML = b"""<?xml version="1.0" encoding="utf-8"?>
<r:response xmlns:r="urn:x" status="ok"><meta total="2"><next/></meta><daftar>
 <pos kode="P-01" r:tinggi="1,25"><nama>Bendung Simongan</nama><letak lat="-7.0" lon="110.4"/></pos>
 <pos kode="P-02"><nama>Manyaran &amp; sekitar</nama><catatan/></pos>
</daftar></r:response>"""


def test_xml_records_become_rows_with_their_attributes_as_columns() -> None:
    spec = RestSpec(rows="daftar.pos", format=AnswerFormat.XML, total="meta.total")
    answer = read_answer(XML, spec, "x")
    assert answer.total == 2
    assert answer.records == (
        {"kode": "P-01", "tinggi": "1,25", "nama": "Bendung Simongan", "letak/lat": "-7.0", "letak/lon": "110.4"},
        {"kode": "P-02", "nama": "Manyaran & sekitar", "catatan": None},
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>', "xml_declared"),  # F01
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "xml_declared"),  # F02
        (b'<!DOCTYPE a SYSTEM "http://169.254.169.254/a.dtd"><a/>', "xml_declared"),  # F03
        (b"<a>" * 200_000, "xml_deep"),  # F04
    ],
)
def test_F01_F02_F03_F04_xml_that_asks_for_more_than_data_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(XmlRefused) as refused:
        read_answer(body, RestSpec(rows="a", format=AnswerFormat.XML), "x")
    assert refused.value.values["reason"] == reason


@pytest.mark.parametrize("body", [b"{}", b"<a><b></a>", b"<html><body>Masuk</body></html>", b"<a><x/></a>", b""])
def test_xml_of_another_shape_is_named(body: bytes) -> None:
    with pytest.raises(RestAnswerUnfit):
        read_answer(body, RestSpec(rows="daftar.pos", format=AnswerFormat.XML), "x")


# -- properties -----------------------------------------------------------------------------------------------


@given(
    rows=st.integers(0, 40), most=st.integers(1, 9), paging=st.sampled_from([Paging.PAGE, Paging.OFFSET, Paging.CURSOR])
)
def test_a_walk_ends_with_every_row_whatever_the_page_size(rows: int, most: int, paging: Paging) -> None:
    walk = Walk(RestSpec(paging=paging, param="p"), URL("https://x.go.id/a"))
    url: URL | None = walk.first()
    seen: list[int] = []
    while url is not None:
        word = url.query.get("p", "0")
        start = (int(word) - 1) * most if paging is Paging.PAGE else int(word)
        numbers = list(range(start, min(start + most, rows)))
        seen += numbers
        cursor = str(start + most) if start + most < rows else None
        url = walk.after(Answer(tuple({"n": str(n)} for n in numbers), cursor=cursor), url, None)
    assert seen == list(range(rows))


@given(cursors=st.lists(st.sampled_from("abc"), min_size=4, max_size=12))
def test_a_cursor_that_comes_again_never_walks_for_ever(cursors: list[str]) -> None:
    walk = Walk(RestSpec(paging=Paging.CURSOR, param="p"), URL("https://x.go.id/a"))
    url: URL | None = walk.first()
    with pytest.raises(Shifted):
        for number, cursor in enumerate(cursors):
            assert url is not None
            url = walk.after(Answer(({"n": str(number)},), cursor=cursor), url, None)


@given(st.text(max_size=60))
def test_any_link_header_is_read_or_left(header: str) -> None:
    assert next_link(header) is None or "<" in header


# -- what a member's file may say -----------------------------------------------------------------------------

MEMBER = """
code = "33.74"
name = "Kota Semarang"
kind = "city"
regions = ["33.74"]

[[sources]]
id = "harga-api"
kind = "rest"
url = "https://api.contoh.go.id/v1/harga"
token_env = "TOKEN_DINAS"

[sources.rest]
"""


def test_a_members_file_declares_how_a_service_is_asked(tmp_path: Path) -> None:
    text = MEMBER + 'rows = "data.items"\npaging = "cursor"\ncursor = "meta.next"\nsize_param = "limit"\nsize = 500\n'
    (config,) = parse_member(text, tmp_path / "a.toml", tmp_path).sources
    spec = config.rest
    assert spec is not None and (spec.paging, spec.param, spec.cursor) == (Paging.CURSOR, "cursor", "meta.next")
    assert (spec.size_param, spec.size, spec.format) == ("limit", 500, AnswerFormat.JSON)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('paging = "cursor"', "sources[1].rest.cursor"),
        ('paging = "halaman"', "sources[1].rest.paging"),
        ('rows = "a..b"', "sources[1].rest.rows"),
        ('token_header = "Host"', "sources[1].rest.token_header"),
        ('token_header = "A: b\\r\\nC"', "sources[1].rest.token_header"),
        ('paging = "page"\nsize = 0', "sources[1].rest.size"),
        ('paging = "page"\nsize = true', "sources[1].rest.size"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_named_with_its_key(line: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(MemberValueInvalid) as refused:
        parse_member(MEMBER + line, tmp_path / "a.toml", tmp_path)
    assert refused.value.values["key"] == key


@pytest.mark.parametrize("line", ['barisnya = "data"', 'cursor = "a"', 'param = "p"', 'paging = "cursor"\nfirst = 0'])
def test_a_key_that_belongs_to_another_way_of_paging_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises((MemberKeyUnknown, MemberValueInvalid)):
        parse_member(MEMBER + line, tmp_path / "a.toml", tmp_path)
