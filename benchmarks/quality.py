"""The gate's bars: a million rows under twenty rules beside a bare query, parity with GX's own engine, small tables.

The bare query is written by hand below: the same counts, nothing else. Both sides read the same DuckDB table in the
same process, in alternated runs.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks._bar import Bar
from core.contract import Column, ColumnType, Contract, Mode, Rule, Severity, Volume
from core.reference import code_list
from core.rules import EXPECTATIONS
from quality import onepass
from quality.worker import Checker, CheckJob

ROWS = 1_000_000
CODES = [f"33.{i:02}" for i in range(1, 36)]
GOODS = [f"Komoditas {i:02}" for i in range(40)]
LOW, HIGH = date(2020, 1, 1), date(2026, 12, 31)
COLUMNS = {
    "id": ColumnType.INTEGER, "day": ColumnType.DATE, "code": ColumnType.TEXT, "name": ColumnType.TEXT,
    "good": ColumnType.TEXT, "market": ColumnType.TEXT, "unit": ColumnType.TEXT, "price": ColumnType.INTEGER,
    "origin": ColumnType.TEXT, "ceiling": ColumnType.INTEGER,
}  # fmt: skip


def _column(name: str) -> Column:
    return Column(name, COLUMNS[name], {"id": name, "en": name}, {}, key=name == "id")


def contract() -> Contract:
    """Ten columns and twenty rules of every kind that a contract uses."""
    rules: list[Rule] = []

    def add(kind: str, **kwargs: Any) -> None:
        severity = Severity.ROW if EXPECTATIONS[f"expect_{kind}"].rows else Severity.WARNING
        rules.append(Rule(f"r{len(rules)}", f"expect_{kind}", kwargs, severity, "accuracy", f"quality.rule.{kind}"))

    add("table_row_count_to_be_between", min_value=50, max_value=2_000_000)
    for name in ("id", "day", "code"):
        add("column_values_to_not_be_null", column=name)
    add("column_values_to_not_be_null", column="price", mostly=0.999)
    add("column_values_to_not_be_null", column="origin", mostly=0.95)
    add("column_values_to_be_unique", column="id")
    add("compound_columns_to_be_unique", column_list=["id", "day", "code"], ignore_row_if="never")
    add("column_values_to_be_in_set", column="code", value_set=CODES)
    add("column_values_to_be_in_set", column="unit", value_set=["kg", "liter"])
    add("column_values_to_be_in_set", column="good", value_set=GOODS)
    add("column_values_to_match_regex", column="code", regex=r"^33\.[0-9]{2}$")
    add("column_values_to_be_between", column="price", min_value=0, max_value=500_000)
    add("column_values_to_be_between", column="day", min_value=LOW, max_value=HIGH)
    add("column_value_lengths_to_be_between", column="good", min_value=3, max_value=80)
    add(
        "column_pair_values_a_to_be_greater_than_b", column_A="ceiling", column_B="price", or_equal=True,
        ignore_row_if="either_value_is_missing",
    )  # fmt: skip
    add("column_mean_to_be_between", column="price", min_value=1000, max_value=200_000)
    add("column_max_to_be_between", column="price", min_value=1, max_value=500_000)
    add("column_unique_value_count_to_be_between", column="good", min_value=1, max_value=60)
    add("column_stdev_to_be_between", column="price", min_value=1, max_value=90_000)
    names = {"id": "Uji", "en": "Trial"}
    columns = tuple(_column(name) for name in COLUMNS)
    return Contract("trial", "1.0.0", names, names, columns, tuple(rules), Mode.UPSERT, "catalog", volume=Volume())


#: The same counts by hand: broken rows and, where a rule looks at filled cells, how many are empty.
BARE = f"""
SELECT count(*), count(*) FILTER (id IS NULL), count(*) FILTER (day IS NULL), count(*) FILTER (code IS NULL),
  count(*) FILTER (price IS NULL), count(*) FILTER (origin IS NULL), count(*) FILTER (unit IS NULL),
  count(*) FILTER (good IS NULL),
  (SELECT sum(n) FROM (SELECT count(*) n FROM t WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1)),
  (SELECT sum(n) FROM (SELECT count(*) n FROM t GROUP BY id, day, code HAVING count(*) > 1)),
  count(*) FILTER (code NOT IN ({", ".join(repr(c) for c in CODES)})),
  count(*) FILTER (unit NOT IN ('kg', 'liter')),
  count(*) FILTER (good NOT IN ({", ".join(repr(g) for g in GOODS)})),
  count(*) FILTER (NOT regexp_matches(code, '^33\\.[0-9]{{2}}$')),
  count(*) FILTER (NOT price BETWEEN 0 AND 500000),
  count(*) FILTER (NOT day BETWEEN DATE '2020-01-01' AND DATE '2026-12-31'),
  count(*) FILTER (NOT length(good) BETWEEN 3 AND 80),
  count(*) FILTER (ceiling < price), count(*) FILTER (ceiling IS NOT NULL AND price IS NOT NULL),
  avg(price), max(price), count(DISTINCT good), stddev_samp(price)
