"""Readings on their way: recorded at once, committed when their day is closed, the same rows through every door."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from catalog import open_days
from catalog.reading_models import Reading, ReadingDay, ReadingDelivery
from catalog.readings import latest
from core.access import ANONYMOUS
from services import retention
from services.intake import replay
from services.intake.recording import close_days
from tests.services.factories import Hand, Home, csv, write

STAGES = """
[[sources.mappings]]
contract = "river_stage"
match = {title = "air"}
columns = {observed_at = "waktu", stage_m = "tinggi"}
constants = {region_code = "99.01", gauge_code = "jembatan_padi"}
"""
RAIN = """
[[sources.mappings]]
contract = "rainfall"
match = {title = "hujan"}
columns = {station = "pos", date = "tanggal", rain_mm = "hujan"}
constants = {region_code = "99.01"}
"""
#: 22 November 2026, noon in WITA (UTC+8): the day before was closed at six in the morning.
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def stages(*readings: tuple[str, str]) -> str:
    """A file of stages as an office writes it: local times of November 2026, decimal commas."""
    return csv({"waktu": [f"2026-11-{when}" for when, _ in readings], "tinggi": [value for _, value in readings]})


@pytest.fixture
def river(home: Home) -> Path:
    home.clock = Hand(NOON)
    return home.drop(STAGES, code="99.01")


def heights(home: Home, as_of: int | None = None) -> list[tuple[str, float]]:
    """Local time and stage of every row, in order."""
    rows = home.rows("river_stage", as_of)
    local = timedelta(hours=8)
    return sorted((f"{r['observed_at'].astimezone(UTC) + local:%d %H:%M}", r["stage_m"]) for r in rows)


def test_closed_days_are_committed_and_the_open_one_is_served_at_once(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("20 10:00", "1,20"), ("21 10:00", "1,30"), ("22 10:00", "1,40")))
    report = home.harvest()
    assert (report.snapshots, report.rows_published) == (1, 3)
    (snapshot,) = home.snapshots
    assert snapshot.rows == 2
    assert heights(home) == [("20 10:00", 1.2), ("21 10:00", 1.3), ("22 10:00", 1.4)]
    assert heights(home, snapshot.seq) == [("20 10:00", 1.2), ("21 10:00", 1.3)]
    rows = {r["stage_m"]: r for r in home.rows("river_stage")}
    assert rows[1.4]["_snapshot"] == 0 and rows[1.3]["_snapshot"] == snapshot.seq
    assert rows[1.4]["_row"] == 4


def test_the_open_day_is_committed_once_it_has_closed(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("21 10:00", "1,30"), ("22 10:00", "1,40")))
    home.harvest()
    before = heights(home)
    assert isinstance(home.clock, Hand)
    home.clock.now = datetime(2026, 11, 22, 21, 59, tzinfo=UTC)  # a minute before six in the morning
    assert close_days(home.granary).snapshots == 0
    home.clock.forward(minutes=1)
    done = close_days(home.granary)
    assert (done.snapshots, done.rows) == (1, 1)
    assert close_days(home.granary).snapshots == 0
    assert heights(home) == heights(home, home.snapshots[-1].seq) == before
    home.sound()


def test_the_same_again_changes_nothing_and_a_corrected_day_is_committed_again(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("20 10:00", "1,20"), ("21 10:00", "1,30")))
    home.harvest()
    write(river, "air.csv", stages(("20 10:00", "1,20"), ("21 10:00", "1,30")) + "\n")
    again = home.harvest()
    assert (again.snapshots, again.rows_published) == (0, 0)
    assert len(home.all(ReadingDelivery)) == 1
    write(river, "air.csv", stages(("20 10:00", "1,20"), ("20 11:00", "1,25"), ("21 10:00", "1,90")))
    late = home.harvest()
    assert (late.snapshots, late.rows_published) == (1, 2)
    newest = home.all(ReadingDelivery, ReadingDelivery.id)[-1]
    assert (newest.added, newest.changed, newest.removed) == (1, 1, 0)
    assert heights(home) == [("20 10:00", 1.2), ("20 11:00", 1.25), ("21 10:00", 1.9)]
    assert heights(home, 1) == [("20 10:00", 1.2), ("21 10:00", 1.3)]
    snapshot = home.snapshots[-1]
    assert (snapshot.added, snapshot.changed, snapshot.removed) == (1, 1, 0)


def test_what_a_delivery_takes_back_is_taken_back_in_open_and_closed_days(home: Home, river: Path) -> None:
    first, last = [(f"21 {h:02}:00", "1,1") for h in range(4)], [(f"22 {h:02}:00", "1,4") for h in range(2, 5)]
    write(river, "air.csv", stages(*first, ("21 23:30", "1,2"), ("22 01:00", "1,3"), *last))
    home.harvest()
    write(river, "air.csv", stages(*first, *last))
    home.harvest()
    known = [*((when, 1.1) for when, _ in first), *((when, 1.4) for when, _ in last)]
    assert heights(home) == known
    assert heights(home, home.snapshots[-1].seq) == known[:4]
    assert (home.snapshots[-1].rows, home.snapshots[-1].removed) == (4, 1)
    write(river, "air.csv", stages(*first[1:], *last[:2]))  # a shorter window of known rows takes nothing back
    home.harvest()
    assert heights(home) == known


def test_a_delivery_of_today_alone_is_served_without_a_closed_day(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("22 02:00", "1,4")))
    report = home.harvest()
    assert (report.snapshots, report.rows_published) == (1, 1)
    assert heights(home) == [("22 02:00", 1.4)]
    write(river, "air.csv", stages(("22 02:00", "1,4"), ("22 03:00", "1,5")))
    report = home.harvest()
    assert (report.snapshots, report.rows_published) == (0, 1)
    assert heights(home) == [("22 02:00", 1.4), ("22 03:00", 1.5)]
    assert home.resources["air.csv"].rows == 2


def test_a_withdrawn_or_secret_dataset_shows_no_reading_of_an_open_day(home: Home, river: Path) -> None:
    from catalog import decisions
    from core.access import SYSTEM

    write(river, "air.csv", stages(("22 02:00", "1,4")))
    home.harvest()
    (dataset,) = home.datasets.values()
    with home.granary.sessions() as session:
        dataset = session.merge(dataset)
        dataset.classification = "tertutup"
        session.commit()
    assert home.rows("river_stage", actor=ANONYMOUS) == []
    with home.granary.sessions() as session:
        assert latest(session, ["jembatan_padi"], contract="river_stage", now=NOON, actor=ANONYMOUS) == {}
    decisions.withdraw(home.granary.sessions, dataset.id, actor=SYSTEM, reason="uji", now=NOON)
    assert home.rows("river_stage") == []


def test_the_gate_compares_with_the_delivery_before_not_with_the_last_commit(home: Home, river: Path) -> None:
    readings = [(f"{day} {hour:02}:00", "1,5") for day in (19, 20) for hour in range(24)]
    write(river, "air.csv", stages(*readings))
    home.harvest()
    write(river, "air.csv", stages(*readings, ("21 00:00", "1,6")))
    home.harvest()
    assert home.snapshots[-1].rows == 1
    write(river, "air.csv", stages(*readings[:5]))  # S06: far fewer rows than the delivery before
    assert home.harvest().verdicts["held"] == 1


def test_rain_is_dated_and_closes_like_everything_else(home: Home) -> None:
    home.clock = Hand(NOON)
    folder = home.drop(RAIN, code="99.01")
    days: Sequence[str] = ("2026-11-20", "2026-11-21", "2026-11-22")
    write(folder, "hujan.csv", csv({"pos": ["Pos A/1"] * 3, "tanggal": days, "hujan": ["0", "12,5", "3"]}))
    assert home.harvest().rows_published == 3
    rows = sorted(home.rows("rainfall"), key=lambda r: r["date"])
    assert [(r["date"].day, r["station"], r["rain_mm"]) for r in rows] == [
        (20, "Pos A/1", 0.0), (21, "Pos A/1", 12.5), (22, "Pos A/1", 3.0),
    ]  # fmt: skip
    assert home.snapshots[-1].rows == 2


def test_the_newest_reading_of_a_gauge_says_how_old_it_is(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("21 10:00", "1,30"), ("22 10:00", "1,40")))
    home.harvest()
    with home.granary.sessions() as session:
        found = latest(session, ["jembatan_padi", "lain"], contract="river_stage", now=NOON)
    assert list(found) == ["jembatan_padi"]
    assert (found["jembatan_padi"].value, found["jembatan_padi"].age) == (1.4, timedelta(hours=2))


def test_retention_takes_committed_days_from_the_table_and_a_late_reading_brings_them_back(
    home: Home, river: Path
) -> None:
    write(river, "air.csv", stages(("18 10:00", "1,0"), ("18 11:00", "1,1"), ("19 10:00", "1,2")))
    home.harvest()
    write(river, "air.csv", stages(("21 10:00", "1,3"), ("21 11:00", "1,3"), ("22 10:00", "1,4")))
    home.harvest()
    before = heights(home)
    home.settings = {"keep_readings_days": 3}
    home.close()

    def pruned(**more: Any) -> int:
        return next(p.count for p in retention.prune(home.granary, **more) if p.what == "readings")

    assert pruned(dry_run=True) == 2 == pruned() and pruned() == 0
    assert len(home.all(Reading)) == 4
    assert heights(home) == before
    write(river, "air.csv", stages(("18 10:00", "1,0"), ("18 10:30", "9,9"), ("18 12:00", "1,0")))
    home.harvest()
    assert heights(home)[:3] == [("18 10:00", 1.0), ("18 10:30", 9.9), ("18 12:00", 1.0)]
    assert home.snapshots[-1].removed == 1
    home.sound()


def test_files_of_open_days_are_derived(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("22 10:00", "1,40")))
    home.harvest()
    before = heights(home)
    folder = home.granary.store.folder / open_days.FOLDER
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert len(files) == 1
    open_days.clear(home.granary.store)
    assert heights(home) == before
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == files


@pytest.mark.parametrize("changed_since", [False, True])
def test_D05_a_lost_snapshot_of_readings_is_made_again(
    home: Home, river: Path, tmp_path: Path, changed_since: bool
) -> None:
    write(river, "air.csv", stages(("20 10:00", "1,20"), ("21 10:00", "1,30"), ("22 10:00", "1,40")))
    home.harvest()
    if changed_since:
        write(river, "air.csv", stages(("20 10:00", "1,21"), ("21 11:00", "1,31"), ("22 10:00", "1,40")))
        home.harvest()
    for snapshot in home.snapshots:
        home.granary.store.remove(snapshot.content_sha256)
    (tmp_path / "again").mkdir()
    made = replay.rebuild(home.granary, tmp_path / "again")
    assert made.lost == () and len(made.rebuilt) == len(home.snapshots)
    first = heights(home, home.snapshots[0].seq)
    assert first == [("20 10:00", 1.2), ("21 10:00", 1.3)]
    home.sound()


def test_P03_a_harvest_that_dies_between_recording_and_committing_is_gone_on_with(home: Home, river: Path) -> None:
    write(river, "air.csv", stages(("21 10:00", "1,30"), ("22 10:00", "1,40")))
    home.harvest()
    with home.granary.sessions() as session:  # as such a crash leaves it: recorded, marked, and not committed
        days = list(session.scalars(select(ReadingDay)))
        days[0].dirty, days[0].closed_seq = True, None
        session.commit()
    assert close_days(home.granary).snapshots == 0  # the commit was there; only its note is made again
    assert heights(home) == [("21 10:00", 1.3), ("22 10:00", 1.4)]
