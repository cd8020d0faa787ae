"""Killed at any point, nothing that was acknowledged is lost, and nothing is there twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select

from catalog import snapshots
from catalog.drafts import CheckDraft
from catalog.errors import SnapshotDamaged, SnapshotMissing
from catalog.maintenance import rebuild, scrub, sweep_orphans
from catalog.models import Resource, Snapshot
from catalog.snapshots import commit
from catalog.store import SnapshotStore
from core.db import make_engine, make_sessions
from core.duck import Duck
from core.outbox import OutboxEvent
from core.storage_errors import DatabaseBusy, DatabaseUnavailable, StorageFull
from hub.migrations import upgrade
from tests import postgres
from tests.catalog.factories import NOW, REPLACE, UPSERT, Catalogue, rows

ROOT = Path(__file__).parents[2]

#: Commits tables of one, two, three ... rows to one resource and acknowledges each on its output.
_WRITER = """
import sys
from pathlib import Path
from catalog.store import SnapshotStore
from core.db import make_engine, make_sessions
from tests.catalog.factories import Catalogue, rows
url, folder, resource, begin = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
catalogue = Catalogue(make_sessions(make_engine(url)), SnapshotStore(folder / "snapshots"), folder / "work")
print("ready", flush=True)
for size in range(begin, begin + 1000):
    done = catalogue.commit(resource, rows(*[("beras", number, number) for number in range(size)]))
    print(size, done.seq, flush=True)
"""


def kill_a_writer(url: str, folder: Path, resource: str, begin: int, after: float) -> int:
    """The size of the last table that a writer acknowledged before it was killed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, str(folder), resource, str(begin)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    time.sleep(after)  # the moment of the kill is the test's input, not something that it waits for
    os.kill(writer.pid, signal.SIGKILL)
    sizes = [int(line.split()[0]) for line in writer.stdout.read().splitlines() if line.count(" ") == 1]
    writer.stdout.close()
    writer.wait()
    return max(sizes, default=begin - 1)


def kill_series(engine: Engine, catalogue: Catalogue, tmp_path: Path, kills: int) -> None:
    resource = catalogue.resource()
    url = engine.url.render_as_string(hide_password=False)
    chance = random.Random(33)  # it chooses moments, not secrets
    acknowledged = 0
    for _ in range(kills):
        acknowledged = kill_a_writer(url, tmp_path, resource, acknowledged + 1, chance.uniform(0.0, 0.25))
        again = catalogue.restarted()
        with again.sessions() as session:
            found = session.execute(select(Snapshot.seq, Snapshot.rows).order_by(Snapshot.seq)).all()
            events = session.scalar(
                select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == "snapshot.committed")
            )
            head = session.get_one(Resource, resource).current_seq
        assert [s.seq for s in found] == list(range(1, len(found) + 1))
        assert len({s.rows for s in found}) == len(found) == events
        assert head == (found[-1].seq if found else None)
        newest = found[-1].rows if found else 0
        assert acknowledged <= newest <= acknowledged + 1  # the one at work may have committed unacknowledged
        acknowledged = newest
        assert scrub(again.sessions, again.store) == []
    sweep_orphans(catalogue.sessions, catalogue.store, older_than_seconds=0)
    assert len(list(catalogue.store.names())) == acknowledged
    assert list(catalogue.store.leftovers()) == []


def test_D01_killing_the_writer_loses_nothing_acknowledged_and_repeats_nothing(
    engine: Engine, catalogue: Catalogue, tmp_path: Path
) -> None:
    kill_series(engine, catalogue, tmp_path, kills=2)


@pytest.mark.long
def test_D01_fifty_kills(engine: Engine, catalogue: Catalogue, tmp_path: Path) -> None:
    kill_series(engine, catalogue, tmp_path, kills=50)


class Killed(BaseException):
    """Stands for the end of the process at a point that a signal would hardly hit."""


@pytest.mark.parametrize("point", ["before_file", "after_file", "before_commit"])
def test_P03_a_death_between_file_and_commit_leaves_an_orphan_and_the_next_try_commits_once(
    point: str, catalogue: Catalogue, duck: Duck, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)))
    table = rows(("beras", 1, 1), ("cabai", 1, 2))

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if point == "before_file":
            patch.setattr(Path, "replace", die)
        elif point == "after_file":
            patch.setattr(snapshots, "writing", die)
        else:
            patch.setattr(snapshots.outbox, "emit", die)
        with pytest.raises(Killed):
            catalogue.commit(resource, table)
    assert len(catalogue.read(duck)) == 1
    done = catalogue.commit(resource, table)
    assert done.seq == 2
    assert catalogue.commit(resource, table).unchanged
    assert len(catalogue.read(duck)) == 2
    assert len(list(catalogue.store.names())) == 2


