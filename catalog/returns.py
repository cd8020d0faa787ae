"""Returns (*pengembalian*): one case for each table with returned rows or a held delivery, from finding to acceptance.

Cases open and close by what the gate finds, whenever `refresh` looks; sending back, suspending and the pembina's second
look are people's acts. Every step is an entry of the audit. The workbooks are `services/returns`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.models import Dataset, DatasetState, Resource
from catalog.return_errors import ReturnUnknown
from catalog.return_findings import Found, findings
from catalog.return_states import State, moved
from core import audit
from core.access import SYSTEM, Actor
from core.contract import Contract
from core.db import Base
from core.ids import derived_id
from core.working_days import working_day_after

_NUMBER = 10  # so many letters of an id are the number that people write
_LEAST = 6


class ReturnCase(Base):
    """One return: what is wrong with one table, since when, who has it, and until when it is awaited.

    Attributes:
        organisation: the producing dinas, through the walidata of the member; None where the source names none.
        sha256: of the delivery that was judged last; `returned_sha256` of the one that was sent back last.
        reasons: rule or mark of a hold to `rows` (now), `opened`, `closed` and `history` of moments and counts.
        steps: `at`, `state`, `by`, `why` of every step, with the day and rows from then on, oldest first.
        due: the day by which the repair is awaited; it is late from the day after.
        suspension: official, position, document, until, recorded_by; kept when it has ended.
        recheck: what the pembina found: by, pembina, finding, note, at.
        replaced: sha256 of deliveries whose place a repaired file has taken by hand; their source may show them still.
    """

    __tablename__ = "return_case"
    __table_args__ = (
        Index("ix_return_case_resource", "resource_id", "table_name"),
        Index("ix_return_case_open", "closed_at", "member"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"))
    table: Mapped[str] = mapped_column("table_name", Text)
    dataset_id: Mapped[str] = mapped_column(String(32))
    member: Mapped[str] = mapped_column(String(60))
    organisation: Mapped[str | None] = mapped_column(Text)
    contract: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    held: Mapped[bool]
    rows: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    returned_sha256: Mapped[str | None] = mapped_column(String(64))
    reasons: Mapped[dict[str, Any]]
    steps: Mapped[list[Any]]
    opened_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    due: Mapped[date] = mapped_column(Date)
    suspension: Mapped[dict[str, Any]] = mapped_column(default=dict)
    recheck: Mapped[dict[str, Any]] = mapped_column(default=dict)
    replaced: Mapped[list[str]] = mapped_column(default=list)

    @property
    def number(self) -> str:
        """How people call it."""
        return self.id[:_NUMBER]

    @property
    def open_reasons(self) -> dict[str, int]:
        """What is still wrong, and in how many rows."""
        return {rule: known["rows"] for rule, known in self.reasons.items() if known["closed"] is None}

    @property
    def awaited(self) -> date:
        """The last day on which it is not late."""
        if self.state == State.SUSPENDED.value:
            return date.fromisoformat(self.suspension["until"])
        return self.due


@dataclass(frozen=True, slots=True)
class Policy:
    """What deadlines are counted by."""

    contracts: Mapping[str, Contract]
    zone: ZoneInfo
    days: int
    holidays: Collection[date] = field(default_factory=frozenset)

    def due(self, now: datetime) -> date:
        """The day so many working days after a moment's own."""
        return working_day_after(now.astimezone(self.zone).date(), self.days, self.holidays)


@dataclass(frozen=True, slots=True)
class Overdue:
    """A return whose day has passed."""

    case: str
    member: str
    dataset: str
    title: str
    producer: str | None
    rows: int
    since: datetime
    due: date
    state: State


def step(session: Session, case: ReturnCase, to: State, *, actor: Actor, why: str, now: datetime, **facts: Any) -> None:
    """Move a case in the caller's transaction, on record with who, when and why.

    Raises:
        ReturnMoveRefused: there is no such move.
    """
    case.state = moved(case.number, State(case.state), to).value
    _note(session, case, actor=actor, why=why, now=now, **facts)


def noted(session: Session, case: str, *, actor: Actor, why: str, now: datetime, **facts: Any) -> None:
    """Put on record, in the caller's transaction, what somebody has said of an open return; its state stays."""
    _note(session, session.get_one(ReturnCase, case), actor=actor, why=why, now=now, **facts)


def _note(session: Session, case: ReturnCase, *, actor: Actor, why: str, now: datetime, **facts: Any) -> None:
    stands = {"due": case.awaited.isoformat(), "rows": case.rows}
    said = {"at": now.isoformat(), "state": case.state, "by": actor.name, "why": why, **facts, **stands}
    case.steps = [*case.steps, said]
    values = {**said, "member": case.member, "resource": case.resource_id, "sha256": case.sha256}
    audit.record(session, actor, f"return.{case.state}", case.id, values, now=now)


