"""A page's rows in the three forms that reading gives them, as the splice writes them: values, JSON text, columns."""

from collections.abc import Sequence
from typing import Protocol

from core import rows_json, rows_json_columns
from core.rows import Page, RowQuery, Value
from core.rows_arrow import Sheet
from core.rows_fetch_json import Written
from core.rows_json import Struct
from gateway.pieces import Pieces

#: The place of a row in its query's total order.
Place = tuple[Value | None, ...]


class Rows(Protocol):
    """A page's rows, ready to be written."""

    has_next: bool
    has_previous: bool

    def __len__(self) -> int: ...

    def json(self, struct: Struct, cursors: Sequence[str] | None) -> bytes | Pieces | None:
        """The rows as a JSON list; None where a value cannot be written."""

    def places(self) -> Sequence[Place]:
        """The place of every row."""

    def place(self, row: int) -> Place:
        """The place of one row."""


class Tuples:
    """A small page."""

    def __init__(self, query: RowQuery, page: Page) -> None:
        self._columns, self._page = query.columns, page
        self.has_next, self.has_previous = page.has_next, page.has_previous

    def __len__(self) -> int:
        return len(self._page.rows)

    def json(self, struct: Struct, cursors: Sequence[str] | None) -> bytes | None:
        """The rows as a JSON list; None where a value cannot be written."""
        return rows_json.of_tuples(struct, self._columns, self._page.rows, cursors)

    def places(self) -> Sequence[Place]:
        """The place of every row."""
        return self._page.places

    def place(self, row: int) -> Place:
        """The place of one row."""
        return self._page.places[row]


class Done:
    """A small page that came as JSON."""

    def __init__(self, page: Written) -> None:
        self._page = page
        self.has_next, self.has_previous = page.has_next, page.has_previous

    def __len__(self) -> int:
        return self._page.rows

    def json(self, _struct: Struct, _cursors: Sequence[str] | None) -> bytes | None:
        """The rows as a JSON list; None where a value cannot be written."""
        return self._page.json

    def places(self) -> Sequence[Place]:
        """Nobody asks: rows with their cursors do not come so."""
        raise NotImplementedError

    def place(self, row: int) -> Place:
        """The place of the first or the last row."""
        return self._page.place(row)


class Columns:
    """A large page."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self.has_next, self.has_previous = sheet.has_next, sheet.has_previous

    def __len__(self) -> int:
        return len(self._sheet.table)

    def json(self, struct: Struct, cursors: Sequence[str] | None) -> Pieces | None:
        """The rows as a JSON list; None where a value cannot be written."""
        parts = rows_json_columns.pieces_of_arrow(struct, self._sheet.table, cursors)
        return None if parts is None else Pieces(parts)

    def places(self) -> Sequence[Place]:
        """The place of every row."""
        return self._sheet.places()

    def place(self, row: int) -> Place:
        """The place of one row."""
        return self._sheet.place(row)
