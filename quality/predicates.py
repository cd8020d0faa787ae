"""A rule as SQL: when a row breaks it, and how many rows do, exactly as Great Expectations counts them.

Nulls are never judged by a column's rule (only by the null rules); what a pair or compound rule does with them
is its `ignore_row_if`. Both the suite's one pass and the search for failing rows are built from here.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from core.contract import Rule

Kwargs = Mapping[str, Any]


def quote(name: str) -> str:
    """An identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as DuckDB source text of its own type."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return f"'{value!r}'::DOUBLE"
        case datetime():
            return f"TIMESTAMPTZ '{value.isoformat(sep=' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def _outside(subject: str, kwargs: Kwargs) -> str:
    """The subject lies outside the rule's bounds."""
    parts = []
    if (low := kwargs.get("min_value")) is not None:
        parts.append(f"{subject} {'<=' if kwargs.get('strict_min') else '<'} {literal(low)}")
    if (high := kwargs.get("max_value")) is not None:
        parts.append(f"{subject} {'>=' if kwargs.get('strict_max') else '>'} {literal(high)}")
    return "(" + " OR ".join(parts) + ")" if parts else "false"


def _among(column: str, kwargs: Kwargs) -> str:
    values = ", ".join(literal(v) for v in kwargs["value_set"])
    return f"{column} IN ({values})" if values else "false"


def _pair(kwargs: Kwargs, holds: str) -> str:
    """Rows that count and for which the comparison does not hold (unknown does not hold)."""
    return f"({_counted(kwargs)}) AND NOT coalesce({holds}, false)"


def _counted(kwargs: Kwargs) -> str:
    """Which rows a pair or compound rule looks at, by its `ignore_row_if`."""
    if "column_list" in kwargs:
        columns, ignore = kwargs["column_list"], kwargs.get("ignore_row_if", "all_values_are_missing")
    else:
        columns = [kwargs["column_A"], kwargs["column_B"]]
        ignore = kwargs.get("ignore_row_if", "both_values_are_missing")
    present = [f"{quote(c)} IS NOT NULL" for c in columns]
    if ignore in ("all_values_are_missing", "both_values_are_missing"):
        return " OR ".join(present)
    if ignore in ("any_value_is_missing", "either_value_is_missing"):
        return " AND ".join(present)
    return "true"


def _greater(kwargs: Kwargs) -> str:
    a, b = quote(kwargs["column_A"]), quote(kwargs["column_B"])
    return _pair(kwargs, f"{a} {'>=' if kwargs.get('or_equal') else '>'} {b}")


_BREAKS: dict[str, Callable[[Kwargs], str]] = {
    "expect_column_values_to_not_be_null": lambda k: f"{quote(k['column'])} IS NULL",
    "expect_column_values_to_be_null": lambda k: f"{quote(k['column'])} IS NOT NULL",
    "expect_column_values_to_be_in_set": lambda k: f"NOT ({_among(quote(k['column']), k)})",
    "expect_column_values_to_not_be_in_set": lambda k: _among(quote(k["column"]), k),
    "expect_column_values_to_match_regex": lambda k: f"NOT regexp_matches({quote(k['column'])}, {literal(k['regex'])})",
    "expect_column_values_to_not_match_regex": lambda k: f"regexp_matches({quote(k['column'])}, {literal(k['regex'])})",
    "expect_column_values_to_be_between": lambda k: _outside(quote(k["column"]), k),
    "expect_column_value_lengths_to_be_between": lambda k: _outside(f"length({quote(k['column'])})", k),
    "expect_column_value_lengths_to_equal": lambda k: f"length({quote(k['column'])}) <> {literal(k['value'])}",
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": lambda k: _pair(k, f"{quote(k['column_A'])} = {quote(k['column_B'])}"),
}
UNIQUE = ("expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique")
#: Rules that one row can break by itself.
ROWWISE = frozenset(_BREAKS)
NOT_NULL = "expect_column_values_to_not_be_null"
_NULL_RULES = (NOT_NULL, "expect_column_values_to_be_null")


def breaks(rule: Rule) -> str:
    """The condition under which one row by itself breaks the rule; `KeyError` for rules about more than one row."""
    condition = _BREAKS[rule.type](rule.kwargs)
    if "column" not in rule.kwargs or rule.type in _NULL_RULES:
        return condition
    return f"{quote(rule.kwargs['column'])} IS NOT NULL AND ({condition})"


def unique_columns(rule: Rule) -> tuple[str, ...]:
    """The columns that a uniqueness rule speaks of."""
    return tuple(rule.kwargs["column_list"] if "column_list" in rule.kwargs else (rule.kwargs["column"],))


def unique_scope(rule: Rule) -> str:
    """Which rows a uniqueness rule looks at."""
    return _counted(rule.kwargs) if "column_list" in rule.kwargs else f"{quote(rule.kwargs['column'])} IS NOT NULL"


def duplicates(rule: Rule, relation: str) -> str:
    """A query for the values that occur more than once: the rule's columns and `n`, how often."""
    columns = ", ".join(quote(c) for c in unique_columns(rule))
    return (
        f"SELECT {columns}, count(*) AS n FROM {relation} WHERE {unique_scope(rule)} "
        f"GROUP BY {columns} HAVING count(*) > 1"
    )


def same(rule: Rule, left: str, right: str) -> str:
    """The join condition that two rows agree in a uniqueness rule's columns, nulls being equal."""
    return " AND ".join(f"{left}.{quote(c)} IS NOT DISTINCT FROM {right}.{quote(c)}" for c in unique_columns(rule))


def broken_count(rule: Rule, relation: str) -> str:
    """The number of rows that break the rule, as one aggregate; every duplicated row counts, not only the surplus."""
    if rule.type in UNIQUE:
        return f"(SELECT coalesce(sum(n), 0)::BIGINT FROM ({duplicates(rule, relation)}))"
    return f"count(*) FILTER ({breaks(rule)})"


def filtered_count(rule: Rule) -> str:
    """The number of rows that a pair or compound rule looks at, as one aggregate."""
    return f"count(*) FILTER ({_counted(rule.kwargs)})"
