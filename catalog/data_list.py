"""The yearly data list (*daftar data*, Perpres 39/2019 arts. 25-27): what each member promised to release, and when.

It is the denominator of every "complete". Reading a member's file and finding the datasets that it means are
`services/data_list.py`'s matter; a listed dataset counts as being in the catalogue only where title, tag or standard
left no doubt, or where a person confirmed it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from catalog.errors import DatasetUnknown, ListedUnknown
from catalog.models import Dataset
from catalog.writing import writing
from core import audit
from core.access import Actor, Role
from core.contract_metadata import Period, Release
from core.db import Base
from core.ids import derived_id
from core.reference import fold


class MatchedBy(StrEnum):
    """Why a listed dataset is taken to be one of the catalogue."""

    EXACT = "exact"  # the same title, tag or standard, and nothing else that fits as well
    CONFIRMED = "confirmed"  # a person said so


class ListedDataset(Base):
    """One line of a member's data list of one year; its id stays the same when the list is imported again.

    Attributes:
        folded: the title as it is compared; a list has it once.
        every, due_days: the release schedule; None where the list does not say.
        place: where it stands in the imported file.
    """

    __tablename__ = "listed_dataset"
    __table_args__ = (
        UniqueConstraint("member", "year", "folded"),
        Index("ix_listed_dataset_year_member", "year", "member", "position"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    contract: Mapped[str | None] = mapped_column(String(80))
    producer: Mapped[str | None] = mapped_column(Text)
    every: Mapped[str | None] = mapped_column(String(20))
    due_days: Mapped[int | None]
    priority: Mapped[bool]
    dataset_id: Mapped[str | None] = mapped_column(String(32), index=True)
    matched_by: Mapped[str | None] = mapped_column(String(12))
    place: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Listed:
    """One dataset that a member listed for a year.

    Attributes:
        contract: the standard's name, None where none is meant.
        producer: the producing office (*produsen data*).
        release: its schedule, None where the list does not say: then nothing is due.
        dataset_id: the catalogue's dataset that it is, None while none matched beyond doubt.
    """

    id: str
    member: str
    year: int
    title: str
    contract: str | None = None
    producer: str | None = None
    release: Release | None = None
    priority: bool = False
    dataset_id: str | None = None
    matched_by: MatchedBy | None = None
    place: str = ""


def answers_for(actor: Actor, member: str) -> bool:
    """Whether somebody may bring and settle a member's list: the province's coordinators, admins, its own walidata."""
    return bool(actor.roles & {Role.COORDINATOR, Role.ADMIN}) or (
        Role.STEWARD in actor.roles and actor.member == member
    )


def listed_id(member: str, year: int, title: str) -> str:
    """The id of a title on a member's list of a year, whatever its case and punctuation."""
    return derived_id("listed", member, str(year), fold(title))


def _of(row: ListedDataset) -> Listed:
    release = Release(Period(row.every), row.due_days or 0) if row.every is not None else None
    matched = MatchedBy(row.matched_by) if row.matched_by is not None else None
    return Listed(
        row.id, row.member, row.year, row.title, row.contract, row.producer, release, row.priority, row.dataset_id,
        matched, row.place,
    )  # fmt: skip


def listed(session: Session, year: int, member: str | None = None) -> tuple[Listed, ...]:
    """The data list of a year, of one member or of all, in the order of members and of their lists."""
    query = select(ListedDataset).where(ListedDataset.year == year)
    if member is not None:
        query = query.where(ListedDataset.member == member)
    rows = session.scalars(query.order_by(ListedDataset.member, ListedDataset.position))
    return tuple(_of(row) for row in rows)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What an import changed: how many lines are new, altered, as before, and gone."""

    added: int
    altered: int
    same: int
    removed: int


def replace(
    sessions: sessionmaker[Session],
    member: str,
    year: int,
    lines: Sequence[Listed],
    *,
    actor: Actor,
    file: str,
    now: datetime,
) -> Replaced:
    """Make these lines a member's list of a year; what was matched before stays so, and the audit keeps the counts."""
    with writing(sessions) as session:
        own = (ListedDataset.member == member, ListedDataset.year == year)
        before = {row.id: row for row in session.scalars(select(ListedDataset).where(*own))}
        added = altered = 0
        for position, line in enumerate(lines):
            values = {
                "position": position, "title": line.title, "contract": line.contract, "producer": line.producer,
                "every": line.release.every.value if line.release else None,
                "due_days": line.release.due_days if line.release else None,
                "priority": line.priority, "place": line.place,
            }  # fmt: skip
            row = before.pop(line.id, None)
            if row is None:
                added += 1
                told = {"id": line.id, "member": member, "year": year, "folded": fold(line.title), "imported_at": now}
                session.add(ListedDataset(**told, **values))
            elif any(getattr(row, name) != value for name, value in values.items()):
                altered += 1
                for name, value in values.items():
                    setattr(row, name, value)
                row.imported_at = now
        session.execute(delete(ListedDataset).where(ListedDataset.id.in_(list(before))))
        done = Replaced(added, altered, len(lines) - added - altered, len(before))
        if added or altered or before:
            counts = {"file": file, "added": added, "altered": altered, "removed": len(before)}
            audit.record(session, actor, "data_list.imported", f"{member}/{year}", counts, now=now)
        return done


def match(session: Session, exact: Iterable[tuple[str, str]]) -> int:
    """Note matches beyond doubt (listed id, dataset id) in the caller's transaction; how many are new.

    What a person confirmed is never changed by this.
    """
    new = 0
    for id_, dataset in exact:
        row = session.get(ListedDataset, id_)
        if row is not None and row.matched_by != MatchedBy.CONFIRMED and row.dataset_id != dataset:
            row.dataset_id, row.matched_by = dataset, MatchedBy.EXACT.value
            new += 1
    return new


def confirm(sessions: sessionmaker[Session], id_: str, dataset: str | None, *, actor: Actor, now: datetime) -> Listed:
    """Say by decision which dataset a listed one is (or, with None, that it is none yet); on record with who.

    Both may be named by the beginning of their id.

    Raises:
        ListedUnknown, DatasetUnknown: nothing (or more than one) is named so, or the dataset is another member's.
    """
    with writing(sessions) as session:
        rows = session.scalars(select(ListedDataset).where(ListedDataset.id.startswith(id_, autoescape=True)).limit(2))
        named = rows.all()
        if len(named) != 1 or not answers_for(actor, named[0].member):
            raise ListedUnknown(listed=id_)
        row, known = named[0], None
        if dataset is not None:
            own = (Dataset.id.startswith(dataset, autoescape=True), Dataset.member == row.member)
            meant = session.scalars(select(Dataset.id).where(*own).limit(2)).all()
            if len(meant) != 1:
                raise DatasetUnknown(dataset=dataset)
            known = meant[0]
        row.dataset_id = known
        row.matched_by = MatchedBy.CONFIRMED.value if known is not None else None
        audit.record(session, actor, "data_list.matched", row.id, {"dataset": known, "title": row.title}, now=now)
        return _of(row)
