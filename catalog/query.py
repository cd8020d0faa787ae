"""Reading the catalogue for every door: lists with filters and keyset pages, and batches by id for loaders.

What an actor may not see is left out by the query itself, never afterwards, and answers like what is absent:
datasets by their classification and member; runs and check results for members; errors and returned rows, which
can show cells, for the owner and for those who see every region.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.errors import DatasetUnknown
from catalog.models import (
    CheckRecord,
    Dataset,
    DatasetState,
    QuarantineBatch,
    QuarantineRow,
    Resource,
    ReviewItem,
    Run,
    RunError,
    RunState,
    Snapshot,
    SourceLease,
)
from catalog.paging import Listing, Step, count, listing
from core.access import Actor, sees
from core.contract import Classification
from core.reference import fold

__all__ = [
    "DatasetFilter", "DatasetOrder", "Listing", "RunFilter", "SourceStatus", "batches", "checks",
    "count_datasets", "dataset_named", "datasets", "datasets_by_id", "errors", "latest_checks", "owned",
    "quarantine_rows", "resources", "resources_by_id", "reviews", "runs", "runs_by_id", "snapshots",
    "snapshots_by_seq", "sources", "visible",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DatasetFilter:
    """Which datasets are asked for; what is None asks nothing.

    Attributes:
        text: words that must all occur in title, name, organisation, tags or notes, whatever their case.
        states: without it, withdrawn datasets are left out.
        mapped: whether a contract describes it.
    """

    text: str | None = None
    member: str | None = None
    source: str | None = None
    states: frozenset[DatasetState] | None = None
    contract: str | None = None
    mapped: bool | None = None
    organisation: str | None = None
    classification: Classification | None = None
    modified_since: datetime | None = None


def visible(actor: Actor) -> ColumnElement[bool]:
    """The datasets that an actor may know of, as a predicate on `Dataset`."""
    everywhere = [c.value for c in Classification if sees(actor, c, own=False)]
    own = [c.value for c in Classification if c.value not in everywhere and sees(actor, c, own=True)]
    seen: ColumnElement[bool] = Dataset.classification.in_(everywhere)
    if actor.member is not None and own:
        seen = or_(seen, (Dataset.member == actor.member) & Dataset.classification.in_(own))
    return seen


def owned(actor: Actor, member: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """What only its owner, and those who see every region, may look at."""
    if sees(actor, Classification.LIMITED, own=False):  # it sees every region's limited data
        return true()
    return member == actor.member if actor.is_member and actor.member is not None else false()


def _matching(actor: Actor, wanted: DatasetFilter) -> Select[Dataset]:
    query = select(Dataset).where(visible(actor))
    states = wanted.states if wanted.states is not None else {DatasetState.ACTIVE, DatasetState.MISSING}
    query = query.where(Dataset.state.in_(sorted(s.value for s in states)))
    for word in fold(wanted.text or "").split():  # folded words hold no character that LIKE reads as a pattern
        query = query.where(Dataset.search_text.like(f"%{word}%"))
    for column, value in (
        (Dataset.member, wanted.member),
        (Dataset.source, wanted.source),
        (Dataset.contract, wanted.contract),
        (Dataset.organisation, wanted.organisation),
        (Dataset.classification, wanted.classification.value if wanted.classification else None),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.mapped is not None:
        query = query.where(Dataset.contract.is_not(None) if wanted.mapped else Dataset.contract.is_(None))
    if wanted.modified_since is not None:
        query = query.where(Dataset.modified >= wanted.modified_since)
    return query


class DatasetOrder(StrEnum):
    """How datasets are listed: by title, or those that came (or were seen) last first."""

    TITLE = "title"
    FIRST_SEEN = "first_seen"
    LAST_SEEN = "last_seen"


def datasets(
    session: Session,
    actor: Actor,
    wanted: DatasetFilter = DatasetFilter(),
    *,
    order: DatasetOrder = DatasetOrder.TITLE,
    first: int = 50,
    after: str | None = None,
) -> Listing[Dataset]:
    """Datasets, by title unless another order is asked for."""
    steps = {
        DatasetOrder.TITLE: (Step(Dataset.title), Step(Dataset.id)),
        DatasetOrder.FIRST_SEEN: (Step(Dataset.first_seen, descending=True), Step(Dataset.id)),
        DatasetOrder.LAST_SEEN: (Step(Dataset.last_seen, descending=True), Step(Dataset.id)),
    }
    return listing(session, _matching(actor, wanted), steps[order], first=first, after=after)


def count_datasets(session: Session, actor: Actor, wanted: DatasetFilter = DatasetFilter()) -> int:
    """How many datasets `datasets` has on all its pages."""
    return count(session, _matching(actor, wanted))


def datasets_by_id(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, Dataset]:
    """Datasets by id, withdrawn ones too; what is absent or not to be seen is left out."""
    query = select(Dataset).where(Dataset.id.in_(set(ids)), visible(actor))
    return {d.id: d for d in session.scalars(query)}


def dataset_named(session: Session, actor: Actor, name: str) -> Dataset:
    """The one dataset whose id begins so, or whose name is so; `DatasetUnknown` for none or for several."""
    named = Dataset.id == name
    if len(name) >= 6:
        named = or_(named, Dataset.id.startswith(name, autoescape=True), Dataset.name == name)
    found = session.scalars(select(Dataset).where(named, visible(actor)).limit(2)).all()
    if len(found) != 1:
        raise DatasetUnknown(dataset=name)
    return found[0]


def resources(session: Session, actor: Actor, dataset_ids: Iterable[str]) -> dict[str, list[Resource]]:
    """The resources of datasets, in the source's order; an entry for each dataset asked for."""
    wanted = set(dataset_ids)
    query = select(Resource).join(Dataset).where(Resource.dataset_id.in_(wanted), visible(actor))
    out: dict[str, list[Resource]] = {id_: [] for id_ in wanted}
    for resource in session.scalars(query.order_by(Resource.dataset_id, Resource.position, Resource.id)):
        out[resource.dataset_id].append(resource)
    return out


