"""The limits of one weekly report: moments of the province's week, commits and audit entries that lie before its end.

Everything that a report says is asked within these limits, so that it says the same whenever it is made again.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Snapshot, Visibility
from core.audit import Anchor, AuditEntry
from quality.score import Week
from services.review.measure import SETTLED

_GENESIS = Anchor(0, "0" * 64)


@dataclass(frozen=True, slots=True)
class Bounds:
    """One week of a catalogue.

    Attributes:
        since, until: the week's first moment, and the first that does not count any more: the week's end, or, while
            the week runs, the moment at which it was asked.
        preliminary: the week runs still, or its measures have not settled yet.
        seq_before, seq: the newest commits before `since` and before `until`; 0 before the first.
        anchor: the newest entry of the audit before `until`.
    """

    week: Week
    zone: ZoneInfo
    since: datetime
    until: datetime
    preliminary: bool
    seq_before: int
    seq: int
    anchor: Anchor

    @property
    def first(self) -> bool:
        """Whether nothing was committed before this week."""
        return self.seq_before == 0


def bounds(session: Session, week: Week, zone: ZoneInfo, *, now: datetime) -> Bounds:
    """The limits of a week's report as they stand at `now`; of a week that has ended they never change."""
    since, end = week.bounds(zone)
    until = max(since, min(end, now))
    return Bounds(
        week,
        zone,
        since,
        until,
        now < end + SETTLED,
        _newest(session, since),
        _newest(session, until),
        _anchor(session, until),
    )


def _newest(session: Session, before: datetime) -> int:
    """The newest number of the catalogue's sequence that was given before a moment."""
    models = (Snapshot, Visibility)
    points = (session.scalar(select(func.max(model.seq)).where(model.committed_at < before)) for model in models)
    return max(point or 0 for point in points)


def _anchor(session: Session, before: datetime) -> Anchor:
    query = select(AuditEntry.id, AuditEntry.hash).where(AuditEntry.at < before).order_by(AuditEntry.id.desc()).limit(1)
    found = session.execute(query).first()
    return _GENESIS if found is None else Anchor(found.id, found.hash)


def default_week(session: Session, zone: ZoneInfo, *, now: datetime) -> Week:
    """The last week that has ended; while the catalogue's first week runs, that one."""
    running = Week.of(now, zone)
    began = session.scalar(select(func.min(Snapshot.committed_at)))
    return running if began is not None and Week.of(began, zone) == running else running.back(1)
