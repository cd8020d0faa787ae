"""Findings over a real catalogue: found, still open, gone, accepted; reported as they stood, counted in scores."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog import findings
from catalog.errors import ReasonMissing
from catalog.finding_errors import FindingUnknown
from catalog.findings import Looked, Standing
from core.access import Actor, Role
from hub.cli import app
from quality.report.model import Kind as Matter
from quality.report.plain import as_json
from quality.score import Dimension, Level, Week
from services.review import beyond, issuing, measure
from services.review.documents import write_report
from services.review.opens import opened
from services.review.weekly import weekly
from tests.services import factories as make
from tests.services.factories import CITY, Hand, Home

REVIEWER = Actor(id="t1", name="Sri Pembina", roles=frozenset({Role.REVIEWER}))
NEIGHBOUR = Actor(id="t2", name="Orang Lain", roles=frozenset({Role.STEWARD}), member="99.01")
WEDNESDAY = datetime(2024, 11, 20, 4, 0, tzinfo=UTC)  # long past: the command line has the wall's clock
W47 = Week(2024, 47)
REGENCIES = ("99.01", "99.02", "99.04", "99.71")
PEOPLE = """
[[sources.mappings]]
contract = "population"
match = {title = "penduduk"}
columns = {region_code = "wilayah", year = "tahun", sex = "jk", people = "jumlah"}
"""


@pytest.fixture
def hand(home: Home) -> Hand:
    hand = Hand(WEDNESDAY)
    home.clock = hand
    return hand


def table(*rows: tuple[str, str, int], year: int = 2023) -> str:
    return make.csv({
        "wilayah": [r[0] for r in rows], "tahun": [str(year)] * len(rows), "jk": [r[1] for r in rows],
        "jumlah": [str(r[2]) for r in rows],
    })  # fmt: skip


def deliver(
    home: Home, *rows: tuple[str, str, int], name: str = "penduduk.csv", year: int = 2023, code: str = CITY
) -> None:
    """A file of a member; a province's speaks of all its regencies."""
    known = {s.member for s in home.granary.registry.sources}
    folder = home.folder.parent / f"setoran-{code}"
    if code not in known:
        home.drop(PEOPLE, id=f"setoran-{code}", code=code, folder=folder.name)
    make.write(folder, name, table(*rows, year=year))
    assert home.harvest(f"setoran-{code}").state == "ok"


def sexes(total: int) -> tuple[tuple[str, str, int], ...]:
    return ((CITY, "L", 40), (CITY, "P", 41), (CITY, "total", total))


def look(home: Home, **more: Any) -> dict[str, Looked]:
    return {one.contract: one for one in beyond.look(home.granary, **more)}


def standing(home: Home, moment: datetime | None = None, **only: Any) -> list[Standing]:
    with home.granary.sessions() as session:
        return findings.open_findings(session, moment=moment, **only)


def messages(home: Home) -> list[str]:
    return [one.noted.message for one in standing(home)]


def test_a_finding_is_new_then_open_then_gone(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80))
    assert look(home)["population"] == Looked("population", new=1)
    (one,) = standing(home)
    assert (one.noted.member, one.noted.seen["value"], one.noted.expected[0]["value"]) == (CITY, 80, 81)
    assert one.noted.seen["rows"][0]["row"] == 4 and one.since == hand.now
    hand.forward(days=1)
    assert look(home, again=True)["population"] == Looked("population", same=1)
    deliver(home, *sexes(81))
    assert look(home)["population"] == Looked("population", gone=1)
    assert messages(home) == []


def test_a_standard_whose_rows_did_not_change_is_not_looked_at_again_but_for_the_calendar(
    home: Home, hand: Hand
) -> None:
    deliver(home, *sexes(80))
    first = hand.now
    look(home)
    hand.forward(days=400)
    assert look(home)["population"] == Looked("population", new=1)  # stale by now; the parts were not asked again
    assert messages(home) == ["finding.parts", "finding.stale"]
    assert standing(home)[0].since <= first + timedelta(seconds=1)


def test_other_numbers_are_the_same_finding_with_its_old_beginning(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80))
    look(home)
    (before,) = standing(home)
    hand.forward(days=1)
    deliver(home, *sexes(90))
    assert look(home)["population"] == Looked("population", changed=1)
    (after,) = standing(home)
    assert (after.noted.id, after.since) == (before.noted.id, before.since)
    assert [one.noted.seen["value"] for one in standing(home, hand.now - timedelta(hours=12))] == [80]


def test_what_a_person_accepted_is_silent_until_its_values_change(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80))
    look(home)
    (one,) = standing(home)
    sessions, moment = home.granary.sessions, hand()
    for actor, reason, error in ((NEIGHBOUR, "x", FindingUnknown), (REVIEWER, " ", ReasonMissing)):
        with pytest.raises(error):
            findings.accept(sessions, one.noted.id, reason=reason, actor=actor, now=hand())
    findings.accept(sessions, one.noted.id[:8], reason="benar demikian", actor=REVIEWER, now=hand())
    assert standing(home) == []
    (silent,) = standing(home, accepted=True)
    assert silent.accepted == ("Sri Pembina", "benar demikian")
    assert len(standing(home, moment)) == 1  # told of the time before, it stood
    look(home, again=True)
    assert standing(home) == []
    deliver(home, *sexes(81))  # mended, and wrong again as before: what was accepted still is
    look(home)
    deliver(home, *sexes(80))
    look(home)
    assert standing(home) == []
    deliver(home, *sexes(70))
    look(home)
    assert len(standing(home)) == 1


