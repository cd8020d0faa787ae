"""The query page: it works without anything from elsewhere, shows schema and examples, and says no more than it may."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from html import unescape
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import Engine

from gateway import query_page
from gateway.query_page import PATH, POLICY
from gateway.trusted import SHIPPED
from tests.gateway import browser, factories
from tests.gateway.factories import CITY, Province

FILES = Path(query_page.__file__).parent / "page"
PARTS = (PATH, f"{PATH}/page.js", f"{PATH}/page.css")


async def test_the_page_is_whole_small_and_from_here_alone(province: Province) -> None:
    size = 0
    async with province.client() as client:
        for part in PARTS:
            answer = await client.get(part)
            size += len(answer.content)
            assert answer.status_code == 200
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert not re.search(r"https?:|//[a-z]|@import|url\(|data:|eval\(|innerHTML|[^\w]on\w+=", answer.text), part
    assert size < 100_000
    assert "unsafe" not in POLICY


async def test_a_browser_at_the_door_is_led_to_the_page_and_a_client_is_not(province: Province) -> None:
    async with province.client() as client:
        browser = await client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml"})
        assert (browser.status_code, browser.headers["location"]) == (303, PATH)
        asked = await client.get("/graphql", params={"query": "{ members { code } }"}, headers={"Accept": "text/html"})
        assert asked.json()["data"]["members"]
        assert (await client.get("/graphql")).status_code == 400


async def test_it_speaks_indonesian_first_and_english_where_asked(province: Province) -> None:
    async with province.client() as client:
        indonesian = (await client.get(PATH)).text
        english = (await client.get(PATH, params={"lang": "en"})).text
        assert (await client.get(PATH, params={"lang": '"><script>'})).text == indonesian
        assert (await client.get(PATH, headers={"Accept-Language": "en-GB"})).text == english
    assert '<html lang="id">' in indonesian and "Jalankan" in indonesian
    assert '<html lang="en">' in english and ">Run<" in english
    assert not re.search(r"\{\{|gateway\.page", indonesian + english)
    assert set(json.loads(_attribute(indonesian, "data-words"))) == set(query_page._WORDS)


def _attribute(html: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', html)
    assert found is not None
    return unescape(found[1])


async def test_every_control_has_a_name_and_every_word_of_the_script_is_there(province: Province) -> None:
    async with province.client() as client:
        html = (await client.get(PATH)).text
    controls = re.findall(r"<(?:select|textarea|input)\b[^>]*\bid=\"([\w-]+)\"", html)
    assert {"query", "variables", "token", "find", "example", "past", "keep"} == set(controls)
    for control in controls:
        assert f'for="{control}"' in html or re.search(rf'<label[^>]*><input id="{control}"', html), control
    script = (FILES / "page.js").read_text(encoding="utf-8")
    assert set(re.findall(r"words\.(\w+)", script)) == set(query_page._WORDS)
    assert set(re.findall(r'byId\("([\w-]+)"\)', script)) <= set(re.findall(r'\bid="([\w-]+)"', html))


async def test_schema_and_examples_are_beside_it(province: Province) -> None:
    async with province.client() as client:
        types = (await client.get(f"{PATH}/schema.json")).json()
        examples = (await client.get(f"{PATH}/examples.json")).json()
    [first] = [f for f in types["Query"]["fields"] if f["name"] == "commodityPrices"]
    assert first["type"] == "CommodityPriceConnection"
    assert {"name": "first", "type": "Int"} in first["args"]
    assert types["Direction"]["values"][0]["name"] == "ASC"
    assert isinstance(types["CommodityPrice"]["fields"], list)
    assert {e["name"] for e in examples} == {p.stem for p in SHIPPED.glob("*.graphql")}
    assert all(e["title"] and not e["title"].startswith("#") for e in examples)


async def test_without_introspection_the_schema_is_not_shown(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine, introspection=False)
    async with province.client() as client:
        answer = await client.get(f"{PATH}/schema.json")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "INTROSPECTION_CLOSED")
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Member") { name } }'):
            refused = await client.post("/graphql", json={"query": query})
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (400, "QUERY_INVALID")
        assert (await client.post("/graphql", json={"query": "{ members { __typename } }"})).json()["data"]["members"]
    province.services.duck.close()


def test_the_script_is_sound() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node to read the script with")
    subprocess.run([node, "--check", str(FILES / "page.js")], check=True, capture_output=True)


@asynccontextmanager
async def served(province: Province) -> AsyncIterator[str]:
    """The address of a province that is served on this machine."""
    server = uvicorn.Server(uvicorn.Config(province.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_in_a_browser(sqlite_engine: Engine, tmp_path: Path) -> None:
    """What somebody does on the page, one after another: a browser takes long to start."""
    home = factories.seed(factories.empty_province(tmp_path / "home", sqlite_engine))
    async with served(home) as address, browser.page(tmp_path / "profile") as page:
        await page.open(f"{address}{PATH}?lang=id")
        await _fills(page)
        await _asks_with_the_keyboard(page)
        await _tells_errors(page)
        await _searches_the_schema(page)
        await _remembers(page, f"{address}{PATH}?lang=id")
        await _listens(page, home)
        await _fits_screens_and_paper(page)
        assert page.told == []  # neither errors of the script nor of the page's policy
        own = (address, address.replace("http", "ws"))
        assert [asked for asked in page.asked if not asked.startswith(own)] == []
    home.services.duck.close()


def at(id_: str) -> str:
    return f"document.getElementById('{id_}')"


async def ask(page: browser.Page, query: str, variables: str = "") -> None:
    """Put a question, and run it with the keyboard."""
    await page.value(f"{at('json')}.textContent = ''")
    await page.value(f"{at('query')}.value = {json.dumps(query)}; {at('variables')}.value = {json.dumps(variables)}")
    await page.value(f"{at('query')}.focus()")
    await page.key("Enter", 13, modifiers=2)


async def answered(page: browser.Page) -> str:
    """What the page says, once the answer is there."""
    said = await page.until(f"{at('stop')}.disabled && {at('json')}.textContent && {at('state')}.textContent")
    return str(said)


async def choose(page: browser.Page, id_: str, words: str) -> None:
    """Choose the first of a list's options with some words in it."""
    await page.until(f"[...{at(id_)}.options].some((o) => o.text.includes({json.dumps(words)}))")
    await page.value(
        f"(() => {{ const list = {at(id_)}; list.selectedIndex = [...list.options].findIndex((o) => "
        f"o.text.includes({json.dumps(words)})); list.dispatchEvent(new Event('change')); }})()"
    )


