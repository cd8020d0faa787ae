"""Closing days of readings as Prefect runs it: every hour, so that late readings are committed soon too."""

from pathlib import Path

from prefect import flow

from catalog.closing import Closed
from services.intake.opened import opened
from services.intake.recording import close_days


@flow(name="close-days", log_prints=False)
def close_days_of_home(home: str) -> Closed:
    """Commit the days of readings that have closed since, and closed days that late readings have changed."""
    return close_days(opened(Path(home)).granary)
