"""The one table of readings: recording what gauges read, whichever way it arrives, and asking for the newest.

A reading is named by its stream, gauge and moment. The same value again changes nothing; another one takes its place,
and the delivery that brought it counts it as changed. Days are local days of the province; which of them are closed,
and when they are committed, is left to `catalog/closing.py` (docs/adr/0012), what a reading may be to the gate.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from catalog.models import Dataset, DatasetState, Resource
from catalog.preparing import stream_id
from catalog.query import visible
from catalog.reading_layout import Cells, Layout
from catalog.reading_models import Reading, ReadingDay, ReadingDelivery, ReadingStream
from catalog.writing import batched, reading, writing
from core.access import SYSTEM, Actor
from core.contract import Contract

#: So many readings are compared and written in one transaction, whole days at a time.
_AT_ONCE = 20_000
#: How old the newest reading of a gauge at work is at most.
_FRESH = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Readings that came together.

    Attributes:
        rows: the contract's columns, typed as it says, and `_row` where they came in a file.
        whole: what is absent between its first and last time has been taken back at the source (docs/adr/0003).
    """

    contract: Contract
    resource_id: str
    table: str
    rows: pa.Table
    received_at: datetime
    verdict: str
    landed_sha256: str | None = None
    run_id: str | None = None
    whole: bool = False


@dataclass(slots=True)
class Recorded:
    """What a delivery changed in the table; `changed` are corrections of values that were there."""

    stream: int
    added: int = 0
    changed: int = 0
    removed: int = 0
    same: int = 0

    @property
    def any(self) -> bool:
        """Whether it changed anything."""
        return bool(self.added or self.changed or self.removed)


#: Gives the committed readings of some days of a stream, which retention has taken from the table.
Recall = Callable[[str, Layout, Sequence[date]], Iterable[Cells]]


def record(
    sessions: sessionmaker[Session], delivery: Delivery, zone: ZoneInfo, *, now: datetime, recall: Recall
) -> Recorded:
    """Write a delivery into the table: once or several times makes no difference.

    Transactions hold whole days, so that an interrupted delivery is gone on with by recording it again.

    Args:
        zone: the province's, whose calendar days are committed.
        recall: gives back the readings of days that are no longer in the table, where the delivery reaches into them.
    """
    layout = Layout(delivery.contract, zone)
    rows = delivery.rows.sort_by(layout.time)
    with writing(sessions) as session:
        stream = _stream(session, delivery)
        done = Recorded(stream.id)
        stream.delivered = rows.num_rows
        if not rows.num_rows:
            return done
        first, last = (layout.cells(rows.slice(i, 1).to_pylist()[0]) for i in (0, rows.num_rows - 1))
        stream.reaches_from = first.day
        name, id_ = stream.stream, stream.id
    number, since = None, first.day
    for cells in _by_days(layout, rows):
        until = last.day if cells[-1].day == last.day else cells[-1].day
        days = (since, until)
        since = until + timedelta(days=1)
        with reading(sessions) as session:
            gone = _dropped(session, id_, days)
        back = list(recall(name, layout, gone)) if gone else []
        with writing(sessions) as session:
            _put_back(session, id_, gone, back, delivery=delivery, now=now)
            window = (first.at, last.at) if delivery.whole else None
            change = _compared(session, id_, days, cells, window)
            if change.any:
                number = _counted(session, number, change, delivery=delivery, stream=id_, now=now)
                _write(session, id_, change, number)
        done.added += len(change.new)
        done.changed += len(change.other)
        done.removed += len(change.gone)
        done.same += change.same
    return done


def _stream(session: Session, delivery: Delivery) -> ReadingStream:
    name = stream_id(delivery.resource_id, delivery.table, delivery.contract)
    stream = session.scalar(select(ReadingStream).where(ReadingStream.stream == name).with_for_update())
    if stream is None:
        stream = ReadingStream(
            stream=name, resource_id=delivery.resource_id, table=delivery.table, contract=delivery.contract.name,
            major=delivery.contract.major, delivered=0,
        )  # fmt: skip
        session.add(stream)
        session.flush()
    return stream


def _by_days(layout: Layout, rows: pa.Table) -> Iterator[list[Cells]]:
    """The rows in order of time, in lists of whole days."""
    waiting: list[Cells] = []
    for batch in rows.to_batches(max_chunksize=_AT_ONCE):
        waiting += [layout.cells(row) for row in batch.to_pylist()]
        ready = [c for c in waiting if c.day < waiting[-1].day]
        if ready:
            yield ready
            waiting = waiting[len(ready) :]
    if waiting:
        yield waiting


