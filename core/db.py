"""The database: one declarative base, engines tuned for SQLite and PostgreSQL, and aware-UTC time columns.

Models live in their packages; the one Alembic history lives in `hub/migrations`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Engine, MetaData, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

#: Alembic needs every constraint to have a name it can find again.
NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: refuses naive values, stores UTC, gives back aware UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC for the database; `ValueError` where the zone is not known."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC; SQLite gives naive values back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every package's models."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[Any]: JSON(),
    }


_BEGAN = "lumbung_began"


def _changes(connection: Connection) -> int:
    """How many rows an SQLite connection has changed in its life."""
    raw = connection.connection.dbapi_connection
    assert raw is not None
    return int(raw.total_changes)


def stamp(connection: Connection) -> str | None:
    """What stays the same on one connection for as long as nothing is committed to the database by anybody.

    None where it cannot be said: within a transaction that has written something.
    """
    if connection.dialect.name == "sqlite":
        changes = _changes(connection)
        if not connection.in_transaction() or changes != connection.info.get(_BEGAN):
            return None
        raw = connection.connection.dbapi_connection
        assert raw is not None
        (version,) = raw.execute("PRAGMA data_version").fetchone()  # counts what other connections commit
        return f"{version}/{changes}"
    found = connection.exec_driver_sql(
        "SELECT CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN CAST(pg_current_snapshot() AS text) END"
    )
    return None if (seen := found.scalar()) is None else str(seen)


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def make_engine(url: str) -> Engine:
    """An engine for `sqlite:///...` (WAL, synchronous FULL, foreign keys on) or `postgresql+psycopg://...`.

    On SQLite every transaction that `session_scope(..., write=True)` opens takes the write lock at its
    start (BEGIN IMMEDIATE), so that two writers wait instead of failing half-way.
    """
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=8)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30, "isolation_level": None})
    event.listen(engine, "connect", _tune_sqlite)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("lumbung_write", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # it waits for nobody and cannot fail, so that the driver is asked without what SQLAlchemy adds: 16 µs
            connection.connection.driver_connection.execute("BEGIN")
        connection.info[_BEGAN] = _changes(connection)

    return engine


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """The session factory that every service is handed."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def session_scope(sessions: sessionmaker[Session], *, write: bool = False) -> Iterator[Session]:
    """One transaction: committed at the end, rolled back on any error; `write` takes SQLite's lock first."""
    with sessions() as session:
        if write:
            session.connection(execution_options={"lumbung_write": True})
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
