"""Keeping files and rows in step: scrubbing, making lost snapshots again, sweeping what crashes left behind.

A snapshot's file is derived: its rows come again from the landed bytes by the same intake, handed in as a callable.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from catalog.drafts import Draft
from catalog.errors import SnapshotDamaged, SnapshotMissing
from catalog.models import QuarantineBatch, Snapshot
from catalog.snapshots import live_parts, shape_of
from catalog.store import SnapshotStore
from catalog.tables import Before, Workbench
from catalog.writing import reading, writing
from core import counters
from core.contract import Contract, Mode
from core.errors import LumbungError

#: Makes a snapshot's rows again: from its landed bytes, with its mapping and contract version; None where it cannot.
Replay = Callable[[Snapshot], Draft | None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What `rebuild` found and did, by snapshot number; `lost` could not be made again as they were."""

    checked: int
    rebuilt: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """Files that no row names, deleted, and the bytes that this freed."""

    files: int
    size: int


def scrub(sessions: sessionmaker[Session], store: SnapshotStore) -> list[LumbungError]:
    """Read every committed snapshot's file anew; an error for each that is missing or damaged."""
    with reading(sessions) as session:
        expected = session.scalars(select(Snapshot.content_sha256).distinct().order_by(Snapshot.content_sha256)).all()
    return store.scrub(expected)


def rebuild(sessions: sessionmaker[Session], store: SnapshotStore, replay: Replay) -> Rebuilt:
    """Make every missing or damaged snapshot file again, oldest first, and prove it by its identity.

    What the file held before is not changed: the same rows under the same number. Where another version of the
    program writes other bytes for the same rows, the row's `content_sha256` follows.
    """
    broken = {str(fault.values["sha256"]) for fault in scrub(sessions, store)}
    with reading(sessions) as session:
        checked = session.scalar(select(func.count()).select_from(Snapshot)) or 0
        query = select(Snapshot).where(Snapshot.content_sha256.in_(broken)).order_by(Snapshot.seq)
        todo = list(session.scalars(query)) if broken else []
    rebuilt: list[int] = []
    lost: list[int] = []
    for snapshot in todo:
        (rebuilt if _again(sessions, store, snapshot, replay) else lost).append(snapshot.seq)
    return Rebuilt(checked, tuple(rebuilt), tuple(lost))


def _again(sessions: sessionmaker[Session], store: SnapshotStore, snapshot: Snapshot, replay: Replay) -> bool:
    draft = replay(snapshot)
    if draft is None or draft.rows is None:
        return False
    shape = shape_of(draft.contract, draft.columns)
    with Workbench(store.folder) as bench:
        bench.load(draft.rows, shape, resource=snapshot.resource_id, table=snapshot.table)
        if bench.identity(shape, *_standard(draft.contract)) != snapshot.identity:
            return False
        with reading(sessions) as session:
            earlier = _earlier(session, snapshot)
        if shape.mode is Mode.UPSERT:
            try:
                files = [Before(store.verify(sha256), seq) for seq, sha256 in earlier]
            except (SnapshotMissing, SnapshotDamaged):
                return False
            bench.before(files, shape)
            # whether rows may have gone is decided as it was then: by what was counted
            bench.compare(shape, may_remove=snapshot.removed > 0)
        with store.draft() as path:
            bench.write(shape, path, mark=f"{snapshot.stream_id}/{earlier[-1][0] if earlier else 0}")
            stored = store.put(path, consume=True)
    if stored.sha256 != snapshot.content_sha256:
        with writing(sessions) as session:
            row = session.get_one(Snapshot, snapshot.seq)
            row.content_sha256, row.size = stored.sha256, stored.size
    return True


def _standard(contract: Contract | None) -> tuple[str | None, ...]:
    return (contract.name, contract.version, contract.sha256) if contract else (None, None, None)


def _earlier(session: Session, snapshot: Snapshot) -> list[tuple[int, str]]:
    """The files that the snapshot was compared with."""
    parts = live_parts(session, [snapshot.stream_id], snapshot.seq - 1)
    return list(parts.get(snapshot.stream_id, ()))


def sweep_orphans(
    sessions: sessionmaker[Session],
    store: SnapshotStore,
    *,
    quarantine: bool = False,
    older_than_seconds: float = 3600.0,
    seconds: Callable[[], float] = time.time,
) -> Swept:
    """Delete files that no committed row names, and half-written ones older than `older_than_seconds`.

    Committing checks under the same lock that its files are there, so that nothing is deleted that a commit is about
    to name.

    Args:
        quarantine: the store is that of returned rows.
    """
    column = QuarantineBatch.file_sha256 if quarantine else Snapshot.content_sha256
    files = size = 0
    with writing(sessions) as session:
        counters.hold(session)
        named = set(session.scalars(select(column)))
        for sha256 in list(store.names()):
            if sha256 not in named and _old(store.path(sha256), older_than_seconds, seconds):
                files, size = files + 1, size + store.remove(sha256)
    for path in _left(store, older_than_seconds, seconds):
        files, size = files + 1, size + path.stat().st_size
        path.unlink(missing_ok=True)
    return Swept(files, size)


def _old(path: Path, limit: float, seconds: Callable[[], float]) -> bool:
    return seconds() - path.stat().st_mtime >= limit


def _left(store: SnapshotStore, limit: float, seconds: Callable[[], float]) -> Iterator[Path]:
    yield from (path for path in store.leftovers() if _old(path, limit, seconds))
