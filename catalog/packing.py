"""What one commit does to the rows of a contract: all its tables at once, in a handful of DuckDB statements.

Per table: canonical identity and difference to the rows before, as `catalog/tables.py` says; then one file with the
rows of all tables that changed, each row naming its table and what it takes the place of (docs/adr/0006). Five hundred
tables of twenty rows cost about what ten did one by one. Which files hold the rows before is the caller's to say.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from catalog import adopting
from catalog.digest import RowsDigest
from catalog.entry import Entry
from catalog.errors import DraftInvalid, DraftKeyNotUnique
from catalog.tables import (
    GLOB,
    HASH,
    KEY,
    Difference,
    Shape,
    Workbench,
    canonical,
    identity_of,
    literal,
    write_options,
)
from core.contract import ColumnType, Mode
from core.rows import PROVENANCE, Packed
from core.rows_duckdb import SQL_TYPES, live_rows, quoted
from core.storage_errors import storage_errors

_FILE = "_lumbung_file"
#: Every statement reads as of a commit; this one lies after all of them.
NOW = 2**62
#: Rows whose values are hashed at once.
_BATCH = 1 << 16


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: counts, and the span of the time column where every row that has data has a time."""

    rows: int
    closings: int
    wholes: int
    time_min: str | None
    time_max: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """The times that a comparison can be about; both None where it can be about any."""

    first: str | None
    last: str | None


_DRAFTS = pa.schema(
    [
        ("_d", pa.int64()), (_FILE, pa.string()), ("_stream", pa.string()), ("before", pa.int64()),
        ("_resource", pa.string()), ("_dataset", pa.string()), ("_source", pa.string()), ("_member", pa.string()),
        ("_fetched_at", pa.timestamp("us", "UTC")), ("_verdict", pa.string()), ("may_remove", pa.bool_()),
    ]
)  # fmt: skip


_WINDOWS = pa.schema([("_d", pa.int64()), ("since", pa.string()), ("until", pa.string())])