def resources_by_id(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, Resource]:
    """Resources by id; what is absent or not to be seen is left out."""
    query = select(Resource).join(Dataset).where(Resource.id.in_(set(ids)), visible(actor))
    return {r.id: r for r in session.scalars(query)}


def snapshots(
    session: Session, actor: Actor, resource_id: str, *, first: int = 50, after: str | None = None
) -> Listing[Snapshot]:
    """The snapshots of a resource, newest first."""
    query = select(Snapshot).join(Resource).join(Dataset).where(Snapshot.resource_id == resource_id, visible(actor))
    return listing(session, query, (Step(Snapshot.seq, descending=True),), first=first, after=after)


def snapshots_by_seq(session: Session, actor: Actor, seqs: Iterable[int]) -> dict[int, Snapshot]:
    """Snapshots by number; what is absent or not to be seen is left out."""
    query = select(Snapshot).join(Resource).join(Dataset).where(Snapshot.seq.in_(set(seqs)), visible(actor))
    return {s.seq: s for s in session.scalars(query)}


def checks(
    session: Session,
    actor: Actor,
    *,
    resource_id: str | None = None,
    dataset_id: str | None = None,
    run_id: str | None = None,
    verdict: str | None = None,
    first: int = 50,
    after: str | None = None,
) -> Listing[CheckRecord]:
    """What the gate found, newest first; for members."""
    query = select(CheckRecord).join(Resource).join(Dataset).where(visible(actor), _for_members(actor))
    for column, value in (
        (CheckRecord.resource_id, resource_id),
        (Resource.dataset_id, dataset_id),
        (CheckRecord.run_id, run_id),
        (CheckRecord.verdict, verdict),
    ):
        if value is not None:
            query = query.where(column == value)
    return listing(session, query, _newest(CheckRecord.at, CheckRecord.id), first=first, after=after)


def latest_checks(session: Session, actor: Actor, resource_ids: Iterable[str]) -> dict[str, CheckRecord]:
    """The newest check of each resource; for members."""
    query = select(CheckRecord).join(Resource).join(Dataset)
    query = query.where(CheckRecord.resource_id.in_(set(resource_ids)), visible(actor), _for_members(actor))
    return {c.resource_id: c for c in session.scalars(query.order_by(CheckRecord.at, CheckRecord.id))}


