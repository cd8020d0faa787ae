"""Which rows are set aside and why: a second query over the typed table, with every reason of every failing row.

The suite says which rules broke; only those, and the cells that could not be typed, are looked for here. Rows that
break a rule about single rows are quarantined; what holds a whole delivery is decided in `quality/gate.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from core.contract import ColumnType, Contract, Rule
from core.mapping import DatasetMapping
from core.messages import text
from quality import predicates
from quality.cast import AT, ROW, WHY, Cast
from quality.melt import Long
from quality.predicates import literal, quote

#: A delivery may speak of tomorrow (zones, clocks), not of next week (T07).
AHEAD = timedelta(hours=36)
TYPED = "_typed"
_STORED = "id"
_SHOWN = 120
#: So few source rows are written as JSON sooner than a statement is planned.
_FEW = 1_000
REASON = pa.struct([(name, pa.string()) for name in ("rule", "column", "value", "message")])


@dataclass(frozen=True, slots=True)
class Reason:
    """One way in which rows fail: the rule, its columns, the SQL condition, and the sentence with NUL for a value.

    The value in the sentence is what the source wrote; `typed` names a column of the typed table instead, `extra`
    is an SQL expression instead. Without a sentence, `typed` is the sentence.
    """

    rule: str
    columns: tuple[str, ...]
    condition: str
    sentence: str | None = None
    typed: str | None = None
    extra: str | None = None


def number(value: object, locale: str) -> str:
    """A bound as people write it: `1.000.000` in Indonesian, `1,000,000` in English, dates as ISO."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date) or not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    shown = f"{int(value):,}" if float(value).is_integer() else f"{value:,}"
    return shown.translate(str.maketrans(",.", ".,")) if locale == "id" else shown


def message_of(rule: Rule) -> str:
    """The message that a rule speaks with: bounds on one side alone have words of their own."""
    if "between" in rule.type and None in (rule.kwargs.get("min_value"), rule.kwargs.get("max_value")):
        return rule.message + (".min" if rule.kwargs.get("max_value") is None else ".max")
    return rule.message


def sentence(rule: Rule, contract: Contract, value: str, locale: str = _STORED) -> str:
    """What is wrong with a value and what is expected, as a steward reads it."""
    kwargs = rule.kwargs

    def title(name: object) -> str:
        known = {c.name: c.title.get(locale, c.name) for c in contract.columns}
        return known.get(str(name), str(name))

    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    columns = kwargs.get("column_list") or [kwargs.get("column_A"), kwargs.get("column_B")]
    return text(
        message_of(rule),
        locale,
        column=title(kwargs.get("column", "")),
        value=value,
        min=number(low, locale),
        max=number(high, locale),
        length=number(kwargs.get("value"), locale),
        values=", ".join(_listed(v, contract, kwargs.get("column"), locale) for v in kwargs.get("value_set", ())),
        pattern=kwargs.get("regex", ""),
        columns=", ".join(title(c) for c in columns if c),
        column_a=title(kwargs.get("column_A")),
        column_b=title(kwargs.get("column_B")),
    )


def _listed(value: object, contract: Contract, column: object, locale: str) -> str:
    """A value of a closed list with its word."""
    labels = next((c.labels for c in contract.columns if c.name == column), {})
    label = labels.get(str(value))
    return f"{value} ({label})" if label and label != str(value) else number(value, locale)


def expect(contract: Contract, rule: Rule, locale: str = _STORED) -> str:
    """What a rule expects, for a remark that speaks of no single value."""
    return sentence(rule, contract, "…", locale)


