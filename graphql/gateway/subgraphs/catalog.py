"""The catalogue's root fields: regions, members, sources, runs, datasets."""

from datetime import date, datetime

import strawberry

from catalog import query
from catalog.models import DatasetState, RunState
from core.clock import zone
from core.contract import Classification
from core.reference import fold
from core.region import Region as RegionRecord
from core.region import RegionKind
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.datasets import Dataset, Resource, Snapshot
from gateway.entities.places import Member, Region, Source, member_of, region_of, source_of
from gateway.entities.runs import Run
from gateway.pages import Connection, listed, page_size, part_of
from gateway.scalars import BigInt

catalog = field_of("catalog")

strawberry.enum(query.DatasetOrder, name="DatasetOrder", description="Urutan: judul, atau yang terbaru dahulu.")


@strawberry.input(description="Saringan wilayah: everything given must hold.")
class RegionFilter:
    """Which regions are asked for."""

    province: str | None = None
    kind: RegionKind | None = None
    name: str | None = strawberry.field(default=None, description="Words of the name, whatever their case.")
    valid: bool | None = strawberry.field(default=None, description="Whether the code is in force today.")

    def fits(self, region: RegionRecord, today: date) -> bool:
        """Whether a region is meant."""
        return (
            (self.province is None or region.province == self.province)
            and (self.kind is None or region.kind is self.kind)
            and (self.name is None or fold(self.name) in fold(region.name))
            and (self.valid is None or region.valid(today) is self.valid)
        )


@strawberry.input(description="Saringan set data: everything given must hold.")
class DatasetFilter:
    """Which datasets are asked for."""

    member: str | None = None
    source: str | None = None
    states: list[DatasetState] | None = strawberry.field(
        default=None, description="Without it, withdrawn datasets are left out."
    )
    contract: str | None = None
    mapped: bool | None = strawberry.field(default=None, description="Whether a data standard describes it.")
    organisation: str | None = None
    classification: Classification | None = None
    modified_since: datetime | None = None


@strawberry.type(description="Halaman of datasets.")
class DatasetConnection(Connection[Dataset]):
    """A page of datasets."""

    wanted: strawberry.Private[query.DatasetFilter]

    @catalog("How many match on all pages; counted only when asked for.")
    async def total_count(self, info: Info) -> int:
        """The number of datasets."""
        actor = info.context.actor
        return await info.context.sql(lambda session: query.count_datasets(session, actor, self.wanted))


def _wanted(search: str | None, given: DatasetFilter | None) -> query.DatasetFilter:
    chosen = given or DatasetFilter()
    return query.DatasetFilter(
        text=search,
        member=chosen.member,
        source=chosen.source,
        states=None if chosen.states is None else frozenset(chosen.states),
        contract=chosen.contract,
        mapped=chosen.mapped,
        organisation=chosen.organisation,
        classification=chosen.classification,
        modified_since=chosen.modified_since,
    )


@strawberry.type
class CatalogQuery:
    """Root fields of the catalogue."""

    @catalog("Wilayah: provinces, regencies and cities by their Kemendagri code.")
    def regions(
        self, info: Info, filter: RegionFilter | None = None, first: int = 100, after: str | None = None
    ) -> Connection[Region]:
        """Regions in the order of their codes."""
        services = info.context.services
        today = services.clock().astimezone(zone(services.settings.timezone)).date()
        found = [r for r in services.regions if filter is None or filter.fits(r, today)]
        return part_of(info, "regions", found, lambda r: Region(record=r), first=first, after=after)

    @catalog("Satu wilayah by its code.")
    def region(self, info: Info, code: str) -> Region | None:
        """One region."""
        return region_of(info, code)

    @catalog("Anggota that take part, in the order of their codes.")
    def members(self, info: Info) -> list[Member]:
        """All members."""
        return [Member(record=m) for m in info.context.services.registry.members]

    @catalog("Satu anggota by its code.")
    def member(self, info: Info, code: str) -> Member | None:
        """One member."""
        return member_of(info, code)

    @catalog("Sumber of all members, or of one, with how each is doing.")
    def sources(self, info: Info, member: str | None = None) -> list[Source]:
        """Sources of the registry."""
        found = info.context.services.registry.sources
        return [Source(record=s) for s in found if member is None or s.member == member]

    @catalog("Satu sumber by its id.")
    def source(self, info: Info, id: strawberry.ID) -> Source | None:
        """One source."""
        return source_of(info, id)

    @catalog("Panen, newest first; seen by members.")
    async def runs(
        self,
        info: Info,
        *,
        member: str | None = None,
        source: str | None = None,
        state: RunState | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> Connection[Run]:
        """Runs."""
        actor, size = info.context.actor, page_size(info, "runs", first)
        wanted = query.RunFilter(member, source, state)
        found = await info.context.sql(lambda session: query.runs(session, actor, wanted, first=size, after=after))
        return listed(found, lambda record: Run(record=record), after)

    @catalog("Set data, searched and filtered.")
    async def datasets(
        self,
        info: Info,
        search: str | None = None,
        filter: DatasetFilter | None = None,
        *,
        order_by: query.DatasetOrder = query.DatasetOrder.TITLE,
        first: int = 20,
        after: str | None = None,
    ) -> DatasetConnection:
        """Datasets."""
        actor, size, wanted = info.context.actor, page_size(info, "datasets", first), _wanted(search, filter)
        found = await info.context.sql(
            lambda session: query.datasets(session, actor, wanted, order=order_by, first=size, after=after)
        )
        page = listed(found, lambda record: Dataset(record=record), after)
        return DatasetConnection(edges=page.edges, nodes=page.nodes, page_info=page.page_info, wanted=wanted)

    @catalog("Satu set data by the catalogue's id; absent and closed ones are both null.")
    async def dataset(self, info: Info, id: strawberry.ID) -> Dataset | None:
        """One dataset."""
        return await info.context.loaders.dataset.load(id)

    @catalog("Satu berkas by the catalogue's id; absent and closed ones are both null.")
    async def resource(self, info: Info, id: strawberry.ID) -> Resource | None:
        """One resource."""
        return await info.context.loaders.resource.load(id)

    @catalog("Satu snapshot by its number; absent and closed ones are both null.")
    async def snapshot(self, info: Info, seq: BigInt) -> Snapshot | None:
        """One snapshot."""
        return await info.context.loaders.snapshot.load(seq)
