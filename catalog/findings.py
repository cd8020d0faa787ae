"""Findings beyond one file: what looks at the rows have found, from when until when it stood, and what was accepted.

A finding has the same id for as long as its matter stands. Each change of what it says closes one record and opens the
next, so that what stood at any moment can be told again; what looks compared and could not look at is kept the same
way. Looking is `services/review/beyond.py`'s matter.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, Float, Index, Select, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from catalog.errors import ReasonMissing
from catalog.finding_errors import FindingUnknown
from catalog.resolutions import may_decide
from catalog.writing import writing
from core import audit
from core.access import Actor
from core.db import Base

#: What is over for so long is removed, as measures of weeks are.
KEPT = timedelta(weeks=157)
_PREFIX = 4


class FindingRecord(Base):
    """One finding as it stood from one look on until another; see `Noted` for what it says.

    Attributes:
        since: the look that found it first, of an unbroken succession.
        opened_at, opened_seq: moment and commit of the first look that found it so; `closed_*` of the one that did not.
        standing: another where the values on either side change.
        accepted_*: a person said that it is right so; until the values change.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index("ix_finding_contract_closed", "contract", "closed_at"),
        Index("ix_finding_member_closed", "member", "closed_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(30))
    contract: Mapped[str] = mapped_column(String(80))
    rule: Mapped[str] = mapped_column(String(80))
    member: Mapped[str | None] = mapped_column(String(60))
    dataset_id: Mapped[str | None] = mapped_column(String(32))
    said: Mapped[dict[str, Any]]
    weight: Mapped[float] = mapped_column(Float)
    standing: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    opened_at: Mapped[datetime]
    opened_seq: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime | None]
    closed_seq: Mapped[int | None] = mapped_column(BigInteger)
    accepted_at: Mapped[datetime | None]
    accepted_by: Mapped[str | None] = mapped_column(String(120))
    accepted_reason: Mapped[str | None] = mapped_column(Text)