async def _fills(page: browser.Page) -> None:
    await page.until("document.querySelectorAll('#schema li').length > 20")
    await choose(page, "example", "Tinggi muka air")
    assert "riverStages" in await page.value(f"{at('query')}.value")
    assert json.loads(await page.value(f"{at('variables')}.value")) == {"pos": ""}  # what it cannot do without
    await choose(page, "example", "Harga cabai rawit di Kota Semarang")
    assert await page.value(f"{at('variables')}.value") == ""  # everything has a value already


async def _asks_with_the_keyboard(page: browser.Page) -> None:
    await page.key("Enter", 13, modifiers=2)
    assert (await answered(page)).startswith("Selesai · ")
    await page.value(f"{at('as-table')}.click()")
    assert await page.value(f"{at('json')}.hidden && !{at('table')}.hidden")
    assert await page.value("document.querySelector('#table caption').textContent") == "6 baris"
    assert await page.value("document.querySelectorAll('#table tbody tr').length") == 6
    await ask(page, "{ members { code name } }")
    await answered(page)
    heads = "[...document.querySelectorAll('#table th')].map((th) => th.textContent).join()"
    assert await page.value(heads) == "code,name"


async def _tells_errors(page: browser.Page) -> None:
    await ask(page, "{ commodityPrices(first: 2000) { nodes { price } } }")
    assert (await answered(page)).startswith("Selesai dengan kesalahan")
    told = await page.value(f"{at('errors')}.innerText")
    assert "Ukuran halaman" in told and "PAGE_INVALID" in told
    await ask(page, "{ members { code } }", "{salah")
    assert await page.until(f"{at('state')}.textContent === 'Variabel bukan JSON.'")
    assert await page.value("document.activeElement.id") == "variables"
    await ask(page, "{ members { code } }")
    await answered(page)
    assert await page.value(f"{at('errors')}.childElementCount") == 0


async def _searches_the_schema(page: browser.Page) -> None:
    await page.value(f"{at('find')}.focus()")
    await page.call("Input.insertText", text="commodityprices")
    await page.until(f"{at('schema-state')}.textContent.endsWith('ditemukan')")
    await page.key("Enter", 13)  # to the first that was found
    assert await page.value("document.activeElement.textContent") == "Query"
    await page.value("[...document.querySelectorAll('#schema button')].find((b) => b.textContent === 'BigInt' || "
                     "b.textContent === 'CommodityPriceConnection').click()")  # fmt: skip
    await page.until(f"{at('trail')}.textContent.includes('CommodityPriceConnection:')")
    await page.key("Enter", 13)  # the way back has the focus
    await page.until(f"{at('trail')}.textContent.startsWith('Query:')")


async def _remembers(page: browser.Page, address: str) -> None:
    await page.value(f"{at('token')}.value = 'rahasia'; {at('token')}.dispatchEvent(new Event('input'))")
    await page.call("Page.navigate", url="about:blank")
    await page.open(address)
    await choose(page, "past", "{ members { code name } }")
    assert await page.value(f"{at('query')}.value") == "{ members { code name } }"
    assert await page.value(f"{at('token')}.value") == ""  # nobody asked for it to be kept
    await page.value(f"{at('forget')}.click()")
    assert await page.value(f"{at('past')}.options.length") == 1


async def _listens(page: browser.Page, home: Province) -> None:
    await ask(page, "# Kabar\nsubscription { snapshotCommitted { seq resource { name } } }")
    await page.until(f"{at('state')}.textContent.startsWith('Menunggu kabar')")
    price = factories.price(CITY, 20, 61_000)
    standard, told = (
        home.services.contracts["commodity_price"],
        f"{at('state')}.textContent.match(/ [1-9][0-9]* kabar/)",
    )
    while not await page.value(told):  # it is told of what is committed after it began to listen
        price["price"] += 1
        home.commit(CITY, "harga", [price], standard)
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await page.until(told)
    assert "snapshotCommitted" in await page.value(f"{at('json')}.textContent")
    await page.key("Escape", 27)
    assert (await answered(page)).startswith("Dihentikan")


async def _fits_screens_and_paper(page: browser.Page) -> None:
    await choose(page, "example", "Harga cabai rawit di Kota Semarang")
    await page.value(f"{at('run')}.click()")
    await answered(page)
    for width in (360, 800, 1440):
        await page.screen(width)
        assert await page.value("document.documentElement.scrollWidth <= innerWidth"), width
    shown = "getComputedStyle(document.querySelector('{}')).display"
    assert [await page.value(shown.format(part)) for part in (".ask", ".printed")] == ["block", "none"]
    await page.screen(1000, media="print")
    assert [await page.value(shown.format(part)) for part in (".ask", ".side", ".printed")] == ["none", "none", "block"]
    assert "HargaCabai" in await page.value(f"{at('asked')}.textContent")
