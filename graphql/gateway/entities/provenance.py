"""Where a row comes from: its region, source, member, dataset, snapshot, and the verdict it passed with."""

from datetime import datetime
from typing import Any

import strawberry

from core.rows import PROVENANCE
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.datasets import Dataset, Resource, Snapshot
from gateway.entities.places import Member, Source, member_of, source_of
from gateway.scalars import BigInt

shared = field_of(None)  # rows of every subgraph tell where they come from
_AT = {name: index for index, name in enumerate(PROVENANCE)}
#: The fields that are columns of every row, which `gateway/splice.py` writes without this class.
PLAIN = {
    field: (column, PROVENANCE[column])
    for field, column in {"seq": "_snapshot", "row": "_row", "fetchedAt": "_fetched_at", "verdict": "_verdict"}.items()
}


@strawberry.type(description="Asal baris: the commit, file and delivery that a row comes from.")
class Provenance:
    """The provenance of one row; `facts` are its provenance columns in their order."""

    facts: strawberry.Private[tuple[Any, ...]]

    def _fact(self, name: str) -> Any:
        return self.facts[_AT[name]]

    @shared("Nomor snapshot: the commit's number.")
    def seq(self) -> BigInt:
        """The commit."""
        return BigInt(self._fact("_snapshot"))

    @shared("Nomor baris in the source file, as a spreadsheet shows it.")
    def row(self) -> BigInt | None:
        """The row number."""
        number = self._fact("_row")
        return None if number is None else BigInt(number)

    @shared("When the file was fetched.")
    def fetched_at(self) -> datetime:
        """The fetch."""
        moment: datetime = self._fact("_fetched_at")
        return moment

    @shared("Putusan pemeriksaan that the delivery passed with.")
    def verdict(self) -> str:
        """The verdict."""
        return str(self._fact("_verdict"))

    @shared("Anggota who delivered it.")
    def member(self, info: Info) -> Member | None:
        """The member."""
        return member_of(info, self._fact("_member"))

    @shared("Sumber it was fetched from.")
    def source(self, info: Info) -> Source | None:
        """The source."""
        return source_of(info, self._fact("_source"))

    @shared()
    async def dataset(self, info: Info) -> Dataset | None:
        """The dataset."""
        return await info.context.loaders.dataset.load(self._fact("_dataset"))

    @shared()
    async def resource(self, info: Info) -> Resource | None:
        """The resource."""
        return await info.context.loaders.resource.load(self._fact("_resource"))

    @shared()
    async def snapshot(self, info: Info) -> Snapshot | None:
        """The snapshot."""
        return await info.context.loaders.snapshot.load(self._fact("_snapshot"))
