"""A weekly report's life after it is made: issued, its items decided, signed; and what became of the decisions.

What stands on record is `catalog/resolutions.py`. Where the hub itself can do what was decided (a held delivery
accepted or refused, a column's style stated, a crawl's question closed), it is done in the same breath.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalog import findings, holds, questions, resolutions, reviews
from catalog.resolutions import Issued, Resolution, Signature
from catalog.writing import reading, writing
from core.access import SYSTEM, Actor
from quality.report.model import Item, Kind, Outcome, Report
from quality.report.plain import item_record
from quality.score import Week
from services.granary import Granary
from services.review.bounds import Bounds

#: Decisions whose matter still stands are shown for so many weeks.
_REMEMBERED = timedelta(weeks=8)
_REVIEWS = frozenset({Kind.EMPTY_SOURCE, Kind.MANY_MISSING, Kind.ID_REUSED, Kind.MAPPING})


def issue(granary: Granary, report: Report, digest: str) -> Issued:
    """Put a report on record with the decisions that it asks for; the standing edition where nothing has changed."""
    with writing(granary.sessions) as session:
        return resolutions.issue(
            session,
            str(report.week),
            digest=digest,
            until=report.until,
            items=[item_record(item) for item in report.items],
            actor=SYSTEM,
            now=granary.clock(),
        )


def decide(granary: Granary, name: str, decision: str, *, reason: str, actor: Actor) -> tuple[Resolution, bool]:
    """Decide about an item of a report, by a named person; whether the hub has carried the decision out.

    Raises:
        ReportItemUnknown, DecisionInvalid, ReasonMissing: it cannot be decided so.
        HoldStands, HoldUnknown, QuestionUnknown, ReviewUnknown, FindingUnknown: it cannot be carried out (any more).
    """
    with reading(granary.sessions) as session:
        item, week = resolutions.find_item(session, name, actor)
    resolutions.check(item, decision, reason)  # before anything is done
    done = _carry_out(granary, item, decision, reason=reason, actor=actor)
    with writing(granary.sessions) as session:
        said = resolutions.resolve(session, item, week, decision, reason=reason, actor=actor, now=granary.clock())
    return said, done


def _carry_out(granary: Granary, item: Mapping[str, Any], decision: str, *, reason: str, actor: Actor) -> bool:
    kind, values = Kind(item["kind"]), item["values"]
    now = granary.clock()
    if kind is Kind.HELD and decision in ("release", "refuse"):
        meant = holds.Decision.RELEASED if decision == "release" else holds.Decision.REFUSED
        holds.decide(
            granary.sessions, granary.contracts, values["name"], meant, reason=reason, actor=actor, now=now,
            sha256=values.get("sha256", ""),
        )  # fmt: skip
        return True
    if kind is Kind.QUESTION and decision != "defer":
        questions.answer(
            granary.sessions, values["resource"], values["key"], decision, reason=reason, actor=actor, now=now
        )
        return True
    if kind in _REVIEWS and decision in ("keep", "accept_new"):
        reviews.decide(granary.sessions, values["review"], f"{decision}: {reason}", actor=actor, now=now)
        return True
    if kind is Kind.FINDING and decision == "accept":
        findings.accept(granary.sessions, values["finding"], reason=reason, actor=actor, now=now)
        return True
    return False


def sign(granary: Granary, week: Week, *, actor: Actor, sha256: str = "", note: str = "") -> Signature:
    """Sign the newest edition of a week's report; see `catalog/resolutions.py`."""
    with writing(granary.sessions) as session:
        return resolutions.sign(session, str(week), sha256=sha256, note=note, actor=actor, now=granary.clock())


def outcomes(session: Session, within: Bounds, items: Iterable[Item]) -> tuple[Outcome, ...]:
    """What became of the decisions asked for before: decided within this week, undecided, or not yet done."""
    standing = {item.id for item in items}
    out: dict[str, Outcome] = {}
    for said in resolutions.resolutions(session, since=within.since - _REMEMBERED, before=within.until):
        id_ = str(said.item["id"])
        if said.at >= within.since or id_ in standing:
            out[id_] = _outcome(said.item, said.week, standing, said)
    last = resolutions.issued(session, str(within.week.back(1)), before=within.until)
    for item in last.items if last is not None else ():
        out.setdefault(str(item["id"]), _outcome(item, str(within.week.back(1)), standing))
    return tuple(sorted(out.values(), key=_order))


def _outcome(item: Mapping[str, Any], week: str, standing: set[str], said: Resolution | None = None) -> Outcome:
    return Outcome(
        id=str(item["id"]),
        kind=Kind(item["kind"]),
        member=item["member"],
        subject=item["subject"],
        week=Week.parse(week),
        open=item["id"] in standing,
        decision=said.decision if said else None,
        by=said.by if said else None,
        reason=said.reason if said else None,
        at=said.at if said else None,
    )


def _order(outcome: Outcome) -> tuple[bool, bool, datetime | str, str]:
    """Decided ones first in the order of their decisions, then what nobody decided and stands."""
    return outcome.at is None, not outcome.open, outcome.at.isoformat() if outcome.at else "", outcome.id


def decided(granary: Granary) -> Iterator[Resolution]:
    """Every decision on record, oldest first."""
    with reading(granary.sessions) as session:
        yield from resolutions.resolutions(session)