class Packing(Workbench):
    """The tables of one commit that share a contract; statements see all of them, `_d` tells them apart."""

    def load_all(self, entries: Sequence[Entry], shape: Shape) -> list[int]:
        """Read every delivery in; the number of rows of each.

        Raises:
            DraftInvalid: a column of the shape, or `_row`, is not in a file.
            DraftKeyNotUnique: two rows of one table have the same key.
        """
        self._entries, self._shape = entries, shape
        self._hashed = self._compared = False
        self._sorted: Entry | None = None
        table = pa.Table.from_pylist(
            [
                {
                    "_d": i, _FILE: str(e.rows), "_stream": e.stream, "before": e.before, "_resource": e.resource,
                    "_dataset": e.dataset, "_source": e.source, "_member": e.member, "_fetched_at": e.fetched_at,
                    "_verdict": e.verdict, "may_remove": e.may_remove and e.windows is None,
                }
                for i, e in enumerate(entries)
            ],
            _DRAFTS,
        )  # fmt: skip
        self._table("drafts", table)
        windows = [(d, since, until) for d, e in enumerate(entries) for since, until in e.windows or ()]
        self._table(
            "windows", pa.Table.from_pylist([dict(zip(_WINDOWS.names, w, strict=True)) for w in windows], _WINDOWS)
        )
        alike: dict[bytes, list[str]] = {}
        with storage_errors(self._scratch):
            for path, entry in {str(e.rows): e for e in entries}.items():
                schema = pq.read_schema(path)
                lacking = [n for n in (*(name for name, _ in shape.columns), "_row") if n not in schema.names]
                if lacking:
                    raise DraftInvalid(columns=", ".join(lacking), **entry.place)
                alike.setdefault(schema.remove_metadata().serialize().to_pybytes(), []).append(path)
            reads = " UNION ALL ".join(self._read(paths) for paths in alike.values())
            if len(entries) == 1 and (digest := adopting.digest_of(entries[0].rows, shape)) is not None:
                self._db.execute(f"CREATE OR REPLACE TEMP VIEW loaded AS {reads}")
                self._sorted, self._digests = entries[0], [digest]
            else:
                self._db.execute(f"CREATE OR REPLACE TEMP TABLE loaded AS {reads}")
                self._refuse_doubled()
                self._digests = self._digested()
        return [digest.rows for digest in self._digests]

    def _table(self, name: str, table: pa.Table) -> None:
        self._db.register("_lumbung_arrow", table)
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _lumbung_arrow")
        self._db.unregister("_lumbung_arrow")

    def _read(self, paths: Sequence[str]) -> str:
        """The rows of files of one layout; types differ between files of different writers only."""
        casts = "".join(f"CAST(f.{quoted(n)} AS {SQL_TYPES[kind]}) AS {quoted(n)}, " for n, kind in self._shape.columns)
        files = ", ".join(literal(GLOB.sub(r"[\1]", path)) for path in paths)
        return (
            f"SELECT d._d, {casts}CAST(f._row AS BIGINT) AS _row "
            f"FROM read_parquet([{files}], filename = '{_FILE}') f JOIN drafts d ON d.{_FILE} = f.{_FILE}"
        )

    def _refuse_doubled(self) -> None:
        """`DraftKeyNotUnique` where two rows of a table have the same key."""
        if not self._shape.key:
            return
        found = self._db.execute(
            f"SELECT _d, min(_row), max(_row) FROM loaded GROUP BY _d, {canonical(self._key(self._shape))} "
            "HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
        ).fetchone()
        if found is not None:
            d, first, second = found
            key = ", ".join(self._shape.key)
            raise DraftKeyNotUnique(key=key, row=first, other=second, **self._entries[d].place)

    def _digested(self) -> list[RowsDigest]:
        """The digests of the loaded tables' rows in the order of their keys, or of all columns where they have none."""
        shape = self._shape
        digests = [RowsDigest(shape.columns) for _ in self._entries]
        names = ", ".join(quoted(n) for n, _ in shape.columns)
        order = ", ".join(quoted(n) for n in shape.key) or names
        rows = self._db.sql(f"SELECT {names}, _d FROM loaded ORDER BY _d, {order}")
        for batch in rows.to_arrow_reader(_BATCH):
            of = np.asarray(batch.column("_d"))
            for d in range(int(of[0]), int(of[-1]) + 1) if of.size else ():
                first, last = np.searchsorted(of, (d, d + 1))
                digests[d].add(batch.slice(int(first), int(last - first)))
        return digests

    def identities(self, *standard: str | None) -> list[str]:
        """Of each table what tells its rows, under a contract's name, version and hash, from any other."""
        return [d.identity(standard, e.covered) for d, e in zip(self._digests, self._entries, strict=True)]

    def first_identities(self, *standard: str | None) -> list[str]:
        """Of each table its identity as it was made before `catalog/digest.py`."""
        self._hash()
        groups: dict[int, list[str]] = {}
        for d, group in self._groups("_d"):
            groups.setdefault(d, []).append(group)
        return [
            identity_of(self._shape, standard, [*groups.get(d, []), *entry.covered])
            for d, entry in enumerate(self._entries)
        ]

    def _hash(self) -> None:
        """Give each loaded row its key and hash, for comparing it with others."""
        if not self._hashed:
            shape, self._hashed = self._shape, True
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT *, {canonical(self._key(shape))} AS {KEY}, "
                f"sha256({canonical(shape.columns)}) AS {HASH} FROM loaded"
            )

    def span(self, changed: Collection[int]) -> Span:
        """The times that rows before must have to be compared with some tables.

        Only where the time is part of the key: a row with other times is then another row, and only rows within the
        delivery's times can have been removed.
        """
        time = clock_column(self._shape)
        if self._shape.mode is not Mode.UPSERT or time is None or time not in self._shape.key:
            return Span(None, None)
        column = quoted(time)
        first, last, lacking = self._one(
            f"SELECT min({column}), max({column}), count(*) FILTER ({column} IS NULL) "
            f"FROM loaded WHERE _d IN ({', '.join(map(str, changed))})"
        )
        some = [w for d in changed for w in self._entries[d].windows or ()]
        firsts, lasts = [since for since, _ in some], [until for _, until in some]
        if first is not None:
            firsts, lasts = [plain(first), *firsts], [plain(last), *lasts]
        return Span(None, None) if lacking or not firsts else Span(min(firsts), max(lasts))

    def compare_all(
        self, changed: Collection[int], files: Sequence[Packed], span: Span, seq: int = NOW
    ) -> dict[int, Difference]:
        """Count what is new, changed and gone in some tables, against the rows that counted at a commit."""
        shape, params = self._shape, list[object]()

        def bind(value: object, sql_type: str | None = None) -> str:
            params.append(value)
            return f"${len(params)}" if sql_type is None else f"CAST(${len(params)} AS {sql_type})"

        rows = live_rows(bind, files, dict(shape.columns), seq, own=("_stream", "_ord"))
        where = f"d._d IN ({', '.join(map(str, changed))})"
        if span.first is not None and shape.time is not None:
            kind = SQL_TYPES[dict(shape.columns)[shape.time]]
            where += f" AND l.{quoted(shape.time)} BETWEEN {bind(span.first, kind)} AND {bind(span.last, kind)}"
        names = "".join(f"l.{quoted(n)}, " for n, _ in shape.columns)
        with storage_errors(self._scratch):
            self._hash()
            self._compared = True
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE before AS SELECT *, {canonical(self._key(shape))} AS {KEY}, "
                f"sha256({canonical(shape.columns)}) AS {HASH} FROM (SELECT d._d, {names}"
                "l._snapshot AS _was_seq, l._ord AS _was_ord "
                f"FROM ({rows}) l JOIN drafts d ON d._stream = l._stream WHERE {where})",
                params,
            )
        counted = self._by_key() if shape.key else self._by_row()
        return {d: counted.get(d, Difference(0, 0, 0)) for d in changed}

    def _by_row(self) -> dict[int, Difference]:
        found = self._db.execute(
            f"WITH i AS (SELECT _d, {HASH}, count(*) n FROM incoming GROUP BY ALL), "
            f"b AS (SELECT _d, {HASH}, count(*) n FROM before GROUP BY ALL) "
            f"SELECT _d, sum(coalesce(i.n, 0)), sum(coalesce(b.n, 0)), sum(least(coalesce(i.n, 0), coalesce(b.n, 0))) "
            f"FROM i FULL JOIN b USING (_d, {HASH}) GROUP BY _d"
        )
        return {int(d): Difference(int(new - same), 0, int(old - same)) for d, new, old, same in found.fetchall()}

    def _by_key(self) -> dict[int, Difference]:
        shape = self._shape
        absent = f"NOT EXISTS (SELECT 1 FROM incoming i WHERE i._d = b._d AND i.{KEY} = b.{KEY})"
        gone = f"SELECT b.* FROM before b WHERE {absent}"
        if shape.mode is Mode.UPSERT:
            if shape.time is None:
                gone += " AND false"
            else:
                time = quoted(shape.time)
                gone = (
                    "SELECT b.* FROM before b JOIN drafts d ON d._d = b._d AND d.may_remove "
                    f"JOIN (SELECT _d, min({time}) AS a, max({time}) AS z FROM incoming GROUP BY _d) s ON s._d = b._d "
                    f"WHERE b.{time} BETWEEN s.a AND s.z AND {absent}"
                )
                if any(e.windows for e in self._entries):
                    kind = SQL_TYPES[dict(shape.columns)[shape.time]]
                    gone += (
                        f" UNION ALL SELECT b.* FROM before b WHERE {absent} AND EXISTS (SELECT 1 FROM windows w "
                        f"WHERE w._d = b._d AND b.{time} BETWEEN CAST(w.since AS {kind}) AND CAST(w.until AS {kind}))"
                    )
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
        found = self._db.execute(
            f"SELECT i._d, count(*) FILTER (b.{KEY} IS NULL), "
            f"count(*) FILTER (b.{KEY} IS NOT NULL AND b.{HASH} <> i.{HASH}), 0 "
            f"FROM incoming i LEFT JOIN before b ON i._d = b._d AND i.{KEY} = b.{KEY} GROUP BY i._d "
            "UNION ALL SELECT _d, 0, 0, count(*) FROM gone GROUP BY _d"
        )
        counts: dict[int, list[int]] = {}
        for d, *some in found.fetchall():
            counts[d] = [a + b for a, b in zip(counts.get(d, (0, 0, 0)), some, strict=True)]
        return {d: Difference(*some) for d, some in counts.items()}

    def nothing_before(self, changed: Collection[int]) -> dict[int, Difference]:
        """As `compare_all` where there are no rows before, or none that can be read: all rows are new."""
        return {d: Difference(self._digests[d].rows, 0, 0) for d in changed}

    def write_all(self, offsets: Mapping[int, int], target: Path, *, mark: str) -> Written:
        """Write one file with the rows of some tables; of `upsert` what is new and changed, with tombstones.

        Args:
            offsets: the tables to write, and the place of each among the commit's snapshots.
            mark: goes into the file's metadata, so that two commits never share one file.
        """
        if self._sorted is not None and not self._compared and not self._sorted.before:
            [offset] = offsets.values()
            with storage_errors(target.parent):
                adopting.write(self._sorted.rows, self._shape, target, facts=self._sorted.beside(offset), mark=mark)
            return self.written(f"read_parquet({literal(target)})", self._shape)
        shape = self._shape
        self._table("offsets", pa.table({"_d": pa.array(offsets.keys(), pa.int64()), "n": pa.array(offsets.values())}))
        names = "".join(f"{quoted(n)}, " for n, _ in shape.columns)
        own = "".join(f"r.{quoted(n)}, " for n, _ in shape.columns)
        order = ", ".join([*(quoted(k) for k in shape.key), *(quoted(n) for n, _ in shape.columns), "_row", "_deleted"])
        facts = [n for n in PROVENANCE if n not in ("_row", "_snapshot")]
        select = (
            f"SELECT {own}r._row, o.n AS _snapshot, {', '.join(f'd.{n}' for n in facts)}, d._stream, _deleted, "
            "CAST(NULL AS BIGINT) AS _to, _closes_seq, _closes_ord "
            f"FROM ({self._to_write(names)}) r JOIN offsets o ON o._d = r._d JOIN drafts d ON d._d = r._d"
        )
        with storage_errors(target.parent):
            # numbered as it streams by in order: a window over a large table would not fit
            self._db.execute(
                "COPY (SELECT *, row_number() OVER () - 1 AS _ord FROM "
                f"(SELECT * FROM ({select}) ORDER BY _resource, _snapshot, {order})) TO {literal(target)} "
                f"({write_options(mark)})"
            )
        return self.written(f"read_parquet({literal(target)})", shape)

    def _to_write(self, names: str) -> str:
        """The rows that a commit's file has: of `upsert` what is new and changed with tombstones, else whole tables."""
        shape = self._shape
        if shape.mode is Mode.UPSERT and self._compared:
            incoming = "".join(f"i.{quoted(n)}, " for n, _ in shape.columns)
            return (
                f"SELECT i._d, {incoming}i._row, false AS _deleted, b._was_seq AS _closes_seq, "
                f"b._was_ord AS _closes_ord FROM incoming i LEFT JOIN before b ON b._d = i._d AND b.{KEY} = i.{KEY} "
                f"WHERE b.{KEY} IS NULL OR b.{HASH} <> i.{HASH} "
                f"UNION ALL SELECT _d, {names}NULL, true, _was_seq, _was_ord FROM gone"
            )
        whole = (
            f"SELECT _d, {names}_row, false AS _deleted, CAST(NULL AS BIGINT) AS _closes_seq, "
            "CAST(NULL AS BIGINT) AS _closes_ord FROM loaded"
        )
        if shape.mode is Mode.UPSERT:
            return whole
        nothing = "".join("NULL, " for _ in shape.columns)
        return f"{whole} UNION ALL SELECT _d, {nothing}NULL, true, before, NULL FROM drafts WHERE before > 0"

    def written(self, table: str, shape: Shape) -> Written:
        """What a finished file or table of rows holds."""
        time = clock_column(shape)
        column = quoted(time) if time is not None else "NULL"
        whole = "_closes_seq IS NOT NULL AND _closes_ord IS NULL"
        rows, closings, wholes, lacking, first, last = self._one(
            f"SELECT count(*), count(_closes_ord), count(*) FILTER ({whole}), "
            f"count(*) FILTER ({column} IS NULL AND NOT ({whole})), min({column}), max({column}) FROM {table}"
        )
        known = time is not None and not lacking and first is not None
        counts = (int(str(rows)), int(str(closings)), int(str(wholes)))
        return Written(*counts, plain(first) if known else None, plain(last) if known else None)


def clock_column(shape: Shape) -> str | None:
    """The time column where its values are dates or moments, whose text sorts as they do."""
    kinds = (ColumnType.DATE, ColumnType.MOMENT)
    return shape.time if shape.time is not None and dict(shape.columns)[shape.time] in kinds else None


def plain(value: object) -> str:
    """A time as text that sorts as the times do and that DuckDB reads back."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def layout(shape: Shape) -> dict[str, object]:
    """A shape as it is kept beside a file, so that the file can be merged without its contract."""
    return {"columns": [[name, kind.value] for name, kind in shape.columns], "key": list(shape.key), "time": shape.time}


def shape_of_layout(kept: Mapping[str, object]) -> Shape:
    """The shape that `layout` was made of; how deliveries were meant is in the rows."""
    columns, key, time = kept["columns"], kept["key"], kept["time"]
    assert isinstance(columns, list) and isinstance(key, list)
    typed = tuple((str(name), ColumnType(kind)) for name, kind in columns)
    return Shape(typed, tuple(map(str, key)), Mode.UPSERT, None if time is None else str(time))
