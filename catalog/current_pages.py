"""Small pages of a contract's current rows from their SQL table, where it stands at the commit that is asked about.

Where it does not, or the files are faster (docs/adr/0008 has the figures), the answer is None and the caller asks the
files: `core/rows_duckdb.py`. Both give the same rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.orm import Session

from catalog.current import State, newest
from catalog.current_table import table_of
from catalog.models import CurrentRows
from catalog.packing import shape_of_layout
from catalog.row_files import Standard
from catalog.tables import Shape
from core.memo import remembered
from core.rows import TRUE, All, Compare, Filter, Op, Order, Page, RowQuery
from core.rows_fetch import fetch
from core.rows_fetch_json import Written, written
from core.rows_json import Struct
from core.rows_sql import compile_sql_count

T = TypeVar("T")
#: Larger pages come from the files.
LARGEST_PAGE = 1_000
#: A table of so many rows is read through faster than the files are opened, whatever is asked.
READ_THROUGH = 10_000
#: Streams hidden from the actor, or moved, that are named in a statement.
_EXCEPTIONS = 1_000
_NOW = select(CurrentRows.state, CurrentRows.seq, CurrentRows.token).where(
    CurrentRows.contract == bindparam("contract"), CurrentRows.major == bindparam("major")
)


@dataclass(frozen=True, slots=True)
class _Stand:
    """A table as it stood when a reading began."""

    seq: int
    token: str
    rows: int
    shape: Shape
    newest: int  # commit of the contract's rows, at or before the one that is asked about


def page(session: Session, standard: Standard, query: RowQuery) -> Page | None:
    """The page of a query, or None where the files are to be asked."""
    return _read(session, standard, query, fetch)


def page_as_json(session: Session, standard: Standard, query: RowQuery, struct: Struct) -> Written | Page | None:
    """The page as JSON of a selection, else as values; or None where the files are to be asked."""

    def read(connection: Connection, query: RowQuery, table: Table) -> Written | Page:
        return written(connection, query, table, struct) or fetch(connection, query, table)

    return _read(session, standard, query, read)


def _read(
    session: Session, standard: Standard, query: RowQuery, fetched: Callable[[Connection, RowQuery, Table], T]
) -> T | None:
    """What is fetched of a page, or None where the files are to be asked."""
    if query.first > LARGEST_PAGE:
        return None

    def read(stand: _Stand, table: Table, _dialect: str) -> T | None:
        if stand.rows > READ_THROUGH and not _indexed(query, stand.shape):
            return None
        return fetched(session.connection(), query, table)

    return _standing(session, standard, query, read)


def count(session: Session, standard: Standard, query: RowQuery) -> int | None:
    """How many rows match on all pages, or None where the files are to be asked."""

    def read(stand: _Stand, table: Table, dialect: str) -> int | None:
        if query.matching == TRUE and not query.relation.hidden:
            return stand.rows
        if stand.rows > READ_THROUGH:
            return None
        return session.scalar(compile_sql_count(query, table, dialect))

    return _standing(session, standard, query, read)


def _standing(
    session: Session, standard: Standard, query: RowQuery, read: Callable[[_Stand, Table, str], T | None]
) -> T | None:
    """What was read of a table that stood at the query's commit before and after; None where it did not."""
    relation = query.relation
    if relation.uncommitted or len(relation.hidden) + len(relation.moved) > _EXCEPTIONS:
        return None
    stand = remembered(session, ("current", standard, relation.seq), lambda: _stand(session, standard, relation.seq))
    if stand is None or not stand.newest <= stand.seq <= relation.seq:
        return None
    if not set(relation.columns) <= set(stand.shape.columns) or relation.key != stand.shape.key:
        return None  # the standard has a newer version, of which nothing was committed yet
    dialect = session.get_bind().dialect.name
    found = read(stand, table_of(standard, stand.shape, dialect), dialect)
    if dialect == "sqlite":
        return found  # its transactions read one state from their first statement on
    now = session.connection().execute(_NOW, {"contract": standard[0], "major": standard[1]}).one()
    return found if tuple(now) == (State.HELD.value, stand.seq, stand.token) else None


def _stand(session: Session, standard: Standard, seq: int) -> _Stand | None:
    own = session.get(CurrentRows, standard, populate_existing=True)
    if own is None or own.state != State.HELD:
        return None
    return _Stand(own.seq, own.token, own.rows, shape_of_layout(own.layout), newest(session, standard, seq))


def _indexed(query: RowQuery, shape: Shape) -> bool:
    """Whether a large table gives the page from an index: its order is one, and the filter finds few rows or all."""
    served = ((), (Order("_resource"),), *([(Order(shape.time, True),)] if shape.time is not None else []))
    if query.order not in served:
        return False
    return all(_seeks(part, shape.key[:1]) for part in _conjuncts(query.matching))


def _conjuncts(where: Filter) -> tuple[Filter, ...]:
    return where.parts if isinstance(where, All) else (where,)


def _seeks(part: Filter, columns: tuple[str, ...]) -> bool:
    return isinstance(part, Compare) and part.op is Op.EQ and part.column in columns
