"""What a commit of closed days notes in its own transaction, and when it is refused (docs/adr/0012)."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.drafts import Commit, Draft
from catalog.errors import CommitConflict
from catalog.models import Resource, Stream
from catalog.reading_models import Reading, ReadingCommit, ReadingDay, ReadingStream
from core import counters


def settle(session: Session, drafts: Sequence[Draft], commits: Sequence[Commit]) -> None:
    """Note in the commit's own transaction which days it has committed.

    Raises:
        CommitConflict: a day has changed since the draft was made; nothing is committed, and the draft is made anew.
    """
    for draft, commit in zip(drafts, commits, strict=True):
        made = draft.closing
        if made is None:
            continue
        for first, last in made.runs:
            days = (ReadingDay.stream_id == made.stream, ReadingDay.day.between(first, last))
            if (session.scalar(select(func.max(ReadingDay.changed_by)).where(*days)) or 0) > made.number:
                raise CommitConflict(resource=draft.resource_id, attempts=1)
            seq = commit.seq if commit.seq is not None else counters.current(session, counters.SNAPSHOT)
            closed = {"dirty": False, "closed_seq": func.coalesce(ReadingDay.closed_seq, seq)}
            session.execute(update(ReadingDay).where(*days).values(closed))
        if commit.seq is not None:
            runs = [[a.isoformat(), b.isoformat()] for a, b in made.runs]
            session.add(ReadingCommit(seq=commit.seq, stream_id=made.stream, delivery_id=made.number, runs=runs))
    _count_rows(session, {draft.resource_id for draft in drafts if draft.closing is not None})


def _count_rows(session: Session, resources: Collection[str]) -> None:
    """Bring the rows that some resources have up to date: those committed, and those of open days."""
    if not resources:
        return
    committed = (
        select(Stream.resource_id, func.sum(Stream.live_rows))
        .where(Stream.resource_id.in_(resources), Stream.superseded_seq.is_(None))
        .group_by(Stream.resource_id)
    )
    waiting = (
        select(ReadingStream.resource_id, func.count())
        .select_from(Reading)
        .join(ReadingDay, (ReadingDay.stream_id == Reading.stream_id) & (ReadingDay.day == Reading.day))
        .join(ReadingStream, ReadingStream.id == Reading.stream_id)
        .join(Stream, Stream.id == ReadingStream.stream)
        .where(ReadingStream.resource_id.in_(resources), Stream.superseded_seq.is_(None))
        .where(ReadingDay.closed_seq.is_(None), Reading.removed.is_(False))
        .group_by(ReadingStream.resource_id)
    )
    counts = dict.fromkeys(resources, 0)
    for query in (committed, waiting):
        for id_, rows in session.execute(query):
            counts[id_] += int(rows)
    for resource in session.scalars(select(Resource).where(Resource.id.in_(resources))):
        resource.rows = counts[resource.id]
