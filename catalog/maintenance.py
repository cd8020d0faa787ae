"""Keeping files and rows in step: scrubbing, making lost snapshots again, sweeping what crashes left behind.

A snapshot's file is derived: its rows come again from the landed bytes by the same intake, handed in as a callable.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from catalog import row_files
from catalog.drafts import Draft
from catalog.errors import DraftInvalid, DraftKeyNotUnique, SnapshotDamaged, SnapshotMissing
from catalog.models import QuarantineBatch, RowFile, Snapshot, Stream
from catalog.preparing import Again, Head, Known, places, prepare
from catalog.store import SnapshotStore
from catalog.writing import reading, writing
from core import counters
from core.errors import LumbungError
from core.verdict import Verdict

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
    """Make every missing or damaged snapshot file again, oldest first, and prove it by its snapshots' identities.

    What the files held before is not changed: the same rows under the same numbers. Where another version of the
    program writes other bytes for the same rows, the rows' `content_sha256` follows. Segments are made again by
    `catalog/compaction.py`, from these files.
    """
    broken = {str(fault.values["sha256"]) for fault in scrub(sessions, store)}
    with reading(sessions) as session:
        checked = session.scalar(select(func.count()).select_from(Snapshot)) or 0
        query = select(Snapshot).where(Snapshot.content_sha256.in_(broken)).order_by(Snapshot.seq)
        todo = list(session.scalars(query)) if broken else []
    files: dict[str, list[Snapshot]] = {}
    for snapshot in todo:
        files.setdefault(snapshot.content_sha256, []).append(snapshot)
    rebuilt: list[int] = []
    lost: list[int] = []
    for together in files.values():
        (rebuilt if _again(sessions, store, together, replay) else lost).extend(s.seq for s in together)
    return Rebuilt(checked, tuple(sorted(rebuilt)), tuple(sorted(lost)))


def _again(sessions: sessionmaker[Session], store: SnapshotStore, together: Sequence[Snapshot], replay: Replay) -> bool:
    """Make the file of some snapshots again; all of them must come out as they were."""
    drafts: list[Draft] = []
    for snapshot in together:
        draft = replay(snapshot)
        if draft is None or draft.rows is None:
            return False
        drafts.append(replace(draft, verdict=Verdict(snapshot.verdict), fetched_at=snapshot.fetched_at))
    streams = [snapshot.stream_id for snapshot in together]
    sha256 = together[0].content_sha256
    with reading(sessions) as session:
        file = session.scalar(select(RowFile).where(RowFile.sha256 == sha256, RowFile.part == row_files.COMMIT))
        base = file.base if file is not None else together[0].seq
        known = Known(
            heads={s.stream_id: _head_before(session, s) for s in together},
            places=places(session, drafts),
            files={(file.contract, file.major): row_files.commits(session, (file.contract, file.major), base - 1)}
            if file is not None
            else {},
        )
    again = Again(
        seq=base - 1,
        offsets={s.stream_id: s.seq - base for s in together},
        removing=frozenset(s.stream_id for s in together if s.removed > 0),
        identities={s.stream_id: s.identity for s in together},
    )
    try:
        made = prepare(store, drafts, streams, known, again).prepared
    except (SnapshotMissing, SnapshotDamaged, DraftInvalid, DraftKeyNotUnique):
        return False
    stored = {p.file for p in made}
    now = stored.pop()
    if stored or now is None:
        return False
    if now.sha256 != sha256:
        with writing(sessions) as session:
            share = {"content_sha256": now.sha256, "size": now.size // len(together)}
            session.execute(update(Snapshot).where(Snapshot.content_sha256 == sha256).values(share))
            own = {"sha256": now.sha256, "size": now.size}
            session.execute(update(RowFile).where(RowFile.sha256 == sha256).values(own))
    return True


def _head_before(session: Session, snapshot: Snapshot) -> Head:
    """Where the snapshot's stream stood before it; without an identity, so that it is never taken as unchanged."""
    query = select(Snapshot.seq, Snapshot.live_rows, Snapshot.content_sha256).where(
        Snapshot.stream_id == snapshot.stream_id, Snapshot.seq < snapshot.seq
    )
    found = session.execute(query.order_by(Snapshot.seq.desc()).limit(1)).first()
    member = session.get_one(Stream, snapshot.stream_id).member
    return Head(member=member) if found is None else Head(found[0], "", found[1], found[2], member)


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
    columns = [QuarantineBatch.file_sha256] if quarantine else [Snapshot.content_sha256, RowFile.sha256]
    files = size = 0
    with writing(sessions) as session:
        counters.hold(session)
        named = {sha256 for column in columns for sha256 in session.scalars(select(column))}
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
