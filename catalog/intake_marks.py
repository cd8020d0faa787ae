"""What a resource's last finished intake was made from, so that the next harvest does only what is not done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from catalog.models import Resource, RunStep
from catalog.runs import Lease, guard
from catalog.writing import writing
from core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class IntakeMark:
    """One resource whose intake is finished.

    Attributes:
        key: what it was made from: the file as its source describes it, and the mapping and contract.
        verdict: only where no check said it: DOCUMENT or UNREADABLE.
        columns: the header of the mapped table, to notice a changed one (S20).
        decided: what was settled about the file's style, to be remembered.
    """

    resource_id: str
    key: str
    landed_sha256: str | None = None
    machine_readable: bool | None = None
    verdict: Verdict | None = None
    columns: tuple[str, ...] | None = None
    decided: dict[str, str] | None = None


def finish(
    sessions: sessionmaker[Session],
    marks: Sequence[IntakeMark],
    *,
    now: datetime,
    lease: Lease | None = None,
    done: Collection[str] = (),
) -> None:
    """Write the marks down in one transaction; `RunLeaseLost` where the run was declared dead meanwhile.

    Args:
        done: resource ids to take off the run's plan, whether finished or failed.
    """
    if not marks and not done:
        return
    with writing(sessions) as session:
        if lease is not None:
            guard(session, lease)
            if done:
                session.execute(delete(RunStep).where(RunStep.run_id == lease.run_id, RunStep.key.in_(done)))
        by_id = {m.resource_id: m for m in marks}
        for resource in session.scalars(select(Resource).where(Resource.id.in_(by_id))):
            mark = by_id[resource.id]
            resource.intake_key, resource.last_checked = mark.key, now
            if mark.landed_sha256 is not None:
                resource.landed_sha256 = mark.landed_sha256
            if mark.machine_readable is not None:
                resource.machine_readable = mark.machine_readable
            if mark.verdict is not None:
                resource.last_verdict = mark.verdict.value
            if mark.columns is not None:
                resource.source_columns = list(mark.columns)
            if mark.decided is not None:
                resource.decided = dict(mark.decided)
