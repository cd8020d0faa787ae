"""Where rows come from: a snapshot back to its landed bytes, run, mapping and contract version.

The bytes themselves and the fetch that brought them belong to `federation`; they are named by `landed_sha256`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.errors import AsOfUnknown
from catalog.models import CheckRecord, Dataset, Resource, Run, Snapshot
from core import counters


@dataclass(frozen=True, slots=True)
class Lineage:
    """One snapshot's way, from the source to the rows."""

    seq: int
    source: str
    member: str
    dataset_id: str
    resource_id: str
    table: str
    url: str
    landed_sha256: str | None
    fetched_at: datetime
    run_id: str | None
    run_started: datetime | None
    mapping: Mapping[str, Any] | None
    contract: str | None
    contract_version: str | None
    contract_sha256: str | None
    verdict: str
    check_id: str | None
    content_sha256: str
    committed_at: datetime


def of(session: Session, seq: int) -> Lineage:
    """The lineage of a snapshot.

    Raises:
        AsOfUnknown: no snapshot has this number.
    """
    query = (
        select(Snapshot, Resource, Dataset)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.seq == seq)
    )
    found = session.execute(query).first()
    if found is None:
        raise AsOfUnknown(as_of=seq, newest=counters.current(session, counters.SNAPSHOT))
    snapshot, resource, dataset = found
    run = session.get(Run, snapshot.run_id) if snapshot.run_id else None
    return Lineage(
        seq=seq,
        source=dataset.source,
        member=dataset.member,
        dataset_id=dataset.id,
        resource_id=resource.id,
        table=snapshot.table,
        url=resource.url,
        landed_sha256=snapshot.landed_sha256,
        fetched_at=snapshot.fetched_at,
        run_id=snapshot.run_id,
        run_started=run.started if run else None,
        mapping=snapshot.mapping,
        contract=snapshot.contract,
        contract_version=snapshot.contract_version,
        contract_sha256=snapshot.contract_sha256,
        verdict=snapshot.verdict,
        check_id=session.scalar(select(CheckRecord.id).where(CheckRecord.snapshot_seq == seq).limit(1)),
        content_sha256=snapshot.content_sha256,
        committed_at=snapshot.committed_at,
    )


def derived_from(session: Session, landed_sha256: str) -> tuple[int, ...]:
    """The snapshots that were made from some landed bytes, in order."""
    query = select(Snapshot.seq).where(Snapshot.landed_sha256 == landed_sha256).order_by(Snapshot.seq)
    return tuple(session.scalars(query))
