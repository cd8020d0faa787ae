"""How long things are kept: landed bytes, records of fetches and runs, errors; settings `keep_*_days` (docs/scale.md).

Never removed: bytes that a table's rows of now come from, or a snapshot younger than the retention; the newest fetch of
each file; runs that made a snapshot. Snapshots themselves, and what was returned, are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from catalog import closing
from catalog.models import Resource, Run, RunError, RunState, RunStep, Snapshot, SourceLease, Stream
from catalog.reading_models import ReadingDelivery
from catalog.writing import batched, reading, writing
from core.clock import zone
from core.contract import Mode
from federation.models import FetchEvent, LandedObject
from services.granary import Granary

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """One kind of thing that goes (`what` ends a message id): how many, and bytes of files that this frees."""

    what: str
    count: int
    size: int = 0


def prune(granary: Granary, *, dry_run: bool = False) -> list[Pruned]:
    """Remove what is older than its retention and needed by nothing; with `dry_run` only say what would go."""
    now, settings = granary.clock(), granary.settings
    done: list[Pruned] = []
    for what, days, act in (
        ("landing", settings.keep_landing_days, _landing),
        ("fetches", settings.keep_runs_days, _fetches),
        ("errors", settings.keep_errors_days, _errors),
        ("runs", settings.keep_runs_days, _runs),
        ("readings", settings.keep_readings_days, _readings),
    ):
        gone = act(granary, now - timedelta(days=days), dry_run) if days else (0, 0)
        done.append(Pruned(what, *gone))
    return done


def _newest_fetches() -> Select[int]:
    """The newest fetch of each file and page, by which its source is asked whether anything has changed."""
    return select(func.max(FetchEvent.id)).group_by(FetchEvent.source, FetchEvent.dataset, FetchEvent.resource)


def _idle_bytes(before: datetime) -> ColumnElement[bool]:
    """Landed bytes that came before a moment, were not confirmed since, and that nothing would be made again from."""
    sha256 = LandedObject.sha256
    heard = exists().where(
        FetchEvent.sha256 == sha256, or_(FetchEvent.at >= before, FetchEvent.id.in_(_newest_fetches()))
    )
    current = exists().where(Resource.landed_sha256 == sha256)
    # what a table holds now comes from its newest whole delivery, or from every delivery of an upserted one
    needed = exists().where(
        Snapshot.landed_sha256 == sha256,
        Stream.id == Snapshot.stream_id,
        or_(Snapshot.committed_at >= before, Snapshot.mode != Mode.REPLACE.value, Snapshot.seq == Stream.head_seq),
    )
    recorded = exists().where(ReadingDelivery.landed_sha256 == sha256)  # days of readings are made again from them
    return (LandedObject.first_seen < before) & ~heard & ~current & ~needed & ~recorded


def _landing(granary: Granary, before: datetime, dry_run: bool) -> tuple[int, int]:
    with reading(granary.sessions) as session:
        query = select(LandedObject.sha256, LandedObject.size).where(_idle_bytes(before)).order_by(LandedObject.sha256)
        found = [(sha256, int(size)) for sha256, size in session.execute(query)]
    if not dry_run:
        for some in batched(found, _BATCH):
            with writing(granary.sessions) as session:
                still = select(LandedObject.sha256).where(
                    LandedObject.sha256.in_([s for s, _ in some]), _idle_bytes(before)
                )
                gone = list(session.scalars(still))
                for sha256 in gone:  # first, so that a crash leaves a row without bytes, which goes the next time
                    granary.landing.path(sha256).unlink(missing_ok=True)
                session.execute(delete(FetchEvent).where(FetchEvent.sha256.in_(gone)))
                session.execute(delete(LandedObject).where(LandedObject.sha256.in_(gone)))
    return len(found), sum(size for _, size in found)


def _fetches(granary: Granary, before: datetime, dry_run: bool) -> tuple[int, int]:
    """Answers that nothing had changed; those that brought bytes go with their bytes."""
    which = (FetchEvent.at < before) & (FetchEvent.status == 304) & FetchEvent.id.not_in(_newest_fetches())
    return _rows(granary, select(FetchEvent.id).where(which), FetchEvent, dry_run)


def _errors(granary: Granary, before: datetime, dry_run: bool) -> tuple[int, int]:
    return _rows(granary, select(RunError.id).where(RunError.at < before), RunError, dry_run)


def _runs(granary: Granary, before: datetime, dry_run: bool) -> tuple[int, int]:
    which = (
        (Run.started < before)
        & (Run.state != RunState.RUNNING.value)
        & ~exists().where(Snapshot.run_id == Run.id)
        & ~exists().where(SourceLease.run_id == Run.id)
        & ~exists().where(RunStep.run_id == Run.id)
        & ~exists().where(RunError.run_id == Run.id)
    )
    return _rows(granary, select(Run.id).where(which), Run, dry_run)


def _readings(granary: Granary, before: datetime, dry_run: bool) -> tuple[int, int]:
    """Readings of days that are committed and that no newest delivery brings any more; their snapshots stay."""
    with reading(granary.sessions) as session:
        days = closing.old(session, before.astimezone(zone(granary.settings.timezone)).date())
        count = closing.count(session, days)
    if not dry_run:
        for some in batched(days, _BATCH):
            with writing(granary.sessions) as session:
                closing.drop(session, some)
    return count, 0


def _rows(
    granary: Granary,
    which: Select[int] | Select[str],
    model: type[FetchEvent | RunError | Run],
    dry_run: bool,
) -> tuple[int, int]:
    with reading(granary.sessions) as session:
        ids: Sequence[int | str] = session.scalars(which).all()
    if not dry_run:
        for some in batched(ids, _BATCH):
            with writing(granary.sessions) as session:
                _delete(session, model, some)
    return len(ids), 0


def _delete(session: Session, model: type[FetchEvent | RunError | Run], ids: Sequence[int | str]) -> None:
    session.execute(delete(model).where(model.id.in_(ids)))
