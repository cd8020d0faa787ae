"""Held deliveries decided by hand: released or refused by name, for exactly the bytes and reasons that were held."""

from typing import Any

import pytest

from catalog import holds, maintenance
from catalog.errors import HoldAmbiguous, HoldStands, HoldUnknown, ReasonMissing
from catalog.holds import Decision, Held
from core.access import Actor, Role
from core.audit import AuditEntry
from core.verdict import Verdict
from services.intake import replay
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, PRICES_BY_REGION, Home

COORDINATOR = Actor(id="u1", name="Sri Koordinator", roles=frozenset({Role.COORDINATOR}))
STEWARD = Actor(id="u2", name="Budi Walidata", roles=frozenset({Role.STEWARD}), member=CITY)
STRANGER = Actor(id="u3", name="Orang Lain", roles=frozenset({Role.STEWARD}), member="99.01")
PRODUCER = Actor(id="u4", name="Dinas", roles=frozenset({Role.PRODUCER}), member=CITY)


def held(home: Home, actor: Actor = COORDINATOR, *, settled: bool = False) -> list[Held]:
    with home.granary.sessions() as session:
        return holds.held(session, home.granary.contracts, settled=settled, actor=actor)


def say(home: Home, decision: Decision, name: str = "", actor: Actor = COORDINATOR, **more: Any) -> Held:
    granary = home.granary
    more = {"reason": "surat dinas 3 November", **more}
    called = name or held(home)[0].name
    return holds.decide(
        granary.sessions, granary.contracts, called, decision, actor=actor, now=granary.clock(), **more
    )  # fmt: skip


def release(home: Home, name: str = "", actor: Actor = COORDINATOR, **more: Any) -> Held:
    return say(home, Decision.RELEASED, name, actor, **more)


def shrunk(home: Home, rows: int = 6) -> None:
    """A population table of ten districts, of which the next file has fewer: held (S06)."""
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    home.harvest()
    make.write(drop, "penduduk.csv", make.people(*range(101, 101 + rows)))
    assert dict(home.harvest().holds) == {"ROW_COUNT_DROPPED": 1}


def people(home: Home) -> list[int]:
    return sorted(row["people"] for row in home.rows("population"))


def test_S06_a_held_delivery_is_listed_with_its_reason_in_plain_words(home: Home) -> None:
    shrunk(home)
    (one,) = held(home)
    assert (one.member, one.source, one.contract, one.resource_name) == (CITY, "setoran", "population", "penduduk.csv")
    assert one.sha256 == home.resources["penduduk.csv"].landed_sha256
    assert "dari 10 menjadi 6" in one.whys[0].text("id") and one.barred == ()
    assert held(home, STRANGER) == [] and len(held(home, STEWARD)) == 1


def test_S06_a_released_delivery_is_published_from_landing_with_who_and_why_beside_it(home: Home) -> None:
    shrunk(home)
    release(home)
    assert held(home) == [] and people(home) == list(range(1, 11))  # nothing moves before the harvest
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (1, {})
    assert people(home) == list(range(101, 107))
    check = home.checks[-1]
    assert (check.verdict, check.holds) == (Verdict.WARNED.value, [])
    said = next(w for w in check.warnings if w["code"] == "HOLD_RELEASED")["values"]
    assert said == {"hold": "ROW_COUNT_DROPPED", "by": "Sri Koordinator", "reason": "surat dinas 3 November"}
    assert home.harvest().due == 0


def test_S06_the_decision_is_on_record(home: Home) -> None:
    shrunk(home)
    one = release(home)
    (entry,) = [e for e in home.all(AuditEntry, AuditEntry.id) if e.action == "delivery.released"]
    assert (entry.actor, entry.actor_name, entry.object) == ("u1", "Sri Koordinator", one.resource)
    assert (entry.values["sha256"], entry.values["holds"]) == (one.sha256, ["ROW_COUNT_DROPPED"])


def test_S06_new_bytes_are_judged_anew_and_the_released_ones_when_they_come_again_are_not(home: Home) -> None:
    shrunk(home, rows=6)
    release(home)
    drop = home.drop(PEOPLE)
    before = (drop / "penduduk.csv").read_text("utf-8")
    make.write(drop, "penduduk.csv", make.people(*range(201, 204)))  # before the release was ever put to use
    assert dict(home.harvest().holds) == {"ROW_COUNT_DROPPED": 1}
    assert len(held(home)) == 1
    make.write(drop, "penduduk.csv", before)
    assert home.harvest().snapshots == 1 and people(home) == list(range(101, 107))


def test_S06_bytes_that_the_source_dates_anew_before_the_next_harvest_are_published_too(home: Home) -> None:
    shrunk(home)
    release(home)
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", (drop / "penduduk.csv").read_text("utf-8"))
    home.clock.forward(hours=1)  # type: ignore[attr-defined]  # the hand clock of these homes
    assert home.harvest().snapshots == 1


def test_a_refused_delivery_stays_out_and_is_not_asked_about_again(home: Home) -> None:
    shrunk(home)
    say(home, Decision.REFUSED, actor=STEWARD)
    assert held(home) == [] and home.harvest().due == 0
    (one,) = held(home, settled=True)
    assert one.said is not None and (one.said.decision, one.said.by) == (Decision.REFUSED, "Budi Walidata")
    assert people(home) == list(range(1, 11))
    release(home, one.name)  # who refused may think again
    assert home.harvest().snapshots == 1


