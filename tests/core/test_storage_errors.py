"""What the machine refuses has one name each, whichever library met it first."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from core.storage_errors import OpenFilesExhausted, StorageReadOnly, storage_errors


@pytest.fixture
def nothing_to_open() -> Iterator[None]:
    """This process may open no further file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (max(int(handle.name) for handle in Path("/proc/self/fd").iterdir()) + 2, before[1])
    )
    try:
        while True:
            try:
                taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_P06_a_file_that_cannot_be_opened_for_want_of_a_descriptor(tmp_path: Path, nothing_to_open: None) -> None:
    with pytest.raises(OpenFilesExhausted), storage_errors(tmp_path):
        (tmp_path / "x").write_text("")


def test_P06_a_library_loaded_at_its_first_use_is_a_file_too(tmp_path: Path) -> None:
    refused = ImportError("/usr/lib/_posixshmem.so: cannot open shared object file: Too many open files")
    with pytest.raises(OpenFilesExhausted), storage_errors(tmp_path):
        raise refused


def test_a_library_that_is_missing_stays_missing(tmp_path: Path) -> None:
    with pytest.raises(ImportError, match="no_such_library"), storage_errors(tmp_path):
        import no_such_library  # type: ignore[import-not-found]  # noqa: F401 - there is none, and that is the case


def test_P06_sqlite_says_the_same_of_two_reasons_and_both_are_named(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def connect() -> None:
        with storage_errors(tmp_path), create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'x.db'}").connect():
            pass

    with pytest.raises(StorageReadOnly) as found:
        connect()
    assert isinstance(found.value.__cause__, OperationalError)
    assert isinstance(found.value.__cause__.orig, sqlite3.OperationalError)
    request.getfixturevalue("nothing_to_open")
    with pytest.raises(OpenFilesExhausted):
        connect()
