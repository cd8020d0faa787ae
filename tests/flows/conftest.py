"""One real Prefect server a session (it takes 12-28 s to make its database), telemetry off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from quality.pool import CheckPool
from services.intake import opened as homes
from tests.services.factories import Home, new_home


@pytest.fixture(scope="session")
def prefect_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the session's server; this process speaks to it for as long as the fixture lasts."""
    from flows.server import QUIET, PrefectServer

    folder = tmp_path_factory.mktemp("prefect")
    server = PrefectServer(folder).start()
    try:
        url = server.ready(180)
        from prefect import settings

        chosen = {getattr(settings, name): value for name, value in QUIET.items() if hasattr(settings, name)}
        chosen |= {settings.PREFECT_API_URL: url, settings.PREFECT_HOME: str(folder)}
        with settings.temporary_settings(chosen):
            yield url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def checking() -> Iterator[CheckPool]:
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        yield pool


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path, checking: CheckPool) -> Iterator[Home]:
    """A home of the invented province, which flows of this process find open with the session's checking process."""
    made = new_home(tmp_path, sqlite_template, checking)
    yield made
    for one in homes._open.values():
        one.granary._pool = None
    homes.close_all()
    made.close()
