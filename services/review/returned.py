"""Returns that were overdue at the end of a week, told from the steps of each case, so that they stay told so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalog.return_states import State
from catalog.returns import Policy, ReturnCase, cases
from quality.report.model import Return
from services.review.bounds import Bounds


@dataclass(frozen=True, slots=True)
class _Then:
    """How a case stood at a moment: its state, and the last day on which it was not late."""

    state: State
    due: date
    rows: int


def overdue(session: Session, policy: Policy, within: Bounds) -> tuple[Return, ...]:
    """The returns whose day had passed on the report's last day, the longest awaited first; suspended ones are not."""
    today = (within.until - timedelta(microseconds=1)).astimezone(within.zone).date()
    out: list[Return] = []
    for case, dataset in cases(session, closed=True):
        if case.opened_at >= within.until or (case.closed_at is not None and case.closed_at < within.until):
            continue
        then = _then(case, policy, within.until)
        if today > then.due:
            out.append(
                Return(
                    member=case.member,
                    title=dataset.title,
                    producer=dataset.organisation_title or case.organisation,
                    rows=then.rows,
                    since=case.opened_at,
                    due=then.due,
                    state=then.state.value,
                    number=case.number,
                )
            )
    return tuple(sorted(out, key=lambda one: (one.due or today, one.since, one.number)))


def _then(case: ReturnCase, policy: Policy, until: datetime) -> _Then:
    """Fold the steps before a moment; each names what it set, or what it sets by its kind."""
    state, due, rows = State.CHECKED, policy.due(case.opened_at), case.rows
    for said in _before(case.steps, until):
        state = State(said["state"])
        at = datetime.fromisoformat(said["at"])
        rows = int(said["rows"]) if "rows" in said else rows
        if state is State.SUSPENDED:
            due = date.fromisoformat(said.get("until", due.isoformat()))
        elif said["why"] == "sent_back":
            due = date.fromisoformat(said["due"])
        elif said["why"] == "still":
            due = policy.due(at)  # a new round
    return _Then(state, due, rows)


def _before(steps: Sequence[Mapping[str, Any]], until: datetime) -> list[Mapping[str, Any]]:
    return [said for said in steps if datetime.fromisoformat(said["at"]) < until]