def refresh(session: Session, policy: Policy, *, now: datetime, source: str | None = None) -> int:
    """Bring the cases in line with what the gate has found, in the caller's transaction; how many changed.

    Called again it changes nothing.

    Args:
        source: only the datasets of one source.
    """
    found = findings(session, policy.contracts, source=source)
    changed = 0
    for case in open_cases(session, source=source):
        new = found.pop((case.resource_id, case.table), None)
        changed += _follow(session, case, new, policy, now)
    for one in found.values():
        _open(session, one, policy, now)
    return changed + len(found)


def differs(session: Session, policy: Policy, *, now: datetime, source: str | None = None) -> bool:
    """Whether `refresh` would change anything; nothing is written to find out."""
    found = findings(session, policy.contracts, source=source)
    today = now.astimezone(policy.zone).date()
    for case in open_cases(session, source=source):
        new = found.pop((case.resource_id, case.table), None)
        if new is None or not _same(case, new) or _ended(case, today):
            return True
    return bool(found)


def open_cases(session: Session, *, source: str | None = None, member: str | None = None) -> Sequence[ReturnCase]:
    """The cases that are not closed, oldest first."""
    query = select(ReturnCase).where(ReturnCase.closed_at.is_(None))
    if source is not None:
        query = query.join(Dataset, Dataset.id == ReturnCase.dataset_id).where(Dataset.source == source)
    if member is not None:
        query = query.where(ReturnCase.member == member)
    return session.scalars(query.order_by(ReturnCase.opened_at, ReturnCase.id)).all()


def _same(case: ReturnCase, new: Found) -> bool:
    return case.sha256 == new.sha256 and case.open_reasons == dict(new.reasons) and case.held == new.held


def _ended(case: ReturnCase, today: date) -> bool:
    return case.state == State.SUSPENDED.value and today > case.awaited


def _open(session: Session, new: Found, policy: Policy, now: datetime) -> None:
    case = ReturnCase(
        id=derived_id("return", new.resource, new.table, now.isoformat()),
        resource_id=new.resource, table=new.table, dataset_id=new.dataset, member=new.member,
        organisation=new.organisation, contract=new.contract, state=State.RECEIVED.value, held=new.held, rows=new.rows,
        sha256=new.sha256, reasons={}, opened_at=now, due=policy.due(now), suspension={}, recheck={}, replaced=[],
        steps=[{"at": new.received_at.isoformat(), "state": State.RECEIVED.value, "by": SYSTEM.name, "why": "came"}],
    )  # fmt: skip
    session.add(case)
    _count(case, new.reasons, now)
    step(session, case, State.CHECKED, actor=SYSTEM, why="found", now=now, reasons=dict(new.reasons), rows=new.rows)


def _count(case: ReturnCase, reasons: Mapping[str, int], now: datetime) -> tuple[list[str], list[str]]:
    """Write the counts of a check down; the reasons that it closes, and those that have become fewer."""
    at, known = now.isoformat(), {rule: dict(one) for rule, one in case.reasons.items()}
    closed: list[str] = []
    fewer: list[str] = []
    for rule in sorted({*known, *reasons}):
        count = reasons.get(rule, 0)
        one = known.setdefault(rule, {"rows": 0, "opened": at, "closed": at, "history": []})
        if one["closed"] is not None and not count:
            continue
        if count < one["rows"]:
            (fewer if count else closed).append(rule)
        one["history"] = [*one["history"], [at, count]]
        one["rows"], one["closed"] = count, None if count else at
    case.reasons = known
    return closed, fewer


def _follow(session: Session, case: ReturnCase, new: Found | None, policy: Policy, now: datetime) -> int:
    """Move an open case to where a newer check has put it."""
    if new is None:
        return _settled(session, case, now)
    changed = 0
    if not _same(case, new):
        again = case.sha256 != new.sha256
        case.sha256, case.held, case.rows, case.contract = new.sha256, new.held, new.rows, new.contract
        closed, fewer = _count(case, new.reasons, now)
        facts = {"closed": closed, "fewer": fewer, "open": case.open_reasons}
        if closed or fewer:
            step(session, case, State.REPAIRED, actor=SYSTEM, why="partly", now=now, **facts)
            case.due = policy.due(now)  # a new round: what is left goes back once more
            step(session, case, State.CHECKED, actor=SYSTEM, why="still", now=now, open=case.open_reasons)
        elif again and case.state == State.RETURNED.value:
            step(session, case, State.CHECKED, actor=SYSTEM, why="again", now=now, **facts)
        else:
            _note(session, case, actor=SYSTEM, why="again", now=now, **facts)
        changed = 1
    if _ended(case, now.astimezone(policy.zone).date()):
        case.due = case.awaited  # late from now on, whatever was due before
        back = State.RETURNED if case.returned_sha256 == case.sha256 else State.CHECKED
        step(session, case, back, actor=SYSTEM, why="suspension_ended", now=now)
        changed = 1
    return changed


