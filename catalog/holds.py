"""Held deliveries and what people say of them: published all the same, or refused, with a name and a reason.

What is held is nothing that is stored: it is the newest check of a table whose landed bytes still wait. A decision
is a closed review item about exactly these bytes (their sha256) and the reasons for which they were held: new bytes,
and a new reason, are judged anew. Which holds nobody may set aside is decided here (docs/adr/0013); setting them aside
is the gate's (`quality/worker.py`), taking the delivery in again is `services/intake`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, defer, sessionmaker

from catalog.errors import HoldAmbiguous, HoldStands, HoldUnknown, ReasonMissing
from catalog.models import CheckRecord, Dataset, DatasetState, Resource, ReviewItem
from catalog.query import owned
from catalog.writing import writing
from core import audit, outbox
from core.access import SYSTEM, Actor, Role
from core.contract import Contract, Mode
from core.ids import new_id
from core.messages import text
from core.verdict import Release, Verdict, hold_mark

KIND = "held_delivery"
_PREFIX = 6  # so many letters of an id name a resource, as they name a dataset
#: What a person may judge by looking at the file; every other hold, and every one to come, stands until it is mended.
_JUDGED = frozenset(
    {
        *("COLUMNS_CHANGED", "COLUMN_RETYPED", "ROW_COUNT_OUT_OF_BOUNDS", "ROW_COUNT_DROPPED", "RULE_BROKEN"),
        "TABLE_TOLD_OTHERWISE",
    }
)


#: What a coordinator has to say first for personal data that is none: the numbers of something else.
PERSONAL = "PERSONAL_DATA"
NOT_PERSONAL = "bukan data pribadi"


class Decision(StrEnum):
    """What was said of a held delivery."""

    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Why:
    """One reason of a hold.

    Attributes:
        code, values: as the gate wrote them; `barred` is the message that says why no person may set it aside, or None.
    """

    code: str
    values: Mapping[str, Any]
    barred: str | None

    @property
    def mark(self) -> str:
        """What it is about, whatever its numbers."""
        return hold_mark(self.code, self.values)

    def text(self, locale: str | None = None) -> str:
        """The sentence a steward reads."""
        about = f"error.{self.code}.what" if self.code == "MAPPED_TABLE_MISSING" else f"quality.hold.{self.code}"
        return text(about, locale, **self.values)


@dataclass(frozen=True, slots=True)
class Said:
    """The newest decision about a held delivery."""

    decision: Decision
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """One held delivery of one table.

    Attributes:
        table: the table's name where the file holds several and it is not the mapped one, else empty.
        sha256: of the bytes that are held.
        since: when they were checked.
        said: what was decided about these bytes, or None; one that is released waits for the next harvest.
    """

    dataset: str
    dataset_name: str
    dataset_title: str
    resource: str
    resource_name: str
    table: str
    member: str
    source: str
    contract: str | None
    sha256: str
    since: datetime
    whys: tuple[Why, ...]
    said: Said | None

    @property
    def name(self) -> str:
        """How it is called on the command line: DATASET/RESOURCE[/TABLE] by the beginnings of their ids."""
        return "/".join(part for part in (self.dataset[:10], self.resource[:10], self.table) if part)

    @property
    def barred(self) -> tuple[Why, ...]:
        """The reasons that nobody may set aside."""
        return tuple(why for why in self.whys if why.barred is not None)


def held(
    session: Session,
    contracts: Mapping[str, Contract],
    *,
    source: str | None = None,
    settled: bool = False,
    actor: Actor = SYSTEM,
    until: datetime | None = None,
) -> list[Held]:
    """The held deliveries, oldest first; for their member and for those who see every region.

    Args:
        settled: also those about which something was decided.
        until: as it stood at that moment, by what had been checked and decided before it.
    """
    said = _decisions(session, source, until)
    waiting = _waiting if until is None else partial(_waited, until=until)
    found = [_held(row, contracts, said) for row in waiting(session, source=source, actor=actor)]
    return [one for one in found if settled or one.said is None]


def _waiting(session: Session, *, source: str | None = None, actor: Actor = SYSTEM) -> Sequence[Any]:
    """Check, resource and dataset of every table whose newest check holds the bytes that are landed now."""
    newest = (
        select(CheckRecord.resource_id, CheckRecord.table, func.max(CheckRecord.at).label("at"))
        .where(CheckRecord.resource_id.in_(_ever_held(source)))
        .group_by(CheckRecord.resource_id, CheckRecord.table)
        .subquery()
    )
    same = (
        (newest.c.resource_id == CheckRecord.resource_id)
        & (newest.c.table == CheckRecord.table)
        & (newest.c.at == CheckRecord.at)
    )
    query = (
        select(CheckRecord, Resource, Dataset)
        .join(newest, same)
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(CheckRecord.verdict == Verdict.HELD.value, CheckRecord.landed_sha256 == Resource.landed_sha256)
        .where(or_(CheckRecord.table != "", Resource.last_verdict == Verdict.HELD.value))
        .where(Dataset.state != DatasetState.WITHDRAWN.value, Resource.state != DatasetState.WITHDRAWN.value)
        .where(owned(actor, Dataset.member))
        .order_by(CheckRecord.at, CheckRecord.id)
    )
    return session.execute(query).all()


def _waited(session: Session, *, until: datetime, source: str | None = None, actor: Actor = SYSTEM) -> Sequence[Any]:
    """The same at a moment: a table whose newest check before it holds the bytes that were its file's newest then."""
    query = (
        select(CheckRecord, Resource, Dataset)
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(CheckRecord.at < until, owned(actor, Dataset.member))
        .where(Dataset.withdrawn_at.is_(None) | (Dataset.withdrawn_at >= until))
        .where(CheckRecord.resource_id.in_(_ever_held(source).where(CheckRecord.at < until)))
        .order_by(CheckRecord.at, CheckRecord.id)
        .options(defer(CheckRecord.result))
    )
    newest: dict[tuple[str, str], Any] = {}
    landed: dict[str, str | None] = {}
    for row in session.execute(query):
        check = row[0]
        newest[check.resource_id, check.table] = row
        landed[check.resource_id] = check.landed_sha256
    held = (row for row in newest.values() if row[0].verdict == Verdict.HELD.value)
    now = [row for row in held if row[0].landed_sha256 == landed[row[0].resource_id]]
    return sorted(now, key=lambda row: (row[0].at, row[0].id))


