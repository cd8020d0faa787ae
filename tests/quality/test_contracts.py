"""Contracts: what a YAML file must say, and what it is refused for."""

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.contract import Classification, ColumnType, Mode, Severity
from core.contract_metadata import DataKind
from core.contracts import PARTS, load_contract, load_contracts, parse_contract
from core.errors import ContractInvalid, ContractRuleUnknown
from core.messages import catalogue
from core.rules import EXPECTATIONS

FOLDER = Path(__file__).parents[2] / "quality" / "contracts"
SHIPPED = load_contracts(FOLDER)
PRICE: dict[str, Any] = yaml.safe_load((FOLDER / "commodity_price.yaml").read_text("utf-8"))


def test_the_standards_ship_with_their_owner_mode_and_key() -> None:
    facts = {c.name: (c.owner, c.mode, c.key) for c in SHIPPED.values()}
    assert facts == {
        "commodity_price": (
            "logistics",
            Mode.UPSERT,
            ("region_code", "date", "market", "commodity_code", "price_level"),
        ),
        "commodity_stock": ("logistics", Mode.UPSERT, ("region_code", "date", "warehouse", "commodity_code")),
        "river_stage": ("flood", Mode.UPSERT, ("gauge_code", "observed_at")),
        "rainfall": ("flood", Mode.UPSERT, ("region_code", "station", "date")),
        "population": ("catalog", Mode.REPLACE, ("region_code", "year", "sex", "district")),
        "flood_report": ("flood", Mode.UPSERT, ("region_code", "district", "village", "started_at")),
        "warehouse": ("logistics", Mode.REPLACE, ("region_code", "warehouse")),
        "permit": ("catalog", Mode.UPSERT, ("region_code", "permit_kind", "permit_number")),
        "regional_revenue": ("catalog", Mode.UPSERT, ("region_code", "year", "month", "account_code")),
        "budget_realisation": (
            "catalog",
            Mode.UPSERT,
            ("region_code", "year", "month", "office", "programme", "account_code"),
        ),
        "official_travel": ("catalog", Mode.UPSERT, ("region_code", "office", "letter_number", "traveller_no")),
        "river_network": ("flood", Mode.REPLACE, ("segment_code", "stated_on")),
        "regional_asset": (
            "catalog",
            Mode.REPLACE,
            ("region_code", "office", "asset_code", "register_number"),
        ),
        "citizen_complaint": ("catalog", Mode.UPSERT, ("region_code", "complaint_number")),
        "development_indicator": ("catalog", Mode.UPSERT, ("region_code", "year", "indicator_code", "sex")),
        "smart_city_programme": ("catalog", Mode.UPSERT, ("region_code", "year", "programme", "activity")),
        "application": ("catalog", Mode.REPLACE, ("region_code", "application")),
        "maternal_health": ("catalog", Mode.REPLACE, ("region_code", "year", "district", "cause", "place")),
    }


@pytest.mark.parametrize("contract", SHIPPED.values(), ids=lambda c: c.name)
def test_every_standard_and_column_states_the_five_parts_in_both_languages(contract: Any) -> None:
    for owner in (contract, *contract.columns):
        assert set(owner.standard) == set(PARTS)
        for part in (*owner.standard.values(), owner.title):
            assert part["id"].strip() and part["en"].strip()
    assert contract.freshness_hours and contract.region_column == "region_code"
    # of events there may be none or few, so no number of them is too small
    assert (contract.volume.min_rows, contract.volume.max_drop) == ((None, None) if contract.event else (1, 0.3))


def test_a_complaint_never_says_who_complained() -> None:
    complaint = SHIPPED["citizen_complaint"]
    assert [c.name for c in complaint.columns if c.personal] == ["summary"]  # people write names into free text
    assert not {"name", "phone", "email", "nik", "address"} & {c.name for c in complaint.columns}


def test_floods_are_events_of_which_none_is_a_complete_report() -> None:
    assert "flood_report" in {c.name for c in SHIPPED.values() if c.event}


@pytest.mark.parametrize("contract", SHIPPED.values(), ids=lambda c: c.name)
def test_what_names_a_person_is_closed_and_names_no_row(contract: Any) -> None:
    for column in contract.columns:
        if column.personal:
            assert column.classification is Classification.CLOSED and not column.key, column.name


def test_columns_that_tell_where_reserves_lie_or_people_live_are_limited() -> None:
    limited = {
        name: [c.name for c in SHIPPED[name].columns if c.classification is Classification.LIMITED]
        for name in ("commodity_stock", "warehouse", "permit")
    }
    assert limited == {
        "commodity_stock": ["warehouse_address"],
        "warehouse": ["address", "latitude", "longitude"],
        "permit": ["location"],
    }


