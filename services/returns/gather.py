"""Which tables go back to a member, and why: open quarantine and held deliveries, with the bytes that were sent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import holds
from catalog.holds import Held
from catalog.models import CheckRecord, Dataset, DatasetState, QuarantineBatch, Resource
from core.contract import Contract
from core.errors import LumbungError
from core.mapping import DatasetMapping
from core.verdict import Verdict
from federation.member import SourceConfig
from federation.registry import Registry
from services.granary import Granary


@dataclass(frozen=True, slots=True)
class Returned:
    """One table that goes back.

    Attributes:
        table: its name where the file holds several and it is not the mapped one, else empty.
        sha256: of the landed bytes that were judged.
        batch: its returned rows, or None where none was set aside.
        held: why the whole delivery waits, or None where its good rows were published.
        checked_at: when it was judged; `statistics` are the counts of that check.
    """

    dataset: Dataset
    resource: Resource
    table: str
    contract: Contract | None
    mapping: DatasetMapping | None
    source: SourceConfig
    sha256: str
    batch: QuarantineBatch | None
    held: Held | None
    checked_at: datetime
    statistics: Mapping[str, Any]

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows each rule returned."""
        return {str(rule): int(count) for rule, count in self.batch.reasons.items()} if self.batch is not None else {}


@dataclass(frozen=True, slots=True)
class WrongRow:
    """One returned row: its number in the source, its cells as they stood there, every reason."""

    row: int
    original: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]


def gather(session: Session, granary: Granary, member: str, *, datasets: Collection[str] = ()) -> list[Returned]:
    """What goes back to a member, by dataset title and file.

    A delivery that is held goes back in place of the older one that is still served.

    Args:
        datasets: beginnings of ids, or names, of the only datasets that are wanted.
    """
    waiting = {
        (one.resource, one.table): one
        for one in holds.held(session, granary.contracts, settled=True)
        if one.member == member
    }
    query = (
        select(QuarantineBatch, Resource, Dataset)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineBatch.closed_at.is_(None), Dataset.member == member)
        .order_by(QuarantineBatch.at, QuarantineBatch.id)
    )
    batches: dict[tuple[str, str], list[QuarantineBatch]] = {}
    found: dict[str, tuple[Resource, Dataset]] = {}
    for batch, resource, dataset in session.execute(query):
        batches.setdefault((resource.id, batch.table), []).append(batch)
        found[resource.id] = (resource, dataset)
    for resource_id in {key[0] for key in waiting} - found.keys():
        resource = session.get_one(Resource, resource_id)
        found[resource_id] = (resource, session.get_one(Dataset, resource.dataset_id))
    out = []
    for key in sorted({*batches, *waiting}):
        resource, dataset = found[key[0]]
        if _wanted(dataset, resource, datasets):
            held = waiting.get(key)
            check = _check(session, *key, held=held is not None)
            one = _returned(granary, check, found[key[0]], key, held=held, batches=batches.get(key, []))
            out += [one] if one is not None else []
    return sorted(out, key=lambda r: (r.dataset.title, r.resource.position, r.resource.name, r.table, r.resource.id))


def _wanted(dataset: Dataset, resource: Resource, datasets: Collection[str]) -> bool:
    if DatasetState.WITHDRAWN.value in (dataset.state, resource.state) or dataset.copy_of is not None:
        return False
    if not datasets:
        return True
    return any(
        dataset.name.casefold() == name.casefold() or (len(name) >= 6 and dataset.id.startswith(name.lower()))
        for name in datasets
    )


def _returned(
    granary: Granary,
    check: CheckRecord | None,
    found: tuple[Resource, Dataset],
    key: tuple[str, str],
    *,
    held: Held | None,
    batches: Sequence[QuarantineBatch],
) -> Returned | None:
    resource, dataset = found
    own = [b for b in batches if held is None or b.snapshot_seq is None]
    batch = own[-1] if own else None
    sha256 = held.sha256 if held is not None else (check.landed_sha256 if check is not None else None)
    sha256 = sha256 or resource.landed_sha256
    at = check.at if check is not None else batch.at if batch is not None else resource.last_checked
    try:
        source = granary.registry.source(dataset.source)
        mapping = Registry.mapping_for(
            source, (dataset.origin_id, dataset.name), dataset.title, dataset.tags, resource.name
        )
    except LumbungError:  # its source or mapping is no more; what was returned under it cannot be repaired there
        return None
    if sha256 is None or at is None or (batch is None and held is None):
        return None
    name = held.contract if held is not None else (check.contract if check is not None else resource.contract)
    return Returned(
        dataset=dataset,
        resource=resource,
        table=key[1],
        contract=granary.contracts.get(name or ""),
        mapping=mapping,
        source=source,
        sha256=sha256,
        batch=batch,
        held=held,
        checked_at=at,
        statistics=check.statistics if check is not None else {},
    )


def _check(session: Session, resource: str, table: str, *, held: bool) -> CheckRecord | None:
    """The newest check that held a table, or that let it pass."""
    query = select(CheckRecord).where(CheckRecord.resource_id == resource, CheckRecord.table == table)
    same = CheckRecord.verdict == Verdict.HELD.value
    query = query.where(same if held else ~same)
    return session.scalar(query.order_by(CheckRecord.at.desc(), CheckRecord.id.desc()).limit(1))


def wrong_rows(granary: Granary, batch: QuarantineBatch | None) -> Iterator[WrongRow]:
    """The returned rows of a batch in the order of the file, a piece of it in memory at a time.

    Raises:
        SnapshotMissing, SnapshotDamaged: what was set aside is not what was kept.
    """
    if batch is None:
        return
    path = granary.returned.verify(batch.file_sha256)
    for piece in pq.ParquetFile(path).iter_batches(batch_size=2_000):
        for row in piece.to_pylist():
            yield WrongRow(row["_row"], orjson.loads(row["original"]), row["reasons"])
