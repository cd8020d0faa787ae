"""Runs: one at a time for a source, the dead found out, their work handed on, whatever the clock does."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from catalog import runs
from catalog.errors import RunAlreadyActive, RunLeaseLost, SnapshotMissing
from catalog.models import Run, RunError, RunState, SourceLease
from core.outbox import OutboxEvent
from tests.catalog.factories import DAY, NOW, Catalogue, rows

ROOT = Path(__file__).parents[2]
SECOND = timedelta(seconds=1)
ELSEWHERE = "another-host/boot/pid:[1]/77/123"
Sessions = sessionmaker[Session]


def begin(sessions: Sessions, source: str = "semarang", **more: object) -> runs.Lease:
    values = {"source": source, "member": "33.74", "now": NOW, "owner": ELSEWHERE, "lease_seconds": 60.0, **more}
    return runs.start(sessions, **values)  # type: ignore[arg-type]  # the values are of the right types


def state(sessions: Sessions, run_id: str) -> str:
    with sessions() as session:
        return session.get_one(Run, run_id).state


def test_S23_one_source_is_never_run_twice_at_once(sessions: Sessions) -> None:
    first = begin(sessions)
    with pytest.raises(RunAlreadyActive) as error:
        begin(sessions)
    assert (error.value.values["source"], error.value.values["run"]) == ("semarang", first.run_id)
    begin(sessions, "kudus")
    runs.finish(sessions, first, RunState.OK, now=NOW + SECOND, counts={"datasets": 3})
    assert state(sessions, first.run_id) == "ok"
    begin(sessions)


def test_P08_of_many_that_start_in_the_same_moment_exactly_one_wins(sessions: Sessions) -> None:
    won: list[runs.Lease] = []
    lost: list[RunAlreadyActive] = []
    gate = threading.Barrier(6)

    def compete() -> None:
        gate.wait()
        try:
            won.append(begin(sessions))
        except RunAlreadyActive as error:
            lost.append(error)

    threads = [threading.Thread(target=compete) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 5)


def test_P01_a_run_whose_process_was_killed_is_crashed_at_once_and_its_work_goes_on(
    engine: Engine, catalogue: Catalogue
) -> None:
    script = """
