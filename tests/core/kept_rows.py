"""A table of current rows with a column of every type, as a database keeps it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, delete, insert

from core.contract import ColumnType
from core.rows import PROVENANCE
from core.rows_sql import SA_TYPES

COLUMNS = tuple((kind.value, kind) for kind in ColumnType)
NAMES = tuple(name for name, _ in COLUMNS)
FACTS = {
    "_snapshot": 1, "_member": "33.74", "_source": "s", "_dataset": "d", "_resource": "r", "_verdict": "published",
    "_fetched_at": datetime(2026, 1, 1, tzinfo=UTC),
}  # fmt: skip


def filled(connection: Connection, rows: list[Any]) -> Table:
    """The table with these rows and no others, each with a cell for every type, numbered from nothing."""
    table = Table("t", MetaData(), *(Column(n, SA_TYPES[k]) for n, k in {**dict(COLUMNS), **PROVENANCE}.items()))
    table.create(connection, checkfirst=True)
    connection.execute(delete(table))
    for number, row in enumerate(rows):
        connection.execute(insert(table).values({**dict(zip(NAMES, row, strict=True)), **FACTS, "_row": number}))
    return table
