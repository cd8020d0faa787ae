"""Datasets as their sources show them, crawl after crawl; deletion is proved before anything is taken away (S14).

A dataset that a complete crawl does not show is *hilang di sumber* at once and stays served. It is *dicabut* only
by a person's decision, or after several complete crawls while few of the source's datasets are missing. An empty,
failed or partial crawl takes nothing away. Crawling is left to `federation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload, sessionmaker

from catalog import reviews
from catalog.copies import Rank, nobody_owns, settle
from catalog.errors import DatasetUnknown
from catalog.models import Dataset, DatasetState, Resource, ReviewKind, Visibility
from catalog.seen import SeenDataset, SeenResource, clean, fingerprint
from catalog.writing import writing
from core import audit, counters, messages, outbox
from core.access import SYSTEM, Actor
from core.contract import Classification
from core.ids import derived_id
from core.reference import fold

__all__ = [
    "CrawlReport", "Policy", "SeenDataset", "SeenResource", "apply_crawl", "classify", "dataset_id", "high_water",
    "reinstate", "resource_id", "touch", "withdraw",
]  # fmt: skip


class Policy(Protocol):
    """When a missing dataset is withdrawn by itself; `core.settings.Settings` is one."""

    @property
    def missing_crawls(self) -> int:
        """Complete crawls in a row that did not show it."""

    @property
    def missing_share(self) -> float:
        """Share of the source's datasets below which the missing ones must stay."""


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl changed: dataset ids by kind; `needs_review` are ids of open questions."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    needs_review: tuple[str, ...] = ()


@dataclass(slots=True)
class _Crawl:
    """One crawl being applied."""

    session: Session
    source: str
    member: str
    now: datetime
    found: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[tuple[Dataset, Resource | None, bool, str]] = field(default_factory=list)

    def note(self, kind: str, id_: str) -> None:
        self.found.setdefault(kind, []).append(id_)

    def report(self) -> CrawlReport:
        return CrawlReport(**{kind: tuple(ids) for kind, ids in self.found.items()})


def apply_crawl(
    sessions: sessionmaker[Session],
    source: str,
    member: str,
    seen: Sequence[SeenDataset],
    *,
    complete: bool,
    now: datetime,
    policy: Policy,
    rank: Rank = nobody_owns,
) -> CrawlReport:
    """Bring the catalogue in line with what a crawl saw, in one transaction.

    Args:
        rank: who owns a dataset that several sources show.
        complete: whether the crawl reached the source's end; only then can anything be missing.
    """
    with writing(sessions) as session:
        counters.hold(session)
        crawl = _Crawl(session, source, member, now)
        known = _known(session, source)
        if complete and not seen and any(d.state == DatasetState.ACTIVE for d in known.values()):
            _ask(crawl, ReviewKind.EMPTY_SOURCE, None, {"datasets": len(known)})
            return crawl.report()
        seen = list({d.origin_id: d for d in map(clean, seen)}.values())
        born = {d.id: d.origin for d in known.values()}
        for one in seen:
            dataset = known.get(one.origin_id)
            if dataset is not None and _is_another(dataset, one):
                _replace_identity(crawl, dataset, one)
            elif dataset is None:
                _add(crawl, one, generation=1)
            else:
                _refresh(crawl, dataset, one)
        if complete:
            _miss(crawl, [d for d in known.values() if d.origin_id not in {s.origin_id for s in seen}], known, policy)
            _miss_resources(crawl, list(known.values()), policy)
        _settle_copies(crawl, born, rank)
        _publish(crawl)
        return crawl.report()


def touch(sessions: sessionmaker[Session], source: str, *, now: datetime) -> None:
    """Note that a source showed what it showed before, in one statement."""
    with writing(sessions) as session:
        here = update(Dataset).where(Dataset.source == source, Dataset.state == DatasetState.ACTIVE.value)
        session.execute(here.values(last_seen=now))


def standing(session: Session, source: str) -> tuple[int, int]:
    """How many datasets and resources of a source are active."""
    here = (Dataset.source == source, Dataset.state == DatasetState.ACTIVE.value)
    count = session.scalar(select(func.count()).select_from(Dataset).where(*here)) or 0
    query = select(func.count()).select_from(Resource).join(Dataset, Dataset.id == Resource.dataset_id)
    return count, session.scalar(query.where(*here, Resource.state == DatasetState.ACTIVE.value)) or 0


