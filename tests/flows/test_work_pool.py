"""Several machines: a work pool with two workers, Prefect and the catalogue on one PostgreSQL (docs/operations.md)."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flows.server import PrefectServer, environment
from tests import postgres
from tests.federation.fetch_factories import serving
from tests.services.factories import PEOPLE, Home, ckan, new_home
from tests.services.offices import Office, harvest

pytestmark = [pytest.mark.prefect, pytest.mark.long]
ROOT = Path(__file__).parents[2]
POOL = "provinsi"
MEMBERS = ("99.71", "99.02")
WAIT = 240.0


@pytest.fixture
def shared_home(tmp_path: Path, sqlite_template: Path, pg_server: postgres.Server) -> Iterator[Home]:
    """A home whose catalogue is a PostgreSQL database, and another for Prefect beside it."""
    name = f"t_{uuid4().hex}"
    pg_server.execute(f"CREATE DATABASE {name} TEMPLATE template_lumbung")
    pg_server.execute(f"CREATE DATABASE prefect_{name}")
    home = new_home(tmp_path, sqlite_template)
    (home.folder / "lumbung.db").unlink()
    settings = home.folder / "lumbung.toml"
    settings.write_text(settings.read_text("utf-8") + f'database_url = "{pg_server.url(name)}"\n', "utf-8")
    yield home
    home.close()
    for each in (name, f"prefect_{name}"):
        pg_server.execute(f"DROP DATABASE {each} WITH (FORCE)")


def prefect_database(home: Home) -> str:
    """The database beside the catalogue's that is Prefect's."""
    return "prefect_" + home.granary.settings.url.partition("?")[0].rpartition("/")[2]


@contextmanager
def worker(home: Home, url: str) -> Iterator[None]:
    """One worker of the pool, with room for one flow run."""
    values = {**os.environ, **environment(home.folder, url)}
    values |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'graphql'}", "PREFECT_WORKER_QUERY_SECONDS": "1"}
    start = ["-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process", "--limit", "1"]
    log = home.folder / f"worker-{uuid4().hex}.log"
    with (
        log.open("wb") as said,
        subprocess.Popen([sys.executable, *start], cwd=ROOT, env=values, stdout=said, stderr=said) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


async def states(client: Any, runs: list[Any]) -> list[str]:
    return [(await client.read_flow_run(run.id)).state.type.value for run in runs]


async def until(found: Any, what: str) -> None:
    for _ in range(int(WAIT / 0.25)):
        if await found():
            return
        await asyncio.sleep(0.25)
    raise AssertionError(what)


async def test_two_workers_harvest_two_members_at_once_and_of_one_source_one_wins(
    shared_home: Home, office: Office, pg_server: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = shared_home
    database = f"postgresql+asyncpg://lumbung@/{prefect_database(home)}?host={pg_server.folder}"
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", database)
    server = PrefectServer(home.folder).start()
    released = office.wait = asyncio.Event()
    try:
        url = await asyncio.to_thread(server.ready, 180)
        async with serving(office) as portal:
            office.offer(portal, "penduduk")
            for code in MEMBERS:
                text = PEOPLE.replace('"99.71"', f'"{code}"')
                home.member('schedule = "0 3 1 1 *"\n' + ckan(portal, text, id=f"portal-{code}"), code)
            with ExitStack() as stack:
                client = await deployed(home, url, stack)
                for _ in range(2):
                    stack.enter_context(worker(home, url))
                runs = [await begin(client, code) for code in MEMBERS]
                await until(lambda: at_work(home, 2), "two harvests at once")
                released.set()
                await until(lambda: ended(client, runs), "both end")
                assert await states(client, runs) == ["COMPLETED", "COMPLETED"]
                assert len({run.owner for run in home.runs}) == 2 and {r.state for r in home.runs} == {"ok"}
                assert {row["region_code"] for row in home.rows("population")} == set(MEMBERS)

                released.clear()
                office.files["penduduk.csv"] += b"Kecamatan baru;40\n"
                office.ckan.datasets[0]["metadata_modified"] = "2026-11-20T00:00:00"
                office.ckan.datasets[0]["resources"][0]["last_modified"] = "2026-11-20T00:00:00"
                twice = [await begin(client, MEMBERS[0]) for _ in range(2)]
                await until(lambda: one_ended(client, twice), "the loser ends while the winner is at work")
                released.set()
                await until(lambda: ended(client, twice), "both end")
                assert await states(client, twice) == ["COMPLETED", "COMPLETED"]
                assert [r.state for r in home.runs] == ["ok"] * 3 and len(home.snapshots) == 3
                assert (await harvest(home, f"portal-{MEMBERS[0]}")).skipped
    finally:
        server.stop()


async def deployed(home: Home, url: str, stack: ExitStack) -> Any:
    """The pool with the members' deployments; Prefect's client."""
    from prefect import settings
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    from flows.schedules import CLOSING, NIGHTLY, WEEKLY, deploy, limit_harvests

    stack.enter_context(settings.temporary_settings({settings.PREFECT_API_URL: url}))
    client = await get_client().__aenter__()
    await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    await asyncio.to_thread(limit_harvests, 4)
    granary = home.granary
    names = await asyncio.to_thread(deploy, granary.registry, granary.settings, POOL, ROOT)
    assert sorted(names) == sorted([*MEMBERS, CLOSING, NIGHTLY, WEEKLY])
    return client


async def begin(client: Any, code: str) -> Any:
    deployment = await client.read_deployment_by_name(f"harvest-member/{code}")
    return await client.create_flow_run_from_deployment(deployment.id)


async def at_work(home: Home, count: int) -> bool:
    return sum(run.state == "running" for run in home.runs) == count


async def ended(client: Any, runs: list[Any]) -> bool:
    return {*await states(client, runs)} <= {"COMPLETED", "FAILED", "CRASHED"}


async def one_ended(client: Any, runs: list[Any]) -> bool:
    return sorted(s == "COMPLETED" for s in await states(client, runs)) == [False, True]
