"""The database's shape: one history, the same on both databases, whole after any crash."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from core import counters
from core.db import make_engine, make_sessions
from hub.migrations import current, newest, tables, upgrade
from tests.postgres import Server

ROOT = Path(__file__).parents[2]

_KILLED_HALFWAY = """
import os, signal, sys
from sqlalchemy import event
from core.db import make_engine
from hub.migrations import upgrade
engine = make_engine(sys.argv[1])
seen = 0
@event.listens_for(engine, "after_cursor_execute")
def _count(connection, cursor, statement, *rest):
    global seen
    seen += statement.lstrip().startswith("CREATE TABLE")
    if seen == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
upgrade(engine)
"""


def test_the_history_ends_where_the_models_are(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, tables.ALL) == []


def test_an_upgrade_of_what_is_new_already_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    assert current(engine) == newest()
    with make_sessions(engine)() as session:
        assert counters.current(session, counters.SNAPSHOT) == 0


@pytest.mark.parametrize("tables_made", [1, 9])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_D10_a_killed_migration_is_done_again_at_the_next_start(
    kind: str, tables_made: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'killed.db'}"
    else:
        server: Server = request.getfixturevalue("pg_server")
        server.execute(f"CREATE DATABASE killed_{tables_made}")
        url = server.url(f"killed_{tables_made}")
    done = subprocess.run(
        [sys.executable, "-c", _KILLED_HALFWAY, url, str(tables_made)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    engine = make_engine(url)
    assert "dataset" not in inspect(engine).get_table_names()
    upgrade(engine)
    assert current(engine) == newest()
    assert "dataset" in inspect(engine).get_table_names()
    engine.dispose()
