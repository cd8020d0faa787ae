"""Datasets, their resources and snapshots; the runs that brought them are in `runs.py`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from catalog import query
from catalog.models import Dataset as DatasetRecord
from catalog.models import DatasetState
from catalog.models import Resource as ResourceRecord
from catalog.models import Snapshot as SnapshotRecord
from core.contract import Classification
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.places import Member, Source, member_of, source_of
from gateway.pages import Connection, listed, page_size
from gateway.scalars import BigInt, Json
from quality.score import Level

if TYPE_CHECKING:
    from gateway.entities.quality import Check, Quarantine
    from gateway.entities.scores import Scorecard

catalog = field_of("catalog")
quality = field_of("quality")

strawberry.enum(DatasetState, name="DatasetState", description="Keadaan: aktif, hilang di sumber, dicabut.")
strawberry.enum(Classification, name="Classification", description="Klasifikasi: who may see it.")


@strawberry.type(description="Set data: one dataset as its origin describes it.")
class Dataset:
    """A dataset that the asker may see."""

    record: strawberry.Private[DatasetRecord]

    @catalog()
    def id(self) -> strawberry.ID:
        """The catalogue's id."""
        return strawberry.ID(self.record.id)

    @catalog()
    def name(self) -> str:
        """Its name at the source."""
        return self.record.name

    @catalog("Judul.")
    def title(self) -> str:
        """The title."""
        return self.record.title

    @catalog("Keterangan.")
    def notes(self) -> str | None:
        """The description."""
        return self.record.notes

    @catalog()
    def member(self, info: Info) -> Member | None:
        """Whose it is."""
        return member_of(info, self.record.member)

    @catalog()
    def source(self, info: Info) -> Source | None:
        """Where it was harvested."""
        return source_of(info, self.record.source)

    @catalog("Dinas that owns it.")
    def organisation(self) -> str | None:
        """The dinas."""
        return self.record.organisation_title or self.record.organisation

    @catalog()
    def tags(self) -> list[str]:
        """The tags."""
        return self.record.tags

    @catalog()
    def groups(self) -> list[str]:
        """The groups."""
        return self.record.groups

    @catalog("Lisensi.")
    def license(self) -> str | None:
        """The licence."""
        return self.record.license

    @catalog()
    def state(self) -> DatasetState:
        """Whether it is at its source."""
        return DatasetState(self.record.state)

    @catalog("Salinan: the same dataset counts at another source, which owns it; its rows are read there.")
    def is_copy(self) -> bool:
        """Whether another source's dataset counts in its place."""
        return self.record.copy_of is not None

    @catalog()
    def classification(self) -> Classification:
        """Who may see it."""
        return Classification(self.record.classification)

    @catalog("Standar data; null: belum dipetakan ke standar data.")
    def contract(self) -> str | None:
        """The data standard it is mapped to."""
        return self.record.contract

    @catalog("When it changed, as the source says.")
    def modified(self) -> datetime | None:
        """The source's own date."""
        return self.record.modified

    @catalog()
    def first_seen(self) -> datetime:
        """When it was first harvested."""
        return self.record.first_seen

    @catalog()
    def last_seen(self) -> datetime:
        """When its source last showed it."""
        return self.record.last_seen

    @catalog("Berkas of the dataset.")
    async def resources(self, info: Info) -> list["Resource"]:
        """The resources, in the source's order."""
        return await info.context.loaders.resources_of.load(self.record.id)

    @quality("Hasil pemeriksaan, newest first.")
    async def checks(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[Annotated["Check", strawberry.lazy("gateway.entities.quality")]]:
        """The checks."""
        from gateway.entities.quality import checks_page

        return await checks_page(info, first, after, dataset_id=self.record.id)

    @quality("Karantina: returned rows; seen by its member and reviewers.")
    async def quarantine(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> Connection[Annotated["Quarantine", strawberry.lazy("gateway.entities.quality")]]:
        """The returned rows."""
        from gateway.entities.quality import quarantine_page

        return await quarantine_page(info, first, after, dataset_id=self.record.id)

    @quality("Skor mutu, the oldest week first; seen by members.")
    async def scores(
        self, info: Info, week: str | None = None, weeks: int = 1
    ) -> list[Annotated["Scorecard", strawberry.lazy("gateway.entities.scores")]] | None:
        """Its scores of some weeks up to and with one, the running one where none is named."""
        from gateway.entities.scores import scores_of

        return await scores_of(info, Level.DATASET, self.record.id, self.record.member, week=week, weeks=weeks)


@strawberry.type(description="Berkas: one file or table of a dataset, and where its current rows are.")
class Resource:
    """A resource of a dataset that the asker may see."""

    record: strawberry.Private[ResourceRecord]

    @catalog()
    def id(self) -> strawberry.ID:
        """The catalogue's id."""
        return strawberry.ID(self.record.id)

    @catalog()
    def name(self) -> str:
        """Its name."""
        return self.record.name

    @catalog()
    def description(self) -> str | None:
        """Its description."""
        return self.record.description

    @catalog()
    async def dataset(self, info: Info) -> Dataset | None:
        """The dataset it belongs to."""
        return await info.context.loaders.dataset.load(self.record.dataset_id)

    @catalog("Its address at the source; null unless a member asks.")
    def url(self, info: Info) -> str | None:
        """The address."""
        return self.record.url if info.context.actor.is_member else None

    @catalog()
    def format(self) -> str:
        """The format that the source states."""
        return self.record.format

    @catalog("Bytes, as the source says.")
    def size(self) -> BigInt | None:
        """The size."""
        return None if self.record.size is None else BigInt(self.record.size)

    @catalog()
    def state(self) -> DatasetState:
        """Whether it is at its source."""
        return DatasetState(self.record.state)

    @catalog("Standar data; null: belum dipetakan ke standar data.")
    def contract(self) -> str | None:
        """The data standard."""
        return self.record.contract

    @catalog("False: tidak terbaca mesin; null: not read yet.")
    def machine_readable(self) -> bool | None:
        """Whether a table could be read."""
        return self.record.machine_readable

    @quality("Putusan of the newest delivery.")
    def last_verdict(self) -> str | None:
        """The newest verdict."""
        return self.record.last_verdict

    @catalog("Rows that are served now.")
    def rows(self) -> BigInt | None:
        """The number of rows."""
        return None if self.record.rows is None else BigInt(self.record.rows)

    @catalog()
    def fetched_at(self) -> datetime | None:
        """When it was fetched."""
        return self.record.fetched_at

    @catalog()
    def last_checked(self) -> datetime | None:
        """When it was last checked."""
        return self.record.last_checked

    @catalog("The newest snapshot.")
    async def snapshot(self, info: Info) -> "Snapshot | None":
        """The newest snapshot."""
        seq = self.record.current_seq
        return None if seq is None else await info.context.loaders.snapshot.load(seq)

    @catalog("Riwayat: its snapshots, newest first.")
    async def snapshots(self, info: Info, first: int = 20, after: str | None = None) -> Connection["Snapshot"]:
        """The snapshots."""
        actor, resource, size = info.context.actor, self.record.id, page_size(info, "snapshots", first)
        found = await info.context.sql(
            lambda session: query.snapshots(session, actor, resource, first=size, after=after)
        )
        return listed(found, lambda record: Snapshot(record=record), after)


@strawberry.type(description="Snapshot: one table of one resource at one commit.")
class Snapshot:
    """A snapshot of a resource that the asker may see."""

    record: strawberry.Private[SnapshotRecord]

    @catalog("Nomor: the commit; asOfSeq takes it.")
    def seq(self) -> BigInt:
        """The commit."""
        return BigInt(self.record.seq)

    @catalog()
    async def resource(self, info: Info) -> Resource | None:
        """The resource."""
        return await info.context.loaders.resource.load(self.record.resource_id)

    @catalog("Lembar or entry where the file holds several tables.")
    def table(self) -> str:
        """The table."""
        return self.record.table

    @catalog()
    def contract(self) -> str | None:
        """The data standard."""
        return self.record.contract

    @catalog()
    def contract_version(self) -> str | None:
        """The data standard's version."""
        return self.record.contract_version

    @catalog("replace or upsert.")
    def mode(self) -> str:
        """What the delivery meant."""
        return self.record.mode

    @catalog("Hash of the canonical rows and the standard's version.")
    def identity(self) -> str:
        """The identity of its content."""
        return self.record.identity

    @catalog("Rows of the delivery.")
    def rows(self) -> BigInt:
        """The rows."""
        return BigInt(self.record.rows)

    @catalog()
    def added(self) -> BigInt:
        """Rows that are new."""
        return BigInt(self.record.added)

    @catalog()
    def changed(self) -> BigInt:
        """Rows that changed."""
        return BigInt(self.record.changed)

    @catalog()
    def removed(self) -> BigInt:
        """Rows that are gone."""
        return BigInt(self.record.removed)

    @catalog("Rows of the table after this commit.")
    def live_rows(self) -> BigInt:
        """The rows that counted then."""
        return BigInt(self.record.live_rows)

    @catalog()
    def fetched_at(self) -> datetime:
        """When the file was fetched."""
        return self.record.fetched_at

    @catalog()
    def committed_at(self) -> datetime:
        """When it was committed."""
        return self.record.committed_at

    @quality()
    def verdict(self) -> str:
        """The verdict it passed with."""
        return self.record.verdict

    @catalog("How source columns became these columns; null unless a member asks.")
    def mapping(self, info: Info) -> Json | None:
        """The mapping."""
        return Json(self.record.mapping) if self.record.mapping and info.context.actor.is_member else None