def batches(
    session: Session,
    actor: Actor,
    *,
    member: str | None = None,
    dataset_id: str | None = None,
    resource_id: str | None = None,
    run_id: str | None = None,
    open_only: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Listing[QuarantineBatch]:
    """Batches of returned rows, newest first; for their owner and for those who see every region."""
    query = select(QuarantineBatch).join(Resource).join(Dataset).where(visible(actor), owned(actor, Dataset.member))
    for column, value in (
        (Dataset.member, member),
        (Resource.dataset_id, dataset_id),
        (QuarantineBatch.resource_id, resource_id),
        (QuarantineBatch.run_id, run_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if open_only:
        query = query.where(QuarantineBatch.closed_at.is_(None))
    return listing(session, query, _newest(QuarantineBatch.at, QuarantineBatch.id), first=first, after=after)


def quarantine_rows(
    session: Session, actor: Actor, batch_id: str, *, first: int = 50, after: str | None = None
) -> Listing[QuarantineRow]:
    """The returned rows of a batch that are kept in the database, in the file's order."""
    query = (
        select(QuarantineRow)
        .join(QuarantineBatch, QuarantineBatch.id == QuarantineRow.batch_id)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineRow.batch_id == batch_id, visible(actor), owned(actor, Dataset.member))
    )
    return listing(session, query, (Step(QuarantineRow.position),), first=first, after=after)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; what is None asks nothing."""

    member: str | None = None
    source: str | None = None
    state: RunState | None = None


def runs(
    session: Session,
    actor: Actor,
    wanted: RunFilter = RunFilter(),
    *,
    first: int = 50,
    after: str | None = None,
) -> Listing[Run]:
    """Runs, newest first; for members."""
    query = select(Run).where(_for_members(actor))
    state = wanted.state.value if wanted.state else None
    for column, value in ((Run.member, wanted.member), (Run.source, wanted.source), (Run.state, state)):
        if value is not None:
            query = query.where(column == value)
    return listing(session, query, _newest(Run.started, Run.id), first=first, after=after)


def runs_by_id(session: Session, actor: Actor, ids: Iterable[str]) -> dict[str, Run]:
    """Runs by id; for members."""
    return {r.id: r for r in session.scalars(select(Run).where(Run.id.in_(set(ids)), _for_members(actor)))}


def errors(
    session: Session, actor: Actor, run_id: str, *, first: int = 50, after: str | None = None
) -> Listing[RunError]:
    """What went wrong with single records of a run, in order; for its member and for those who see every region."""
    query = select(RunError).join(Run, Run.id == RunError.run_id)
    query = query.where(RunError.run_id == run_id, owned(actor, Run.member))
    return listing(session, query, (Step(RunError.at), Step(RunError.id)), first=first, after=after)


def reviews(
    session: Session, actor: Actor, *, open_only: bool = True, first: int = 50, after: str | None = None
) -> Listing[ReviewItem]:
    """Questions for people, newest first; for their member and for those who see every region."""
    query = select(ReviewItem).where(owned(actor, ReviewItem.member))
    if open_only:
        query = query.where(ReviewItem.decided_at.is_(None))
    return listing(session, query, _newest(ReviewItem.opened_at, ReviewItem.id), first=first, after=after)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source is doing.

    Attributes:
        datasets: how many it shows now; `missing` and `withdrawn` are counted apart.
        last_run: its newest run, or None before the first.
        last_ok: when a run of it last ended well (`ok` or `partial`).
        running: whether a run holds it now.
        stale: whether `last_ok` is longer ago than asked, or never was.
    """

    source: str
    member: str | None
    datasets: int
    missing: int
    withdrawn: int
    last_run: Run | None
    last_ok: datetime | None
    running: bool
    stale: bool


def sources(
    session: Session, actor: Actor, wanted: Sequence[str], *, now: datetime, stale_hours: float
) -> dict[str, SourceStatus]:
    """How each of the named sources is doing, as far as the actor may know its datasets."""
    counts: dict[tuple[str, str], int] = {}
    members: dict[str, str] = {}
    tally = select(Dataset.source, Dataset.state, func.count(), func.max(Dataset.member))
    tally = tally.where(Dataset.source.in_(wanted), visible(actor)).group_by(Dataset.source, Dataset.state)
    for source, state, number, member in session.execute(tally):
        counts[source, state], members[source] = number, member
    newest = select(Run.source, func.max(Run.started).label("started")).where(Run.source.in_(wanted))
    latest = newest.group_by(Run.source).subquery()
    same = (Run.source == latest.c.source) & (Run.started == latest.c.started)
    last = {r.source: r for r in session.scalars(select(Run).join(latest, same).order_by(Run.id))}
    well = select(Run.source, func.max(Run.ended).label("ended")).where(
        Run.source.in_(wanted), Run.state.in_([RunState.OK.value, RunState.PARTIAL.value])
    )
    ended = {row.source: row.ended for row in session.execute(well.group_by(Run.source)) if row.ended is not None}
    held = set(session.scalars(select(SourceLease.source).where(SourceLease.source.in_(wanted))))
    limit = now - timedelta(hours=stale_hours)
    return {
        source: SourceStatus(
            source=source,
            member=members.get(source) or (last[source].member if source in last else None),
            datasets=counts.get((source, DatasetState.ACTIVE.value), 0),
            missing=counts.get((source, DatasetState.MISSING.value), 0),
            withdrawn=counts.get((source, DatasetState.WITHDRAWN.value), 0),
            last_run=last.get(source),
            last_ok=ended.get(source),
            running=source in held,
            stale=source not in ended or ended[source] < limit,
        )
        for source in wanted
    }


def _for_members(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.is_member else false()


def _newest(at: InstrumentedAttribute[Any], id_: InstrumentedAttribute[Any]) -> tuple[Step, ...]:
    return (Step(at, descending=True), Step(id_, descending=True))
