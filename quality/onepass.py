"""The suite of a contract evaluated in one DuckDB query, answered with Great Expectations' own result objects.

Great Expectations says which metrics each expectation needs and judges them; DuckDB computes all of them in a
single statement instead of one pass a metric. Only where rules broke does a second statement fetch the first
broken values. Nothing here decides about rows or deliveries: `quality/check.py` and `quality/gate.py` do.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from inspect import isfunction
from types import MethodType
from typing import Any

import duckdb

from core.contract import Contract, Rule
from quality import predicates
from quality.predicates import quote
from quality.suite import build

#: How many broken values a result shows, as in Great Expectations.
SAMPLE = 20
#: Up to so many rows, scanning once for every rule's sample is cheaper than planning a query for each.
SMALL = 50_000
#: In larger tables this part of the rows is looked at first.
BEGINNING = 8
RESULT_FORMAT = {
    "result_format": {"result_format": "BASIC", "partial_unexpected_count": SAMPLE, "include_unexpected_rows": False}
}
_AGGREGATES = {
    "column.mean": "avg({c})",
    "column.min": "min({c})",
    "column.max": "max({c})",
    "column.sum": "coalesce(sum({c}), 0)",
    "column.standard_deviation": "stddev_samp({c})",
    "column.distinct_values.count": "count(DISTINCT {c})",
}
_CLEAN = {"raised_exception": False, "exception_traceback": None, "exception_message": None}


class _Settled:
    """An expectation for judging only: its own methods, over a configuration that is made once, not at every look.

    Great Expectations makes it anew some four times a rule, which is most of what judging a small table costs.
    """

    def __init__(self, expectation: Any) -> None:
        self._expectation = expectation
        self.configuration = expectation.configuration

    def __getattr__(self, name: str) -> Any:
        found = getattr(type(self._expectation), name, None)
        found = MethodType(found, self) if isfunction(found) else getattr(self._expectation, name)
        self.__dict__[name] = found
        return found


@dataclass(slots=True)
class Check:
    """One expectation and, for each metric it needs by name, the aggregate it is, or a value that is known already.

    `broken` is the aggregate that counts the rows breaking the rule, None for rules about the whole delivery;
    `shows` names the metric that takes the first broken values.
    """

    rule: Rule
    expectation: Any
    configuration: Any
    written: dict[str, Any]  # the configuration as JSON values
    result_format: Any
    numbers: dict[str, int] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)
    shows: str | None = None
    broken: int | None = None


@dataclass(slots=True)
class Compiled:
    """A suite made ready once per contract: its expectations and where each takes its metrics from.

    `aggregates` are the distinct SQL aggregates, with `{relation}` where a subquery reads the table again.
    """

    contract: Contract
    name: str
    engine: Any
    checks: list["Check"] = field(default_factory=list)
    aggregates: list[str] = field(default_factory=list)


def compile_suite(contract: Contract) -> Compiled:
    """The contract's suite with its metrics resolved to SQL; `NotImplementedError` names a metric nobody computes."""
    import pandas as pd
    from great_expectations.execution_engine import PandasExecutionEngine
    from great_expectations.util import convert_to_json_serializable

    columns = [c.name for c in contract.columns]
    engine = PandasExecutionEngine()
    engine.load_batch_data(contract.name, pd.DataFrame({name: [] for name in columns}))
    suite = build(contract)
    made = Compiled(contract, suite.name, engine)
    slots: dict[str, int] = {}

    def slot(sql: str) -> int:
        if sql not in slots:
            slots[sql] = len(made.aggregates)
            made.aggregates.append(sql)
        return slots[sql]

    slot("count(*)")  # the first number is always how many rows there are
    for rule, expectation in zip(contract.rules, suite.expectations, strict=True):
        needed = expectation.get_validation_dependencies(
            execution_engine=engine, runtime_configuration=dict(RESULT_FORMAT)
        )
        judge = _Settled(expectation)
        written = convert_to_json_serializable(judge.configuration.to_json_dict())
        check = Check(rule, judge, judge.configuration, written, needed.result_format)
        for name in needed.metric_configurations:
            if name == "table.columns":
                check.known[name] = columns
            elif name.endswith(".unexpected_values"):
                check.shows = name
            else:
                check.numbers[name] = slot(_aggregate(name, rule))
        if rule.type in predicates.UNIQUE or rule.type in predicates.ROWWISE:
            check.broken = slot(predicates.broken_count(rule, "{relation}"))
        made.checks.append(check)
    return made


