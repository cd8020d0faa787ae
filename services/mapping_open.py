"""What is remembered of the mappings of each source, and which files fit a standard while nobody has said so."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from catalog import reviews
from catalog.models import Dataset, DatasetState, Resource, ReviewItem, ReviewKind
from catalog.writing import reading, writing
from core.access import SYSTEM
from core.errors import LumbungError
from quality.harmonise import SURE
from services.granary import Granary
from services.mapping import CONFIRMED, Proposal, Remembered, match_of, plainly, proposal_of

#: How a question that was answered with no begins.
_KEEP = "keep"


def remembered(granary: Granary, source: str | None = None) -> list[Remembered]:
    """Every mapping of every source (or of one), with who confirmed it last."""
    with reading(granary.sessions) as session:
        items = session.scalars(
            select(ReviewItem)
            .where(ReviewItem.kind == CONFIRMED, ReviewItem.decided_at.is_not(None))
            .order_by(ReviewItem.decided_at, ReviewItem.id)
        )
        known = {(i.source, _key(i.values.get("match", {}))): (i.values.get("by"), i.decided_at) for i in items}
    return [
        Remembered(one.id, one.member, mapping, *known.get((one.id, _key(plainly(mapping.match))), (None, None)))
        for one in granary.registry.sources
        if source in (None, one.id)
        for mapping in one.mappings
    ]


def unmapped(granary: Granary, source: str | None = None) -> list[Proposal]:
    """The files that are in the catalogue without a standard and fit one, the surest first; each is read for it.

    Nothing is taken into a standard by this: a person confirms it.
    """
    files = (
        select(Dataset, Resource)
        .join(Resource, Resource.dataset_id == Dataset.id)
        .where(Resource.contract.is_(None), Resource.landed_sha256.is_not(None), Resource.machine_readable.is_(True))
        .where(Dataset.state == DatasetState.ACTIVE.value, Resource.state == DatasetState.ACTIVE.value)
        .order_by(Dataset.title, Resource.position, Resource.id)
    )
    if source is not None:
        files = files.where(Dataset.source == source)
    with reading(granary.sessions) as session:
        rows = [(dataset, resource) for dataset, resource in session.execute(files)]
    known = {one.id: one for one in granary.registry.sources}
    files_of = Counter(dataset.id for dataset, _ in rows)
    found: list[Proposal] = []
    for dataset, resource in rows:
        if dataset.source not in known:
            continue
        try:
            made = proposal_of(granary, dataset, resource, match_of(dataset, resource, whole=files_of[dataset.id] == 1))
        except LumbungError:  # a file that is lost or cannot be read any more is told of elsewhere
            continue
        if made.current is None and made.best is not None and made.best.standard is not None:
            found.append(made)
    return sorted(found, key=lambda p: -p.tables[0].confidence)


def ask_open(granary: Granary, source: str | None = None) -> list[Proposal]:
    """Open a question for each dataset without a standard that surely fits one; close those that settled themselves.

    The weekly report asks it (`services/review/matters.py`); who said no to a standard is not asked again about it.
    """
    found = unmapped(granary, source)
    sure = {p.dataset: p for p in reversed(found) if p.best is not None and p.best.confidence >= SURE}
    now = granary.clock()
    with writing(granary.sessions) as session:
        items = select(ReviewItem).where(ReviewItem.kind == CONFIRMED)
        asked = session.scalars(items if source is None else items.where(ReviewItem.source == source)).all()
        refused = {(i.dataset_id, i.values.get("standard")) for i in asked if (i.decision or "").startswith(_KEEP)}
        for item in asked:
            if item.decided_at is None and item.dataset_id not in sure:
                item.decided_at, item.decided_by, item.decision = now, SYSTEM.id, "settled"
        for dataset, one in sure.items():
            assert one.source is not None and one.best is not None
            if (dataset, one.best.standard) in refused:
                continue
            values = {"file": one.file, "standard": one.best.standard, "percent": round(100 * one.best.confidence)}
            own, member = one.source.id, one.source.member
            reviews.ask(
                session, ReviewKind.MAPPING, source=own, member=member, dataset_id=dataset, values=values, now=now
            )
    return found


def _key(match: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(k), str(v)) for k, v in match.items() if v is not None))
