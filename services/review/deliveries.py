"""What the gate and the people behind it did within a week: held, accepted, stopped, returned; the week in numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import holds, questions
from catalog.models import CheckRecord, Dataset, QuarantineBatch, Resource, ReviewItem, Run, Snapshot
from core.contract import Contract
from core.outbox import OutboxEvent
from core.verdict import Verdict
from quality.report.model import Accepted, Facts, Held, PersonalStop, Rejected, Totals
from services.review.bounds import Bounds

#: Holds of this kind stop a file because of whom it speaks about (F35).
_PERSONAL = "PERSONAL"
#: The verdicts that are counted apart.
_COUNTED = {Verdict.PUBLISHED.value: "published", Verdict.WARNED.value: "warned", Verdict.HELD.value: "held"}


def plain(values: Mapping[str, Any]) -> Facts:
    """Values of a sentence as text and numbers alone."""
    return {k: v if isinstance(v, str | int | float) or v is None else str(v) for k, v in values.items()}


def _why(why: holds.Why) -> tuple[str, Facts]:
    about = f"error.{why.code}.what" if why.code == "MAPPED_TABLE_MISSING" else f"quality.hold.{why.code}"
    return about, plain(why.values)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A held delivery as the report shows it, beside the catalogue's own record of it."""

    shown: Held
    record: holds.Held

    @property
    def personal(self) -> bool:
        """Whether personal data is why it is held."""
        return any(why.code.startswith(_PERSONAL) for why in self.record.whys)

    @property
    def asks(self) -> tuple[holds.Why, ...]:
        """The columns whose style a person must state."""
        return tuple(why for why in self.record.whys if why.code == questions.HOLD)


def held(session: Session, contracts: Mapping[str, Contract], within: Bounds) -> tuple[Waiting, ...]:
    """Every delivery that is held at the week's end, oldest first; one whose questions are answered waits no more."""
    answered = _answered(session, within.until)
    out: list[Waiting] = []
    for one in holds.held(session, contracts, settled=True, until=within.until):
        shown = Held(
            member=one.member,
            title=one.dataset_title,
            file=one.resource_name,
            name=one.name,
            contract=one.contract,
            since=one.since,
            whys=tuple(_why(why) for why in one.whys),
            settled=one.said.decision.value if one.said is not None else None,
        )
        asked = [why.values["column"] for why in one.whys if why.code == questions.HOLD]
        known = answered.get((one.source, one.contract or ""), {})
        if asked and all(known.get(column, one.since) > one.since for column in asked):
            continue
        out.append(Waiting(shown, one))
    return tuple(out)


def _answered(session: Session, until: datetime) -> dict[tuple[str, str], dict[str, datetime]]:
    """When columns of a source and standard were last answered for."""
    out: dict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    query = select(ReviewItem).where(ReviewItem.kind == questions.KIND, ReviewItem.decided_at < until)
    for item in session.scalars(query.order_by(ReviewItem.decided_at)):
        assert item.decided_at is not None
        out[item.source, item.values["contract"]][item.values["column"]] = item.decided_at
    return out


def stops(session: Session, within: Bounds, waiting: Iterable[Waiting]) -> tuple[PersonalStop, ...]:
    """The deliveries of this week that were stopped because of personal data, and older ones that still are."""
    open_now = {(one.record.resource, one.record.sha256) for one in waiting if one.personal}
    query = (
        select(CheckRecord.resource_id, CheckRecord.landed_sha256, CheckRecord.at, CheckRecord.holds, Resource.name,
               Dataset.title, Dataset.member)
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(CheckRecord.verdict == Verdict.HELD.value, CheckRecord.at < within.until)
        .order_by(CheckRecord.at, CheckRecord.id)
    )  # fmt: skip
    out: dict[tuple[str, str], PersonalStop] = {}
    for row in session.execute(query):
        found = [hold for hold in row.holds if str(hold["code"]).startswith(_PERSONAL)]
        key = (row.resource_id, row.landed_sha256)
        if found and (row.at >= within.since or key in open_now):
            columns = ", ".join(sorted({str(hold["values"].get("column", "?")) for hold in found}))
            out[key] = PersonalStop(row.member, row.title, row.name, columns, row.at, key in open_now)
    return tuple(out.values())


def accepted(session: Session, within: Bounds) -> tuple[Accepted, ...]:
    """What people said of held deliveries within the week, in order."""
    query = (
        select(ReviewItem, Dataset.title)
        .join(Dataset, Dataset.id == ReviewItem.dataset_id)
        .where(ReviewItem.kind == holds.KIND)
        .where(ReviewItem.decided_at >= within.since, ReviewItem.decided_at < within.until)
        .order_by(ReviewItem.decided_at, ReviewItem.id)
    )
    found = session.execute(query).all()
    names = _names(session, [item.values["resource"] for item, _ in found])
    return tuple(
        Accepted(
            member=item.member,
            title=title,
            file=names.get(item.values["resource"], ""),
            decision=item.decision or "",
            by=item.values["by"],
            reason=item.values["reason"],
            at=item.decided_at or item.opened_at,
            holds=tuple(item.values["holds"]),
        )
        for item, title in found
    )