def unsettled(session: Session, source: str) -> bool:
    """Whether something is missing at a source, so that only a complete crawl can tell whether it still is."""
    dataset = select(Dataset.id).where(Dataset.source == source)
    missing = dataset.where(Dataset.state == DatasetState.MISSING.value)
    part = dataset.join(Resource).where(
        Dataset.state == DatasetState.ACTIVE.value, Resource.state == DatasetState.MISSING.value
    )
    return any(session.scalar(query.limit(1)) is not None for query in (missing, part))


def known_fingerprints(session: Session, source: str) -> dict[str, str]:
    """Of each active dataset of a source its origin id and the fingerprint of what the source last said about it."""
    query = select(Dataset.origin_id, Dataset.fingerprint)
    rows = session.execute(query.where(Dataset.source == source, Dataset.state == DatasetState.ACTIVE.value))
    return {row.origin_id: row.fingerprint for row in rows}


def high_water(session: Session, source: str, *, now: datetime) -> datetime | None:
    """The newest `modified` that a source has shown and that lies not after `now` (T07: 2099 is no high water)."""
    return session.scalar(select(func.max(Dataset.modified)).where(Dataset.source == source, Dataset.modified <= now))


def resource_id(dataset_id: str, origin_id: str) -> str:
    """The catalogue's id of a resource."""
    return derived_id("resource", dataset_id, origin_id)


def dataset_id(source: str, origin_id: str, generation: int = 1) -> str:
    """The catalogue's id of a dataset."""
    return derived_id(source, origin_id, str(generation))


def _known(session: Session, source: str) -> dict[str, Dataset]:
    """The newest generation of each of the source's datasets."""
    query = select(Dataset).where(Dataset.source == source).options(selectinload(Dataset.resources))
    return {d.origin_id: d for d in session.scalars(query.order_by(Dataset.generation))}


def _is_another(known: Dataset, seen: SeenDataset) -> bool:
    """Whether the source has given the id to other content (S15).

    A new name alone is a rename. With it must go either another creation date, or another organisation and not
    one resource in common.
    """
    if seen.name == known.name:
        return False
    if known.created is not None and seen.created is not None and known.created != seen.created:
        return True
    before = {r.origin_id for r in known.resources if r.state == DatasetState.ACTIVE}
    after = {r.origin_id for r in seen.resources}
    return seen.organisation != known.organisation and bool(before and after) and not before & after


def _add(crawl: _Crawl, seen: SeenDataset, *, generation: int) -> Dataset:
    dataset = Dataset(
        id=dataset_id(crawl.source, seen.origin_id, generation),
        source=crawl.source,
        origin_id=seen.origin_id,
        generation=generation,
        classification=(seen.classification or Classification.UNCLASSIFIED).value,
        first_seen=crawl.now,
        resources=[],
    )
    _describe(crawl, dataset, seen)
    crawl.session.add(dataset)
    crawl.note("new", dataset.id)
    return dataset


def _describe(crawl: _Crawl, dataset: Dataset, seen: SeenDataset) -> None:
    """Write what the source says into the dataset and its resources; what was decided here stays."""
    dataset.member = crawl.member
    for name in (
        "name",
        "title",
        "organisation",
        "organisation_title",
        "notes",
        "license",
        "origin",
        "created",
        "modified",
    ):
        setattr(dataset, name, getattr(seen, name))
    dataset.tags, dataset.groups, dataset.extras = list(seen.tags), list(seen.groups), dict(seen.extras)
    dataset.fingerprint = fingerprint(seen)
    words = (seen.title, seen.name, seen.organisation_title or seen.organisation or "", *seen.tags, seen.notes or "")
    dataset.search_text = fold(" ".join(words))
    _mark_seen(crawl, dataset)
    known = {r.origin_id: r for r in dataset.resources}
    for position, one in enumerate(seen.resources):
        resource = known.pop(one.origin_id, None)
        if resource is None:
            resource = Resource(
                id=resource_id(dataset.id, one.origin_id),
                origin_id=one.origin_id,
                decided={},
                state=DatasetState.ACTIVE.value,
            )
            dataset.resources.append(resource)
        elif resource.state == DatasetState.WITHDRAWN:
            crawl.hidden.append((dataset, resource, True, messages.text("catalog.reason.returned", "id")))
        resource.position, resource.state, resource.missed_crawls = position, DatasetState.ACTIVE.value, 0
        for name in ("name", "url", "format", "mime", "size", "hash", "modified", "description"):
            setattr(resource, name, getattr(one, name))
    for resource in known.values():
        if resource.state == DatasetState.ACTIVE:
            resource.state = DatasetState.MISSING.value


