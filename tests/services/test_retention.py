"""Retention: what goes after its time, and what never goes because rows of now, or young ones, are made from it."""

from datetime import timedelta

from catalog import maintenance
from catalog.models import Run, RunError
from catalog.relations import relation
from core.ids import new_id
from federation.models import LandedObject
from services import retention
from services.intake.compacting import DUE
from services.retention import Pruned
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, Home


def counts(found: list[Pruned]) -> dict[str, int]:
    return {one.what: one.count for one in found}


def two_deliveries(home: Home) -> None:
    """Population, whose second file replaces the first, and prices, whose second adds to the first."""
    drop = home.drop(PRICES, PEOPLE)
    for turn in range(2):
        make.write(drop, "penduduk.csv", make.people(100, 200 + turn))
        make.write(drop, "harga.csv", make.prices(3 + turn))
        assert home.harvest().snapshots == 2
        home.clock.forward(days=1)  # type: ignore[attr-defined]  # the factories' own clock


def test_only_bytes_that_no_row_of_now_needs_go_and_only_after_their_time(home: Home) -> None:
    two_deliveries(home)
    assert counts(retention.prune(home.granary, dry_run=True))["landing"] == 0
    home.clock.forward(days=1_200)  # type: ignore[attr-defined]  # the factories' own clock
    before = len(home.all(LandedObject))
    (landing, *_) = retention.prune(home.granary, dry_run=True)
    assert landing.count == 1  # the population that was replaced; both files of prices make up what is there now
    assert landing.size > 0
    assert len(home.all(LandedObject)) == before  # looking removes nothing
    assert retention.prune(home.granary)[0] == landing
    assert len(home.all(LandedObject)) == before - 1
    assert counts(retention.prune(home.granary))["landing"] == 0
    assert [row["people"] for row in home.rows("population")] == [100, 201]
    assert maintenance.scrub(home.granary.sessions, home.granary.store) == []
    for kept in home.all(LandedObject):
        home.granary.landing.open(kept.sha256)


def test_zero_days_keep_for_ever(home: Home) -> None:
    home.settings = {"keep_landing_days": 0, "keep_runs_days": 0, "keep_errors_days": 0}
    two_deliveries(home)
    home.clock.forward(days=9_000)  # type: ignore[attr-defined]  # the factories' own clock
    assert set(counts(retention.prune(home.granary)).values()) == {0}


def test_errors_and_runs_that_made_nothing_go_and_runs_that_published_stay(home: Home) -> None:
    two_deliveries(home)
    for _ in range(3):
        home.harvest()  # nothing new
    run = home.all(Run, Run.started)[-1].id
    with home.granary.sessions.begin() as session:
        session.add(RunError(id=new_id(), run_id=run, code="X", values={}, at=home.clock() - timedelta(days=200)))
    found = counts(retention.prune(home.granary))
    assert (found["errors"], found["runs"]) == (1, 0)
    home.clock.forward(days=400)  # type: ignore[attr-defined]  # the factories' own clock
    published = {s.run_id for s in home.snapshots}
    assert counts(retention.prune(home.granary))["runs"] > 0
    assert {r.id for r in home.all(Run)} == published


def test_a_harvest_merges_a_long_tail_in_passing(home: Home) -> None:
    drop = home.drop(PRICES)
    for turn in range(DUE + 1):
        make.write(drop, "harga.csv", make.prices(2, price=10_000 + turn))
        home.harvest()
    with home.granary.sessions() as session:
        found = relation(session, home.granary.store, home.granary.contracts["commodity_price"])
    assert len(found.files) == 1
    assert [row["price"] for row in home.rows("commodity_price")] == [10_000 + DUE, 10_001 + DUE]
    assert [row["price"] for row in home.rows("commodity_price", as_of=3)] == [10_002, 10_003]
    home.sound()
