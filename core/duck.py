"""DuckDB for reading snapshots: a bounded pool that runs one SELECT at a time, until a deadline.

The database is in memory and shared by the pool's connections; files are reached in the given folders only,
settings are locked, and everything but a single SELECT is refused, because `allowed_directories` alone would
let COPY TO write there. It is synchronous: async code reaches it through `gateway/offload.py`.
"""

import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from heapq import heappop, heappush
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


class _Watched:
    """One query under watch: interrupted at its deadline, and never the one that follows it on the same connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self.fired = False

    def fire(self) -> None:
        with self._lock:
            if self._connection is not None:
                self.fired = True
                self._connection.interrupt()

    def end(self) -> None:
        with self._lock:
            self._connection = None

    @property
    def done(self) -> bool:
        return self._connection is None


class _Watch:
    """Interrupts queries at their deadlines, from one thread for all of them: a thread a query costs 0.2 ms."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._due: list[tuple[float, int, _Watched]] = []
        self._count = 0
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def over(self, connection: duckdb.DuckDBPyConnection, until: float) -> Iterator[_Watched]:
        watched = _Watched(connection)
        with self._wake:
            self._count += 1
            heappush(self._due, (until, self._count, watched))
            if self._thread is None or not self._thread.is_alive():  # none lives on in a forked process
                self._thread = threading.Thread(target=self._look, name="duck-deadlines", daemon=True)
                self._thread.start()
            elif self._due[0][2] is watched:
                self._wake.notify()
        try:
            yield watched
        finally:
            watched.end()
            with self._wake:
                while self._due and self._due[0][2].done:
                    heappop(self._due)

    def _look(self) -> None:
        while True:
            with self._wake:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if self._closed:
                    return
                if left is None or left > 0:
                    self._wake.wait(left)
                    continue
                watched = heappop(self._due)[2]
            watched.fire()

    def close(self) -> None:
        """End the thread: one that is left at a process's end keeps DuckDB's module from being taken apart."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()


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
            "SET GLOBAL TimeZone = 'UTC'",  # global, or the pool's connections would not have it
            "SET temp_directory = ''",
            "SET GLOBAL parquet_metadata_cache = true",  # files are named by their content and never change
            f"SET allowed_directories = [{allowed}]",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        ):
            self._root.execute(setting)
        self.size = size
        self._watch = _Watch()
        self._end = weakref.finalize(self, self._watch.close)
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
            with self._watch.over(connection, until) as watched:
                try:
                    yield connection
                except duckdb.InterruptException as error:
                    raise QueryTimeout(seconds=deadline) from error
                except duckdb.OutOfMemoryException as error:
                    raise QueryTooLarge() from error
                except (duckdb.IOException, duckdb.InvalidInputException, duckdb.PermissionException) as error:
                    if watched.fired:
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
        self._end()
        while not self._free.empty():
            self._free.get_nowait().close()
        self._root.close()