def _dropped(session: Session, stream: int, days: tuple[date, date]) -> list[date]:
    query = select(ReadingDay.day).where(
        ReadingDay.stream_id == stream, ReadingDay.day.between(*days), ReadingDay.dropped
    )
    return list(session.scalars(query.order_by(ReadingDay.day)))


def _put_back(
    session: Session, stream: int, days: Sequence[date], back: Sequence[Cells], *, delivery: Delivery, now: datetime
) -> None:
    """Lay the committed readings of dropped days down again, so that they can be compared."""
    if not days:
        return
    own = ReadingDelivery(
        stream_id=stream, received_at=now, recorded_at=now, landed_sha256=None, verdict=delivery.verdict,
        run_id=None, whole=False, rows=len(back), added=0, changed=0, removed=0,
    )  # fmt: skip
    session.add(own)
    session.flush()
    _insert(session, stream, back, own.id)
    for some in batched(days):
        where = (ReadingDay.stream_id == stream, ReadingDay.day.in_(some))
        session.execute(update(ReadingDay).where(*where).values(dropped=False))


@dataclass(slots=True)
class _Change:
    """How the rows of some days differ from what the table has of them."""

    new: list[Cells]
    again: list[Cells]  # of `new`, those whose key is there as taken back
    other: list[Cells]
    gone: list[tuple[str, datetime]]
    days: set[date]
    rows: int
    same: int

    @property
    def any(self) -> bool:
        return bool(self.new or self.other or self.gone)


def _compared(
    session: Session,
    stream: int,
    days: tuple[date, date],
    cells: Sequence[Cells],
    window: tuple[datetime, datetime] | None,
) -> _Change:
    query = select(
        Reading.gauge, Reading.at, Reading.value, Reading.region, Reading.texts, Reading.removed, Reading.day
    ).where(Reading.stream_id == stream, Reading.day.between(*days))
    known = {(row.gauge, row.at): row for row in session.execute(query)}
    change = _Change([], [], [], [], set(), len(cells), 0)
    for cell in cells:
        before = known.pop((cell.gauge, cell.at), None)
        if before is None or before.removed:
            change.new.append(cell)
            if before is not None:
                change.again.append(cell)
        elif (before.value, before.region, before.texts) != cell.content:
            change.other.append(cell)
        else:
            change.same += 1
            continue
        change.days.add(cell.day)
    for row in known.values():
        if window is not None and window[0] <= row.at <= window[1] and not row.removed:
            change.gone.append((row.gauge, row.at))
            change.days.add(row.day)
    return change


def _counted(
    session: Session, number: int | None, change: _Change, *, delivery: Delivery, stream: int, now: datetime
) -> int:
    """Put on record what a delivery changed; its number."""
    if number is None:
        made = ReadingDelivery(
            stream_id=stream, received_at=delivery.received_at, recorded_at=now, landed_sha256=delivery.landed_sha256,
            verdict=delivery.verdict, run_id=delivery.run_id, whole=delivery.whole, rows=delivery.rows.num_rows,
            added=0, changed=0, removed=0,
        )  # fmt: skip
        session.add(made)
        session.flush()
    else:
        made = session.get_one(ReadingDelivery, number)
    made.added += len(change.new)
    made.changed += len(change.other)
    made.removed += len(change.gone)
    return made.id


def _write(session: Session, stream: int, change: _Change, number: int) -> None:
    again = {(c.gauge, c.at) for c in change.again}
    _insert(session, stream, [c for c in change.new if (c.gauge, c.at) not in again], number)
    table = Reading.__table__
    same = (table.c.stream_id == stream) & (table.c.gauge == bindparam("_gauge")) & (table.c.at == bindparam("_at"))
    names = ("value", "region", "texts", "row_number", "delivery_id", "removed")
    if corrected := [*change.other, *change.again]:
        session.execute(
            update(table).where(same).values({name: bindparam(f"_{name}") for name in names}),  # type: ignore[arg-type]  # a table of ours
            [
                {"_gauge": c.gauge, "_at": c.at, "_value": c.value, "_region": c.region, "_texts": c.texts,
                 "_row_number": c.row, "_delivery_id": number, "_removed": False}
                for c in corrected
            ],
        )  # fmt: skip
    if change.gone:
        session.execute(
            update(table).where(same).values(removed=True, delivery_id=number),  # type: ignore[arg-type]  # a table of ours
            [{"_gauge": gauge, "_at": at} for gauge, at in change.gone],
        )
    _mark(session, stream, change.days, number)


