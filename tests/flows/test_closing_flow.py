"""Closing days as Prefect's schedule does it, without the harvest that brought them."""

from pathlib import Path

import pytest

from catalog.closing import Closed
from tests.services.factories import Home, write
from tests.services.test_readings import STAGES, stages

pytestmark = pytest.mark.prefect


def test_the_flow_commits_the_days_that_have_closed(prefect: str, home: Home, tmp_path: Path) -> None:
    from flows.closing import close_days_of_home
    from services.intake.opened import close_all, opened

    write(home.drop(STAGES, code="99.01"), "air.csv", stages(("21 10:00", "1,30"), ("22 10:00", "1,40")))
    assert home.harvest().snapshots == 1
    try:
        opened(home.folder).granary.clock = home.granary.clock
        assert close_days_of_home(str(home.folder)) == Closed(0, 0)
        home.granary.clock.forward(days=1)  # type: ignore[attr-defined]  # the hand that tests set
        assert close_days_of_home(str(home.folder)) == Closed(1, 1)
    finally:
        close_all()
