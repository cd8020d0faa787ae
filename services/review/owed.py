"""What is owed: the datasets that must come by a schedule, from the members' data lists, and what came of each.

The list of a year is the denominator for its member. Where a member has none, what it has ever delivered under a
standard with a schedule takes its place, and says so (`listed` is false). What a member delivers beside its list is not
owed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.data_list import Listed, ListedDataset
from catalog.data_list import listed as listed_of
from catalog.models import Dataset, Resource, Snapshot
from core.contract import Contract
from core.contract_metadata import Release
from quality.score import Cell
from services.review.periods import newest_due


@dataclass(slots=True)
class Arrivals:
    """When deliveries came, oldest first, by what became of them."""

    accepted: list[datetime] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Owed:
    """One dataset under one schedule.

    Attributes:
        id: the catalogue's dataset, or the line of the list while nothing came for it.
        dataset: the catalogue's, or None.
        release: None where the list names no schedule: nothing is due then.
        listed: it stands on its member's list.
        counts: it belongs to the denominator; false for what comes beside the list.
        since: what ended before is not asked for.
    """

    id: str
    member: str
    title: str
    dataset: str | None
    contract: str | None
    producer: str | None
    release: Release | None
    priority: bool
    listed: bool
    counts: bool
    since: datetime
    came: Arrivals

    def newest(self, zone: ZoneInfo, moment: datetime) -> tuple[str, Cell] | None:
        """The newest period that is due at a moment, and how it stands; None where none is."""
        if not self.counts or self.release is None:
            return None
        due = newest_due(self.release, zone, since=self.since, now=moment)
        return None if due is None else (due.name, due.cell(self.came.accepted, self.came.held, moment))


@dataclass(frozen=True, slots=True)
class Lists:
    """The members' data lists of the years that are asked about, and since when the catalogue looks."""

    years: Mapping[int, Mapping[str, tuple[Listed, ...]]]
    began: datetime | None

    @classmethod
    def read(cls, session: Session, years: Sequence[int], member: str | None = None) -> "Lists":
        """The lists of some years, of one member or of all."""
        found: dict[int, dict[str, tuple[Listed, ...]]] = {}
        present = set(session.scalars(select(ListedDataset.year).where(ListedDataset.year.in_(years)).distinct()))
        for year in sorted(present):
            lines = found[year] = {}
            for line in listed_of(session, year, member):
                lines[line.member] = (*lines.get(line.member, ()), line)
        return cls(found, session.scalar(select(func.min(Dataset.first_seen))))

    def of(self, year: int, member: str) -> tuple[Listed, ...]:
        """A member's list of a year; empty where it has none."""
        return self.years.get(year, {}).get(member, ())


def owed_by_list(line: Listed, came: Mapping[str, Arrivals], began: datetime) -> Owed:
    """What a line of a list asks for; `came` are its dataset's deliveries by standard (empty: under none)."""
    mine = [one for name, one in came.items() if line.contract is None or name == line.contract]
    arrivals = Arrivals(
        sorted(at for one in mine for at in one.accepted), sorted(at for one in mine for at in one.held)
    )
    return Owed(
        id=line.dataset_id or line.id, member=line.member, title=line.title, dataset=line.dataset_id,
        contract=line.contract, producer=line.producer, release=line.release, priority=line.priority, listed=True,
        counts=True, since=began, came=arrivals,
    )  # fmt: skip


def owed_unlisted(
    dataset: tuple[str, str, str, str | None], contract: Contract, came: Arrivals, *, since: datetime, beside: bool
) -> Owed:
    """A dataset (id, member, title, dinas) under a standard's own schedule; `beside` where its member has a list."""
    id_, member, title, producer = dataset
    return Owed(
        id=id_, member=member, title=title, dataset=id_, contract=contract.name, producer=producer,
        release=contract.metadata.release, priority=False, listed=False, counts=not beside, since=since, came=came,
    )  # fmt: skip


def unmapped_arrivals(session: Session, until: datetime, member: str | None) -> Iterator[tuple[str, datetime]]:
    """When datasets that follow no standard were committed, oldest first: the gate leaves no record of those."""
    query = (
        select(Resource.dataset_id, Snapshot.committed_at)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.contract.is_(None), Snapshot.committed_at < until, Dataset.copy_of.is_(None))
        .order_by(Snapshot.seq)
    )
    if member is not None:
        query = query.where(Dataset.member == member)
    for row in session.execute(query):
        yield row.dataset_id, row.committed_at
