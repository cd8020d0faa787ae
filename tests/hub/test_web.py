"""The app: every answer has its headers and number, every error is JSON, and readiness names what is missing."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine
from starlette.applications import Starlette

from catalog.store import SnapshotStore
from core.db import make_engine, make_sessions
from gateway.offload import Offload
from hub.routes import health
from hub.web import SECURITY
from tests.gateway import factories
from tests.gateway.factories import Province


@pytest.fixture(scope="module")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """An empty province; not to be changed."""
    home = tmp_path_factory.mktemp("web")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    made = factories.empty_province(home, engine)
    yield made
    made.services.duck.close()
    engine.dispose()


async def get(app: Starlette, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
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
    answer = await get(province.app, path, method)
    for name, value in SECURITY.items():
        assert answer.headers[name] == value, path
    assert len(answer.headers["x-request-id"]) == 16


async def test_a_request_keeps_the_number_it_came_with_if_it_is_harmless(province: Province) -> None:
    kept = await get(province.app, "/health/live", **{"X-Request-ID": "abc-12345"})
    assert kept.headers["x-request-id"] == "abc-12345"
    replaced = await get(province.app, "/health/live", **{"X-Request-ID": "a\tb<script>"})
    assert replaced.headers["x-request-id"] != "a\tb<script>"


async def test_r15_nobody_is_sent_to_the_host_that_a_request_names(province: Province) -> None:
    for path in ("/graphql/", "/health/live/", "/tanya/"):
        answer = await get(province.app, path, Host="jahat.example")
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


async def test_r04_an_unknown_address_is_404_in_json(province: Province) -> None:
    answer = await get(province.app, "/grapql")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["code"] == "ROUTE_UNKNOWN"


async def test_r05_a_wrong_method_is_405_and_names_the_right_ones(province: Province) -> None:
    answer = await get(province.app, "/graphql", "DELETE")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_REFUSED"


async def test_it_lives(province: Province) -> None:
    assert (await get(province.app, "/health/live")).json() == {"status": "live"}


async def test_it_is_ready_when_everything_is_there(province: Province) -> None:
    answer = await get(province.app, "/health/ready")
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
        services = replace(services, store=SnapshotStore(tmp_path / "snapshots"))
    else:
        services = replace(services, contracts={})
    offload = Offload(services.sessions, sql=1, duck=1)
    answer = await get(Starlette(routes=health.routes(services, offload, dict)), "/health/ready")
    offload.close()
    assert answer.status_code == 503
    assert [f["part"] for f in answer.json()["failed"]] == [part]
    assert str(tmp_path) not in answer.text


async def test_the_front_page_needs_nothing_from_elsewhere(province: Province) -> None:
    answer = await get(province.app, "/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "http" not in answer.text.replace("<!doctype html>", "")
    assert "<script" not in answer.text
