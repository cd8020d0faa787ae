"""DuckDB for reading snapshots: a bounded pool that runs one SELECT at a time, until a deadline.

The database is in memory and shared by the pool's connections; files are reached in the given folders only,
settings are locked, and everything but a single SELECT is refused, because `allowed_directories` alone would
let COPY TO write there. It is synchronous: async code reaches it through `gateway/offload.py`.
"""

import re
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from queue import Empty, LifoQueue

import duckdb
import pyarrow as pa

from core import rows_arrow
from core.rows import Compiled, Packed, Page, RowQuery, Value, page
from core.rows_arrow import Sheet
from core.rows_duckdb import compile_count, compile_duckdb
from core.rows_ended import Gone, compile_places, marked
from core.rows_errors import QueryBusy, QueryTimeout, QueryTooLarge, SnapshotUnreadable, StatementRefused
from core.rows_files import needed
from core.rows_groups import Groups
from core.watch import Watch, Watched

_Ends = dict[tuple[Value | None, Value | None], int]
#: So many ends of a relation's rows are kept in memory, a few megabytes; with more the database joins them.
_ENDS = 20_000
#: Commits asked about whose ended rows are kept by name, at most 160 kB each.
_QUESTIONS = 32
#: A page is read longer by this and an eighth of itself, for rows that have ended.
_MORE = 16


