"""The gate: what holds a whole delivery, and in which words."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from core.contract import ColumnType, Mode, Severity, Volume
from core.verdict import Verdict
from quality.outcome import Hold, Warned
from quality.worker import Checker
from tests.quality import factories as make
from tests.quality.gating import PRICE, STAGE, check, holds, rows, why


def test_S06_a_drop_beyond_the_limit_holds(checker: Checker, tmp_path: Path) -> None:
    assert holds(check(checker, tmp_path, make.prices(69), previous_rows=100)) == ["ROW_COUNT_DROPPED"]
    assert holds(check(checker, tmp_path, make.prices(70), previous_rows=100)) == []


def test_event_data_has_no_volume_limit(checker: Checker, tmp_path: Path) -> None:
    event = replace(PRICE, event=True, volume=Volume(), rules=tuple(r for r in PRICE.rules if r.id != "rows.volume"))
    assert holds(check(checker, tmp_path, make.prices(1), event, previous_rows=1000)) == []


@pytest.mark.parametrize("rows_", [2, 11])
def test_rows_outside_the_contracts_volume_hold_once(checker: Checker, tmp_path: Path, rows_: int) -> None:
    limited = make.with_volume(PRICE, Volume(3, 10))
    assert holds(check(checker, tmp_path, make.prices(rows_), limited)) == ["ROW_COUNT_OUT_OF_BOUNDS"]


def test_F26_an_empty_delivery_is_held_unless_event_data_say_nihil(checker: Checker, tmp_path: Path) -> None:
    empty: dict[str, list[str | None]] = {name: [] for name in make.prices(1)}
    event = replace(PRICE, event=True, volume=Volume())
    assert holds(check(checker, tmp_path, empty)) == ["EMPTY_DELIVERY"]
    assert holds(check(checker, tmp_path, empty, nihil=True)) == ["EMPTY_DELIVERY"]
    assert holds(check(checker, tmp_path, empty, event)) == ["EMPTY_DELIVERY"]
    complete = check(checker, tmp_path, empty, event, nihil=True)
    assert (complete.verdict, rows(complete.accepted)) == (Verdict.PUBLISHED, [])


def test_S20_changed_columns_hold_with_the_difference(checker: Checker, tmp_path: Path) -> None:
    before = ("region_code", "tgl", "market", "commodity_code", "price_level", "price", "tanggal_lama", "keterangan")
    outcome = check(
        checker, tmp_path, make.prices(3) | {"tanggal_baru": ["x"] * 3, "unit": ["kg"] * 3}, previous_columns=before
    )
    [hold] = outcome.holds
    assert hold.code == "COLUMNS_CHANGED" and outcome.accepted is None
    assert "tanggal_lama → tanggal_baru" in str(hold.values["renamed"])
    assert hold.values["removed"] == "tgl, keterangan" and hold.values["added"] == "date, unit"


def test_S20_columns_in_another_order_are_the_same_columns(checker: Checker, tmp_path: Path) -> None:
    outcome = check(checker, tmp_path, make.prices(3), previous_columns=tuple(reversed(make.prices(3))))
    assert outcome.verdict is Verdict.PUBLISHED


def test_S20_a_column_of_another_kind_holds(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(4, price=["murah", "mahal", "murah", "12000"])
    outcome = check(checker, tmp_path, columns, previous_columns=tuple(columns))
    assert holds(outcome) == ["COLUMN_RETYPED", "TOO_MANY_REJECTED"]


def test_S21_another_members_regions_hold_and_their_rows_are_named(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(4, region_code=["33.74", "33.22", "33.74", "34.71"])
    outcome = check(checker, tmp_path, columns, regions=frozenset({"33.74"}))
    assert (outcome.verdict, outcome.accepted, holds(outcome)) == (Verdict.HELD, None, ["FOREIGN_REGIONS"])
    assert why(outcome) == {3: [("region_code.foreign", "33.22")], 5: [("region_code.foreign", "34.71")]}
    assert "Kabupaten Semarang" in outcome.holds[0].text("id")


def test_S21_a_province_answers_for_its_regencies_only(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(2, region_code=["33.74", "33.22"])
    assert check(checker, tmp_path, columns, regions=frozenset({"33"})).verdict is Verdict.PUBLISHED
    assert holds(check(checker, tmp_path, columns, regions=frozenset({"3"}))) == [
        "FOREIGN_REGIONS",
        "TOO_MANY_REJECTED",
    ]


def test_F30_an_undecidable_date_column_asks_once_and_is_read_as_answered(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(1, date=["01/02/03"])
    asked = check(checker, tmp_path, columns)
    assert holds(asked) == ["COLUMN_STYLE_UNDECIDED"] and asked.holds[0].values["column"] == "date"
    answered = check(checker, tmp_path, columns, decided={"date": "dmy"})
    assert rows(answered.accepted)[0]["date"] == date(2003, 2, 1) and answered.decided == {"date": "dmy"}
    stated = check(checker, tmp_path, columns, mapping=make.mapping("commodity_price", date_style="ymd"))
    assert rows(stated.accepted)[0]["date"] == date(2001, 2, 3)


def test_F31_an_undecidable_measure_asks_once(checker: Checker, tmp_path: Path) -> None:
    columns = {
        "gauge_code": ["PA-SIMONGAN"], "region_code": ["33.74"], "observed_at": ["2026-01-01 07:00"], "stage_m": ["1.250"],
    }  # fmt: skip
    assert holds(check(checker, tmp_path, columns, STAGE)) == ["COLUMN_STYLE_UNDECIDED"]
    read = check(checker, tmp_path, columns, STAGE, decided={"stage_m": "en"})
    assert rows(read.accepted)[0]["stage_m"] == 1.25


def test_F31_a_remembered_style_that_the_cells_contradict_is_asked_about_again(
    checker: Checker, tmp_path: Path
) -> None:
    columns = make.prices(2, price=["12,500.00", "13,000.00"])
    assert holds(check(checker, tmp_path, columns, decided={"price": "id"})) == ["COLUMN_STYLE_UNDECIDED"]


def test_missing_mapped_columns_hold(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(2)
    del columns["price"]
    outcome = check(checker, tmp_path, columns, mapping=make.mapping("commodity_price", {"unit": "satuan"}))
    assert holds(outcome) == ["MAPPED_COLUMNS_MISSING"]
    assert outcome.holds[0].values["columns"] == "price (Harga), unit (satuan)"


def test_a_missing_code_list_holds(checker: Checker, tmp_path: Path) -> None:
    references = {"region": make.REGIONS}
    assert holds(check(checker, tmp_path, make.prices(2), references=references)) == ["REFERENCE_LIST_MISSING"]


def test_too_many_rejected_rows_hold(checker: Checker, tmp_path: Path) -> None:
    assert holds(check(checker, tmp_path, make.prices(4, price=["1", "2", "12000", "12000"]))) == []
    assert holds(check(checker, tmp_path, make.prices(4, price=["1", "2", "3", "12000"]))) == ["TOO_MANY_REJECTED"]


def test_a_rule_may_hold_the_whole_delivery(checker: Checker, tmp_path: Path) -> None:
    columns = [make.column("id", key=True), make.column("n", ColumnType.INTEGER)]
    mean = make.rule("n.mean", "expect_column_mean_to_be_between", Severity.HOLD, column="n", max_value=2)
    outcome = check(
        checker, tmp_path, {"id": ["a", "b"], "n": ["1", "9"]}, make.contract(columns, [mean], mode=Mode.REPLACE)
    )
    assert holds(outcome) == ["RULE_BROKEN"] and outcome.holds[0].values["observed"] == "5.0"


def test_every_hold_and_warning_reads_as_a_full_sentence(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(4, region_code=["34.71"] * 4, price=["1,5", "2", "3", "abc"])
    outcome = check(checker, tmp_path, columns, previous_rows=100, previous_columns=("x",))
    remarks: tuple[Hold | Warned, ...] = (*outcome.holds, *outcome.warnings)
    for remark in remarks:
        for locale in ("id", "en"):
            sentence = remark.text(locale)
            assert not sentence.startswith("quality.") and "?" not in sentence, sentence
