"""The gate: what is published, and what is set aside with which sentence."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.contract import ColumnType
from core.errors import all_errors
from core.reference import code_list
from core.verdict import Verdict
from quality.result import unpack
from quality.worker import Checker, CheckJob
from tests.quality import factories as make
from tests.quality.gating import PRICE, STAGE, STOCK, check, holds, rows, why

# -- published


def test_a_clean_delivery_is_published_typed_and_sorted_by_key(checker: Checker, tmp_path: Path) -> None:
    columns = {name: cells[::-1] for name, cells in make.prices(30).items()}
    outcome = check(checker, tmp_path, columns)
    assert (outcome.verdict, outcome.accepted_rows, outcome.quarantined) == (Verdict.PUBLISHED, 30, None)
    accepted = rows(outcome.accepted)
    assert list(accepted[0]) == [*(c.name for c in PRICE.columns), "_row"]
    assert accepted[0]["date"] == date(2026, 1, 1) and accepted[0]["price"] == 12000 and accepted[0]["_row"] == 31
    assert [r["date"] for r in accepted] == sorted(r["date"] for r in accepted)
    assert outcome.columns == tuple(columns)


def test_the_record_kept_is_great_expectations_own_result(checker: Checker, tmp_path: Path) -> None:
    result = unpack(check(checker, tmp_path, make.prices(5)).result)
    assert result["success"] is True
    assert result["statistics"]["evaluated_expectations"] == len(PRICE.rules)
    assert [r["expectation_config"]["meta"]["lumbung"]["rule"] for r in result["results"]] == [
        r.id for r in PRICE.rules
    ]


def test_a_mapped_messy_file_becomes_the_standards_rows(checker: Checker, tmp_path: Path) -> None:
    columns = {
        "Tanggal": ["31/12/2025", "02/01/2026"], "Nama Pasar": ["Johar", "Bulu"], "Komoditas": ["Cabe Rawit", "BERAS MEDIUM"],
        "Harga (Rp)": ["Rp 122.831", "12.500"], "Satuan": ["kg", "-"], "Wilayah": ["Kota Semarang", "3374"],
    }  # fmt: skip
    mapping = make.mapping(
        "commodity_price",
        {"date": "tanggal", "market": "nama_pasar", "commodity_code": "komoditas", "price": "HARGA RP", "unit": "satuan",
         "region_code": "wilayah"},
        constants={"price_level": "konsumen"},
    )  # fmt: skip
    outcome = check(checker, tmp_path, columns, mapping=mapping)
    assert outcome.verdict is Verdict.PUBLISHED
    assert rows(outcome.accepted)[0] == {
        "region_code": "33.74", "date": date(2025, 12, 31), "market": "Johar", "commodity_code": "cabai_rawit",
        "price_level": "konsumen", "price": 122831, "unit": "kg", "_row": 2,
    }  # fmt: skip
    assert outcome.decided == {"date": "dmy", "price": "id"}


def test_T06_units_are_converted_and_naive_moments_read_in_the_provinces_zone(checker: Checker, tmp_path: Path) -> None:
    columns = {"pos": ["Simongan"], "waktu": ["01-Jan-26 07.00"], "tma_cm": ["172,5"]}
    mapping = make.mapping(
        "river_stage", {"gauge_code": "pos", "observed_at": "waktu", "stage_m": "tma_cm"},
        constants={"region_code": "33.74"}, factors={"stage_m": "0.01"},
    )  # fmt: skip
    for zone, hour in (("WIB", 0), ("WITA", 23), ("WIT", 22)):
        row = rows(check(checker, tmp_path, columns, STAGE, mapping=mapping, zone=zone).accepted)[0]
        assert row["stage_m"] == 1.725 and row["observed_at"].hour == hour
        assert row["observed_at"].tzinfo is not None


def test_a_gauge_says_where_it_stands_where_the_file_does_not(checker: Checker, tmp_path: Path) -> None:
    """As the water service of Jakarta writes it: a gauge's name, a river, a time, and no regency."""
    listed = code_list("gauge", [("simongan", "Bendung Simongan", []), ("dam", "Bendung", [])])
    references = {**make.REFERENCES, "gauge": replace(listed, regions={"simongan": "33.74"})}
    columns = {
        "Pos": ["Bendung Simongan ", "Bendung", "Pos Entah"],
        "Waktu": ["2026-01-01 07:00"] * 3,
        "TMA": ["1.2", "1.3", "1.4"],
    }
    mapping = make.mapping("river_stage", {"gauge_code": "Pos", "observed_at": "Waktu", "stage_m": "TMA"})
    told = {"mapping": replace(mapping, number_style="en"), "references": references}
    lenient = replace(STAGE, reject_share=1.0)
    outcome = check(checker, tmp_path / "a", columns, lenient, **told)
    assert [(r["gauge_code"], r["region_code"]) for r in rows(outcome.accepted)] == [("simongan", "33.74")]
    assert why(outcome) == {
        3: [("region_code.reference", None)],
        4: [("gauge_code.reference", "Pos Entah"), ("region_code.reference", None)],
    }
    assert "“Bendung”" in rows(outcome.quarantined)[0]["reasons"][0]["message"]
    elsewhere = check(checker, tmp_path / "b", columns, lenient, **told, regions=frozenset({"34"}))
    assert holds(elsewhere) == ["FOREIGN_REGIONS"]