def test_a_province_is_held_against_the_files_of_its_regencies(home: Home, hand: Hand) -> None:
    deliver(home, ("99", "total", 410), code="99", year=2024)
    for code in REGENCIES[:-1]:
        deliver(home, (code, "total", 100), code=code, year=2024)
    look(home)
    assert messages(home) == ["finding.sum_incomplete"]  # one regency is not there: that is no disagreement
    deliver(home, (CITY, "total", 100), year=2024)
    look(home)
    (one,) = standing(home)
    assert (one.noted.message, one.noted.member) == ("finding.sum", "99")
    assert (one.noted.values["stated"], one.noted.values["summed"]) == (410, 400)
    assert len(one.noted.concerns) == 5


def test_a_finding_is_a_matter_of_the_report_and_can_be_accepted_there(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80))
    look(home)
    made = write_report(home.granary, W47)
    (found,) = made.report.findings
    assert [one.code for one in made.report.unchecked].count("finding.unmade.no_total") == 2
    (asked,) = [item for item in made.report.items if item.kind is Matter.FINDING]
    assert (found.member, found.kind, asked.options) == (CITY, "parts", ("ask_source", "accept", "defer"))
    _, done = issuing.decide(home.granary, asked.id, "accept", reason="sudah diperiksa", actor=REVIEWER)
    assert done and standing(home) == []
    assert weekly(home.granary, W47).findings == ()
    assert [one.code for one in weekly(home.granary, W47.back(1)).unchecked] == ["finding.unmade.never"]


def test_several_findings_of_one_kind_are_one_matter(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80), name="penduduk a.csv")
    deliver(home, *sexes(90), name="penduduk b.csv", year=2022)
    look(home)
    report = weekly(home.granary, W47)
    (asked,) = [item for item in report.items if item.kind is Matter.FINDING]
    assert len(report.findings) == 2 and asked.values["count"] == 2 and "accept" not in asked.options


def test_the_report_of_a_week_that_is_over_says_what_stood_then_whatever_is_found_later(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80))
    look(home)
    hand.now = datetime(2024, 11, 25, 1, 0, tzinfo=UTC)
    before = as_json(weekly(home.granary, W47))
    assert b"finding.parts" in before
    deliver(home, *sexes(81))
    deliver(home, *sexes(70), name="penduduk lain.csv", year=2022)
    look(home)
    assert as_json(weekly(home.granary, W47)) == before


def test_parts_count_for_consistency_and_open_to_their_findings(home: Home, hand: Hand) -> None:
    deliver(home, *sexes(80), name="penduduk a.csv")
    deliver(home, (CITY, "L", 1), (CITY, "P", 1), (CITY, "total", 2), name="penduduk b.csv", year=2022)
    hand.forward(minutes=1)
    with home.granary.sessions() as session:
        (none,) = measure.series(home.granary, session, W47, now=hand(), levels=[Level.MEMBER], weeks=1)
    look(home)
    hand.forward(minutes=1)
    with home.granary.sessions() as session:
        (one,) = measure.series(home.granary, session, W47, now=hand(), levels=[Level.MEMBER], weeks=1)
        behind = list(opened(home.granary, session, Dimension.CONSISTENCY, Level.MEMBER, CITY, moment=hand()))
    before, after = none.cards[-1], one.cards[-1]
    assert before is not None and after is not None
    assert before.dimensions[Dimension.CONSISTENCY] is None  # not looked at is not measured
    counted = after.dimensions[Dimension.CONSISTENCY]
    assert counted is not None and (counted.passed, counted.measured) == (1, 2)
    assert after.dimensions.get(Dimension.ACCURACY) == before.dimensions.get(Dimension.ACCURACY)
    assert [(line.row, line.rule, line.count) for line in behind] == [(4, "jenis_kelamin", 1)]
    [found] = standing(home)
    findings.accept(home.granary.sessions, found.noted.id, reason="benar demikian", actor=REVIEWER, now=hand())
    hand.forward(minutes=1)
    with home.granary.sessions() as session:
        (said,) = measure.series(home.granary, session, W47, now=hand(), levels=[Level.MEMBER], weeks=1)
        [line] = opened(home.granary, session, Dimension.CONSISTENCY, Level.MEMBER, CITY, moment=hand())
    assert said.cards[-1] is not None
    told = said.cards[-1].dimensions[Dimension.CONSISTENCY]
    assert told is not None and (told.passed, told.measured, told.confirmed) == (1, 2, 1)  # said openly, no better
    assert "Sri Pembina: benar demikian" in line.message


def test_a_check_that_could_not_be_made_says_so(home: Home, hand: Hand) -> None:
    deliver(home, (CITY, "total", 100))
    look(home)
    with home.granary.sessions() as session:
        unmade = findings.looks(session)["population"].unmade
    assert {(one["kind"], one["message"]) for one in unmade} >= {
        ("sum", "finding.unmade.no_total"), ("parts", "finding.unmade.no_total"),
    }  # fmt: skip


def test_findings_at_the_command_line(home: Home, hand: Hand) -> None:
    def lumbung(*words: str) -> str:
        done = CliRunner().invoke(app, ["--home", str(home.folder), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "findings run" in lumbung("findings")
    deliver(home, *sexes(80))
    assert json.loads(lumbung("findings", "run", "--json"))[0]["new"] >= 1
    shown = json.loads(lumbung("findings", "--member", CITY, "--kind", "parts", "--json"))
    (one,) = shown["findings"]
    assert "80" in one["sentence"] and "81" in one["sentence"] and shown["unmade"]
    assert one["id"][:8] in lumbung("findings")
    lumbung("findings", "accept", one["id"][:8], "--reason", "benar demikian", "--by", "Sri")
    assert json.loads(lumbung("findings", "--kind", "parts", "--json"))["findings"] == []
    assert "benar demikian" in lumbung("findings", "--accepted")
