"""Findings for those who ask through a door: pages with filters, of what the asker may see and nothing else.

A finding shows cells of several datasets, so it is as closed as returned rows are: its member's people and those who
see every region may see it, as long as every dataset and column that has a part in it is theirs to see. That is said in
the query; what may not be seen is absent. What a finding is, and following it, is `catalog/findings.py`'s.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import ColumnElement, Text, and_, cast, exists, false, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from catalog.findings import FindingRecord
from catalog.models import Dataset, Snapshot
from catalog.paging import Listing, Step, listing
from catalog.query import owned, visible
from core.access import Actor, scope
from core.contract import Contract
from core.rows import TRUE


class State(StrEnum):
    """How a finding stands: nobody has judged it, a person said that it is right so, or it is not found any more."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CLOSED = "closed"


def state_of(record: FindingRecord) -> State:
    """The state of a record."""
    if record.closed_at is not None:
        return State.CLOSED
    return State.OPEN if record.accepted_at is None else State.ACCEPTED


def _in_state(state: State) -> ColumnElement[bool]:
    if state is State.CLOSED:
        newer = aliased(FindingRecord)
        changed = exists().where(newer.id == FindingRecord.id, newer.version > FindingRecord.version)
        return and_(FindingRecord.closed_at.is_not(None), not_(changed))
    judged = FindingRecord.accepted_at.is_(None) if state is State.OPEN else FindingRecord.accepted_at.is_not(None)
    return and_(FindingRecord.closed_at.is_(None), judged)


def _seen(actor: Actor, contracts: Mapping[str, Contract]) -> ColumnElement[bool]:
    """Findings of standards whose rows the actor sees without exception, that name no column or dataset beyond that."""
    said = cast(FindingRecord.said, Text)
    whole: list[ColumnElement[bool]] = []
    for name, contract in contracts.items():
        allowed = scope(actor, contract)
        if allowed.predicate == TRUE:
            masked = [c.name for c in contract.columns if c.name not in allowed.columns]
            named = (said.contains(f'"{column}"', autoescape=True) for column in masked)
            whole.append(and_(FindingRecord.contract == name, *map(not_, named)))
    concerned = or_(Dataset.id == FindingRecord.dataset_id, said.contains(Dataset.id))
    closed = exists().where(not_(visible(actor)), concerned)
    return and_(owned(actor, FindingRecord.member), or_(false(), *whole), not_(closed))


def findings(
    session: Session,
    actor: Actor,
    contracts: Mapping[str, Contract],
    *,
    states: Iterable[State] = (State.OPEN,),
    kind: str | None = None,
    member: str | None = None,
    contract: str | None = None,
    dataset: str | None = None,
    first: int = 20,
    after: str | None = None,
) -> Listing[FindingRecord]:
    """The findings that an actor may see, by kind and standard, the weightiest first.

    Args:
        dataset: the findings that are about it or in which it has a part.
    """
    query = select(FindingRecord).where(_seen(actor, contracts), or_(false(), *map(_in_state, states)))
    for column, value in (
        (FindingRecord.kind, kind),
        (FindingRecord.member, member),
        (FindingRecord.contract, contract),
    ):
        if value is not None:
            query = query.where(column == value)
    if dataset is not None:
        part = cast(FindingRecord.said, Text).contains(f'"{dataset}"', autoescape=True)
        query = query.where(or_(FindingRecord.dataset_id == dataset, part))
    steps = (
        Step(FindingRecord.kind),
        Step(FindingRecord.contract),
        Step(FindingRecord.weight, descending=True),
        Step(FindingRecord.id),
        Step(FindingRecord.version),
    )
    return listing(session, query, steps, first=first, after=after)


def snapshots_then(session: Session, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """The number of the newest snapshot of each resource at a commit; whether it may be seen is asked elsewhere."""
    by_seq: dict[int, list[str]] = {}
    for resource, seq in wanted:
        by_seq.setdefault(seq, []).append(resource)
    found: dict[tuple[str, int], int] = {}
    for seq, resources in by_seq.items():
        query = (
            select(Snapshot.resource_id, func.max(Snapshot.seq))
            .where(Snapshot.resource_id.in_(resources), Snapshot.seq <= seq)
            .group_by(Snapshot.resource_id)
        )
        found |= {(resource, seq): newest for resource, newest in session.execute(query)}
    return found
