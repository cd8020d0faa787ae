"""What the gate found, and the rows it returned."""

from datetime import datetime
from typing import Any

import orjson
import strawberry

from catalog import checks as check_records
from catalog import query
from catalog.models import CheckRecord, QuarantineBatch
from catalog.models import QuarantineRow as QuarantineRowRecord
from core.access import Actor, sees
from core.contract import Classification
from gateway.building import field_of, owner
from gateway.context import Info
from gateway.entities.datasets import Resource, Snapshot
from gateway.pages import Connection, listed, page_size
from gateway.scalars import BigInt, Json

quality = field_of("quality")


def _sees_cells(actor: Actor, member: str) -> bool:
    """Whether an actor may see what stood in a member's files: its own, and those who see every region."""
    return sees(actor, Classification.LIMITED, own=actor.member == member)


@strawberry.type(description="Hasil pemeriksaan: what the gate found in one delivery; seen by members.")
class Check:
    """A check that the asker may see."""

    record: strawberry.Private[CheckRecord]

    @quality()
    def id(self) -> strawberry.ID:
        """Its id."""
        return strawberry.ID(self.record.id)

    @quality()
    async def resource(self, info: Info) -> Resource | None:
        """What was delivered."""
        return await info.context.loaders.resource.load(self.record.resource_id)

    @quality("The snapshot it became; null where it was held.")
    async def snapshot(self, info: Info) -> Snapshot | None:
        """The snapshot."""
        seq = self.record.snapshot_seq
        return None if seq is None else await info.context.loaders.snapshot.load(seq)

    @quality("Lembar or entry of the file.")
    def table(self) -> str:
        """The table."""
        return self.record.table

    @quality()
    def contract(self) -> str | None:
        """The data standard."""
        return self.record.contract

    @quality()
    def contract_version(self) -> str | None:
        """The data standard's version."""
        return self.record.contract_version

    @quality("Putusan: published, published_with_warnings, held, unmapped.")
    def verdict(self) -> str:
        """The verdict."""
        return self.record.verdict

    @quality()
    def at(self) -> datetime:
        """When it was checked."""
        return self.record.at

    @quality("Counts and shares.")
    def statistics(self) -> Json:
        """The numbers."""
        return Json(self.record.statistics)

    @quality("Why it was held; empty where it was not.")
    def holds(self) -> Json:
        """The reasons of a hold."""
        return Json(self.record.holds)

    @quality("What a steward should look at.")
    def warnings(self) -> Json:
        """The warnings."""
        return Json(self.record.warnings)

    @quality("Great Expectations' own result; seen by its member and reviewers.")
    async def result(self, info: Info) -> Json | None:
        """The whole result; it can show cells, so it is as closed as returned rows are."""
        record, resource = self.record, await info.context.loaders.resource.load(self.record.resource_id)
        dataset = await info.context.loaders.dataset.load(resource.record.dataset_id) if resource else None
        if dataset is None or not _sees_cells(info.context.actor, dataset.record.member):
            return None

        def unpacked() -> Any:
            packed = check_records.result(record)
            return None if packed is None else orjson.loads(packed)

        return Json(await info.context.offload.parse(info.context.deadline, unpacked))


@strawberry.type(description="Baris yang dikembalikan: one returned row as it stood in the file, with every reason.")
class QuarantineRow:
    """A returned row."""

    record: strawberry.Private[QuarantineRowRecord]

    @quality("Nomor baris in the source file.")
    def row(self) -> BigInt:
        """The row number."""
        return BigInt(self.record.row)

    @quality("The cells as they stood there.")
    def original(self) -> Json:
        """The cells."""
        return Json(self.record.original)

    @quality()
    def reasons(self) -> Json:
        """Every reason."""
        return Json(self.record.reasons)


@strawberry.type(description="Alasan: how many rows were returned for one reason.")
class ReasonCount:
    """A reason and its count."""

    code: str = strawberry.field(metadata=owner("quality"))
    rows: int = strawberry.field(metadata=owner("quality"))


@strawberry.type(description="Karantina: the returned rows of one delivery; seen by its member and reviewers.")
class Quarantine:
    """A batch of returned rows that the asker may see."""

    record: strawberry.Private[QuarantineBatch]

    @quality()
    def id(self) -> strawberry.ID:
        """Its id."""
        return strawberry.ID(self.record.id)

    @quality()
    async def resource(self, info: Info) -> Resource | None:
        """What was delivered."""
        return await info.context.loaders.resource.load(self.record.resource_id)

    @quality()
    async def snapshot(self, info: Info) -> Snapshot | None:
        """The snapshot that holds the rows that passed."""
        seq = self.record.snapshot_seq
        return None if seq is None else await info.context.loaders.snapshot.load(seq)

    @quality("Lembar or entry of the file.")
    def table(self) -> str:
        """The table."""
        return self.record.table

    @quality("How many rows were returned.")
    def rows(self) -> BigInt:
        """The rows."""
        return BigInt(self.record.rows)

    @quality("Alasan, the most frequent first; a row with two counts twice.")
    def reasons(self) -> list[ReasonCount]:
        """The reasons."""
        found = sorted(self.record.reasons.items(), key=lambda item: (-int(item[1]), item[0]))
        return [ReasonCount(code=code, rows=int(rows)) for code, rows in found]

    @quality()
    def at(self) -> datetime:
        """When they were returned."""
        return self.record.at

    @quality("When a later delivery repaired or replaced them; null is open.")
    def closed_at(self) -> datetime | None:
        """When it was closed."""
        return self.record.closed_at

    @quality("The first thousand rows, in the file's order.")
    async def returned(self, info: Info, first: int = 20, after: str | None = None) -> Connection[QuarantineRow]:
        """The rows."""
        actor, batch, size = info.context.actor, self.record.id, page_size(info, "returned", first)
        found = await info.context.sql(
            lambda session: query.quarantine_rows(session, actor, batch, first=size, after=after)
        )
        return listed(found, lambda record: QuarantineRow(record=record), after)


async def checks_page(info: Info, first: int, after: str | None, **wanted: str | None) -> Connection[Check]:
    """Checks that fit, newest first."""
    actor, size = info.context.actor, page_size(info, "checks", first)
    found = await info.context.sql(lambda session: query.checks(session, actor, first=size, after=after, **wanted))
    return listed(found, lambda record: Check(record=record), after)


async def quarantine_page(
    info: Info, first: int, after: str | None, *, open_only: bool = True, **wanted: str | None
) -> Connection[Quarantine]:
    """Batches of returned rows that fit, newest first."""
    actor, size = info.context.actor, page_size(info, "quarantine", first)
    found = await info.context.sql(
        lambda session: query.batches(session, actor, open_only=open_only, first=size, after=after, **wanted)
    )
    return listed(found, lambda record: Quarantine(record=record), after)