def test_orphans_are_swept_and_committed_files_are_not(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.commit(catalogue.resource(), rows(("beras", 1, 1)))
    (tmp_path / "orphan").write_bytes(b"orphan")
    catalogue.store.put(tmp_path / "orphan")
    assert sweep_orphans(catalogue.sessions, catalogue.store).files == 0  # it may be of a commit at work
    swept = sweep_orphans(catalogue.sessions, catalogue.store, older_than_seconds=0)
    assert (swept.files, swept.size) == (1, 6)
    assert scrub(catalogue.sessions, catalogue.store) == []


def test_D05_D06_D07_lost_snapshots_are_made_again_from_what_was_landed(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    deliveries = {
        "1" * 64: rows(("beras", 1, 1), ("beras", 2, 2), ("beras", 3, 3)),
        "2" * 64: rows(("beras", 2, 20), ("beras", 4, 4)),
        "3" * 64: rows(("beras", 5, 5)),
    }
    for landed, table in deliveries.items():
        catalogue.commit(resource, table, UPSERT, landed_sha256=landed)
    before = {seq: catalogue.read(duck, UPSERT, seq) for seq in (1, 2, 3)}
    with catalogue.sessions() as session:
        files = session.scalars(select(Snapshot.content_sha256).order_by(Snapshot.seq)).all()
    catalogue.store.path(files[0]).unlink()
    damaged = catalogue.store.path(files[1])
    content = damaged.read_bytes()
    damaged.unlink()
    damaged.write_bytes(content[:-20])
    again = catalogue.restarted()
    with pytest.raises((SnapshotMissing, SnapshotDamaged)):
        again.read(duck, UPSERT)

    def replay(snapshot: Snapshot):  # type: ignore[no-untyped-def]  # the draft's type
        return catalogue.draft(resource, deliveries[snapshot.landed_sha256 or ""], UPSERT)

    done = rebuild(again.sessions, again.store, replay)
    assert (done.checked, done.rebuilt, done.lost) == (3, (1, 2), ())
    with again.sessions() as session:
        assert session.scalars(select(Snapshot.content_sha256).order_by(Snapshot.seq)).all() == files  # byte for byte
    assert {seq: again.read(duck, UPSERT, seq) for seq in (1, 2, 3)} == before


def test_a_rebuild_that_finds_other_rows_says_so_and_changes_nothing(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)))
    (sha256,) = catalogue.store.names()
    catalogue.store.path(sha256).unlink()
    done = rebuild(catalogue.sessions, catalogue.store, lambda _: catalogue.draft(resource, rows(("beras", 1, 2))))
    assert (done.rebuilt, done.lost) == ((), (1,))
    assert list(catalogue.store.names()) == []


def test_a_whole_new_table_is_committed_although_the_one_before_is_lost(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)))
    (sha256,) = catalogue.store.names()
    catalogue.store.path(sha256).unlink()
    assert catalogue.commit(resource, rows(("beras", 1, 2))).seq == 2
    assert catalogue.read(duck) == rows(("beras", 1, 2))


def test_D09_a_database_that_another_process_holds_is_a_typed_error_in_the_end(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    catalogue = Catalogue(make_sessions(sqlite_engine), SnapshotStore(tmp_path / "snapshots"), tmp_path / "work")
    resource = catalogue.resource()
    draft = catalogue.draft(resource, rows(("beras", 1, 1)))
    impatient = make_engine(str(sqlite_engine.url))

    @event.listens_for(impatient, "connect")
    def _short(connection, _record) -> None:  # type: ignore[no-untyped-def]  # a driver's connection
        connection.execute("PRAGMA busy_timeout=50")

    with sqlite_engine.connect().execution_options(lumbung_write=True) as holder, holder.begin():
        with pytest.raises(DatabaseBusy) as error:
            commit(make_sessions(impatient), catalogue.store, draft, now=NOW)
        assert "lumbung.db" in str(error.value.values["place"])
    assert commit(make_sessions(impatient), catalogue.store, draft, now=NOW).seq == 1
    impatient.dispose()


def test_D03_a_full_disk_under_the_database_undoes_the_whole_commit(sqlite_engine: Engine, tmp_path: Path) -> None:
    catalogue = Catalogue(make_sessions(sqlite_engine), SnapshotStore(tmp_path / "snapshots"), tmp_path / "work")
    resource = catalogue.resource()
    small = make_engine(str(sqlite_engine.url))
    with small.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @event.listens_for(small, "connect")
    def _limit(connection, _record) -> None:  # type: ignore[no-untyped-def]  # a driver's connection
        connection.execute(f"PRAGMA max_page_count={pages}")

    small.dispose()
    big = CheckDraft(result=os.urandom(1_000_000))
    draft = catalogue.draft(resource, rows(("beras", 1, 1)), REPLACE, check=big)
    with pytest.raises(StorageFull):
        commit(make_sessions(small), catalogue.store, draft, now=NOW)
    with catalogue.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 0
    assert commit(catalogue.sessions, catalogue.store, draft, now=NOW).seq == 1
    small.dispose()


def test_D02_a_killed_postgres_breaks_one_commit_and_the_next_goes_through(tmp_path: Path) -> None:
    try:
        server = postgres.Server()
    except postgres.Unavailable as reason:
        pytest.skip(f"no PostgreSQL: {reason}")
    try:
        server.execute("CREATE DATABASE lumbung")
        engine = make_engine(server.url("lumbung"))
        upgrade(engine)
        catalogue = Catalogue(make_sessions(engine), SnapshotStore(tmp_path / "snapshots"), tmp_path / "work")
        resource = catalogue.resource()
        assert catalogue.commit(resource, rows(("beras", 1, 1))).seq == 1
        server.kill()
        with pytest.raises(DatabaseUnavailable):
            catalogue.commit(resource, rows(("beras", 1, 2)))
        server.restart()
        assert catalogue.commit(resource, rows(("beras", 1, 2))).seq == 2
        engine.dispose()
    finally:
        server.stop()