def _mark_seen(crawl: _Crawl, dataset: Dataset) -> None:
    """Note that it is there; what a person has withdrawn stays withdrawn, though the source still shows it."""
    dataset.last_seen, dataset.missed_crawls, dataset.missing_since = crawl.now, 0, None
    if dataset.state == DatasetState.WITHDRAWN and dataset.withdrawn_by != SYSTEM.id:
        return
    if dataset.state == DatasetState.WITHDRAWN and dataset.copy_of is None:
        crawl.hidden.append((dataset, None, True, messages.text("catalog.reason.returned", "id")))
    if dataset.state not in (None, DatasetState.ACTIVE):
        crawl.note("returned", dataset.id)
        dataset.withdrawn_at = dataset.withdrawn_by = dataset.withdrawn_reason = None
    dataset.state = DatasetState.ACTIVE.value


def _refresh(crawl: _Crawl, dataset: Dataset, seen: SeenDataset) -> None:
    if dataset.name != seen.name:
        crawl.note("renamed", dataset.id)
    if dataset.fingerprint == fingerprint(seen) and dataset.member == crawl.member:
        if dataset.state == DatasetState.ACTIVE:
            crawl.note("unchanged", dataset.id)
        _mark_seen(crawl, dataset)
        return
    _describe(crawl, dataset, seen)
    crawl.note("changed", dataset.id)


def _replace_identity(crawl: _Crawl, old: Dataset, seen: SeenDataset) -> None:
    """Give other content under a known id its own identity; the old one is missing, and a person is asked (S15)."""
    _set_missing(crawl, old)
    new = _add(crawl, seen, generation=old.generation + 1)
    crawl.session.flush()
    _ask(crawl, ReviewKind.ID_REUSED, new, {"before": old.id, "name_before": old.name, "name": seen.name})


def _settle_copies(crawl: _Crawl, born: Mapping[str, str | None], rank: Rank) -> None:
    """Decide anew which of several sources counts, for what this crawl brought, changed or lost."""
    touched = {id_ for kind in ("new", "changed", "returned", "withdrawn") for id_ in crawl.found.get(kind, ())}
    if not touched:
        return
    crawl.session.flush()
    now = [crawl.session.get_one(Dataset, id_).origin for id_ in sorted(touched)]
    before = [born[id_] for id_ in touched if id_ in born]
    crawl.hidden += [(d, None, visible, why) for d, visible, why in settle(crawl.session, (*now, *before), rank)]


def _set_missing(crawl: _Crawl, dataset: Dataset) -> None:
    if dataset.state == DatasetState.ACTIVE:
        dataset.state, dataset.missing_since = DatasetState.MISSING.value, crawl.now
        crawl.note("missing", dataset.id)


def _miss(crawl: _Crawl, absent: Sequence[Dataset], known: Mapping[str, Dataset], policy: Policy) -> None:
    """Mark what a complete crawl did not show; withdraw what has been missing long enough, if it is little."""
    absent = [d for d in absent if d.state != DatasetState.WITHDRAWN]
    standing = sum(d.state != DatasetState.WITHDRAWN for d in known.values())
    for dataset in absent:
        _set_missing(crawl, dataset)
        dataset.missed_crawls += 1
    due = [d for d in absent if d.missed_crawls >= policy.missing_crawls]
    if absent and len(absent) / standing >= policy.missing_share:
        if due:
            _ask(crawl, ReviewKind.MANY_MISSING, None, {"missing": len(absent), "datasets": standing})
        return
    for dataset in due:
        _withdraw(crawl, dataset, SYSTEM, _missed(dataset.missed_crawls))
        crawl.note("withdrawn", dataset.id)


