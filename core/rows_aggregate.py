"""The query value for groups of rows: what is grouped by, measured, kept and ordered; compiled to DuckDB.

It stands beside `RowQuery` and asks the same rows: relation, scope and filter mean there what they mean here, and are
checked by it. Groups are made from the files alone: they hold every commit, and over many rows DuckDB is faster
than the catalogue's database. Running it is left to `core/duck.py`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from core.contract import ColumnType
from core.rows import TRUE, Compiled, Filter, Op, Relation, RowQuery, Scope, Value
from core.rows_check import fits
from core.rows_duckdb import compile_source, quoted
from core.rows_ended import NONE, Gone
from core.rows_errors import ColumnUnknown, FilterInvalid, PageInvalid

MAX_GROUP_BY = 6
MAX_MEASURES = 20
MAX_HAVING = 20
MAX_GROUPS = 100_000

_SIGNS = {Op.EQ: "=", Op.NE: "<>", Op.LT: "<", Op.LTE: "<=", Op.GT: ">", Op.GTE: ">="}


class Grain(StrEnum):
    """A coarser value that stands for many: the day, the first day of a month or year, the province of a region."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    PROVINCE = "province"


#: What each type of column can be grouped by beside its values; which texts are regions' codes the caller knows.
GRAINS = {
    ColumnType.DATE: (Grain.MONTH, Grain.YEAR),
    ColumnType.MOMENT: (Grain.DAY, Grain.MONTH, Grain.YEAR),
    ColumnType.TEXT: (Grain.PROVINCE,),
}


@dataclass(frozen=True, slots=True)
class Coarse:
    """A column's values by grain; the days of moments are those of a time zone, by its IANA name."""

    column: str
    grain: Grain
    zone: str = "UTC"


class MeasureOp(StrEnum):
    """What is worked out of a column's values in a group; empty cells count for none of them."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT_DISTINCT = "count_distinct"
    MEDIAN = "median"
    COUNT_TRUE = "count_true"


_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.NUMBER})
_TAKES = {
    **dict.fromkeys((MeasureOp.SUM, MeasureOp.AVG, MeasureOp.MEDIAN), _NUMBERS),
    MeasureOp.COUNT_TRUE: frozenset({ColumnType.BOOLEAN}),
}
_COUNTS = (MeasureOp.COUNT, MeasureOp.COUNT_DISTINCT, MeasureOp.COUNT_TRUE)
_SQL = {
    MeasureOp.COUNT: "count({})",
    MeasureOp.SUM: "sum({})",
    MeasureOp.AVG: "favg({})",
    MeasureOp.MIN: "min({})",
    MeasureOp.MAX: "max({})",
    MeasureOp.COUNT_DISTINCT: "count(DISTINCT {})",
    MeasureOp.MEDIAN: "CAST(median({}) AS DOUBLE)",
    MeasureOp.COUNT_TRUE: "count(*) FILTER (WHERE {})",
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
    """One step of the groups' order: what is grouped by, or a measure by its place."""

    by: str | Coarse | int
    descending: bool = False


