"""F30, F31: a column that its cells do not decide is asked about once, held until answered, and remembered."""

from datetime import date

import pytest

from catalog import questions
from catalog.errors import AnswerInvalid, QuestionUnknown
from core.access import Actor, Role
from core.audit import AuditEntry
from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, Home

STEWARD = Actor(id="u1", name="Sri Walidata", roles=frozenset({Role.STEWARD}), member=CITY)
STRANGER = Actor(id="u2", name="Orang Lain", roles=frozenset({Role.STEWARD}), member="99.01")
AMBIGUOUS = ["01/02/2026", "02/02/2026", "03/02/2026"]


def asked(home: Home, actor: Actor = STEWARD) -> list[questions.Question]:
    with home.granary.sessions() as session:
        return questions.open_questions(session, actor=actor)


def say(home: Home, resource: str, column: str, style: str, actor: Actor = STEWARD) -> tuple[questions.Question, ...]:
    return questions.answer(
        home.granary.sessions, resource, column, style, reason="format kantor", actor=actor, now=home.granary.clock()
    )


def dates(home: Home) -> list[date]:
    return sorted({row["date"] for row in home.rows("commodity_price")})


def test_F30_an_undecidable_date_column_is_held_and_asked_with_its_examples(home: Home) -> None:
    make.write(home.drop(PRICES), "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (0, {"COLUMN_STYLE_UNDECIDED": 1})
    (question,) = asked(home)
    assert (question.resource_name, question.contract, question.column) == ("harga.csv", "commodity_price", "date")
    assert (question.choices, question.remembered) == (("dmy", "mdy", "ymd"), None)
    assert "01/02/2026" in question.examples
    assert home.harvest().due == 0 and len(asked(home)) == 1  # nobody asks twice


def test_F30_the_answer_takes_the_held_delivery_in_from_landing_without_a_download(home: Home) -> None:
    drop = home.drop(PRICES)
    file = make.write(drop, "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest()
    settled = say(home, asked(home)[0].resource[:8], "date", "dmy")
    assert [q.column for q in settled] == ["date"] and asked(home) == []
    file.chmod(0)  # it could not be read again
    report = home.harvest()
    assert (report.snapshots, report.rows_published, dict(report.holds)) == (1, 3, {})
    assert dates(home) == [date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)]
    assert home.harvest().due == 0
    assert home.resources["harga.csv"].decided["date"] == "dmy"


def test_F30_the_answer_is_on_record_with_who_and_why(home: Home) -> None:
    make.write(home.drop(PRICES), "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest()
    say(home, asked(home)[0].resource, "date", "mdy")
    (entry,) = [e for e in home.all(AuditEntry, AuditEntry.id) if e.action == "column_style.decided"]
    assert (entry.actor, entry.values["style"], entry.values["reason"]) == ("u1", "mdy", "format kantor")
    home.harvest()
    assert dates(home) == [date(2026, 1, 2), date(2026, 2, 2), date(2026, 3, 2)]


def test_F30_an_answer_holds_for_the_other_files_of_the_source_held_or_still_to_come(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga-a.csv", make.prices(3, tanggal=AMBIGUOUS))
    make.write(drop, "harga-b.csv", make.prices(3, tanggal=AMBIGUOUS, pasar=["Pasar Dua"] * 3))
    home.harvest()
    assert len(asked(home)) == 2
    assert len(say(home, asked(home)[0].resource, "date", "dmy")) == 2 and asked(home) == []
    assert home.harvest().snapshots == 2
    make.write(drop, "harga-c.csv", make.prices(3, tanggal=AMBIGUOUS, pasar=["Pasar Tiga"] * 3))
    assert home.harvest().snapshots == 1
    assert dates(home) == [date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)]


def test_F30_an_answer_says_nothing_about_another_source(home: Home) -> None:
    first = home.drop(PRICES)
    make.write(first, "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest("setoran")
    say(home, asked(home)[0].resource, "date", "dmy")
    second = home.drop(PRICES, id="lain", folder="lain", code="99.01")
    make.write(second, "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    assert dict(home.harvest("lain").holds)["COLUMN_STYLE_UNDECIDED"] == 1


def test_F31_cells_that_contradict_the_answer_are_asked_about_again_and_the_new_answer_holds(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest()
    say(home, asked(home)[0].resource, "date", "dmy")
    home.harvest()
    make.write(drop, "harga.csv", make.prices(3, tanggal=["01/25/2026", "01/26/2026", "01/27/2026"]))
    assert dict(home.harvest().holds) == {"COLUMN_STYLE_UNDECIDED": 1}
    (question,) = asked(home)
    assert question.remembered == "dmy"
    say(home, question.resource, "date", "mdy")
    assert home.harvest().snapshots == 1
    assert date(2026, 1, 27) in dates(home)


def test_F30_a_new_file_that_decides_itself_closes_the_question(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(3, tanggal=["01/02/2026", "14/02/2026", "15/02/2026"]))
    assert home.harvest().snapshots == 1 and asked(home) == []


def test_F30_questions_are_for_their_member_and_answers_among_the_choices(home: Home) -> None:
    make.write(home.drop(PRICES), "harga.csv", make.prices(3, tanggal=AMBIGUOUS))
    home.harvest()
    resource = asked(home)[0].resource
    assert asked(home, STRANGER) == []
    with pytest.raises(QuestionUnknown):
        say(home, resource, "date", "dmy", STRANGER)
    with pytest.raises(QuestionUnknown):
        say(home, resource, "harga", "id")
    with pytest.raises(AnswerInvalid):
        say(home, resource, "date", "id")
    assert len(asked(home)) == 1 and home.resources["harga.csv"].last_verdict == Verdict.HELD.value
