"""Committing: file first, then every row about it in one transaction, numbered in the order of commits.

A crash before the transaction leaves an orphan file and nothing else; a crash after it leaves a whole snapshot
(D01, P03). Two writers of one table cannot both build on the same snapshot: the second prepares anew. What the
rows are is decided in `catalog/tables.py`, what readers get in `catalog/relations.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, sessionmaker

from catalog import checks, quarantine
from catalog.drafts import CheckDraft, Commit, Draft, QuarantineDraft, ReturnedRow
from catalog.errors import CommitConflict, ResourceUnknown, SnapshotDamaged, SnapshotMissing
from catalog.models import Resource, RunStep, Snapshot, Stream
from catalog.runs import Lease, guard
from catalog.store import SnapshotStore, Stored
from catalog.tables import Before, Difference, Shape, Workbench
from catalog.writing import reading, writing
from core import counters, outbox
from core.contract import Classification, ColumnType, Contract, Mode
from core.ids import derived_id
from core.verdict import Verdict

__all__ = ["CheckDraft", "Commit", "Draft", "QuarantineDraft", "ReturnedRow", "commit", "commit_many", "shape_of"]

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a stream stood when a commit was prepared."""

    seq: int
    identity: str
    live_rows: int
    parts: tuple[tuple[int, str], ...]  # seq and file of what is live, in order


