"""The labels of harmonisation: whole, apart, true to the tables they speak of, and scored as they say."""

from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks._mapping_cases import LABELS, ROOT, Case, cases, present, tables_of
from benchmarks._mapping_score import Sums, score
from benchmarks._mapping_variants import made
from core.contracts import load_contracts
from quality.harmonise.suggestion import ColumnSuggestion, Suggestion

CONTRACTS = load_contracts(ROOT / "quality" / "contracts")
SETS = [path.stem for path in sorted(LABELS.glob("*.json"))]
ALL = [pytest.param(case, id=f"{name}-{i}") for name in SETS for i, case in enumerate(cases(name))]


def perfect(case: Case, confidence: float = 0.95, **other: Any) -> Suggestion:
    """The answer that a label asks for; of columns that may stand for each other the first."""
    seen: set[str] = set()
    columns = []
    for label in case["columns"]:
        melt: Mapping[str, Any] | None = label.get("melt")
        to, one_of = label["to"], label.get("one_of")
        if one_of is not None:
            to = None if one_of in seen else one_of
            seen.add(one_of)
        target = melt["value"] if melt else to
        names = () if melt is None else (melt["names"],) if isinstance(melt["names"], str) else tuple(melt["names"])
        columns.append(
            ColumnSuggestion(
                header=label["header"],
                to=target,
                role="melt" if melt else "unused" if to is None else "column",
                confidence=confidence,
                names=names,
                factor=label.get("factor"),
                **other,
            )
        )
    return Suggestion(case["standard"], confidence, case["table"] or "any", 1, tuple(columns))


@pytest.mark.parametrize("case", ALL)
def test_a_label_names_columns_that_its_standard_has(case: Case) -> None:
    if case["standard"] is None:
        assert all(c["to"] is None and not c.get("melt") for c in case["columns"])
        return
    known = {c.name for c in CONTRACTS[case["standard"]].columns}
    for label in case["columns"]:
        melt = label.get("melt")
        named = [] if not melt else [melt["names"]] if isinstance(melt["names"], str) else melt["names"]
        assert {label["to"], *([melt["value"]] if melt else []), *named} - {None} <= known
    assert set(case["constants"]) <= known
    once = [c["to"] for c in case["columns"] if c["to"] is not None and "one_of" not in c]
    assert len(once) == len(set(once)), "one column of a standard is filled by one column of the file"


@pytest.mark.parametrize("case", ALL)
def test_a_label_names_the_headers_that_the_readers_give(case: Case) -> None:
    if not present([case]):
        pytest.skip(f"{case['file']} is not under ../shared/data")
    _, tables = tables_of(case)
    labelled = [c["header"] for c in case["columns"]]
    if case["standard"] is None:
        assert set(labelled) == {h for t in tables for h in t.columns}
    else:
        table = next(t for t in tables if case["table"] in (None, t.name))
        assert labelled == list(table.columns)


def test_every_standard_has_labels_in_both_halves_and_none_is_in_both() -> None:
    halves = {name: cases(name) for name in ("open", "sealed")}
    for half in halves.values():
        assert {c["standard"] for c in half} == {None, *CONTRACTS}
    names = [c["case"] for half in halves.values() for c in half]
    assert len(names) == len(set(names))
    assert sum(c["variant"] is not None and c["standard"] is not None for h in halves.values() for c in h) >= 60


def test_a_table_is_made_with_the_same_bytes_every_time() -> None:
    described = [c["variant"] for c in cases("open") if c["variant"]]
    assert [made(v) for v in described[:12]] == [made(v) for v in described[:12]]


@pytest.mark.parametrize("name", SETS)
def test_the_answer_that_a_label_asks_for_is_wholly_right(name: str) -> None:
    sums = Sums()
    for case in cases(name):
        sums.add(score(case, [perfect(case)]))
    assert (sums.right, sums.answered, sums.wrong_when_sure) == (sums.columns, sums.columns, 0)
    assert (sums.files_right, sums.strange_right) == (sums.files, sums.strange)


def _case(**label: Any) -> Case:
    return {
        "case": "x",
        "standard": "commodity_stock",
        "table": None,
        "columns": [{"header": "h", "to": None, **label}],
    }


def _score(
    case: Case, *columns: ColumnSuggestion, standard: str | None = "commodity_stock", sure: float = 0.95
) -> Sums:
    sums = Sums()
    sums.add(score(case, [Suggestion(standard, sure, "any", 1, columns)]))
    return sums


def test_a_missed_factor_is_wrong_and_counts_when_sure() -> None:
    case = _case(to="stock_kg", factor="1000")
    sure = _score(case, ColumnSuggestion("h", "stock_kg", "column", 0.95))
    assert (sure.right, sure.wrong_when_sure) == (0, 1)
    asked = _score(case, ColumnSuggestion("h", "stock_kg", "column", 0.6))
    assert (asked.right, asked.answered, asked.wrong_when_sure) == (0, 0, 0)
    assert _score(case, ColumnSuggestion("h", "stock_kg", "column", 0.95, factor="1000.0")).right == 1


def test_a_stated_style_must_be_right_and_one_left_to_casting_is_not_wrong() -> None:
    case = _case(to="date", date_style="dmy")
    assert _score(case, ColumnSuggestion("h", "date", "column", 0.95, date_style="mdy")).wrong_when_sure == 1
    assert _score(case, ColumnSuggestion("h", "date", "column", 0.95)).right == 1


def test_a_code_and_its_name_are_right_when_exactly_one_of_them_is_taken() -> None:
    pair = [{"header": h, "to": "region_code", "one_of": "region_code"} for h in ("code", "name")]
    case: Case = {"case": "x", "standard": "population", "table": None, "columns": pair}

    def both(first: str | None, second: str | None) -> int:
        roles = [ColumnSuggestion(h, to, "column", 0.95) for h, to in (("code", first), ("name", second))]
        return _score(case, *roles, standard="population").right

    assert [both("region_code", None), both(None, "region_code")] == [2, 2]
    assert [both("region_code", "region_code"), both(None, None)] == [0, 0]


def test_columns_of_one_melt_count_as_one_that_is_right_when_all_are() -> None:
    labels = [
        {"header": h, "to": None, "melt": {"value": "stock_kg", "names": "date"}} for h in ("Januari", "Februari")
    ]
    case: Case = {"case": "x", "standard": "commodity_stock", "table": None, "columns": labels}
    one = ColumnSuggestion("Januari", "stock_kg", "melt", 0.95, names=("date",))
    sums = _score(case, one, ColumnSuggestion("Februari", None, "unused", 0.5))
    assert (sums.columns, sums.right) == (1, 0)


def test_a_file_that_fits_no_standard_is_wrong_when_one_is_proposed_and_worse_when_sure() -> None:
    case: Case = {"case": "x", "standard": None, "table": None, "columns": [{"header": "h", "to": None}]}
    column = ColumnSuggestion("h", "stock_kg", "column", 0.95)
    assert _score(case, column, sure=0.95).wrong_when_sure == 1
    asked = _score(case, column, sure=0.6)
    assert (asked.strange_right, asked.wrong_when_sure) == (0, 0)
    assert _score(case, column, sure=0.4).strange_right == 1
    assert _score(case, standard=None).strange_right == 1


def test_another_standard_makes_every_column_wrong_that_is_given_a_place() -> None:
    case = _case(to="stock_kg")
    assert _score(case, ColumnSuggestion("h", "stock_kg", "column", 0.95), standard="warehouse").wrong_when_sure == 1