class Stop:
    """What ends a query of another thread before its deadline, such as one whose asker has gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Watched | None = None
        self._asked = False

    @property
    def asked(self) -> bool:
        """Whether it was asked to."""
        return self._asked

    def ask(self) -> None:
        """End the query that is running, and whichever would come next."""
        with self._lock:
            self._asked = True
            running = self._running
        if running is not None:
            running.fire()

    def takes(self, watched: Watched) -> bool:
        """A query wants to begin; whether it may."""
        with self._lock:
            self._running = watched
            return not self._asked


@lru_cache(maxsize=512)
def _only_select(sql: str) -> bool:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error:
        return False
    return len(statements) == 1 and statements[0].type == duckdb.StatementType.SELECT


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
        self._ends: dict[tuple[Path, int], _Ends] = {}  # the one asked for last at the end
        self._ends_lock = threading.Lock()
        self._names: dict[tuple[object, ...], pa.Array] = {}
        self._places: dict[tuple[object, ...], list[int]] = {}
        self._groups = Groups()
        self._watch = Watch("duck-deadlines")
        self._end = weakref.finalize(self, self._watch.close)
        self._free: LifoQueue[duckdb.DuckDBPyConnection] = LifoQueue()
        for _ in range(size):
            self._free.put(self._root.cursor())

    @contextmanager
    def _run(self, sql: str, deadline: float, stop: Stop | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        if not _only_select(sql):
            raise StatementRefused()
        until = time.monotonic() + deadline
        try:
            connection = self._free.get(timeout=deadline)
        except Empty as error:
            raise QueryBusy(seconds=deadline) from error
        try:
            with self._watch.over(connection.interrupt, until) as watched:
                try:
                    if stop is not None and not stop.takes(watched):
                        raise QueryTimeout(seconds=deadline)
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
        with self._run(sql, deadline) as connection:
            return connection.execute(sql, list(params)).fetchall()

    def arrow(self, sql: str, params: Sequence[object] = (), *, deadline: float, stop: Stop | None = None) -> pa.Table:
        """The result of one SELECT as an Arrow table; interrupted after `deadline` seconds, or by `stop`."""
        with self._run(sql, deadline, stop) as connection:
            return connection.sql(sql, params=list(params)).to_arrow_table()

    def _compiled(self, compiled: Compiled, deadline: float) -> list[tuple[Value | None, ...]]:
        return self.select(compiled.sql, compiled.params, deadline=deadline)

    def page(self, query: RowQuery, *, deadline: float) -> Page:
        """One page of a row query.

        Rows that one row of another file ends are few: they are left out here, from a page that is a little longer, as
        joining the ends costs DuckDB as much as the page itself.
        """
        until = time.monotonic() + deadline
        closing = [] if query.relation.parts else [f for f in needed(query) if f.closings]
        if closing and sum(f.closings for f in closing) <= _ENDS:
            ends = [self._ends_of(file, deadline) for file in closing]
            more = _MORE + query.first // 8
            fetched = self._compiled(compile_duckdb(query, apart=more), max(until - time.monotonic(), 0.001))
            at = len(query.columns) + [o.column for o in query.total_order].index("_snapshot")
            seq = query.relation.seq
            rows = [row[:-1] for row in fetched if all(known.get((row[at], row[-1]), seq + 1) > seq for known in ends)]
            if len(rows) > query.first or len(fetched) <= query.first + more:
                return page(query, rows)
        return page(query, self._compiled(compile_duckdb(query), max(until - time.monotonic(), 0.001)))

    def sheet(self, query: RowQuery, *, deadline: float, stop: Stop | None = None, coded: bool = False) -> Sheet:
        """One page of a row query in columns, for large ones: no Python object is made for a value.

        With `coded` columns of text may come as their distinct values and places among them.
        """
        found = self._sheet(query, deadline, stop)
        return found if coded else replace(found, table=rows_arrow.decoded(found.table))

    def _sheet(self, query: RowQuery, deadline: float, stop: Stop | None) -> Sheet:
        until = time.monotonic() + deadline

        def run(compiled: Compiled) -> pa.Table:
            return self.arrow(compiled.sql, compiled.params, deadline=max(until - time.monotonic(), 0.001), stop=stop)

        query = rows_arrow.columns_of(query)
        closing = [] if query.relation.parts else [f for f in needed(query) if f.closings]
        closings = sum(f.closings for f in closing)
        more = min(closings, _MORE + query.first // 8)
        if closings <= _ENDS:
            ended = self._ended(closing, query.relation.seq, deadline) if closing else None
            files = rows_arrow.streams_of(query)
            if files is not None:
                if stop is not None and stop.asked:
                    raise QueryTimeout(seconds=deadline)
                parts = self._groups.parts(query, *files, more, until)
                if parts is None:
                    parts = rows_arrow.parts_of(run(rows_arrow.compile_streams(query, *files, more)), len(files[0]))
                found = rows_arrow.merged(query, parts, ended, more)
            else:
                whole = run(rows_arrow.compile_whole(query, more if closing else None))
                found = rows_arrow.trimmed(query, whole, ended, more)
            if found is not None:
                return rows_arrow.sheet(query, found)
        return rows_arrow.sheet(query, run(rows_arrow.compile_whole(query, None)))

    def gone(self, query: RowQuery, *, deadline: float) -> Gone:
        """The places of rows that have ended, for a query over all rows; only those that are dear to find again."""
        scans = marked(query, _ENDS)
        if not scans:
            return {}
        closing, seq = [file for file in needed(query) if file.closings], query.relation.seq
        found: dict[tuple[Packed, ...], list[int]] = {}
        for files in scans:
            key = (
                seq,
                *((file.path, file.base) for file in closing),
                None,
                *((file.path, file.base) for file in files),
            )
            places = self._places.get(key)
            if places is None:
                compiled = compile_places(files, self._ended(closing, seq, deadline).to_pylist())
                places = [int(str(place)) for (place,) in self._compiled(compiled, deadline)]
                if len(self._places) >= _QUESTIONS:
                    self._places.clear()
                self._places[key] = places
            found[files] = places
        return found

    def _ended(self, closing: Sequence[Packed], seq: int, deadline: float) -> pa.Array:
        """The rows that some files' rows end by a commit, by name."""
        key = (seq, *((file.path, file.base) for file in closing))
        found = self._names.get(key)
        if found is None:
            ends = (end for file in closing for end in self._ends_of(file, deadline).items())
            if len(self._names) >= _QUESTIONS:
                self._names.clear()
            found = self._names[key] = rows_arrow.ended_rows(ends, seq)
        return found

    def _ends_of(self, file: Packed, deadline: float) -> _Ends:
        """Which rows of other files (snapshot and place) a file's rows end, and at which commit."""
        key = (file.path, file.base)
        with self._ends_lock:
            found = self._ends.pop(key, None)
            if found is not None:
                self._ends[key] = found
                return found
        path = re.sub(r"([*?\[])", r"[\1]", str(file.path))
        sql = (
            "SELECT _closes_seq, _closes_ord, min(_snapshot) FROM read_parquet($1) WHERE _closes_ord IS NOT NULL "
            "GROUP BY ALL"
        )
        found = {
            (seq, place): file.base + int(str(at)) for seq, place, at in self.select(sql, [path], deadline=deadline)
        }
        with self._ends_lock:
            self._ends[key] = found
            while sum(map(len, self._ends.values())) > _ENDS * 4 and len(self._ends) > 1:
                del self._ends[next(iter(self._ends))]
        return found

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