def _names(session: Session, resources: list[str]) -> dict[str, str]:
    query = select(Resource.id, Resource.name).where(Resource.id.in_(resources))
    return {row.id: row.name for row in session.execute(query)}


def rejected(session: Session, within: Bounds) -> tuple[Rejected, ...]:
    """The rows that stand in quarantine at the week's end, by dataset; most first within a member."""
    query = (
        select(QuarantineBatch.rows, QuarantineBatch.reasons, QuarantineBatch.at, Resource.contract,
               Dataset.id, Dataset.title, Dataset.member)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineBatch.at < within.until)
        .where(QuarantineBatch.closed_at.is_(None) | (QuarantineBatch.closed_at >= within.until))
        .order_by(QuarantineBatch.at, QuarantineBatch.id)
    )  # fmt: skip
    found: dict[str, Any] = {}
    rows: Counter[str] = Counter()
    new: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for row in session.execute(query):
        found[row.id] = row
        rows[row.id] += row.rows
        new[row.id] += row.rows if row.at >= within.since else 0
        reasons[row.id].update({str(code): int(count) for code, count in row.reasons.items()})
    out = [
        Rejected(row.member, id_, row.title, row.contract, rows[id_], new[id_], dict(sorted(reasons[id_].items())))
        for id_, row in found.items()
    ]
    return tuple(sorted(out, key=lambda r: (r.member, -r.rows, r.dataset)))


def totals(
    session: Session, since: datetime, until: datetime, seq: int, sources: Mapping[str, int]
) -> dict[str, Totals]:
    """The week in numbers for each member.

    Args:
        sources: how many sources each member has.
    """
    counts: dict[str, Counter[str]] = {member: Counter(sources=number) for member, number in sources.items()}

    def add(name: str, rows: Iterable[Any]) -> None:
        for member, number in rows:
            counts.setdefault(member or "", Counter())[name] += int(number or 0)

    add("runs", session.execute(
        select(Run.member, func.count()).where(Run.started >= since, Run.started < until).group_by(Run.member)
    ))  # fmt: skip
    checked = (
        select(Dataset.member, CheckRecord.verdict, func.count())
        .select_from(CheckRecord)
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(CheckRecord.at >= since, CheckRecord.at < until)
        .group_by(Dataset.member, CheckRecord.verdict)
    )
    for member, verdict, number in session.execute(checked):
        add("deliveries", [(member, number)])
        if verdict in _COUNTED:
            add(_COUNTED[verdict], [(member, number)])
    _datasets(session, since, until, add)
    newest = select(func.max(Snapshot.seq)).where(Snapshot.seq <= seq).group_by(Snapshot.resource_id, Snapshot.table)
    add("rows", session.execute(
        select(Dataset.member, func.sum(Snapshot.live_rows))
        .select_from(Snapshot)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Snapshot.seq.in_(newest))
        .group_by(Dataset.member)
    ))  # fmt: skip
    add("rows_returned", session.execute(
        select(Dataset.member, func.sum(QuarantineBatch.rows))
        .select_from(QuarantineBatch)
        .join(Resource, Resource.id == QuarantineBatch.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(QuarantineBatch.at < until)
        .where(QuarantineBatch.closed_at.is_(None) | (QuarantineBatch.closed_at >= until))
        .group_by(Dataset.member)
    ))  # fmt: skip
    return {member: Totals(**found) for member, found in counts.items() if member}


def _datasets(session: Session, since: datetime, until: datetime, add: Any) -> None:
    """Count datasets as they stood: by when they came, and by what was announced about them since."""
    last: dict[str, str] = {}
    about = ("dataset.missing", "dataset.returned", "dataset.withdrawn")
    query = select(OutboxEvent.key, OutboxEvent.topic).where(OutboxEvent.topic.in_(about), OutboxEvent.at < until)
    for key, topic in session.execute(query.order_by(OutboxEvent.id)):
        last[key] = topic
    for id_, member, seen in session.execute(
        select(Dataset.id, Dataset.member, Dataset.first_seen).where(Dataset.first_seen < until)
    ):
        state = last.get(id_)
        if state != "dataset.withdrawn":
            add("datasets", [(member, 1)])
        if state == "dataset.missing":
            add("datasets_missing", [(member, 1)])
        if seen >= since:
            add("datasets_new", [(member, 1)])


def summed(parts: Iterable[Totals]) -> Totals:
    """The province's numbers: those of its members added."""
    out: Counter[str] = Counter()
    for part in parts:
        out.update({name: getattr(part, name) for name in part.__dataclass_fields__})
    return Totals(**out)
