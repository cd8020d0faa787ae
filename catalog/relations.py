"""What readers get: the files that make up a contract's rows, or one unmapped dataset's, at one resolved commit.

A point in time is always a number of the sequence; a moment is turned into the newest commit at or before it.
How the rows are then asked is left to `core/rows.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, not_, select
from sqlalchemy.orm import Session, aliased

from catalog import open_days, row_files
from catalog.errors import AsOfUnknown, DatasetUnknown
from catalog.models import Dataset, Resource, Snapshot, Stream, Visibility
from catalog.preparing import shape_of
from catalog.query import visible
from catalog.store import SnapshotStore
from catalog.writing import batched
from core import counters
from core.access import Actor
from core.contract import ColumnType, Contract, Mode
from core.memo import remembered
from core.rows import Packed, Part, Relation

AsOf = int | datetime | None


class Onward(int):
    """The commit at which a listing of the present began, for its further pages."""


def resolve(session: Session, as_of: AsOf) -> int:
    """The commit that an as-of means: itself, the newest at or before a moment, or the newest of all.

    Raises:
        AsOfUnknown: a number that has not been given yet, or a negative one.
    """
    newest = counters.current(session, counters.SNAPSHOT)
    if as_of is None:
        return newest
    if isinstance(as_of, datetime):
        points: list[int] = []
        for model in (Snapshot, Visibility):
            found = session.scalar(
                select(model.seq)
                .where(model.committed_at <= as_of)
                .order_by(model.committed_at.desc(), model.seq.desc())
                .limit(1)
            )
            points.append(found or 0)
        return max(points)
    if not 0 <= as_of <= newest:
        raise AsOfUnknown(as_of=as_of, newest=newest)
    return as_of


def relation(
    session: Session, store: SnapshotStore, contract: Contract, as_of: AsOf = None, *, actor: Actor | None = None
) -> Relation:
    """A contract's rows of every resource, as they stood at a commit; files are verified once a process.

    Args:
        actor: whose question it is: files of datasets that it may not know of are no part of the answer, whatever
            the contract allows (a portal's private dataset under an open standard). None is the catalogue itself.

    Raises:
        AsOfUnknown, SnapshotMissing, SnapshotDamaged.
    """
    shape = shape_of(contract, ())
    standard = (contract.name, contract.major)

    def work_out() -> tuple[
        int, list[row_files.Active], tuple[Packed, ...], tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
    ]:
        seq = resolve(session, as_of)
        active = row_files.active(session, standard, seq)
        files = row_files.packed(store, active, shape, single=_single(session, standard))
        return seq, active, files, _exceptions(session, standard, seq, actor)

    key = ("relation", store, standard, shape, type(as_of), as_of, actor)
    seq, active, files, (hidden, moved) = remembered(session, key, work_out)
    for file in active:  # what the database says of them is remembered; that they are there and whole is not
        store.verify(file.sha256)
    # what is not committed is part of the present alone
    waiting = open_days.files(session, store, contract, seq) if as_of is None or isinstance(as_of, Onward) else ()
    return Relation(
        contract.name, shape.columns, shape.key, shape.mode, (), seq, files + waiting, hidden, moved, bool(waiting)
    )


def _single(session: Session, standard: tuple[str, int]) -> bool:
    """Whether no resource has two tables of a contract."""
    own = select(Stream.resource_id).where(Stream.contract == standard[0], Stream.major == standard[1])
    return session.scalar(own.group_by(Stream.resource_id).having(func.count() > 1).limit(1)) is None


def _exceptions(
    session: Session, standard: tuple[str, int], seq: int, actor: Actor | None
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The streams of a contract that an actor does not see at a commit, and those that name a member of before."""
    rival = aliased(Stream)
    own = (Stream.contract == standard[0], Stream.major == standard[1])
    same_table = (rival.resource_id == Stream.resource_id) & (rival.table == Stream.table)
    taken_over = exists().where(same_table, rival.contract.is_distinct_from(Stream.contract))
    left = exists().where(Visibility.dataset_id == Dataset.id)
    secret = not_(visible(actor)) if actor is not None else false()
    query = (
        select(Stream.id, Stream.member, Dataset.member)
        .join(Resource, Resource.id == Stream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(*own, taken_over | left | secret | Stream.member.is_distinct_from(Dataset.member))
    )
    odd = session.execute(query).all()
    if not odd:
        return (), ()
    live = live_streams(session, (*own, not_(secret), Stream.id.in_([id_ for id_, _, _ in odd])), seq)
    hidden = tuple(sorted(id_ for id_, _, _ in odd if id_ not in live))
    return hidden, tuple(sorted((id_, now) for id_, then, now in odd if then != now))


def text_relation(
    session: Session,
    store: SnapshotStore,
    *,
    dataset_id: str | None = None,
    resource_id: str | None = None,
    table: str | None = None,
    as_of: AsOf = None,
) -> Relation:
    """The rows of text of a dataset, or of one of its resources or tables, that no contract describes yet.

    Where a dataset's tables have different columns, the relation has all of them; case alone makes no difference.

    Raises:
        DatasetUnknown, AsOfUnknown, SnapshotMissing, SnapshotDamaged.
    """
    seq = resolve(session, as_of)
    where = Resource.id == resource_id if resource_id is not None else Dataset.id == dataset_id
    name = session.scalar(select(Dataset.name).join(Resource, isouter=True).where(where).limit(1))
    if name is None:
        raise DatasetUnknown(dataset=dataset_id or resource_id)
    wanted: list[ColumnElement[bool]] = [Stream.contract.is_(None), where]
    if table is not None:
        wanted.append(Stream.table == table)
    parts = _parts(session, store, wanted, seq)
    headers = session.scalars(
        select(Snapshot.columns).where(Snapshot.seq.in_([p.snapshot for p in parts])).order_by(Snapshot.seq)
    )
    columns: dict[str, str] = {}  # `Kode` of one file and `kode` of another are one column, as the first wrote it
    for header in headers:
        for column in header or ():
            columns.setdefault(column.casefold(), column)
    return Relation(name, tuple((c, ColumnType.TEXT) for c in columns.values()), (), Mode.REPLACE, parts, seq)


def _parts(session: Session, store: SnapshotStore, wanted: Sequence[ColumnElement[bool]], seq: int) -> tuple[Part, ...]:
    rows: list[Any] = []
    for some in batched(live_streams(session, wanted, seq).values()):
        query = (
            select(
                Snapshot.seq, Snapshot.content_sha256, Snapshot.fetched_at, Snapshot.verdict, Snapshot.resource_id,
                Dataset.id.label("dataset_id"), Dataset.member, Dataset.source,
            )
            .join(Resource, Resource.id == Snapshot.resource_id)
            .join(Dataset, Dataset.id == Resource.dataset_id)
        )  # fmt: skip
        rows += session.execute(query.where(Snapshot.seq.in_(some)))
    return tuple(
        Part(
            store.verify(row.content_sha256), row.seq, row.member, row.source, row.dataset_id, row.resource_id,
            row.fetched_at, row.verdict,
        )
        for row in sorted(rows, key=lambda row: int(row.seq))
    )  # fmt: skip


def live_streams(session: Session, wanted: Sequence[ColumnElement[bool]], seq: int) -> dict[str, int]:
    """The wanted streams that readers see at a commit, each with its newest snapshot then."""
    rival = aliased(Stream)
    query = (
        select(Stream.id, Stream.resource_id, Stream.table, Stream.head_seq, Resource.dataset_id)
        .join(Resource, Resource.id == Stream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(*wanted)
    )
    streams = session.execute(query).all()
    same_table = (rival.resource_id == Stream.resource_id) & (rival.table == Stream.table)
    rivals = session.execute(
        select(rival.id, rival.resource_id, rival.table, rival.head_seq)
        .select_from(Stream)
        .join(Resource, Resource.id == Stream.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .join(rival, same_table & rival.contract.is_distinct_from(Stream.contract))
        .where(*wanted)
    ).all()
    newest = {row.id: row.head_seq for row in (*streams, *rivals) if row.head_seq <= seq}
    newest |= _newest_then(session, [row.id for row in (*streams, *rivals) if row.head_seq > seq], seq)
    taken_over: dict[tuple[str, str], int] = {}
    for row in rivals:
        key = (row.resource_id, row.table)
        taken_over[key] = max(newest.get(row.id, 0), taken_over.get(key, 0))
    hidden = _hidden(session, {row.dataset_id for row in streams}, seq)
    return {
        row.id: newest[row.id]
        for row in streams
        if newest.get(row.id, 0) > taken_over.get((row.resource_id, row.table), 0)
        and (row.dataset_id, None) not in hidden
        and (row.dataset_id, row.resource_id) not in hidden
    }


def _newest_then(session: Session, streams: Sequence[str], seq: int) -> dict[str, int]:
    out: dict[str, int] = {}
    for some in batched(streams):
        query = select(Snapshot.stream_id, func.max(Snapshot.seq))
        query = query.where(Snapshot.stream_id.in_(some), Snapshot.seq <= seq).group_by(Snapshot.stream_id)
        out |= {id_: int(number) for id_, number in session.execute(query)}
    return out


def _hidden(session: Session, datasets: Iterable[str], seq: int) -> set[tuple[str, str | None]]:
    """The datasets (and single resources) that were withdrawn at a commit."""
    last: dict[tuple[str, str | None], bool] = {}
    for some in batched(datasets):
        query = select(Visibility.dataset_id, Visibility.resource_id, Visibility.visible)
        query = query.where(Visibility.dataset_id.in_(some), Visibility.seq <= seq).order_by(Visibility.seq)
        last |= {(dataset, resource): visible for dataset, resource, visible in session.execute(query)}
    return {what for what, visible in last.items() if not visible}
