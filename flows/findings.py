"""Looking beyond single files as Prefect runs it: every evening, so that a week's report has its Sunday in it."""

from dataclasses import asdict
from pathlib import Path

from prefect import flow
from prefect.artifacts import create_table_artifact

from catalog.findings import Looked
from services import mapping_open
from services.intake.opened import opened
from services.review.beyond import look


@flow(name="look-beyond", log_prints=False)
def look_beyond(home: str) -> list[Looked]:
    """Look at every standard whose rows have changed since the last look, and at files that fit one and are not mapped.

    Running it again finds the same.
    """
    granary = opened(Path(home)).granary
    mapping_open.ask_open(granary)
    done = list(look(granary))
    create_table_artifact([asdict(one) for one in done], key="findings", description="Findings")
    return done
