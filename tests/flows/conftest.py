"""One Prefect server for the session, ours with its mend; its address is in the environment while a test asks for it."""

import os
from collections.abc import Iterator

import pytest

from flows.errors import PrefectNotReady
from flows.server import PrefectServer, environment


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
