"""Making a lost snapshot of readings again: from the table of readings, or from every delivery that it was made from.

The catalogue proves the result, as it does for other snapshots (`services/intake/replay.py`).
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import select

from catalog import closing
from catalog.drafts import Draft
from catalog.models import Snapshot
from catalog.reading_layout import Cells, Layout
from catalog.reading_models import ReadingCommit, ReadingDelivery
from core.clock import zone
from core.db import session_scope
from core.verdict import Verdict
from services.granary import Granary

#: Makes a delivery's rows again from its landed bytes.
Landed = Callable[[Snapshot], Draft | None]


def commit_of(granary: Granary, snapshot: Snapshot) -> ReadingCommit | None:
    """Which days of readings a snapshot holds; None for every other snapshot."""
    with session_scope(granary.sessions) as session:
        return session.get(ReadingCommit, snapshot.seq)


def draft(granary: Granary, snapshot: Snapshot, commit: ReadingCommit, landed: Landed, folder: Path) -> Draft | None:
    """The readings that a snapshot holds, as it held them; None where they cannot be made again."""
    with session_scope(granary.sessions) as session:
        query = select(ReadingDelivery).where(
            ReadingDelivery.stream_id == commit.stream_id, ReadingDelivery.id <= commit.delivery_id
        )
        deliveries = list(session.scalars(query.order_by(ReadingDelivery.id)))
    contract = granary.contracts.get(snapshot.contract or "")
    if contract is None:
        return None
    layout = Layout(contract, zone(granary.settings.timezone))
    runs = [(date.fromisoformat(a), date.fromisoformat(b)) for a, b in commit.runs]
    made = closing.closing(layout, commit.stream_id, commit.delivery_id, runs, delivered=False)
    path = closing.again(granary.sessions, layout, made, folder)
    if path is None:
        told = [d for d in deliveries if d.added or d.changed or d.removed]  # the others laid down what was committed
        found = _told(layout, runs, told, lambda delivery: landed(_of(snapshot, delivery)))
        if found is None:
            return None
        path = closing.written(layout, [found], folder)
    return Draft(
        resource_id=snapshot.resource_id,
        contract=contract,
        rows=path,
        verdict=Verdict(snapshot.verdict),
        landed_sha256=snapshot.landed_sha256,
        fetched_at=snapshot.fetched_at,
        table=snapshot.table,
        closing=made,
    )


def _of(snapshot: Snapshot, delivery: ReadingDelivery) -> Snapshot:
    """A delivery as the snapshot that it would have been by itself."""
    return Snapshot(
        seq=snapshot.seq,
        resource_id=snapshot.resource_id,
        table=snapshot.table,
        contract=snapshot.contract,
        landed_sha256=delivery.landed_sha256,
        fetched_at=delivery.received_at,
        clock_at=delivery.recorded_at,
    )


def _told(
    layout: Layout,
    runs: list[tuple[date, date]],
    deliveries: Iterable[ReadingDelivery],
    rows: Callable[[ReadingDelivery], Draft | None],
) -> list[Cells] | None:
    """What the table had of some days after some deliveries; None where one of them cannot be read again."""
    known: dict[tuple[str, datetime], Cells] = {}
    for delivery in deliveries:
        made = rows(delivery)
        if made is None or made.rows is None:
            return None
        cells = [layout.cells(row) for row in pq.read_table(made.rows).to_pylist()]
        if cells and delivery.whole:
            first, last = min(c.at for c in cells), max(c.at for c in cells)
            there = {(c.gauge, c.at) for c in cells}
            known = {key: c for key, c in known.items() if key in there or not first <= c.at <= last}
        for cell in cells:
            before = known.get((cell.gauge, cell.at))
            same = before is not None and before.content == cell.content
            if not same and any(a <= cell.day <= b for a, b in runs):
                known[cell.gauge, cell.at] = cell
    return sorted(known.values(), key=lambda c: (c.at, c.gauge))
