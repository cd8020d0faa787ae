"""What a commit does to rows, in DuckDB: canonical identity, difference to the rows before, the file to keep.

A row's canonical text is, column by column, the length of its text form and the text form itself (`~` for null), so
that no two rows look alike. A table's identity is the hash of its rows' hashes in their own order: neither the
order of rows nor `_row` counts. This module knows files and columns, not the database.
"""

import atexit
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import duckdb

from catalog.errors import DraftInvalid, DraftKeyNotUnique
from core.contract import ColumnType, Mode
from core.rows_duckdb import SQL_TYPES, quoted
from core.storage_errors import storage_errors

_FORMAT = 1  # of the canonical text; a change makes every identity new
_ROW_GROUP = 8192
_AT_ONCE = 250_000  # rows whose hashes are sorted in one go
_GLOB = re.compile(r"([*?\[])")
_AS_ITSELF = r"[\1]"
#: Columns of our own beside those of a table, whose names can be anything.
_K, _H, _SEQ = "_lumbung_key", "_lumbung_hash", "_lumbung_seq"


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table with their types, its key, its time, and how a delivery is meant."""

    columns: tuple[tuple[str, ColumnType], ...]
    key: tuple[str, ...]
    mode: Mode
    time: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """One committed file that the new rows are compared with, in the order of commits."""

    path: Path
    seq: int


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


def _canonical(columns: Sequence[tuple[str, ColumnType]]) -> str:
    return "concat(" + ", ".join(_text(name, kind) for name, kind in columns) + ")" if columns else "''"


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _source(path: Path) -> str:
    """A file to select from; characters that DuckDB would read as a pattern stand for themselves."""
    return f"read_parquet({_literal(Path(_GLOB.sub(_AS_ITSELF, str(path))))})"


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

    def __enter__(self) -> "Workbench":
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

    def load(self, rows: Path, shape: Shape, **place: object) -> int:
        """Read a delivery in; the number of its rows.

        Raises:
            DraftInvalid: a column of the shape, or `_row`, is not in the file.
            DraftKeyNotUnique: two rows have the same key.
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
                f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT *, {_canonical(self._key(shape))} AS {_K}, "
                f"sha256({_canonical(shape.columns)}) AS {_H} "
                f"FROM (SELECT {casts + ', ' if casts else ''}CAST(_row AS BIGINT) AS _row FROM {source})"
            )
        total, keys = self._one(f"SELECT count(*), count(DISTINCT {_K}) FROM incoming")
        if shape.key and total != keys:
            first, second = self._one(
                f"SELECT min(_row), max(_row) FROM incoming GROUP BY {_K} HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
            )
            raise DraftKeyNotUnique(key=", ".join(shape.key), row=first, other=second, **place)
        return int(str(total))

    @staticmethod
    def _key(shape: Shape) -> list[tuple[str, ColumnType]]:
        types = dict(shape.columns)
        return [(name, types[name]) for name in shape.key]

    def identity(self, shape: Shape, *standard: str | None) -> str:
        """The hash of the loaded rows under a contract's name, version and hash (64 hex digits)."""
        head = json.dumps([_FORMAT, standard, [[name, kind.value] for name, kind in shape.columns]])
        digest = hashlib.sha256(head.encode())
        few = self._count("SELECT count(*) FROM incoming") <= _AT_ONCE
        for first in ("",) if few else "0123456789abcdef":  # in parts, since sorting inside a group cannot spill
            groups = self._db.execute(  # grouped so that no single text grows with the table
                f"SELECT sha256(string_agg({_H}, '' ORDER BY {_H})) FROM incoming "
                f"WHERE starts_with({_H}, '{first}') GROUP BY {_H}[1:3] ORDER BY {_H}[1:3]"
            )
            for (group,) in groups.fetchall():
                digest.update(group.encode())
        return digest.hexdigest()

    def before(self, files: Sequence[Before], shape: Shape) -> None:
        """Read in the rows that were current before: of each key the newest that no tombstone hides."""
        stored = [*shape.columns, ("_row", ColumnType.INTEGER), ("_deleted", ColumnType.BOOLEAN)]
        empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[kind]}) AS {quoted(name)}" for name, kind in stored)
        names = ", ".join(quoted(name) for name, _ in shape.columns)
        select = f"SELECT {empty}, CAST(NULL AS BIGINT) AS {_SEQ} WHERE false"
        for file in files:  # by name, so that rows committed under an earlier minor version have nulls
            select += f" UNION ALL BY NAME SELECT *, {file.seq} AS {_SEQ} FROM {_source(file.path)}"
        keyed = f"SELECT {names}, _row, {_SEQ}, _deleted, {_canonical(self._key(shape))} AS {_K} FROM ({select})"
        if shape.key and len(files) > 1:
            keyed += f" QUALIFY row_number() OVER (PARTITION BY {_K} ORDER BY {_SEQ} DESC) = 1"
        with storage_errors(self._scratch):
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE before AS SELECT *, sha256({_canonical(shape.columns)}) AS {_H} "
                f"FROM ({keyed}) WHERE NOT coalesce(_deleted, false)"
            )

    def compare(self, shape: Shape, *, may_remove: bool) -> Difference:
        """Count what is new, changed and gone, and mark what is gone.

        With `upsert` a row is gone only if `may_remove` and its time lies within the delivery's first and last: a
        window that has rolled on deletes no history.
        """
        if not shape.key:
            same = self._count(
                "SELECT coalesce(sum(least(a.n, b.n)), 0) "
                f"FROM (SELECT {_H}, count(*) n FROM incoming GROUP BY {_H}) a "
                f"JOIN (SELECT {_H}, count(*) n FROM before GROUP BY {_H}) b USING ({_H})"
            )
            new, old = self._count("SELECT count(*) FROM incoming"), self._count("SELECT count(*) FROM before")
            return Difference(new - same, 0, old - same)
        gone = f"SELECT * FROM before b WHERE NOT EXISTS (SELECT 1 FROM incoming i WHERE i.{_K} = b.{_K})"
        if shape.mode is Mode.UPSERT:
            if shape.time is None or not may_remove:
                gone += " AND false"
            else:
                time = quoted(shape.time)
                gone += (
                    f" AND b.{time} >= (SELECT min({time}) FROM incoming)"
                    f" AND b.{time} <= (SELECT max({time}) FROM incoming)"
                )
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
        added, changed = self._one(
            f"SELECT count(*) FILTER (b.{_K} IS NULL), count(*) FILTER (b.{_K} IS NOT NULL AND b.{_H} <> i.{_H}) "
            f"FROM incoming i LEFT JOIN before b ON i.{_K} = b.{_K}"
        )
        return Difference(int(str(added)), int(str(changed)), self._count("SELECT count(*) FROM gone"))

    def write(self, shape: Shape, target: Path, *, mark: str) -> None:
        """Write the file to keep: the whole table, or for `upsert` what is new and changed, with tombstones.

        Rows stand in the order of the key, then of all columns; `mark` goes into the file's metadata, so that two
        commits never share one file.
        """
        names = [quoted(name) for name, _ in shape.columns]
        order = ", ".join([quoted(k) for k in shape.key] + names + ["_row"])
        rows = f"SELECT {', '.join([*names, '_row'])} FROM incoming"
        if shape.mode is Mode.UPSERT:
            rows = (
                f"SELECT {', '.join([*names, '_row'])}, false AS _deleted FROM incoming i "
                f"WHERE NOT EXISTS (SELECT 1 FROM before b WHERE b.{_K} = i.{_K} AND b.{_H} = i.{_H}) "
                f"UNION ALL SELECT {', '.join(names)}, NULL, true FROM gone"
            )
        with storage_errors(target.parent):
            self._db.execute(
                f"COPY (SELECT * FROM ({rows}) ORDER BY {order}) TO {_literal(target)} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}, "
                f"KV_METADATA {{lumbung: '{mark}'}})"
            )
