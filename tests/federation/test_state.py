"""How sources are doing: marks move only on success, and a source silent for more than a day is named."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from core.db import session_scope
from federation.errors import SourceUnreachable
from federation.state import attempted, failed, stale_sources, state_of, succeeded

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def hours(n: float) -> datetime:
    return NOW - timedelta(hours=n)


def test_a_mark_moves_only_when_everything_was_dealt_with(sessions: sessionmaker[Session]) -> None:
    with session_scope(sessions, write=True) as session:
        assert attempted(session, "s", hours(2)) is None
        succeeded(session, "s", hours(2), {"count": 3})
    with session_scope(sessions, write=True) as session:
        assert attempted(session, "s", hours(1)) == {"count": 3}
        failed(session, "s", hours(1), SourceUnreachable(source="s", host="h", reason="dns"))
    with session_scope(sessions) as session:
        state = state_of(session, "s")
        assert state.mark == {"count": 3} and state.last_ok == hours(2) and state.last_attempt == hours(1)
        assert state.last_error is not None and state.last_error["code"] == "SOURCE_UNREACHABLE"


def test_sources_that_are_silent_for_more_than_a_day_are_named_longest_first(sessions: sessionmaker[Session]) -> None:
    error = SourceUnreachable(source="s", host="h", reason="dns")
    with session_scope(sessions, write=True) as session:
        succeeded(session, "fine", hours(23), {})
        attempted(session, "fine", hours(23))
        attempted(session, "late", hours(30))
        succeeded(session, "late", hours(30), {})
        attempted(session, "never", hours(50))
        failed(session, "never", hours(1), error)
        attempted(session, "new", hours(3))
        failed(session, "new", hours(3), error)
        attempted(session, "removed", hours(99))
    with session_scope(sessions) as session:
        stale = stale_sources(session, NOW, sources=["fine", "late", "never", "new"])
        assert [s.source for s in stale] == ["never", "late"]
        assert stale[0].last_ok is None and stale[0].last_error is not None
        assert [s.source for s in stale_sources(session, NOW, hours=20)] == ["removed", "never", "late", "fine"]