def _ever_held(source: str | None) -> Select[str]:
    query = select(CheckRecord.resource_id).where(CheckRecord.verdict == Verdict.HELD.value)
    return query if source is None else query.join(Resource).join(Dataset).where(Dataset.source == source)


#: Decisions by resource, table and bytes; the newest holds.
_Known = Mapping[tuple[str, str, str], ReviewItem]


def _decisions(session: Session, source: str | None, until: datetime | None = None) -> _Known:
    query = select(ReviewItem).where(ReviewItem.kind == KIND, ReviewItem.decided_at.is_not(None))
    if until is not None:
        query = query.where(ReviewItem.decided_at < until)
    if source is not None:
        query = query.where(ReviewItem.source == source)
    items = session.scalars(query.order_by(ReviewItem.decided_at, ReviewItem.id))
    return {(i.values["resource"], i.values["table"], i.values["sha256"]): i for i in items}


def _held(row: Any, contracts: Mapping[str, Contract], decisions: _Known) -> Held:
    check, resource, dataset = row
    contract = contracts.get(check.contract) if check.contract is not None else None
    item = decisions.get((resource.id, check.table, check.landed_sha256))
    said = None
    if item is not None and item.decided_at is not None:
        decision = Decision(item.decision or "")
        if decision is Decision.REFUSED or item.decided_at > check.at:  # held since for another reason: asked anew
            said = Said(decision, item.values["by"], item.values["reason"], item.decided_at)
    return Held(
        dataset=dataset.id,
        dataset_name=dataset.name,
        dataset_title=dataset.title,
        resource=resource.id,
        resource_name=resource.name,
        table=check.table,
        member=dataset.member,
        source=dataset.source,
        contract=check.contract,
        sha256=check.landed_sha256,
        since=check.at,
        whys=tuple(
            Why(h["code"], h["values"], _barred(h["code"], h["values"], contract, check.table)) for h in check.holds
        ),
        said=said,
    )


def _barred(code: str, values: Mapping[str, Any], contract: Contract | None, table: str) -> str | None:
    """The message that says why a hold cannot be set aside, or None where a person may judge."""
    match code:
        case "FILE_CUT":  # rows that never arrived are not rows that were taken back
            free = contract is not None and contract.mode is Mode.UPSERT
        case "EMPTY_DELIVERY":  # for event data the person says nihil in the source's place
            free = contract is not None and contract.event
        case "TOO_MANY_REJECTED":
            free = values.get("quarantined") != values.get("rows")
        case "PERSONAL_DATA":  # by whom and in which words: `decide`; one of several tables cannot be released
            free = not table
        case _:
            free = code in _JUDGED
    if free:
        return None
    return f"catalog.hold.barred.{code if code in _SENTENCES else 'OTHER'}"


_SENTENCES = frozenset({
    "FILE_CUT", "EMPTY_DELIVERY", "TOO_MANY_REJECTED", "FOREIGN_REGIONS", "COLUMN_STYLE_UNDECIDED",
    "MAPPED_COLUMNS_MISSING", "MAPPED_TABLE_MISSING", "REFERENCE_LIST_MISSING", "PERSONAL_DATA", "TABLE_TOLD_TWICE",
})  # fmt: skip


