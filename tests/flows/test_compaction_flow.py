"""The night's compaction as Prefect runs it: the same rows from fewer files, and a table of what was merged."""

from pathlib import Path

import pytest

from core.duck import Duck
from tests.catalog.factories import UPSERT, Catalogue, rows
from tests.services.factories import Home

pytestmark = pytest.mark.prefect


def test_the_flow_merges_what_commits_left_in_small_files(prefect: str, home: Home, tmp_path: Path) -> None:
    from flows.compaction import compact_home

    catalogue = Catalogue(home.granary.sessions, home.granary.store, tmp_path)
    for number in (1, 2):
        catalogue.commit(catalogue.resource(), rows(("beras", number, 12_000)), UPSERT)
    duck = Duck([home.granary.settings.folder("snapshots")])
    try:
        before = catalogue.read(duck, UPSERT)
        (done,) = compact_home(str(home.folder))
        assert (done.contract, done.files_before, done.files_after) == ("price", 2, 1)
        assert catalogue.read(duck, UPSERT) == before and len(before) == 2
        assert compact_home(str(home.folder)) == []
    finally:
        duck.close()
