"""What stands on record about weekly reports: which were issued, what was decided about their items, who signed.

All of it is entries of the audit (`core/audit.py`) and nothing else, so that its chain of hashes detects every later
change, and no table can say otherwise. What a report holds is `quality/report`'s; a week is its ISO name, `2026-W47`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from catalog.errors import ReasonMissing
from catalog.resolution_errors import DecisionInvalid, ReportItemUnknown, ReportNotIssued, SignerRefused
from core import audit
from core.access import Actor, Role
from core.audit import AuditEntry

ISSUED, DECIDED, SIGNED = "report.issued", "report.decided", "report.signed"
_SIGNERS = frozenset({Role.REVIEWER, Role.COORDINATOR, Role.ADMIN})
_PREFIX = 4  # so many letters of an item's id name it


@dataclass(frozen=True, slots=True)
class Issued:
    """One edition of a week's report.

    Attributes:
        digest: sha256 of the report's JSON.
        until: the moment up to which it speaks, as ISO text.
        items: every decision it asks for: id, kind, member, subject, values, options.
        entry, hash: its place in the audit's chain.
    """

    week: str
    edition: int
    digest: str
    until: str
    items: tuple[Mapping[str, Any], ...]
    at: datetime
    entry: int
    hash: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a named person decided about an item, with the reason in that person's words."""

    item: Mapping[str, Any]
    week: str
    decision: str
    reason: str
    by: str
    at: datetime
    entry: int


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which edition of a report, and the end of the audit's chain then."""

    week: str
    edition: int
    digest: str
    by: str
    note: str
    at: datetime
    entry: int
    hash: str


def _entries(action: str, about: str | None = None, before: datetime | None = None) -> Select[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.action == action)
    if about is not None:
        query = query.where(AuditEntry.object == about)
    return query if before is None else query.where(AuditEntry.at < before)


def _issued(entry: AuditEntry) -> Issued:
    said = entry.values
    return Issued(
        entry.object,
        said["edition"],
        said["digest"],
        said["until"],
        tuple(said["items"]),
        entry.at,
        entry.id,
        entry.hash,
    )


def issued(session: Session, week: str, *, before: datetime | None = None) -> Issued | None:
    """The newest edition of a week's report that was issued before a moment, or None."""
    entry = session.scalar(_entries(ISSUED, week, before).order_by(AuditEntry.id.desc()).limit(1))
    return None if entry is None else _issued(entry)


def issue(
    session: Session,
    week: str,
    *,
    digest: str,
    until: datetime,
    items: Sequence[Mapping[str, Any]],
    actor: Actor,
    now: datetime,
) -> Issued:
    """Put a report on record in the caller's transaction; the edition that stands where it is the same."""
    last = issued(session, week)
    if last is not None and last.digest == digest:
        return last
    edition = 1 if last is None else last.edition + 1
    said = {"edition": edition, "digest": digest, "until": until.isoformat(), "items": list(items)}
    audit.record(session, actor, ISSUED, week, said, now=now)
    made = issued(session, week)
    assert made is not None
    return made


def find_item(session: Session, name: str, actor: Actor) -> tuple[Mapping[str, Any], str]:
    """The one item that an id, or the beginning of one, means in the newest report that asks about it; and its week.

    Raises:
        ReportItemUnknown: none is called so, several are, or the actor has no say about it.
    """
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for entry in session.scalars(_entries(ISSUED).order_by(AuditEntry.id.desc()).execution_options(yield_per=20)):
        for item in entry.values["items"]:
            id_ = str(item["id"])
            if id_ == name or (len(name) >= _PREFIX and id_.startswith(name)):
                found.setdefault(id_, (item, entry.object))
        if name in found or len(found) == 1:
            break
    chosen = found.get(name) or (next(iter(found.values())) if len(found) == 1 else None)
    if chosen is None or not may_decide(actor, chosen[0].get("member")):
        raise ReportItemUnknown(item=name)
    return chosen


def may_decide(actor: Actor, member: object) -> bool:
    """Reviewers and coordinators decide about every member's matters, a steward about its own government's."""
    return bool(actor.roles & _SIGNERS) or (Role.STEWARD in actor.roles and actor.member == member)


def check(item: Mapping[str, Any], decision: str, reason: str) -> None:
    """Refuse what `resolve` would refuse.

    Raises:
        DecisionInvalid: none of the item's options. ReasonMissing: nothing was given as reason.
    """
    if decision not in item["options"]:
        raise DecisionInvalid(item=item["id"], decision=decision, options=", ".join(item["options"]))
    if not reason.strip():
        raise ReasonMissing(name=item["id"])


def resolve(
    session: Session,
    item: Mapping[str, Any],
    week: str,
    decision: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Resolution:
    """Put a decision about an item on record in the caller's transaction; refused as `check` says."""
    check(item, decision, reason)
    said = {"week": week, "decision": decision, "reason": reason.strip(), "item": dict(item)}
    audit.record(session, actor, DECIDED, str(item["id"]), said, now=now)
    return Resolution(item, week, decision, reason.strip(), actor.name, now, audit.anchor(session).id)


def resolutions(session: Session, *, since: datetime | None = None, before: datetime | None = None) -> list[Resolution]:
    """What was decided within some time, oldest first."""
    query = _entries(DECIDED, before=before)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return [
        Resolution(
            e.values["item"], e.values["week"], e.values["decision"], e.values["reason"], e.actor_name, e.at, e.id
        )
        for e in session.scalars(query.order_by(AuditEntry.id))
    ]


def sign(session: Session, week: str, *, sha256: str, note: str, actor: Actor, now: datetime) -> Signature:
    """Sign the newest edition of a week's report in the caller's transaction.

    Args:
        sha256: the beginning of the digest that stands on what was read; empty means the newest edition's.

    Raises:
        SignerRefused: the actor is neither reviewer nor coordinator.
        ReportNotIssued: no report of the week is on record, or its newest edition has another digest.
    """
    if not actor.roles & _SIGNERS:
        raise SignerRefused(name=actor.name)
    report = issued(session, week)
    if report is None or not report.digest.startswith(sha256.lower()):
        raise ReportNotIssued(week=week, sha256=sha256 or "-", newest=report.digest if report else "-")
    said = {"edition": report.edition, "digest": report.digest, "until": report.until, "note": note.strip(),
            "chain": [report.entry, report.hash]}  # fmt: skip
    audit.record(session, actor, SIGNED, week, said, now=now)
    return next(signatures(session, week, newest=True))


def signatures(session: Session, week: str | None = None, *, newest: bool = False) -> Iterator[Signature]:
    """The signatures under a week's report, or under all; oldest first unless the `newest` is wanted first."""
    order = AuditEntry.id.desc() if newest else AuditEntry.id
    for e in session.scalars(_entries(SIGNED, week).order_by(order)):
        said = e.values
        yield Signature(e.object, said["edition"], said["digest"], e.actor_name, said["note"], e.at, e.id, e.hash)
