"""Returns that were overdue at the end of a week, as the report shows them; the record is `catalog/returns.py`."""

from datetime import timedelta

from sqlalchemy.orm import Session

from catalog import returns
from quality.report.model import Return
from services.review.bounds import Bounds


def overdue(session: Session, within: Bounds) -> tuple[Return, ...]:
    """The returns whose day had passed on the report's last day, the longest awaited first."""
    last = within.until - timedelta(microseconds=1)
    return tuple(
        Return(
            member=one.member,
            title=one.title,
            producer=one.producer,
            rows=one.rows,
            since=one.since,
            due=one.due,
            state=one.state.value,
            number=one.case,
        )
        for one in returns.overdue(session, now=last, zone=within.zone)
    )
