"""What a new version of a standard changes, how large a step that is, and which rows it would turn away.

The house's rule: a minor version only adds columns that may be empty; words are a patch; everything else is a major
version, beside which the older one lives on. Rows that stand under a standard passed its rules, so only what is new in
it can break them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import IntEnum
from typing import Any

import duckdb
import pyarrow as pa

from core.contract import Column, Contract, Rule, Severity
from core.mapping import DatasetMapping
from core.messages import text
from core.reference import CodeList, fold
from core.rows_duckdb import SQL_TYPES
from quality import predicates
from quality.check import expect
from quality.predicates import quote

#: What the table as a whole is governed by.
_SETTINGS = (
    "mode", "storage", "classification", "owner", "event", "region_column", "time_column", "reject_share", "volume",
    "freshness_hours", "suppression",
)  # fmt: skip
_TRAITS = ("type", "unit", "required", "key", "reference", "classification", "personal")


class Step(IntEnum):
    """How large a change is."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `kind` names its sentence `standard.diff.KIND`."""

    step: Step
    kind: str
    subject: str
    before: str = ""
    after: str = ""

    @property
    def what(self) -> str:
        """The difference as a sentence."""
        values = {"subject": self.subject, "before": self.before, "after": self.after}
        return text(f"standard.diff.{self.kind}", **values)


def changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Everything that differs between two versions, the largest steps first."""
    before, after = ({c.name: c for c in one.columns} for one in (old, new))
    found = [*_settings(old, new), *_columns(before, after), *_rules(old, new, before, after)]
    return tuple(sorted(found, key=lambda change: -change.step))


def needed(found: tuple[Change, ...]) -> Step:
    """The step that a version has to take for these changes."""
    return max((change.step for change in found), default=Step.NONE)


def taken(old: Contract, new: Contract) -> Step:
    """The step that the version numbers take; NONE also where they go back."""
    numbers = [([int(part) for part in one.version.split(".")] + [0, 0, 0])[:3] for one in (old, new)]
    for step, before, after in zip((Step.MAJOR, Step.MINOR, Step.PATCH), *numbers, strict=True):
        if before != after:
            return step if after > before else Step.NONE
    return Step.NONE


def _settings(old: Contract, new: Contract) -> Iterator[Change]:
    for name in _SETTINGS:
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            yield Change(Step.MAJOR, "setting", name, _shown(one), _shown(other))
    if any(getattr(old, name) != getattr(new, name) for name in ("title", "description", "standard", "metadata")):
        yield Change(Step.PATCH, "words", new.name)


def _columns(before: Mapping[str, Column], after: Mapping[str, Column]) -> Iterator[Change]:
    for name, column in before.items():
        if name not in after:
            yield Change(Step.MAJOR, "column_removed", name)
            continue
        other = after[name]
        for trait in _TRAITS:
            if (one := getattr(column, trait)) != (two := getattr(other, trait)):
                kind = "type" if trait == "type" else "setting"
                subject = name if trait == "type" else f"{name}.{trait}"
                yield Change(Step.MAJOR, kind, subject, _shown(one), _shown(two))
        if lost := _words(column) - _words(other):
            yield Change(Step.MAJOR, "labels_removed", name, ", ".join(sorted(lost)))
        if column.title != other.title:
            yield Change(Step.PATCH, "title", name, column.title["id"], other.title["id"])
        elif (column.standard, column.variable, column.labels) != (other.standard, other.variable, other.labels):
            yield Change(Step.PATCH, "words", name)
    for name, column in after.items():
        if name not in before:
            bound = column.required or column.key
            yield Change(Step.MAJOR if bound else Step.MINOR, "column_required" if bound else "column_added", name)


def _words(column: Column) -> set[str]:
    """The words and values of a closed list that the gate understands."""
    return {fold(word) for pair in column.labels.items() for word in pair if fold(word)}


def _rules(old: Contract, new: Contract, before: Mapping[str, Column], after: Mapping[str, Column]) -> Iterator[Change]:
    """Rules of columns that come or go are told with these."""
    had, has = ({r.id: r for r in one.rules} for one in (old, new))
    for id_, rule in had.items():
        if id_ not in has and rule.kwargs.get("column") in {None, *after} and not id_.endswith(".required"):
            yield Change(Step.MAJOR, "rule_removed", id_, expect(old, rule))
    for id_, rule in has.items():
        if rule.kwargs.get("column") not in {None, *before} or id_.endswith(".required"):
            continue
        if id_ not in had:
            yield Change(Step.MAJOR, "rule_added", id_, after=expect(new, rule))
        elif _judges(rule) != _judges(had[id_]):
            yield Change(Step.MAJOR, "rule_changed", id_, _told(old, had[id_]), _told(new, rule))


def _judges(rule: Rule) -> tuple[Any, ...]:
    """What a rule does to rows."""
    return rule.type, dict(rule.kwargs), rule.severity


def _told(contract: Contract, rule: Rule) -> str:
    return f"{expect(contract, rule)} ({rule.severity.value})"


def _shown(value: Any) -> str:
    """A trait's value as the YAML has it, in one line."""
    if value is None:
        return "-"
    if is_dataclass(value):
        parts = ((part.name, getattr(value, part.name)) for part in fields(value))
        return ", ".join(f"{name}: {_shown(given)}" for name, given in parts if given is not None)
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(part) for part in value)}]"
    return str(getattr(value, "value", value))


