"""DuckDB for reading snapshots: a bounded pool that runs one SELECT at a time, until a deadline.

The database is in memory and shared by the pool's connections; files are reached in the given folders only,
settings are locked, and everything but a single SELECT is refused, because `allowed_directories` alone would
let COPY TO write there. It is synchronous: async code reaches it through `gateway/offload.py`.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from queue import Empty, LifoQueue

import duckdb
import pyarrow as pa

from core.rows import Compiled, Page, RowQuery, Value, page
from core.rows_duckdb import compile_count, compile_duckdb
from core.rows_errors import QueryBusy, QueryTimeout, QueryTooLarge, SnapshotUnreadable, StatementRefused


@lru_cache(maxsize=512)
def _only_select(sql: str) -> bool:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error:
        return False
    return len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT


class _Interrupter:
    """Interrupts one query at its deadline, and never the one that follows it on the same connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self.fired = False
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def _fire(self) -> None:
        with self._lock:
            if self._connection is not None:
                self.fired = True
                self._connection.interrupt()

    def __enter__(self) -> "_Interrupter":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._connection = None


class Duck:
    """The pool.

    Args:
        folders: the only folders that a query may read from (`HOME/snapshots`, `HOME/quarantine`).
        size: how many queries run at once; more wait for their turn until their deadline.
        threads: how many threads all of them share.
        memory: how much memory all of them share, such as `1GB`.
    """

    def __init__(self, folders: Sequence[Path], *, size: int = 2, threads: int = 2, memory: str = "1GB") -> None:
        self._root = duckdb.connect(
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": memory,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )
        allowed = ", ".join("'" + str(f.resolve()).replace("'", "''") + "/'" for f in folders)
        for setting in (
            "SET TimeZone = 'UTC'",
            "SET temp_directory = ''",
            "SET parquet_metadata_cache = true",  # files are named by their content and never change
            f"SET allowed_directories = [{allowed}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._root.execute(setting)
        self.size = size
        self._free: LifoQueue[duckdb.DuckDBPyConnection] = LifoQueue()
        for _ in range(size):
            self._free.put(self._root.cursor())

    @contextmanager
    def _run(self, sql: str, params: Sequence[object], deadline: float) -> Iterator[duckdb.DuckDBPyConnection]:
        if not _only_select(sql):
            raise StatementRefused()
        until = time.monotonic() + deadline
        try:
            connection = self._free.get(timeout=deadline)
        except Empty as error:
            raise QueryBusy(seconds=deadline) from error
        try:
            with _Interrupter(connection, max(until - time.monotonic(), 0.001)) as interrupter:
                try:
                    yield connection
                except duckdb.InterruptException as error:
                    raise QueryTimeout(seconds=deadline) from error
                except duckdb.OutOfMemoryException as error:
                    raise QueryTooLarge() from error
                except (duckdb.IOException, duckdb.InvalidInputException, duckdb.PermissionException) as error:
                    if interrupter.fired:
                        raise QueryTimeout(seconds=deadline) from error
                    raise SnapshotUnreadable(detail=type(error).__name__) from error
        finally:
            self._free.put(connection)

    def select(self, sql: str, params: Sequence[object] = (), *, deadline: float) -> list[tuple[Value | None, ...]]:
        """All rows of one SELECT; interrupted after `deadline` seconds, waiting for a connection included."""
        with self._run(sql, params, deadline) as connection:
            return connection.execute(sql, list(params)).fetchall()

    def arrow(self, sql: str, params: Sequence[object] = (), *, deadline: float) -> pa.Table:
        """The result of one SELECT as an Arrow table; interrupted after `deadline` seconds."""
        with self._run(sql, params, deadline) as connection:
            return connection.sql(sql, params=list(params)).to_arrow_table()

    def _compiled(self, compiled: Compiled, deadline: float) -> list[tuple[Value | None, ...]]:
        return self.select(compiled.sql, compiled.params, deadline=deadline)

    def page(self, query: RowQuery, *, deadline: float) -> Page:
        """One page of a row query."""
        return page(query, self._compiled(compile_duckdb(query), deadline))

    def count(self, query: RowQuery, *, deadline: float) -> int:
        """How many rows a query matches on all its pages."""
        return int(str(self._compiled(compile_count(query), deadline)[0][0]))

    @property
    def free(self) -> int:
        """How many connections wait for a query right now."""
        return self._free.qsize()

    def close(self) -> None:
        """Close every connection."""
        while not self._free.empty():
            self._free.get_nowait().close()
        self._root.close()
