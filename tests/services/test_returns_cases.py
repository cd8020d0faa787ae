"""Cases of returns: opened and closed by what the gate finds, suspended by officials, overdue by the province's days."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

from catalog import return_acts, returns
from catalog.data_list import ListedDataset
from catalog.errors import ReasonMissing
from catalog.holds import Decision
from catalog.return_acts import Finding, Suspension
from catalog.return_errors import ReturnMoveRefused, ReturnNotPriority, ReturnUnknown, SuspensionIncomplete
from catalog.returns import Overdue, ReturnCase
from core.access import SYSTEM, Actor, Role
from core.audit import AuditEntry, verify_chain
from core.clock import zone
from core.contract_metadata import DataKind
from services.returns.follow import follow
from services.returns.pembina import pembina_of
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, Home
from tests.services.stewards import accept, build, cases, corrected, only, states
from tests.services.test_holds import release

OFFICIAL = Suspension("Sri Wahyuni", "Kepala Dinas Pangan", "500/12/2026", date(2026, 12, 10))


def one_wrong(home: Home) -> ReturnCase:
    make.write(home.drop(PRICES), "harga.csv", make.prices(6, harga=["99", *["12000"] * 5]))
    home.harvest()
    (case,) = cases(home)
    return case


def late(home: Home, now: datetime | None = None) -> tuple[Overdue, ...]:
    with home.granary.sessions() as session:
        return returns.overdue(session, now=now or home.clock(), zone=zone("WITA"))


def forward(home: Home, **delta: float) -> None:
    home.clock.forward(**delta)  # type: ignore[attr-defined]  # the hand clock of these homes


def suspend(home: Home, case: ReturnCase, by: Suspension = OFFICIAL, actor: Actor = SYSTEM, **more: Any) -> ReturnCase:
    now = home.clock()
    return return_acts.suspend(
        home.granary.sessions, case.number, by, actor=actor, today=now.astimezone(zone("WITA")).date(), now=now,
        **{"reason": "pasar direlokasi", **more},
    )  # fmt: skip


def test_a_harvest_opens_one_case_a_table_and_looking_again_changes_nothing(home: Home) -> None:
    case = one_wrong(home)
    assert (case.member, case.contract, case.rows, case.held) == (CITY, "commodity_price", 1, False)
    assert case.open_reasons == {"price.range": 1, "price.typo": 1} and states(case) == ["received", "checked"]
    assert case.due == date(2026, 11, 27)
    assert follow(home.granary) == 0
    home.harvest()
    assert len(cases(home)) == 1 and states(cases(home)[0]) == ["received", "checked"]


def test_every_step_is_on_the_audits_chain(home: Home) -> None:
    one_wrong(home)
    accept(home, corrected(only(home), {"D2": "12000"}))
    said = [e.action for e in home.all(AuditEntry, AuditEntry.id) if e.action.startswith("return.")]
    assert said == ["return.checked", "return.dikembalikan", "return.repaired", "return.accepted"]
    with home.granary.sessions() as session:
        assert verify_chain(session).ok


def test_a_return_is_overdue_from_the_day_after_in_the_provinces_zone(home: Home) -> None:
    case = one_wrong(home)
    forward(home, days=5, hours=11)  # Friday 27 November, 23:00 WITA
    assert late(home) == ()
    forward(home, hours=1, minutes=1)
    (one,) = late(home)
    assert (one.case, one.member, one.title, one.rows, one.due) == (case.number, CITY, "harga", 1, date(2026, 11, 27))


def test_what_was_overdue_then_stays_so_whatever_came_after(home: Home) -> None:
    case = one_wrong(home)
    built = only(home)
    forward(home, days=8)
    then = home.clock()
    before = late(home, then)
    assert [one.case for one in before] == [case.number]
    forward(home, days=1)
    accept(home, corrected(built, {"D2": "12000"}))
    assert late(home) == () and late(home, then) == before


def test_a_suspension_names_the_official_the_document_and_its_last_day_and_then_ends(home: Home) -> None:
    case = one_wrong(home)
    only(home)
    suspend(home, case)
    (stands,) = cases(home)
    assert stands.state == "ditangguhkan" and stands.suspension["document"] == "500/12/2026"
    forward(home, days=10)
    assert late(home) == ()  # past its day, and put off
    forward(home, days=10)
    assert [one.due for one in late(home)] == [date(2026, 12, 10)]  # seen before anybody has looked at the case
    follow(home.granary)
    (ended,) = cases(home)
    assert ended.state == "dikembalikan" and ended.suspension["official"] == "Sri Wahyuni"
    assert len(late(home)) == 1


def test_a_suspended_return_is_accepted_when_its_repair_comes(home: Home) -> None:
    case = one_wrong(home)
    built = only(home)
    suspend(home, case)
    assert accept(home, corrected(built, {"D2": "12000"})).state == "accepted"


@pytest.mark.parametrize(
    "wrong", [{"official": ""}, {"position": " "}, {"document": ""}, {"until": date(2026, 11, 21)}]
)
def test_a_suspension_that_lacks_something_is_refused(home: Home, wrong: dict[str, Any]) -> None:
    case = one_wrong(home)
    said = {"official": "Sri", "position": "Kepala", "document": "1", "until": date(2026, 12, 1)} | wrong
    with pytest.raises(SuspensionIncomplete):
        suspend(home, case, Suspension(**said))
    assert cases(home)[0].state == "checked"


def test_a_steward_cannot_suspend_and_a_settled_return_cannot_be(home: Home) -> None:
    case = one_wrong(home)
    with pytest.raises(ReturnUnknown):
        suspend(home, case, actor=Actor(id="u", name="W", roles=frozenset({Role.STEWARD}), member=CITY))
    with pytest.raises(ReasonMissing):
        suspend(home, case, reason=" ")
    accept(home, corrected(only(home), {"D2": "12000"}))
    with pytest.raises(ReturnMoveRefused):
        suspend(home, case)


def test_S06_a_held_delivery_that_a_person_releases_is_settled_without_a_repair(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    home.harvest()
    make.write(drop, "penduduk.csv", make.people(*range(101, 105)))
    home.harvest()
    (case,) = cases(home)
    assert case.held and case.open_reasons == {"ROW_COUNT_DROPPED": 1}
    release(home)
    home.harvest()
    (case,) = cases(home)
    assert states(case) == ["received", "checked", "accepted"] and case.steps[-1]["why"] == "judged_anew"


def test_what_is_wrong_anew_after_acceptance_is_a_new_case(home: Home) -> None:
    first = one_wrong(home)
    accept(home, corrected(only(home), {"D2": "12000"}))
    make.write(home.drop(PRICES), "harga.csv", make.prices(6, harga=["98", *["12000"] * 5]))
    home.harvest()
    found = cases(home)
    assert len(found) == 2 and found[1].id != first.id and found[1].closed_at is None


def test_a_dataset_that_is_withdrawn_is_not_awaited_any_more(home: Home) -> None:
    from catalog import decisions

    case = one_wrong(home)
    decisions.withdraw(home.granary.sessions, case.dataset_id, actor=SYSTEM, reason="keliru", now=home.clock())
    follow(home.granary)
    (case,) = cases(home)
    assert case.closed_at is not None and case.steps[-1]["why"] == "withdrawn"
    assert build(home).built == []


def test_the_pembina_looks_at_priority_data_once_more_and_recommends(home: Home) -> None:
    case = one_wrong(home)
    granary = home.granary

    def recheck(finding: Finding, note: str = "") -> ReturnCase:
        return return_acts.recheck(
            granary.sessions, case.number, finding, note=note, pembina="BPS", actor=SYSTEM, now=home.clock()
        )  # fmt: skip

    with pytest.raises(ReturnNotPriority):
        recheck(Finding.FIT)
    with granary.sessions() as session:
        session.add(
            ListedDataset(
                id="l" * 32, member=CITY, year=2026, position=1, title="Harga", folded="harga", contract=None,
                producer=None, every=None, due_days=None, priority=True, dataset_id=case.dataset_id,
                matched_by="exact", place="baris 2", imported_at=home.clock(),
            )
        )  # fmt: skip
        session.commit()
    with pytest.raises(ReasonMissing):
        recheck(Finding.UNFIT)
    done = recheck(Finding.UNFIT, "satuan belum seragam")
    assert done.recheck["finding"] == "tidak" and done.state == "checked"
    with granary.sessions() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "return.rechecked")).one()
    assert entry.values["note"] == "satuan belum seragam"


def test_which_office_the_pembina_is_is_a_table_that_a_home_can_replace(home: Home) -> None:
    granary = home.granary
    member, folder = granary.registry.member(CITY), granary.settings.folder("reference")
    assert pembina_of(folder, member, DataKind.STATISTICAL) == "BPS kabupaten/kota"
    assert pembina_of(folder, member, DataKind.GEOSPATIAL) == "Badan Informasi Geospasial"
    (folder / "pembina.csv").write_text("kind,level,name,source\nstatistik,*,BPS Muara Padi,surat\n", encoding="utf-8")
    assert pembina_of(folder, member, DataKind.STATISTICAL) == "BPS Muara Padi"


def test_refusing_a_held_delivery_leaves_it_with_its_steward(home: Home) -> None:
    from tests.services.test_holds import say

    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    home.harvest()
    make.write(drop, "penduduk.csv", make.people(*range(101, 105)))
    home.harvest()
    say(home, Decision.REFUSED)
    home.harvest()
    assert [case.state for case in cases(home)] == ["checked"] and len(build(home).built) == 1
