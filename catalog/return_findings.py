"""What is wrong with each table as the catalogue stands: open quarantine and held deliveries, as returns count it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from catalog import holds
from catalog.holds import Why
from catalog.models import CheckRecord, Dataset, DatasetState, QuarantineBatch, Resource
from catalog.writing import batched
from core.contract import Contract
from core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """One table with something wrong.

    Attributes:
        sha256: of the landed bytes that were judged, `received_at` when they came.
        whys: why the whole delivery is held, empty where its sound rows were published.
        batch: the batch of its returned rows, None where a held delivery has none.
        rows: returned rows; reasons: rule to rows, and the mark of each hold to 1.
    """

    resource: str
    table: str
    dataset: str
    member: str
    organisation: str | None
    contract: str | None
    sha256: str
    received_at: datetime
    whys: tuple[Why, ...]
    batch: str | None
    rows: int
    reasons: Mapping[str, int]

    @property
    def held(self) -> bool:
        """Whether nothing of it was published."""
        return bool(self.whys)


def findings(
    session: Session, contracts: Mapping[str, Contract], *, source: str | None = None, member: str | None = None
) -> dict[tuple[str, str], Found]:
    """Everything that is to go back, by resource and table; a held delivery in place of the older served one."""
    query = (
        select(QuarantineBatch, Resource, Dataset)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineBatch.closed_at.is_(None))
        .order_by(QuarantineBatch.at, QuarantineBatch.id)
    )
    if source is not None:
        query = query.where(Dataset.source == source)
    if member is not None:
        query = query.where(Dataset.member == member)
    batches: dict[tuple[str, str], list[QuarantineBatch]] = {}
    known: dict[str, tuple[Resource, Dataset]] = {}
    for batch, resource, dataset in session.execute(query):
        batches.setdefault((resource.id, batch.table), []).append(batch)
        known[resource.id] = (resource, dataset)
    waiting = {
        (one.resource, one.table): one
        for one in holds.held(session, contracts, source=source, settled=True)
        if member is None or one.member == member
    }
    for some in batched({key[0] for key in waiting} - known.keys()):
        pairs = select(Resource, Dataset).join(Dataset, Dataset.id == Resource.dataset_id).where(Resource.id.in_(some))
        known |= {resource.id: (resource, dataset) for resource, dataset in session.execute(pairs)}
    passed = _passed(session, {key[0] for key in batches})
    out: dict[tuple[str, str], Found] = {}
    for key in sorted({*batches, *waiting}):
        resource, dataset = known[key[0]]
        if DatasetState.WITHDRAWN.value in (dataset.state, resource.state) or dataset.copy_of is not None:
            continue
        held = waiting.get(key)
        own = [b for b in batches.get(key, ()) if held is None or b.snapshot_seq is None]
        newest = own[-1] if own else None
        check = passed.get(key)
        sha256 = held.sha256 if held is not None else (check.landed_sha256 if check else None) or resource.landed_sha256
        if sha256 is None:
            continue
        marks = {why.mark: 1 for why in held.whys} if held is not None else {}
        reasons = {str(rule): int(count) for rule, count in newest.reasons.items()} if newest is not None else {}
        standard = held.contract if held is not None else (check.contract if check else resource.contract)
        at = resource.fetched_at or (held.since if held is not None else newest.at if newest is not None else None)
        assert at is not None  # one of the two is there
        out[key] = Found(
            resource=resource.id, table=key[1], dataset=dataset.id, member=dataset.member,
            organisation=dataset.organisation, contract=standard, sha256=sha256, received_at=at,
            whys=held.whys if held is not None else (),
            batch=newest.id if newest is not None else None, rows=newest.rows if newest is not None else 0,
            reasons={**marks, **reasons},
        )  # fmt: skip
    return out


def _passed(session: Session, resources: set[str]) -> dict[tuple[str, str], CheckRecord]:
    """Of each table of some resources the newest check that did not hold it."""
    out: dict[tuple[str, str], CheckRecord] = {}
    for some in batched(resources):
        query = (
            select(CheckRecord)
            .where(CheckRecord.resource_id.in_(some), CheckRecord.verdict != Verdict.HELD.value)
            .order_by(CheckRecord.at, CheckRecord.id)
            .options(defer(CheckRecord.result))
        )
        for check in session.scalars(query):
            out[check.resource_id, check.table] = check
    return out
