"""One DuckDB query gives what Great Expectations' own pandas engine gives: verdict, counts, percentages, samples.

Every expectation type a contract may use is tried on data with nulls, duplicates, bad codes, bad dates and pair
violations, and on the edges: all null, no rows, one row.
"""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from core.arrow import ARROW
from core.contract import ColumnType, Contract, Rule
from core.rules import EXPECTATIONS
from quality import onepass
from quality.suite import expectation
from tests.quality.factories import column, contract, rule

COLUMNS = [
    column("code", ColumnType.TEXT, key=True),
    column("name", ColumnType.TEXT),
    column("day", ColumnType.DATE),
    column("at", ColumnType.MOMENT),
    column("amount", ColumnType.INTEGER),
    column("ceiling", ColumnType.INTEGER),
    column("measure", ColumnType.NUMBER),
]
LOW, HIGH = date(2024, 2, 1), date(2024, 3, 1)
FROM, TO = datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
CODES = ["33.01", "33.02", "33.74"]
Made = Callable[..., Rule]


def _rules() -> list[Rule]:
    made: list[Rule] = []

    def add(kind: str, **kwargs: Any) -> None:
        made.append(rule(f"r{len(made)}", f"expect_{kind}", **kwargs))

    for name in ("code", "day", "amount", "measure"):
        add("column_values_to_not_be_null", column=name)
        add("column_values_to_be_unique", column=name)
        add("column_unique_value_count_to_be_between", column=name, min_value=1, max_value=5)
    add("column_values_to_not_be_null", column="name", mostly=0.7)
    add("column_values_to_not_be_null", column="name", mostly=0.95)
    add("column_values_to_be_null", column="name")
    add("column_values_to_be_null", column="name", mostly=0.05)
    add("column_values_to_be_unique", column="code", mostly=0.01)
    for ignore in ("never", "all_values_are_missing", "any_value_is_missing"):
        add("compound_columns_to_be_unique", column_list=["code", "day"], ignore_row_if=ignore)
        add("compound_columns_to_be_unique", column_list=["code", "name", "amount"], ignore_row_if=ignore)
    add("compound_columns_to_be_unique", column_list=["code", "name"])
    add("column_values_to_be_in_set", column="code", value_set=CODES)
    add("column_values_to_be_in_set", column="code", value_set=CODES, mostly=0.5)
    add("column_values_to_be_in_set", column="amount", value_set=[1, 2, 3])
    add("column_values_to_not_be_in_set", column="code", value_set=["xx", "33.99"])
    add("column_values_to_match_regex", column="code", regex=r"^33\.[0-9]{2}$")
    add("column_values_to_match_regex", column="code", regex=r"3", mostly=0.9)
    add("column_values_to_not_match_regex", column="name", regex=r"^a|c$")
    add("column_values_to_be_between", column="amount", min_value=2, max_value=8)
    add("column_values_to_be_between", column="amount", min_value=2, max_value=8, strict_min=True, strict_max=True)
    add("column_values_to_be_between", column="amount", min_value=2)
    add("column_values_to_be_between", column="measure", max_value=0.5, mostly=0.4)
    add("column_values_to_be_between", column="day", min_value=LOW, max_value=HIGH)
    add("column_values_to_be_between", column="day", min_value=LOW, strict_min=True)
    add("column_values_to_be_between", column="at", min_value=FROM, max_value=TO)
    add("column_value_lengths_to_be_between", column="name", min_value=2, max_value=4)
    add("column_value_lengths_to_be_between", column="name", max_value=3)
    add("column_value_lengths_to_equal", column="code", value=5)
    for ignore in ("neither", "both_values_are_missing", "either_value_is_missing"):
        for or_equal in (True, False):
            add(
                "column_pair_values_a_to_be_greater_than_b", column_A="ceiling", column_B="amount",
                or_equal=or_equal, ignore_row_if=ignore,
            )  # fmt: skip
        add("column_pair_values_to_be_equal", column_A="ceiling", column_B="amount", ignore_row_if=ignore)
    add("column_pair_values_a_to_be_greater_than_b", column_A="ceiling", column_B="amount")
    for name, low, high in (("amount", 1, 4), ("measure", -0.5, 0.5)):
        for kind in ("mean", "min", "max", "sum", "stdev"):
            add(f"column_{kind}_to_be_between", column=name, min_value=low, max_value=high)
    add("column_mean_to_be_between", column="amount", min_value=1, max_value=4, strict_max=True)
    add("table_row_count_to_be_between", min_value=10, max_value=100)
    add("table_row_count_to_equal", value=60)
    add("table_columns_to_match_set", column_set=[c.name for c in COLUMNS], exact_match=True)
    add("table_columns_to_match_set", column_set=["code", "nothing"], exact_match=False)
    return made


RULES = _rules()


