"""Returned rows: all of them in a file, counts and the first thousand in the database.

A batch is open until a later delivery of the same table replaces it; why a row is returned is `quality`'s matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from catalog.drafts import Draft
from catalog.models import QuarantineBatch, QuarantineRow
from catalog.writing import batched
from core.ids import new_id

#: How many rows of a batch are kept in the database.
KEPT = 1000


def standing(session: Session, resources: Iterable[str]) -> dict[tuple[str, str], list[QuarantineBatch]]:
    """The open batches of some resources, by resource and table."""
    found: dict[tuple[str, str], list[QuarantineBatch]] = {}
    for some in batched(resources):
        query = select(QuarantineBatch).where(
            QuarantineBatch.resource_id.in_(some), QuarantineBatch.closed_at.is_(None)
        )
        for batch in session.scalars(query):
            found.setdefault((batch.resource_id, batch.table), []).append(batch)
    return found


def replace(
    session: Session,
    deliveries: Iterable[tuple[Draft, int | None]],
    before: Mapping[tuple[str, str], Sequence[QuarantineBatch]],
    *,
    now: datetime,
) -> None:
    """Open the batches of a commit's drafts and close those that are open `before`, in the caller's transaction.

    The same rows again stay in the batch that they are in. A held delivery leaves the batch of the served
    snapshot open beside its own.

    Args:
        deliveries: each draft with the snapshot that it makes or confirms.
    """
    opened = [
        (batch, draft.quarantine)
        for draft, seq in deliveries
        if (batch := _opened(draft, seq, before.get((draft.resource_id, draft.table), ()), now)) is not None
    ]
    session.add_all(batch for batch, _ in opened)
    session.flush()
    kept = [
        {"batch_id": batch.id, "position": i, "row": r.row, "original": dict(r.original), "reasons": list(r.reasons)}
        for batch, new in opened
        if new is not None
        for i, r in enumerate(new.first[:KEPT])
    ]
    if kept:
        session.execute(insert(QuarantineRow), kept)


def _opened(draft: Draft, seq: int | None, before: Sequence[QuarantineBatch], now: datetime) -> QuarantineBatch | None:
    """The batch of a draft that has one of its own; those before it are closed."""
    new = draft.quarantine
    standing = False
    for batch in before:
        if new is not None and batch.file_sha256 == new.file.sha256:
            standing = True
        elif not draft.held or batch.snapshot_seq is None:
            batch.closed_at = now
    if new is None or standing:
        return None
    return QuarantineBatch(
        id=new_id(),
        resource_id=draft.resource_id,
        table=draft.table,
        run_id=draft.run_id,
        snapshot_seq=seq,
        file_sha256=new.file.sha256,
        rows=new.rows,
        reasons=dict(new.reasons),
        at=now,
    )
