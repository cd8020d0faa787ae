"""The SQL table that holds a contract's current rows: its name, columns and indexes, and how rows go in and out.

One table a contract and major version, derived from the committed files, so made here and not in the migrations'
history. When it is brought forward is left to `catalog/current.py`, who reads it to `catalog/current_pages.py`.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection, Index, MetaData, Table, inspect, text

from catalog.row_files import Standard
from catalog.tables import Shape
from core.contract import ColumnType, Mode
from core.rows import PROVENANCE
from core.rows_duckdb import quoted
from core.rows_sql import SA_TYPES, standing

#: What a row has beside data and provenance: its succession of snapshots, and its place within its snapshot.
OWN = {"_stream": ColumnType.TEXT, "_ord": ColumnType.INTEGER}
#: Names that every database keeps apart as they are written.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LONGEST = 40  # of a contract's name within a table's; PostgreSQL cuts names at 63 bytes
_POSTGRES = {
    ColumnType.TEXT: "text", ColumnType.INTEGER: "bigint", ColumnType.NUMBER: "double precision",
    ColumnType.DATE: "date", ColumnType.MOMENT: "timestamptz", ColumnType.BOOLEAN: "boolean",
}  # fmt: skip


def widened(shapes: Sequence[Shape]) -> Shape | None:
    """The shape with every column of some files, by name; None where they do not agree, or a name cannot be one."""
    kinds: dict[str, ColumnType] = {}
    for shape in shapes:
        for name, kind in shape.columns:
            if kinds.setdefault(name, kind) is not kind or not _NAME.fullmatch(name):
                return None
    if len({shape.key for shape in shapes}) != 1:
        return None
    times = {shape.time for shape in shapes} - {None}
    return Shape(tuple(sorted(kinds.items())), shapes[0].key, Mode.UPSERT, min(times, default=None, key=str))


def table_name(standard: Standard) -> str:
    """`rows_commodity_price_v1`; a name that cannot be part of one, or is long, is told apart by its hash."""
    name, major = standard
    plain = re.sub(r"[^a-z0-9_]", "_", name.lower())[:_LONGEST]
    if plain != name:
        plain += "_" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"rows_{plain}_v{major}"


def kinds_of(shape: Shape) -> dict[str, ColumnType]:
    """Every column of the table with its type, in order."""
    return dict(shape.columns) | PROVENANCE | OWN


@lru_cache(maxsize=256)
def table_of(standard: Standard, shape: Shape, dialect: str) -> Table:
    """The table, clustered by snapshot and place, with indexes for pages: standing order, one first key, newest."""
    name = table_name(standard)
    own = {*PROVENANCE, *OWN}
    clustered = {"_snapshot", "_ord"}
    columns = [
        Column(n, SA_TYPES[kind], nullable=n not in own, primary_key=n in clustered, autoincrement=False)
        for n, kind in kinds_of(shape).items()
    ]
    table = Table(name, MetaData(), *columns, sqlite_with_rowid=False)
    order = ("_resource", *shape.key, "_row", "_snapshot")
    Index(f"ix_{name}_page", *standing(table, order, dialect))
    if shape.key:  # mostly the region: its rows in the same order
        first = shape.key[0]
        Index(f"ix_{name}_first", table.c[first], *standing(table, [c for c in order if c != first], dialect))
    if shape.time is not None:
        newest = table.c[shape.time].desc()
        Index(f"ix_{name}_time", newest if dialect == "sqlite" else newest.nulls_last())
    return table


def make(connection: Connection, standard: Standard, shape: Shape) -> Table:
    """The table in the database, made or given the columns that it lacks."""
    table = table_of(standard, shape, connection.dialect.name)
    inspected = inspect(connection)
    if not inspected.has_table(table.name):
        table.create(connection)
        return table
    there = {column["name"] for column in inspected.get_columns(table.name)}
    for column in table.columns:
        if column.name not in there:
            kind = column.type.compile(connection.dialect)
            connection.execute(text(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {quoted(column.name)} {kind}"))
    return table


def stored(name: str, kind: ColumnType, dialect: str) -> str:
    """The DuckDB expression of a column's values as text or number that the database takes as they are."""
    column = quoted(name)
    if kind is ColumnType.DATE:
        return f"CAST({column} AS VARCHAR)"
    if kind is ColumnType.MOMENT:
        zone = "+00" if dialect == "postgresql" else ""
        return f"strftime(timezone('UTC', {column}), '%Y-%m-%d %H:%M:%S.%f{zone}')"
    if kind is ColumnType.BOOLEAN and dialect == "sqlite":
        return f"CAST({column} AS INTEGER)"
    return column


def insert(connection: Connection, table: Table, kinds: dict[str, ColumnType], columns: Sequence[list[Any]]) -> None:
    """Put rows in, given column by column as `stored` makes them, in the order of `kinds`."""
    if not columns[0]:
        return
    names = ", ".join(map(quoted, kinds))
    into = f"INSERT INTO {quoted(table.name)} ({names})"
    if connection.dialect.name == "postgresql":  # one statement; row by row takes five times as long
        arrays = ", ".join(f"%s::{'text' if _as_text(k) else _POSTGRES[k]}[]" for k in kinds.values())
        values = ", ".join(f"v{i}::{_POSTGRES[kind]}" for i, kind in enumerate(kinds.values()))
        given = ", ".join(f"v{i}" for i in range(len(kinds)))
        connection.exec_driver_sql(f"{into} SELECT {values} FROM unnest({arrays}) AS u({given})", tuple(columns))
        return
    places = ", ".join("?" for _ in kinds)
    connection.exec_driver_sql(f"{into} VALUES ({places})", list(zip(*columns, strict=True)))


def _as_text(kind: ColumnType) -> bool:
    return kind in (ColumnType.TEXT, ColumnType.DATE, ColumnType.MOMENT)


def remove(connection: Connection, table: Table, ended: Sequence[tuple[int, int]]) -> int:
    """Take out rows by snapshot and place; how many were there."""
    if not ended:
        return 0
    name = quoted(table.name)
    if connection.dialect.name == "postgresql":
        statement = (
            f"DELETE FROM {name} t USING unnest(%s::bigint[], %s::bigint[]) AS e(a, b) "
            "WHERE t._snapshot = e.a AND t._ord = e.b"
        )
        return connection.exec_driver_sql(statement, tuple(map(list, zip(*ended, strict=True)))).rowcount
    return connection.exec_driver_sql(
        f"DELETE FROM {name} WHERE _snapshot = ? AND _ord = ?", [tuple(pair) for pair in ended]
    ).rowcount


def digest(connection: Connection, table: Table) -> str:
    """The hash (64 hex digits) of every row as the database holds it, in the order of snapshots and places."""
    names = ", ".join(quoted(name) for name in sorted(c.name for c in table.columns))
    hashed = hashlib.sha256(names.encode())
    rows = connection.execution_options(stream_results=True).exec_driver_sql(
        f"SELECT {names} FROM {quoted(table.name)} ORDER BY _snapshot, _ord"
    )
    for some in rows.partitions(10_000):
        hashed.update(repr([tuple(row) for row in some]).encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()
