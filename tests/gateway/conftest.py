"""One seeded province for all reading tests of the doors; whoever changes something takes a fresh one."""

import io
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from core import log
from core.db import make_engine
from tests.gateway import factories
from tests.gateway.factories import Province


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged so far, one object a line."""
    stream = io.StringIO()
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    log.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


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
