"""Keeping each contract at few files: what commits wrote is merged into large sorted segments (docs/adr/0006).

A merge closes every row whose successor it holds (`_to`), and parts what still counted at its last commit ("live") from
what had ended by then ("history", read only for earlier commits). Small segments are merged each time, large ones stay
in geometric sizes (docs/adr/0007). Readers go on with the files they have; the manifest changes in one transaction, and
a crash before it leaves an orphan. A segment is a function of the files of level 0 in its range: `restore` makes it
again byte for byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from catalog import row_files
from catalog.errors import SnapshotDamaged, SnapshotMissing
from catalog.models import RowFile
from catalog.packing import Packing, Written, shape_of_layout
from catalog.row_files import COMMIT, HISTORY, LIVE, Standard
from catalog.store import SnapshotStore, Stored
from catalog.tables import GLOB, Shape, literal, write_options
from catalog.writing import reading, writing
from core import counters
from core.rows import PROVENANCE
from core.rows_duckdb import OWN_COLUMNS, SQL_TYPES, quoted
from core.storage_errors import storage_errors

#: A contract has at most so many files of commits that no segment holds; a harvest compacts before it gets there.
TAIL = 64
#: And at most so many segments: sizes grow by `_RATIO`, each in two parts, so 32 hold more rows than a disk.
SEGMENTS = 32
_RATIO = 4
#: A segment of fewer rows is always merged in: half a second, for which a page then opens a file less.
_SMALL = 300_000
#: A tail is merged, however short, when it has brought so large a part of the newest segment.
_WORTH = 50
_FACTS = tuple(n for n in PROVENANCE if n not in ("_row", "_snapshot"))


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one contract's files."""

    contract: str
    major: int
    files_before: int
    files_after: int
    rows: int  # rows that were written anew
    size: int  # bytes written


def standards(session: Session) -> list[Standard]:
    """The contracts that have rows, by name and major version."""
    query = select(RowFile.contract, RowFile.major).distinct().order_by(RowFile.contract, RowFile.major)
    return [(name, major) for name, major in session.execute(query)]


def compact(sessions: sessionmaker[Session], store: SnapshotStore, *, now: datetime, tail: int = 0) -> list[Compacted]:
    """Merge the files of every contract that has more than `tail` files of commits; one entry for each merged.

    Raises:
        SnapshotMissing, SnapshotDamaged: a file of a commit is lost; `lumbung rebuild` makes it again.
    """
    with reading(sessions) as session:
        found = standards(session)
    return [done for standard in found if (done := compact_one(sessions, store, standard, now=now, tail=tail))]


def compact_one(
    sessions: sessionmaker[Session], store: SnapshotStore, standard: Standard, *, now: datetime, tail: int = 0
) -> Compacted | None:
    """Merge one contract's files of commits, with the segments that are not much larger; None if none was needed."""
    with reading(sessions) as session:
        files = _standing(session, standard)
    inputs = _chosen(files, tail)
    if not inputs:
        return None
    first, last = min(f.first_seq for f in inputs), max(f.last_seq for f in inputs)
    shape = _widest(inputs)
    from_the_start = len(inputs) == len(files)
    made = _merge(store, inputs, shape, last, from_the_start=from_the_start)
    rows = [
        row_files.row_file(
            standard,
            shape,
            stored,
            written,
            level=1 + max(f.level for f in inputs),
            part=part,
            base=0,
            seqs=(first, last),
            dead_seq=dead,
            now=now,
        )
        for part, stored, written, dead in made
    ]
    with writing(sessions) as session:
        counters.hold(session)
        taken = update(RowFile).where(RowFile.id.in_([f.id for f in inputs]), RowFile.superseded_by.is_(None))
        mark = rows[0].id if rows else "-"  # nothing is left where every row was a mark of an end
        done = session.execute(
            taken.values(superseded_by=mark, superseded_at=now), execution_options={"synchronize_session": False}
        )
        if done.rowcount != len(inputs) or not all(store.has(r.sha256) for r in rows):  # type: ignore[attr-defined]  # a cursor's result
            session.rollback()  # another compactor was first
            return None
        session.add_all(rows)
    after = len(files) - len(inputs) + len(rows)
    return Compacted(*standard, len(files), after, sum(r.rows for r in rows), sum(r.size for r in rows))


def _standing(session: Session, standard: Standard) -> list[RowFile]:
    query = select(RowFile).where(
        RowFile.contract == standard[0], RowFile.major == standard[1], RowFile.superseded_by.is_(None)
    )
    return list(session.scalars(query.order_by(RowFile.first_seq, RowFile.part, RowFile.sha256)))


