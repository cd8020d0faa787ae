"""The app: every answer has its headers and number, every error is JSON, and readiness names what is missing."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, create_engine

from core.db import make_sessions
from gateway.context import Services
from hub.web import SECURITY, make_app
from tests.gateway import factories
from tests.gateway.factories import Province


@pytest.fixture
def province(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Province]:
    made = factories.empty_province(tmp_path / "home", sqlite_engine)
    yield made
    made.services.duck.close()


async def get(services: Services, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(make_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://lumbung.test") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/graphql"),
        ("POST", "/graphql"),
        ("DELETE", "/graphql"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/tiada"),
        ("GET", "/%00"),
        ("GET", "/../../etc/passwd"),
    ],
)
async def test_r13_every_answer_has_the_security_headers(province: Province, method: str, path: str) -> None:
    answer = await get(province.services, path, method)
    for name, value in SECURITY.items():
        assert answer.headers[name] == value, path
    assert len(answer.headers["x-request-id"]) == 16


async def test_a_request_keeps_the_number_it_came_with_if_it_is_harmless(province: Province) -> None:
    kept = await get(province.services, "/health/live", **{"X-Request-ID": "abc-12345"})
    assert kept.headers["x-request-id"] == "abc-12345"
    replaced = await get(province.services, "/health/live", **{"X-Request-ID": "a\tb<script>"})
    assert replaced.headers["x-request-id"] != "a\tb<script>"


async def test_r04_an_unknown_address_is_404_in_json(province: Province) -> None:
    answer = await get(province.services, "/grapql")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["code"] == "ROUTE_UNKNOWN"


async def test_r05_a_wrong_method_is_405_and_names_the_right_ones(province: Province) -> None:
    answer = await get(province.services, "/graphql", "DELETE")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_REFUSED"


async def test_it_lives(province: Province) -> None:
    assert (await get(province.services, "/health/live")).json() == {"status": "live"}


async def test_it_is_ready_when_everything_is_there(province: Province) -> None:
    answer = await get(province.services, "/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "parts": {"database": True, "snapshots": True, "contracts": True},
        "failed": [],
        "warnings": [],
    }


@pytest.mark.parametrize("part", ["database", "snapshots", "contracts"])
async def test_readiness_names_the_part_that_is_missing(province: Province, tmp_path: Path, part: str) -> None:
    services = province.services
    if part == "database":
        broken = create_engine(f"sqlite:///{tmp_path / 'tiada' / 'x.db'}")
        services = replace(services, sessions=make_sessions(broken))
    elif part == "snapshots":
        shutil.rmtree(services.store.folder)
    else:
        services = replace(services, contracts={})
    answer = await get(services, "/health/ready")
    assert answer.status_code == 503
    assert [f["part"] for f in answer.json()["failed"]] == [part]
    assert str(tmp_path) not in answer.text


async def test_the_front_page_needs_nothing_from_elsewhere(province: Province) -> None:
    answer = await get(province.services, "/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "http" not in answer.text.replace("<!doctype html>", "")
    assert "<script" not in answer.text
