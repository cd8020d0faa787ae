"""The gate's records, read once for several moments: what stood at each of them, dataset by dataset.

At a moment a table stands as the newest record before it says, if that record is of the bytes that were its file's
newest then: a table that a later file no longer has does not count on.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import CheckRecord, Dataset, Resource
from catalog.writing import batched
from core.clock import zone
from core.contract import Contract
from core.contract_metadata import Release
from core.verdict import Verdict
from quality.counting import counts
from quality.result import unpack
from quality.score import Cell, Dimension, Measure, total
from services.granary import Granary
from services.review.periods import newest_due


class Record(NamedTuple):
    """One check, without its result."""

    at: datetime
    id: str
    resource: str
    table: str
    verdict: str
    landed: str | None
    contract: str | None


class Subject(NamedTuple):
    """One dataset, as far as counting needs it."""

    id: str
    title: str
    source: str
    member: str
    organisation: str | None
    organisation_title: str | None
    first_seen: datetime
    withdrawn_at: datetime | None

    def counts_at(self, moment: datetime) -> bool:
        """Whether it was known by then and not withdrawn."""
        return self.first_seen < moment and (self.withdrawn_at is None or self.withdrawn_at >= moment)


@dataclass(slots=True)
class Arrivals:
    """When one dataset's deliveries under one standard came, oldest first, by what became of them."""

    accepted: list[datetime] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """The records of some datasets up to a moment; read it with `read`.

    Attributes:
        tables: resource and table to its records, oldest first.
        arrivals: dataset and standard to its deliveries.
        counted: what the records that were asked for count, by the record's id.
    """

    contracts: Mapping[str, Contract]
    zone: ZoneInfo
    subjects: tuple[Subject, ...]
    resources: dict[str, list[str]]
    tables: dict[str, dict[str, list[Record]]]
    arrivals: dict[str, dict[str, Arrivals]]
    counted: dict[str, dict[Dimension, Measure]] = field(default_factory=dict)

    @classmethod
    def read(
        cls, granary: Granary, session: Session, moments: Sequence[datetime], *, member: str | None = None
    ) -> "Ledger":
        """Everything that was checked before the latest of these moments, with the counts that stood at each."""
        self = cls(granary.contracts, zone(granary.settings.timezone), _subjects(session, member), {}, {}, {})
        self._read(session, max(moments), member)
        wanted = {record for moment in moments for record in self._standing(moment)}
        for some in batched(sorted(wanted, key=lambda r: r.id), 500):
            self._count(session, {record.id: record for record in some})
        return self

    def _read(self, session: Session, until: datetime, member: str | None) -> None:
        query = (
            select(Resource.dataset_id, CheckRecord.at, CheckRecord.id, CheckRecord.resource_id, CheckRecord.table,
                   CheckRecord.verdict, CheckRecord.landed_sha256, CheckRecord.contract)
            .join(Resource, Resource.id == CheckRecord.resource_id)
            .join(Dataset, Dataset.id == Resource.dataset_id)
            .where(CheckRecord.at < until, Dataset.copy_of.is_(None))
            .order_by(CheckRecord.at, CheckRecord.id)
        )  # fmt: skip
        if member is not None:
            query = query.where(Dataset.member == member)
        for row in session.execute(query):
            dataset, record = str(row[0]), Record._make(row[1:])
            tables = self.tables.get(record.resource)
            if tables is None:
                tables = self.tables[record.resource] = {}
                self.resources.setdefault(dataset, []).append(record.resource)
            tables.setdefault(record.table, []).append(record)
            if record.contract is not None:
                came = self.arrivals.setdefault(dataset, {}).setdefault(record.contract, Arrivals())
                (came.held if record.verdict == Verdict.HELD.value else came.accepted).append(record.at)

    def _count(self, session: Session, wanted: Mapping[str, Record]) -> None:
        query = select(CheckRecord.id, CheckRecord.statistics, CheckRecord.result).where(CheckRecord.id.in_(wanted))
        for id_, statistics, result in session.execute(query):
            contract = self.contracts.get(wanted[id_].contract or "")
            references = {c.name: c.reference for c in contract.columns if c.reference} if contract else {}
            self.counted[id_] = counts(statistics, unpack(result or b""), references)

    def standing(self, dataset: str, moment: datetime) -> Iterator[Record]:
        """The record of each of a dataset's tables that stood at a moment and was checked against a standard."""
        for resource in self.resources.get(dataset, ()):
            newest = [
                records[at - 1]
                for records in self.tables[resource].values()
                if (at := bisect_left(records, moment, key=lambda r: r.at))
            ]
            landed = max(newest, key=lambda r: (r.at, r.id)).landed if newest else None
            yield from (r for r in newest if r.landed == landed and r.contract is not None)

    def _standing(self, moment: datetime) -> Iterator[Record]:
        for subject in self.datasets(moment):
            yield from self.standing(subject.id, moment)

    def datasets(self, moment: datetime) -> Iterator[Subject]:
        """The datasets that were known at a moment and not withdrawn."""
        return (subject for subject in self.subjects if subject.counts_at(moment))

    def counts(self, subject: Subject, moment: datetime) -> dict[Dimension, Measure]:
        """What a dataset counted at a moment; dimensions that were not measured are absent."""
        parts = [self.counted[record.id] for record in self.standing(subject.id, moment)]
        found: dict[Dimension, Measure] = {}
        for dimension in Dimension:
            measure = (
                self.timeliness(subject, moment)
                if dimension is Dimension.TIMELINESS
                else total(part.get(dimension) for part in parts)
            )
            if measure is not None:
                found[dimension] = measure
        return found

    def timeliness(self, subject: Subject, moment: datetime) -> Measure | None:
        """Of each standard that a dataset delivers: whether the newest period that is due came on time.

        Where a standard has no schedule but says how old its data may be: whether something came within that. What is
        not due yet, and what was due before the dataset was known, is not measured.
        """
        cells = [cell for _, _, cell in self.judged_periods(subject, moment)]
        return Measure(cells.count(Cell.ON_TIME), len(cells)) if cells else None

    def judged_periods(self, subject: Subject, moment: datetime) -> Iterator[tuple[str, str, Cell]]:
        """Standard, period (empty where there is no schedule) and how it stands, of all that was due at a moment."""
        for name, came in self.arrivals.get(subject.id, {}).items():
            contract = self.contracts.get(name)
            if contract is None:
                continue
            release = self.release(contract)
            if release is not None:
                due = newest_due(release, self.zone, since=subject.first_seen, now=moment)
                if due is not None:
                    yield name, due.name, due.cell(came.accepted, came.held, moment)
            elif (cell := _fresh(contract, came, subject.first_seen, moment)) is not None:
                yield name, "", cell

    def release(self, contract: Contract) -> Release | None:
        """The schedule of a standard."""
        return contract.metadata.release


def _fresh(contract: Contract, came: Arrivals, since: datetime, moment: datetime) -> Cell | None:
    """Whether something came within the time that a standard without a schedule gives its data; None before that."""
    if contract.freshness_hours is None or moment - since < (age := timedelta(hours=contract.freshness_hours)):
        return None
    newest = bisect_left(came.accepted, moment)
    return Cell.ON_TIME if newest and moment - came.accepted[newest - 1] <= age else Cell.MISSING


def _subjects(session: Session, member: str | None) -> tuple[Subject, ...]:
    query = (
        select(Dataset.id, Dataset.title, Dataset.source, Dataset.member, Dataset.organisation,
               Dataset.organisation_title, Dataset.first_seen, Dataset.withdrawn_at)
        .where(Dataset.copy_of.is_(None))
        .order_by(Dataset.member, Dataset.title, Dataset.id)
    )  # fmt: skip
    if member is not None:
        query = query.where(Dataset.member == member)
    return tuple(Subject(*row) for row in session.execute(query))
