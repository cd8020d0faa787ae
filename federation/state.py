"""How each source is doing: the mark of its last complete crawl, when it last answered, and which are stale."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import LumbungError
from federation.models import SourceState


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source of which nothing has been heard for too long; `last_ok` is None where it never answered."""

    source: str
    last_ok: datetime | None
    last_attempt: datetime
    last_error: dict[str, Any] | None


def state_of(session: Session, source: str) -> SourceState:
    """The source's row, made where there is none yet."""
    held = session.get(SourceState, source)
    if held is None:
        held = SourceState(
            source=source, mark=None, first_attempt=None, last_attempt=None, last_ok=None, last_error=None
        )
        session.add(held)
    return held


def attempted(session: Session, source: str, at: datetime) -> dict[str, Any] | None:
    """Write down that a crawl begins; the mark to hand to the connector."""
    state = state_of(session, source)
    state.first_attempt = state.first_attempt or at
    state.last_attempt = at
    return state.mark


def succeeded(session: Session, source: str, at: datetime, mark: dict[str, Any]) -> None:
    """Write down that everything the crawl found has been dealt with, so that the next may start from its mark."""
    state = state_of(session, source)
    state.first_attempt = state.first_attempt or at
    state.mark, state.last_ok, state.last_error = mark, at, None


def failed(session: Session, source: str, at: datetime, error: LumbungError) -> None:
    """Write down why the source's run failed; what was published of it stays."""
    state = state_of(session, source)
    state.first_attempt = state.first_attempt or at
    state.last_attempt = at
    state.last_error = error.as_dict() | {"at": at.isoformat()}


def stale_sources(
    session: Session, now: datetime, hours: float = 24.0, *, sources: Iterable[str] | None = None
) -> list[StaleSource]:
    """The sources that have not answered for more than so many hours, longest silence first.

    Args:
        sources: the ids that are configured now; a source that was removed raises no alert.
    """
    limit = now - timedelta(hours=hours)
    known = set(sources) if sources is not None else None
    found = []
    for state in session.scalars(select(SourceState)):
        since = state.last_ok or state.first_attempt
        if (
            since is None
            or state.last_attempt is None
            or since >= limit
            or (known is not None and state.source not in known)
        ):
            continue
        found.append((since, StaleSource(state.source, state.last_ok, state.last_attempt, state.last_error)))
    return [stale for _, stale in sorted(found, key=lambda pair: (pair[0], pair[1].source))]
