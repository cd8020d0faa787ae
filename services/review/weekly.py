"""Gathers one week of the province for the report: from runs, checks, commits, quarantine, questions and people.

Everything is asked within `services/review/bounds.py`. How the report looks is `quality/report`; issuing it, deciding
and signing are `services/review/issuing.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Dataset
from catalog.writing import reading
from core.clock import zone
from core.duck import Duck
from federation.member import Member
from quality.report.model import Finding, Item, MatrixRow, MemberPage, Report, Return, Series, Totals, Unchecked
from quality.report.ranking import ranked
from quality.score import Level, Week
from services.granary import Granary
from services.review import changes, deliveries, matters, measure, reported, sources
from services.review.bounds import Bounds, bounds, default_week
from services.review.issuing import outcomes
from services.review.matrix import matrix
from services.review.returned import overdue

_NOTHING = Totals()
_LEVELS = (Level.PROVINCE, Level.MEMBER, Level.PRODUCER, Level.DATASET)


@dataclass(frozen=True, slots=True)
class Looks:
    """What looks beyond one delivery have found for a week; what is not measured stays empty."""

    matrix: tuple[MatrixRow, ...] = ()
    returns: tuple[Return, ...] = ()
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    scores: tuple[Series, ...] = ()


def weekly(granary: Granary, week: Week | None = None, *, now: datetime | None = None) -> Report:
    """The report of a week; without one, of the last that has ended (or of the catalogue's first, while that runs).

    The same catalogue gives the same report of a week that has ended, whenever it is asked.
    """
    at = now or granary.clock()
    measure.close_weeks(granary, now=at)  # what is over is written down before it is told
    here = zone(granary.settings.timezone)
    duck = Duck([granary.settings.folder("snapshots")], size=1, memory=granary.settings.query_memory)
    try:
        with reading(granary.sessions) as session:
            within = bounds(session, week or default_week(session, here, now=at), here, now=at)
            return _gather(granary, session, duck, within)
    finally:
        duck.close()


def _gather(granary: Granary, session: Session, duck: Duck, within: Bounds) -> Report:
    registry, contracts, settings = granary.registry, granary.contracts, granary.settings
    waiting = deliveries.held(session, contracts, within)
    rejected = deliveries.rejected(session, within)
    down = sources.unreachable(session, registry.sources, within, settings.stale_hours)
    exempt = sources.exemptions(registry.sources, within)
    looks = look(granary, session, within)
    number = {m.code: len(m.sources) for m in registry.members}
    now = deliveries.totals(session, within.since, within.until, within.seq, number)
    a_week = timedelta(days=7)
    before = deliveries.totals(session, within.since - a_week, within.since, within.seq_before, number)
    items = ranked([
        *matters.held(waiting),
        *matters.reviews(session, within),
        *matters.unreachable(down, within),
        *matters.exemptions(exempt, within),
        *matters.rejected(rejected, {member: found.rows for member, found in now.items()}, waiting),
        *matters.overdue(looks.returns, within),
        *matters.findings(looks.findings),
        *matters.listed(looks.matrix),
    ])  # fmt: skip
    now = _with_down(now, [one.member for one in down])
    regions, code = granary.regions, settings.province
    return Report(
        week=within.week,
        province=settings.province,
        province_name=regions.region(code).name if regions.known(code) else code,
        service=settings.service_name,
        zone=settings.timezone,
        since=within.since,
        until=within.until.replace(second=0, microsecond=0),
        preliminary=within.preliminary,
        first=within.first,
        seq_before=within.seq_before,
        seq=within.seq,
        anchor=(within.anchor.id, within.anchor.hash),
        totals=deliveries.summed(now.values()),
        before=deliveries.summed(before.values()),
        items=items,
        outcomes=outcomes(session, within, items),
        changes=changes.changes(session, granary.store, duck, contracts, within),
        matrix=looks.matrix,
        returns=looks.returns,
        standards=changes.standards(session, contracts, within),
        unreachable=down,
        exemptions=exempt,
        accepted=deliveries.accepted(session, within),
        stops=deliveries.stops(session, within, waiting),
        held=tuple(one.shown for one in waiting),
        rejected=rejected,
        findings=looks.findings,
        unchecked=looks.unchecked,
        scores=looks.scores,
        members=_pages(registry.members, now, before, items),
    )


def look(granary: Granary, session: Session, within: Bounds) -> Looks:
    """What was measured and found beyond single deliveries."""
    lines = matrix(granary, session, now=within.until)
    return Looks(
        matrix=tuple(line.row for line in lines),
        returns=overdue(session, within),
        findings=reported.found(session, granary.contracts, within.until),
        unchecked=reported.unchecked(session, granary.contracts, within.until),
        scores=_scores(granary, session, within),
    )


def _scores(granary: Granary, session: Session, within: Bounds) -> tuple[Series, ...]:
    """Scores over the weeks of the province, its members and their dinas; of datasets those of this week alone."""
    found = measure.series(granary, session, within.week, now=within.until, levels=_LEVELS)
    owners = {row.id: row.member for row in session.execute(select(Dataset.id, Dataset.member))}
    out: list[Series] = []
    for one in found:
        match one.level:
            case Level.DATASET.value:
                out.append(replace(one, cards=one.cards[-1:], member=owners.get(one.id)))
            case Level.PRODUCER.value:
                out.append(replace(one, member=one.id.partition("/")[0]))
            case Level.MEMBER.value:
                out.append(replace(one, member=one.id))
            case _:
                out.append(one)
    return tuple(out)


def _with_down(totals: Mapping[str, Totals], down: Sequence[str]) -> dict[str, Totals]:
    out = dict(totals)
    for member in set(down):
        out[member] = replace(out.get(member, _NOTHING), sources_down=down.count(member))
    return out


def _pages(
    members: Sequence[Member], now: Mapping[str, Totals], before: Mapping[str, Totals], items: Sequence[Item]
) -> tuple[MemberPage, ...]:
    """A page for each member that has a source, or about which there is something to say."""
    named = {item.member for item in items}
    return tuple(
        MemberPage(
            code=member.code,
            name=member.name,
            totals=now.get(member.code, _NOTHING),
            before=before.get(member.code, _NOTHING),
            contact=member.contact.name,
        )
        for member in members
        if member.sources or member.code in named or now.get(member.code, _NOTHING).datasets
    )
