"""The weekly report over a real catalogue: bounded by its week, the same whenever it is made again, decided and signed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text as sql

from catalog import holds
from catalog.errors import ReasonMissing
from catalog.resolution_errors import DecisionInvalid, ReportItemUnknown, ReportNotIssued, SignerRefused
from core.access import Actor, Role
from core.audit import Anchor, anchor, verify_chain
from quality.report.model import Change, Kind, Report
from quality.report.plain import as_json
from quality.score import Week
from services.review import issuing
from services.review.documents import Written, write_report
from services.review.weekly import weekly
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, Hand, Home

REVIEWER = Actor(id="t1", name="Sri Pembina", roles=frozenset({Role.REVIEWER}))
ADMIN = Actor(id="cli:sri", name="Sri", roles=frozenset({Role.ADMIN}))
STRANGER = Actor(id="t2", name="Orang Lain", roles=frozenset({Role.STEWARD}), member="99.01")
#: Wednesday of week 47 in the province's time (WITA).
WEDNESDAY = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
W47, W48 = Week(2026, 47), Week(2026, 48)


@pytest.fixture
def hand(home: Home) -> Hand:
    hand = Hand(WEDNESDAY)
    home.clock = hand
    return hand


def prices(home: Home, text: str, name: str = "harga.csv") -> None:
    drop = home.drop(PRICES) if not home.granary.registry.sources else home.granary.registry.sources[0].path
    make.write(drop, name, text)
    home.harvest()


def report(home: Home, week: Week | None = None) -> Report:
    return weekly(home.granary, week)


def shrunk(home: Home, hand: Hand) -> None:
    """A held delivery in week 47: four of ten rows are gone."""
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    home.harvest()
    hand.forward(hours=1)
    make.write(drop, "penduduk.csv", make.people(*range(101, 107)))
    home.harvest()


def changed(home: Home, week: Week) -> Change:
    ((one,),) = [c.members for c in report(home, week).changes]
    return one


def test_the_first_week_counts_what_came(home: Home, hand: Hand) -> None:
    prices(home, make.prices(5))
    found = report(home, W47)
    assert (found.first, found.preliminary, found.seq_before) == (True, True, 0)
    assert (found.totals.runs, found.totals.published + found.totals.warned, found.totals.rows) == (1, 1, 5)
    assert changed(home, W47) == Change("commodity_price", CITY, 5, 5, 0, 0)
    assert [s.contract for s in found.standards] == ["commodity_price"] and found.standards[0].before is None


def test_rows_are_compared_by_key_between_the_weeks(home: Home, hand: Hand) -> None:
    prices(home, make.prices(5))
    hand.forward(days=7)
    prices(home, make.prices(4, price=12_000).replace("12002", "19000") + "01/11/2026;Pasar Sentral;Beras;13000\n")
    found = report(home, W48)
    one = changed(home, W48)
    assert (one.added, one.changed) == (1, 1)
    (example,) = [e for e in found.changes[0].examples if e.what == "changed"]
    assert (example.before, example.after) == ({"price": "12002"}, {"price": "19000"})
    assert example.key["date"] == "2026-10-15"


def test_what_changes_and_changes_back_within_the_week_is_no_change(home: Home, hand: Hand) -> None:
    prices(home, make.prices(5))
    hand.forward(days=7)
    prices(home, make.prices(5, price=14_000))
    hand.forward(hours=1)
    prices(home, make.prices(5))
    assert report(home, W48).changes == ()


def test_a_week_that_has_ended_is_told_the_same_for_ever(home: Home, hand: Hand) -> None:
    shrunk(home, hand)
    hand.now = datetime(2026, 11, 22, 16, 0, 1, tzinfo=UTC)  # the first second of week 48 in WITA
    assert report(home, W47).preliminary
    hand.forward(hours=1)  # its measures have settled
    before = as_json(report(home, W47))
    granary = home.granary
    with granary.sessions() as session:
        (held,) = holds.held(session, granary.contracts)
    holds.decide(granary.sessions, granary.contracts, held.name, holds.Decision.RELEASED, reason="surat", actor=ADMIN,
                 now=hand())  # fmt: skip
    hand.forward(hours=1)
    home.harvest()  # publishes what was released
    make.write(home.granary.registry.sources[0].path, "lain.csv", make.people(7, 8))
    hand.forward(days=20)
    home.harvest()
    assert as_json(report(home, W47)) == before


def test_a_held_delivery_asks_for_a_decision_and_is_gone_once_it_is_published(home: Home, hand: Hand) -> None:
    shrunk(home, hand)
    hand.now = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    made = write_report(home.granary)
    (asked,) = made.report.items
    assert (made.report.week, asked.kind, asked.member) == (W47, Kind.HELD, CITY)
    assert asked.options == ("release", "refuse", "defer")
    said, done = issuing.decide(home.granary, asked.id[:9], "release", reason="surat 3", actor=ADMIN)
    assert done and said.by == "Sri" and said.week == "2026-W47"
    home.harvest()
    hand.forward(days=6)
    home.harvest()
    hand.forward(days=1)
    later = report(home)
    assert later.items == () and len(later.accepted) == 1
    (outcome,) = later.outcomes
    assert (outcome.id, outcome.decision, outcome.by, outcome.open) == (asked.id, "release", "Sri", False)


def test_what_nobody_decided_opens_the_next_report(home: Home, hand: Hand) -> None:
    shrunk(home, hand)
    hand.now = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    asked = write_report(home.granary).report.items[0]
    hand.forward(days=7)
    (outcome,) = report(home).outcomes
    assert (outcome.id, outcome.decision, outcome.open) == (asked.id, None, True)


@pytest.fixture
def issued(home: Home, hand: Hand) -> Written:
    shrunk(home, hand)
    hand.now = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    return write_report(home.granary)


def test_the_same_report_is_one_edition(home: Home, issued: Written) -> None:
    again = write_report(home.granary, locale="en")
    assert (again.issued.edition, again.issued.digest) == (1, issued.issued.digest)
    assert again.html.name == "report-2026-W47.html" and again.json.read_bytes() == issued.json.read_bytes()


@pytest.mark.parametrize(
    ("name", "decision", "reason", "actor", "error"),
    [
        ("held", "mend", "ya", ADMIN, DecisionInvalid),
        ("held", "defer", "  ", ADMIN, ReasonMissing),
        ("held-zzzz", "defer", "ya", ADMIN, ReportItemUnknown),
        ("held", "defer", "ya", STRANGER, ReportItemUnknown),
    ],
)
def test_a_decision_needs_an_item_an_option_a_reason_and_a_say(
    home: Home, issued: Written, name: str, decision: str, reason: str, actor: Actor, error: type[Exception]
) -> None:
    with pytest.raises(error):
        issuing.decide(home.granary, name, decision, reason=reason, actor=actor)
    assert list(issuing.decided(home.granary)) == []


def test_what_may_not_be_carried_out_is_not_decided(home: Home, issued: Written) -> None:
    with pytest.raises(holds.HoldUnknown):  # a reviewer reviews; releasing is the coordinator's (ADR 0013)
        issuing.decide(home.granary, "held", "release", reason="ya", actor=REVIEWER)
    assert list(issuing.decided(home.granary)) == []
    _, done = issuing.decide(home.granary, "held", "defer", reason="menunggu", actor=REVIEWER)
    assert not done


def test_a_signature_names_the_digest_that_was_read(home: Home, issued: Written) -> None:
    signed = issuing.sign(home.granary, W47, actor=REVIEWER, sha256=issued.issued.digest[:12])
    assert (signed.by, signed.digest, signed.edition) == ("Sri Pembina", issued.issued.digest, 1)
    with pytest.raises(ReportNotIssued):
        issuing.sign(home.granary, W47, actor=REVIEWER, sha256="0000")
    with pytest.raises(ReportNotIssued):
        issuing.sign(home.granary, W48, actor=REVIEWER)
    with pytest.raises(SignerRefused):
        issuing.sign(home.granary, W47, actor=STRANGER)


def _tampered(home: Home, statement: str) -> Any:
    with home.granary.sessions() as session:
        known = anchor(session)
        for name in ("audit_entry_no_update", "audit_entry_no_delete"):
            session.execute(sql(f"DROP TRIGGER {name}"))
        session.execute(sql(statement))
        session.commit()
        return verify_chain(session, Anchor(known.id, known.hash)).reason


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE audit_entry SET actor_name = 'Budi' WHERE action = 'report.decided'", "edited"),
        ("DELETE FROM audit_entry WHERE action = 'report.decided'", "missing"),
    ],
)
def test_D13_a_decision_that_is_changed_later_is_found_out(
    home: Home, issued: Written, statement: str, reason: str
) -> None:
    issuing.decide(home.granary, "held", "defer", reason="menunggu", actor=REVIEWER)
    assert _tampered(home, statement) == reason


def test_a_source_that_fails_is_named_with_since_when(home: Home, hand: Hand) -> None:
    prices(home, make.prices(5))
    home.granary.registry.sources[0].path.rename(home.folder.parent / "hilang")
    hand.forward(days=1)
    home.harvest()
    (down,) = report(home, W47).unreachable
    assert down.source == "setoran" and down.runs == 1 and down.last_ok is not None
    assert [i.kind for i in report(home, W47).items] == [Kind.UNREACHABLE]


def test_a_return_is_overdue_once_its_working_days_have_passed_and_stays_told_so(home: Home, hand: Hand) -> None:
    prices(home, make.prices(5) + "01/11/2026;Pasar Sentral;Beras;-1\n")
    assert report(home, W47).returns == () and report(home, W47).rejected[0].rows == 1
    hand.now = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)  # five working days have passed
    told = report(home, W48)
    (late,) = told.returns
    assert (late.member, late.rows, late.due) == (CITY, 1, date(2026, 11, 25))
    assert Kind.OVERDUE in {item.kind for item in told.items}
    prices(home, make.prices(5) + "01/11/2026;Pasar Sentral;Beras;12500\n")
    assert report(home, W48).returns == told.returns and report(home, Week(2026, 49)).returns == ()


def test_an_empty_week_is_a_report_too(home: Home, hand: Hand) -> None:
    found = report(home, Week(2026, 30))
    assert found.empty and found.first and found.totals.runs == 0


def test_T08_the_53rd_week_has_its_seven_days(home: Home, hand: Hand) -> None:
    hand.now = datetime(2027, 1, 1, 4, 0, tzinfo=UTC)
    prices(home, make.prices(3, first=date(2026, 12, 20)))
    hand.now = datetime(2027, 1, 4, 0, 0, tzinfo=UTC)
    prices(home, make.prices(3, first=date(2026, 12, 20), price=15_000))
    found = report(home, Week(2026, 53))
    assert (found.week, found.preliminary, found.totals.runs) == (Week(2026, 53), False, 1)
    assert report(home, Week(2027, 1)).seq_before == found.seq


def test_T04_a_week_begins_at_midnight_of_the_province(home: Home, hand: Hand) -> None:
    hand.now = datetime(2026, 11, 15, 16, 30, tzinfo=UTC)  # Monday 00:30 WITA, Sunday 23:30 WIB
    prices(home, make.prices(3))
    assert report(home, W47).totals.runs == 1 and report(home, Week(2026, 46)).totals.runs == 0