@dataclass(frozen=True)
class AggregateQuery:
    """Groups of one relation's rows, checked when it is made: what cannot be asked raises `core.rows_errors`.

    Attributes:
        relation: what is asked, resolved to a commit.
        scope: what the actor may see; a column outside it can be neither grouped by, measured nor compared.
        where: the caller's own filter; the scope's predicate is added when it is compiled.
        group_by: columns, as they are or coarser, whose values make a group, in the answer's order; without any, all
            rows are one group.
        measures: what is worked out of each group, after its columns in the answer.
        having: conditions that must all hold for a group.
        order: the groups' order; the columns of `group_by` are added, so that every group has one place, nulls last.
        first: so many groups at most.
    """

    relation: Relation
    scope: Scope
    group_by: tuple[str | Coarse, ...] = ()
    measures: tuple[Measure, ...] = (Measure(MeasureOp.COUNT),)
    where: Filter = TRUE
    having: tuple[Having, ...] = ()
    order: tuple[GroupOrder, ...] = ()
    first: int = 1_000

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_columns()
        self._check_groups()

    @cached_property
    def rows(self) -> RowQuery:
        """The rows that are grouped: their columns, filter and scope."""
        measured = (m.column for m in self.measures if m.column is not None)
        return RowQuery(
            relation=self.relation,
            columns=tuple(dict.fromkeys((*map(column_of, self.group_by), *measured))) or ("_row",),
            scope=self.scope,
            where=self.where,
        )

    def kind(self, measure: Measure) -> ColumnType:
        """The type of a measure's values."""
        if measure.op in _COUNTS or measure.column is None:
            return ColumnType.INTEGER
        own = self.rows.types[measure.column]
        return ColumnType.NUMBER if measure.op in (MeasureOp.AVG, MeasureOp.MEDIAN) else own

    def _check_sizes(self) -> None:
        if not 1 <= self.first <= MAX_GROUPS:
            raise PageInvalid(relation=self.relation.name, first=self.first, largest=MAX_GROUPS)
        limits = (("groupBy", self.group_by, MAX_GROUP_BY), ("measures", self.measures, MAX_MEASURES),
                  ("having", self.having, MAX_HAVING))  # fmt: skip
        for name, given, most in limits:
            if len(given) > most or (name == "groupBy" and len(set(given)) < len(given)):
                raise FilterInvalid(relation=self.relation.name, column="-", op=name, expected=f"<= {most}")

    def _check_columns(self) -> None:
        known = self.rows.types  # it refuses columns that are not there
        for column in self.rows.columns:
            if not self.rows.visible(column):
                shown = ", ".join(c for c in known if self.rows.visible(c))
                raise ColumnUnknown(relation=self.relation.name, column=column, columns=shown)
        for key in self.group_by:
            if isinstance(key, Coarse) and key.grain not in GRAINS.get(known[key.column], ()):
                raise FilterInvalid(
                    relation=self.relation.name, column=key.column, op=key.grain.value,
                    expected=" | ".join(kind.value for kind, grains in GRAINS.items() if key.grain in grains),
                )  # fmt: skip
        for measure in self.measures:
            takes = _TAKES.get(measure.op, frozenset(ColumnType))
            if (measure.column is None and measure.op is not MeasureOp.COUNT) or (
                measure.column is not None and known[measure.column] not in takes
            ):
                raise FilterInvalid(
                    relation=self.relation.name, column=measure.column or "-", op=measure.op.value,
                    expected=" | ".join(kind.value for kind in ColumnType if kind in takes),
                )  # fmt: skip

    def _check_groups(self) -> None:
        facts = {"relation": self.relation.name, "column": "-"}
        for condition in self.having:
            measured = 0 <= condition.measure < len(self.measures)
            if not measured or condition.op not in _SIGNS or not fits(ColumnType.NUMBER, condition.value):
                raise FilterInvalid(**facts, op="having", expected=f"0..{len(self.measures) - 1}, number")
            kind = self.kind(self.measures[condition.measure])
            if kind not in _NUMBERS:
                raise FilterInvalid(**facts, op="having", expected=ColumnType.NUMBER.value)
        for step in self.order:
            there = 0 <= step.by < len(self.measures) if isinstance(step.by, int) else step.by in self.group_by
            if not there:
                raise FilterInvalid(**facts, op="orderBy", expected="groupBy | measures")


def column_of(key: str | Coarse) -> str:
    """The column whose values, or coarser ones, rows are grouped by."""
    return key.column if isinstance(key, Coarse) else key


def _measured(query: AggregateQuery, measure: Measure) -> str:
    text = _SQL[measure.op]
    if measure.op is MeasureOp.SUM and query.kind(measure) is ColumnType.NUMBER:
        text = "fsum({})"  # whichever thread adds which rows, the sum differs in the last digit at most
    return text.format("*" if measure.column is None else quoted(measure.column))


def _key(query: AggregateQuery, key: str | Coarse, params: list[object]) -> str:
    column = quoted(column_of(key))
    if isinstance(key, str):
        return column
    if key.grain is Grain.PROVINCE:
        return f"split_part({column}, '.', 1)"
    if query.rows.types[key.column] is ColumnType.MOMENT:
        params.append(key.zone)
        column = f"timezone(CAST(${len(params)} AS VARCHAR), {column})"
    return f"CAST(date_trunc('{key.grain.value}', {column}) AS DATE)"


def compile_aggregate(query: AggregateQuery, gone: Gone = NONE) -> Compiled:
    """The groups as one SELECT: what is grouped by, then the measures, one row a group, one more than asked for.

    Args:
        gone: what is known of rows that have ended (`Duck.gone`), so that they need not be looked for.
    """
    source = compile_source(query.rows, gone=gone)
    params = list(source.params)
    measures = [_measured(query, m) for m in query.measures]
    shown = [*(_key(query, key, params) for key in query.group_by), *measures]
    width = len(query.group_by)
    sql = f"SELECT {', '.join(f'{text} AS _g{i}' for i, text in enumerate(shown))} FROM ({source.sql})"
    if width:
        sql += f" GROUP BY {', '.join(str(i + 1) for i in range(width))}"
    conditions = []
    for condition in query.having:
        params.append(condition.value)
        conditions.append(f"{measures[condition.measure]} {_SIGNS[condition.op]} ${len(params)}")
    if conditions:
        sql += f" HAVING {' AND '.join(conditions)}"
    places: dict[str | Coarse | int, int] = {key: i for i, key in enumerate(query.group_by)}
    places |= {i: width + i for i in range(len(measures))}
    steps = [(places[step.by], step.descending) for step in query.order]
    steps += [(i, False) for i in range(width) if i not in dict(steps)]
    if steps:
        sql += " ORDER BY " + ", ".join(f"{i + 1} {'DESC' if down else 'ASC'} NULLS LAST" for i, down in steps)
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
