"""Compaction as Prefect runs it: nightly, for what harvests left; the merging is `catalog/compaction.py`."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from catalog.compaction import Compacted
from services.intake.compacting import compact_all
from services.intake.opened import opened


@flow(name="compact", log_prints=False)
def compact_home(home: str) -> list[Compacted]:
    """Merge every contract's tail, remove segments that no reader has open, bring tables of current rows to now."""
    granary = opened(Path(home)).granary
    done = compact_all(granary)
    create_table_artifact([_row(one) for one in done], key="compaction", description="Compaction")
    return done


def _row(one: Compacted) -> dict[str, Any]:
    names = ("contract", "major", "files_before", "files_after", "rows", "size")
    return {name: getattr(one, name) for name in names}