def _aggregate(metric: str, rule: Rule) -> str:
    if metric == "table.row_count":
        return "count(*)"
    if metric in _AGGREGATES:
        return _AGGREGATES[metric].format(c=quote(rule.kwargs["column"]))
    if metric.endswith(".filtered_row_count"):
        return predicates.filtered_count(rule)
    if metric == "column_values.nonnull.unexpected_count":
        return f"count(*) FILTER ({quote(rule.kwargs['column'])} IS NULL)"
    if metric.endswith(".unexpected_count"):
        return predicates.broken_count(rule, "{relation}")
    raise NotImplementedError(f"{metric} ({rule.id})")


def query(compiled: Compiled, relation: str, unbroken: Collection[str] = ()) -> str:
    """The one statement: every number that the suite needs, from `relation` (a table, view or subquery).

    Of the rules in `unbroken` it is known already that no row breaks them.
    """
    known = {check.broken for check in compiled.checks if check.rule.id in unbroken}
    asked = ("0" if i in known else a.replace("{relation}", relation) for i, a in enumerate(compiled.aggregates))
    return "SELECT " + ",\n".join(asked) + f" FROM {relation}"


def _samples(
    connection: duckdb.DuckDBPyConnection, broken: Sequence[tuple[Rule, int]], relation: str, order: str, *, rows: int
) -> dict[str, list[Any]]:
    """Rule id to its first broken values, in the order of the source rows; `broken` says how many rows break each.

    A small table is scanned once for all rules, since planning costs more than scanning. Of a large one the
    beginning is tried first, then the whole for those rules that it did not show enough of.
    """
    found: dict[str, list[Any]] = {}

    def ask(rules: Sequence[Rule], select: Callable[[Rule], str], tail: str = "") -> None:
        if rules:
            [answer] = connection.execute(f"SELECT {', '.join(map(select, rules))}{tail}").fetchall()
            found.update((r.id, _values(r, v)) for r, v in zip(rules, answer, strict=True))

    def together(rule: Rule) -> str:
        return f"arg_min({{'v': {_shown(rule)}}}, {quote(order)}, {SAMPLE}) FILTER ({predicates.breaks(rule)})"

    absent = {r.id: count for r, count in broken if r.type == predicates.NOT_NULL}
    found.update((id_, [None] * min(SAMPLE, count)) for id_, count in absent.items())
    broken = [(r, count) for r, count in broken if r.id not in absent]
    rowwise = [r for r, _ in broken if r.type not in predicates.UNIQUE]
    if rows <= SMALL:
        ask(rowwise, together, f" FROM {relation}")
    else:
        ask(rowwise, lambda r: _first(r, relation, order, f" AND {quote(order)} < {rows // BEGINNING}"))
        wanted = {r.id: min(SAMPLE, count) for r, count in broken}
        ask([r for r in rowwise if len(found[r.id]) < wanted[r.id]], lambda r: _first(r, relation, order))
    ask([r for r, _ in broken if r.type in predicates.UNIQUE], lambda r: _first(r, relation, order))
    return found


