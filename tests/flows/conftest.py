"""One Prefect server for the session, ours with its mend; its address is in the environment while a test asks for it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import PrefectNotReady
from flows.server import PrefectServer, environment
from quality.pool import CheckPool
from services.intake import opened as homes
from tests.services.factories import Home, new_home
from tests.services.offices import Office


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """The server process, answering; skips with its reason where it cannot start."""
    server = PrefectServer(tmp_path_factory.mktemp("prefect")).start()
    try:
        server.ready()
    except PrefectNotReady as reason:
        pytest.skip(f"no Prefect server: {reason}")
    yield server
    server.stop()


@pytest.fixture
def prefect(prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server's API address, which Prefect's client reads from the environment and its settings."""
    values = environment(prefect_server.home, prefect_server.url)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server.url, PREFECT_HOME: values["PREFECT_HOME"]}):
        yield os.environ["PREFECT_API_URL"]


@pytest.fixture(scope="session")
def checking() -> Iterator[CheckPool]:
    """One checking process for all flows of the session."""
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        yield pool


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, checking: CheckPool) -> Iterator[Home]:
    """A home of the invented province; flows of this process check with the session's process."""
    made = new_home(tmp_path, sqlite_template, checking)
    yield made
    for one in homes._open.values():
        one.granary._pool = None
    homes.close_all()
    made.close()


@pytest.fixture
def office() -> Office:
    """A portal that nobody serves yet."""
    return Office()
