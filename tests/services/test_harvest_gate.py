"""What a delivery must not do to the catalogue: it is held or its rows set aside, and the last good stays served."""

from datetime import UTC, date, datetime

import pytest

from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import PEOPLE, PRICES, PRICES_BY_REGION, Hand, Home


def holds(home: Home) -> list[dict[str, object]]:
    """Why the newest delivery waits."""
    found: list[dict[str, object]] = home.checks[-1].holds
    return found


def test_S20_a_renamed_column_holds_with_the_difference_and_the_last_good_stays(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(6, price=20_000).replace("harga", "harga_rp"))
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)["COLUMNS_CHANGED"]) == (0, 1)
    diff = next(h for h in holds(home) if h["code"] == "COLUMNS_CHANGED")["values"]
    assert isinstance(diff, dict)
    assert (diff["added"], diff["removed"], diff["renamed"]) == ("-", "-", "harga → harga_rp")
    assert "“harga” kini “harga_rp” (0," in diff["renewed"]  # as the whole file is likely to be read now
    assert [row["price"] for row in home.rows("commodity_price")] == [12_000 + i for i in range(5)]
    assert home.resources["harga.csv"].last_verdict == Verdict.HELD.value
    assert home.harvest().due == 0  # the same delivery is not judged twice


def test_S20_an_added_column_holds_and_the_old_shape_again_is_published(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(6, petugas=["Sari"] * 6))
    assert dict(home.harvest().holds) == {"COLUMNS_CHANGED": 1}
    assert holds(home)[0]["values"] == {"added": "petugas", "removed": "-", "renamed": "-", "renewed": ""}
    make.write(drop, "harga.csv", make.prices(7))
    assert home.harvest().snapshots == 1
    assert len(home.rows("commodity_price")) == 7


def test_S20_a_column_of_another_kind_holds(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(5, harga=["murah", "mahal", "murah", "naik", "turun"]))
    report = home.harvest()
    assert (report.snapshots, report.holds["COLUMN_RETYPED"]) == (0, 1)
    assert len(home.rows("commodity_price")) == 5


def test_S21_another_members_region_holds_the_delivery_and_its_rows_are_named(home: Home) -> None:
    drop = home.drop(PRICES_BY_REGION)
    make.write(drop, "harga.csv", make.prices(4, wilayah=["99.71"] * 4))
    home.harvest()
    make.write(drop, "harga.csv", make.prices(5, wilayah=["99.71", "99.02", "99.71", "Kabupaten Muara Padi", "99.71"]))
    report = home.harvest()
    assert (report.snapshots, report.holds["FOREIGN_REGIONS"]) == (0, 1)
    named = str(holds(home)[0]["values"])
    assert "99.02 Kabupaten Batu Garam" in named and "99.01 Kabupaten Muara Padi" in named
    assert [(r.row, r.reasons[0]["rule"], r.original["wilayah"]) for r in home.returned] == [
        (3, "region_code.foreign", "99.02"),
        (5, "region_code.foreign", "Kabupaten Muara Padi"),
    ]
    assert len(home.rows("commodity_price")) == 4


def test_S21_an_unknown_region_costs_its_rows_only(home: Home) -> None:
    drop = home.drop(PRICES_BY_REGION)
    make.write(drop, "harga.csv", make.prices(5, wilayah=["99.71", "Atlantis", "99.71", "88.88", "99.71"]))
    report = home.harvest()
    assert (report.rows_published, report.rows_quarantined, dict(report.holds)) == (3, 2, {})
    assert [(r.row, r.original["wilayah"]) for r in home.returned] == [(3, "Atlantis"), (5, "88.88")]
    assert [row["_row"] for row in home.rows("commodity_price")] == [2, 4, 6]


def test_S06_more_than_thirty_percent_fewer_rows_are_held(home: Home) -> None:
    drop = home.drop(PEOPLE, PRICES)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    make.write(drop, "harga.csv", make.prices(10))
    home.harvest()
    make.write(drop, "penduduk.csv", make.people(*range(1, 7)))  # the body just ended
    make.write(drop, "harga.csv", make.prices(7))
    report = home.harvest()
    assert dict(report.holds) == {"ROW_COUNT_DROPPED": 1}
    assert len(home.rows("population")) == 10
    make.write(drop, "penduduk.csv", make.people(*range(1, 8)))
    assert home.harvest().snapshots == 1
    assert len(home.rows("population")) == 7