FROM t
"""


def _fill(connection: duckdb.DuckDBPyConnection, rows: int) -> None:
    """A table with nulls, duplicates, bad codes, bad dates and pair violations, a little of each."""
    connection.execute("SELECT setseed(0.42)")
    connection.execute(f"""
        CREATE OR REPLACE TABLE t AS SELECT
          CASE WHEN i % 5000 = 7 THEN i - 1 ELSE i END AS id,
          CASE WHEN i % 9001 = 3 THEN DATE '2099-01-01' ELSE DATE '2020-01-01' + (i % 2500)::INT END AS day,
          CASE WHEN i % 997 = 5 THEN '3x' WHEN i % 1009 = 2 THEN NULL
            ELSE '33.' || lpad((i % 35 + 1)::VARCHAR, 2, '0') END AS code,
          'Kabupaten ' || (i % 35) AS name, 'Komoditas ' || lpad((i * 7 % 40)::VARCHAR, 2, '0') AS good,
          'Pasar ' || (i * 31 % 400) AS market, CASE WHEN i % 2003 = 1 THEN 'ons' ELSE 'kg' END AS unit,
          CASE WHEN i % 2500 = 9 THEN NULL WHEN i % 3001 = 4 THEN 920017
            ELSE 8000 + (random() * 60000)::BIGINT END AS price,
          CASE WHEN i % 30 = 0 THEN NULL ELSE 'dinas' END AS origin, 60000 + i % 20000 AS ceiling, i AS _at
        FROM range({rows}) AS r(i)
    """)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _one_pass(full: bool) -> Bar:
    connection = duckdb.connect(config={"threads": min(4, os.cpu_count() or 1)})
    _fill(connection, ROWS)
    compiled = onepass.compile_suite(contract())

    def judged() -> dict[str, Any]:
        result, _ = onepass.evaluate(compiled, connection, "t", order="_at")
        return onepass.as_json(compiled, result)

    ours: list[float] = []
    bare: list[float] = []
    for _ in range(15 if full else 7):
        ours.append(_seconds(judged))
        bare.append(_seconds(lambda: connection.execute(BARE).fetchall()))
    connection.close()
    ratio = statistics.median(ours[1:]) / statistics.median(bare[1:])
    facts = {
        "ours_seconds": round(statistics.median(ours[1:]), 3), "bare_seconds": round(statistics.median(bare[1:]), 3),
        "rows": ROWS, "columns": len(COLUMNS), "rules": len(contract().rules), "runs": len(ours) - 1,
    }  # fmt: skip
    return Bar(round(ratio, 3), "<= 1.5", ratio <= 1.5, facts)


def _parity(rows: int) -> Bar:
    """The same verdicts, counts and percentages as Great Expectations' pandas engine on the same table."""
    import great_expectations as gx

    from quality.suite import build

    standard = contract()
    connection = duckdb.connect()
    _fill(connection, rows)
    frame = connection.execute("SELECT * EXCLUDE (_at) FROM t ORDER BY _at").df()
    mine, _ = onepass.evaluate(onepass.compile_suite(standard), connection, "t", order="_at")
    connection.close()
    suite = build(standard)
    for expectation in suite.expectations:
        if getattr(expectation, "column", "") == "day" and getattr(expectation, "min_value", None) == LOW:
            expectation.min_value, expectation.max_value = (
                datetime(d.year, d.month, d.day) for d in (LOW, HIGH)  # noqa: DTZ001 - pandas' naive midnight
            )  # fmt: skip
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": frame})
    start = time.perf_counter()
    theirs = {r.expectation_config.meta["lumbung"]["rule"]: r for r in batch.validate(suite).results}
    seconds = time.perf_counter() - start
    differing = [
        rule.id for rule, result in zip(standard.rules, mine.results, strict=True)
        if not _same(result, theirs[rule.id])
    ]  # fmt: skip
    facts = {"rows": rows, "rules": len(standard.rules), "differing": differing, "pandas_seconds": round(seconds, 2)}
    return Bar(len(standard.rules) - len(differing), f"= {len(standard.rules)}", not differing, facts)


