"""What an ODCS quality entry means as a rule: which Great Expectations type, which arguments, how severe.

Only what `quality/onepass.py` evaluates is let through; anything else is `ContractRuleUnknown`, so that no rule
that a contract states is ever silently skipped.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from core.contract import Column, ColumnType, Rule, Severity, Volume
from core.errors import ContractRuleUnknown


@dataclass(frozen=True, slots=True)
class Expectation:
    """A Great Expectations type the gate evaluates: what it looks at, and the arguments it takes.

    `rows` says that it judges single rows, which can be quarantined; the others judge the whole delivery.
    """

    domain: tuple[str, ...]
    arguments: frozenset[str]
    rows: bool
    dimension: str


def _kind(domain: str, arguments: str = "", *, rows: bool = True, dimension: str = "conformity") -> Expectation:
    return Expectation(tuple(domain.split()), frozenset(arguments.split()), rows, dimension)


_RANGE = "min_value max_value strict_min strict_max"
EXPECTATIONS: Mapping[str, Expectation] = {
    "expect_column_values_to_not_be_null": _kind("column", "mostly", dimension="completeness"),
    "expect_column_values_to_be_null": _kind("column", "mostly"),
    "expect_column_values_to_be_unique": _kind("column", "mostly", dimension="uniqueness"),
    "expect_compound_columns_to_be_unique": _kind("column_list", "ignore_row_if mostly", dimension="uniqueness"),
    "expect_column_values_to_be_in_set": _kind("column", "value_set mostly"),
    "expect_column_values_to_not_be_in_set": _kind("column", "value_set mostly"),
    "expect_column_values_to_match_regex": _kind("column", "regex mostly"),
    "expect_column_values_to_not_match_regex": _kind("column", "regex mostly"),
    "expect_column_values_to_be_between": _kind("column", _RANGE + " mostly", dimension="accuracy"),
    "expect_column_value_lengths_to_be_between": _kind("column", _RANGE + " mostly"),
    "expect_column_value_lengths_to_equal": _kind("column", "value mostly"),
    "expect_column_pair_values_a_to_be_greater_than_b": _kind(
        "column_A column_B", "or_equal ignore_row_if mostly", dimension="consistency"
    ),
    "expect_column_pair_values_to_be_equal": _kind(
        "column_A column_B", "ignore_row_if mostly", dimension="consistency"
    ),
    "expect_column_mean_to_be_between": _kind("column", _RANGE, rows=False, dimension="accuracy"),
    "expect_column_min_to_be_between": _kind("column", _RANGE, rows=False, dimension="accuracy"),
    "expect_column_max_to_be_between": _kind("column", _RANGE, rows=False, dimension="accuracy"),
    "expect_column_sum_to_be_between": _kind("column", _RANGE, rows=False, dimension="accuracy"),
    "expect_column_stdev_to_be_between": _kind("column", _RANGE, rows=False, dimension="accuracy"),
    "expect_column_unique_value_count_to_be_between": _kind("column", _RANGE, rows=False, dimension="coverage"),
    "expect_table_row_count_to_be_between": _kind("", "min_value max_value", rows=False, dimension="coverage"),
    "expect_table_row_count_to_equal": _kind("", "value", rows=False, dimension="coverage"),
    "expect_table_columns_to_match_set": _kind("", "column_set exact_match", rows=False),
}
#: Arguments that an expectation cannot do without, where it takes them.
_NEEDED = frozenset({"regex", "value_set", "value", "column_set"})
#: Expectations whose bounds and sets are values of the column itself.
_OF_THE_COLUMNS_TYPE = ("expect_column_values", "expect_column_min", "expect_column_max")
_SEVERITIES = {
    "error": Severity.ROW, "row": Severity.ROW, "warning": Severity.WARNING, "info": Severity.WARNING,
    "critical": Severity.HOLD, "hold": Severity.HOLD,
}  # fmt: skip
_OPERATORS = (
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
)  # fmt: skip
#: Python's and DuckDB's (RE2) regular expressions agree only without these.
_UNPORTABLE = re.compile(r"\(\?(?:[=!>(#]|<[=!]|P[=<])|\\[1-9]|[*+?}]\+|\\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule stands: the file, its column (empty for the table) and the path inside the document."""

    file: Path
    column: str
    path: str

    def unknown(self, rule: object, expected: str = "") -> ContractRuleUnknown:
        """The refusal of a rule here."""
        return ContractRuleUnknown(
            file=self.file, path=self.path, column=self.column or "-", rule=rule, expected=expected or "-"
        )


