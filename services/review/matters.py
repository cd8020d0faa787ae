"""The matters that a week leaves for people to decide; their order is `quality/report/ranking.py`'s."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Dataset, ReviewItem, ReviewKind
from core.messages import DEFAULT_LOCALE, catalogue
from quality.report.model import (
    Exemption,
    Facts,
    Finding,
    Item,
    Kind,
    MatrixRow,
    Rejected,
    Return,
    SourceDown,
)
from quality.report.ranking import item_id
from quality.report.words import source_message
from quality.score import Cell
from services.review.bounds import Bounds
from services.review.deliveries import Waiting, plain
from services.review.sources import SOON

_DEFER = "defer"
#: So many rows in quarantine, or such a share of a member's rows, are a matter of that member's own.
_MANY, _LARGE_SHARE = 1_000, 0.05


def held(waiting: Iterable[Waiting]) -> Iterator[Item]:
    """A matter for each delivery that is held and undecided, and for each column that a person must state."""
    for one in waiting:
        shown, record = one.shown, one.record
        if shown.settled is not None:
            continue
        about: Facts = {"title": shown.title, "file": shown.file, "name": shown.name, "source": record.source,
                        "sha256": record.sha256}  # fmt: skip
        subject = (record.resource, record.table, record.sha256)
        for why in one.asks:
            column = str(why.values["column"])
            values: Facts = {**about, "column": str(why.values.get("title", column)), "key": column,
                      "resource": record.resource, "examples": str(why.values.get("examples", ""))}  # fmt: skip
            yield Item(
                id=item_id(Kind.QUESTION, record.source, record.contract or "", column),
                kind=Kind.QUESTION,
                member=shown.member,
                subject=shown.title,
                values=values,
                options=(*str(why.values["choices"]).split(", "), _DEFER),
                command=f"lumbung questions --source {record.source}",
                since=shown.since,
                whys=(("report.item.question.why", values),),
            )
        if one.asks:
            continue
        options = ("mend", _DEFER) if record.barred else ("release", "refuse", _DEFER)
        kind = Kind.HELD
        if one.personal:
            kind, options = Kind.PERSONAL, ("take_out", "classify", _DEFER)
        yield Item(
            id=item_id(kind, *subject),
            kind=kind,
            member=shown.member,
            subject=shown.title,
            values=about,
            options=options,
            command=f"lumbung held --source {record.source}",
            since=shown.since,
            whys=shown.whys,
        )


_REVIEWS = {
    ReviewKind.EMPTY_SOURCE.value: (Kind.EMPTY_SOURCE, ("ask_source", "keep", _DEFER)),
    ReviewKind.MANY_MISSING.value: (Kind.MANY_MISSING, ("ask_source", "keep", _DEFER)),
    ReviewKind.ID_REUSED.value: (Kind.ID_REUSED, ("accept_new", "ask_source", _DEFER)),
    ReviewKind.MAPPING.value: (Kind.MAPPING, ("map", "keep", _DEFER)),
}


def reviews(session: Session, within: Bounds) -> Iterator[Item]:
    """A matter for each question about a dataset or source that is open (S14, S15, a standard that surely fits)."""
    query = (
        select(ReviewItem, Dataset.title)
        .join(Dataset, Dataset.id == ReviewItem.dataset_id, isouter=True)
        .where(ReviewItem.kind.in_(_REVIEWS), ReviewItem.opened_at < within.until)
        .where(ReviewItem.decided_at.is_(None) | (ReviewItem.decided_at >= within.until))
        .order_by(ReviewItem.opened_at, ReviewItem.id)
    )
    for item, title in session.execute(query):
        kind, options = _REVIEWS[item.kind]
        values: Facts = {**plain(item.values), "source": item.source, "review": item.id, "title": title or item.source}
        yield Item(
            id=item_id(kind, item.id),
            kind=kind,
            member=item.member,
            subject=title or item.source,
            values=values,
            options=options,
            command=f"lumbung {'map list --open' if kind is Kind.MAPPING else 'runs'} --source {item.source}",
            since=item.opened_at,
            weight=int(item.values.get("missing", item.values.get("datasets", 0)) or 0),
            whys=((f"report.item.{kind}.why", values),),
        )


def unreachable(down: Iterable[SourceDown], within: Bounds) -> Iterator[Item]:
    """A matter for each source that could not be asked; the longer, the weightier."""
    for one in down:
        days = (within.until - one.since).days if one.since is not None else 0
        values: Facts = {**one.values, "source": one.source, "runs": one.runs, "days": days}
        yield Item(
            id=item_id(Kind.UNREACHABLE, one.source),
            kind=Kind.UNREACHABLE,
            member=one.member,
            subject=one.source,
            values=values,
            options=("ask_source", "suspend", _DEFER),
            command=f"lumbung harvest --source {one.source}",
            since=one.since,
            weight=days,
            whys=((source_message(one.code), values),),
        )


def exemptions(found: Iterable[Exemption], within: Bounds) -> Iterator[Item]:
    """A matter for each exception that has run out, or soon will."""
    today = (within.until - timedelta(microseconds=1)).astimezone(within.zone).date()
    for one in found:
        if one.until <= today + SOON:
            values: Facts = {"source": one.source, "what": one.what, "by": one.by, "until": one.until.isoformat(),
                      "reason": one.reason}  # fmt: skip
            state = "expired" if one.expired else "ending"
            yield Item(
                id=item_id(Kind.EXCEPTION, one.source, one.what, one.value or "", one.until.isoformat()),
                kind=Kind.EXCEPTION,
                member=one.member,
                subject=one.source,
                values=values,
                options=("renew", "remove", _DEFER),
                command="lumbung source list",
                weight=int(one.expired),
                whys=((f"report.item.exception.{state}", values),),
            )


def rejected(found: Sequence[Rejected], rows: Mapping[str, int], waiting: Iterable[Waiting]) -> Iterator[Item]:
    """One matter for all rows in quarantine, and one of its own for a member with many of them.

    Args:
        rows: how many rows of each member are served.
        waiting: the held deliveries; what is to become of their rows is asked with these, and not twice.
    """
    asked = {one.record.dataset for one in waiting if one.shown.settled is None}
    found = [one for one in found if one.dataset not in asked]
    of_member: dict[str, list[Rejected]] = defaultdict(list)
    for one in found:
        of_member[one.member].append(one)
    returned = {member: sum(one.rows for one in some) for member, some in of_member.items()}
    many = {m for m, n in returned.items() if n >= _MANY or n >= _LARGE_SHARE * (n + rows.get(m, 0))}
    for member in sorted(many):
        yield _returned(member, of_member[member])
    if rest := [one for one in found if one.member not in many]:
        yield _returned(None, rest)


def _returned(member: str | None, some: Sequence[Rejected]) -> Item:
    worst = max(some, key=lambda one: (one.rows, one.dataset))
    values: Facts = {
        "rows": sum(one.rows for one in some),
        "new": sum(one.new for one in some),
        "datasets": len(some),
        "members": len({one.member for one in some}),
        "worst": worst.title,
        "worst_rows": worst.rows,
    }
    return Item(
        id=item_id(Kind.REJECTED, member or "*"),
        kind=Kind.REJECTED,
        member=member,
        subject=worst.title,
        values=values,
        options=("return", "suspend", _DEFER),
        command="lumbung returns build" + (f" --member {member}" if member else ""),
        weight=int(values["rows"] or 0),
        whys=(("report.item.rejected.why", values),),
    )


def overdue(found: Iterable[Return], within: Bounds) -> Iterator[Item]:
    """A matter for each return that was not repaired in time."""
    today = within.until.astimezone(within.zone).date()
    for one in found:
        days = (today - one.due).days if one.due is not None else 0
        values: Facts = {"title": one.title, "rows": one.rows, "days": days, "producer": one.producer or ""}
        yield Item(
            id=item_id(Kind.OVERDUE, one.number),
            kind=Kind.OVERDUE,
            member=one.member,
            subject=one.title,
            values=values,
            options=("remind", "suspend", _DEFER),
            command=f"lumbung returns show {one.number}",
            since=one.since,
            weight=days,
            whys=(("report.item.overdue.why", values),),
        )


def findings(found: Iterable[Finding]) -> Iterator[Item]:
    """A matter for each member's findings of one kind about one standard: the weightiest stands for all of them."""
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for one in found:
        groups[one.kind, one.contract, one.member or ""].append(one)
    for (kind, contract, member), some in sorted(groups.items()):
        worst = max(some, key=lambda one: (one.rows, one.id))
        values: Facts = {"title": worst.title, "rows": sum(one.rows for one in some), "count": len(some)}
        if len(some) == 1:
            values = {**worst.values, **values, "finding": worst.id}
        named = f" --member {member}" if member else ""
        yield Item(
            id=item_id(Kind.FINDING, kind, contract, member),
            kind=Kind.FINDING,
            member=worst.member,
            subject=worst.title,
            values=values,
            options=("ask_source", "accept", _DEFER) if len(some) == 1 else ("ask_source", _DEFER),
            command=f"lumbung findings{named}" + (f" --kind {kind}" if kind else ""),
            since=min(one.at for one in some),
            weight=sum(one.rows for one in some),
            whys=tuple(_sentences(worst, len(some) - 1)),
        )


def _sentences(one: Finding, others: int) -> Iterator[tuple[str, Facts]]:
    """What is wrong, that there is more like it, and what to do."""
    yield one.code, one.values
    if others:
        yield "finding.others", {"count": others}
    if (do := f"{one.code}.do") in catalogue(DEFAULT_LOCALE):
        yield do, one.values


def listed(matrix: Iterable[MatrixRow]) -> Iterator[Item]:
    """A matter for each member whose listed priority data did not come when it was last due."""
    absent: dict[str, list[MatrixRow]] = defaultdict(list)
    for row in matrix:
        due = [cell for _, cell in row.cells if cell not in (Cell.NOT_DUE, Cell.NOT_LISTED)]
        if row.priority and due and due[-1] is Cell.MISSING:
            absent[row.member].append(row)
    for member, some in sorted(absent.items()):
        values: Facts = {"datasets": len(some), "first": some[0].title, "member": member}
        yield Item(
            id=item_id(Kind.LISTED, member),
            kind=Kind.LISTED,
            member=member,
            subject=member,
            values=values,
            options=("remind", "suspend", _DEFER),
            command=f"lumbung scores --member {member}",
            weight=len(some),
            whys=(("report.item.listed.why", values),),
        )
