"""What is remembered of the mappings of each source, and which files fit a standard while nobody has said so."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from catalog import fitting, reviews
from catalog.fitting import Fit
from catalog.models import Dataset, DatasetState, Resource, ReviewItem, ReviewKind
from catalog.writing import reading, writing
from core.access import SYSTEM
from core.errors import LumbungError
from quality.harmonise import SURE, edition
from services.granary import Granary
from services.intake.work import READER_VERSION
from services.mapping import CONFIRMED, Proposal, Remembered, mapping_of, match_of, plainly, proposal_of
from services.mapping_answers import questions

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


@dataclass(frozen=True, slots=True)
class Fitting:
    """A file that is in the catalogue without a standard and fits one.

    Attributes:
        dataset, resource: catalogue ids; `title` of the dataset, `file` of the resource.
        questions: how many answers a mapping still needs; `lumbung map suggest` asks them.
    """

    dataset: str
    resource: str
    title: str
    file: str
    source: str
    member: str
    standard: str
    confidence: float
    questions: int


def unmapped(granary: Granary, source: str | None = None) -> list[Fitting]:
    """The files that are in the catalogue without a standard and fit one, the surest first.

    A file is read for it once: what was found is noted beside its bytes and what it was looked at with. Nothing is
    taken into a standard by this: a person confirms it.
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
        noted = fitting.known(session)
    sources = {one.id: one for one in granary.registry.sources}
    files_of = Counter(dataset.id for dataset, _ in rows)
    looking = _looking(granary)
    found, looked = [], []
    for dataset, resource in rows:
        one = sources.get(dataset.source)
        if one is None or mapping_of(one, dataset, resource) is not None:
            continue
        regions = sorted(granary.registry.member(one.member).regions)
        key = _digest(looking, resource.landed_sha256, resource.name, resource.mime, dataset.title, regions)
        fit = noted.get(resource.id)
        if fit is None or fit.key != key:
            match = match_of(dataset, resource, whole=files_of[dataset.id] == 1)
            try:
                fit = _fit(proposal_of(granary, dataset, resource, match), resource.id, key)
            except LumbungError:  # a file that is lost or cannot be read any more is told of elsewhere
                continue
            looked.append(fit)
        if fit.standard is not None:
            found.append(
                Fitting(
                    dataset.id, resource.id, dataset.title, resource.name, one.id, one.member,
                    fit.standard, fit.confidence, fit.questions,
                )
            )  # fmt: skip
    if looked:
        with writing(granary.sessions) as session:
            fitting.keep(session, looked)
    return sorted(found, key=lambda one: -one.confidence)


def _fit(found: Proposal, resource: str, key: str) -> Fit:
    best = found.best
    if best is None or best.standard is None:
        return Fit(resource, key, None)
    return Fit(resource, key, best.standard, best.confidence, len(questions(best)))


def _looking(granary: Granary) -> str:
    """What files are looked at with: engine, standards, code lists, words, and the year that bounds what is one."""
    words = granary.settings.folder("reference") / "words.csv"
    return _digest(
        edition(), READER_VERSION, granary.clock().year, words.read_bytes() if words.is_file() else b"",
        sorted(granary.reference_marks.items()), [repr(granary.contracts[name]) for name in sorted(granary.contracts)],
    )  # fmt: skip


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def ask_open(granary: Granary, source: str | None = None) -> list[Fitting]:
    """Open a question for each dataset without a standard that surely fits one; close those that settled themselves.

    The weekly report asks it (`services/review/matters.py`); who said no to a standard is not asked again about it.
    """
    found = unmapped(granary, source)
    sure = {one.dataset: one for one in reversed(found) if one.confidence >= SURE}
    now = granary.clock()
    with writing(granary.sessions) as session:
        items = select(ReviewItem).where(ReviewItem.kind == CONFIRMED)
        asked = session.scalars(items if source is None else items.where(ReviewItem.source == source)).all()
        refused = {(i.dataset_id, i.values.get("standard")) for i in asked if (i.decision or "").startswith(_KEEP)}
        for item in asked:
            if item.decided_at is None and item.dataset_id not in sure:
                item.decided_at, item.decided_by, item.decision = now, SYSTEM.id, "settled"
        for dataset, one in sure.items():
            if (dataset, one.standard) in refused:
                continue
            values = {"file": one.file, "standard": one.standard, "percent": round(100 * one.confidence)}
            own, member = one.source, one.member
            reviews.ask(
                session, ReviewKind.MAPPING, source=own, member=member, dataset_id=dataset, values=values, now=now
            )
    return found


def _key(match: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(k), str(v)) for k, v in match.items() if v is not None))
