"""What the machine below can refuse: a full disk, a folder without write permission, no more open files, a database
that is busy or gone.

`storage_errors` turns the many faces of these (OSError, SQLite, PostgreSQL, DuckDB) into five errors that say
what to do; everything else passes through unchanged.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from sqlalchemy.exc import DBAPIError

from core.errors import LumbungError


class StorageFull(LumbungError):
    """The disk, or this user's share of it, is full; nothing was published."""

    code = "STORAGE_FULL"
    http_status = 507
    transient = True


class StorageReadOnly(LumbungError):
    """The folder or database may not be written by this user."""

    code = "STORAGE_READ_ONLY"
    http_status = 500


class DatabaseBusy(LumbungError):
    """Another process held the database longer than we wait."""

    code = "DATABASE_BUSY"
    http_status = 503
    transient = True


class DatabaseUnavailable(LumbungError):
    """The database server does not answer, or broke off."""

    code = "DATABASE_UNAVAILABLE"
    http_status = 503
    transient = True


class OpenFilesExhausted(LumbungError):
    """This process, or the machine, has as many files and connections open as it may (P06)."""

    code = "OPEN_FILES_EXHAUSTED"
    http_status = 503
    transient = True


_OF_NUMBER: dict[int, type[LumbungError]] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), StorageFull),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), StorageReadOnly),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE), OpenFilesExhausted),
}
_TEXTS: tuple[tuple[str, type[LumbungError]], ...] = (
    ("too many open files", OpenFilesExhausted),
    ("database or disk is full", StorageFull),
    ("no space left on device", StorageFull),
    ("file too large", StorageFull),
    ("disk i/o error", StorageFull),  # SQLite's word for a write that the file system refused
    ("readonly database", StorageReadOnly),
    ("permission denied", StorageReadOnly),
    ("database is locked", DatabaseBusy),
    ("unable to open database file", StorageReadOnly),
)
#: PostgreSQL: disk full; lock not available and deadlock; connection failures and shutdown.
_STATES: dict[str, type[LumbungError]] = {
    "53100": StorageFull,
    "25006": StorageReadOnly,
    "55P03": DatabaseBusy,
    "40P01": DatabaseBusy,
    "57P01": DatabaseUnavailable,
    "57P02": DatabaseUnavailable,
    "57P03": DatabaseUnavailable,
    "53300": DatabaseUnavailable,
}


def _none_to_open() -> bool:
    """Whether this process may open nothing more."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _of_text(error: BaseException) -> type[LumbungError] | None:
    message = str(error).lower()
    if "unable to open database file" in message and _none_to_open():
        return OpenFilesExhausted  # SQLite has one sentence for every reason
    return next((kind for text, kind in _TEXTS if text in message), None)


def _of_database(error: DBAPIError) -> type[LumbungError] | None:
    state = getattr(error.orig, "sqlstate", None)
    if state in _STATES:
        return _STATES[state]
    if error.connection_invalidated or (state or "").startswith("08"):
        return DatabaseUnavailable
    module = type(error.orig).__module__
    if module.startswith("psycopg") and state is None and type(error.orig).__name__ == "OperationalError":
        return DatabaseUnavailable  # psycopg gives no state where the server could not be reached at all
    return _of_text(error) if module.startswith("sqlite3") else None


@contextmanager
def storage_errors(place: object) -> Iterator[None]:
    """Raise the typed error for what the machine refuses at `place` (a folder, a database) within the block."""
    try:
        yield
    except DBAPIError as error:
        if kind := _of_database(error):
            raise kind(place=place, detail=str(error.orig).splitlines()[0]) from error
        raise
    except duckdb.IOException as error:
        if found := _of_text(error):
            raise found(place=place, detail=str(error).splitlines()[0]) from error
        raise
    except OSError as error:
        if kind := _OF_NUMBER.get(error.errno or 0) or _of_text(error):
            raise kind(place=place, detail=error.strerror or str(error).splitlines()[0]) from error
        raise
    except ImportError as error:
        # A part of the standard library that is loaded at its first use is a file too; what is really missing passes.
        if kind := _of_text(error):
            raise kind(place=place, detail=str(error).splitlines()[0]) from error
        raise
