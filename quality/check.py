"""Which rows are set aside and why: a second query over the typed table, with every reason of every failing row.

The suite says which rules broke; only those, and the cells that could not be typed, are looked for here. Rows that
break a rule about single rows are quarantined; what holds a whole delivery is decided in `quality/gate.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import ColumnType, Contract, Rule
from core.mapping import DatasetMapping
from core.messages import text
from quality import predicates
from quality.cast import AT, ROW, WHY, Cast
from quality.predicates import literal, quote

#: A delivery may speak of tomorrow (zones, clocks), not of next week (T07).
AHEAD = timedelta(hours=36)
TYPED, SOURCE = "_typed", "_source"
_STORED = "id"
_SHOWN = 120
REASON = pa.struct([(name, pa.string()) for name in ("rule", "column", "value", "message")])


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which rows fail: the rule, the SQL condition, the original value shown, and its sentence."""

    rule: str
    column: str
    condition: str
    value: str
    message: str


def number(value: object, locale: str) -> str:
    """A bound as people write it: `1.000.000` in Indonesian, `1,000,000` in English, dates as ISO."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date) or not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    shown = f"{int(value):,}" if float(value).is_integer() else f"{value:,}"
    return shown.translate(str.maketrans(",.", ".,")) if locale == "id" else shown


def sentence(rule: Rule, contract: Contract, value: str, locale: str = _STORED) -> str:
    """What is wrong with a value and what is expected, as a steward reads it."""
    kwargs = rule.kwargs

    def title(name: object) -> str:
        known = {c.name: c.title.get(locale, c.name) for c in contract.columns}
        return known.get(str(name), str(name))

    message = rule.message
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if "between" in rule.type and (low is None or high is None):
        message += ".min" if high is None else ".max"
    columns = kwargs.get("column_list") or [kwargs.get("column_A"), kwargs.get("column_B")]
    return text(
        message,
        locale,
        column=title(kwargs.get("column", "")),
        value=value,
        min=number(low, locale),
        max=number(high, locale),
        length=number(kwargs.get("value"), locale),
        values=", ".join(number(v, locale) for v in kwargs.get("value_set", ())),
        pattern=kwargs.get("regex", ""),
        columns=", ".join(title(c) for c in columns if c),
        column_a=title(kwargs.get("column_A")),
        column_b=title(kwargs.get("column_B")),
    )


def expect(contract: Contract, rule: Rule, locale: str = _STORED) -> str:
    """What a rule expects, for a remark that speaks of no single value."""
    return sentence(rule, contract, "…", locale)


class Failing:
    """The search for one delivery's failing rows, over `_typed` and (positional) `_source` in the connection."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        mapping: DatasetMapping | None,
        *,
        headers: Sequence[str],
        done: Cast,
        now: datetime,
    ) -> None:
        self.connection, self.contract, self.mapping = connection, contract, mapping
        self.headers, self.done, self.now = list(headers), done, now
        self.joins: list[str] = []

    def original(self, column: str) -> str:
        """SQL for what the source wrote in a contract column."""
        header = self.done.source.get(column)
        if header is not None:
            return f"s._c{self.headers.index(header)}"
        constant = self.mapping.constants.get(column) if self.mapping else None
        return "NULL" if constant is None else literal(constant)

    def reasons(self, broken: Sequence[Rule]) -> list[Reason]:
        """The ways in which rows of this delivery fail; `broken` are the rules whose rows are set aside."""
        found = [
            Reason(rule, column, f"t.{quote(WHY + column)} IS NOT NULL", self.original(column), quote(WHY + column))
            for column, rule in self.done.failed.items()
        ]
        if self.done.foreign and self.contract.region_column:
            column = self.contract.region_column
            codes = ", ".join(literal(c) for c in self.done.foreign)
            message = text("quality.row.foreign", _STORED, value="\x00")
            found.append(
                Reason(
                    f"{column}.foreign", column, f"t.{quote(column)} IN ({codes})",
                    self.original(column), self._filled(message, f"t.{quote(column)}"),
                )
            )  # fmt: skip
        found += [reason for rule in broken for reason in self._of(rule)]
        return found + self._future()

    def _of(self, rule: Rule) -> list[Reason]:
        columns = predicates.unique_columns(rule) if rule.type in predicates.UNIQUE else _columns(rule)
        value = " || ' | ' || ".join(f"coalesce({self.original(c)}, '-')" for c in columns)
        value = self.original(columns[0]) if len(columns) == 1 else value
        message = self._filled(sentence(rule, self.contract, "\x00"), f"coalesce({value}, '')")
        named = ", ".join(columns)
        if rule.type not in predicates.UNIQUE:
            readable = [f"t.{quote(WHY + c)} IS NULL" for c in columns if c in self.done.failed]
            condition = " AND ".join([f"({predicates.breaks(rule)})", *readable])
            return [Reason(rule.id, named, condition, value, message)]
        alias = f"d{len(self.joins)}"
        everything = ", ".join(quote(c.name) for c in self.contract.columns)
        keys = ", ".join(quote(c) for c in columns)
        named_keys = ", ".join(f"{quote(c)} AS k{i}" for i, c in enumerate(columns))
        agree = " AND ".join(f"t.{quote(c)} IS NOT DISTINCT FROM {alias}.k{i}" for i, c in enumerate(columns))
        legible = "".join(f" AND {quote(WHY + c)} IS NULL" for c in columns if c in self.done.failed)
        self.joins.append(
            f"LEFT JOIN (SELECT {named_keys}, true AS hit, min({AT}) AS first, min({ROW}) AS first_row, "
            f"count(DISTINCT hash({everything})) AS kinds FROM {TYPED} "
            f"WHERE ({predicates.unique_scope(rule)}){legible} "
            f"GROUP BY {keys} HAVING count(*) > 1) AS {alias} ON {agree}{legible}"
        )
        if rule.id != "key.unique":
            return [Reason(rule.id, named, f"{alias}.hit", value, message)]
        # a row that repeats another word for word loses nothing: the first stays, the others are set aside
        again = self._filled(text("quality.row.repeated", _STORED, row="\x00"), f"{alias}.first_row::VARCHAR")
        return [
            Reason(rule.id, named, f"{alias}.hit AND {alias}.kinds > 1", value, message),
            Reason("key.repeated", named, f"{alias}.kinds = 1 AND t.{AT} <> {alias}.first", value, again),
        ]

    def _future(self) -> list[Reason]:
        name = self.contract.time_column
        if name is None or self.done.table is None or not self.done.table.num_rows:
            return []
        limit = self.now + AHEAD
        newest = pc.max(self.done.table[name]).as_py()
        bound: date | datetime = limit.date() if self.contract.column(name).type is ColumnType.DATE else limit
        if newest is None or newest <= bound:
            return []
        message = text(
            "quality.row.future", _STORED, column=self.contract.column(name).title["id"], value="\x00",
            now=f"{self.now:%Y-%m-%d}",
        )  # fmt: skip
        value = self.original(name)
        condition = f"t.{quote(name)} > {literal(bound)}"
        return [Reason(f"{name}.future", name, condition, value, self._filled(message, value))]

    @staticmethod
    def _filled(template: str, value: str) -> str:
        """SQL for a sentence with a value in the place of NUL."""
        parts = template.split("\x00")
        joined = [literal(parts[0])]
        for part in parts[1:]:
            joined += [f"left(coalesce({value}, ''), {_SHOWN})", literal(part)]
        return " || ".join(joined)

    def table(self, reasons: Sequence[Reason]) -> pa.Table:
        """The failing rows: `_at`, `_row`, `original` (JSON text of the source row) and `reasons`."""
        structs = ",\n".join(
            f'CASE WHEN {r.condition} THEN struct_pack(rule := {literal(r.rule)}, "column" := {literal(r.column)}, '
            f"value := ({r.value})::VARCHAR, message := {r.message}) END"
            for r in reasons
        )
        original = ", ".join(f"{literal(h)}, s._c{i}" for i, h in enumerate(self.headers))
        sql = f"""
        SELECT {AT}, {ROW}, json_object({original})::VARCHAR AS original, reasons FROM (
          SELECT t.{AT}, t.{ROW}, list_filter([{structs}], lambda x: x IS NOT NULL) AS reasons, s
          FROM {TYPED} AS t JOIN {SOURCE} AS s ON s.{AT} = t.{AT} {" ".join(self.joins)}
        ) WHERE len(reasons) > 0 ORDER BY {AT}
        """
        found: pa.Table = self.connection.sql(sql).to_arrow_table()
        return found


def _columns(rule: Rule) -> list[str]:
    kwargs: Mapping[str, str] = rule.kwargs
    return [kwargs[k] for k in ("column", "column_A", "column_B") if k in kwargs]


def tally(failing: pa.Table) -> dict[str, int]:
    """Rule id to the number of rows that broke it."""
    if not failing.num_rows:
        return {}
    rules = pc.struct_field(pc.list_flatten(failing["reasons"].combine_chunks()), "rule")
    counts = pc.value_counts(rules).to_pylist()
    return {
        entry["values"]: int(entry["counts"]) for entry in sorted(counts, key=lambda e: (-e["counts"], e["values"]))
    }
