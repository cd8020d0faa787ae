"""Scores of real deliveries: what the gate found, week by week, each number with the rows behind it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog.decisions import withdraw
from catalog.errors import DatasetUnknown
from catalog.measures import MeasuredWeek, MeasureRecord
from core.access import SYSTEM
from core.clock import zone
from hub.cli import app
from quality.score import Dimension, Gate, Level, Measure, Week, total
from services.review import measure
from services.review.opens import opened
from services.review.records import Ledger
from tests.services import factories as make
from tests.services.factories import CITY, Hand, Home

NOW = datetime(2024, 11, 24, 4, 0, tzinfo=UTC)  # long past, since the command line has no other clock than the wall's
WEEK = Week(2024, 47)  # NOW lies on its Sunday
VALIDITY, COMPLETENESS, ACCURACY = Dimension.VALIDITY, Dimension.COMPLETENESS, Dimension.ACCURACY


@pytest.fixture(autouse=True)
def _long_ago(home: Home) -> None:
    home.clock = Hand(NOW)
    file = home.folder / "members" / f"{CITY}.toml"
    with file.open("a", encoding="utf-8") as member:
        member.write('\n[[organisations]]\nname = "disdag"\ntitle = "Dinas Perdagangan"\n')


def hand(home: Home) -> Hand:
    assert isinstance(home.clock, Hand)
    return home.clock


def prices(rows: int = 10, **columns: list[str]) -> str:
    return make.prices(rows, first=date(2024, 10, 13), **columns)


def faulty(rows: int = 10) -> str:
    """Prices with one empty cell, one that is no number, and one commodity that nobody lists."""
    cells = ["", "murah", *["12000"] * (rows - 2)]
    return prices(rows, harga=cells, komoditas=["Beras"] * (rows - 1) + ["Entah apa"])


def delivered(home: Home, text: str, name: str = "Harga pangan.csv") -> None:
    folder = home.drop('organisation = "disdag"\n', make.PRICES)
    make.write(folder, name, text, at=hand(home).now)
    assert home.harvest().state == "ok"


def counts(home: Home, week: Week = WEEK, level: Level = Level.MEMBER) -> dict[Dimension, Measure | None]:
    with home.granary.sessions() as session:
        [one] = measure.series(home.granary, session, week, now=hand(home).now, levels=[level], weeks=1)
    assert one.cards[-1] is not None
    return dict(one.cards[-1].dimensions)


def parts(home: Home, week: Week = WEEK) -> tuple[measure.Part, ...]:
    with home.granary.sessions() as session:
        return measure.parts(home.granary, session, [week], now=hand(home).now)[week]


def behind(home: Home, dimension: Dimension, level: Level = Level.MEMBER, id_: str = CITY) -> list[Any]:
    with home.granary.sessions() as session:
        return list(opened(home.granary, session, dimension, level, id_, moment=hand(home).now))


def lumbung(home: Home, *words: str) -> str:
    done = CliRunner().invoke(app, ["--home", str(home.folder), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def pair(found: Measure | None) -> tuple[int, int] | None:
    return None if found is None else (found.passed, found.measured)


def test_a_delivery_counts_as_the_gate_found_it(home: Home) -> None:
    delivered(home, faulty())
    found = counts(home)
    assert pair(found[VALIDITY]) == (7, 10)
    assert pair(found[COMPLETENESS]) == (49, 50)  # five columns that must be filled; what cannot be read is there
    assert pair(found[ACCURACY]) == (19, 20)  # region and commodity
    assert pair(found[Dimension.UNIQUENESS]) == (10, 10)
    assert found[Dimension.CONSISTENCY] is None  # no rule asks for it
    assert found[Dimension.TIMELINESS] is None  # nothing was due since the dataset is known


@pytest.mark.parametrize("level", Level)
def test_every_number_opens_to_exactly_what_failed(home: Home, level: Level) -> None:
    delivered(home, faulty())
    [part] = parts(home)
    id_ = part.subject(level, "99")
    assert id_ is not None
    for dimension, found in counts(home, level=level).items():
        if found is not None:
            lines = behind(home, dimension, level, id_)
            assert sum(line.count for line in lines) == found.measured - found.passed
            assert (
                found.opens == f"lumbung scores opens {dimension.value} --level {level.value} --id {id_} --week {WEEK}"
            )
    [line] = behind(home, ACCURACY, level, id_)
    assert (line.row, line.rule, line.value) == (11, "commodity_code.reference", "Entah apa")


def test_the_command_that_a_number_names_lists_its_rows(home: Home) -> None:
    delivered(home, faulty())
    validity = counts(home)[VALIDITY]
    assert validity is not None
    home.close()
    answer = json.loads(lumbung(home, *validity.opens.split()[1:], "--json"))
    assert [line["row"] for line in answer] == [2, 3, 11]


def test_a_dataset_without_a_standard_is_not_measured_and_fails_the_first_gate(home: Home) -> None:
    make.write(home.drop(), "Daftar taman.csv", "nama;luas\nTaman Kota;3\n")
    assert home.harvest().state == "ok"
    assert set(counts(home).values()) == {None}
    [part] = parts(home)
    assert part.gates is not None
    assert (part.gates[Gate.STANDARD], part.gates[Gate.CODES]) == (False, None)


def test_a_later_delivery_takes_the_place_of_the_one_before_and_the_past_stays(home: Home) -> None:
    delivered(home, faulty())
    hand(home).forward(days=7)
    delivered(home, prices(10))
    assert pair(counts(home, WEEK)[VALIDITY]) == (7, 10)
    assert pair(counts(home, WEEK.back(-1))[VALIDITY]) == (10, 10)
    assert behind(home, VALIDITY) == []


def test_a_week_that_is_over_is_written_down_once_and_read_as_it_was_counted(home: Home) -> None:
    delivered(home, faulty())
    hand(home).forward(days=7)
    live = parts(home)
    assert measure.close_weeks(home.granary, now=hand(home).now) == measure.WEEKS - 1
    assert measure.close_weeks(home.granary, now=hand(home).now) == 0
    assert len(home.all(MeasuredWeek)) == measure.WEEKS - 1
    [kept] = home.all(MeasureRecord)
    assert (kept.week, kept.member, kept.counts["validity"]) == (202447, CITY, [7, 10])
    [before], [after] = live, parts(home)
    assert before.counts == after.counts
    assert before.gates is None and after.gates is not None  # judged when the week was closed, within the week after


def test_a_week_is_not_closed_while_its_last_commits_may_be_on_their_way(home: Home) -> None:
    delivered(home, faulty())
    _, end = WEEK.bounds(zone(home.granary.settings.timezone))
    assert measure.close_weeks(home.granary, now=end + timedelta(minutes=59)) == measure.WEEKS - 2
    assert home.all(MeasureRecord) == []
    assert measure.close_weeks(home.granary, now=end + timedelta(hours=1)) == 1


def test_a_withdrawn_dataset_counts_until_it_was_withdrawn(home: Home) -> None:
    delivered(home, faulty())
    [dataset] = home.datasets.values()
    hand(home).forward(days=7)
    withdraw(home.granary.sessions, dataset.id, actor=SYSTEM, reason="uji", now=hand(home)())
    hand(home).forward(hours=1)
    assert len(parts(home, WEEK)) == 1
    assert parts(home, WEEK.back(-1)) == ()


def test_a_held_delivery_is_judged_by_its_rows_and_does_not_count_as_delivered(home: Home) -> None:
    delivered(home, prices(10))
    hand(home).forward(days=1)
    delivered(home, prices(10, harga=["murah"] * 6 + ["12000"] * 4))
    assert home.checks[-1].verdict == "held"
    found = counts(home, WEEK.back(-1))
    assert pair(found[VALIDITY]) == (4, 10)
    assert len(behind(home, VALIDITY)) == 6


def test_a_daily_release_is_on_time_while_it_comes_and_missing_when_it_stops(home: Home) -> None:
    delivered(home, prices(3))
    for n in range(2):
        hand(home).forward(days=1)
        delivered(home, prices(4 + n))
    assert pair(counts(home, WEEK.back(-1))[Dimension.TIMELINESS]) == (1, 1)
    hand(home).forward(days=4)
    assert pair(counts(home, WEEK.back(-1))[Dimension.TIMELINESS]) == (0, 1)
    [line] = behind(home, Dimension.TIMELINESS)
    assert (line.rule, line.count) == ("commodity_price", 1)


def test_wider_subjects_are_the_sums_of_their_datasets(home: Home) -> None:
    delivered(home, faulty())
    delivered(home, prices(20), "Harga beras.csv")
    small, large = (part.counts[VALIDITY] for part in sorted(parts(home), key=lambda p: p.counts[VALIDITY].measured))
    assert pair(counts(home, level=Level.PROVINCE)[VALIDITY]) == (27, 30)
    assert pair(total([small, large])) == (27, 30)


def test_what_nobody_delivers_has_no_rows_behind_it(home: Home) -> None:
    delivered(home, faulty())
    with pytest.raises(DatasetUnknown):
        behind(home, VALIDITY, Level.MEMBER, "99.72")


def test_the_screen_says_what_was_not_measured(home: Home) -> None:
    delivered(home, faulty())
    home.close()
    answer = json.loads(lumbung(home, "scores", "--member", CITY, "--json"))
    [card] = answer["scores"]
    assert card["dimensions"]["consistency"] is None
    assert card["dimensions"]["validity"]["measured"] - card["dimensions"]["validity"]["passed"] == 3
    printed = lumbung(home, "scores")
    assert "belum diukur" in " ".join(printed.split())
    why = json.loads(lumbung(home, "scores", "why", card["id"][:10], "--json"))
    assert why["rules"] == {
        "commodity_code.reference": {"failed": 1, "measured": 10},
        "price.integer": {"failed": 1, "measured": 10},
        "price.required": {"failed": 1, "measured": 10},
    }
    assert [gate["gate"] for gate in why["gates"]] == [gate.value for gate in Gate]
    assert all(gate["passed"] is True or gate["reasons"] for gate in why["gates"])


def test_rows_that_are_not_kept_any_more_are_said_to_be_so_with_their_number(home: Home) -> None:
    delivered(home, faulty())
    for name in list(home.granary.returned.names()):
        home.granary.returned.remove(name)
    assert [(line.row, line.count) for line in behind(home, VALIDITY)] == [(None, 3)]
    assert [(line.row, line.count) for line in behind(home, COMPLETENESS)] == [(None, 1)]


def test_the_ledger_reads_a_member_alone(home: Home) -> None:
    delivered(home, faulty())
    with home.granary.sessions() as session:
        assert Ledger.read(home.granary, session, [hand(home).now], member="99.72").subjects == ()