import os, signal, sys
from catalog import runs
from core.db import make_engine, make_sessions
from tests.catalog.factories import NOW
sessions = make_sessions(make_engine(sys.argv[1]))
lease = runs.start(sessions, source="semarang", member="33.74", now=NOW)
runs.plan(sessions, lease, ["r1", "r2", "r3"])
runs.done(sessions, lease, ["r2"])
os.kill(os.getpid(), signal.SIGKILL)
"""
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", script, url], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    lease = runs.start(catalogue.sessions, source="semarang", member="33.74", now=NOW + SECOND)
    assert lease.resumed == ("r1", "r3")
    with catalogue.sessions() as session:
        old = session.scalars(select(Run).where(Run.id != lease.run_id)).one()
        assert (old.state, session.get_one(Run, lease.run_id).resumes) == ("crashed", old.id)
        assert runs.unfinished(session, lease.run_id) == ("r1", "r3")
        assert "run.crashed" in session.scalars(select(OutboxEvent.topic)).all()


def test_P01_reaping_marks_the_runs_of_dead_processes_and_leaves_the_living(sessions: Sessions) -> None:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=int)
    child.start()
    pid = child.pid
    own = runs.this_process().split("/")
    living = begin(sessions, "kudus", owner=runs.this_process())
    child.join()
    dead = begin(sessions, "demak", owner="/".join([*own[:3], str(pid), "1"]))
    assert runs.reap(sessions, now=NOW + SECOND) == (dead.run_id,)
    assert (state(sessions, dead.run_id), state(sessions, living.run_id)) == ("crashed", "running")


def test_P01_a_silent_holder_elsewhere_is_suspected_first_and_dead_after_one_more_lease(sessions: Sessions) -> None:
    lease = begin(sessions)
    assert runs.reap(sessions, now=NOW + 59 * SECOND) == ()
    assert runs.reap(sessions, now=NOW + 61 * SECOND) == ()  # suspected
    assert runs.reap(sessions, now=NOW + 120 * SECOND) == ()
    assert runs.reap(sessions, now=NOW + 121 * SECOND) == (lease.run_id,)
    begin(sessions, now=NOW + 122 * SECOND)
    for act in (
        lambda: runs.heartbeat(sessions, lease, now=NOW + 122 * SECOND),
        lambda: runs.plan(sessions, lease, ["r"]),
        lambda: runs.finish(sessions, lease, RunState.OK, now=NOW + 122 * SECOND),
    ):
        with pytest.raises(RunLeaseLost):
            act()
    assert state(sessions, lease.run_id) == "crashed"


def test_P01_whoever_was_declared_dead_can_no_longer_commit(catalogue: Catalogue) -> None:
    from catalog.snapshots import commit

    resource = catalogue.resource()
    lease = begin(catalogue.sessions)
    draft = catalogue.draft(resource, rows(("beras", 1, 1)), run_id=lease.run_id)
    for second in (61, 121):
        runs.reap(catalogue.sessions, now=NOW + second * SECOND)
    with pytest.raises(RunLeaseLost):
        commit(catalogue.sessions, catalogue.store, draft, now=NOW, lease=lease)
    assert commit(catalogue.sessions, catalogue.store, draft, now=NOW, lease=begin(catalogue.sessions)).seq == 1


def test_a_heartbeat_holds_the_source_and_clears_a_suspicion(sessions: Sessions) -> None:
    lease = begin(sessions)
    runs.reap(sessions, now=NOW + 61 * SECOND)
    runs.heartbeat(sessions, lease, now=NOW + 62 * SECOND, counts={"datasets": 7})
    assert runs.reap(sessions, now=NOW + 121 * SECOND) == ()
    with sessions() as session:
        run = session.get_one(Run, lease.run_id)
        assert (run.heartbeat, run.counts) == (NOW + 62 * SECOND, {"datasets": 7})


def test_T02_a_clock_a_year_ahead_does_not_free_a_living_run(sessions: Sessions) -> None:
    lease = begin(sessions)
    assert runs.reap(sessions, now=NOW + 365 * DAY) == ()
    runs.heartbeat(sessions, lease, now=NOW + 30 * SECOND)  # the holder's own clock is right
    assert runs.reap(sessions, now=NOW + 366 * DAY) == ()
    with pytest.raises(RunAlreadyActive):
        begin(sessions, now=NOW + 31 * SECOND)
    runs.finish(sessions, lease, RunState.OK, now=NOW + 40 * SECOND)


def test_T01_a_clock_two_years_back_does_not_keep_a_dead_run_for_two_years(sessions: Sessions) -> None:
    lease = begin(sessions)
    past = NOW - 730 * DAY
    assert runs.reap(sessions, now=past) == ()  # the lease is cut to one from now
    assert runs.reap(sessions, now=past + 61 * SECOND) == ()
    assert runs.reap(sessions, now=past + 122 * SECOND) == (lease.run_id,)


def test_T03_a_jump_between_two_looks_does_not_make_a_suspect_dead(sessions: Sessions) -> None:
    lease = begin(sessions)
    runs.reap(sessions, now=NOW + 61 * SECOND)  # suspected by the true time
    assert runs.reap(sessions, now=NOW - 730 * DAY) == ()  # back: cut, and no longer suspected
    with sessions() as session:
        assert session.get_one(SourceLease, "semarang").suspect_since is None
    assert runs.heartbeat(sessions, lease, now=NOW + 70 * SECOND).token == lease.token


def test_T03_within_the_process_only_monotonic_time_says_that_the_lease_is_spent(sessions: Sessions) -> None:
    lease = begin(sessions)
    assert not lease.spent(lambda: lease.taken + 59)
    assert lease.spent(lambda: lease.taken + 61)


def test_a_commit_takes_its_resource_off_the_plan(catalogue: Catalogue) -> None:
    first, second = catalogue.resource("d1"), catalogue.resource("d2")
    lease = begin(catalogue.sessions)
    runs.plan(catalogue.sessions, lease, [first, second])
    runs.plan(catalogue.sessions, lease, [second])
    catalogue.commit(first, rows(("beras", 1, 1)), run_id=lease.run_id)
    with catalogue.sessions() as session:
        assert runs.unfinished(session, lease.run_id) == (second,)
    runs.finish(catalogue.sessions, lease, RunState.PARTIAL, now=NOW, error=SnapshotMissing(file="x"))
    with catalogue.sessions() as session:
        assert runs.unfinished(session, lease.run_id) == ()
        error = session.get_one(Run, lease.run_id).error
        assert error is not None
        assert error["code"] == "SNAPSHOT_MISSING"


def test_errors_are_kept_per_record_with_their_values(sessions: Sessions) -> None:
    lease = begin(sessions)
    runs.record_error(
        sessions, lease.run_id, SnapshotMissing(file=Path("a.parquet"), sha256="0"), now=NOW, resource_id="r"
    )
    with sessions() as session:
        row = session.scalars(select(RunError)).one()
        assert (row.code, row.values, row.resource_id, row.at) == (
            "SNAPSHOT_MISSING", {"file": "a.parquet", "sha256": "0"}, "r", NOW,
        )  # fmt: skip
