"""The matrix of what is due: a member's data list is its denominator; without one, its standards' schedules."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from catalog import data_list
from catalog.data_list import Listed, listed_id
from core.access import SYSTEM
from core.contract_metadata import Period, Release
from quality.score import Cell, Dimension, Level, Week
from services.review import measure
from services.review.matrix import MatrixLine, complete, matrix
from services.review.opens import opened
from tests.services import factories as make
from tests.services.factories import CITY, Hand, Home

NOW = datetime(2024, 11, 24, 4, 0, tzinfo=UTC)
PARKS = "Daftar taman"
WEEKLY = Release(Period.WEEK, 3)


@pytest.fixture(autouse=True)
def _long_ago(home: Home) -> None:
    home.clock = Hand(NOW)


def hand(home: Home) -> Hand:
    assert isinstance(home.clock, Hand)
    return home.clock


def harvest(home: Home, **files: str) -> None:
    folder = home.drop(make.PRICES)
    for name, content in files.items():
        make.write(folder, f"{name}.csv", content, at=hand(home).now)
    assert home.harvest().state == "ok"


def prices(rows: int) -> str:
    return make.prices(rows, first=date(2024, 10, 13))


def line(title: str, release: Release | None = WEEKLY, contract: str | None = None) -> Listed:
    return Listed(listed_id(CITY, 2024, title), CITY, 2024, title, contract, "Dinas Taman", release, priority=True)


def has_list(home: Home, *lines: Listed, matched: Mapping[str, str] | None = None) -> None:
    sessions, now = home.granary.sessions, hand(home).now
    data_list.replace(sessions, CITY, 2024, lines, actor=SYSTEM, file="daftar.xlsx", now=now)
    for title, dataset in (matched or {}).items():
        data_list.confirm(sessions, listed_id(CITY, 2024, title), dataset, actor=SYSTEM, now=now)


def seen(home: Home, most: int = 4) -> dict[str, MatrixLine]:
    with home.granary.sessions() as session:
        return {one.row.title: one for one in matrix(home.granary, session, now=hand(home).now, most=most)}


def cells(found: MatrixLine) -> list[Cell]:
    return [cell for _, cell in found.row.cells]


def test_without_a_list_what_was_ever_delivered_follows_its_standards_schedule(home: Home) -> None:
    harvest(home, harga=prices(3))
    hand(home).forward(days=3)
    [found] = seen(home).values()
    assert (found.listed, found.row.every, found.row.contract) == (False, "harian", "commodity_price")
    # Sunday is due on Monday, Monday on Tuesday; what came on Sunday was no delivery of a day that had ended
    assert cells(found) == [Cell.NOT_DUE, Cell.MISSING, Cell.MISSING, Cell.NOT_DUE]


def test_a_listed_dataset_that_never_came_is_missing_and_weighs_on_its_member(home: Home) -> None:
    harvest(home, harga=prices(3))
    has_list(home, line("Jumlah taman"))
    hand(home).forward(days=10)
    found = seen(home)
    assert cells(found["Jumlah taman"])[-2:] == [Cell.MISSING, Cell.NOT_DUE]
    assert complete(found.values()) is not None
    week = Week(2024, 49)
    with home.granary.sessions() as session:
        [member] = measure.series(home.granary, session, week, now=hand(home).now, levels=[Level.MEMBER], weeks=1)
        [behind] = opened(home.granary, session, Dimension.TIMELINESS, Level.MEMBER, CITY, moment=hand(home).now)
    assert member.cards[0] is not None
    on_time = member.cards[0].dimensions[Dimension.TIMELINESS]
    assert on_time is not None and (on_time.passed, on_time.measured) == (0, 1)
    assert (behind.title, behind.count) == ("Jumlah taman", 1)


def test_what_comes_beside_the_list_is_shown_and_not_counted(home: Home) -> None:
    harvest(home, harga=prices(3))
    has_list(home, line("Jumlah taman", None))
    hand(home).forward(days=3)
    found = seen(home)
    assert cells(found["Jumlah taman"]) == []  # the list names no schedule: nothing is due
    beside = next(one for one in found.values() if not one.listed)
    assert Cell.NOT_LISTED in cells(beside)
    assert complete(found.values()) is None


def test_a_listed_dataset_that_follows_no_standard_yet_is_on_time_when_it_comes(home: Home) -> None:
    harvest(home, taman="nama;luas\nTaman Kota;3\n")
    [dataset] = home.datasets.values()
    has_list(home, line(PARKS), matched={PARKS: dataset.id})
    hand(home).forward(days=2)  # Tuesday; the week is due by Wednesday's end
    harvest(home, taman="nama;luas\nTaman Kota;3\nTaman Hutan;9\n")
    hand(home).forward(days=2)
    found = seen(home)[PARKS]
    assert found.listed and found.row.dataset == dataset.id
    assert cells(found)[-1] is Cell.ON_TIME
    assert (found.row.producer, found.row.priority) == ("Dinas Taman", True)


def test_a_held_delivery_stands_as_held(home: Home) -> None:
    harvest(home, harga=prices(10))
    [dataset] = home.datasets.values()
    has_list(home, line("Harga", contract="commodity_price"), matched={"Harga": dataset.id})
    hand(home).forward(days=2)
    harvest(home, harga=make.prices(10, first=date(2024, 10, 13), harga=["murah"] * 9 + ["12000"]))
    hand(home).forward(days=2)
    assert cells(seen(home)["Harga"])[-1] is Cell.HELD