def _miss_resources(crawl: _Crawl, datasets: Sequence[Dataset], policy: Policy) -> None:
    """The same for single resources of datasets that are there: a monthly file under a new id replaces the old one."""
    everything = [(d, r) for d in datasets if d.state == DatasetState.ACTIVE for r in d.resources]
    standing = [(d, r) for d, r in everything if r.state != DatasetState.WITHDRAWN]
    absent = [(d, r) for d, r in standing if r.state == DatasetState.MISSING]
    for _, resource in absent:
        resource.missed_crawls += 1
    if not absent or len(absent) / len(standing) >= policy.missing_share:
        return
    for dataset, resource in absent:
        if resource.missed_crawls >= policy.missing_crawls:
            resource.state = DatasetState.WITHDRAWN.value
            crawl.hidden.append((dataset, resource, False, _missed(resource.missed_crawls)))


def _missed(crawls: int) -> str:
    return messages.text("catalog.reason.missed", "id", crawls=crawls)


def _withdraw(crawl: _Crawl, dataset: Dataset, actor: Actor, reason: str) -> None:
    dataset.state, dataset.withdrawn_at = DatasetState.WITHDRAWN.value, crawl.now
    dataset.withdrawn_by, dataset.withdrawn_reason = actor.id, reason
    crawl.hidden.append((dataset, None, False, reason))


def _ask(crawl: _Crawl, kind: ReviewKind, dataset: Dataset | None, values: Mapping[str, Any]) -> None:
    about = dataset.id if dataset else None
    item = reviews.ask(
        crawl.session, kind, source=crawl.source, member=crawl.member, dataset_id=about, values=values, now=crawl.now
    )
    crawl.note("needs_review", item)


def _publish(crawl: _Crawl, actor: Actor = SYSTEM) -> None:
    """Number what left or re-entered the current rows, and announce what changed."""
    crawl.session.flush()
    if crawl.hidden:
        first, stamp = counters.take(crawl.session, counters.SNAPSHOT, crawl.now, len(crawl.hidden))
        crawl.session.add_all(
            Visibility(
                seq=first + i,
                dataset_id=dataset.id,
                resource_id=resource.id if resource else None,
                visible=visible,
                actor=actor.id,
                reason=reason,
                committed_at=stamp,
            )
            for i, (dataset, resource, visible, reason) in enumerate(crawl.hidden)
        )
    changes = [
        outbox.Message(f"dataset.{kind}", id_, {"source": crawl.source, "member": crawl.member})
        for kind in ("new", "changed", "renamed", "missing", "withdrawn", "returned")
        for id_ in crawl.found.get(kind, ())
    ]
    outbox.emit(crawl.session, *changes, now=crawl.now)


def _by_decision(session: Session, id_: str, now: datetime) -> tuple[Dataset, _Crawl]:
    counters.hold(session)
    dataset = session.get(Dataset, id_)
    if dataset is None:
        raise DatasetUnknown(dataset=id_)
    return dataset, _Crawl(session, dataset.source, dataset.member, now)


def withdraw(sessions: sessionmaker[Session], dataset: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take a dataset out of the current rows by decision (*dicabut*); earlier points in time still show it."""
    with writing(sessions) as session:
        row, crawl = _by_decision(session, dataset, now)
        if row.state != DatasetState.WITHDRAWN:
            _withdraw(crawl, row, actor, reason)
            crawl.note("withdrawn", row.id)
            _publish(crawl, actor)
            audit.record(session, actor, "dataset.withdrawn", row.id, {"reason": reason}, now=now)


def reinstate(sessions: sessionmaker[Session], dataset: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take a withdrawal back by decision; whether the dataset is at its source shows at the next crawl."""
    with writing(sessions) as session:
        row, crawl = _by_decision(session, dataset, now)
        if row.state == DatasetState.WITHDRAWN:
            row.state, row.missed_crawls = DatasetState.MISSING.value, 0
            row.withdrawn_at = row.withdrawn_by = row.withdrawn_reason = None
            if row.copy_of is None:
                crawl.hidden.append((row, None, True, reason))
            crawl.note("returned", row.id)
            _publish(crawl, actor)
            audit.record(session, actor, "dataset.reinstated", row.id, {"reason": reason}, now=now)


def classify(
    sessions: sessionmaker[Session], dataset: str, classification: Classification, *, actor: Actor, now: datetime
) -> None:
    """Decide who may see a dataset that no contract describes."""
    with writing(sessions) as session:
        row, _ = _by_decision(session, dataset, now)
        before, row.classification = row.classification, classification.value
        values = {"before": before, "after": row.classification}
        audit.record(session, actor, "dataset.classified", row.id, values, now=now)
