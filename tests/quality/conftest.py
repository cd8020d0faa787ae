"""One checking state for all tests of a process: Great Expectations takes seconds to import."""

import os
from collections.abc import Iterator

import duckdb
import pytest

from quality.worker import Checker

os.environ["GX_ANALYTICS_ENABLED"] = "false"


@pytest.fixture(scope="session")
def checker() -> Checker:
    return Checker(memory="1GB")


@pytest.fixture(scope="session")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'")
    yield made
    made.close()