def _chosen(files: Sequence[RowFile], tail: int) -> list[RowFile]:
    """The files of commits, and from the newest segment backwards those that are small beside what is merged."""
    chosen = [f for f in files if f.part == COMMIT]
    rows = sum(f.rows for f in chosen)
    spans = sorted({(f.first_seq, f.last_seq) for f in files if f.part != COMMIT}, reverse=True)
    segments = [[f for f in files if f.part != COMMIT and (f.first_seq, f.last_seq) == span] for span in spans]
    sizes = [sum(f.rows for f in own) for own in segments]
    if not chosen or (len(chosen) <= tail and sizes and rows * _WORTH < sizes[0]):
        return []
    for own, size in zip(segments, sizes, strict=True):
        if size >= max(_RATIO * rows, _SMALL):
            break
        chosen, rows = own + chosen, rows + size
    return chosen if len(chosen) > 1 else []  # one file by itself is sorted, and ends no row of its own


def _widest(inputs: Sequence[RowFile]) -> Shape:
    """The shape with every column that one of the files has; minor versions only add some."""
    shapes = [shape_of_layout(f.layout) for f in inputs]
    columns = {name: kind for shape in shapes for name, kind in shape.columns}
    newest = max(zip(inputs, shapes, strict=True), key=lambda pair: (pair[0].last_seq, len(pair[1].columns)))[1]
    ordered = dict(newest.columns) | columns
    return replace(newest, columns=tuple(ordered.items()))


def _merge(
    store: SnapshotStore, inputs: Sequence[RowFile], shape: Shape, last: int, *, from_the_start: bool
) -> list[tuple[str, Stored, Written, int | None]]:
    """The segments of some files: part, file, counts, and the commit from which nothing in it counts."""
    made: list[tuple[str, Stored, Written, int | None]] = []
    paths = [(store.verify(f.sha256), f.base) for f in inputs]
    mark = f"segment/{inputs[0].contract}/{inputs[0].major}/{min(f.first_seq for f in inputs)}-{last}"
    with _Merging(store.folder) as bench:
        bench.merge(paths, shape, from_the_start=from_the_start)
        for part in (LIVE, HISTORY):
            with store.draft() as path:
                written, dead = bench.write_part(shape, part, path, mark=f"{mark}/{part}")
                if written.rows:
                    made.append((part, store.put(path, consume=True), written, dead))
    return made


class _Merging(Packing):
    """The statements of one merge."""

    def merge(self, paths: Sequence[tuple[Path, int]], shape: Shape, *, from_the_start: bool) -> None:
        """Lay down `merged`: every row of the files with its end, and the marks that still end rows elsewhere."""
        types = {n: SQL_TYPES[k] for n, k in (*shape.columns, *PROVENANCE.items())} | OWN_COLUMNS
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in types.items())
        select = f"SELECT {empty} WHERE false"
        for path, base in paths:
            own = literal(GLOB.sub(r"[\1]", str(path)))
            select += f" UNION ALL BY NAME SELECT * REPLACE (_snapshot + {base} AS _snapshot) FROM read_parquet({own})"
        whole = "_closes_seq IS NOT NULL AND _closes_ord IS NULL"
        with storage_errors(self._scratch):
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE gathered AS {select}")
            self._db.execute(
                "CREATE OR REPLACE TEMP TABLE ends AS SELECT _closes_seq, _closes_ord, min(_snapshot) AS at "
                "FROM gathered WHERE _closes_ord IS NOT NULL GROUP BY ALL"
            )
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE wholes AS SELECT _stream, _snapshot AS at FROM gathered WHERE {whole}"
            )
            self._db.execute(
                "CREATE OR REPLACE TEMP TABLE inside AS "
                "SELECT DISTINCT e._closes_seq, e._closes_ord FROM ends e JOIN gathered g "
                "ON g._snapshot = e._closes_seq AND g._ord = e._closes_ord AND NOT g._deleted"
            )
            data = "".join(f"g.{quoted(n)}, " for n, _ in shape.columns) + "g._row, g._snapshot, "
            data += "".join(f"g.{n}, " for n in (*_FACTS, "_stream", "_ord", "_deleted"))
            open_end = "i._closes_seq IS NULL"  # the row that it ends is in another file
            self._db.execute(
                f"CREATE OR REPLACE TEMP TABLE merged AS SELECT {data}"
                "least(g._to, e.at, w.at) AS _to, "
                f"CASE WHEN {open_end} THEN g._closes_seq END AS _closes_seq, "
                f"CASE WHEN {open_end} THEN g._closes_ord END AS _closes_ord "
                "FROM gathered g "
                "LEFT JOIN ends e ON e._closes_seq = g._snapshot AND e._closes_ord = g._ord AND NOT g._deleted "
                "LEFT JOIN inside i ON i._closes_seq = g._closes_seq AND i._closes_ord = g._closes_ord "
                "ASOF LEFT JOIN wholes w ON w._stream = g._stream AND g._snapshot < w.at"
            )
        self._from_the_start = from_the_start

    def write_part(self, shape: Shape, part: str, target: Path, *, mark: str) -> tuple[Written, int | None]:
        """Write what counted at the last commit with the marks that are still needed, or what had ended by then."""
        data = "".join(f"{quoted(n)}, " for n, _ in shape.columns) + "_row, _snapshot, "
        data += "".join(f"{n}, " for n in (*_FACTS, "_stream", "_ord"))
        if part == HISTORY:
            rows = (
                f"SELECT {data}_deleted, _to, CAST(NULL AS BIGINT) AS _closes_seq, CAST(NULL AS BIGINT) AS _closes_ord "
                "FROM merged WHERE NOT _deleted AND _to IS NOT NULL"
            )
        else:
            whole = "_closes_seq IS NOT NULL AND _closes_ord IS NULL"
            first_whole = f"{whole} QUALIFY row_number() OVER (PARTITION BY _stream ORDER BY _snapshot) = 1"
            rows = (
                f"SELECT {data}_deleted, _to, _closes_seq, _closes_ord FROM merged WHERE NOT _deleted AND _to IS NULL "
                f"UNION ALL SELECT {data}true, CAST(NULL AS BIGINT), _closes_seq, _closes_ord FROM merged "
                "WHERE _closes_ord IS NOT NULL AND (_deleted OR _to IS NOT NULL)"
            )
            if not self._from_the_start:  # the first whole table ends whatever the files before had of the stream
                rows += (
                    f" UNION ALL SELECT {data}true, CAST(NULL AS BIGINT), _closes_seq, _closes_ord FROM merged "
                    f"WHERE {first_whole}"
                )
        key = "".join(f"{quoted(k)}, " for k in shape.key)
        with storage_errors(target.parent):
            self._db.execute(f"CREATE OR REPLACE TEMP TABLE part AS {rows}")
            self._db.execute(
                f"COPY (SELECT * FROM part ORDER BY _resource, _stream, {key}_snapshot, _deleted, _ord) "
                f"TO {literal(target)} ({write_options(mark)})"
            )
        dead = self._one("SELECT max(_to) FROM part")[0] if part == HISTORY else None
        return self.written("part", shape), None if dead is None else int(str(dead))