def _settled(session: Session, case: ReturnCase, now: datetime) -> int:
    """Nothing is wrong any more, or the table is gone."""
    resource = session.get_one(Resource, case.resource_id)
    dataset = session.get_one(Dataset, case.dataset_id)
    if DatasetState.WITHDRAWN.value in (resource.state, dataset.state) or dataset.copy_of is not None:
        case.closed_at = now
        _note(session, case, actor=SYSTEM, why="withdrawn", now=now)
        return 1
    again = resource.landed_sha256 not in (None, case.sha256)
    case.sha256 = resource.landed_sha256 or case.sha256
    closed, _ = _count(case, {}, now)
    case.rows, case.held, case.closed_at = 0, False, now
    if again:
        step(session, case, State.REPAIRED, actor=SYSTEM, why="whole", now=now, closed=closed)
    step(session, case, State.ACCEPTED, actor=SYSTEM, why="nothing_left" if again else "judged_anew", now=now)
    return 1


def case_named(session: Session, number: str) -> ReturnCase:
    """The case whose id begins so; at least six letters.

    Raises:
        ReturnUnknown: none does, or several do.
    """
    found: Sequence[ReturnCase] = ()
    if len(number) >= _LEAST and number.isalnum():
        query = select(ReturnCase).where(ReturnCase.id.startswith(number.lower())).limit(2)
        found = session.scalars(query).all()
    if len(found) != 1:
        raise ReturnUnknown(case=number)
    return found[0]


def case_of(session: Session, resource: str, table: str) -> ReturnCase | None:
    """The open case of a table, or None."""
    query = select(ReturnCase).where(
        ReturnCase.resource_id == resource, ReturnCase.table == table, ReturnCase.closed_at.is_(None)
    )
    return session.scalar(query.order_by(ReturnCase.opened_at.desc()).limit(1))


def cases(session: Session, *, member: str | None = None, closed: bool = False) -> Sequence[tuple[ReturnCase, Dataset]]:
    """Cases with their datasets, oldest first; `closed` ones too where asked."""
    query = select(ReturnCase, Dataset).join(Dataset, Dataset.id == ReturnCase.dataset_id)
    if member is not None:
        query = query.where(ReturnCase.member == member)
    if not closed:
        query = query.where(ReturnCase.closed_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(query.order_by(ReturnCase.opened_at, ReturnCase.id))]


def overdue(session: Session, *, now: datetime, zone: ZoneInfo) -> tuple[Overdue, ...]:
    """The returns whose day had passed in the province's zone, the longest awaited first; suspended ones had not.

    Args:
        now: the moment that is asked about; for one in the past the answer stays what it was then.
    """
    today = now.astimezone(zone).date()
    query = (
        select(ReturnCase, Dataset)
        .join(Dataset, Dataset.id == ReturnCase.dataset_id)
        .where(ReturnCase.opened_at <= now, or_(ReturnCase.closed_at.is_(None), ReturnCase.closed_at > now))
    )
    found = []
    for case, dataset in session.execute(query):
        stood = [step for step in case.steps if datetime.fromisoformat(step["at"]) <= now and "due" in step][-1]
        due = date.fromisoformat(stood["due"])  # of a suspension its last day, whether or not anybody has looked since
        if today > due:
            producer = dataset.organisation_title or case.organisation
            found.append(
                Overdue(
                    case=case.number, member=case.member, dataset=dataset.id, title=dataset.title, producer=producer,
                    rows=stood["rows"], since=case.opened_at, due=due, state=State(stood["state"]),
                )
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.due, one.since, one.case)))


def replaced(session: Session, source: str) -> dict[str, frozenset[str]]:
    """Of a source's resources the bytes whose place a repaired file has taken by hand."""
    query = select(ReturnCase).join(Dataset, Dataset.id == ReturnCase.dataset_id).where(Dataset.source == source)
    out: dict[str, frozenset[str]] = {}
    for case in session.scalars(query):
        if case.replaced:
            out[case.resource_id] = out.get(case.resource_id, frozenset()) | frozenset(case.replaced)
    return out
