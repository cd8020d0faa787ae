"""Events: true exactly if their transaction is, delivered in order at least once."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core import outbox
from core.db import session_scope
from core.outbox import Event, Message, OutboxEvent

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Sessions = sessionmaker[Session]


def emit(sessions: Sessions, *keys: str, topic: str = "snapshot.committed") -> None:
    with session_scope(sessions, write=True) as session:
        outbox.emit(session, *(Message(topic, key, {"n": 1}) for key in keys), now=NOW)


def test_P10_an_event_of_a_transaction_that_was_rolled_back_never_happened(sessions: Sessions) -> None:
    with pytest.raises(ZeroDivisionError), session_scope(sessions, write=True) as session:
        outbox.emit(session, Message("t", "lost", {}), now=NOW)
        raise ZeroDivisionError
    emit(sessions, "kept")
    got: list[Event] = []
    assert outbox.deliver(sessions, "s", got.append) == 1
    assert [(e.id, e.key, e.payload, e.at) for e in got] == [(1, "kept", {"n": 1}, NOW)]


def test_P10_a_subscriber_that_dies_gets_the_event_again_and_then_the_rest_in_order(sessions: Sessions) -> None:
    emit(sessions, "a", "b", "c")
    got: list[str] = []

    def die_at_b(event: Event) -> None:
        got.append(event.key)
        if event.key == "b":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outbox.deliver(sessions, "s", die_at_b)
    assert outbox.deliver(sessions, "s", lambda e: got.append(e.key), batch=1) == 2
    assert got == ["a", "b", "b", "c"]
    assert outbox.deliver(sessions, "s", lambda e: got.append(e.key)) == 0


def test_P11_a_subscriber_that_was_gone_gets_what_it_missed_and_a_new_one_only_what_comes(sessions: Sessions) -> None:
    emit(sessions, "a")
    outbox.subscribe(sessions, "new")
    outbox.deliver(sessions, "old", lambda e: None)
    emit(sessions, "b", "c")
    for name in ("new", "old"):
        got: list[str] = []
        outbox.deliver(sessions, name, lambda e, got=got: got.append(e.key))  # type: ignore[misc]  # a default binds it
        assert got == ["b", "c"]
    outbox.subscribe(sessions, "old")
    assert outbox.deliver(sessions, "old", lambda e: None) == 0


def test_a_subscriber_to_one_topic_passes_over_the_others(sessions: Sessions) -> None:
    emit(sessions, "a", topic="run.finished")
    emit(sessions, "b")
    emit(sessions, "c", topic="run.finished")
    got: list[str] = []
    outbox.deliver(sessions, "s", lambda e: got.append(e.key), topics=frozenset({"snapshot.committed"}))
    assert got == ["b"]


def test_only_what_every_subscriber_has_had_is_pruned(sessions: Sessions) -> None:
    emit(sessions, "a", "b")
    outbox.deliver(sessions, "fast", lambda e: None)
    outbox.deliver(sessions, "slow", lambda e: None)
    emit(sessions, "c")
    outbox.deliver(sessions, "fast", lambda e: None)
    assert outbox.prune(sessions, before=NOW) == 0
    assert outbox.prune(sessions, before=NOW + timedelta(days=1)) == 2
    with sessions() as session:
        assert session.scalars(select(OutboxEvent.key)).all() == ["c"]
