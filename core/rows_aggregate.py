"""The query value for groups of rows: what is grouped by, measured, kept and ordered; compiled to DuckDB.

It stands beside `RowQuery` and asks the same rows: relation, scope and filter mean there what they mean here, and are
checked by it. Running it is left to `core/duck.py`. First written for the benchmark of issue D; whoever gives the graph
its aggregates goes on from here.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.contract import ColumnType
from core.rows import TRUE, Compiled, Filter, Op, Relation, RowQuery, Scope, Value
from core.rows_check import fits
from core.rows_duckdb import compile_source, quoted
from core.rows_errors import ColumnUnknown, FilterInvalid, PageInvalid

MAX_GROUP_BY = 6
MAX_MEASURES = 20
MAX_HAVING = 20
MAX_GROUPS = 100_000

_SIGNS = {Op.EQ: "=", Op.NE: "<>", Op.LT: "<", Op.LTE: "<=", Op.GT: ">", Op.GTE: ">="}


class MeasureOp(StrEnum):
    """What is worked out of a column's values in a group; empty cells count for none of them."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT_DISTINCT = "count_distinct"


_OF_NUMBERS = (MeasureOp.SUM, MeasureOp.AVG)
_SQL = {
    MeasureOp.COUNT: "count({})",
    MeasureOp.SUM: "sum({})",
    MeasureOp.AVG: "favg({})",
    MeasureOp.MIN: "min({})",
    MeasureOp.MAX: "max({})",
    MeasureOp.COUNT_DISTINCT: "count(DISTINCT {})",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number or value a group; COUNT without a column counts rows."""

    op: MeasureOp
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Having:
    """A condition on a group's measure, named by its place among the query's measures; empty ones do not match."""

    measure: int
    op: Op
    value: int | float


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """One step of the groups' order: a column that is grouped by, or a measure by its place."""

    by: str | int
    descending: bool = False


@dataclass(frozen=True)
class AggregateQuery:
    """Groups of one relation's rows, checked when it is made: what cannot be asked raises `core.rows_errors`.

    Attributes:
        relation: what is asked, resolved to a commit.
        scope: what the actor may see; a column outside it can be neither grouped by, measured nor compared.
        where: the caller's own filter; the scope's predicate is added when it is compiled.
        group_by: the columns whose values make a group, in the answer's order; without any, all rows are one group.
        measures: what is worked out of each group, after its columns in the answer.
        having: conditions that must all hold for a group.
        order: the groups' order; the columns of `group_by` are added, so that every group has one place, nulls last.
        first: so many groups at most.
    """

    relation: Relation
    scope: Scope
    group_by: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = (Measure(MeasureOp.COUNT),)
    where: Filter = TRUE
    having: tuple[Having, ...] = ()
    order: tuple[GroupOrder, ...] = ()
    first: int = 1_000

    def __post_init__(self) -> None:
        self._check()

    @cached_property
    def rows(self) -> RowQuery:
        """The rows that are grouped: their columns, filter and scope."""
        measured = (m.column for m in self.measures if m.column is not None)
        return RowQuery(
            relation=self.relation,
            columns=tuple(dict.fromkeys((*self.group_by, *measured))) or ("_row",),
            scope=self.scope,
            where=self.where,
        )

    def kind(self, measure: Measure) -> ColumnType:
        """The type of a measure's values."""
        if measure.op in (MeasureOp.COUNT, MeasureOp.COUNT_DISTINCT) or measure.column is None:
            return ColumnType.INTEGER
        own = self.rows.types[measure.column]
        return ColumnType.NUMBER if measure.op is MeasureOp.AVG else own

    def _check(self) -> None:
        facts = {"relation": self.relation.name, "column": "-"}
        if not 1 <= self.first <= MAX_GROUPS:
            raise PageInvalid(relation=self.relation.name, first=self.first, largest=MAX_GROUPS)
        limits = (("groupBy", self.group_by, MAX_GROUP_BY), ("measures", self.measures, MAX_MEASURES),
                  ("having", self.having, MAX_HAVING))  # fmt: skip
        for name, given, most in limits:
            if len(given) > most or (name == "groupBy" and len(set(given)) < len(given)):
                raise FilterInvalid(**facts, op=name, expected=f"<= {most}")
        known = self.rows.types  # it refuses columns that are not there
        for column in self.rows.columns:
            if not self.rows.visible(column):
                shown = ", ".join(c for c in known if self.rows.visible(c))
                raise ColumnUnknown(relation=self.relation.name, column=column, columns=shown)
        for measure in self.measures:
            kind = known[measure.column] if measure.column is not None else None
            number = kind in (ColumnType.INTEGER, ColumnType.NUMBER)
            if (kind is None and measure.op is not MeasureOp.COUNT) or (measure.op in _OF_NUMBERS and not number):
                raise FilterInvalid(
                    relation=self.relation.name, column=measure.column or "-", op=measure.op.value,
                    expected=f"{ColumnType.INTEGER.value} | {ColumnType.NUMBER.value}",
                )  # fmt: skip
        for condition in self.having:
            measured = 0 <= condition.measure < len(self.measures)
            if not measured or condition.op not in _SIGNS or not fits(ColumnType.NUMBER, condition.value):
                raise FilterInvalid(**facts, op="having", expected=f"0..{len(self.measures) - 1}, number")
            kind = self.kind(self.measures[condition.measure])
            if kind not in (ColumnType.INTEGER, ColumnType.NUMBER):
                raise FilterInvalid(**facts, op="having", expected=ColumnType.NUMBER.value)
        for step in self.order:
            there = step.by in self.group_by if isinstance(step.by, str) else 0 <= step.by < len(self.measures)
            if not there:
                raise FilterInvalid(**facts, op="orderBy", expected="groupBy | measures")


def _measured(query: AggregateQuery, measure: Measure) -> str:
    text = _SQL[measure.op]
    if measure.op is MeasureOp.SUM and query.kind(measure) is ColumnType.NUMBER:
        text = "fsum({})"  # whichever thread adds which rows, the sum differs in the last digit at most
    return text.format("*" if measure.column is None else quoted(measure.column))


def compile_aggregate(query: AggregateQuery) -> Compiled:
    """The groups as one SELECT: the columns grouped by, then the measures, one row a group, one more than asked for."""
    source = compile_source(query.rows)
    params = list(source.params)
    columns = [quoted(c) for c in query.group_by]
    measures = [_measured(query, m) for m in query.measures]
    shown = [f"{text} AS _m{i}" for i, text in enumerate(measures)]
    sql = f"SELECT {', '.join([*columns, *shown])} FROM ({source.sql})"
    if columns:
        sql += f" GROUP BY {', '.join(columns)}"
    conditions = []
    for condition in query.having:
        params.append(condition.value)
        conditions.append(f"{measures[condition.measure]} {_SIGNS[condition.op]} ${len(params)}")
    if conditions:
        sql += f" HAVING {' AND '.join(conditions)}"
    steps = [(quoted(s.by) if isinstance(s.by, str) else f"_m{s.by}", s.descending) for s in query.order]
    steps += [(column, False) for column in columns if column not in {text for text, _ in steps}]
    if steps:
        sql += " ORDER BY " + ", ".join(f"{text} {'DESC' if down else 'ASC'} NULLS LAST" for text, down in steps)
    return Compiled(f"{sql} LIMIT {query.first + 1}", tuple(params))


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups as tuples: values of the columns grouped by, then of the measures; and whether there are more."""

    rows: tuple[tuple[Value | None, ...], ...]
    more: bool


_INT64 = 2**63


def groups(query: AggregateQuery, fetched: list[tuple[Value | None, ...]]) -> Groups:
    """The groups in what a compiled query returned; a whole number beyond 64 bits becomes a floating one."""

    def made(value: Value | None) -> Value | None:
        return float(value) if type(value) is int and not -_INT64 <= value < _INT64 else value

    wide = any(m.op is MeasureOp.SUM for m in query.measures)
    kept = fetched[: query.first]
    rows = tuple(tuple(map(made, row)) for row in kept) if wide else tuple(kept)
    return Groups(rows, len(fetched) > query.first)
