"""Findings beyond one file: what is wrong, its sides with values and rows, since when, and who said it is right."""

from datetime import date, datetime
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from catalog import findings_seen
from catalog.findings import FindingRecord
from catalog.findings_seen import State, state_of
from core.messages import locale, text
from gateway.building import field_of
from gateway.context import Context, Info
from gateway.entities.datasets import Dataset, Resource, Snapshot
from gateway.entities.places import Member, member_of
from gateway.pages import Connection, listed, page_size
from gateway.scalars import BigInt, Json
from quality.beyond.finding import Kind
from quality.report.words import Words

quality = field_of("quality")

strawberry.enum(
    Kind,
    name="FindingKind",
    description="Jenis temuan: sums and parts that do not add up, sources that disagree, old rows, unlikely values.",
)
strawberry.enum(
    State, name="FindingState", description="Keadaan temuan: open, said to be right as it is, or not found any more."
)


def _loader(context: Context) -> DataLoader[tuple[str, int], Snapshot | None]:
    """The newest snapshots of resources at commits, of all findings of one page at once."""

    async def load(keys: list[tuple[str, int]]) -> list[Snapshot | None]:
        seqs = await context.sql(lambda session: findings_seen.snapshots_then(session, keys))
        there = await context.loaders.snapshot.load_many(sorted(set(seqs.values())))
        found = dict(zip(sorted(set(seqs.values())), there, strict=True))
        return [found.get(seqs.get(key, -1)) for key in keys]

    return DataLoader(load)


@strawberry.type(description="Baris bukti: where a value stands that a finding speaks of.")
class FindingRow:
    """One row of one side."""

    said: strawberry.Private[Any]
    seq: strawberry.Private[int]
    snapshots: strawberry.Private[DataLoader[tuple[str, int], Snapshot | None]]

    @quality()
    def member(self, info: Info) -> Member | None:
        """Whose row it is."""
        return member_of(info, self.said["member"])

    @quality()
    async def dataset(self, info: Info) -> Dataset | None:
        """Its dataset."""
        return await info.context.loaders.dataset.load(self.said["dataset"])

    @quality()
    async def resource(self, info: Info) -> Resource | None:
        """Its file."""
        return await info.context.loaders.resource.load(self.said["resource"])

    @quality("The snapshot that was the newest of the file when the finding was made.")
    async def snapshot(self) -> Snapshot | None:
        """The snapshot."""
        return await self.snapshots.load((self.said["resource"], self.seq))

    @quality("Nomor baris in the source file.")
    def row(self) -> BigInt | None:
        """The row number."""
        return None if self.said["row"] is None else BigInt(self.said["row"])


@strawberry.type(description="Sisi: one of the figures that are held against each other.")
class FindingSide:
    """One side of a finding."""

    said: strawberry.Private[Any]
    record: strawberry.Private[FindingRecord]
    snapshots: strawberry.Private[DataLoader[tuple[str, int], Snapshot | None]]

    @quality("What this figure is, in the asker's language.")
    def what(self) -> str:
        """Its name."""
        return text(self.said["what"], **self.record.said["values"])

    @quality("Nilai; null where it is absent.")
    def value(self) -> Json | None:
        """Its value."""
        return None if self.said["value"] is None else Json(self.said["value"])

    @quality("Of how many rows it is made.")
    def count(self) -> BigInt:
        """Its rows' number."""
        return BigInt(self.said["count"])

    @quality("Some of its rows.")
    def rows(self) -> list[FindingRow]:
        """Its rows."""
        seq = self.record.opened_seq
        return [FindingRow(said=row, seq=seq, snapshots=self.snapshots) for row in self.said["rows"]]


@strawberry.type(description="Pernyataan benar: who said that a finding is right as it is, and why.")
class FindingAcceptance:
    """An acceptance, which lasts until the values change."""

    record: strawberry.Private[FindingRecord]

    @quality()
    def by(self) -> str:
        """Who said so."""
        return self.record.accepted_by or ""

    @quality()
    def reason(self) -> str:
        """Why."""
        return self.record.accepted_reason or ""

    @quality()
    def at(self) -> datetime | None:
        """When."""
        return self.record.accepted_at