class FindingLook(Base):
    """What the looks at one standard compared, from one look on until one that compared otherwise.

    Attributes:
        mark: what the rows and declarations were when all checks were made; the same again need not be looked at.
        seq, looked_at: commit and moment of the last look.
        tallies: [kind, rule, dataset, failed, measured]; unmade: {kind, rule, message, values}.
    """

    __tablename__ = "finding_look"

    contract: Mapped[str] = mapped_column(String(80), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    looked_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    tallies: Mapped[list[Any]]
    unmade: Mapped[list[Any]] = mapped_column(JSON)


@dataclass(frozen=True, slots=True)
class Noted:
    """One finding as plain values.

    Attributes:
        key: what names the rows; `seen` and `expected` are the sides: what, value, rows, count.
        message, values: the sentence that says what is wrong; `message + ".do"` what to do.
        concerns: the datasets that have a part in it.
    """

    id: str
    kind: str
    contract: str
    rule: str
    member: str | None
    dataset: str | None
    weight: float
    standing: str
    message: str
    columns: Sequence[str] = ()
    key: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    expected: Sequence[Mapping[str, Any]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    as_of: date | None = None
    concerns: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding that stands at a moment; `accepted` is who said that it is right so, and why."""

    noted: Noted
    since: datetime
    accepted: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at one standard brought: findings that are new, changed, still as they were, and gone."""

    contract: str
    new: int = 0
    changed: int = 0
    same: int = 0
    gone: int = 0


_IN_SAID = ("message", "columns", "key", "seen", "expected", "values", "as_of", "concerns")


def _said(one: Noted) -> dict[str, Any]:
    plain = asdict(one)
    said: dict[str, Any] = _plain({name: plain[name] for name in _IN_SAID})
    return said


def _plain(value: Any) -> Any:
    """A value as it comes back from the database, so that two can be compared."""
    plain: Any = json.loads(json.dumps(value, default=str))
    return plain


def _noted(record: FindingRecord) -> Noted:
    said = dict(record.said)
    said["as_of"] = date.fromisoformat(said["as_of"]) if said["as_of"] else None
    return Noted(
        record.id, record.kind, record.contract, record.rule, record.member, record.dataset_id, record.weight,
        record.standing, **said,
    )  # fmt: skip


def note(
    session: Session, contract: str, found: Iterable[Noted], *, kinds: Collection[str], seq: int, now: datetime
) -> Looked:
    """Take in everything that a look at a standard has found of some kinds: what it found no more is closed.

    An acceptance lasts where the values are what they were, also where the finding had been gone in between.
    """
    mine = (FindingRecord.contract == contract, FindingRecord.kind.in_(sorted(kinds)))
    standing = {r.id: r for r in session.scalars(select(FindingRecord).where(*mine, FindingRecord.closed_at.is_(None)))}
    seen = {one.id: one for one in found}
    past: dict[str, FindingRecord] = {}
    if fresh := sorted(seen.keys() - standing.keys()):
        query = select(FindingRecord).where(*mine, FindingRecord.closed_at.is_not(None))
        past = {r.id: r for r in session.scalars(query.order_by(FindingRecord.version)) if r.id in fresh}
    counted = {"new": 0, "changed": 0, "same": 0, "gone": 0}
    for id_, record in standing.items():
        if id_ not in seen:
            record.closed_at, record.closed_seq = now, seq
            counted["gone"] += 1
    for id_, one in seen.items():
        before = standing.get(id_)
        if before is not None and (before.said, before.standing) == (_said(one), one.standing):
            counted["same"] += 1
            continue
        if before is not None:
            before.closed_at, before.closed_seq = now, seq
        counted["new" if before is None else "changed"] += 1
        session.add(_record(one, before, before or past.get(id_), seq=seq, now=now))
    session.execute(delete(FindingRecord).where(FindingRecord.closed_at < now - KEPT))
    return Looked(contract, **counted)


def _record(
    one: Noted, before: FindingRecord | None, last: FindingRecord | None, *, seq: int, now: datetime
) -> FindingRecord:
    record = FindingRecord(
        id=one.id, version=1 if last is None else last.version + 1, kind=one.kind, contract=one.contract, rule=one.rule,
        member=one.member, dataset_id=one.dataset, said=_said(one), weight=one.weight, standing=one.standing,
        since=now if before is None else before.since, opened_at=now, opened_seq=seq,
    )  # fmt: skip
    if last is not None and last.standing == one.standing:
        record.accepted_at, record.accepted_by = last.accepted_at, last.accepted_by
        record.accepted_reason = last.accepted_reason
    return record


def note_look(
    session: Session,
    contract: str,
    *,
    mark: str,
    kinds: Collection[str],
    tallies: Iterable[Sequence[Any]],
    unmade: Iterable[Mapping[str, Any]],
    seq: int,
    now: datetime,
) -> None:
    """Take in what a look compared and could not look at, of some kinds; of the others it stays as it was."""
    last = look(session, contract)
    kept_tallies = [t for t in last.tallies if t[0] not in kinds] if last is not None else []
    kept_unmade = [u for u in last.unmade if u["kind"] not in kinds] if last is not None else []
    told = sorted([*kept_tallies, *_plain(list(tallies))])
    said = sorted([*kept_unmade, *_plain(list(unmade))], key=lambda u: (u["kind"], u["rule"], u["message"]))
    if last is not None and (last.tallies, last.unmade) == (told, said):
        last.mark, last.seq, last.looked_at = mark, seq, now
        return
    if last is not None:
        last.closed_at = now
    version = 1 if last is None else last.version + 1
    session.add(
        FindingLook(
            contract=contract, version=version, mark=mark, seq=seq, looked_at=now, opened_at=now, tallies=told,
            unmade=said,
        )
    )  # fmt: skip
    session.execute(delete(FindingLook).where(FindingLook.closed_at < now - KEPT))


def look(session: Session, contract: str) -> FindingLook | None:
    """The newest look at a standard, or None before the first."""
    return session.scalar(select(FindingLook).where(FindingLook.contract == contract, FindingLook.closed_at.is_(None)))


def looks(session: Session, *, moment: datetime | None = None) -> dict[str, FindingLook]:
    """What was known at a moment (without one: now) of every standard that had been looked at by then."""
    query = select(FindingLook).where(*_at(FindingLook, moment)).order_by(FindingLook.contract)
    return {one.contract: one for one in session.scalars(query)}


def _at(model: type[FindingRecord] | type[FindingLook], moment: datetime | None) -> tuple[ColumnElement[bool], ...]:
    if moment is None:
        return (model.closed_at.is_(None),)
    return (model.opened_at < moment, model.closed_at.is_(None) | (model.closed_at >= moment))


def open_findings(
    session: Session,
    *,
    moment: datetime | None = None,
    member: str | None = None,
    kind: str | None = None,
    contract: str | None = None,
    accepted: bool = False,
) -> list[Standing]:
    """The findings that stood at a moment (without one: stand now), the weightiest of a kind first.

    Args:
        accepted: also those that a person had accepted by then.
    """
    query: Select[FindingRecord] = select(FindingRecord).where(*_at(FindingRecord, moment))
    for column, value in (
        (FindingRecord.member, member),
        (FindingRecord.kind, kind),
        (FindingRecord.contract, contract),
    ):
        if value is not None:
            query = query.where(column == value)
    found: list[Standing] = []
    for record in session.scalars(
        query.order_by(FindingRecord.kind, FindingRecord.contract, FindingRecord.weight.desc(), FindingRecord.id)
    ):
        silent = record.accepted_at is not None and (moment is None or record.accepted_at < moment)
        if accepted or not silent:
            who = (record.accepted_by or "", record.accepted_reason or "") if silent else None
            found.append(Standing(_noted(record), record.since, who))
    return found


def accept(sessions: sessionmaker[Session], name: str, *, reason: str, actor: Actor, now: datetime) -> Noted:
    """Say of a finding that it is right so; it stays silent until its values change.

    Args:
        name: its id, or the beginning of it.

    Raises:
        ReasonMissing, FindingUnknown: none stands that is called so, several do, or it is not the actor's to judge.
    """
    if not reason.strip():
        raise ReasonMissing(name=name)
    with writing(sessions) as session:
        named = FindingRecord.id == name
        if len(name) >= _PREFIX:
            named |= FindingRecord.id.startswith(name, autoescape=True)
        query = select(FindingRecord).where(named, FindingRecord.closed_at.is_(None))
        found = [one for one in session.scalars(query) if may_decide(actor, one.member)]
        if len(found) != 1:
            raise FindingUnknown(finding=name)
        (one,) = found
        if one.accepted_at is not None:  # what was told about the time since then stays true
            return _noted(one)
        one.accepted_at, one.accepted_by, one.accepted_reason = now, actor.name, reason.strip()
        noted = _noted(one)
        values = {"kind": one.kind, "contract": one.contract, "member": one.member, "standing": one.standing,
                  "reason": one.accepted_reason}  # fmt: skip
        audit.record(session, actor, "finding.accepted", one.id, values, now=now)
    return noted
