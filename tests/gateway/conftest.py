"""One seeded province for all reading tests of the doors; whoever changes something takes a fresh one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.db import make_engine
from tests.gateway import factories
from tests.gateway.factories import Province


@pytest.fixture(scope="session")
def province(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """The seeded province; not to be changed."""
    home = tmp_path_factory.mktemp("province")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    made = factories.seed(factories.empty_province(home, engine))
    yield made
    made.services.duck.close()
    engine.dispose()