# -- who breaks


@dataclass(frozen=True, slots=True)
class Broken:
    """So many of a dataset's rows would newly fail under one rule; `expected` is the sentence for one of them."""

    member: str
    source: str
    dataset: str
    rule: str
    severity: str
    rows: int
    of: int
    expected: str


@dataclass(frozen=True, slots=True)
class _Test:
    rule: str
    severity: Severity
    condition: str
    expected: str


def newly_failing(
    old: Contract, new: Contract, rows: pa.Table, references: Mapping[str, CodeList]
) -> tuple[Broken, ...]:
    """How many of the current rows would break what is new, by dataset and rule.

    Args:
        rows: the old standard's columns with `_member`, `_source`, `_dataset` and `_resource`.
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("held", rows)
        tests = list(_tests(old, new, set(rows.column_names), references, connection))
        if not tests or not rows.num_rows:
            return ()
        connection.execute(f"CREATE TEMP VIEW fresh AS SELECT {_as_new(old, new, rows)} FROM held")
        by = "_member, _source, _dataset"
        flags = ", ".join(f"({test.condition}) AS t{i}" for i, test in enumerate(tests))
        counts = ", ".join(f"count(*) FILTER (t{i})" for i in range(len(tests)))
        query = f"SELECT {by}, count(*), {counts} FROM (SELECT {by}, {flags} FROM fresh) GROUP BY {by} ORDER BY {by}"
        found = connection.execute(query).fetchall()
    return tuple(
        Broken(member, source, dataset, test.rule, test.severity.value, count, of, test.expected)
        for member, source, dataset, of, *broken in found
        for test, count in zip(tests, broken, strict=True)
        if count
    )


def _as_new(old: Contract, new: Contract, rows: pa.Table) -> str:
    """The rows as the new standard types them; `_was_NAME` is what was there where that is another type."""
    parts = ["_member", "_source", "_dataset", "_resource"]
    before = {c.name: c for c in old.columns if c.name in rows.column_names}
    for column in new.columns:
        name, kind = quote(column.name), SQL_TYPES[column.type]
        if column.name not in before:
            parts.append(f"CAST(NULL AS {kind}) AS {name}")
        elif before[column.name].type is column.type:
            parts.append(name)
        else:
            parts += [f"TRY_CAST({name} AS {kind}) AS {name}", f"{name} AS {quote('_was_' + column.name)}"]
    return ", ".join(parts)


def _tests(
    old: Contract, new: Contract, present: set[str], references: Mapping[str, CodeList], connection: Any
) -> Iterator[_Test]:
    before = {c.name: c for c in old.columns if c.name in present}
    for column in new.columns:
        was = before.get(column.name)
        if was is not None and was.type is not column.type:
            condition = f"{quote('_was_' + column.name)} IS NOT NULL AND {quote(column.name)} IS NULL"
            said = text("standard.diff.type", subject=column.name, before=was.type.value, after=column.type.value)
            yield _Test(f"{column.name}.type", Severity.ROW, condition, said)
        codes = references.get(column.reference or "")
        if was is not None and codes is not None and was.reference != column.reference:
            listed = pa.table({"code": pa.array(list(codes.codes), pa.string())})
            connection.register(f"codes_{column.name}", listed)
            known = f"(SELECT code FROM {quote('codes_' + column.name)})"
            condition = f"{quote(column.name)} IS NOT NULL AND {quote(column.name)} NOT IN {known}"
            said = text("standard.diff.unlisted", subject=column.name, after=codes.name)
            yield _Test(f"{column.name}.reference", Severity.ROW, condition, said)
    same = {r.id: _judges(r) for r in old.rules}
    for rule in new.rules:
        typed = rule.kwargs.get("column")
        retyped = typed in before and before[typed].type is not new.column(typed).type
        if same.get(rule.id) == _judges(rule) and not retyped and typed in {None, *before}:
            continue
        if rule.type in predicates.ROWWISE:
            yield _Test(rule.id, rule.severity, predicates.breaks(rule), expect(new, rule))
        elif rule.type in predicates.UNIQUE:
            columns = ", ".join(map(quote, predicates.unique_columns(rule)))
            condition = f"({predicates.unique_scope(rule)}) AND count(*) OVER (PARTITION BY _resource, {columns}) > 1"
            yield _Test(rule.id, rule.severity, condition, expect(new, rule))


@dataclass(frozen=True, slots=True)
class Gap:
    """A mapping that does not fit the new standard: columns it should fill and does not, and ones that are gone."""

    member: str
    source: str
    number: int
    lacking: tuple[str, ...] = field(default=())
    gone: tuple[str, ...] = field(default=())


def gap(old: Contract, new: Contract, mapping: DatasetMapping) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The newly required columns that a mapping gives nothing for, and those it names that are gone."""
    before = {c.name for c in old.columns if c.required}
    named = {*mapping.columns, *mapping.constants}
    lacking = tuple(c.name for c in new.columns if c.required and c.name not in before and c.name not in named)
    kept = {c.name for c in new.columns}
    return lacking, tuple(sorted(named - kept))
