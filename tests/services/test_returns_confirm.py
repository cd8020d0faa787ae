"""A true price that looks mistyped: the walidata says so by name with a reason, and it passes from then on."""

from typing import Any

import pytest

from catalog import findings
from catalog.confirmed import ACTION
from core import audit
from core.access import Actor, Role
from core.audit import AuditEntry
from services.returns.accept import say_true
from services.returns.errors import NothingToConfirm, ReturnRefused
from services.review import beyond
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, Home
from tests.services.stewards import accept, build, cases, comments, corrected, only, opened, states

ROWS = 28
STEWARD = Actor("w", name="Sri, walidata", roles=frozenset({Role.STEWARD}), member=CITY)
PRODUCER = Actor("p", name="Dinas", roles=frozenset({Role.PRODUCER}), member=CITY)
FLOOD = "banjir, jalan putus tiga hari"


def delivered(home: Home, dear: str = "61000", rows: int = ROWS) -> None:
    """Prices of one market, of which that of the eleventh day is five times the others."""
    text = make.prices(rows).replace(";12010", f";{dear}")
    make.write(home.drop(PRICES), "harga.csv", text)
    home.harvest()


def summary(home: Home) -> list[list[Any]]:
    return [list(row) for row in opened(only(home)).worksheets[0].iter_rows(values_only=True)]


def place(home: Home) -> tuple[int, str]:
    """The line of the summary that asks about the price, and its mark."""
    rows = summary(home)
    start = next(i for i, row in enumerate(rows) if row[0] == "Nilai yang memang benar")
    return start + 4, str(rows[start + 3][0])


def served(home: Home) -> list[int]:
    return sorted(row["price"] for row in home.rows("commodity_price"))


def said(home: Home) -> list[AuditEntry]:
    return [one for one in home.all(AuditEntry, AuditEntry.id) if one.action == ACTION]


def test_the_workbook_says_how_a_true_value_is_told_and_asks_for_the_reason(home: Home) -> None:
    delivered(home)
    [comment] = comments(only(home)).values()
    assert "BILA MEMANG BENAR" in comment and "Ringkasan" in comment
    line, mark = place(home)
    assert mark.startswith("12 · ")
    assert "61.000" in summary(home)[line - 1][1] and summary(home)[line - 1][3] in (None, "")


def test_a_reason_on_the_summary_lets_the_value_pass_and_is_on_the_chain(home: Home) -> None:
    delivered(home)
    line, _ = place(home)
    done = accept(home, corrected(only(home), {f"D{line}": FLOOD}, sheet=0), actor=STEWARD)
    assert (done.confirmed, done.closed, done.open, done.state) == (1, ("price.typo",), {}, "accepted")
    assert max(served(home)) == 61_000 and len(served(home)) == ROWS
    [entry] = said(home)
    assert (entry.actor_name, entry.values["reason"], entry.values["row"]) == ("Sri, walidata", FLOOD, 12)
    with home.granary.sessions() as session:
        assert audit.verify_chain(session).ok
    [case] = cases(home)
    assert "confirmed" in [step["why"] for step in case.steps] and states(case)[-1] == "accepted"
    assert build(home).built == []
    home.sound()


def test_sent_again_without_a_word_it_comes_back_again(home: Home) -> None:
    delivered(home)
    done = accept(home, corrected(only(home), {}), actor=STEWARD)
    assert (done.confirmed, done.open, max(served(home))) == (0, {"price.typo": 1}, 12_027)


def test_what_was_said_holds_for_later_deliveries_of_the_same_value_and_for_no_other(home: Home) -> None:
    delivered(home)
    line, _ = place(home)
    accept(home, corrected(only(home), {f"D{line}": FLOOD}, sheet=0), actor=STEWARD)
    delivered(home, rows=ROWS + 1)
    assert len(served(home)) == ROWS + 1 and max(served(home)) == 61_000
    delivered(home, dear="62000", rows=ROWS + 1)
    [case] = cases(home, closed=False)
    assert case.open_reasons == {"price.typo": 1}


def test_said_on_the_machine_by_the_mark(home: Home) -> None:
    delivered(home)
    _, label = place(home)
    [case] = cases(home)
    mark = label.split(" · ")[1]
    done = say_true(home.granary, home.downloads, case.number, {mark[:8]: FLOOD}, actor=STEWARD)
    assert (done.confirmed, done.state, max(served(home))) == (1, "accepted", 61_000)


def test_what_was_said_is_told_beside_the_delivery_and_never_again_as_a_finding(home: Home) -> None:
    delivered(home)
    line, _ = place(home)
    beyond.look(home.granary)
    accept(home, corrected(only(home), {f"D{line}": FLOOD}, sheet=0), actor=STEWARD)
    remarks = {warned["code"]: warned["values"] for warned in home.checks[-1].warnings}
    assert remarks["VALUES_CONFIRMED"] == {"rows": 1}
    beyond.look(home.granary)
    with home.granary.sessions() as session:
        assert findings.open_findings(session, kind="typo") == []


def test_only_the_walidata_and_the_province_say_so_and_only_of_what_looks_mistyped(home: Home) -> None:
    delivered(home)
    line, label = place(home)
    with pytest.raises(ReturnRefused):
        accept(home, corrected(only(home), {f"D{line}": FLOOD}, sheet=0), actor=PRODUCER)
    [case] = cases(home)
    with pytest.raises(NothingToConfirm) as refused:
        say_true(home.granary, home.downloads, case.number, {"0000aaaa": FLOOD}, actor=STEWARD)
    assert label.split(" · ")[1] in str(refused.value.values["known"])
    assert said(home) == [] and max(served(home)) == 12_027


def test_a_price_beyond_the_bounds_is_not_to_be_said_true(home: Home) -> None:
    delivered(home, dear="99")
    assert not any(row[0] == "Nilai yang memang benar" for row in summary(home))
