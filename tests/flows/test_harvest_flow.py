"""The harvest as Prefect runs it: a flow run a member, tasks that try again, and a harvest that outlives Prefect."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from catalog.models import RunStep
from core.storage_errors import DatabaseBusy, StorageReadOnly
from services.intake.opened import opened
from services.intake.outcome import Outcome
from services.intake.work import Item
from tests.federation.fetch_factories import faulty, serving
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, Home
from tests.services.offices import Office, harvest

pytestmark = pytest.mark.prefect
ROOT = Path(__file__).parents[2]


def run(home: Home, member: str = CITY, source: str | None = None) -> list[Any]:
    """One flow run of a member in this process."""
    from flows.harvest import harvest_member

    opened(home.folder).granary._pool = home.pool
    return harvest_member(str(home.folder), member, source)


async def asked(what: str, **more: Any) -> Any:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        return await getattr(client, what)(**more)


def command(home: Home, url: str) -> tuple[list[str], dict[str, str]]:
    from flows.server import QUIET

    environment = {**os.environ, **QUIET, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'graphql'}"}
    environment |= {"PREFECT_API_URL": url, "PREFECT_HOME": str(home.folder / "prefect")}
    environment |= {"PREFECT_CLIENT_MAX_RETRIES": "0"}
    start = "from hub.cli import main; main()"
    return [sys.executable, "-c", start, "--home", str(home.folder), "--lang", "en", "harvest", "--json"], environment


def test_a_members_flow_run_completes_and_shows_progress_and_a_table(home: Home, prefect: str) -> None:
    good, dead = home.folder / "a", home.folder / "tiada"
    for n in range(60):  # three batches
        make.write(good, f"penduduk {n:02}.csv", make.people(n))
    home.member(
        f'[[sources]]\nid = "hidup"\nkind = "folder"\npath = "{good}"\n{PEOPLE}'
        f'[[sources]]\nid = "mati"\nkind = "folder"\npath = "{dead}"\n'
    )
    told: list[tuple[int, int]] = []
    from flows.harvest import watched_by

    with watched_by(lambda p: told.append((p.done, p.total))):
        reports = run(home)
    assert [(r.source, r.state, r.snapshots) for r in reports] == [("hidup", "ok", 60), ("mati", "failed", 0)]
    assert told == [(0, 60), (25, 60), (50, 60), (60, 60)]
    artifacts = {a.key: a for a in asyncio.run(asked("read_artifacts"))}
    assert artifacts["progress-99-71"].data == 100.0
    table = str(artifacts["harvest-99-71"].data)
    assert "hidup" in table and "mati" in table and "failed" in table
    newest = max(asyncio.run(asked("read_flow_runs")), key=lambda r: r.created)
    assert newest.state.is_completed() and newest.parameters["member"] == CITY
    assert sum(t.name.startswith("take in a batch") for t in asyncio.run(asked("read_task_runs"))) >= 3


def attempts(failing: Exception, times: int) -> tuple[list[int], Any]:
    """A flow whose first batch fails so many times; how often each batch was tried."""
    from prefect import flow

    from flows.harvest import _as_tasks

    tried = [0, 0]

    def work(items: Sequence[Item]) -> list[Outcome]:
        number = len(items)
        tried[number] += 1
        if number == 0 and tried[0] <= times:
            raise failing
        return [Outcome(dataset="d", resource="r", title=str(number))]

    @flow(name="trial", log_prints=False)
    def trial() -> list[str]:
        both: Any = [[], [None]]
        return sorted(outcome.title for outcomes in _as_tasks(work, both) for outcome in outcomes)

    return tried, trial


def test_a_batch_that_failed_for_a_passing_reason_is_tried_again(prefect: str) -> None:
    tried, trial = attempts(DatabaseBusy(place="lumbung.db", detail="locked"), times=1)
    assert trial() == ["0", "1"] and tried == [2, 1]


def test_a_batch_that_would_fail_again_is_not_tried_again(prefect: str) -> None:
    tried, trial = attempts(StorageReadOnly(place="snapshots", detail="EROFS"), times=9)
    with pytest.raises(StorageReadOnly):
        trial()
    assert tried[0] == 1


def test_S23_P08_two_flow_runs_of_one_source_at_once_one_wins(home: Home, prefect: str) -> None:
    from contextvars import copy_context
    from threading import Thread

    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1, 2))
    found: list[Any] = []
    opened(home.folder)
    threads = [Thread(target=copy_context().run, args=(lambda: found.extend(run(home)),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(r.error["code"] if r.error else r.state for r in found)
    assert codes in (["RUN_ALREADY_ACTIVE", "ok"], ["ok", "ok"])  # at once, or one after the other
    assert len(home.snapshots) == 1


def test_P02_a_prefect_server_that_is_down_is_named_and_another_way_offered(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1, 2))
    arguments, environment = command(home, "http://127.0.0.1:1/api")
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1 and '"PREFECT_UNREACHABLE"' in done.stdout and "--direct" in done.stdout
    assert not home.runs


async def test_P02_a_prefect_server_that_goes_down_in_mid_run_costs_no_data(
    home: Home, office: Office, prefect: str
) -> None:
    base = prefect.removesuffix("/api")
    async with serving(office) as url:
        async with faulty(base, "none") as between:
            office.offer(url, *(f"penduduk-{n}" for n in range(3)))
            home.portal(url, PEOPLE)
            released = asyncio.Event()
            office.wait = released
            arguments, environment = command(home, f"{between}/api")
            process = await asyncio.create_subprocess_exec(
                *arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            while not home.all(RunStep):
                await asyncio.sleep(0.05)
        released.set()  # from here on nobody answers at Prefect's address
        said, _ = await asyncio.wait_for(process.communicate(), 300)
        assert process.returncode == 1 and b'"PREFECT_UNREACHABLE"' in said
        [run] = home.runs
        assert (run.state, len(home.snapshots), len(home.rows("population"))) == ("ok", 3, 9)
        assert (await harvest(home)).skipped
