"""What a new version of a standard changes, how large a step it is, and which of the rows that stand would fail."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.arrow import ARROW
from core.contract import Column, ColumnType, Contract, Rule, Severity
from core.contracts import load_contract
from core.mapping import DatasetMapping, Match
from core.reference import CodeList, code_list
from quality.standard import diff
from quality.standard.diff import Step

OLD = load_contract(Path(__file__).parents[2] / "quality" / "contracts" / "commodity_price.yaml")


def column(name: str, **more: Any) -> Column:
    old = OLD.column("market")
    return replace(old, name=name, key=False, **more)


def with_rule(id_: str, **kwargs: Any) -> Contract:
    rules = tuple(replace(r, kwargs={**r.kwargs, **kwargs}) if r.id == id_ else r for r in OLD.rules)
    return replace(OLD, rules=rules, version="2.0.0")


def rows(*given: Mapping[str, Any]) -> pa.Table:
    plain = {
        "region_code": "33.21",
        "market": "A",
        "commodity_code": "beras",
        "price_level": "konsumen",
        "price": 9_000,
    }
    facts = {"_member": "33.21", "_source": "s", "_dataset": "d", "_resource": "r"}
    full = [{**facts, **plain, **row} for row in given]
    fields = [(c.name, ARROW[c.type]) for c in OLD.columns] + [(name, pa.string()) for name in facts]
    return pa.Table.from_pylist(full, pa.schema(fields))


def failing(
    new: Contract, given: Sequence[Mapping[str, Any]], references: Mapping[str, CodeList] | None = None
) -> list[tuple[str, str, int, int]]:
    found = diff.newly_failing(OLD, new, rows(*given), references or {})
    return [(b.member, b.rule, b.rows, b.of) for b in found]


@pytest.mark.parametrize(
    ("new", "step", "kind"),
    [
        (OLD, Step.NONE, ""),
        (replace(OLD, title={"id": "Harga", "en": "Prices"}), Step.PATCH, "words"),
        (replace(OLD, columns=(*OLD.columns, column("grade"))), Step.MINOR, "column_added"),
        (replace(OLD, columns=(*OLD.columns, column("grade", required=True))), Step.MAJOR, "column_required"),
        (replace(OLD, columns=OLD.columns[:-1]), Step.MAJOR, "column_removed"),
        (with_rule("price.range", max_value=200_000), Step.MAJOR, "rule_changed"),
        (with_rule("price_level.enum", value_set=["konsumen"]), Step.MAJOR, "rule_changed"),
        (replace(OLD, reject_share=0.1), Step.MAJOR, "setting"),
    ],
)
def test_only_columns_that_may_be_empty_are_a_minor_step(new: Contract, step: Step, kind: str) -> None:
    found = diff.changes(OLD, new)
    assert diff.needed(found) is step
    assert not kind or found[0].kind == kind
    assert all("?" not in change.what and not change.what.startswith("standard.diff") for change in found)


@pytest.mark.parametrize(
    ("version", "step"),
    [("1.0.0", Step.NONE), ("1.0.1", Step.PATCH), ("1.1.0", Step.MINOR), ("2.0.0", Step.MAJOR), ("0.9.0", Step.NONE)],
)
def test_the_step_that_the_numbers_take(version: str, step: Step) -> None:
    assert diff.taken(OLD, replace(OLD, version=version)) is step


def test_rows_that_a_narrower_rule_turns_away_are_counted_by_dataset() -> None:
    given = [{"price": 50}, {"price": 300_000}, {"price": 300_000, "_member": "33.22", "_dataset": "e"}]
    new = with_rule("price.range", min_value=10, max_value=200_000)
    assert failing(new, given) == [("33.21", "price.range", 1, 2), ("33.22", "price.range", 1, 1)]
    assert failing(OLD, given) == []  # what stands is not judged anew by what it has passed


def test_a_new_required_column_is_lacked_by_every_row_and_by_mappings_without_it() -> None:
    grade = column("grade", required=True)
    rule = Rule("grade.required", "expect_column_values_to_not_be_null", {"column": "grade"}, Severity.ROW)
    new = replace(
        OLD,
        columns=(*OLD.columns[:-1], grade),
        rules=(*(r for r in OLD.rules if r.kwargs.get("column") != "unit"), rule),
    )
    assert failing(new, [{}, {}]) == [("33.21", "grade.required", 2, 2)]
    mapped = DatasetMapping(OLD.name, Match(), {"price": "harga", "unit": "satuan"})
    assert diff.gap(OLD, new, mapped) == (("grade",), ("unit",))
    assert diff.gap(OLD, new, replace(mapped, columns={}, constants={"grade": "A"})) == ((), ())


def test_another_type_key_or_code_list_turns_away_what_does_not_fit() -> None:
    market = replace(OLD.column("market"), type=ColumnType.INTEGER)
    retyped = replace(OLD, columns=tuple(market if c.name == "market" else c for c in OLD.columns), rules=())
    assert failing(retyped, [{"market": "12"}, {"market": "Johar"}]) == [("33.21", "market.type", 1, 2)]
    unique = Rule("key.unique", "expect_column_values_to_be_unique", {"column": "market"}, Severity.ROW)
    assert failing(replace(OLD, rules=(unique,)), [{}, {}, {"market": "B"}]) == [("33.21", "key.unique", 2, 3)]
    coded = replace(OLD.column("market"), reference="market")
    listed = replace(OLD, columns=tuple(coded if c.name == "market" else c for c in OLD.columns), rules=())
    known = {"market": code_list("market", [("A", "Pasar A", [])])}
    assert failing(listed, [{}, {"market": "Z"}, {"market": None}], known) == [("33.21", "market.reference", 1, 3)]


def test_which_small_counts_are_hidden_is_compared_and_said() -> None:
    old = load_contract(Path(diff.__file__).parents[1] / "contracts" / "maternal_health.yaml")
    assert old.suppression is not None
    (more,) = diff.changes(old, replace(old, suppression=replace(old.suppression, threshold=10)))
    assert (more.step, more.kind, more.subject) == (Step.MAJOR, "setting", "suppression")
    assert more.before.startswith("count: deaths, flag: suppressed, by: [[") and more.before.endswith("threshold: 5")
    assert more.after.endswith("threshold: 10")
    (none,) = diff.changes(old, replace(old, suppression=None))
    assert (none.step, none.before, none.after) == (Step.MAJOR, more.before, "-")