def _first(rule: Rule, relation: str, order: str, where: str = "") -> str:
    if rule.type in predicates.UNIQUE:
        source = (
            f"{relation} AS t SEMI JOIN ({predicates.duplicates(rule, relation)}) AS d "
            f"ON {predicates.same(rule, 't', 'd')} WHERE {predicates.unique_scope(rule)}"
        )
    else:
        source = f"{relation} WHERE ({predicates.breaks(rule)}){where}"
    return (
        f"(SELECT list({{'v': v}} ORDER BY o) FROM (SELECT {_shown(rule)} AS v, {quote(order)} AS o FROM {source} "
        f"ORDER BY o LIMIT {SAMPLE}))"
    )


def _shown(rule: Rule) -> str:
    kwargs = rule.kwargs
    if "column_list" in kwargs:
        return "{" + ", ".join(f"{predicates.literal(c)}: {quote(c)}" for c in kwargs["column_list"]) + "}"
    if "column_A" in kwargs:
        return f"[{quote(kwargs['column_A'])}, {quote(kwargs['column_B'])}]"
    return quote(kwargs["column"])


def evaluate(
    compiled: Compiled,
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    *,
    order: str,
    run: str = "",
    unbroken: Collection[str] = (),
) -> tuple[Any, dict[str, int]]:
    """The `ExpectationSuiteValidationResult` of a relation and, for each rule about rows, how many break it.

    `order` is the column that counts the source rows from 0; `run` names the run in the result's meta; of the rules
    in `unbroken` it is known already that no row breaks them.
    """
    import great_expectations as gx
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

    [numbers] = connection.execute(query(compiled, relation, unbroken)).fetchall()
    broken = {c.rule.id: numbers[c.broken] for c in compiled.checks if c.broken is not None}
    failed = [(c.rule, broken[c.rule.id]) for c in compiled.checks if broken.get(c.rule.id)]
    found = _samples(connection, failed, relation, order, rows=numbers[0])

    results = []
    for check in compiled.checks:
        metrics = {**check.known, **{name: numbers[at] for name, at in check.numbers.items()}}
        if check.shows:
            metrics[check.shows] = found.get(check.rule.id, [])
        # the judging half of `Expectation.metrics_validate`, whose first half works out the metrics again each time
        raw = check.expectation._validate(
            metrics=metrics,
            runtime_configuration={"result_format": check.result_format},
            execution_engine=compiled.engine,
        )
        result = raw if isinstance(raw, ExpectationValidationResult) else ExpectationValidationResult(**raw)
        result.expectation_config = check.configuration
        result.exception_info = dict(_CLEAN)
        results.append(result)
    good, total = sum(bool(r.success) for r in results), len(results)
    answer = ExpectationSuiteValidationResult(
        results=results,
        success=good == total,
        suite_name=compiled.name,
        statistics={
            "evaluated_expectations": total,
            "successful_expectations": good,
            "unsuccessful_expectations": total - good,
            "success_percent": 100 * good / total if total else None,
        },
        meta={
            "great_expectations_version": gx.__version__,
            "run_id": {"run_name": run, "run_time": None},
            "lumbung": {"contract": compiled.contract.name, "version": compiled.contract.version},
        },
        batch_id=run or compiled.contract.name,
    )
    return answer, broken


def _values(rule: Rule, found: list[dict[str, Any]] | None) -> list[Any]:
    values = [entry["v"] for entry in found or ()]
    return [tuple(pair) for pair in values] if "column_A" in rule.kwargs else values


def as_json(compiled: Compiled, result: Any) -> dict[str, Any]:
    """What the result's own `to_json_dict` gives, without copying and dumping each configuration anew."""
    from great_expectations.util import convert_to_json_serializable

    return {
        "success": result.success,
        "results": [
            {
                "success": convert_to_json_serializable(one.success),
                "expectation_config": check.written,
                "result": convert_to_json_serializable(one.result),
                "meta": {},
                "exception_info": dict(_CLEAN),
            }
            for check, one in zip(compiled.checks, result.results, strict=True)
        ],
        "suite_name": result.suite_name,
        "suite_parameters": {},
        "statistics": dict(result.statistics),
        "meta": dict(result.meta),
        "id": None,
    }
