"""One home a test, one checking process for all of them: Great Expectations takes seconds to import."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quality.pool import CheckPool
from tests.services.factories import Home, new_home
from tests.services.offices import Office


@pytest.fixture(scope="session")
def checking() -> Iterator[CheckPool]:
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        yield pool


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, checking: CheckPool) -> Iterator[Home]:
    """A home of the invented province, in WITA."""
    made = new_home(tmp_path, sqlite_template, checking)
    yield made
    made.close()


@pytest.fixture
def office() -> Office:
    """A portal that nobody serves yet."""
    return Office()
