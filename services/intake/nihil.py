"""A stated *nihil*: a source saying that nothing happened, which for event data is a complete report.

It is said in the file (the word alone under the headings, or in a title or footnote of an empty table) or in the
dataset's metadata (an extra `nihil`).
"""

from collections.abc import Mapping
from typing import Any

from core.reference import fold
from core.table import TextTable

_WORD = "nihil"
_YES = frozenset({"nihil", "ya", "true", "1", "benar"})


def stated_in(extras: Mapping[str, Any]) -> bool:
    """Whether the dataset's metadata says that there was nothing to report."""
    return any(fold(str(name)) == _WORD and fold(str(value)) in _YES for name, value in extras.items())


def without_nihil(table: TextTable) -> tuple[TextTable, bool]:
    """The table without a row that only says nihil, and whether the file says so; rows of data always stay."""
    if len(table) == 0:
        beside = (table.title or "", *table.footnotes)
        return table, any(_WORD in fold(text).split() for text in beside)
    if len(table) > 1:
        return table, False
    (row,) = table.data.to_pylist()
    filled = [fold(cell) for cell in row.values() if cell and fold(cell)]
    if not filled or any(cell != _WORD for cell in filled):
        return table, False
    return TextTable(
        name=table.name,
        place=table.place,
        data=table.data.slice(0, 0),
        row_numbers=table.row_numbers.slice(0, 0),
        title=table.title,
        footnotes=table.footnotes,
        notes=table.notes,
        dialect=table.dialect,
    ), True