def _data(seed: int, rows: int, nulls: float) -> dict[str, list[Any]]:
    rnd = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if rnd.random() < nulls else value

    return {
        "code": [maybe(rnd.choice([*CODES, "33.99", "xx", "33.1", ""])) for _ in range(rows)],
        "name": [maybe("".join(rnd.choice("abcé ") for _ in range(rnd.randint(0, 6)))) for _ in range(rows)],
        "day": [maybe(LOW + timedelta(days=rnd.randint(-5, 40))) for _ in range(rows)],
        "at": [maybe(FROM + timedelta(minutes=rnd.randint(-9000, 60000))) for _ in range(rows)],
        "amount": [maybe(rnd.randint(0, 10)) for _ in range(rows)],
        "ceiling": [maybe(rnd.randint(0, 10)) for _ in range(rows)],
        "measure": [maybe(rnd.gauss(0, 1)) for _ in range(rows)],
    }


def _ours(data: Mapping[str, list[Any]], standard: Contract) -> list[Any]:
    table = pa.table({c.name: pa.array(data[c.name], ARROW[c.type]) for c in COLUMNS})
    table = table.append_column("_at", pa.array(range(table.num_rows), pa.int64()))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("t", table)
    compiled = onepass.compile_suite(standard)
    result, broken = onepass.evaluate(compiled, connection, "t", order="_at")
    connection.close()
    assert onepass.as_json(compiled, result) == result.to_json_dict()
    for one, judged in zip(standard.rules, result.results, strict=True):
        assert broken.get(one.id, judged.result.get("unexpected_count")) == judged.result.get("unexpected_count")
    return list(result.results)


def _theirs(data: Mapping[str, list[Any]], standard: Contract) -> list[Any]:
    import great_expectations as gx

    frame = pd.DataFrame(
        {
            "code": pd.Series(data["code"], dtype="object"),
            "name": pd.Series(data["name"], dtype="object"),
            "day": pd.to_datetime(pd.Series(data["day"], dtype="object")),
            "at": pd.to_datetime(pd.Series(data["at"], dtype="object"), utc=True),
            "amount": pd.Series(data["amount"], dtype="float64"),
            "ceiling": pd.Series(data["ceiling"], dtype="float64"),
            "measure": pd.Series(data["measure"], dtype="float64"),
        }
    )
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="x", expectations=[expectation(_as_pandas(r)) for r in standard.rules])
    results = {r.expectation_config.meta["lumbung"]["rule"]: r for r in batch.validate(suite).results}
    return [results[r.id] for r in standard.rules]


def _as_pandas(one: Rule) -> Rule:
    """pandas keeps a date as midnight."""
    kwargs = {
        k: datetime(v.year, v.month, v.day) if type(v) is date else v  # noqa: DTZ001 - pandas' naive midnight
        for k, v in one.kwargs.items()
    }
    return Rule(one.id, one.type, kwargs, one.severity, one.dimension, one.message)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if pd.isna(value) else round(value, 9)
    if isinstance(value, dict):
        return tuple(_plain(v) for v in value.values())
    if isinstance(value, list | tuple):
        return tuple(_plain(v) for v in value)
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, date | datetime):
        return pd.Timestamp(value).isoformat()[:19]
    return round(float(value), 9) if isinstance(value, int) and not isinstance(value, bool) else value


FIELDS = (
    "element_count", "unexpected_count", "missing_count", "unexpected_percent", "missing_percent",
    "unexpected_percent_total", "unexpected_percent_nonmissing", "observed_value", "partial_unexpected_list",
)  # fmt: skip


def _facts(result: Any) -> dict[str, Any]:
    facts = {name: _plain(result.result.get(name)) for name in FIELDS}
    if isinstance(facts["observed_value"], tuple):
        facts["observed_value"] = tuple(sorted(facts["observed_value"]))
    return {"success": bool(result.success), **facts}


@pytest.mark.parametrize(
    ("seed", "rows", "nulls", "small"),
    [(1, 60, 0.2, 100), (2, 7, 0.5, 100), (3, 1, 0.0, 100), (4, 5, 1.0, 100), (5, 0, 0.0, 100), (6, 400, 0.05, 0)],
)
def test_one_query_answers_as_the_pandas_engine_does(
    seed: int, rows: int, nulls: float, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onepass, "SMALL", small)  # samples of large tables are fetched another way
    data, standard = _data(seed, rows, nulls), contract(COLUMNS, RULES)
    different = []
    for one, mine, theirs in zip(RULES, _ours(data, standard), _theirs(data, standard), strict=True):
        assert theirs.exception_info.get("raised_exception") is False, (one, theirs.exception_info)
        if (ours := _facts(mine)) != (facts := _facts(theirs)):
            changed = {k: (ours[k], facts[k]) for k in ours if ours[k] != facts[k]}
            different.append((one.type, dict(one.kwargs), changed))
    assert different == []


def test_every_expectation_a_contract_may_use_is_compared() -> None:
    assert {r.type for r in RULES} == set(EXPECTATIONS)
