"""Values that look like slips of the hand and are true: who said so of which, and why.

A value is named by its mark (`quality/beyond/stopping.py`): the same value at the same key of the same standard. What
people said of them are entries of the audit and of no other table, so that nobody can change them unseen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access import Actor
from core.audit import AuditEntry

ACTION = "value.confirmed"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's word that a value which was set aside is true.

    Attributes:
        mark: the value at its key; `row` is where it stands in the file, `said` the sentence that set it aside.
        reason: why it is true, in the words of whoever says so.
    """

    mark: str
    row: int
    said: str
    reason: str


def confirm(
    session: Session,
    source: str,
    dataset: str,
    found: Iterable[Confirmation],
    *,
    actor: Actor,
    now: datetime,
    case: str,
) -> None:
    """Put on record, in the caller's transaction, that values of a source's dataset are true: their rows pass now."""
    for one in found:
        values = {
            "source": source, "mark": one.mark, "row": one.row, "said": one.said, "reason": one.reason, "case": case,
        }  # fmt: skip
        audit.record(session, actor, ACTION, dataset, values, now=now)


def confirmed(session: Session, source: str) -> frozenset[str]:
    """The marks of a source's values that people said are true."""
    return every(session).get(source, frozenset())


def every(session: Session) -> dict[str, frozenset[str]]:
    """The marks of all values that people said are true, by source."""
    found: dict[str, set[str]] = {}
    for values in session.scalars(select(AuditEntry.values).where(AuditEntry.action == ACTION)):
        found.setdefault(str(values["source"]), set()).add(str(values["mark"]))
    return {source: frozenset(marks) for source, marks in found.items()}