def column_rules(raw: Mapping[str, Any], column: Column, place: Place) -> Iterator[Rule]:
    """The rules that a column's own fields imply, then those its `quality` entries state."""
    name = column.name
    if column.required:
        yield _rule(f"{name}.required", "expect_column_values_to_not_be_null", {"column": name})
    if raw.get("unique"):
        yield _rule(f"{name}.unique", "expect_column_values_to_be_unique", {"column": name})
    if raw.get("enum"):
        values = [_value(entry["value"], column, place) for entry in raw["enum"]]
        yield _rule(f"{name}.enum", "expect_column_values_to_be_in_set", {"column": name, "value_set": values})
    yield from _option_rules(raw.get("logicalTypeOptions", {}), column, place)
    for entry in raw.get("quality", ()):
        yield _quality(entry, column, place)


def _option_rules(options: Mapping[str, Any], column: Column, place: Place) -> Iterator[Rule]:
    name, left = column.name, set(options) - {"format"}
    if "pattern" in options:
        regex = _regex(options["pattern"], place)
        yield _rule(f"{name}.pattern", "expect_column_values_to_match_regex", {"column": name, "regex": regex})
    if left & {"minLength", "maxLength"}:
        kwargs = {"min_value": options.get("minLength"), "max_value": options.get("maxLength")}
        yield _rule(f"{name}.length", "expect_column_value_lengths_to_be_between", {"column": name, **_given(kwargs)})
    bounds: dict[str, Any] = {}
    for option, key, strict in (
        ("minimum", "min_value", ""), ("exclusiveMinimum", "min_value", "strict_min"),
        ("maximum", "max_value", ""), ("exclusiveMaximum", "max_value", "strict_max"),
    ):  # fmt: skip
        if option in options:
            bounds[key] = _value(options[option], column, place)
            if strict:
                bounds[strict] = True
    if bounds:
        yield _rule(f"{name}.range", "expect_column_values_to_be_between", {"column": name, **bounds})
    unknown = left - {
        "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    }  # fmt: skip
    if unknown:
        raise place.unknown(f"logicalTypeOptions.{sorted(unknown)[0]}")


def table_rules(schema: Mapping[str, Any], columns: tuple[Column, ...], volume: Volume, place: Place) -> Iterator[Rule]:
    """The table's rules: its key names one row, its volume limits, and its own `quality` entries."""
    key = [c.name for c in columns if c.key]
    if len(key) == 1:
        yield _rule("key.unique", "expect_column_values_to_be_unique", {"column": key[0]})
    elif key:
        yield _rule(
            "key.unique", "expect_compound_columns_to_be_unique", {"column_list": key, "ignore_row_if": "never"}
        )
    if volume.min_rows is not None or volume.max_rows is not None:
        limits = _given({"min_value": volume.min_rows, "max_value": volume.max_rows})
        yield _rule("rows.volume", "expect_table_row_count_to_be_between", limits, Severity.HOLD)
    for entry in schema.get("quality", ()):
        rule = _quality(entry, None, place)
        for used in _columns_of(rule):
            if used not in {c.name for c in columns}:
                raise place.unknown(rule.id, " | ".join(c.name for c in columns))
        yield rule


def _columns_of(rule: Rule) -> list[str]:
    kwargs = rule.kwargs
    named = [kwargs[k] for k in ("column", "column_A", "column_B") if k in kwargs]
    return [*named, *kwargs.get("column_list", ())]


def _given(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in kwargs.items() if v is not None}


def _rule(id: str, type: str, kwargs: Mapping[str, Any], severity: Severity = Severity.ROW) -> Rule:
    known = EXPECTATIONS[type]
    if severity is Severity.ROW and not known.rows:
        severity = Severity.HOLD  # no single row is at fault
    message = "quality.rule." + type.removeprefix("expect_")
    return Rule(id, type, dict(kwargs), severity, known.dimension, message)


def _quality(entry: Mapping[str, Any], column: Column | None, place: Place) -> Rule:
    label = entry.get("id") or entry.get("name") or entry.get("metric") or entry.get("type")
    severity = _SEVERITIES.get(str(entry.get("severity", "error")).lower())
    if severity is None:
        raise place.unknown(label, "severity: " + " | ".join(_SEVERITIES))
    kind = entry.get("type", "library")
    if kind == "custom":
        type_, kwargs = _custom(entry, column, place)
    elif kind == "library" and entry.get("metric") in _METRICS:
        type_, kwargs = _METRICS[entry["metric"]](entry, column, place)
        if column is not None and not _suits(type_, column):
            raise place.unknown(label, f"{column.name}: {column.type.value}")
    else:
        raise place.unknown(label, "type: library | custom")
    default = type_.removeprefix("expect_") if kind == "custom" else entry["metric"]
    prefix = column.name if column else "table"
    rule = _rule(".".join((prefix, entry.get("id") or default)), type_, kwargs, severity)
    dimension = entry.get("dimension", rule.dimension)
    return Rule(rule.id, rule.type, rule.kwargs, rule.severity, dimension, rule.message)


def _custom(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    label = entry.get("id") or entry.get("name") or "custom"
    if re.sub(r"[^a-z]", "", str(entry["engine"]).lower()) != "greatexpectations":
        raise place.unknown(label, "engine: greatExpectations")
    body = entry["implementation"]
    body = yaml.safe_load(body) if isinstance(body, str) else body
    if not isinstance(body, dict) or set(body) - {"type", "kwargs"} or not isinstance(body.get("kwargs", {}), dict):
        raise place.unknown(label, "{type, kwargs}")
    known = EXPECTATIONS.get(str(body.get("type")))
    if known is None:
        raise place.unknown(body.get("type"), " | ".join(sorted(EXPECTATIONS)))
    kwargs = dict(body.get("kwargs", {}))
    allowed = {*known.domain, *known.arguments}
    if known.domain == ("column",):
        if column is None:
            raise place.unknown(label, "properties/…/quality")
        kwargs.setdefault("column", column.name)
        if kwargs["column"] != column.name or not _suits(body["type"], column):
            raise place.unknown(label, f"{column.name}: {column.type.value}")
    needed = {*known.domain, *(known.arguments & _NEEDED)}
    bounded = "min_value" not in known.arguments or {"min_value", "max_value"} & set(kwargs)
    if set(kwargs) - allowed or needed - set(kwargs) or not bounded:
        raise place.unknown(f"{label}: {sorted(kwargs)}", " | ".join(sorted(allowed)))
    if "regex" in kwargs:
        kwargs["regex"] = _regex(kwargs["regex"], place)
    if column is not None and body["type"].startswith(_OF_THE_COLUMNS_TYPE):
        for name in ("min_value", "max_value"):
            if name in kwargs:
                kwargs[name] = _value(kwargs[name], column, place)
        if "value_set" in kwargs:
            kwargs["value_set"] = [_value(v, column, place) for v in kwargs["value_set"]]
    return body["type"], kwargs


def _suits(kind: str, column: Column) -> bool:
    """Whether an expectation can be asked of a column of this type at all."""
    if "regex" in kind or "lengths" in kind:
        return column.type is ColumnType.TEXT
    if any(word in kind for word in ("_mean_", "_sum_", "_stdev_")):
        return column.type in (ColumnType.INTEGER, ColumnType.NUMBER)
    return True


def _regex(pattern: object, place: Place) -> str:
    text = str(pattern)
    try:
        re.compile(text)
    except re.error as error:
        raise place.unknown(text, str(error)) from error
    if _UNPORTABLE.search(text):
        raise place.unknown(text, "RE2: https://github.com/google/re2/wiki/Syntax")
    return text


def _value(raw: Any, column: Column, place: Place) -> Any:
    """A bound or set member as the column's own type, so that it compares as the column does."""
    try:
        match column.type:
            case ColumnType.DATE:
                return date.fromisoformat(str(raw))
            case ColumnType.MOMENT:
                moment = datetime.fromisoformat(str(raw))
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case ColumnType.INTEGER:
                return int(raw)
            case ColumnType.NUMBER:
                return float(raw)
            case ColumnType.BOOLEAN:
                return bool(raw)
            case ColumnType.TEXT:
                return str(raw)
    except ValueError as error:
        raise place.unknown(raw, column.type.value) from error


def _share(entry: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """`mustBe: 0`, or at most N percent, as Great Expectations' `mostly`."""
    operator = next(o for o in _OPERATORS if o in entry)
    limit = entry[operator]
    if operator in ("mustBe", "mustBeLessOrEqualTo") and limit == 0:
        return {}
    if operator == "mustBeLessOrEqualTo" and entry.get("unit") == "percent" and 0 < limit <= 100:
        return {"mostly": round(1 - limit / 100, 10)}
    raise place.unknown(f"{entry['metric']} {operator} {limit}", "mustBe: 0 | mustBeLessOrEqualTo: N, unit: percent")


def _needs_column(entry: Mapping[str, Any], column: Column | None, place: Place) -> Column:
    if column is None:
        raise place.unknown(entry["metric"], "properties/…/quality")
    return column


def _null_values(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    column = _needs_column(entry, column, place)
    return "expect_column_values_to_not_be_null", {"column": column.name, **_share(entry, place)}


def _missing_values(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    column = _needs_column(entry, column, place)
    stated = entry.get("arguments", {}).get("missingValues", [])
    real = [v for v in stated if v not in (None, "")]  # blanks are already null once a cell is read
    if not real:
        return _null_values(entry, column, place)
    values = [_value(v, column, place) for v in real]
    return "expect_column_values_to_not_be_in_set", {
        "column": column.name, "value_set": values, **_share(entry, place),
    }  # fmt: skip


def _invalid_values(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    column = _needs_column(entry, column, place)
    arguments, base = entry.get("arguments", {}), {"column": column.name, **_share(entry, place)}
    if set(arguments) == {"validValues"}:
        values = [_value(v, column, place) for v in arguments["validValues"]]
        return "expect_column_values_to_be_in_set", {**base, "value_set": values}
    if set(arguments) == {"pattern"}:
        return "expect_column_values_to_match_regex", {**base, "regex": _regex(arguments["pattern"], place)}
    if arguments and set(arguments) <= {"minLength", "maxLength"}:
        limits = {"min_value": arguments.get("minLength"), "max_value": arguments.get("maxLength")}
        return "expect_column_value_lengths_to_be_between", {**base, **_given(limits)}
    raise place.unknown(f"invalidValues {sorted(arguments)}", "validValues | pattern | minLength, maxLength")


def _duplicate_values(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    if _share(entry, place):
        raise place.unknown("duplicateValues", "mustBe: 0")
    if column is not None:
        return "expect_column_values_to_be_unique", {"column": column.name}
    names = entry.get("arguments", {}).get("properties")
    if not isinstance(names, list) or len(names) < 2:
        raise place.unknown("duplicateValues", "arguments: {properties: [a, b]}")
    return "expect_compound_columns_to_be_unique", {"column_list": names, "ignore_row_if": "never"}


def _row_count(entry: Mapping[str, Any], column: Column | None, place: Place) -> tuple[str, dict[str, Any]]:
    operator = next(o for o in _OPERATORS if o in entry)
    limit = entry[operator]
    limits: dict[str, Callable[[], dict[str, Any]]] = {
        "mustBe": lambda: {"min_value": limit, "max_value": limit},
        "mustBeGreaterThan": lambda: {"min_value": limit + 1},
        "mustBeGreaterOrEqualTo": lambda: {"min_value": limit},
        "mustBeLessThan": lambda: {"max_value": limit - 1},
        "mustBeLessOrEqualTo": lambda: {"max_value": limit},
        "mustBeBetween": lambda: {"min_value": limit[0], "max_value": limit[1]},
    }
    if column is not None or operator not in limits:
        raise place.unknown(f"rowCount {operator}", " | ".join(limits))
    return "expect_table_row_count_to_be_between", limits[operator]()


_METRICS: Mapping[str, Callable[[Mapping[str, Any], Column | None, Place], tuple[str, dict[str, Any]]]] = {
    "nullValues": _null_values,
    "missingValues": _missing_values,
    "invalidValues": _invalid_values,
    "duplicateValues": _duplicate_values,
    "rowCount": _row_count,
}
