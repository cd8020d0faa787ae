"""Datasets as their sources show them, crawl after crawl; deletion is proved before anything is taken away (S14).

A dataset that a complete crawl does not show is *hilang di sumber* at once and stays served. It is *dicabut* only
by a person's decision, or after several complete crawls while few of the source's datasets are missing. An empty,
failed or partial crawl takes nothing away. Crawling is left to `federation`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload, sessionmaker

from catalog.copies import Rank, nobody_owns, settle
from catalog.crawl import Crawl, CrawlReport
from catalog.models import Dataset, DatasetState, Resource, ReviewKind
from catalog.seen import SeenDataset, SeenResource, clean, fingerprint
from catalog.writing import writing
from core import counters, messages
from core.access import SYSTEM
from core.contract import Classification
from core.ids import derived_id
from core.reference import fold

__all__ = [
    "CrawlReport", "Policy", "SeenDataset", "SeenResource", "apply_crawl", "dataset_id", "high_water",
    "known_fingerprints", "resource_id", "standing", "touch", "unsettled",
]  # fmt: skip


class Policy(Protocol):
    """When a missing dataset is withdrawn by itself; `core.settings.Settings` is one."""

    @property
    def missing_crawls(self) -> int:
        """Complete crawls in a row that did not show it."""

    @property
    def missing_share(self) -> float:
        """Share of the source's datasets below which the missing ones must stay."""


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
        crawl = Crawl(session, source, member, now)
        known = _known(session, source)
        if complete and not seen and any(d.state == DatasetState.ACTIVE for d in known.values()):
            crawl.ask(ReviewKind.EMPTY_SOURCE, None, {"datasets": len(known)})
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
        crawl.publish()
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


def _add(crawl: Crawl, seen: SeenDataset, *, generation: int) -> Dataset:
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


def _describe(crawl: Crawl, dataset: Dataset, seen: SeenDataset) -> None:
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


def _mark_seen(crawl: Crawl, dataset: Dataset) -> None:
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


def _refresh(crawl: Crawl, dataset: Dataset, seen: SeenDataset) -> None:
    if dataset.name != seen.name:
        crawl.note("renamed", dataset.id)
    if dataset.fingerprint == fingerprint(seen) and dataset.member == crawl.member:
        if dataset.state == DatasetState.ACTIVE:
            crawl.note("unchanged", dataset.id)
        _mark_seen(crawl, dataset)
        return
    _describe(crawl, dataset, seen)
    crawl.note("changed", dataset.id)


def _replace_identity(crawl: Crawl, old: Dataset, seen: SeenDataset) -> None:
    """Give other content under a known id its own identity; the old one is missing, and a person is asked (S15)."""
    crawl.set_missing(old)
    new = _add(crawl, seen, generation=old.generation + 1)
    crawl.session.flush()
    crawl.ask(ReviewKind.ID_REUSED, new, {"before": old.id, "name_before": old.name, "name": seen.name})


def _settle_copies(crawl: Crawl, born: Mapping[str, str | None], rank: Rank) -> None:
    """Decide anew which of several sources counts, for what this crawl brought, changed or lost."""
    touched = {id_ for kind in ("new", "changed", "returned", "withdrawn") for id_ in crawl.found.get(kind, ())}
    if not touched:
        return
    crawl.session.flush()
    now = [crawl.session.get_one(Dataset, id_).origin for id_ in sorted(touched)]
    before = [born[id_] for id_ in touched if id_ in born]
    crawl.hidden += [(d, None, visible, why) for d, visible, why in settle(crawl.session, (*now, *before), rank)]


def _miss(crawl: Crawl, absent: Sequence[Dataset], known: Mapping[str, Dataset], policy: Policy) -> None:
    """Mark what a complete crawl did not show; withdraw what has been missing long enough, if it is little."""
    absent = [d for d in absent if d.state != DatasetState.WITHDRAWN]
    standing = sum(d.state != DatasetState.WITHDRAWN for d in known.values())
    for dataset in absent:
        crawl.set_missing(dataset)
        dataset.missed_crawls += 1
    due = [d for d in absent if d.missed_crawls >= policy.missing_crawls]
    if absent and len(absent) / standing >= policy.missing_share:
        if due:
            crawl.ask(ReviewKind.MANY_MISSING, None, {"missing": len(absent), "datasets": standing})
        return
    for dataset in due:
        crawl.withdraw(dataset, SYSTEM, _missed(dataset.missed_crawls))


def _miss_resources(crawl: Crawl, datasets: Sequence[Dataset], policy: Policy) -> None:
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
