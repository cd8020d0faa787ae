"""A database's answer to one question as a landed JSON file, so that a replay never asks the database again.

The connection can only read: `default_transaction_read_only` and a statement timeout on PostgreSQL; `mode=ro`, an
authorizer and a deadline on SQLite. Where a cursor column is declared only rows from its last value on are asked
for; they join the rows landed before, and the new file is again the whole.
"""

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Date, DateTime, Engine, Numeric, String, bindparam, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.types import TypeEngine

from federation.errors import (
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SqlCursorUnfit,
    SqlFailed,
    SqlRefused,
    SqlTooManyRows,
    TokenMissing,
)
from federation.sink import Sink
from federation.sql_spec import SqlSpec, fault_of

_CONNECT = 10
_BATCH = 2_000
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_NO_FUNCTION = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})
_TIMED_OUT = "57014"  # PostgreSQL's query_canceled

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of one question: the landed file, and what the next one may start from."""

    sha256: str
    path: Path
    size: int
    state: str


def ask(
    source: str,
    spec: SqlSpec,
    *,
    sink: Sink,
    limit: int,
    known: tuple[str, Path] | None,
    environment: Mapping[str, str] = os.environ,
) -> Asked:
    """Ask the database and land its rows; blocks for up to the statement's timeout.

    Args:
        sink: takes the file; the caller closes it.
        limit: bytes of the file.
        known: the `state` of the question before and its landed file, or None to read everything.

    Raises:
        FederationError: named, without the address; nothing is landed then.
    """
    if (fault := fault_of(spec.query)) is not None:
        raise SqlRefused(source=source, reason="sql_statement", found=fault)
    start, before = _continued(spec, known)
    clock = _Deadline(source, spec.seconds)
    engine = _engine(source, spec, clock, environment)
    out = _Lines(source, sink, limit)
    answer = _Answer(source, spec, engine, start, clock)
    try:
        for line in _joined(spec, answer.rows(), before, again=start is not None):
            out.add(line)
    except SQLAlchemyError as error:
        raise _named(source, spec, error, clock) from error
    finally:
        engine.dispose()
    sha256, path = out.keep()
    state = json.dumps({"query": _digest(spec), "cursor": _packed(answer.last)})
    return Asked(sha256, path, sink.size, state)


def _joined(spec: SqlSpec, rows: Iterator[Row], before: Iterable[str], *, again: bool) -> Iterator[str]:
    """The records of the whole: those landed before, each in its newest form and place, then those that are new."""
    # only what a further question brings is held in memory, never a first answer
    fresh = {_key(spec, row): row for row in rows} if again and spec.key else {}
    for line in before:
        newer = fresh.pop(_key(spec, json.loads(line)), None) if fresh else None
        yield line if newer is None else json.dumps(newer, ensure_ascii=False)
    yield from (json.dumps(row, ensure_ascii=False) for row in fresh.values())
    yield from (json.dumps(row, ensure_ascii=False) for row in rows)


@dataclass(frozen=True, slots=True)
class _Deadline:
    source: str
    seconds: float
    began: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", time.monotonic())

    def passed(self) -> bool:
        return time.monotonic() - self.began > self.seconds

    def check(self) -> None:
        if self.passed():
            raise SourceTooSlow(source=self.source, url="sql", seconds=self.seconds)


class _Lines:
    """Writes records one a line; refuses to grow beyond the limit."""

    def __init__(self, source: str, sink: Sink, limit: int) -> None:
        self._source, self._sink, self._limit = source, sink, limit
        self._waiting: list[str] = []
        self._begun = False
        sink.write(b"[")

    def add(self, line: str) -> None:
        self._waiting.append(line)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def keep(self) -> tuple[str, Path]:
        self._flush()
        return self._sink.keep(b"\n]\n")

    def _flush(self) -> None:
        if self._waiting:
            block = (",\n" if self._begun else "\n") + ",\n".join(self._waiting)
            self._sink.write(block.encode("utf-8", "replace"))
            self._begun = True
            self._waiting.clear()
        if self._sink.size > self._limit:
            raise SourceTooLarge(source=self._source, url="sql", limit=self._limit, size=self._sink.size)


def _before(path: Path) -> Iterator[str]:
    """The records of a file that `_Lines` wrote."""
    with path.open(encoding="utf-8") as f:
        for line in f:
            record = line.rstrip("\n").removesuffix(",")
            if record not in ("[", "]"):
                yield record


def _continued(spec: SqlSpec, known: tuple[str, Path] | None) -> tuple[Any, Iterable[str]]:
    """The cursor's last value and the records so far; nothing of both where everything must be read."""
    if known is None or spec.cursor_column is None:
        return None, ()
    try:
        state = json.loads(known[0])
        start = _unpacked(state["cursor"]) if state["query"] == _digest(spec) else None
    except (ValueError, KeyError, TypeError):
        start = None
    return (None, ()) if start is None else (start, _before(known[1]))


def _digest(spec: SqlSpec) -> str:
    asked = json.dumps([spec.url_env, spec.query, spec.cursor_column, list(spec.key)])
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def _key(spec: SqlSpec, row: Mapping[str, str | None]) -> tuple[str | None, ...]:
    return tuple(row.get(column) for column in spec.key)


