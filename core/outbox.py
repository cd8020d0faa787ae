"""The outbox: an event is written in the transaction that makes it true, and delivered afterwards.

At least once, in the order of commits, resuming where a subscriber stopped (P10, P11). What an event means, and
how it leaves the house (GraphQL subscriptions, webhooks), is left to its subscribers.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from core import counters
from core.db import Base, session_scope


class OutboxEvent(Base):
    """One thing that has happened."""

    __tablename__ = "outbox_event"

    id: Mapped[int] = mapped_column(counters.BigKey, primary_key=True, autoincrement=False)
    topic: Mapped[str] = mapped_column(String(80), index=True)
    key: Mapped[str] = mapped_column("event_key", String(120))
    payload: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(index=True)


class OutboxCursor(Base):
    """How far one subscriber has come."""

    __tablename__ = "outbox_cursor"

    subscriber: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_id: Mapped[int] = mapped_column(BigInteger, default=0)


@dataclass(frozen=True, slots=True)
class Event:
    """What a subscriber is handed; `id` lets it recognise one that it has had before."""

    id: int
    topic: str
    key: str
    payload: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """An event to write: its topic (`snapshot.committed`), the id of what it is about, and plain JSON values."""

    topic: str
    key: str
    payload: Mapping[str, Any]


def emit(session: Session, *messages: Message, now: datetime) -> None:
    """Write events into the caller's transaction: they exist exactly if it commits."""
    if not messages:
        return
    first, at = counters.take(session, counters.OUTBOX, now, len(messages))
    rows = [
        {"id": first + i, "topic": m.topic, "key": m.key, "payload": dict(m.payload), "at": at}
        for i, m in enumerate(messages)
    ]
    session.execute(insert(OutboxEvent), rows)


def deliver(
    sessions: sessionmaker[Session],
    subscriber: str,
    handler: Callable[[Event], None],
    *,
    topics: frozenset[str] | None = None,
    batch: int = 100,
) -> int:
    """Hand each event that the subscriber has not had yet to `handler`, in order; the number handed over.

    The cursor moves after the handler has returned, so a crash in between repeats that event. An error from the
    handler passes through, with the cursor before that event.
    """
    delivered = 0
    while True:
        with sessions() as session:
            last = session.scalar(select(OutboxCursor.last_id).where(OutboxCursor.subscriber == subscriber)) or 0
            rows = session.scalars(
                select(OutboxEvent).where(OutboxEvent.id > last).order_by(OutboxEvent.id).limit(batch)
            ).all()
        for row in rows:
            wanted = topics is None or row.topic in topics
            if wanted:
                handler(Event(row.id, row.topic, row.key, row.payload, row.at))
                delivered += 1
            if wanted or row is rows[-1]:
                _advance(sessions, subscriber, row.id)
        if len(rows) < batch:
            return delivered


@dataclass(frozen=True, slots=True)
class Since:
    """What has happened after an event: events, and the number that was looked through."""

    events: tuple[Event, ...]
    reached: int


def newest(session: Session) -> int:
    """The number of the newest event; 0 before the first."""
    return counters.current(session, counters.OUTBOX)


def since(session: Session, last: int, *, topics: Collection[str], most: int = 1_000) -> Since:
    """The events of some topics after `last`, in order, for listeners that keep no place of their own."""
    found = (
        select(OutboxEvent)
        .where(OutboxEvent.id > last, OutboxEvent.topic.in_(topics))
        .order_by(OutboxEvent.id)
        .limit(most)
    )
    reached = newest(session)
    events = tuple(Event(e.id, e.topic, e.key, e.payload, e.at) for e in session.scalars(found) if e.id <= reached)
    return Since(events, events[-1].id if len(events) >= most else reached)


def _advance(sessions: sessionmaker[Session], subscriber: str, last_id: int) -> None:
    with session_scope(sessions, write=True) as session:
        moved = session.execute(
            update(OutboxCursor)
            .where(OutboxCursor.subscriber == subscriber, OutboxCursor.last_id < last_id)
            .values(last_id=last_id)
        )
        known = getattr(moved, "rowcount", 0) or session.get(OutboxCursor, subscriber) is not None
        if not known:
            session.add(OutboxCursor(subscriber=subscriber, last_id=last_id))


def subscribe(sessions: sessionmaker[Session], subscriber: str) -> None:
    """Register a subscriber that wants only what happens from now on; one that is known keeps its place."""
    with session_scope(sessions, write=True) as session:
        if session.get(OutboxCursor, subscriber) is None:
            session.add(OutboxCursor(subscriber=subscriber, last_id=counters.current(session, counters.OUTBOX)))


def prune(sessions: sessionmaker[Session], *, before: datetime) -> int:
    """Delete events older than `before` that every subscriber has had; the number deleted."""
    with session_scope(sessions, write=True) as session:
        reached = session.scalar(select(func.min(OutboxCursor.last_id)))
        if reached is None:
            reached = counters.current(session, counters.OUTBOX)
        gone = session.execute(delete(OutboxEvent).where(OutboxEvent.id <= reached, OutboxEvent.at < before))
        return int(getattr(gone, "rowcount", 0))