def test_another_reason_than_the_released_one_holds_still(home: Home) -> None:
    shrunk(home)
    release(home)
    home.drop(PEOPLE.replace('people = "jumlah"', 'people = "banyaknya"'))
    assert "MAPPED_COLUMNS_MISSING" in home.harvest().holds
    (one,) = held(home)
    assert {why.code for why in one.whys} >= {"MAPPED_COLUMNS_MISSING"} and one.said is None


def test_S20_changed_columns_are_accepted_once_and_are_the_shape_from_then_on(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(6, petugas=["Sari"] * 6))
    assert dict(home.harvest().holds) == {"COLUMNS_CHANGED": 1}
    release(home)
    assert home.harvest().snapshots == 1 and len(home.rows("commodity_price")) == 6
    make.write(drop, "harga.csv", make.prices(7, petugas=["Sari"] * 7))
    assert dict(home.harvest().holds) == {}


def test_S21_another_members_regions_are_released_by_nobody(home: Home) -> None:
    drop = home.drop(PRICES_BY_REGION)
    make.write(drop, "harga.csv", make.prices(3, wilayah=["99.71", "99.02", "99.71"]))
    home.harvest()
    with pytest.raises(HoldStands) as refused:
        release(home)
    assert "FOREIGN_REGIONS" in str(refused.value.values["codes"]) and "anggota" in refused.value.what("id")
    assert home.harvest().snapshots == 0
    say(home, Decision.REFUSED)
    assert held(home) == []


def test_F25_an_empty_table_and_a_column_that_cannot_be_read_are_mended_not_released(home: Home) -> None:
    drop = home.drop(PEOPLE, PRICES)
    make.write(drop, "penduduk.csv", make.people(1, 2))
    home.harvest()
    make.write(drop, "penduduk.csv", "kecamatan;jumlah\n")
    make.write(drop, "harga.csv", make.prices(3, tanggal=["01/02/2026", "02/02/2026", "03/02/2026"]))
    home.harvest()
    barred = {why.code for one in held(home) for why in one.barred}
    assert "COLUMN_STYLE_UNDECIDED" in barred
    for one in held(home):
        with pytest.raises(HoldStands):
            release(home, one.name)


def test_F34_the_whole_rows_of_a_cut_file_are_accepted_where_a_delivery_adds(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(40))
    home.harvest()
    whole = make.prices(40, price=20_000)
    make.write(drop, "harga.csv", whole[: whole.rindex("\n20/11") + 30])  # within the 39th row: "...;Ber"
    assert dict(home.harvest().holds) == {"FILE_CUT": 1}
    release(home)
    assert home.harvest().snapshots == 1
    found = {row["date"].isoformat(): row["price"] for row in home.rows("commodity_price")}
    assert len(found) == 40, "a row that did not arrive was not taken back"
    assert found["2026-11-19"] == 20_037 and found["2026-11-20"] == 12_038 and found["2026-11-21"] == 12_039


def test_F34_a_cut_file_is_never_accepted_where_the_file_is_the_whole_table(home: Home) -> None:
    drop = home.drop(PEOPLE)
    whole = make.people(*range(1000, 1040))
    make.write(drop, "penduduk.csv", whole + '"Kecamatan 40;10')
    make.write(drop, "aduan.csv", "nomor;isi;tanggal\n" + "1;Jalan rusak;2026-01-01\n" * 30 + "2;Lampu")
    home.harvest()
    assert len(held(home)) == 2
    for one in held(home):
        with pytest.raises(HoldStands):
            release(home, one.name)


def test_D07_a_released_snapshot_that_was_lost_is_made_again_from_landing(home: Home, tmp_path: Any) -> None:
    shrunk(home)
    release(home)
    home.harvest()
    granary = home.granary
    granary.store.path(home.snapshots[-1].content_sha256).unlink()
    made = replay.rebuild(granary, tmp_path / "bengkel")
    assert (made.lost, made.rebuilt) == ((), (home.snapshots[-1].seq,))
    assert maintenance.scrub(granary.sessions, granary.store) == []


def test_A09_only_coordinators_and_the_members_own_steward_decide(home: Home) -> None:
    shrunk(home)
    name = held(home)[0].name
    for actor in (STRANGER, PRODUCER, Actor()):
        with pytest.raises(HoldUnknown):
            release(home, name, actor)
    assert release(home, name, STEWARD).resource_name == "penduduk.csv"


def test_a_decision_wants_a_name_that_means_one_delivery_its_bytes_and_a_reason(home: Home) -> None:
    shrunk(home)
    (one,) = held(home)
    for name in (one.dataset, one.name, f"{one.dataset_name}/{one.resource_name}", f"{one.dataset}/{one.resource}"):
        with home.granary.sessions() as session:
            assert holds.named(holds.held(session, home.granary.contracts), name) == one
    for name in ("tiada", f"{one.dataset}/tiada", f"{one.name}/tiada", one.dataset[:3]):
        with pytest.raises(HoldUnknown):
            release(home, name)
    with pytest.raises(HoldUnknown):
        release(home, one.name, sha256="0000")
    with pytest.raises(ReasonMissing):
        release(home, one.name, reason="  ")
    with pytest.raises(HoldAmbiguous):
        holds.named([one, one], one.name)
    assert release(home, one.name, sha256=one.sha256[:12]) == one