def _same(mine: Any, theirs: Any) -> bool:
    fields = ("element_count", "unexpected_count", "missing_count", "unexpected_percent", "observed_value")

    def near(a: Any, b: Any) -> bool:
        if isinstance(a, int | float) and b is not None:
            return abs(float(a) - float(b)) <= 1e-9 * max(1.0, abs(float(b)))
        return bool(a == b)

    return mine.success == theirs.success and all(near(mine.result.get(f), theirs.result.get(f)) for f in fields)


def _small_tables(folder: Path, tables: int) -> Bar:
    """Whole deliveries of 1,000 rows x 8 columns under 20 rules: typed, judged, written; one process."""
    standard = contract()
    kept = tuple(c for c in standard.columns if c.name not in ("name", "market"))
    standard = Contract(
        "small", "1.0.0", standard.title, standard.description, kept, standard.rules, Mode.UPSERT, "catalog",
        region_column=None, time_column="day",
    )  # fmt: skip
    connection = duckdb.connect()
    _fill(connection, 1000)
    text: pa.Table = connection.sql(
        "SELECT id::VARCHAR id, strftime(day, '%d/%m/%Y') AS day, code, good, unit, origin, _at + 2 AS _row, "
        "'Rp ' || replace(format('{:,}', price), ',', '.') AS price, ceiling::VARCHAR ceiling FROM t"
    ).to_arrow_table()
    connection.close()
    path = folder / "small.arrow"
    with pa.ipc.new_file(str(path), text.schema) as writer:
        writer.write_table(text)
    job = CheckJob(
        table=path, contract=standard, mapping=None, references={"region": code_list("region", [])},
        regions=frozenset(), out=folder / "out", zone="WIB", previous_rows=None, previous_columns=None, decided={},
        nihil=False, now=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip
    checker = Checker(memory="1GB")
    first = checker.run(job)
    cpu = time.process_time()
    each = [_seconds(lambda: checker.run(job)) for _ in range(tables)]
    cpu = (time.process_time() - cpu) / tables
    rate = 1 / statistics.median(each)
    facts = {
        "milliseconds_each": round(statistics.median(each) * 1000, 1), "cpu_milliseconds_each": round(cpu * 1000, 1),
        "tables": tables, "columns": len(kept), "verdict": first.verdict, "quarantined": first.quarantined_rows,
        "rules_broken": len(first.reasons), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    return Bar(round(rate, 1), ">= 25 tables/s", rate >= 25, facts)


def run(*, full: bool = False) -> dict[str, Bar]:
    """The gate's bars."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with tempfile.TemporaryDirectory() as folder:
        return {
            "one_pass_ratio": _one_pass(full),
            "parity": _parity(ROWS if full else 100_000),
            "small_tables": _small_tables(Path(folder), 100 if full else 40),
        }