@strawberry.type(
    description="Temuan lintas berkas: what only shows when tables are laid side by side; seen by its member, where "
    "all of its evidence is too, and by those who see every region."
)
class Finding:
    """A finding that the asker may see, as it stands or stood last."""

    record: strawberry.Private[FindingRecord]
    snapshots: strawberry.Private[DataLoader[tuple[str, int], Snapshot | None]]

    def _side(self, said: Any) -> FindingSide:
        return FindingSide(said=said, record=self.record, snapshots=self.snapshots)

    def _sentence(self, message: str) -> str | None:
        words = Words(locale(), "WIB", {})  # no moment stands in these sentences
        return words.say(message, **self.record.said["values"]) if words.has(message) else None

    @quality("The same for as long as its matter stands; `lumbung findings accept` takes it.")
    def id(self) -> strawberry.ID:
        """Its id."""
        return strawberry.ID(self.record.id)

    @quality()
    def kind(self) -> Kind:
        """What kind of look found it."""
        return Kind(self.record.kind)

    @quality()
    def state(self) -> State:
        """How it stands."""
        return state_of(self.record)

    @quality("The data standard whose rows were looked at.")
    def contract(self) -> str:
        """The data standard."""
        return self.record.contract

    @quality("The declaration of the standard that was looked at; `schedule` for freshness.")
    def rule(self) -> str:
        """The rule."""
        return self.record.rule

    @quality("Whose matter it is; null where it is nobody's alone.")
    def member(self, info: Info) -> Member | None:
        """The member."""
        return None if self.record.member is None else member_of(info, self.record.member)

    @quality("The dataset that it is about; null where it is about several.")
    async def dataset(self, info: Info) -> Dataset | None:
        """The dataset."""
        id_ = self.record.dataset_id
        return None if id_ is None else await info.context.loaders.dataset.load(id_)

    @quality("Every dataset that has a part in it.")
    async def datasets(self, info: Info) -> list[Dataset]:
        """The datasets concerned."""
        ids = self.record.said["concerns"] or [id_ for id_ in (self.record.dataset_id,) if id_ is not None]
        return [one for one in await info.context.loaders.dataset.load_many(ids) if one is not None]

    @quality("What is wrong, in the asker's language.")
    def sentence(self) -> str:
        """What is wrong."""
        return self._sentence(self.record.said["message"]) or self.record.said["message"]

    @quality("What to do about it.")
    def advice(self) -> str | None:
        """What to do."""
        return self._sentence(f"{self.record.said['message']}.do")

    @quality("Kolom concerned, the measured one first.")
    def columns(self) -> list[str]:
        """The columns."""
        return [str(column) for column in self.record.said["columns"]]

    @quality("What names the rows: column to value.")
    def key(self) -> Json:
        """The key."""
        return Json(self.record.said["key"])

    @quality("What stands there.")
    def seen(self) -> FindingSide:
        """The side that is doubted."""
        return self._side(self.record.said["seen"])

    @quality("What it was held against.")
    def expected(self) -> list[FindingSide]:
        """The other sides."""
        return [self._side(side) for side in self.record.said["expected"]]

    @quality("The first day of the time that its rows speak of.")
    def as_of(self) -> date | None:
        """The day."""
        said = self.record.said["as_of"]
        return date.fromisoformat(said) if said else None

    @quality("Rows concerned or units of disagreement, for order within a kind.")
    def weight(self) -> float:
        """How much hangs on it."""
        return self.record.weight

    @quality("When it was found first.")
    def since(self) -> datetime:
        """Since when it stands."""
        return self.record.since

    @quality("The commit at which it was found so; rows asked with this asOfSeq are those that were looked at.")
    def seq(self) -> BigInt:
        """The commit."""
        return BigInt(self.record.opened_seq)

    @quality("When it was not found any more.")
    def closed_at(self) -> datetime | None:
        """When it ended."""
        return self.record.closed_at

    @quality("Who said that it is right as it is; null where nobody has.")
    def accepted(self) -> FindingAcceptance | None:
        """The acceptance."""
        return None if self.record.accepted_at is None else FindingAcceptance(record=self.record)


async def findings_page(
    info: Info,
    first: int,
    after: str | None,
    *,
    states: list[State],
    kind: Kind | None,
    **wanted: str | None,
) -> Connection[Finding]:
    """Findings that fit, by kind and standard, the weightiest first."""
    context, size = info.context, page_size(info, "findings", first)
    contracts, asked = context.services.contracts, None if kind is None else kind.value
    found = await context.sql(
        lambda session: findings_seen.findings(
            session, context.actor, contracts, states=states, kind=asked, first=size, after=after, **wanted
        )
    )
    snapshots = _loader(context)
    return listed(found, lambda record: Finding(record=record, snapshots=snapshots), after)