def restore(sessions: sessionmaker[Session], store: SnapshotStore) -> tuple[int, int]:
    """Make missing and damaged segments again from the files of commits; how many were made, and how many could not be.

    One that cannot be made, because a commit's file in its range is lost too, stays in use: reading it names the
    damage, where leaving it out would give answers that lack rows.
    """
    with reading(sessions) as session:
        segments = list(session.scalars(select(RowFile).where(RowFile.part != COMMIT, RowFile.superseded_by.is_(None))))
    broken = {str(fault.values["sha256"]) for fault in store.scrub({s.sha256 for s in segments})}
    made = lost = 0
    spans = {(s.contract, s.major, s.first_seq, s.last_seq) for s in segments if s.sha256 in broken}
    for contract, major, first, last in sorted(spans):
        with reading(sessions) as session:
            query = select(RowFile).where(RowFile.contract == contract, RowFile.major == major, RowFile.part == COMMIT)
            commits = list(session.scalars(query.order_by(RowFile.first_seq, RowFile.sha256)))
        own = [s for s in segments if (s.contract, s.major, s.first_seq, s.last_seq) == (contract, major, first, last)]
        inputs = [f for f in commits if first <= f.first_seq and f.last_seq <= last]
        shape = shape_of_layout(own[0].layout)
        try:
            parts = _merge(store, inputs, shape, last, from_the_start=not any(f.first_seq < first for f in commits))
        except (SnapshotMissing, SnapshotDamaged):
            lost += len(own)
            continue
        files = {part: (stored, written, dead) for part, stored, written, dead in parts}
        with writing(sessions) as session:
            for segment in own:
                stored, written, dead = files[segment.part]
                row = session.get_one(RowFile, segment.id)
                row.sha256, row.size, row.rows, row.dead_seq = stored.sha256, stored.size, written.rows, dead
        made += sum(s.sha256 in broken for s in own)
    return made, lost


def forget(sessions: sessionmaker[Session], *, now: datetime, after: timedelta = timedelta(hours=1)) -> int:
    """Take superseded segments off the manifest once no reader can have them open; their files are orphans then."""
    with writing(sessions) as session:
        old = session.scalars(
            select(RowFile).where(
                RowFile.part != COMMIT, RowFile.superseded_by.is_not(None), RowFile.superseded_at <= now - after
            )
        ).all()
        for row in old:
            session.delete(row)
    return len(old)
