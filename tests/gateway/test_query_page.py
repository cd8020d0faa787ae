"""The query page: it works without anything from elsewhere, shows schema and examples, and says no more than it may."""

import asyncio
import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import Engine

from gateway import query_page
from gateway.query_page import PATH, POLICY
from gateway.trusted import SHIPPED
from tests.gateway import factories
from tests.gateway.factories import Province

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
    assert {"name": "first", "type": "Int!"} in first["args"]
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


async def test_a_browser_fills_the_page(province: Province) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no browser on this machine")
    server = uvicorn.Server(uvicorn.Config(province.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    steps = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom")
    seen = await asyncio.to_thread(
        lambda: subprocess.run(
            [browser, *steps, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, timeout=60, check=True
        )
    )
    server.should_exit = True
    await serving
    assert "commodityPrices" in seen.stdout  # of the schema, which only the script fetches
