"""How the sources did within a week: which could not be asked, why and since when; and which rules are set aside."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Run, RunState
from federation.member import SourceConfig
from quality.report.model import Exemption, SourceDown
from services.review.bounds import Bounds
from services.review.deliveries import plain

_WELL = (RunState.OK.value, RunState.PARTIAL.value)
#: Exceptions that end so soon after the week are shown as ending.
SOON = timedelta(days=14)


def unreachable(
    session: Session, sources: Iterable[SourceConfig], within: Bounds, stale_hours: float
) -> tuple[SourceDown, ...]:
    """The sources whose newest run failed, that were long not asked, or never; longest down first.

    The code is that of the run's error, or `STALE` or `NEVER`.
    """
    last, well = _newest(session, within.until), _newest(session, within.until, _WELL)
    began = session.scalar(select(func.min(Run.started)))
    whole_week = began is not None and began < within.since  # before that no source could have been asked
    failed: Counter[str] = Counter()
    since: dict[str, datetime] = {}
    query = select(Run.source, Run.ended).where(Run.ended < within.until, Run.state.not_in(_WELL)).order_by(Run.ended)
    for name, ended in session.execute(query):
        assert ended is not None
        failed[name] += ended >= within.since
        if name not in well or ended > well[name].ended:
            since.setdefault(name, ended)
    out: list[SourceDown] = []
    for source in sources:
        run, ok = last.get(source.id), well.get(source.id)
        code, values = _state(run, ok, within, stale_hours if whole_week else None)
        if code is not None:
            out.append(
                SourceDown(
                    source=source.id,
                    member=source.member,
                    code=code,
                    values=plain(values),
                    since=since.get(source.id),
                    last_ok=ok.ended if ok is not None else None,
                    runs=failed[source.id],
                )
            )
    return tuple(sorted(out, key=lambda s: (s.since is None, s.since, s.member, s.source)))


def _state(run: Any, ok: Any, within: Bounds, stale_hours: float | None) -> tuple[str | None, dict[str, Any]]:
    if run is None:
        return (None, {}) if stale_hours is None else ("NEVER", {})
    if run.state not in _WELL:
        error = run.error or {}
        return str(error.get("code", "RUN_CRASHED")), dict(error.get("values", {}))
    if stale_hours is not None and ok is not None and within.until - ok.ended > timedelta(hours=stale_hours):
        return "STALE", {}
    return None, {}


def _newest(session: Session, until: datetime, states: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Each source's newest run that had ended before a moment."""
    ended = select(Run.source, func.max(Run.ended).label("ended")).where(Run.ended < until)
    if states is not None:
        ended = ended.where(Run.state.in_(states))
    latest = ended.group_by(Run.source).subquery()
    query = select(Run.source, Run.ended, Run.state, Run.error).join(
        latest, (latest.c.source == Run.source) & (latest.c.ended == Run.ended)
    )
    return {row.source: row for row in session.execute(query.order_by(Run.id))}


def exemptions(sources: Iterable[SourceConfig], within: Bounds) -> tuple[Exemption, ...]:
    """The exceptions in force on the report's last day, and those that ran out within the week."""
    monday = within.since.astimezone(within.zone).date()
    today = (within.until - timedelta(microseconds=1)).astimezone(within.zone).date()
    return tuple(
        Exemption(source.id, source.member, a.what.value, a.value, a.by, a.reason, a.until, expired=a.until < today)
        for source in sources
        for a in source.allow
        if a.until >= monday
    )
