"""Which table of a file a mapping means, and how a table travels to the checking worker."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from core.mapping import DatasetMapping
from core.reference import fold
from core.rows import PROVENANCE
from core.table import TextTable

#: What every stored row carries beside its source's columns.
_OURS = frozenset(PROVENANCE) | {"_deleted", "_lumbung_file"}


def _matched(table: TextTable, mapping: DatasetMapping) -> int:
    headers = {fold(c) for c in table.columns}
    melted = (header for melt in mapping.melts for header in melt.columns)
    return sum(fold(source) in headers for source in (*mapping.columns.values(), *melted))


def mapped_table(tables: Sequence[TextTable], mapping: DatasetMapping) -> TextTable | None:
    """The table that a mapping means: the one it names, else the one with most of the mapped headers.

    The first wins where several have as many; None where the named one is absent or no header is found at all.
    """
    if mapping.table is not None:
        named = [t for t in tables if fold(t.name) == fold(mapping.table)]
        return named[0] if named else None
    best = max(tables, key=lambda t: _matched(t, mapping), default=None)
    if best is None or (mapping.columns and _matched(best, mapping) == 0 and len(tables) > 1):
        return None
    return best


def write_table(table: TextTable, path: Path) -> Path:
    """The table as an Arrow file: its text columns in order, and `_row`, the row number in the source."""
    data = table.data
    names = [f"{c} (sumber)" if c.casefold() in _OURS else c for c in data.column_names]
    if names != data.column_names:  # a source may really have such a column; ours must stay findable
        data = data.rename_columns(names)
    data = data.append_column("_row", table.row_numbers)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, data.schema) as writer:
        writer.write_table(data)
    return path
