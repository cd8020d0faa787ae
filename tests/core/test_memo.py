"""What is remembered is what the database says: no commit, no rolled back write and no other question is missed."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from core import counters
from core.counters import Counter
from core.db import session_scope
from core.memo import remembered


class Asked:
    """A question with an answer in the database, and how often it was worked out."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, session: Session, key: str = "q") -> int:
        def work_out() -> int:
            self.times += 1
            return counters.current(session, counters.OUTBOX)

        return remembered(session, key, work_out)


def put(session: Session, value: int) -> None:
    session.execute(update(Counter).where(Counter.name == counters.OUTBOX).values(value=value))


def test_an_answer_is_worked_out_once_while_nothing_is_committed(sessions: sessionmaker[Session]) -> None:
    ask = Asked()
    for _ in range(3):
        with sessions() as session:
            assert ask(session) == 0
    assert ask.times == 1
    with sessions() as session:
        assert ask(session, "another question") == 0
    assert ask.times == 2


def test_what_anybody_commits_is_seen_at_once(sessions: sessionmaker[Session]) -> None:
    ask = Asked()
    for value in range(1, 4):
        with sessions() as session:
            ask(session)
        with sessions() as reader:  # it holds a connection, so that the writer takes another
            reader.connection()
            with session_scope(sessions, write=True) as session:
                put(session, value)
        with sessions() as session:
            assert ask(session) == value
        with session_scope(sessions, write=True) as session:
            put(session, value * 10)
        with sessions() as session:
            assert ask(session) == value * 10


def test_what_a_transaction_has_written_and_takes_back_is_never_remembered(sessions: sessionmaker[Session]) -> None:
    ask = Asked()

    class Undone(Exception):
        pass

    with sessions() as session:
        assert ask(session) == 0
    with pytest.raises(Undone), session_scope(sessions, write=True) as session:
        put(session, 7)
        assert ask(session) == 7
        raise Undone
    with sessions() as session:
        assert ask(session) == 0


def test_what_is_not_yet_flushed_is_not_overlooked(sessions: sessionmaker[Session]) -> None:
    ask = Asked()
    with session_scope(sessions, write=True) as session:
        assert ask(session) == 0
        session.get_one(Counter, counters.OUTBOX).value = 3
        assert ask(session) == 3
    with sessions() as session:
        assert ask(session) == 3
