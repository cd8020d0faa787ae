"""Committing: file first, then every row about it in one transaction, numbered in the order of commits.

A crash before the transaction leaves an orphan file and nothing else; a crash after it leaves a whole snapshot
(D01, P03). Two writers of one table cannot both build on the same snapshot: the second prepares anew. What the
rows are is decided in `catalog/preparing.py`, what readers get in `catalog/relations.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, sessionmaker

from catalog import checks, quarantine, row_files, settling
from catalog.drafts import CheckDraft, Commit, Draft, QuarantineDraft, ReturnedRow
from catalog.errors import CommitConflict, ResourceUnknown
from catalog.models import Resource, RunStep, Snapshot, Stream
from catalog.preparing import Pack, Prepared, known, prepare, shape_of, stream_id
from catalog.runs import Lease, guard
from catalog.store import SnapshotStore
from catalog.writing import batched, reading, writing
from core import counters, outbox
from core.contract import Classification, Mode
from core.verdict import Verdict

__all__ = ["CheckDraft", "Commit", "Draft", "QuarantineDraft", "ReturnedRow", "commit", "commit_many", "shape_of"]

_ATTEMPTS = 5


def commit(
    sessions: sessionmaker[Session],
    store: SnapshotStore,
    draft: Draft,
    *,
    now: datetime,
    lease: Lease | None = None,
) -> Commit:
    """Commit one draft; see `commit_many`."""
    return commit_many(sessions, store, [draft], now=now, lease=lease)[0]


def commit_many(
    sessions: sessionmaker[Session],
    store: SnapshotStore,
    drafts: Sequence[Draft],
    *,
    now: datetime,
    lease: Lease | None = None,
) -> tuple[Commit, ...]:
    """Commit drafts of different tables in one transaction: all of them, or none.

    Args:
        now: this machine's clock; the moment stored is never earlier than that of a snapshot before (D16).
        lease: the run's hold on its source; where it has been lost, nothing is committed.

    Raises:
        DraftInvalid, DraftKeyNotUnique, ResourceUnknown: a draft that cannot be committed.
        RunLeaseLost: the run was declared dead in the meantime.
        CommitConflict: others kept committing the same tables (transient).
        StorageFull, StorageReadOnly, DatabaseBusy, DatabaseUnavailable: the machine refused.
    """
    streams = [stream_id(d.resource_id, d.table, d.contract) for d in drafts]
    if len({(d.resource_id, d.table) for d in drafts}) < len(drafts):
        raise ValueError("two drafts of the same table in one commit")
    for _ in range(_ATTEMPTS):
        with reading(sessions) as session:
            before = known(session, drafts, streams)
        ready = prepare(store, drafts, streams, before)
        with writing(sessions) as session:
            counters.hold(session)
            if lease is not None:
                guard(session, lease)
            files = {p.file.sha256 for p in ready.prepared if p.file is not None}
            if _moved_on(session, ready.prepared) or not all(map(store.has, files)):
                continue
            done = _record(session, ready.prepared, ready.packs, now)
            settling.settle(session, drafts, done)
            return done
    raise CommitConflict(resource=drafts[0].resource_id, attempts=_ATTEMPTS)


def _moved_on(session: Session, prepared: Sequence[Prepared]) -> bool:
    """Whether another writer has committed to one of the streams since."""
    heads: dict[str, int] = {}
    for some in batched(p.stream for p in prepared):
        found = session.execute(select(Stream.id, Stream.head_seq).where(Stream.id.in_(some)))
        heads |= {row.id: row.head_seq for row in found}
    return any(heads.get(p.stream, 0) != p.head.seq for p in prepared)


def _record(session: Session, prepared: Sequence[Prepared], packs: Sequence[Pack], now: datetime) -> tuple[Commit, ...]:
    ids = {p.draft.resource_id for p in prepared}
    resources = {
        r.id: r
        for r in session.scalars(select(Resource).where(Resource.id.in_(ids)).options(joinedload(Resource.dataset)))
    }
    if unknown := ids - resources.keys():
        raise ResourceUnknown(resource=min(unknown))
    fresh = [p for p in prepared if p.file is not None]
    first, stamp = counters.take(session, counters.SNAPSHOT, now, len(fresh)) if fresh else (0, now)
    seqs = {p.stream: first + i for i, p in enumerate(fresh)}
    known: dict[tuple[str, str], dict[str, Stream]] = {}
    for stream in session.scalars(select(Stream).where(Stream.resource_id.in_(ids))):
        known.setdefault((stream.resource_id, stream.table), {})[stream.id] = stream
    for p in fresh:
        _advance(session, p, seqs[p.stream], known.get((p.draft.resource_id, p.draft.table), {}))
    session.flush()  # streams before the snapshots that name them
    session.add_all(_snapshot(p, seqs[p.stream], stamp, now) for p in fresh if p.file is not None)
    session.flush()
    _file(session, fresh, packs, first, now)
    for p in prepared:
        _remark(session, p, resources[p.draft.resource_id], seqs.get(p.stream), now=now)
    delivered = [p for p in prepared if p.draft.closing is None or p.draft.closing.delivered]
    found = [(p.draft, seqs.get(p.stream, _standing(p))) for p in delivered]
    quarantine.replace(session, found, quarantine.standing(session, ids), now=now)
    _count_rows(session, [resources[p.draft.resource_id] for p in fresh])
    _finish_steps(session, prepared)
    outbox.emit(session, *(m for p in prepared if (m := _message(p, seqs.get(p.stream), resources))), now=now)
    return tuple(_outcome(p, seqs.get(p.stream)) for p in prepared)


def _advance(session: Session, p: Prepared, seq: int, known: dict[str, Stream]) -> None:
    """Move the stream's head, and mark the known streams of the same table under other contracts as superseded."""
    contract = p.draft.contract
    stream = known.get(p.stream)
    if stream is None:
        stream = Stream(
            id=p.stream,
            resource_id=p.draft.resource_id,
            table=p.draft.table,
            contract=contract.name if contract else None,
            major=contract.major if contract else 0,
            member=p.member or None,
        )
        session.add(stream)
    stream.head_seq, stream.identity, stream.live_rows, stream.superseded_seq = seq, p.identity, p.live_rows, None
    for other in known.values():
        if other.contract != stream.contract and other.superseded_seq is None:
            other.superseded_seq = seq


