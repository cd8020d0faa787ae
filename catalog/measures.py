"""Counts of weeks that are over: one record a dataset and week, written once, so that the past is never told anew.

Wider subjects are sums of these records and are not kept. 35 members with 17 datasets each make 31,000 records a year,
514 members 455,000; after three years they are removed. What is counted is `services/review/measure.py`'s matter.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, String, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from catalog.writing import writing
from core import counters
from core.db import Base

#: So many weeks are kept.
KEPT_WEEKS = 157


class MeasureRecord(Base):
    """What was counted of one dataset at the end of one week.

    Attributes:
        week: year * 100 + number, of ISO 8601.
        source, member, producer: whose it was then.
        counts: dimension to [passed, measured], and how many of the failed a person said are right where any are;
            what was not measured is absent.
        gates: gate to true, false, or null where it could not be judged; null where the description of that week was
            not there any more when it was closed, as are the points.
    """

    __tablename__ = "measure"

    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    dataset_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    member: Mapped[str] = mapped_column(String(60))
    producer: Mapped[str | None] = mapped_column(String(200))
    counts: Mapped[dict[str, Any]]
    gates: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    mqa: Mapped[int | None]


class MeasuredWeek(Base):
    """A week that is closed, whether anything was counted in it or not."""

    __tablename__ = "measured_week"

    week: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    closed_at: Mapped[datetime]


def closed(session: Session, weeks: Iterable[int]) -> frozenset[int]:
    """Those of some weeks that are closed."""
    return frozenset(session.scalars(select(MeasuredWeek.week).where(MeasuredWeek.week.in_(list(weeks)))))


def weeks(session: Session, weeks: Iterable[int], *, member: str | None = None) -> dict[int, list[MeasureRecord]]:
    """The records of some closed weeks, of one member or of all, by week and dataset; a closed week may have none."""
    wanted = closed(session, weeks)
    query = select(MeasureRecord).where(MeasureRecord.week.in_(sorted(wanted)))
    if member is not None:
        query = query.where(MeasureRecord.member == member)
    found: dict[int, list[MeasureRecord]] = {week: [] for week in sorted(wanted)}
    for record in session.scalars(query.order_by(MeasureRecord.week, MeasureRecord.dataset_id)):
        found[record.week].append(record)
    return found


def close(
    sessions: sessionmaker[Session], week: int, records: Sequence[MeasureRecord], *, oldest: int, now: datetime
) -> bool:
    """Close a week with its records and remove what is older than `oldest`; false where it was closed already."""
    with writing(sessions) as session:
        counters.hold(session)  # another process may be closing it
        if closed(session, [week]):
            return False
        session.add(MeasuredWeek(week=week, closed_at=now))
        if records:
            columns = MeasureRecord.__table__.columns.keys()
            session.execute(insert(MeasureRecord), [{c: getattr(r, c) for c in columns} for r in records])
        session.execute(delete(MeasureRecord).where(MeasureRecord.week < oldest))
        session.execute(delete(MeasuredWeek).where(MeasuredWeek.week < oldest))
    return True