def test_persons_are_named_where_the_law_on_personal_data_must_be_kept() -> None:
    named = {c.name: [k.name for k in c.columns if k.personal] for c in SHIPPED.values()}
    assert named["permit"] == ["applicant_name"]
    assert named["official_travel"] == ["traveller_name", "traveller_nip"]


def test_months_are_understood_by_their_names() -> None:
    for name in ("regional_revenue", "budget_realisation"):
        month = SHIPPED[name].column("month")
        assert (month.type, month.labels["10"], len(month.labels)) == (ColumnType.INTEGER, "Oktober", 12)


def test_a_river_segment_names_gauges_of_the_list() -> None:
    found = {c.name for c in SHIPPED["river_network"].columns if c.reference == "gauge"}
    assert found == {"from_gauge", "to_gauge"}
    assert SHIPPED["river_network"].metadata.kind is DataKind.GEOSPATIAL


@pytest.mark.parametrize("name", SHIPPED)
def test_a_standard_says_who_makes_the_data_when_it_is_due_and_what_it_gives(name: str) -> None:
    metadata = SHIPPED[name].metadata
    assert metadata.producer and metadata.release is not None and metadata.indicators


def test_fields_of_a_column_imply_rules() -> None:
    rules = {r.id: r for r in SHIPPED["commodity_price"].rules}
    assert rules["price.required"].type == "expect_column_values_to_not_be_null"
    assert rules["price.range"].kwargs == {"column": "price", "min_value": 100, "max_value": 1_000_000}
    assert rules["date.range"].kwargs["min_value"] == date(2000, 1, 1)
    assert rules["price_level.enum"].kwargs["value_set"] == ["konsumen", "produsen"]
    assert rules["key.unique"].type == "expect_compound_columns_to_be_unique"
    assert rules["rows.volume"].severity is Severity.HOLD
    assert rules["price.usual"].severity is Severity.WARNING


def test_every_expectation_we_evaluate_has_its_sentence_in_both_languages() -> None:
    for locale in ("id", "en"):
        known = catalogue(locale)
        for kind, expectation in EXPECTATIONS.items():
            name = "quality.rule." + kind.removeprefix("expect_")
            wanted = {name, f"{name}.min", f"{name}.max"} if "between" in kind and expectation.rows else {name}
            assert wanted <= set(known), (locale, kind)


def _changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    data = copy.deepcopy(PRICE)
    change(data)
    return data


def _column(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in data["schema"][0]["properties"] if p["name"] == name)
    return found


def test_a_later_folder_replaces_a_standard_of_the_same_name(tmp_path: Path) -> None:
    mine = _changed(lambda d: d.update(version="1.1.0"))
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(mine), "utf-8")
    loaded = load_contracts(FOLDER, tmp_path, tmp_path / "absent")
    assert loaded["commodity_price"].version == "1.1.0"
    assert loaded["commodity_price"].sha256 != SHIPPED["commodity_price"].sha256
    assert loaded["rainfall"] == SHIPPED["rainfall"]


def test_the_same_content_has_the_same_sha_however_it_is_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "again.yaml"
    path.write_text(yaml.safe_dump(PRICE, sort_keys=True), "utf-8")
    assert load_contract(path).sha256 == SHIPPED["commodity_price"].sha256


def _without(owner: dict[str, Any], name: str) -> None:
    owner["customProperties"] = [p for p in owner["customProperties"] if p["property"] != name]


REFUSED: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("not ODCS", lambda d: d.update(kind="Something"), "/kind"),
    ("unknown field", lambda d: d.update(colour="red"), "/"),
    ("no owner", lambda d: d.update(domain="weather"), "/domain"),
    ("no mode", lambda d: d["schema"][0]["customProperties"].remove({"property": "mode", "value": "upsert"}), "/mode"),
    ("no unit part", lambda d: _without(_column(d, "price"), "satuan"), "/satuan"),
    ("no English title", lambda d: _column(d, "price")["customProperties"].pop(0), "/title"),
    ("unknown type", lambda d: _column(d, "price").update(logicalType="time"), "/logicalType"),
    ("unknown class", lambda d: _column(d, "price").update(classification="rahasia"), "/classification"),
    ("unknown property", lambda d: _column(d, "price")["customProperties"].append({"property": "x", "value": 1}), "/9"),
    ("a rule stated twice", lambda d: _column(d, "price")["quality"].append(_column(d, "price")["quality"][0]), "price.usual"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "at"), REFUSED, ids=[r[0] for r in REFUSED])
def test_an_invalid_contract_is_refused_with_file_and_path(
    name: str, change: Callable[[dict[str, Any]], object], at: str
) -> None:
    with pytest.raises(ContractInvalid) as caught:
        parse_contract(_changed(change), Path("own.yaml"))
    assert at in str(caught.value.values["path"])
    assert "own.yaml" in caught.value.what("id")


def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("a: [1", "utf-8")
    with pytest.raises(ContractInvalid):
        load_contract(path)


