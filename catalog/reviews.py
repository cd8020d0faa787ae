"""Questions for a person: asked once, answered once, with who and what."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from catalog.errors import ReviewUnknown
from catalog.models import ReviewItem, ReviewKind
from catalog.writing import writing
from core import audit
from core.access import Actor
from core.ids import new_id


def ask(
    session: Session,
    kind: ReviewKind,
    *,
    source: str,
    member: str,
    dataset_id: str | None,
    values: Mapping[str, Any],
    now: datetime,
) -> str:
    """Open a question in the caller's transaction; the id of the open one where it was asked before."""
    query = select(ReviewItem).where(
        ReviewItem.source == source,
        ReviewItem.kind == kind.value,
        ReviewItem.decided_at.is_(None),
        ReviewItem.dataset_id.is_(None) if dataset_id is None else ReviewItem.dataset_id == dataset_id,
    )
    item = session.scalar(query)
    if item is None:
        item = ReviewItem(
            id=new_id(), kind=kind.value, source=source, member=member, dataset_id=dataset_id, values={}, opened_at=now
        )
        session.add(item)
    item.values = dict(values)
    return item.id


def decide(sessions: sessionmaker[Session], review_id: str, decision: str, *, actor: Actor, now: datetime) -> None:
    """Close a question with the decision in words; what follows from it is done by whoever decides."""
    with writing(sessions) as session:
        item = session.get(ReviewItem, review_id)
        if item is None or item.decided_at is not None:
            raise ReviewUnknown(review=review_id)
        item.decided_at, item.decided_by, item.decision = now, actor.id, decision
        audit.record(session, actor, "review.decided", item.id, {"kind": item.kind, "decision": decision}, now=now)
