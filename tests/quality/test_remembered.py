"""What was confirmed of a source holds until its file says otherwise, and then a person is told what has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from core.mapping import DatasetMapping, Melt
from core.table import Place, TextTable, text_table
from core.verdict import Verdict
from quality import gate
from quality.outcome import CheckOutcome, Hold
from quality.remembered import Remembering, contradicted, with_renewal
from tests.quality.factories import CONTRACTS, NOW, REFERENCES, mapping

STOCK = mapping(
    "commodity_stock",
    {"date": "Tanggal", "commodity_code": "Komoditas", "stock_kg": "Stok (ton)", "warehouse": "Gudang"},
    factors={"stock_kg": "1000"},
)


def table(columns: Mapping[str, Sequence[str]], title: str | None = None) -> TextTable:
    rows = list(zip(*columns.values(), strict=True))
    return replace(text_table("stok", Place("stok.csv"), list(columns), rows), title=title)


def stock(header: str, **more: Sequence[str]) -> dict[str, Sequence[str]]:
    return {
        "Tanggal": ["2026-01-01", "2026-01-02"], "Komoditas": ["Beras Medium"] * 2, header: ["12", "13"],
        "Gudang": ["Gudang Mijen"] * 2, **more,
    }  # fmt: skip


def asked(columns: Mapping[str, Sequence[str]], how: DatasetMapping, title: str | None = None) -> list[Hold]:
    return contradicted(table(columns, title), remembering(how))


def remembering(how: DatasetMapping) -> Remembering:
    return Remembering(CONTRACTS[how.contract], how, REFERENCES, frozenset({"33.74"}), NOW)


def test_a_unit_that_the_mapping_reckons_with_is_no_question() -> None:
    assert asked(stock("Stok (ton)"), STOCK) == []


@pytest.mark.parametrize(
    ("columns", "title"),
    [
        (stock("Stok (kg)"), None),
        (stock("Stok", Satuan=["kg", "kg"]), None),
        (stock("Stok", Satuan=["ton", "kg"]), None),
        (stock("Stok"), "Stok beras (dalam kg)"),
    ],
)
def test_another_unit_in_header_column_or_title_never_passes(
    columns: Mapping[str, Sequence[str]], title: str | None
) -> None:
    header = next(name for name in columns if name.startswith("Stok"))
    how = replace(STOCK, columns={**STOCK.columns, "stock_kg": header})
    [hold] = asked(columns, how, title)
    assert (hold.code, hold.values["unit"], hold.values["mapped"]) == ("UNIT_CONTRADICTED", "kg", "1000")
    assert "kg" in hold.text("id") and "1000" in hold.text("en")


def test_a_unit_that_a_person_confirmed_stands_whatever_it_looks_like() -> None:
    how = replace(STOCK, columns={**STOCK.columns, "stock_kg": "Stok (kg)"}, units={"stock_kg": "KG"})
    assert asked(stock("Stok (kg)"), how) == []


def test_the_unit_of_melted_headers_counts_too() -> None:
    how = mapping(
        "commodity_stock",
        {"commodity_code": "Komoditas"},
        factors={"stock_kg": "1000"},
        melts=(Melt("stock_kg", pattern=r"(?P<year>\d{4}) .*", written={"date": "{year}-12-31"}),),
    )
    [hold] = asked({"Komoditas": ["Beras"], "2023 (ton)": ["1"], "2024 (kg)": ["1"]}, how)
    assert hold.values["header"] == "2024 (kg)"


def held(code: str) -> CheckOutcome:
    hold = Hold(code, {"columns": "stock_kg (Stok (ton))", "found": "-", "renewed": ""})
    return CheckOutcome(
        verdict=Verdict.HELD, accepted=None, quarantined=None, source_rows=2, accepted_rows=0, quarantined_rows=0,
        reasons={}, holds=(hold,), warnings=(), result=b"", decided={}, columns=(),
    )  # fmt: skip


def test_a_hold_about_columns_says_how_the_file_is_likely_to_be_read_now() -> None:
    now = table(stock("Stok Akhir (kg)"))
    outcome = with_renewal(held("MAPPED_COLUMNS_MISSING"), now, remembering(STOCK))
    said = outcome.holds[0].text("id")
    assert "“Stok (ton)” kini “Stok Akhir (kg)”" in said and "lumbung map confirm" in said


def test_other_holds_say_nothing_of_it() -> None:
    before = held("TOO_MANY_REJECTED")
    assert with_renewal(before, table(stock("Stok Akhir (kg)")), remembering(STOCK)) is before


def test_S20_the_first_delivery_is_held_against_what_was_confirmed() -> None:
    assert gate.changed_columns(None, ["A", "B", "Jan 2024"], {"Jan 2024"}, ["a", "B"]) is None
    hold = gate.changed_columns(None, ["A", "B", "C"], (), ["A", "B"])
    assert hold is not None and hold.values["added"] == "C"


def test_S20_headers_that_were_confirmed_anew_need_no_release() -> None:
    before = ["Tanggal", "Harga"]
    assert gate.changed_columns(before, ["Tanggal", "Harga Eceran"], (), ["Tanggal", "Harga Eceran"]) is None
    assert gate.changed_columns(before, ["Tanggal", "Harga Eceran"], (), ["Tanggal"]) is not None


def test_what_stood_there_before_and_was_not_meant_is_not_offered() -> None:
    how = replace(STOCK, headers=("Tanggal", "Komoditas", "Stok (ton)", "Gudang", "Stok Akhir (kg)"))
    outcome = with_renewal(held("MAPPED_COLUMNS_MISSING"), table(stock("Stok Akhir (kg)")), remembering(how))
    assert outcome.holds[0].values["renewed"] == ""