def named(waiting: Sequence[Held], name: str) -> Held:
    """The one held delivery that DATASET/RESOURCE[/TABLE] means.

    Dataset and resource are ids, beginnings of ids of six letters and more, or names; the dataset alone will do where
    only one of its deliveries is held.

    Raises:
        HoldUnknown: none is called so; HoldAmbiguous: several are.
    """
    found = [one for one in waiting if _called(one, name)]
    if not found:
        raise HoldUnknown(name=name)
    if len(found) > 1:
        raise HoldAmbiguous(name=name, found=", ".join(one.name for one in found))
    return found[0]


def _called(one: Held, name: str) -> bool:
    """Whether a name means this delivery; names of resources and tables may hold slashes themselves."""
    table = f"/{one.table}" if one.table else ""
    return any(
        not after or table in _after(after[1:], one.resource, one.resource_name)
        for after in _after(name, one.dataset, one.dataset_name)
    )


def _after(name: str, id_: str, title: str) -> Iterator[str]:
    """What is left of a name behind an id (or the beginning of one) or a name that it starts with."""
    head, slash, rest = name.partition("/")
    if len(head) >= _PREFIX and id_.startswith(head.lower()):
        yield slash + rest
    if title and name.casefold().startswith(title.casefold()) and name[len(title) : len(title) + 1] in ("", "/"):
        yield name[len(title) :]


def may_decide(actor: Actor, member: str) -> bool:
    """Whether an actor may decide about a member's deliveries: coordinators all, a steward its own government's."""
    if actor.roles & {Role.COORDINATOR, Role.ADMIN}:
        return True
    return Role.STEWARD in actor.roles and actor.member == member


def _may_clear(one: Held, actor: Actor, reason: str) -> bool:
    """Whether this person, with this reason, may say that what was held as personal data is none."""
    if all(why.code != PERSONAL for why in one.whys):
        return True
    return bool(actor.roles & {Role.COORDINATOR, Role.ADMIN}) and reason.strip().casefold().startswith(NOT_PERSONAL)


def decide(
    sessions: sessionmaker[Session],
    contracts: Mapping[str, Contract],
    name: str,
    decision: Decision,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    sha256: str = "",
) -> Held:
    """Release a held delivery (the next harvest publishes it) or refuse it (nobody is asked about these bytes again).

    The decision is on record with who and why; the newest about the same bytes holds.

    Args:
        name: as `named` takes it.
        sha256: the beginning of the sha256 of the bytes that were looked at; empty means those that are held now.

    Raises:
        HoldUnknown: nothing so called is held, the bytes are others by now, or the actor has no say there.
        HoldAmbiguous: the name means several. ReasonMissing: nothing was given as reason.
        HoldStands: it was to be released, and one of its reasons can be set aside by nobody.
    """
    if not reason.strip():
        raise ReasonMissing(name=name)
    with writing(sessions) as session:
        waiting = held(session, contracts, settled=True, actor=actor)
        one = named([h for h in waiting if may_decide(actor, h.member) and h.sha256.startswith(sha256.lower())], name)
        if decision is Decision.RELEASED and one.barred:
            said = " ".join(text(why.barred or "") for why in one.barred)
            raise HoldStands(name=one.name, codes=", ".join(why.code for why in one.barred), why=said)
        if decision is Decision.RELEASED and not _may_clear(one, actor, reason):
            raise HoldStands(name=one.name, codes=PERSONAL, why=text("catalog.hold.barred.PERSONAL_DATA"))
        values = {
            "resource": one.resource, "table": one.table, "sha256": one.sha256, "contract": one.contract,
            "holds": sorted(why.mark for why in one.whys), "by": actor.name, "reason": reason.strip(),
        }  # fmt: skip
        session.add(
            ReviewItem(
                id=new_id(), kind=KIND, source=one.source, member=one.member, dataset_id=one.dataset, values=values,
                opened_at=one.since, decided_at=now, decided_by=actor.id, decision=decision.value,
            )
        )  # fmt: skip
        audit.record(
            session, actor, f"delivery.{decision.value}", one.resource, {**values, "source": one.source}, now=now
        )
        facts = {"dataset": one.dataset, "table": one.table, "contract": one.contract, "sha256": one.sha256}
        outbox.emit(session, outbox.Message(f"delivery.{decision.value}", one.resource, facts), now=now)
    return one


def releases(session: Session, source: str) -> dict[str, dict[str, Release]]:
    """What has been released of a source's mapped tables and not refused since: resource to sha256 to release."""
    out: dict[str, dict[str, Release]] = {}
    for (resource, table, sha256), item in _decisions(session, source).items():
        if item.decision == Decision.RELEASED.value and not table:
            marks, said = frozenset(item.values["holds"]), item.values
            release = Release(marks, by=said["by"], reason=said["reason"], contract=said["contract"])
            out.setdefault(resource, {})[sha256] = release
    return out


def awaited(session: Session, source: str) -> frozenset[str]:
    """The resources of a source whose held bytes were released since they were checked."""
    known = _decisions(session, source)
    if not known:
        return frozenset()
    waiting = [_held(row, {}, known) for row in _waiting(session, source=source)]
    return frozenset(h.resource for h in waiting if h.said is not None and h.said.decision is Decision.RELEASED)
