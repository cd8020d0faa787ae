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
from core.verdict import Verdict
from quality.counting import counts
from quality.result import unpack
from quality.score import Cell, Dimension, Measure, total
from services.review import compared
from services.review.known import Known
from services.review.owed import Arrivals, Lists, Owed, owed_by_list, owed_unlisted, unmapped_arrivals


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


class Due(NamedTuple):
    """One period that was due; its name is empty where there is no schedule."""

    owed: Owed
    period: str
    cell: Cell


@dataclass(slots=True)
class Ledger:
    """The records of some datasets up to a moment; read it with `read`.

    Attributes:
        tables: resource and table to its records, oldest first.
        arrivals: dataset and standard (empty for none) to its deliveries.
        lists: the data lists of the moments' years.
        counted: what the records that were asked for count, by the record's id.
        compared: moment to what looks beyond one file had counted of each dataset by then.
    """

    contracts: Mapping[str, Contract]
    zone: ZoneInfo
    subjects: tuple[Subject, ...]
    resources: dict[str, list[str]]
    tables: dict[str, dict[str, list[Record]]]
    arrivals: dict[str, dict[str, Arrivals]]
    lists: Lists
    counted: dict[str, dict[Dimension, Measure]] = field(default_factory=dict)
    compared: dict[datetime, dict[str, dict[Dimension, Measure]]] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Known, session: Session, moments: Sequence[datetime], *, member: str | None = None) -> "Ledger":
        """Everything that was checked before the latest of these moments, with the counts that stood at each."""
        here = zone(home.settings.timezone)
        lists = Lists.read(session, sorted({moment.astimezone(here).year for moment in moments}), member)
        self = cls(home.contracts, here, _subjects(session, member), {}, {}, {}, lists)
        self._read(session, max(moments), member)
        for dataset, at in unmapped_arrivals(session, max(moments), member):
            self.arrivals.setdefault(dataset, {}).setdefault("", Arrivals()).accepted.append(at)
        wanted = {record for moment in moments for record in self._standing(moment)}
        for some in batched(sorted(wanted, key=lambda r: r.id), 500):
            self._count(session, {record.id: record for record in some})
        self.compared = {moment: compared.measures(session, moment) for moment in moments}
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
            codes = references(self.contracts, wanted[id_].contract)
            self.counted[id_] = counts(statistics, unpack(result or b""), codes)

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
        """What a dataset's deliveries and looks beyond them counted at a moment; what was not measured is absent."""
        parts = [self.counted[record.id] for record in self.standing(subject.id, moment)]
        parts.append(self.compared.get(moment, {}).get(subject.id, {}))
        summed = {dimension: total(part.get(dimension) for part in parts) for dimension in Dimension}
        return {dimension: measure for dimension, measure in summed.items() if measure is not None}

    def owed(self, moment: datetime) -> list[Owed]:
        """Everything that is owed by schedule at a moment, listed or not, by member as their lists have it."""
        year, began = moment.astimezone(self.zone).year, self.lists.began
        found: list[Owed] = []
        taken: set[str] = set()
        for lines in self.lists.years.get(year, {}).values():
            for line in lines:
                if began is not None and began < moment:
                    taken.add(line.dataset_id or "")
                    found.append(owed_by_list(line, self.arrivals.get(line.dataset_id or "", {}), began))
        for s in self.datasets(moment):
            for name, came in self.arrivals.get(s.id, {}).items() if s.id not in taken else ():
                if (contract := self.contracts.get(name)) is not None:
                    beside = bool(self.lists.of(year, s.member))
                    about = (s.id, s.member, s.title, s.organisation)
                    found.append(owed_unlisted(about, contract, came, since=s.first_seen, beside=beside))
        return found

    def due(self, moment: datetime) -> dict[str, list[Due]]:
        """Of each dataset (or line of a list) what was due at a moment, and how it stands.

        Judged is the newest period of each schedule that is due. Where a standard has no schedule but says how old its
        data may be: whether something came within that. What is not due is not there.
        """
        found: dict[str, list[Due]] = {}
        for one in self.owed(moment):
            newest = one.newest(self.zone, moment)
            if newest is None and one.release is None and one.counts and not one.listed:
                newest = _fresh(self.contracts[one.contract or ""], one.came, one.since, moment)
            if newest is not None:
                found.setdefault(one.id, []).append(Due(one, *newest))
        return found


def references(contracts: Mapping[str, Contract], name: str | None) -> dict[str, str]:
    """Column to code list, of a standard's columns that have one; empty where the standard is not known (any more)."""
    contract = contracts.get(name or "")
    return {c.name: c.reference for c in contract.columns if c.reference} if contract is not None else {}


def timeliness(due: Sequence[Due]) -> Measure | None:
    """How much of what was due came on time; None where nothing was due."""
    return Measure(sum(one.cell is Cell.ON_TIME for one in due), len(due)) if due else None


def _fresh(contract: Contract, came: Arrivals, since: datetime, moment: datetime) -> tuple[str, Cell] | None:
    """Whether something came within the time that a standard without a schedule gives its data; None before that."""
    if contract.freshness_hours is None or moment - since < (age := timedelta(hours=contract.freshness_hours)):
        return None
    newest = bisect_left(came.accepted, moment)
    fresh = newest > 0 and moment - came.accepted[newest - 1] <= age
    return "", Cell.ON_TIME if fresh else Cell.MISSING


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