def test_an_empty_delivery_is_held(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1, 2))
    home.harvest()
    make.write(drop, "penduduk.csv", "kecamatan;jumlah\n")
    report = home.harvest()
    assert (report.snapshots, len(report.errors) + sum(report.holds.values())) == (0, 1)
    assert len(home.rows("population")) == 2


def test_a_mapping_of_which_no_table_has_the_headings_is_held_and_says_what_is_there(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(3))
    home.harvest()
    make.write(drop, "harga.csv", "nama;nip\nSari;1\nBudi;2\nTono;3\n")
    report = home.harvest()
    assert report.snapshots == 0 and sum(report.holds.values()) >= 1
    codes = {str(h["code"]) for h in holds(home)}
    assert codes & {"MAPPED_TABLE_MISSING", "MAPPED_COLUMNS_MISSING"}
    assert len(home.rows("commodity_price")) == 3


def test_a_mapping_to_a_sheet_that_is_not_there_is_held(home: Home) -> None:
    drop = home.drop(PRICES + 'table = "Lembar Harga"\n')
    make.write(drop, "harga.csv", make.prices(3))
    report = home.harvest()
    assert (report.state, report.snapshots, dict(report.holds)) == ("ok", 0, {"MAPPED_TABLE_MISSING": 1})
    values = holds(home)[0]["values"]
    assert isinstance(values, dict) and "tanggal, pasar, komoditas, harga" in values["tables"]
    assert (values["dataset"], values["table"]) == ("harga", "Lembar Harga")
    assert home.resources["harga.csv"].contract == "commodity_price"


def test_T04_a_naive_time_is_read_in_the_provinces_own_zone(home: Home) -> None:
    stage = """
[[sources.mappings]]
contract = "river_stage"
match = {title = "tma"}
columns = {gauge_code = "pos", observed_at = "waktu", stage_m = "tma"}
constants = {region_code = "99.01"}
"""
    drop = home.drop(stage, code="99.01")
    make.write(drop, "tma.csv", "pos;waktu;tma\nPos Jembatan Padi;2026-11-22 07:00;1,25\n")
    home.harvest()
    [row] = home.rows("river_stage")
    assert (row["gauge_code"], row["stage_m"]) == ("jembatan_padi", 1.25)
    assert row["observed_at"] == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)  # WITA is UTC+8


def test_T05_the_29th_of_February_of_a_common_year_is_returned(home: Home) -> None:
    drop = home.drop(PRICES)
    days = ["29/02/2024", "29/02/2025", "28/02/2025"]
    make.write(drop, "harga.csv", make.prices(3, tanggal=days))
    home.harvest()
    assert [row["date"] for row in home.rows("commodity_price")] == [date(2024, 2, 29), date(2025, 2, 28)]
    assert [r.original["tanggal"] for r in home.returned] == ["29/02/2025"]


def test_T07_rows_of_2099_are_returned(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(4, tanggal=["13/10/2026", "14/10/2026", "15/10/2099", "16/10/2026"]))
    home.harvest()
    assert [r.reasons[0]["rule"] for r in home.returned] == ["date.future"]
    assert len(home.rows("commodity_price")) == 3


@pytest.mark.parametrize("jump", [-730, 365])
def test_T01_T02_a_clock_that_jumps_between_harvests_breaks_no_order(home: Home, jump: int) -> None:
    clock = home.clock
    assert isinstance(clock, Hand)
    drop = home.drop(PEOPLE)
    for n in range(3):
        make.write(drop, "penduduk.csv", make.people(*range(1, 6 + n)))
        assert home.harvest().snapshots == 1
        clock.forward(days=jump if n == 0 else 0, seconds=1)
    found = home.snapshots
    assert [s.seq for s in found] == [1, 2, 3]
    assert [s.committed_at for s in found] == sorted(s.committed_at for s in found)
    assert len(home.rows("population")) == 7
    home.sound()


def test_T03_a_clock_that_jumps_within_a_run_neither_loses_the_lease_nor_the_rows(home: Home) -> None:
    clock = home.clock
    assert isinstance(clock, Hand)
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(1, 2))
    report = home.harvest(watch=lambda _: clock.forward(days=400))
    assert (report.state, report.snapshots) == ("ok", 1)
    assert home.runs[0].state == "ok"
