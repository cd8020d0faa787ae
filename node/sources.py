"""A regency's own files and database tables as text tables, each cell as it is written there.

Files are clean ones, with their header in the first line that is not empty: CSV (its delimiter and encoding found
by the header) and spreadsheets. What is messier belongs to the hub's readers. A database is only ever read.
"""

import csv
import io
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import MetaData, Table, create_engine, select, type_coerce
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from node.errors import NodeSourceUnfit

ROW = "_row"
SHEETS = (".xlsx", ".xls", ".ods", ".xlsm")
TEXTS = (".csv", ".tsv", ".txt")
MAX_BYTES = 256 * 1024 * 1024
MAX_ROWS = 1_000_000
_BATCH = 20_000
_DELIMITERS = ",;\t|"
csv.field_size_limit(1024 * 1024)


def read_file(path: Path, sheet: str | None = None) -> pa.Table:
    """The text columns of a file, and `_row`, the line or row number as a person sees it.

    Raises:
        NodeSourceUnfit: it is no table of a kind that is read here, or larger than a node takes.
    """
    if path.stat().st_size > MAX_BYTES:
        raise NodeSourceUnfit(file=path.name, detail=f"<= {MAX_BYTES}")
    if path.suffix.lower() in SHEETS:
        return _table(path.name, _sheet(path, sheet))
    if path.suffix.lower() not in TEXTS:
        raise NodeSourceUnfit(file=path.name, detail=" | ".join((*TEXTS, *SHEETS)))
    return _table(path.name, _lines(path))


def _lines(path: Path) -> Iterable[tuple[int, Sequence[str | None]]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    if "\x00" in text:
        raise NodeSourceUnfit(file=path.name, detail="text")
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        raise NodeSourceUnfit(file=path.name, row=number, detail=str(error)) from error


def _sheet(path: Path, name: str | None) -> Iterable[tuple[int, Sequence[str | None]]]:
    try:
        book = CalamineWorkbook.from_path(path)
        if name is not None and name not in book.sheet_names:
            raise NodeSourceUnfit(file=path.name, sheet=name, detail=" | ".join(book.sheet_names))
        sheet = book.get_sheet_by_name(name if name is not None else book.sheet_names[0])
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise NodeSourceUnfit(file=path.name, detail=type(error).__name__) from error
    for number, cells in enumerate(rows, 1):
        yield number, [written(cell) for cell in cells]


def written(cell: Any) -> str | None:
    """A typed cell as text that `core.spellings` reads back to the same value."""
    match cell:
        case None | "":
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 2**53:
            return str(int(cell))
        case float() | Decimal():
            return _decimal(cell)
        case datetime() | date():
            return cell.isoformat()
        case time() | timedelta():
            return str(cell)
        case _:
            return str(cell)


def _decimal(cell: float | Decimal) -> str | None:
    """With so many digits that a fraction of three is never taken for thousands, whatever style the column has."""
    exact = Decimal(repr(cell)) if isinstance(cell, float) else cell
    if not exact.is_finite():
        return None
    text = format(exact, "f")
    whole, point, rest = text.partition(".")
    return f"{whole}.{rest.ljust(4, '0')}" if point else whole


def _table(name: str, rows: Iterable[tuple[int, Sequence[str | None]]]) -> pa.Table:
    header: list[str] = []
    columns: list[list[str | None]] = []
    numbers: list[int] = []
    for number, cells in rows:
        if not any(cell and cell.strip() for cell in cells):
            continue
        if not header:
            header = _header(name, cells)
            columns = [[] for _ in header]
            continue
        if len(numbers) >= MAX_ROWS:
            raise NodeSourceUnfit(file=name, row=number, detail=f"<= {MAX_ROWS}")
        if any(cell and cell.strip() for cell in cells[len(header) :]):
            raise NodeSourceUnfit(file=name, row=number, detail=f"{len(cells)} > {len(header)}")
        for i, column in enumerate(columns):
            column.append(cells[i] if i < len(cells) else None)
        numbers.append(number)
    if not header:
        raise NodeSourceUnfit(file=name, detail="0")
    arrays = [pa.array(column, pa.string()) for column in columns]
    return pa.table([*arrays, pa.array(numbers, pa.int64())], names=[*header, ROW])


def _header(name: str, cells: Sequence[str | None]) -> list[str]:
    """The header's names; an empty or repeated one would make a column nobody can name."""
    names = [(cell or "").strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for i, column in enumerate(names):
        if not column or column == ROW:
            names[i] = next(n for n in (f"kolom {k}" for k in count(i + 1)) if n not in names)
        elif column in names[:i]:
            raise NodeSourceUnfit(file=name, column=column, detail="2x")
    return names


def reading(url: str) -> Engine:
    """An engine that cannot write: SQLite files are opened so, PostgreSQL is told so."""
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///")).resolve()
        return create_engine(
            "sqlite://", creator=lambda: sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True), poolclass=NullPool
        )
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError(url)
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        connect_args={"options": "-c default_transaction_read_only=on", "connect_timeout": 10},
        poolclass=NullPool,
    )


def read_sql(url: str, table_name: str) -> pa.Table:
    """The text columns of a database's table, and `_row`, counted from 1 in the order of its key.

    Raises:
        NodeSourceUnfit: the database cannot be reached, or has no such table; its address is never repeated.
    """
    schema, _, bare = table_name.rpartition(".")
    try:
        engine = reading(url)
        table = Table(bare, MetaData(), schema=schema or None, autoload_with=engine)
        names = list(table.columns.keys())
        # without their types: a driver that cannot read one cell as its column's type would lose the whole table
        raw = select(*(type_coerce(column, NullType()) for column in table.columns))
        columns: list[list[pa.Array]] = [[] for _ in names]
        rows = 0
        with engine.connect() as connection:
            found = connection.execution_options(stream_results=True).execute(
                raw.order_by(*table.primary_key.columns).limit(MAX_ROWS + 1)
            )
            for batch in found.partitions(_BATCH):
                rows += len(batch)
                for column, cells in zip(columns, zip(*batch, strict=True), strict=True):
                    column.append(pa.array([written(cell) for cell in cells], pa.string()))
    except (SQLAlchemyError, ValueError, OSError) as error:
        raise NodeSourceUnfit(file=table_name, detail=type(error).__name__) from error
    if rows > MAX_ROWS:
        raise NodeSourceUnfit(file=table_name, detail=f"<= {MAX_ROWS}")
    arrays = [pa.chunked_array(column, pa.string()) for column in columns]
    return pa.table([*arrays, pa.array(range(1, rows + 1), pa.int64())], names=[*names, ROW])
