"""Text tables to the data standard's types, with the hub's own reading of numbers and dates.

A cell that cannot be read has no value; a row that lacks a value which the standard requires, or repeats an earlier
row's key, is left out and counted. Judging the data is left to the hub's gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core import spellings, styles
from core.arrow import ARROW
from core.cells import Cells
from core.clock import zone as zone_of
from core.contract import Column, ColumnType, Contract
from core.mapping import DatasetMapping, missing, sources
from node.errors import NodeColumnsMissing, NodeStyleUndecided
from node.sources import ROW


@dataclass(frozen=True, slots=True)
class Typed:
    """A standard's rows: its columns and `_row`; how many rows were left out, and cells that could not be read."""

    table: pa.Table
    left_out: int
    unread: Mapping[str, int]


def typed(source: pa.Table, contract: Contract, mapping: DatasetMapping, *, zone: str, year: int) -> Typed:
    """The rows of a text table.

    Args:
        zone: where moments without a zone are read, unless the mapping says another.
        year: the current one, around which years of two digits lie.

    Raises:
        NodeColumnsMissing: a column that the standard requires or the mapping names is not there.
        NodeStyleUndecided: the cells of a column do not say how its numbers or days are written.
    """
    headers = [name for name in source.column_names if name != ROW]
    found = sources(contract, mapping, headers)
    if absent := missing(contract, mapping, found):
        raise NodeColumnsMissing(columns=", ".join(f"{n} ({h})" for n, h in absent.items()), found=", ".join(headers))
    reader = _Reader(mapping, str(zone_of(mapping.zone or zone)), year)
    data: dict[str, pa.Array] = {}
    unread: dict[str, int] = {}
    with duckdb.connect() as connection:
        for column in contract.columns:
            cells = Cells.of(source, column, found[column.name], mapping)
            values = reader.values(cells, connection).cast(ARROW[column.type])
            lost = np.asarray(pc.and_(cells.texts.is_valid(), values.is_null()))
            if count := cells.count(lost):
                unread[column.name] = count
            data[column.name] = values if cells.indices is None else values.take(cells.indices)
    whole = pa.table({**data, ROW: source[ROW].combine_chunks()})
    kept = _kept(whole, contract)
    return Typed(kept, len(whole) - len(kept), unread)


def _kept(table: pa.Table, contract: Contract) -> pa.Table:
    """The rows with every required value; of those with one key the last in the source."""
    there = pa.array(np.ones(len(table), np.bool_))
    for column in contract.columns:
        if column.required:
            there = pc.and_(there, table[column.name].combine_chunks().is_valid())
    table = table.filter(there)
    key = [c.name for c in contract.columns if c.key]
    last = table.group_by(key).aggregate([(ROW, "max")])[f"{ROW}_max"].combine_chunks()
    return table if len(last) == len(table) else table.filter(pc.is_in(table[ROW], value_set=last))


@dataclass(frozen=True, slots=True)
class _Reader:
    mapping: DatasetMapping
    zone: str
    year: int

    def values(self, cells: Cells, connection: duckdb.DuckDBPyConnection) -> pa.Array:
        """The value of each distinct spelling of a column, null where it has none."""
        column = cells.column
        match column.type:
            case ColumnType.INTEGER | ColumnType.NUMBER:
                cells.numbered()
                return self._numbers(cells.texts, column)
            case ColumnType.DATE | ColumnType.MOMENT:
                read = spellings.dates(cells.texts, self.year)
                style = self._style(column, self.mapping.date_style, styles.date_style(read, self.year + 1))
                order = next((s for s in spellings.STYLES if s == style), spellings.STYLES[0])
                made = read.dates if column.type is ColumnType.DATE else read.moments
                return made(order, connection, self.zone)
            case ColumnType.BOOLEAN:
                cells.booleans()
            case ColumnType.TEXT:
                cells.labelled()
        return cells.typed

    def _numbers(self, texts: pa.Array, column: Column) -> pa.Array:
        factor = spellings.factor_of(self.mapping.factors.get(column.name), column.name)
        read = spellings.numbers(texts, column.unit, factor)
        whole = column.type is ColumnType.INTEGER
        filled = read.kinds[np.asarray(texts.is_valid())]
        evidence = styles.number_style(filled, whole=whole and factor is None)
        style = self._style(column, self.mapping.number_style, evidence)
        style = "id" if style == "any" else style
        if not whole:
            return read.floats(style)
        number, exact = read.wholes(style)
        return pc.if_else(pa.array(exact), number, pa.scalar(None, pa.int64()))

    def _style(self, column: Column, stated: str, evidence: str | None) -> str:
        style = evidence if stated == "auto" else stated
        if style is None:
            raise NodeStyleUndecided(column=column.name, title=column.title["id"])
        return style
