"""Which tables go back to a member, and why: open quarantine and held deliveries, with the bytes that were sent."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from catalog.models import CheckRecord, Dataset, QuarantineBatch, Resource
from catalog.return_findings import Found, findings
from core.contract import Contract
from core.errors import LumbungError
from core.mapping import DatasetMapping
from core.verdict import Verdict
from federation.member import SourceConfig
from federation.registry import Registry
from services.granary import Granary

#: What the rules end with that set aside what looks like a slip of the hand and may be true all the same.
SLIP = ".typo"


@dataclass(frozen=True, slots=True)
class Returned:
    """One table that goes back.

    Attributes:
        found: what is wrong with which bytes.
        batch: its returned rows, or None where none was set aside.
        checked_at: when it was judged; `statistics` are the counts of that check.
    """

    found: Found
    dataset: Dataset
    resource: Resource
    contract: Contract | None
    mapping: DatasetMapping | None
    source: SourceConfig
    batch: QuarantineBatch | None
    checked_at: datetime
    statistics: Mapping[str, Any]

    @property
    def row_reasons(self) -> dict[str, int]:
        """How many rows each rule returned."""
        return {str(rule): int(count) for rule, count in self.batch.reasons.items()} if self.batch is not None else {}


@dataclass(frozen=True, slots=True)
class WrongRow:
    """One returned row: its number in the source, its cells as they stood there, every reason.

    Attributes:
        marks: what names its values that are set aside as slips, one word each; a person may say that they are true.
    """

    row: int
    original: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]
    marks: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether nothing else is wrong than that values look like slips of the hand."""
        return bool(self.marks) and all(str(reason["rule"]).endswith(SLIP) for reason in self.reasons)


def gather(session: Session, granary: Granary, member: str, *, datasets: Collection[str] = ()) -> list[Returned]:
    """What goes back to a member, by dataset title and file; what its source no longer maps is left out.

    Args:
        datasets: beginnings of ids, or names, of the only datasets that are wanted.
    """
    out = []
    for found in findings(session, granary.contracts, member=member).values():
        resource = session.get_one(Resource, found.resource)
        dataset = session.get_one(Dataset, found.dataset)
        if not _wanted(dataset, datasets):
            continue
        try:
            source = granary.registry.source(dataset.source)
            mapping = Registry.mapping_for(
                source, (dataset.origin_id, dataset.name), dataset.title, dataset.tags, resource.name
            )
        except LumbungError:  # what was judged under a source or mapping that is no more cannot be repaired there
            continue
        check = _check(session, found)
        out.append(
            Returned(
                found=found,
                dataset=dataset,
                resource=resource,
                contract=granary.contracts.get(found.contract or ""),
                mapping=mapping,
                source=source,
                batch=session.get(QuarantineBatch, found.batch) if found.batch is not None else None,
                checked_at=check.at if check is not None else found.received_at,
                statistics=check.statistics if check is not None else {},
            )
        )
    return sorted(out, key=lambda r: (r.dataset.title, r.resource.position, r.resource.name, r.found.table))


def _wanted(dataset: Dataset, names: Collection[str]) -> bool:
    return not names or any(
        dataset.name.casefold() == name.casefold() or (len(name) >= 6 and dataset.id.startswith(name.lower()))
        for name in names
    )


def _check(session: Session, found: Found) -> CheckRecord | None:
    """The newest check that held a table, or that let it pass."""
    held = CheckRecord.verdict == Verdict.HELD.value
    query = (
        select(CheckRecord)
        .where(CheckRecord.resource_id == found.resource, CheckRecord.table == found.table)
        .where(held if found.held else ~held)
        .options(defer(CheckRecord.result))
    )
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
            yield WrongRow(row["_row"], orjson.loads(row["original"]), row["reasons"], row.get("marks") or "")
