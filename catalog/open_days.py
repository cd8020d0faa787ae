"""The readings of days that are not committed yet, as files that a row query reads beside the committed ones.

One file a contract and day, made by whoever asks first, named by what it holds: the table stays the truth, and a
reading that comes makes another name. They can be removed at any time (docs/adr/0012).
"""

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog.models import Dataset, Resource, Stream
from catalog.reading_layout import Layout, kept
from catalog.reading_models import Reading, ReadingDay, ReadingDelivery, ReadingStream
from catalog.store import SnapshotStore
from core.arrow import ARROW
from core.clock import zone
from core.contract import Contract
from core.ids import new_id
from core.rows import Packed
from core.storage_errors import storage_errors

FOLDER = ".open"
#: A file that nobody names any more may still be open in a query that began before.
_UNUSED_SECONDS = 3600.0
_FACTS = pa.schema(
    [
        ("_row", pa.int64()), ("_snapshot", pa.int64()), ("_member", pa.string()), ("_source", pa.string()),
        ("_dataset", pa.string()), ("_resource", pa.string()), ("_fetched_at", pa.timestamp("us", "UTC")),
        ("_verdict", pa.string()), ("_stream", pa.string()), ("_deleted", pa.bool_()), ("_to", pa.int64()),
        ("_closes_seq", pa.int64()), ("_closes_ord", pa.int64()), ("_ord", pa.int64()),
    ]
)  # fmt: skip


def files(session: Session, store: SnapshotStore, contract: Contract, seq: int) -> tuple[Packed, ...]:
    """The readings of a contract that were not committed by a commit, a file a day; none for other contracts.

    Raises:
        StorageFull, StorageReadOnly: a file cannot be made.
    """
    if not kept(contract):
        return ()
    query = (
        select(ReadingDay.day, ReadingDay.stream_id, ReadingDay.changed_by)
        .join(ReadingStream, ReadingStream.id == ReadingDay.stream_id)
        # before its first commit nothing says who may see a table
        .join(Stream, Stream.id == ReadingStream.stream)
        .where(
            ReadingStream.contract == contract.name,
            ReadingStream.major == contract.major,
            or_(ReadingDay.closed_seq.is_(None), ReadingDay.closed_seq > seq),
            ReadingDay.dropped.is_(False),
        )
        .order_by(ReadingDay.day, ReadingDay.stream_id)
    )
    days: dict[date, list[tuple[int, int]]] = {}
    for day, stream, number in session.execute(query):
        days.setdefault(day, []).append((stream, number))
    folder = store.folder / FOLDER
    found: list[Packed] = []
    for day, streams in days.items():
        named = hashlib.sha256(repr((contract.columns, day, streams)).encode()).hexdigest()
        path = folder / f"{contract.name}-{day.isoformat()}-{named[:32]}.parquet"
        if not _fresh(path):
            _make(session, contract, day, [s for s, _ in streams], path)
        found.append(Packed(path, base=0, closings=0, wholes=0))
    return tuple(found)


def _fresh(path: Path) -> bool:
    """Whether a file is there; one that is asked for is kept from those who tidy up."""
    try:
        if time.time() - path.stat().st_mtime > _UNUSED_SECONDS / 4:
            os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    return True


def clear(store: SnapshotStore, *, older_than_seconds: float = 0.0) -> None:
    """Remove such files; who asks next makes those that are needed again."""
    limit = time.time() - older_than_seconds
    for path in (store.folder / FOLDER).glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime <= limit:
                path.unlink()


def _make(session: Session, contract: Contract, day: date, streams: Sequence[int], path: Path) -> None:
    layout = Layout(contract, zone("UTC"))  # only whole columns are read back, and a day's date is kept as such
    query = (
        select(
            Reading.gauge, Reading.at, Reading.day, Reading.value, Reading.region, Reading.texts, Reading.row,
            ReadingStream.stream, ReadingDelivery.received_at, ReadingDelivery.verdict, Resource.id.label("resource"),
            Dataset.id.label("dataset"), Dataset.member, Dataset.source,
        )
        .join(ReadingStream, ReadingStream.id == Reading.stream_id)
        .join(ReadingDelivery, ReadingDelivery.id == Reading.delivery_id)
        .join(Resource, Resource.id == ReadingStream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Reading.stream_id.in_(streams), Reading.day == day, Reading.removed.is_(False))
        .order_by(Resource.id, Reading.gauge, Reading.at)
    )  # fmt: skip
    rows = session.execute(query).all()
    schema = pa.schema([(c.name, ARROW[c.type]) for c in contract.columns])
    for field in _FACTS:
        schema = schema.append(field)
    nothing = [None] * len(rows)
    table = pa.table(
        {
            **layout.columns(rows),
            "_snapshot": [0] * len(rows),  # of no commit yet
            "_member": [r.member for r in rows],
            "_source": [r.source for r in rows],
            "_dataset": [r.dataset for r in rows],
            "_resource": [r.resource for r in rows],
            "_fetched_at": [r.received_at for r in rows],
            "_verdict": [r.verdict for r in rows],
            "_stream": [r.stream for r in rows],
            "_deleted": [False] * len(rows),
            "_to": nothing,
            "_closes_seq": nothing,
            "_closes_ord": nothing,
            "_ord": list(range(len(rows))),
        },
        schema,
    )
    partial = path.with_name(f".{new_id()}")
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, partial, compression="zstd", row_group_size=8192)
        partial.replace(path)
        for left in path.parent.iterdir():
            with suppress(FileNotFoundError):
                if left.stat().st_mtime <= time.time() - _UNUSED_SECONDS and left != path:
                    left.unlink()
