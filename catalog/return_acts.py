"""What people do with a return: send it back, suspend its deadline, look at it once more as the pembina."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from catalog.data_list import ListedDataset
from catalog.errors import ReasonMissing
from catalog.return_errors import ReturnMoveRefused, ReturnNotPriority, ReturnUnknown, SuspensionIncomplete
from catalog.return_states import State
from catalog.returns import Policy, ReturnCase, case_named, step
from catalog.writing import writing
from core import audit
from core.access import Actor, Role


class Finding(StrEnum):
    """What the pembina found in priority data."""

    FIT = "sesuai"
    UNFIT = "tidak"


@dataclass(frozen=True, slots=True)
class Suspension:
    """An official's decision that a deadline is put off; all of it must be on record."""

    official: str
    position: str
    document: str
    until: date


def returned(
    sessions: sessionmaker[Session], case: str, sha256: str, *, due: date, actor: Actor, through: str, now: datetime
) -> None:
    """Record that a delivery has gone back; the same delivery again changes nothing.

    Args:
        case: its id. due: the day that the workbook names. through: by whom it goes to whom.
    """
    with writing(sessions) as session:
        found = session.get(ReturnCase, case)
        if found is None or found.closed_at is not None or found.sha256 != sha256:
            return  # repaired while the workbook was made
        if found.returned_sha256 == sha256 and found.state != State.CHECKED.value:
            return
        found.returned_sha256, found.returned_at, found.due = sha256, now, due
        if found.state == State.SUSPENDED.value:
            return  # it may be read while the deadline is put off
        step(session, found, State.RETURNED, actor=actor, why="sent_back", now=now, through=through)


def due_of(case: ReturnCase, policy: Policy, now: datetime) -> date:
    """The day that a workbook names: the one it named before, or a new one where it goes back for the first time."""
    if case.state == State.SUSPENDED.value:
        return case.awaited
    if case.returned_sha256 == case.sha256:
        return case.due
    if case.returned_at is not None and not _repaired_since(case):
        return case.due  # sent again with the same faults: the day stays
    return max(case.due, policy.due(now)) if case.returned_at is None else policy.due(now)


def _repaired_since(case: ReturnCase) -> bool:
    """Whether something was repaired after it last went back."""
    after = [s["state"] for s in case.steps]
    last = max((i for i, state in enumerate(after) if state == State.RETURNED.value), default=-1)
    return State.REPAIRED.value in after[last + 1 :]


def suspend(
    sessions: sessionmaker[Session],
    number: str,
    by: Suspension,
    *,
    reason: str,
    actor: Actor,
    today: date,
    now: datetime,
) -> ReturnCase:
    """Put the deadline of a return off by an official's decision; after its last day the return is overdue again.

    Raises:
        ReturnUnknown: no open return is called so, or the actor has no say. SuspensionIncomplete: something of the
        decision is missing, or its last day has passed. ReasonMissing. ReturnMoveRefused: it is not to be suspended.
    """
    if not reason.strip():
        raise ReasonMissing(name=number)
    for name, value in (("official", by.official), ("position", by.position), ("document", by.document)):
        if not value.strip():
            raise SuspensionIncomplete(case=number, missing=name)
    if by.until < today:
        raise SuspensionIncomplete(case=number, missing=f"until {by.until}")
    with writing(sessions) as session:
        case = case_named(session, number)
        if not actor.roles & {Role.COORDINATOR, Role.ADMIN}:
            raise ReturnUnknown(case=number)
        if case.closed_at is not None:
            raise ReturnMoveRefused(case=case.number, state=case.state, to=State.SUSPENDED.value)
        said = {
            "official": by.official.strip(), "position": by.position.strip(), "document": by.document.strip(),
            "until": by.until.isoformat(), "recorded_by": actor.name,
        }  # fmt: skip
        case.suspension = said
        step(session, case, State.SUSPENDED, actor=actor, why=reason.strip(), now=now, **said)
    return case


def priority(session: Session, case: ReturnCase) -> bool:
    """Whether a return's dataset is priority data on its member's newest list."""
    query = select(ListedDataset.priority).where(ListedDataset.dataset_id == case.dataset_id)
    return bool(session.scalar(query.order_by(ListedDataset.year.desc()).limit(1)))


def recheck(
    sessions: sessionmaker[Session],
    number: str,
    finding: Finding,
    *,
    note: str,
    pembina: str,
    actor: Actor,
    now: datetime,
) -> ReturnCase:
    """Record the pembina's second look at priority data and what it recommends; whoever decides still decides.

    Raises:
        ReturnUnknown: no such return, or the actor has no say. ReturnNotPriority: it is not priority data.
        ReasonMissing: data that does not fit without a word why.
    """  # fmt: skip
    if finding is Finding.UNFIT and not note.strip():
        raise ReasonMissing(name=number)
    with writing(sessions) as session:
        case = case_named(session, number)
        if not actor.roles & {Role.REVIEWER, Role.COORDINATOR, Role.ADMIN}:
            raise ReturnUnknown(case=number)
        if not priority(session, case):
            raise ReturnNotPriority(case=case.number, member=case.member)
        said = {
            "by": actor.name,
            "pembina": pembina,
            "finding": finding.value,
            "note": note.strip(),
            "at": now.isoformat(),
        }
        case.recheck = said
        case.steps = [
            *case.steps,
            {"at": now.isoformat(), "state": case.state, "by": actor.name, "why": "recheck", **said},
        ]
        audit.record(session, actor, "return.rechecked", case.id, {**said, "sha256": case.sha256}, now=now)
    return case
