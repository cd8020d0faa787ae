"""A value that looked like a slip of the hand and is true: said by name with a reason, it passes from then on.

Only what was set aside as such and nothing else of its row; the same value at the same key, in this and every later
delivery of its source. What is wrong in another way stays wrong.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from catalog import confirmed, returns
from catalog.confirmed import Confirmation
from catalog.errors import ReasonMissing
from catalog.models import Dataset, QuarantineBatch
from catalog.return_findings import findings
from catalog.returns import ReturnCase
from catalog.writing import writing
from core.access import Actor, Role
from services.granary import Granary
from services.returns.errors import NothingToConfirm, ReturnRefused
from services.returns.gather import wrong_rows

#: So many letters name a value; so many values are named to somebody who asks for another.
_LEAST, _LISTED = 4, 20


def confirm(granary: Granary, case: ReturnCase, said: Mapping[str, str], *, actor: Actor) -> tuple[Confirmation, ...]:
    """Put on record that values of a return are true; what was delivered is to be taken in again after it.

    Args:
        case: an open return.
        said: the marks of a row's values, or the beginning of one that means it alone, to the reason.

    Raises:
        ReturnRefused: the actor is neither the member's walidata nor the province's. ReasonMissing.
        NothingToConfirm: a mark is of no value that was set aside as a slip of the hand.
    """
    own = actor.member == case.member and Role.STEWARD in actor.roles
    if not own and not actor.roles & {Role.ADMIN, Role.COORDINATOR}:
        raise ReturnRefused(member=case.member, actor=actor.name)
    with writing(granary.sessions) as session:
        found = [_found(granary, session, case, marks, reason) for marks, reason in said.items()]
        source = session.get_one(Dataset, case.dataset_id).source
        every = [one for row in found for one in row]
        now = granary.clock()
        confirmed.confirm(session, source, case.dataset_id, every, actor=actor, now=now, case=case.number)
        returns.noted(session, case.id, actor=actor, why="confirmed", now=now, confirmed=len(every))
    return tuple(every)


def _found(granary: Granary, session: Session, case: ReturnCase, marks: str, reason: str) -> list[Confirmation]:
    """What is said of one row: each of its values that was set aside as a slip."""
    if not reason.strip():
        raise ReasonMissing(name=f"{case.number} {marks}")
    open_ = findings(session, granary.contracts, member=case.member).get((case.resource_id, case.table))
    batch = session.get(QuarantineBatch, open_.batch) if open_ is not None and open_.batch is not None else None
    doubted = [row for row in wrong_rows(granary, batch) if row.doubtful]
    named = marks.split(maxsplit=1)[0] if len(marks) >= _LEAST else "-"
    rows = [row for row in doubted if any(mark.startswith(named) for mark in row.marks.split())]
    if len(rows) != 1:
        known = ", ".join(row.marks for row in doubted[:_LISTED]) or "-"
        raise NothingToConfirm(case=case.number, mark=marks, known=known)
    [row] = rows
    message = " ".join(str(reason["message"]) for reason in row.reasons)
    return [Confirmation(mark, row.row, message, reason.strip()) for mark in row.marks.split()]
