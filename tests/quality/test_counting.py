"""Dimensions are counts of what the gate recorded: never outside 0..1, parts add up to the whole, more passed is more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.counting import counts, judged, tally
from quality.score import Dimension, Measure, total

REFERENCES = {"commodity_code": "commodity"}


def asked(
    rule: str, type_: str, kwargs: dict[str, Any], dimension: str = "conformity", severity: str = "row", **found: int
) -> Any:
    return {
        "expectation_config": {
            "type": type_,
            "kwargs": kwargs,
            "meta": {"lumbung": {"rule": rule, "severity": severity, "dimension": dimension}},
        },
        "result": found,
    }


def required(column: str, rows: int, nulls: int) -> Any:
    kind = "expect_column_values_to_not_be_null"
    return asked(f"{column}.required", kind, {"column": column}, element_count=rows, unexpected_count=nulls)


def unique(rows: int, broken: int) -> Any:
    kind, columns = "expect_compound_columns_to_be_unique", {"column_list": ["a", "b"]}
    return asked("key.unique", kind, columns, element_count=rows, unexpected_count=broken, missing_count=0)


def pair(rows: int, missing: int, broken: int, severity: str = "row") -> Any:
    kind = "expect_column_pair_values_a_to_be_greater_than_b"
    found = {"element_count": rows, "missing_count": missing, "unexpected_count": broken}
    return asked("table.pair", kind, {"column_A": "a", "column_B": "b"}, "consistency", severity, **found)


def counted(rows: int, quarantined: int, reasons: dict[str, int], *results: Any) -> dict[Dimension, Measure]:
    statistics = {"source_rows": rows, "quarantined_rows": quarantined, "reasons": reasons}
    return counts(statistics, {"results": list(results)}, REFERENCES)


def test_validity_is_rows_without_a_reason_of_rows_received() -> None:
    assert counted(100, 7, {})[Dimension.VALIDITY] == Measure(93, 100)


@pytest.mark.parametrize(
    ("statistics", "result"), [({}, {}), ({"source_rows": 9}, {}), ({"source_rows": 0}, {"results": []})]
)
def test_rows_that_were_never_judged_count_for_nothing(statistics: dict[str, int], result: dict[str, Any]) -> None:
    assert counts(statistics, result, {}) == {}


def test_a_cell_that_cannot_be_read_is_there_and_an_empty_one_is_not() -> None:
    found = counted(100, 5, {"date.required": 2, "date.date": 3}, required("date", 100, 5))
    assert found[Dimension.COMPLETENESS] == Measure(98, 100)


def test_repeated_rows_and_contradicting_keys_are_not_unique() -> None:
    found = counted(100, 6, {"key.unique": 4, "key.repeated": 2}, unique(100, 7))
    assert found[Dimension.UNIQUENESS] == Measure(94, 100)


def test_consistency_looks_only_at_rows_that_have_both_values() -> None:
    assert counted(100, 3, {"table.pair": 3}, pair(100, 60, 3))[Dimension.CONSISTENCY] == Measure(37, 40)
    assert Dimension.CONSISTENCY not in counted(100, 0, {}, pair(100, 100, 0))


def test_a_rule_that_only_warns_is_counted_though_its_rows_are_published() -> None:
    assert counted(100, 0, {}, pair(100, 0, 8, "warning"))[Dimension.CONSISTENCY] == Measure(92, 100)


def test_accuracy_is_codes_that_are_in_their_list_of_cells_that_hold_one() -> None:
    reasons = {"commodity_code.reference": 3, "commodity_code.required": 1}
    found = counted(100, 4, reasons, required("commodity_code", 100, 4))
    assert found[Dimension.ACCURACY] == Measure(96, 99)


def test_validity_is_taken_apart_by_rule_with_what_only_warned() -> None:
    statistics = {"source_rows": 100, "quarantined_rows": 5, "reasons": {"date.date": 3, "date.required": 2}}
    found = tally(statistics, {"results": [required("date", 100, 5), pair(100, 60, 8, "warning")]}, {})
    assert list(found.items()) == [("table.pair", (8, 40)), ("date.date", (3, 100)), ("date.required", (2, 100))]
    assert tally(statistics, {}, {}) == {}


def test_where_no_standard_refers_to_a_list_accuracy_is_not_measured() -> None:
    statistics = {"source_rows": 10, "quarantined_rows": 0, "reasons": {}}
    assert Dimension.ACCURACY not in counts(statistics, {"results": [required("a", 10, 0)]}, {})


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    rows = draw(st.integers(0, 1000))
    unread, empty, clash, wrong, unresolved = (draw(st.integers(0, rows // 5)) for _ in range(5))
    reasons = {
        "date.required": empty, "key.unique": clash, "table.pair": wrong, "commodity_code.reference": unresolved,
        "date.date": unread,
    }  # fmt: skip
    missing = draw(st.integers(0, rows - wrong))
    results = [
        required("date", rows, empty + unread), required("commodity_code", rows, unresolved),
        unique(rows, clash), pair(rows, missing, wrong),
    ]  # fmt: skip
    quarantined = draw(st.integers(max(reasons.values()), rows))
    return {"source_rows": rows, "quarantined_rows": quarantined, "reasons": reasons}, {"results": results}


@given(deliveries())
def test_every_share_lies_between_nothing_and_all(delivery: tuple[dict[str, Any], dict[str, Any]]) -> None:
    for found in counts(*delivery, REFERENCES).values():
        assert 0 <= found.passed <= found.measured
        assert found.share is not None and 0 <= found.share <= 1


@given(deliveries())
def test_what_failed_is_what_the_rules_counted(delivery: tuple[dict[str, Any], dict[str, Any]]) -> None:
    statistics, result = delivery
    rules = list(judged(statistics, result, REFERENCES))
    for dimension, found in counts(statistics, result, REFERENCES).items():
        if dimension is not Dimension.VALIDITY:
            assert found.measured - found.passed == sum(r.broken for r in rules if r.dimension is dimension)


measures = st.none() | st.integers(0, 10**9).flatmap(lambda n: st.integers(0, n).map(lambda passed: Measure(passed, n)))


@given(st.lists(measures), st.lists(measures))
def test_the_whole_is_the_sum_of_its_parts_however_they_are_grouped(
    a: list[Measure | None], b: list[Measure | None]
) -> None:
    assert total([total(a), total(b)]) == total([*a, *b])


@given(st.integers(1, 10**6), st.data())
def test_more_passed_is_never_a_lower_share(measured: int, data: st.DataObject) -> None:
    less = data.draw(st.integers(0, measured - 1))
    low, high = Measure(less, measured).share, Measure(less + 1, measured).share
    assert low is not None and high is not None and low < high