class _Answer:
    """The rows of the question as text; `last` is the cursor column's greatest value so far."""

    def __init__(self, source: str, spec: SqlSpec, engine: Engine, start: Any, clock: _Deadline) -> None:
        self._source, self._spec, self._engine, self._start, self._clock = source, spec, engine, start, clock
        self.last = start

    def rows(self) -> Iterator[Row]:
        spec = self._spec
        query = spec.query.replace(":", r"\:")  # a colon in the query is never a parameter of ours
        statement = text(query)
        if spec.cursor_column is not None:
            column = "lumbung." + self._engine.dialect.identifier_preparer.quote_identifier(spec.cursor_column)
            where, ordered = "", f" ORDER BY {column}"
            if self._start is not None:  # with a key the last moment is read again: its other rows may have come late
                where = f" WHERE {column} {'>=' if spec.key else '>'} :lumbung_start"
            whole = f"SELECT * FROM (\n{query}\n) AS lumbung{where}{ordered}"
            statement = text(whole)
            if self._start is not None:
                statement = statement.bindparams(bindparam("lumbung_start", self._start, _type_of(self._start)))
        with self._engine.connect() as connection:
            result = connection.execution_options(stream_results=True, max_row_buffer=_BATCH).execute(statement)
            names = list(result.keys())
            at = self._position(names)
            for number, row in enumerate(result, start=1):
                if number > spec.max_rows:
                    raise SqlTooManyRows(source=self._source, limit=spec.max_rows)
                if number % _BATCH == 0:
                    self._clock.check()
                if at is not None:
                    self._advance(row[at], number)
                yield {name: _shown(value) for name, value in zip(names, row, strict=True)}

    def _position(self, names: list[str]) -> int | None:
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise SqlRefused(source=self._source, reason="sql_columns", found=", ".join(doubled))
        for column in (*self._spec.key, *([self._spec.cursor_column] if self._spec.cursor_column else [])):
            if column not in names:
                raise SqlCursorUnfit(source=self._source, column=column, row=0, found=", ".join(names[:20]))
        return names.index(self._spec.cursor_column) if self._spec.cursor_column else None

    def _advance(self, value: Any, row: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str | date):
            raise SqlCursorUnfit(
                source=self._source, column=self._spec.cursor_column, row=row, found=type(value).__name__
            )
        self.last = value


def _type_of(value: Any) -> TypeEngine[Any] | None:
    match value:
        case datetime():
            return DateTime(timezone=value.tzinfo is not None)
        case date():
            return Date()
        case Decimal():
            return Numeric()
        case str():
            return String()
        case _:
            return None


_PACK: dict[type[Any], Callable[[Any], str]] = {
    int: str,
    float: repr,
    str: str,
    Decimal: str,
    datetime: datetime.isoformat,
    date: date.isoformat,
}
_UNPACK: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _packed(value: Any) -> list[str] | None:
    return None if value is None else [type(value).__name__, _PACK[type(value)](value)]


def _unpacked(packed: list[str] | None) -> Any:
    return None if packed is None else _UNPACK[packed[0]](packed[1])


def _shown(value: Any) -> str | None:
    """A cell as text: numbers with a decimal point, moments as ISO 8601, bytes in hex."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


# -- connections ----------------------------------------------------------------------------------------------


def _engine(source: str, spec: SqlSpec, clock: _Deadline, environment: Mapping[str, str]) -> Engine:
    address = environment.get(spec.url_env, "").strip()
    if not address:
        raise TokenMissing(source=source, variable=spec.url_env)
    try:
        url = make_url(address)
    except ArgumentError:  # its text would repeat the address
        raise SqlRefused(source=source, reason="sql_address", found=spec.url_env) from None
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(source, url, clock)
        case "postgresql":
            milliseconds = spec.seconds * 1000
            options = (
                f"-c default_transaction_read_only=on -c statement_timeout={milliseconds} "
                f"-c lock_timeout={milliseconds} -c idle_in_transaction_session_timeout={2 * milliseconds}"
            )
            return create_engine(
                url.set(drivername="postgresql+psycopg"),
                poolclass=NullPool,
                connect_args={"connect_timeout": _CONNECT, "options": options, "application_name": "lumbung"},
            )
        case other:
            raise SqlRefused(source=source, reason="sql_database", found=other)


def _sqlite(source: str, url: URL, clock: _Deadline) -> Engine:
    file = Path(url.database or "")
    if not file.is_absolute() or not file.is_file():
        raise SqlRefused(source=source, reason="sql_file", found=file.name)

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro", uri=True, timeout=5, isolation_level=None, check_same_thread=False
        )
        connection.set_progress_handler(lambda: int(clock.passed()), 10_000)
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)

    @event.listens_for(engine, "begin")  # SQLAlchemy itself asks for pragmas before
    def _only_reading(connection: Connection) -> None:
        connection.connection.dbapi_connection.set_authorizer(_may)  # type: ignore[union-attr]  # it is sqlite3's own

    return engine


def _may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """SQLite's question before each part of a statement: reading is all that is allowed."""
    if action not in _READING or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _NO_FUNCTION):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _named(source: str, spec: SqlSpec, error: SQLAlchemyError, clock: _Deadline) -> Exception:
    original = error.orig if isinstance(error, DBAPIError) else None
    state = getattr(original, "sqlstate", None)
    if state == _TIMED_OUT or clock.passed():
        return SourceTooSlow(source=source, url="sql", seconds=spec.seconds)
    detail = str(original or error).strip().partition("\n")[0][:300]
    if isinstance(error, OperationalError) and state is None and not isinstance(original, sqlite3.Error):
        return SourceUnreachable(source=source, host=spec.url_env, reason="connection", detail="")
    return SqlFailed(source=source, detail=detail, state=state or type(original or error).__name__)