def _insert(session: Session, stream: int, cells: Sequence[Cells], number: int) -> None:
    if cells:
        session.execute(
            insert(Reading.__table__),  # type: ignore[arg-type]  # a table of ours
            [
                {"stream_id": stream, "gauge": c.gauge, "at": c.at, "day": c.day, "value": c.value,
                 "region": c.region, "texts": c.texts, "row_number": c.row, "delivery_id": number, "removed": False}
                for c in cells
            ],
        )  # fmt: skip


def _mark(session: Session, stream: int, days: set[date], number: int) -> None:
    """Note that some days have changed: they are to be committed once they are closed."""
    known: set[date] = set()
    for some in batched(days):
        where = (ReadingDay.stream_id == stream, ReadingDay.day.in_(some))
        known |= set(session.scalars(select(ReadingDay.day).where(*where)))
        session.execute(update(ReadingDay).where(*where).values(changed_by=number, dirty=True))
    session.add_all(
        ReadingDay(stream_id=stream, day=day, changed_by=number, closed_seq=None, dirty=True, dropped=False)
        for day in sorted(days - known)
    )


def delivered(session: Session, source: str) -> dict[str, int]:
    """How many rows the newest delivery of each resource of a source had; a commit holds some of its days only."""
    query = (
        select(ReadingStream.resource_id, ReadingStream.delivered)
        .join(Resource, Resource.id == ReadingStream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Dataset.source == source, ReadingStream.table == "")
        .order_by(ReadingStream.id)
    )
    return {row.resource_id: row.delivered for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest reading of a gauge; `age` says how old it is now."""

    gauge: str
    at: datetime
    value: float
    region: str | None
    texts: Mapping[str, Any]
    verdict: str
    resource_id: str
    received_at: datetime
    age: timedelta


def latest(
    session: Session, gauges: Sequence[str], *, contract: str, now: datetime, actor: Actor = SYSTEM
) -> dict[str, Latest]:
    """The newest reading of each gauge that has one; of equal moments the one that was received last.

    Readings older than `keep_readings_days` are in snapshots only, and are none of the answer; so are those of datasets
    that have been withdrawn or that the actor may not know of.
    """
    served = (
        ReadingStream.contract == contract,
        Reading.removed.is_(False),
        Dataset.state != DatasetState.WITHDRAWN.value,
        Resource.state != DatasetState.WITHDRAWN.value,
        visible(actor),
    )
    out: dict[str, Latest] = {}
    for since in (now - _FRESH, None):  # most gauges have a fresh one, found without a look at what is older
        for some in batched([gauge for gauge in gauges if gauge not in out]):
            wanted = [Reading.gauge.in_(some), *served]
            if since is not None:
                wanted.append(Reading.at >= since)
            out |= {found.gauge: found for found in _newest(session, wanted, now)}
    return out


def _newest(session: Session, wanted: Sequence[ColumnElement[bool]], now: datetime) -> Iterator[Latest]:
    newest = (
        select(Reading.gauge, func.max(Reading.at).label("at"))
        .join(ReadingStream, ReadingStream.id == Reading.stream_id)
        .join(Resource, Resource.id == ReadingStream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(*wanted)
        .group_by(Reading.gauge)
        .subquery()
    )
    query = (
        select(Reading, ReadingStream.resource_id, ReadingDelivery.received_at, ReadingDelivery.verdict)
        .join(newest, (newest.c.gauge == Reading.gauge) & (newest.c.at == Reading.at))
        .join(ReadingStream, ReadingStream.id == Reading.stream_id)
        .join(Resource, Resource.id == ReadingStream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .join(ReadingDelivery, ReadingDelivery.id == Reading.delivery_id)
        .where(*wanted)
        .order_by(ReadingDelivery.received_at, Reading.delivery_id)
    )
    for found, resource, received, verdict in session.execute(query):
        yield Latest(
            found.gauge, found.at, found.value, found.region, found.texts, verdict, resource, received, now - found.at
        )
