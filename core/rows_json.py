"""A page's rows as JSON for exactly a selection of columns, from tuples; large pages are `core/rows_json_columns.py`'s.

Both write what the graph's scalars write, value by value: days as ISO text, moments in UTC with Z, 64-bit integers as
numbers. Where a value cannot be written so (a number that is not finite, an empty cell where the graph promises none)
the answer is None, and the caller goes the long way, which says what is wrong and where. Which columns were selected is
left to the gateway, reading to `core/duck.py` and `catalog/current_pages.py`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from typing import Any

import orjson

from core.contract import ColumnType
from core.rows import Value

Row = tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column's value; `required` where the graph says that it is never null."""

    column: str
    kind: ColumnType
    required: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for every row."""

    value: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row's cursor."""


@dataclass(frozen=True, slots=True)
class Struct:
    """An object, its keys in the order of the answer."""

    fields: tuple[tuple[str, "Leaf | Constant | Cursor | Struct"], ...]

    def leaves(self) -> Iterator[Leaf]:
        """Every column's value in it, however deep."""
        for _, node in self.fields:
            if isinstance(node, Struct):
                yield from node.leaves()
            elif isinstance(node, Leaf):
                yield node

    def with_cursor(self) -> bool:
        """Whether a row's cursor is part of it."""
        return any(isinstance(n, Cursor) or (isinstance(n, Struct) and n.with_cursor()) for _, n in self.fields)


def _sound(leaf: Leaf, values: Sequence[Any]) -> bool:
    if leaf.required and None in values:
        return False
    # nothing times a number that is not finite is none
    return leaf.kind is not ColumnType.NUMBER or isfinite(sum(map((0.0).__mul__, filter(None, values))))


def _object(struct: Struct, at: Mapping[str, int]) -> Callable[[Row, str | None], dict[str, Any]]:
    def part(node: Leaf | Constant | Cursor | Struct) -> Callable[[Row, str | None], Any]:
        if isinstance(node, Struct):
            return _object(node, at)
        if isinstance(node, Constant):
            return lambda _row, _cursor: node.value
        if isinstance(node, Cursor):
            return lambda _row, cursor: cursor
        place = at[node.column]
        return lambda row, _: row[place]

    parts = [(key, part(node)) for key, node in struct.fields]
    return lambda row, cursor: {key: made(row, cursor) for key, made in parts}


def of_tuples(
    struct: Struct, columns: Sequence[str], rows: Sequence[Row], cursors: Sequence[str] | None = None
) -> bytes | None:
    """The list of rows as JSON text; each row's values begin with those of `columns`, in their order."""
    at = {column: i for i, column in enumerate(columns)}
    values = [*zip(*rows, strict=False)]
    if rows and not all(_sound(leaf, values[at[leaf.column]]) for leaf in struct.leaves() if _doubtful(leaf)):
        return None
    plain = [node.column for _, node in struct.fields if isinstance(node, Leaf)]
    if len(plain) == len(struct.fields) and plain == list(columns):
        keys = [key for key, _ in struct.fields]
        made: list[dict[str, Any]] = [dict(zip(keys, row, strict=False)) for row in rows]
    else:
        of_row = _object(struct, at)
        made = [of_row(row, cursor) for row, cursor in zip(rows, cursors or repeat(None, len(rows)), strict=True)]
    return orjson.dumps(made, option=orjson.OPT_UTC_Z)


def _doubtful(leaf: Leaf) -> bool:
    return leaf.required or leaf.kind is ColumnType.NUMBER