GX = {"type": "custom", "engine": "greatExpectations"}
UNKNOWN: list[dict[str, Any]] = [
    {"type": "sql", "query": "select 1", "mustBe": 0},
    {"type": "text", "description": "Harga wajar"},
    {"metric": "nullValues", "mustBeGreaterThan": 3},
    {"metric": "nullValues", "mustBeLessOrEqualTo": 5, "unit": "rows"},
    {"metric": "invalidValues", "arguments": {"range": [1, 2]}, "mustBe": 0},
    {"metric": "invalidValues", "arguments": {"pattern": "(?=a)b"}, "mustBe": 0},
    {"metric": "invalidValues", "arguments": {"pattern": "(a"}, "mustBe": 0},
    {"metric": "rowCount", "mustBeGreaterThan": 3},
    {"type": "custom", "engine": "soda", "implementation": "x"},
    {**GX, "implementation": {"type": "expect_column_kl_divergence_to_be_less_than", "kwargs": {}}},
    {**GX, "implementation": {"type": "expect_column_values_to_be_between", "kwargs": {"row_condition": "a > 1"}}},
    {**GX, "implementation": {"type": "expect_column_values_to_match_regex", "kwargs": {}}},
    {**GX, "implementation": {"type": "expect_column_values_to_match_regex", "kwargs": {"regex": "a"}}},
    {**GX, "implementation": {"type": "expect_column_values_to_be_between", "kwargs": {}}},
    {**GX, "implementation": {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "market"}}},
    {"metric": "nullValues", "mustBe": 0, "severity": "terrible"},
]


@pytest.mark.parametrize("entry", UNKNOWN, ids=str)
def test_a_rule_we_cannot_map_is_an_error_naming_file_column_and_rule(entry: dict[str, Any]) -> None:
    data = _changed(lambda d: _column(d, "price").update(quality=[entry]))
    with pytest.raises(ContractRuleUnknown) as caught:
        parse_contract(data, Path("own.yaml"))
    assert caught.value.values["column"] == "price"
    assert caught.value.values["rule"]


MAPPED: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"metric": "nullValues", "mustBeLessOrEqualTo": 5, "unit": "percent"},
     "expect_column_values_to_not_be_null", {"column": "price", "mostly": 0.95}),
    ({"metric": "missingValues", "arguments": {"missingValues": [None, ""]}, "mustBe": 0},
     "expect_column_values_to_not_be_null", {"column": "price"}),
    ({"metric": "missingValues", "arguments": {"missingValues": ["0"]}, "mustBe": 0},
     "expect_column_values_to_not_be_in_set", {"column": "price", "value_set": [0]}),
    ({"metric": "invalidValues", "arguments": {"validValues": ["1", "2"]}, "mustBe": 0},
     "expect_column_values_to_be_in_set", {"column": "price", "value_set": [1, 2]}),
    ({"metric": "duplicateValues", "mustBe": 0}, "expect_column_values_to_be_unique", {"column": "price"}),
    ({**GX, "implementation": "type: expect_column_mean_to_be_between\nkwargs: {min_value: 1, max_value: 9}"},
     "expect_column_mean_to_be_between", {"column": "price", "min_value": 1, "max_value": 9}),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "kind", "kwargs"), MAPPED, ids=lambda v: str(v)[:40])
def test_library_metrics_and_expectations_become_rules(
    entry: dict[str, Any], kind: str, kwargs: dict[str, Any]
) -> None:
    data = _changed(lambda d: _column(d, "price").update(quality=[entry]))
    rule = [r for r in parse_contract(data, Path("own.yaml")).rules if r.id.startswith("price.")][-1]
    assert (rule.type, dict(rule.kwargs)) == (kind, kwargs)


def test_rules_about_the_whole_table_hold_it() -> None:
    entry = {"metric": "rowCount", "mustBeBetween": [10, 20]}
    data = _changed(lambda d: d["schema"][0].update(quality=[entry]))
    rule = parse_contract(data, Path("own.yaml")).rules[-1]
    assert (rule.id, rule.severity, dict(rule.kwargs)) == (
        "table.rowCount", Severity.HOLD, {"min_value": 10, "max_value": 20},
    )  # fmt: skip


def test_a_table_rule_that_names_no_column_of_the_contract_is_refused() -> None:
    kwargs = {"column_A": "price", "column_B": "ceiling"}
    entry = {**GX, "implementation": {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": kwargs}}
    with pytest.raises(ContractRuleUnknown):
        parse_contract(_changed(lambda d: d["schema"][0].update(quality=[entry])), Path("own.yaml"))


def test_columns_of_a_contract_are_typed_and_united() -> None:
    price = SHIPPED["commodity_price"].column("price")
    assert (price.type, price.unit, price.required, price.key) == (ColumnType.INTEGER, "rupiah", True, False)
    assert SHIPPED["river_stage"].column("gauge_code").reference == "gauge"
