"""A catalogue of its own for each test, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from catalog.store import SnapshotStore
from core.duck import Duck
from tests.catalog.factories import Catalogue


@pytest.fixture
def catalogue(sessions: sessionmaker[Session], tmp_path: Path) -> Catalogue:
    return Catalogue(sessions, SnapshotStore(tmp_path / "snapshots"), tmp_path / "work")


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    (tmp_path / "snapshots").mkdir(exist_ok=True)
    duck = Duck([tmp_path / "snapshots"], size=1, threads=1)
    yield duck
    duck.close()
