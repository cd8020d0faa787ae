"""What a commit does to a table of text, in DuckDB: canonical identity, difference to the one before, the file to keep.

Tables of a contract are committed many at once (`catalog/packing.py`), by the same rules:
A row's canonical text is, column by column, the length of its text form and the text form itself (`~` for null), so
that no two rows look alike. A table's identity is the hash of its rows' hashes in their own order: neither the
order of rows nor `_row` counts. This module knows files and columns, not the database.
"""

import atexit
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from catalog.errors import DraftInvalid
from core.contract import ColumnType, Mode
from core.rows_duckdb import SQL_TYPES, quoted
from core.storage_errors import storage_errors

_FORMAT = 1  # of the canonical text; a change makes every identity new
ROW_GROUP = 8192
_AT_ONCE = 250_000  # rows whose hashes are sorted in one go
GLOB = re.compile(r"([*?\[])")
_AS_ITSELF = r"[\1]"
#: Columns of our own beside those of a table, whose names can be anything.
KEY, HASH = "_lumbung_key", "_lumbung_hash"


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table with their types, its key, its time, and how a delivery is meant."""

    columns: tuple[tuple[str, ColumnType], ...]
    key: tuple[str, ...]
    mode: Mode
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """How the new rows differ from those before."""

    added: int
    changed: int
    removed: int

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.changed or self.removed)


def _text(name: str, kind: ColumnType) -> str:
    column = quoted(name)
    text = f"CAST(epoch_us({column}) AS VARCHAR)" if kind is ColumnType.MOMENT else f"CAST({column} AS VARCHAR)"
    return f"coalesce(concat(strlen({text}), ':', {text}), '~')"


def canonical(columns: Sequence[tuple[str, ColumnType]]) -> str:
    """The SQL of a row's canonical text over some columns."""
    return "concat(" + ", ".join(_text(name, kind) for name, kind in columns) + ")" if columns else "''"


def literal(path: Path | str) -> str:
    """A path as SQL text, for statements that take no bound values."""
    return "'" + str(path).replace("'", "''") + "'"


def write_options(mark: str) -> str:
    """How every file of rows is written; a change makes `lumbung rebuild` write other bytes for the same rows."""
    return f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}, KV_METADATA {{lumbung: '{mark}'}}"


def identity_of(shape: Shape, standard: Sequence[str | None], groups: Iterable[str]) -> str:
    """The identity of a table (64 hex digits) from the hashes of its groups of rows, in their order."""
    head = json.dumps([_FORMAT, list(standard), [[name, kind.value] for name, kind in shape.columns]])
    digest = hashlib.sha256(head.encode())
    for group in groups:
        digest.update(group.encode())
    return digest.hexdigest()


def _source(path: Path) -> str:
    """A file to select from; characters that DuckDB would read as a pattern stand for themselves."""
    return f"read_parquet({literal(Path(GLOB.sub(_AS_ITSELF, str(path))))})"


