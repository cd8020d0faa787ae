"""The weekly report as Prefect runs it: both languages, one edition, and the same again when it runs twice (P08)."""

from datetime import UTC, datetime

import pytest

from catalog import resolutions
from tests.services import factories as make
from tests.services.factories import PRICES, Hand, Home

pytestmark = pytest.mark.prefect


def test_P08_the_flow_issues_one_edition_however_often_it_runs(
    prefect: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.weekly_report import write_weekly_report
    from services.intake.opened import opened

    home.clock = Hand(datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    make.write(home.drop(PRICES), "harga.csv", make.prices(3))
    home.clock = Hand(datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    home.harvest()
    granary = opened(home.folder).granary
    monkeypatch.setattr(granary, "clock", Hand(datetime(2026, 11, 22, 22, 0, tzinfo=UTC)))  # Monday 06:00 WITA
    assert [write_weekly_report(str(home.folder)) for _ in range(2)] == ["2026-W47"] * 2
    written = sorted(path.name for path in (home.folder / "reports" / "2026-W47").iterdir())
    assert written == [f"{stem}-2026-W47.{kind}" for stem in ("laporan", "report") for kind in ("html", "json", "xlsx")]
    with granary.sessions() as session:
        issued = resolutions.issued(session, "2026-W47")
    assert issued is not None and issued.edition == 1
