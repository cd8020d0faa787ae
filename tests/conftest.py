"""The database of a test: an SQLite file or a PostgreSQL database, brought to the newest shape by our migrations."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from core.db import make_engine, make_sessions
from hub.migrations import upgrade
from tests import postgres

# How long an example takes is the machine's business, not the tests': none may fail because others were busy.
settings.register_profile("lumbung", deadline=None)
settings.load_profile("lumbung")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that each test copies."""
    path = tmp_path_factory.mktemp("template") / "lumbung.db"
    engine = make_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")  # a checkpoint needs no transaction around it
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def pg_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for the session, with a migrated database `template_lumbung`; skips where none can run."""
    try:
        server = postgres.start()
    except postgres.Unavailable as reason:
        pytest.skip(f"no PostgreSQL: {reason}")
    try:
        server.execute("CREATE DATABASE template_lumbung")
        engine = make_engine(server.url("template_lumbung"))
        upgrade(engine)
        engine.dispose()
        yield server
    finally:
        server.stop()


@pytest.fixture
def sqlite_engine(sqlite_template: Path, tmp_path: Path) -> Iterator[Engine]:
    """A fresh SQLite database."""
    path = tmp_path / "lumbung.db"
    shutil.copyfile(sqlite_template, path)
    engine = make_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def pg_engine(pg_server: postgres.Server) -> Iterator[Engine]:
    """A fresh PostgreSQL database."""
    name = f"t_{uuid4().hex}"
    pg_server.execute(f"CREATE DATABASE {name} TEMPLATE template_lumbung")
    engine = make_engine(pg_server.url(name))
    yield engine
    engine.dispose()
    pg_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A fresh database, once of each kind."""
    found: Engine = request.getfixturevalue("sqlite_engine" if request.param == "sqlite" else "pg_engine")
    return found


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """The session factory over `engine`."""
    return make_sessions(engine)