@lru_cache(maxsize=4)
def _database(_process: int, scratch: Path, memory: str, threads: int) -> duckdb.DuckDBPyConnection:
    """The process's DuckDB for a folder: opening one costs as much as a small commit, a connection to it nothing."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": threads,
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(":memory:", config=config)


atexit.register(_database.cache_clear)


class Workbench:
    """A DuckDB connection with tables of its own, for one round of commits; not shared between threads.

    Args:
        scratch: where large sorts spill to.
        memory: what all workbenches of the process may take together, such as `512MB`.
    """

    def __init__(self, scratch: Path, *, memory: str = "512MB", threads: int = 2) -> None:
        self._scratch = scratch
        self._db = _database(os.getpid(), scratch, memory, threads).cursor()
        self._db.execute("SET TimeZone = 'UTC'")
        self._db.execute("SET enable_progress_bar = false")  # it would be printed among what a program answers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def _one(self, sql: str, params: Sequence[object] = ()) -> tuple[object, ...]:
        row = self._db.execute(sql, list(params)).fetchone()
        assert row is not None
        return tuple(row)

    def _count(self, sql: str) -> int:
        return int(str(self._one(sql)[0]))

    @staticmethod
    def _key(shape: Shape) -> list[tuple[str, ColumnType]]:
        types = dict(shape.columns)
        return [(name, types[name]) for name in shape.key]

    def load(self, rows: Path, shape: Shape, **place: object) -> int:
        """Read a delivery of text in; the number of its rows.

        Raises:
            DraftInvalid: a column of the shape, or `_row`, is not in the file.
        """
        source = _source(rows)
        with storage_errors(self._scratch):
            found = {str(r[0]) for r in self._db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
            wanted = [name for name, _ in shape.columns] + ["_row"]
            if lacking := [name for name in wanted if name not in found]:
                raise DraftInvalid(columns=", ".join(lacking), **place)
            casts = ", ".join(
                f"CAST({quoted(name)} AS {SQL_TYPES[kind]}) AS {quoted(name)}" for name, kind in shape.columns
            )
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT *, sha256({canonical(shape.columns)}) AS {HASH} "
                f"FROM (SELECT {casts + ', ' if casts else ''}CAST(_row AS BIGINT) AS _row FROM {source})"
            )
        return self._count("SELECT count(*) FROM incoming")

    def identity(self, shape: Shape, *standard: str | None) -> str:
        """The hash of the loaded rows under a contract's name, version and hash (64 hex digits)."""
        return identity_of(shape, standard, (group for _, group in self._groups("0")))

    def _groups(self, table: str) -> Iterator[tuple[int, str]]:
        """The hashes of the loaded rows' groups in their order, joined, of each table by its number from `table`."""
        few = self._count("SELECT count(*) FROM incoming") <= _AT_ONCE
        for first in ("",) if few else "0123456789abcdef":  # in parts, since sorting inside a group cannot spill
            groups = self._db.execute(  # grouped so that no single text grows with the table
                "SELECT d, string_agg(hash, '' ORDER BY part) FROM ("
                f"SELECT {table} AS d, {HASH}[1:3] AS part, sha256(string_agg({HASH}, '' ORDER BY {HASH})) AS hash "
                f"FROM incoming WHERE starts_with({HASH}, '{first}') GROUP BY d, part) GROUP BY d ORDER BY d"
            )
            yield from groups.fetchall()

    def compare(self, shape: Shape, before: Path | None) -> Difference:
        """Count the rows that are new and gone since a committed file; columns it was written without are null."""
        new = self._count("SELECT count(*) FROM incoming")
        if before is None:
            return Difference(new, 0, 0)
        empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[kind]}) AS {quoted(name)}" for name, kind in shape.columns)
        with storage_errors(self._scratch):
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE before AS SELECT sha256({canonical(shape.columns)}) AS {HASH} FROM ("
                f"SELECT {empty or 'NULL AS _row'} WHERE false UNION ALL BY NAME SELECT * FROM {_source(before)})"
            )
        same = self._count(
            "SELECT coalesce(sum(least(a.n, b.n)), 0) "
            f"FROM (SELECT {HASH}, count(*) n FROM incoming GROUP BY {HASH}) a "
            f"JOIN (SELECT {HASH}, count(*) n FROM before GROUP BY {HASH}) b USING ({HASH})"
        )
        return Difference(new - same, 0, self._count("SELECT count(*) FROM before") - same)

    def write(self, shape: Shape, target: Path, *, mark: str) -> None:
        """Write the table in the order of all columns; by `mark`, in the metadata, no two commits share one file."""
        names = [quoted(name) for name, _ in shape.columns]
        with storage_errors(target.parent):
            self._db.execute(
                f"COPY (SELECT {', '.join([*names, '_row'])} FROM incoming ORDER BY {', '.join([*names, '_row'])}) "
                f"TO {literal(target)} ({write_options(mark)})"
            )