class Failing:
    """The search for one delivery's failing rows, over `_typed` in the connection.

    `source` is the table as it came; `long` are the rows that were made of it where it was a wide one.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        contract: Contract,
        mapping: DatasetMapping | None,
        *,
        source: pa.Table,
        done: Cast,
        now: datetime,
        long: Long | None = None,
    ) -> None:
        self.connection, self.contract, self.mapping = connection, contract, mapping
        self.source, self.done, self.now, self.long = source, done, now, long
        self.joins: list[str] = []

    def reasons(self, broken: Sequence[Rule]) -> list[Reason]:
        """The ways in which rows of this delivery fail; `broken` are the rules whose rows are set aside."""
        found = [
            Reason(rule, (column,), f"t.{quote(WHY + column)} IS NOT NULL", typed=WHY + column)
            for column, rule in self.done.failed.items()
        ]
        if self.done.foreign and (region := self.contract.region_column):
            codes = ", ".join(literal(c) for c in self.done.foreign)
            sentence_ = text("quality.row.foreign", _STORED, value="\x00")
            condition = f"t.{quote(region)} IN ({codes})"
            found.append(Reason(f"{region}.foreign", (region,), condition, sentence_, typed=region))
        found += [reason for rule in broken if not self._said(rule) for reason in self._of(rule)]
        return found + self._future()

    def _said(self, rule: Rule) -> bool:
        """Whether a column lacks nothing but what could not be read, which says so itself."""
        column = rule.kwargs.get("column")
        if rule.type != predicates.NOT_NULL or column not in self.done.failed or self.done.table is None:
            return False
        filled, why = self.done.table[column], self.done.table[WHY + column]
        return not _worded(filled, why) and filled.null_count == len(why) - why.null_count

    def _of(self, rule: Rule) -> list[Reason]:
        said = sentence(rule, self.contract, "\x00")
        if rule.type not in predicates.UNIQUE:
            columns = _columns(rule)
            readable = [f"t.{quote(WHY + c)} IS NULL" for c in columns if c in self.done.failed]
            return [Reason(rule.id, columns, " AND ".join([f"({predicates.breaks(rule)})", *readable]), said)]
        columns, alias = predicates.unique_columns(rule), f"d{len(self.joins)}"
        everything = ", ".join(quote(c.name) for c in self.contract.columns)
        facts = f", min({AT}) AS first, min({ROW}) AS first_row, count(DISTINCT hash({everything})) AS kinds"
        keys = ", ".join(quote(c) for c in columns)
        named_keys = ", ".join(f"{quote(c)} AS k{i}" for i, c in enumerate(columns))
        agree = " AND ".join(f"t.{quote(c)} IS NOT DISTINCT FROM {alias}.k{i}" for i, c in enumerate(columns))
        legible = "".join(f" AND {quote(WHY + c)} IS NULL" for c in columns if c in self.done.failed)
        self.joins.append(
            f"LEFT JOIN (SELECT {named_keys}, true AS hit{facts if rule.id == 'key.unique' else ''} FROM {TYPED} "
            f"WHERE ({predicates.unique_scope(rule)}){legible} "
            f"GROUP BY {keys} HAVING count(*) > 1) AS {alias} ON {agree}{legible}"
        )
        if rule.id != "key.unique":
            return [Reason(rule.id, columns, f"{alias}.hit", said)]
        # a row that repeats another word for word loses nothing: the first stays, the others are set aside
        again = text("quality.row.repeated", _STORED, row="\x00")
        repeats = f"{alias}.kinds = 1 AND t.{AT} <> {alias}.first"
        return [
            Reason(rule.id, columns, f"{alias}.hit AND {alias}.kinds > 1", said),
            Reason("key.repeated", columns, repeats, again, extra=f"{alias}.first_row::VARCHAR"),
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
        title, day = self.contract.column(name).title["id"], f"{self.now:%Y-%m-%d}"
        said = text("quality.row.future", _STORED, column=title, value="\x00", now=day)
        return [Reason(f"{name}.future", (name,), f"t.{quote(name)} > {literal(bound)}", said)]

    def table(self, reasons: Sequence[Reason]) -> pa.Table:
        """The failing rows: `_at`, `_row`, `original` (JSON text of the source row) and `reasons`."""
        hits = self._hits(reasons)
        at = hits[AT].combine_chunks()
        rows: list[npt.NDArray[np.int64]] = []
        structs: list[pa.StructArray] = []
        for i, reason in enumerate(reasons):
            mine = np.flatnonzero(np.asarray(pc.fill_null(hits[f"h{i}"].combine_chunks(), False)))
            extra = hits[f"x{i}"].combine_chunks().take(pa.array(mine)) if reason.extra else None
            rows.append(mine)
            structs.append(self._structs(reason, at.take(pa.array(mine)), extra))
        flat = np.concatenate(rows) if rows else np.array([], np.int64)
        order = np.argsort(flat, kind="stable")  # by row, and within a row as the reasons stand
        offsets = np.searchsorted(flat[order], np.arange(len(at) + 1))
        joined = pa.concat_arrays([s.cast(REASON) for s in structs]).take(pa.array(order))
        listed = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), joined)
        assert self.done.table is not None
        row = self.done.table[ROW].take(at).combine_chunks()
        return pa.table({AT: at, ROW: row, "original": self._original(at), "reasons": listed})

    def _hits(self, reasons: Sequence[Reason]) -> pa.Table:
        """The failing rows' positions and, for each reason, whether it is theirs."""
        assert self.done.table is not None
        why = [self.done.table[r.typed] for r in reasons if r.typed is not None and r.sentence is None]
        if len(why) == len(reasons) and not _worded(*why):  # cells that could not be read: no statement is needed
            unread = [np.asarray(column.is_valid()) for column in why]
            at = np.flatnonzero(np.logical_or.reduce(unread))
            return pa.table({AT: at, **{f"h{i}": pa.array(one[at]) for i, one in enumerate(unread)}})
        shown = [f"({r.condition}) AS h{i}" for i, r in enumerate(reasons)]
        shown += [f"{r.extra} AS x{i}" for i, r in enumerate(reasons) if r.extra]
        any_ = " OR ".join(f"h{i}" for i in range(len(reasons)))
        sql = (
            f"SELECT * FROM (SELECT t.{AT}, {', '.join(shown)} FROM {TYPED} AS t {' '.join(self.joins)}) "
            f"WHERE {any_} ORDER BY {AT}"
        )
        found: pa.Table = self.connection.sql(sql).to_arrow_table()
        return found

    def _structs(self, reason: Reason, at: pa.Array, extra: pa.Array | None) -> pa.StructArray:
        value = self._written(reason.columns, at)
        typed = None
        if reason.typed is not None:
            assert self.done.table is not None
            typed = self.done.table[reason.typed].take(at).combine_chunks().cast(pa.string())
        if reason.sentence is None:
            message = typed
        else:
            inside = next(v for v in (typed, extra, value) if v is not None)
            inside = pc.utf8_slice_codeunits(pc.fill_null(inside, ""), 0, _SHOWN)
            parts: list[pa.Array | pa.Scalar] = []
            for i, part in enumerate(reason.sentence.split("\x00")):
                parts += ([inside] if i else []) + [pa.scalar(part)]
            message = pc.binary_join_element_wise(*parts, "")
            if not isinstance(message, pa.Array):  # a sentence without a value is the same for every row
                message = pa.repeat(message, len(at))
        message = self._at_header(reason.columns, at, message)
        rule, column = (pa.repeat(pa.scalar(s), len(at)) for s in (reason.rule, ", ".join(reason.columns)))
        return pa.StructArray.from_arrays([rule, column, value, message], REASON.names)

    def _at_header(self, columns: Sequence[str], at: pa.Array, message: pa.Array) -> pa.Array:
        """The sentences with the header of the cell that each speaks of, where headers are values."""
        headers = self.long.header(columns, np.asarray(at)) if self.long is not None else None
        if headers is None:
            return message
        words = text("quality.row.at_header", _STORED, header="\x00").split("\x00")
        return pc.binary_join_element_wise(message, " " + words[0], pa.array(headers, pa.string()), words[1], "")

    def _written(self, columns: Sequence[str], at: pa.Array) -> pa.Array:
        """What the source wrote in these contract columns, joined where they are several."""
        found = [self._cell(c, at) for c in columns]
        if len(found) == 1:
            return found[0]
        return pc.binary_join_element_wise(*(pc.fill_null(cells, "-") for cells in found), " | ")

    def _cell(self, column: str, at: pa.Array) -> pa.Array:
        header = self.done.source.get(column)
        if header is not None:
            cells = self.source if self.long is None else self.long.table
            return cells[header].take(at).combine_chunks().cast(pa.string())
        constant = self.mapping.constants.get(column) if self.mapping else None
        return pa.repeat(pa.scalar(constant, pa.string()), len(at))

    def _original(self, at: pa.Array) -> pa.Array:
        """The source rows as JSON text, keys in the source's order; of melted cells a row has its own."""
        headers = [name for name in self.source.column_names if name != ROW]
        if self.long is None:
            return self._json(headers, at)
        rows, made, order = np.asarray(at), [pa.array([], pa.string())], [np.array([], np.int64)]
        for own, mine in self.long.parts(headers, rows):
            made.append(self._json(own, pa.array(self.long.place[rows[mine]])))
            order.append(mine)
        return pa.concat_arrays(made).take(pa.array(np.argsort(np.concatenate(order))))

    def _json(self, headers: Sequence[str], at: pa.Array) -> pa.Array:
        """Some columns of the source at some places as JSON text."""
        if len(at) <= _FEW:
            rows = self.source.select(headers).take(at).to_pylist()
            return pa.array([orjson.dumps(row).decode() for row in rows], pa.string())
        rows = self.source.select(headers).take(at).rename_columns([f"_c{i}" for i in range(len(headers))])
        self.connection.register("_originals", rows.append_column(AT, pa.array(np.arange(len(at)))))
        pairs = ", ".join(f"{literal(header)}, _c{i}" for i, header in enumerate(headers))
        sql = f"SELECT json_object({pairs})::VARCHAR AS original FROM _originals ORDER BY {AT}"
        made: pa.Table = self.connection.sql(sql).to_arrow_table()
        self.connection.unregister("_originals")
        return made["original"].combine_chunks()


def _worded(*columns: pa.ChunkedArray) -> bool:
    """Whether any holds numbers into a list of words, of which one may be null."""
    return any(pa.types.is_dictionary(column.type) for column in columns)


def _columns(rule: Rule) -> tuple[str, ...]:
    kwargs: Mapping[str, str] = rule.kwargs
    return tuple(kwargs[k] for k in ("column", "column_A", "column_B") if k in kwargs)


def tally(failing: pa.Table) -> dict[str, int]:
    """Rule id to the number of rows that broke it."""
    if not failing.num_rows:
        return {}
    rules = pc.struct_field(pc.list_flatten(failing["reasons"].combine_chunks()), "rule")
    counts = pc.value_counts(rules).to_pylist()
    return {
        entry["values"]: int(entry["counts"]) for entry in sorted(counts, key=lambda e: (-e["counts"], e["values"]))
    }