def test_a_word_of_a_closed_list_is_understood_by_its_value_or_its_label(checker: Checker, tmp_path: Path) -> None:
    """As Open Data Jabar publishes it: LAKI-LAKI and PEREMPUAN, where the standard's codes are L and P."""
    columns = {
        "region_code": ["33.74"] * 5,
        "year": ["2023"] * 5,
        "sex": ["LAKI-LAKI", "Perempuan", "total", " l ", "entah"],
        "district": ["Mijen", "Mijen", "Mijen", "Tugu", "Tugu"],
        "people": ["10", "11", "21", "9", "8"],
    }
    outcome = check(checker, tmp_path, columns, make.CONTRACTS["population"])
    assert {r["_row"]: r["sex"] for r in rows(outcome.accepted)} == {2: "L", 3: "P", 4: "total", 5: "L"}
    assert why(outcome) == {6: [("sex.enum", "entah")]}


def test_F29_codes_stay_text(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(1, region_code=["33.10"])
    assert rows(check(checker, tmp_path, columns).accepted)[0]["region_code"] == "33.10"


def test_F28_formula_cells_are_kept_verbatim(checker: Checker, tmp_path: Path) -> None:
    cells: list[str | None] = ["=1+1", "+SUM(A1)", "@x", "-2+3"]
    columns = make.prices(4, market=cells)
    assert [r["market"] for r in rows(check(checker, tmp_path, columns).accepted)] == cells


def test_a_dataset_without_a_contract_stays_text(checker: Checker, tmp_path: Path) -> None:
    outcome = check(checker, tmp_path, {"a": ["01", None], "b": ["1.000", "x"]}, None)
    assert outcome.verdict is Verdict.UNMAPPED
    assert rows(outcome.accepted) == [{"a": "01", "b": "1.000", "_row": 2}, {"a": None, "b": "x", "_row": 3}]


# -- rows set aside


def test_each_failing_row_carries_every_reason_and_its_original(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(8)
    columns["price"] = ["abc", "50", None, "12000", "12000", "12000", "12000", "12000"]
    columns["price_level"][1] = "grosir"
    columns["date"][3] = "2025-02-29"
    columns["date"][4] = "2026-03-01"
    outcome = check(checker, tmp_path, columns, contract=replace(PRICE, reject_share=0.7))
    assert outcome.verdict is Verdict.WARNED
    assert why(outcome) == {
        2: [("price.integer", "abc")],
        3: [("price_level.enum", "grosir"), ("price.range", "50")],
        4: [("price.required", None)],
        5: [("date.date", "2025-02-29")],
        6: [("date.future", "2026-03-01")],
    }
    assert json.loads(rows(outcome.quarantined)[0]["original"]) == {name: cells[0] for name, cells in columns.items()}
    assert outcome.reasons["price.required"] == 1 and outcome.accepted_rows == 3
    assert [r["_row"] for r in rows(outcome.accepted)] == [7, 8, 9]


def test_reasons_are_plain_sentences_with_what_is_wrong_and_what_is_expected(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(4, price=["50", "12000", "12001", "dua belas"], market=["Johar", "x" * 200, "Bulu", None])
    outcome = check(checker, tmp_path, columns, contract=replace(PRICE, reject_share=0.8))
    assert [r["reasons"][0]["message"] for r in rows(outcome.quarantined)] == [
        "Isi kolom Harga tertulis “50”, seharusnya antara 100 dan 1.000.000.",
        f"Isi kolom Pasar “{'x' * 120}” panjangnya harus paling banyak 120 huruf.",
        "Isi kolom Harga tertulis “dua belas”, seharusnya bilangan bulat (satuan: rupiah).",
    ]


def test_T05_the_29th_of_February(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(2, date=["29 Februari 2024", "29 Februari 2025"])
    outcome = check(checker, tmp_path, columns)
    assert why(outcome) == {3: [("date.date", "29 Februari 2025")]}


def test_T07_a_date_in_2099_is_set_aside(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(3, date=["2099-01-01", "2026-02-01", "2026-01-31"])  # checked on 31 January
    assert why(check(checker, tmp_path, columns)) == {2: [("date.future", "2099-01-01")]}


def test_S21_unknown_and_ambiguous_regions_cost_their_rows_only(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(5, region_code=["33.74", "Atlantis", "Semarang", "Kab. Semarang", "33.74"])
    outcome = check(checker, tmp_path, columns)
    assert outcome.verdict is Verdict.WARNED
    assert why(outcome) == {3: [("region_code.reference", "Atlantis")], 4: [("region_code.reference", "Semarang")]}
    ambiguous = rows(outcome.quarantined)[1]["reasons"][0]["message"]
    assert "33.22 Kabupaten Semarang" in ambiguous and "33.74 Kota Semarang" in ambiguous


def test_conflicting_rows_of_one_key_are_all_set_aside(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(5)
    columns["date"][1] = columns["date"][0]
    outcome = check(checker, tmp_path, columns)
    assert set(why(outcome)) == {2, 3} and outcome.reasons == {"key.unique": 2}


def test_a_row_repeated_word_for_word_is_used_once(checker: Checker, tmp_path: Path) -> None:
    columns = {name: [*cells, cells[0]] for name, cells in make.prices(5).items()}
    outcome = check(checker, tmp_path, columns)
    assert outcome.reasons == {"key.repeated": 1} and outcome.accepted_rows == 5
    assert "baris 2" in rows(outcome.quarantined)[0]["reasons"][0]["message"]


def test_an_unreadable_key_does_not_make_other_rows_duplicates(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(6)
    columns["date"][0] = columns["date"][1] = "kemarin"
    outcome = check(checker, tmp_path, columns)
    assert outcome.reasons == {"date.date": 2}


def test_a_pair_rule_names_both_columns(checker: Checker, tmp_path: Path) -> None:
    columns: dict[str, list[str | None]] = {
        "region_code": ["33.74"] * 3, "date": ["2026-01-01", "2026-01-02", "2026-01-03"],
        "commodity_code": ["beras_medium"] * 3, "stock_kg": ["100", "300", "300"], "capacity_kg": ["200", "200", None],
    }  # fmt: skip
    outcome = check(checker, tmp_path, columns, STOCK)
    assert why(outcome) == {3: [("table.within_capacity", "200 | 300")]}
    assert "Kapasitas gudang" in rows(outcome.quarantined)[0]["reasons"][0]["message"]


def test_a_warning_rule_warns_and_keeps_the_row(checker: Checker, tmp_path: Path) -> None:
    outcome = check(checker, tmp_path, make.prices(3, price=["450", "12000", "12000"]))
    assert (outcome.verdict, outcome.accepted_rows) == (Verdict.WARNED, 3)
    assert [w.code for w in outcome.warnings] == ["RULE_BROKEN"] and outcome.warnings[0].values["rule"] == "price.usual"


def test_a_share_that_may_fail_is_not_set_aside_while_it_holds(checker: Checker, tmp_path: Path) -> None:
    columns = [make.column("id", key=True), make.column("n", ColumnType.INTEGER)]
    limit = make.rule("n.some", "expect_column_values_to_be_between", column="n", min_value=1, mostly=0.5)
    contract = make.contract(columns, [limit], reject_share=0.9)
    few = check(checker, tmp_path, {"id": list("abcd"), "n": ["0", "1", "2", "3"]}, contract)
    many = check(checker, tmp_path, {"id": list("abcd"), "n": ["0", "0", "0", "3"]}, contract)
    assert (few.quarantined_rows, many.quarantined_rows) == (0, 3)


def test_sen_are_rounded_to_whole_rupiah_and_said(checker: Checker, tmp_path: Path) -> None:
    outcome = check(checker, tmp_path, make.prices(3, price=["30152.17", "27000.5", "36500"]))
    assert [r["price"] for r in rows(outcome.accepted)] == [30152, 27001, 36500]
    assert [(w.code, w.values["rows"]) for w in outcome.warnings] == [("ROUNDED", 2)]


def test_figures_with_a_footnotes_mark_are_read_and_said(checker: Checker, tmp_path: Path) -> None:
    outcome = check(checker, tmp_path, make.prices(3, price=["30.152*", "27.000", "36.500**)"]))
    assert [r["price"] for r in rows(outcome.accepted)] == [30152, 27000, 36500]
    assert [(w.code, w.values["rows"]) for w in outcome.warnings] == [("VALUES_MARKED", 2)]


# -- whatever the table


def test_every_type_is_typed(checker: Checker, tmp_path: Path) -> None:
    columns = [
        make.column("id", key=True), make.column("whole", ColumnType.INTEGER), make.column("measure", ColumnType.NUMBER),
        make.column("day", ColumnType.DATE), make.column("at", ColumnType.MOMENT), make.column("yes", ColumnType.BOOLEAN),
    ]  # fmt: skip
    data: dict[str, list[str | None]] = {
        "id": ["a", "b", "c"], "whole": ["1.000", "-", ""], "measure": ["0,5", None, "n/a"],
        "day": ["1 Mei 2025", None, "-"], "at": ["2025-05-01 00:00 WIB", "—", None], "yes": ["Ya", "tidak", "N/A"],
    }  # fmt: skip
    outcome = check(checker, tmp_path, data, make.contract(columns))
    first, second, third = rows(outcome.accepted)
    at = datetime(2025, 4, 30, 17, tzinfo=UTC)
    assert first == {
        "id": "a",
        "whole": 1000,
        "measure": 0.5,
        "day": date(2025, 5, 1),
        "at": at,
        "yes": True,
        "_row": 2,
    }
    assert second["yes"] is False
    assert [third[c] for c in ("whole", "measure", "day", "at", "yes")] == [None] * 5


def test_headers_that_differ_only_in_case_or_hold_quotes_are_kept_apart(checker: Checker, tmp_path: Path) -> None:
    columns = make.prices(2, price=["1", "12000"]) | {"Price'\"": ["x", "y"], "PRICE": ["p", "q"]}
    outcome = check(checker, tmp_path, columns)
    original = json.loads(rows(outcome.quarantined)[0]["original"])
    assert (original["price"], original["PRICE"], original["Price'\""]) == ("1", "p", "x")


def test_a_checker_goes_on_after_a_broken_table(checker: Checker, tmp_path: Path) -> None:
    job: CheckJob = make.job(tmp_path, make.source(make.prices(2)), PRICE)
    job.table.write_bytes(b"not arrow at all")
    with pytest.raises(next(e for e in all_errors() if e.code == "CHECK_FAILED")):
        checker.run(job)
    assert check(checker, tmp_path, make.prices(2)).verdict is Verdict.PUBLISHED
