"""The catalogue's transactions: SQLite's lock from the start of a write, typed errors for what the machine refuses."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from core.db import session_scope
from core.storage_errors import storage_errors

T = TypeVar("T")


def place(sessions: sessionmaker[Session]) -> str:
    """The database's name as an error shows it: its file or its address without the password."""
    engine = sessions.kw.get("bind")
    return engine.url.render_as_string(hide_password=True) if isinstance(engine, Engine) else "?"


@contextmanager
def writing(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One write transaction; `DatabaseBusy`, `DatabaseUnavailable`, `StorageFull` or `StorageReadOnly` if refused."""
    with storage_errors(place(sessions)), session_scope(sessions, write=True) as session:
        yield session


@contextmanager
def reading(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session to read with; `DatabaseUnavailable` where the server does not answer."""
    with storage_errors(place(sessions)), sessions() as session:
        yield session


def batched(items: Iterable[T], size: int = 10_000) -> Iterator[list[T]]:
    """The items in lists that a database takes as one IN."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