def _snapshot(p: Prepared, seq: int, stamp: datetime, now: datetime) -> Snapshot:
    assert p.file is not None
    draft, contract = p.draft, p.draft.contract
    return Snapshot(
        seq=seq,
        stream_id=p.stream,
        resource_id=draft.resource_id,
        table=draft.table,
        contract=contract.name if contract else None,
        contract_version=contract.version if contract else None,
        contract_sha256=contract.sha256 if contract else None,
        mode=_mode(p).value,
        identity=p.identity,
        content_sha256=p.file.sha256,
        size=p.share,
        rows=p.rows,
        added=p.difference.added,
        changed=p.difference.changed,
        removed=p.difference.removed,
        live_rows=p.live_rows,
        columns=None if contract else list(draft.columns),
        landed_sha256=draft.landed_sha256,
        fetched_at=draft.fetched_at,
        committed_at=stamp,
        clock_at=now,
        run_id=draft.run_id,
        verdict=draft.verdict.value,
        mapping=dict(draft.mapping) if draft.mapping is not None else None,
    )


def _file(session: Session, fresh: Sequence[Prepared], packs: Sequence[Pack], first: int, now: datetime) -> None:
    """Enter the commit's files, and let those go whose snapshots whole tables have replaced."""
    for pack in packs:
        seqs = (first + pack.offsets[0], first + pack.offsets[-1])
        session.add(
            row_files.row_file(
                pack.standard,
                pack.shape,
                pack.file,
                pack.written,
                level=0,
                part=row_files.COMMIT,
                base=first,
                seqs=seqs,
                open_snapshots=len(pack.offsets),
                now=now,
            )
        )
    gone = Counter(p.head.file for p in fresh if p.head.seq and p.draft.contract and _mode(p) is Mode.REPLACE)
    if gone:
        row_files.replaced(session, gone, first + len(fresh) - 1)


def _mode(p: Prepared) -> Mode:
    return shape_of(p.draft.contract, p.draft.columns).mode


def _remark(session: Session, p: Prepared, resource: Resource, seq: int | None, *, now: datetime) -> None:
    """Bring the resource up to date and keep what the gate found, unless all of it is on record already."""
    draft = p.draft
    if draft.closing is not None and not draft.closing.delivered:
        if seq is not None:
            resource.current_seq = max(seq, resource.current_seq or 0)
        return
    if draft.check is not None:
        confirmed = seq if seq is not None else _standing(p)
        checks.record(session, draft, confirmed, fresh=seq is not None, now=now)
    resource.last_verdict = draft.verdict.value
    resource.last_checked = now
    resource.landed_sha256 = draft.landed_sha256 or resource.landed_sha256
    resource.fetched_at = draft.fetched_at
    if draft.contract is not None:
        resource.contract = resource.dataset.contract = draft.contract.name
        if resource.dataset.classification == Classification.UNCLASSIFIED:  # a person's decision is not overruled
            resource.dataset.classification = draft.contract.classification.value
    elif draft.verdict is Verdict.UNMAPPED:
        resource.contract = None
    if seq is not None:
        resource.current_seq = max(seq, resource.current_seq or 0)


def _standing(p: Prepared) -> int | None:
    """The snapshot that an unchanged delivery confirms; a held one confirms none."""
    return (p.head.seq or None) if p.identity else None


def _count_rows(session: Session, resources: Sequence[Resource]) -> None:
    query = (
        select(Stream.resource_id, func.sum(Stream.live_rows))
        .where(Stream.resource_id.in_([r.id for r in resources]), Stream.superseded_seq.is_(None))
        .group_by(Stream.resource_id)
    )
    rows = {id_: int(n) for id_, n in session.execute(query)}
    for resource in resources:
        resource.rows = rows.get(resource.id, 0)


def _finish_steps(session: Session, prepared: Sequence[Prepared]) -> None:
    for run in {p.draft.run_id for p in prepared} - {None}:
        done = [p.draft.resource_id for p in prepared if p.draft.run_id == run]
        session.execute(delete(RunStep).where(RunStep.run_id == run, RunStep.key.in_(done)))


def _message(p: Prepared, seq: int | None, resources: Mapping[str, Resource]) -> outbox.Message | None:
    if seq is None and p.identity:
        return None
    facts = {
        "seq": seq,
        "dataset": resources[p.draft.resource_id].dataset_id,
        "table": p.draft.table,
        "contract": p.draft.contract.name if p.draft.contract else None,
        "verdict": p.draft.verdict.value,
        "run": p.draft.run_id,
        "rows": p.rows,
        "added": p.difference.added,
        "changed": p.difference.changed,
        "removed": p.difference.removed,
    }
    return outbox.Message("snapshot.committed" if seq is not None else "delivery.held", p.draft.resource_id, facts)


def _outcome(p: Prepared, seq: int | None) -> Commit:
    return Commit(
        resource_id=p.draft.resource_id,
        table=p.draft.table,
        seq=seq,
        unchanged=seq is None and bool(p.identity),
        held=not p.identity,
        rows=p.rows,
        added=p.difference.added,
        changed=p.difference.changed,
        removed=p.difference.removed,
        live_rows=p.live_rows,
    )