_NOTHING = _Head(0, "", 0, ())


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A draft with its file, if it needs one."""

    draft: Draft
    stream: str
    base: int
    rows: int = 0
    identity: str = ""
    file: Stored | None = None
    difference: Difference = Difference(0, 0, 0)  # noqa: RUF009  # it is frozen
    live_rows: int = 0


def shape_of(contract: Contract | None, columns: Sequence[str]) -> Shape:
    """The columns, key, time and mode of a table; without a contract every column is text and each file replaces."""
    if contract is None:
        return Shape(tuple((name, ColumnType.TEXT) for name in columns), (), Mode.REPLACE)
    mode = contract.mode if contract.key else Mode.REPLACE
    return Shape(tuple((c.name, c.type) for c in contract.columns), contract.key, mode, contract.time_column)


def stream_id(resource_id: str, table: str, contract: Contract | None) -> str:
    """The id of the succession of snapshots that a draft continues."""
    standard = (contract.name, str(contract.major)) if contract else ("", "0")
    return derived_id("stream", resource_id, table, *standard)


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
            heads = _heads(session, streams)
        with Workbench(store.folder) as bench:
            prepared = [
                _prepare(bench, store, draft, stream, heads.get(stream, _NOTHING))
                for draft, stream in zip(drafts, streams, strict=True)
            ]
        with writing(sessions) as session:
            counters.hold(session)
            if lease is not None:
                guard(session, lease)
            if _moved_on(session, prepared) or not all(p.file is None or store.has(p.file.sha256) for p in prepared):
                continue
            return _record(session, prepared, now)
    raise CommitConflict(resource=drafts[0].resource_id, attempts=_ATTEMPTS)


def _heads(session: Session, streams: Sequence[str]) -> dict[str, _Head]:
    parts = live_parts(session, streams)
    rows = session.execute(
        select(Stream.id, Stream.head_seq, Stream.identity, Stream.live_rows).where(Stream.id.in_(streams))
    )
    return {id_: _Head(seq, identity, live, parts.get(id_, ())) for id_, seq, identity, live in rows}


def live_parts(
    session: Session, streams: Sequence[str], upto: int | None = None
) -> dict[str, tuple[tuple[int, str], ...]]:
    """Of each stream the files that make up its rows (up to a commit): the last whole one, and what came after."""
    query = select(Snapshot.stream_id, Snapshot.seq, Snapshot.content_sha256, Snapshot.mode)
    query = query.where(Snapshot.stream_id.in_(streams)).order_by(Snapshot.stream_id, Snapshot.seq)
    if upto is not None:
        query = query.where(Snapshot.seq <= upto)
    out: dict[str, tuple[tuple[int, str], ...]] = {}
    for stream, rows in groupby(session.execute(query), lambda row: row.stream_id):
        parts: list[tuple[int, str]] = []
        for row in rows:
            if row.mode == Mode.REPLACE:
                parts.clear()
            parts.append((row.seq, row.content_sha256))
        out[stream] = tuple(parts)
    return out


def _prepare(bench: Workbench, store: SnapshotStore, draft: Draft, stream: str, head: _Head) -> _Prepared:
    if draft.held or draft.rows is None:
        return _Prepared(draft, stream, head.seq, live_rows=head.live_rows)
    contract = draft.contract
    shape = shape_of(contract, draft.columns)
    rows = bench.load(draft.rows, shape, resource=draft.resource_id, table=draft.table)
    standard = (contract.name, contract.version, contract.sha256) if contract else (None, None, None)
    identity = bench.identity(shape, *standard)
    same = _Prepared(draft, stream, head.seq, rows, identity, live_rows=head.live_rows)
    if head.identity == identity:
        return same
    difference = _difference(bench, store, same, shape, head)
    if shape.mode is Mode.UPSERT:
        if head.seq and difference.empty:
            return same
        live = head.live_rows + difference.added - difference.removed
    else:
        live = rows
    with store.draft() as path:
        bench.write(shape, path, mark=f"{stream}/{head.seq}")
        file = store.put(path, consume=True)
    return _Prepared(draft, stream, head.seq, rows, identity, file, difference, live)


def _difference(bench: Workbench, store: SnapshotStore, new: _Prepared, shape: Shape, head: _Head) -> Difference:
    try:
        files = [Before(store.verify(sha256), seq) for seq, sha256 in head.parts]
    except (SnapshotMissing, SnapshotDamaged):
        if shape.mode is Mode.UPSERT:
            raise
        return Difference(new.rows, 0, head.live_rows)  # a whole new table heals a damaged one; only the counts suffer
    bench.before(files, shape)
    # a row that was returned has not been removed at the source, and its key may be unreadable
    return bench.compare(shape, may_remove=new.draft.quarantine is None)


def _moved_on(session: Session, prepared: Sequence[_Prepared]) -> bool:
    """Whether another writer has committed to one of the streams since."""
    query = select(Stream.id, Stream.head_seq).where(Stream.id.in_([p.stream for p in prepared]))
    heads: dict[str, int] = {row.id: row.head_seq for row in session.execute(query)}
    return any(heads.get(p.stream, 0) != p.base for p in prepared)


def _record(session: Session, prepared: Sequence[_Prepared], now: datetime) -> tuple[Commit, ...]:
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
    for p in prepared:
        _remark(session, p, resources[p.draft.resource_id], seqs.get(p.stream), now)
    session.flush()
    _count_rows(session, [resources[p.draft.resource_id] for p in fresh])
    _finish_steps(session, prepared)
    outbox.emit(session, *(m for p in prepared if (m := _message(p, seqs.get(p.stream), resources))), now=now)
    return tuple(_outcome(p, seqs.get(p.stream)) for p in prepared)


def _advance(session: Session, p: _Prepared, seq: int, known: dict[str, Stream]) -> None:
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
        )
        session.add(stream)
    stream.head_seq, stream.identity, stream.live_rows, stream.superseded_seq = seq, p.identity, p.live_rows, None
    for other in known.values():
        if other.contract != stream.contract and other.superseded_seq is None:
            other.superseded_seq = seq


def _snapshot(p: _Prepared, seq: int, stamp: datetime, now: datetime) -> Snapshot:
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
        mode=shape_of(contract, draft.columns).mode.value,
        identity=p.identity,
        content_sha256=p.file.sha256,
        size=p.file.size,
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


def _remark(session: Session, p: _Prepared, resource: Resource, seq: int | None, now: datetime) -> None:
    """Bring the resource up to date and keep what the gate found, unless all of it is on record already."""
    draft = p.draft
    confirmed = seq if seq is not None else _standing(p)
    if draft.check is not None:
        checks.record(session, draft, confirmed, fresh=seq is not None, now=now)
    quarantine.replace(session, draft, confirmed, now=now)
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


def _standing(p: _Prepared) -> int | None:
    """The snapshot that an unchanged delivery confirms; a held one confirms none."""
    return (p.base or None) if p.identity else None


def _count_rows(session: Session, resources: Sequence[Resource]) -> None:
    query = (
        select(Stream.resource_id, func.sum(Stream.live_rows))
        .where(Stream.resource_id.in_([r.id for r in resources]), Stream.superseded_seq.is_(None))
        .group_by(Stream.resource_id)
    )
    rows = {id_: int(n) for id_, n in session.execute(query)}
    for resource in resources:
        resource.rows = rows.get(resource.id, 0)


def _finish_steps(session: Session, prepared: Sequence[_Prepared]) -> None:
    for run in {p.draft.run_id for p in prepared} - {None}:
        done = [p.draft.resource_id for p in prepared if p.draft.run_id == run]
        session.execute(delete(RunStep).where(RunStep.run_id == run, RunStep.key.in_(done)))


def _message(p: _Prepared, seq: int | None, resources: Mapping[str, Resource]) -> outbox.Message | None:
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


def _outcome(p: _Prepared, seq: int | None) -> Commit:
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
