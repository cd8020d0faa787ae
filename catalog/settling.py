"""What a commit of closed days notes in its own transaction, and when it is refused (docs/adr/0012)."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.drafts import Commit, Draft
from catalog.errors import CommitConflict
from catalog.reading_models import ReadingCommit, ReadingDay
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
