"""Closing days of readings: what is committed of the table of readings, when, and what readers get until then.

A day is closed when it has ended in the province's zone and the grace has passed. Its readings are then committed like
any delivery, by the real commit path; a reading that comes for a closed day makes the day dirty, and it is committed
again. A commit of a day that has changed since it was prepared is refused (`catalog/settling.py`), so that no old value
comes back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from catalog import row_files, snapshots
from catalog.drafts import Closing, Draft
from catalog.errors import CommitConflict
from catalog.models import Dataset, Resource, Stream
from catalog.packing import NOW, Packing, Span, plain
from catalog.preparing import shape_of
from catalog.reading_layout import Cells, Layout
from catalog.reading_models import Reading, ReadingDay, ReadingDelivery, ReadingStream
from catalog.readings import Recall
from catalog.row_files import packed
from catalog.store import SnapshotStore
from catalog.writing import batched, reading
from core.arrow import ARROW
from core.contract import Contract
from core.ids import new_id
from core.rows import Packed
from core.rows_duckdb import live_rows, quoted
from core.verdict import Verdict

#: How often days that kept changing while they were committed are prepared anew.
_ATTEMPTS = 5
_DAY = timedelta(days=1)


def last_closed(now: datetime, zone: ZoneInfo, grace: timedelta) -> date:
    """The newest day of a zone that is closed."""
    return (now - grace).astimezone(zone).date() - _DAY


def runs_of(days: Sequence[date]) -> list[tuple[date, date]]:
    """Days in order as runs without a gap: the first and last day of each."""
    if not days:
        return []
    ends = [i for i, (a, b) in enumerate(pairwise(days), 1) if b - a > _DAY]
    return [(days[i], days[j - 1]) for i, j in zip([0, *ends], [*ends, len(days)], strict=True)]


def prepare(
    sessions: sessionmaker[Session], layout: Layout, stream: int, until: date, folder: Path, *, delivered: bool
) -> tuple[Path, Closing]:
    """The readings of a stream's closed days that are not committed, in a file as the gate writes them.

    Args:
        until: the newest closed day.
        delivered: whether a delivery is committed with them, or the days alone.
    """
    with reading(sessions) as session:
        query = select(ReadingDay.day, ReadingDay.changed_by).where(
            ReadingDay.stream_id == stream, ReadingDay.dirty, ReadingDay.day <= until
        )
        found = session.execute(query.order_by(ReadingDay.day)).all()
        runs = runs_of([row.day for row in found])
        number = max((row.changed_by for row in found), default=0)
        return write(session, layout, stream, runs, folder), closing(layout, stream, number, runs, delivered=delivered)


def closing(layout: Layout, stream: int, number: int, runs: Sequence[tuple[date, date]], *, delivered: bool) -> Closing:
    """What a draft says of the days that it holds."""
    if layout.dated:
        windows = [(plain(a), plain(b)) for a, b in runs]
    else:
        tick = timedelta(microseconds=1)
        windows = [(plain(layout.midnight(a)), plain(layout.midnight(b + _DAY) - tick)) for a, b in runs]
    return Closing(stream, number, tuple(runs), tuple(windows), delivered)


def write(session: Session, layout: Layout, stream: int, runs: Sequence[tuple[date, date]], folder: Path) -> Path:
    """The readings of some days of a stream in a file, in order of time."""
    return written(layout, _readings(session, stream, runs), folder)


def written(layout: Layout, readings: Iterable[Sequence[Any]], folder: Path) -> Path:
    """Readings in a file with the contract's columns and `_row`, as the gate writes them."""
    path = folder / f"{new_id()}.parquet"
    schema = pa.schema([*((c.name, ARROW[c.type]) for c in layout.contract.columns), ("_row", pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for some in readings:
            writer.write_table(pa.table(layout.columns(some), schema))
    return path


def again(sessions: sessionmaker[Session], layout: Layout, made: Closing, folder: Path) -> Path | None:
    """The readings of a commit that was made, from the table; None where it does not have them any more."""
    with reading(sessions) as session:
        for first, last in made.runs:
            days = (ReadingDay.stream_id == made.stream, ReadingDay.day.between(first, last))
            other = ReadingDay.dropped | (ReadingDay.changed_by > made.number)
            if session.scalar(select(func.count()).select_from(ReadingDay).where(*days, other)):
                return None
        return write(session, layout, made.stream, made.runs, folder)


def _readings(session: Session, stream: int, runs: Sequence[tuple[date, date]]) -> Iterator[Sequence[Any]]:
    columns = (Reading.gauge, Reading.at, Reading.day, Reading.value, Reading.region, Reading.texts, Reading.row)
    for first, last in runs:
        query = select(*columns).where(
            Reading.stream_id == stream, Reading.day.between(first, last), Reading.removed.is_(False)
        )
        found = session.execute(query.order_by(Reading.at, Reading.gauge).execution_options(yield_per=10_000))
        yield from found.partitions()


def due(sessions: sessionmaker[Session], until: date, source: str | None = None) -> bool:
    """Whether there is a closed day to commit, of one source or of all."""
    with reading(sessions) as session:
        return bool(_waiting(session, until, source))


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing days committed: how many tables had something to commit, and the rows that are new or changed."""

    snapshots: int
    rows: int


def close(
    sessions: sessionmaker[Session],
    store: SnapshotStore,
    contracts: Mapping[str, Contract],
    *,
    zone: ZoneInfo,
    grace: timedelta,
    folder: Path,
    now: datetime,
    source: str | None = None,
) -> Closed:
    """Commit every stream's closed days that are not committed yet, many streams in one commit.

    Args:
        folder: an empty folder, which the caller removes.
        source: the only one whose streams are meant.
    """
    until, count, rows = last_closed(now, zone, grace), 0, 0
    for _ in range(_ATTEMPTS):
        with reading(sessions) as session:
            waiting = [w for w in _waiting(session, until, source) if w.contract in contracts]
        waiting = [w for w in waiting if contracts[w.contract].major == w.major]
        if not waiting:
            break
        drafts: list[Draft] = []
        for w in waiting:
            layout = Layout(contracts[w.contract], zone)
            path, made = prepare(sessions, layout, w.stream, until, folder, delivered=False)
            drafts.append(
                Draft(
                    resource_id=w.resource, contract=layout.contract, rows=path, verdict=Verdict(w.verdict),
                    landed_sha256=w.landed, fetched_at=w.received_at, table=w.table, closing=made,
                )
            )  # fmt: skip
        try:
            done = snapshots.commit_many(sessions, store, drafts, now=now)
        except CommitConflict:
            continue
        count += sum(c.seq is not None for c in done)
        rows += sum(c.added + c.changed for c in done)
        break
    return Closed(count, rows)


@dataclass(frozen=True, slots=True)
class _Waiting:
    stream: int
    resource: str
    table: str
    contract: str
    major: int
    landed: str | None
    received_at: datetime
    verdict: str


def _waiting(session: Session, until: date, source: str | None) -> list[_Waiting]:
    """The streams with closed days to commit, as their newest delivery came; one that was superseded has none."""
    newest = (
        select(ReadingDay.stream_id, func.max(ReadingDay.changed_by).label("number"))
        .where(ReadingDay.dirty, ReadingDay.day <= until)
        .group_by(ReadingDay.stream_id)
        .subquery()
    )
    query = (
        select(
            ReadingStream.id, ReadingStream.resource_id, ReadingStream.table, ReadingStream.contract,
            ReadingStream.major, ReadingDelivery.landed_sha256, ReadingDelivery.received_at, ReadingDelivery.verdict,
        )
        .join(newest, newest.c.stream_id == ReadingStream.id)
        .join(ReadingDelivery, ReadingDelivery.id == newest.c.number)
        .join(Stream, Stream.id == ReadingStream.stream)
        .where(Stream.superseded_seq.is_(None))
        .order_by(ReadingStream.id)
    )  # fmt: skip
    if source is not None:
        query = query.join(Resource, Resource.id == ReadingStream.resource_id)
        query = query.join(Dataset, Dataset.id == Resource.dataset_id).where(Dataset.source == source)
    return [_Waiting(*row) for row in session.execute(query)]


def recall(sessions: sessionmaker[Session], store: SnapshotStore) -> Recall:
    """What brings committed readings back into the table."""

    def back(stream: str, layout: Layout, days: Sequence[date]) -> list[Cells]:
        found: list[Cells] = []
        shape = shape_of(layout.contract, ())
        windows = closing(layout, 0, 0, runs_of(days), delivered=False).windows
        span = Span(windows[0][0], windows[-1][1])
        with reading(sessions) as session:
            standard = (layout.contract.name, layout.contract.major)
            files = packed(store, [f for f in row_files.active(session, standard, NOW) if f.reaches(span)], shape)
        with _Recalling(store.folder) as bench:
            for row in bench.rows(files, layout.contract, stream, span):
                cells = layout.cells(row)
                if cells.day in set(days):
                    found.append(cells)
        return found

    return back


class _Recalling(Packing):
    """Reads one stream's rows of some time."""

    def rows(self, files: Sequence[Packed], contract: Contract, stream: str, span: Span) -> list[dict[str, object]]:
        params: list[object] = []

        def bind(value: object, sql_type: str | None = None) -> str:
            params.append(value)
            return f"${len(params)}" if sql_type is None else f"CAST(${len(params)} AS {sql_type})"

        shape = shape_of(contract, ())
        assert shape.time is not None
        rows = live_rows(bind, files, dict(shape.columns), NOW, own=("_stream",))
        names = ", ".join(quoted(n) for n in (*dict(shape.columns), "_row"))
        kind = {"date": "DATE"}.get(dict(shape.columns)[shape.time].value, "TIMESTAMPTZ")
        between = f"{quoted(shape.time)} BETWEEN {bind(span.first, kind)} AND {bind(span.last, kind)}"
        sql = f"SELECT {names} FROM ({rows}) WHERE _stream = {bind(stream)} AND {between}"
        found = self._db.sql(sql, params=params).to_arrow_table()
        return list(found.to_pylist())


def old(session: Session, before: date) -> list[tuple[int, date]]:
    """The days before a day that are committed and that no newest delivery still brings: (stream, day)."""
    query = (
        select(ReadingDay.stream_id, ReadingDay.day)
        .join(ReadingStream, ReadingStream.id == ReadingDay.stream_id)
        .where(
            ReadingDay.day < before,
            ReadingDay.dirty.is_(False),
            ReadingDay.closed_seq.is_not(None),
            ReadingDay.dropped.is_(False),
            or_(ReadingStream.reaches_from.is_(None), ReadingDay.day < ReadingStream.reaches_from),
        )
        .order_by(ReadingDay.stream_id, ReadingDay.day)
    )
    return [(stream, day) for stream, day in session.execute(query)]


def count(session: Session, days: Sequence[tuple[int, date]]) -> int:
    """How many readings some days have in the table."""
    total = 0
    for stream, some in _by_stream(days):
        where = (Reading.stream_id == stream, Reading.day.in_(some))
        total += session.scalar(select(func.count()).select_from(Reading).where(*where)) or 0
    return total


def drop(session: Session, days: Sequence[tuple[int, date]]) -> None:
    """Take days from the table that are committed and have not changed since; their snapshots stay."""
    for stream, some in _by_stream(days):
        where = (ReadingDay.stream_id == stream, ReadingDay.day.in_(some), ReadingDay.dirty.is_(False))
        still = list(session.scalars(select(ReadingDay.day).where(*where)))
        session.execute(delete(Reading).where(Reading.stream_id == stream, Reading.day.in_(still)))
        session.execute(
            update(ReadingDay).where(ReadingDay.stream_id == stream, ReadingDay.day.in_(still)).values(dropped=True)
        )


def _by_stream(days: Sequence[tuple[int, date]]) -> Iterator[tuple[int, list[date]]]:
    grouped: dict[int, list[date]] = {}
    for stream, day in days:
        grouped.setdefault(stream, []).append(day)
    for stream, own in grouped.items():
        for some in batched(own, 500):
            yield stream, some
