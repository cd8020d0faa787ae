"""Regions, members and their sources."""

from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from core.errors import LumbungError
from core.messages import text
from core.region import Region as RegionRecord
from core.region import RegionKind
from federation.member import Allowance as AllowanceRecord
from federation.member import Contact as ContactRecord
from federation.member import Member as MemberRecord
from federation.member import MemberKind, SourceConfig, SourceKind
from federation.models import SourceState as SourceStateRecord
from gateway.building import field_of
from gateway.context import Info
from gateway.scalars import Json
from quality.score import Level

if TYPE_CHECKING:
    from gateway.entities.scores import Scorecard

catalog = field_of("catalog")
quality = field_of("quality")

strawberry.enum(RegionKind, name="RegionKind", description="Tingkat wilayah: provinsi, kabupaten, kota.")
strawberry.enum(MemberKind, name="MemberKind", description="Jenis anggota.")
strawberry.enum(SourceKind, name="SourceKind", description="Cara data diambil dari sumbernya.")


@strawberry.enum(name="SourceStatus", description="Keadaan sumber: apakah panen terakhirnya berhasil dan masih baru.")
class SourceStatus(Enum):
    """How a source is doing."""

    OK = "ok"
    NEVER = "never"
    FAILING = "failing"
    STALE = "stale"


@strawberry.type(description="Wilayah: a province, regency or city by its Kemendagri code.")
class Region:
    """A region of the nation or of the home's own file."""

    record: strawberry.Private[RegionRecord]

    @catalog("Kode Kemendagri, with its dot: 33.74.")
    def code(self) -> str:
        """The code."""
        return self.record.code

    @catalog("Nama resmi: the official name.")
    def name(self) -> str:
        """The name."""
        return self.record.name

    @catalog()
    def kind(self) -> RegionKind:
        """Province, regency or city."""
        return self.record.kind

    @catalog("Provinsi; a province is its own.")
    def province(self, info: Info) -> "Region":
        """The province."""
        return Region(record=info.context.services.regions.region(self.record.province))

    @catalog("Kabupaten dan kota in this province, in the order of their codes.")
    def regencies(self, info: Info) -> list["Region"]:
        """The regencies and cities."""
        return [Region(record=r) for r in info.context.services.regions.children(self.record.code)]

    @catalog("Latitude of the centroid, degrees WGS 84.")
    def lat(self) -> float | None:
        """Latitude."""
        return self.record.lat

    @catalog("Longitude of the centroid, degrees WGS 84.")
    def lon(self) -> float | None:
        """Longitude."""
        return self.record.lon

    @catalog("Kode BPS.")
    def bps_code(self) -> str | None:
        """BPS's code."""
        return self.record.bps_code

    @catalog("First day of the code; null is open.")
    def valid_from(self) -> date | None:
        """First day."""
        return self.record.valid_from

    @catalog("Last day of the code; null is open.")
    def valid_to(self) -> date | None:
        """Last day."""
        return self.record.valid_to

    @catalog("Anggota whose data may speak about this region.")
    def members(self, info: Info) -> list["Member"]:
        """The members that cover it."""
        named = info.context.services.members_at  # a list of rows asks this of each: no walk through all members
        found = dict((*named.get(self.record.code, ()), *named.get(self.record.province, ())))
        return [Member(record=found[place]) for place in sorted(found)]


def region_of(info: Info, code: str | None) -> Region | None:
    """The region with a code, or None where there is none."""
    regions = info.context.services.regions
    return Region(record=regions.region(code)) if code is not None and regions.known(code) else None


@strawberry.type(description="Narahubung: whom to ask; seen by members.")
class Contact:
    """A member's contact."""

    record: strawberry.Private[ContactRecord]

    @catalog()
    def name(self) -> str | None:
        """Name."""
        return self.record.name

    @catalog()
    def email(self) -> str | None:
        """E-mail."""
        return self.record.email

    @catalog()
    def phone(self) -> str | None:
        """Telephone."""
        return self.record.phone


@strawberry.type(description="Anggota: an organisation that takes part, with its set of regions and its sources.")
class Member:
    """A member of the registry."""

    record: strawberry.Private[MemberRecord]

    @catalog("The region code of a government, a short name of an agency.")
    def code(self) -> str:
        """The code."""
        return self.record.code

    @catalog()
    def name(self) -> str:
        """The name."""
        return self.record.name

    @catalog()
    def kind(self) -> MemberKind:
        """What sort of organisation it is."""
        return self.record.kind

    @catalog("Wilayah its data may speak about.")
    def regions(self, info: Info) -> list[Region]:
        """The regions."""
        return [r for code in sorted(self.record.regions) if (r := region_of(info, code)) is not None]

    @catalog("Narahubung; null unless a member asks.")
    def contact(self, info: Info) -> Contact | None:
        """The contact."""
        return Contact(record=self.record.contact) if info.context.actor.is_member else None

    @catalog("Sumber from which its datasets are pulled.")
    def sources(self) -> list["Source"]:
        """The sources."""
        return [Source(record=s) for s in self.record.sources]

    @catalog("When its sources are harvested, as a cron line.")
    def schedule(self) -> str | None:
        """The schedule."""
        return self.record.schedule

    @quality("Skor mutu, the oldest week first; seen by members.")
    async def scores(
        self, info: Info, week: str | None = None, weeks: int = 1
    ) -> list[Annotated["Scorecard", strawberry.lazy("gateway.entities.scores")]] | None:
        """Its scores of some weeks up to and with one, the running one where none is named."""
        from gateway.entities.scores import scores_of

        return await scores_of(info, Level.MEMBER, self.record.code, self.record.code, week=week, weeks=weeks)


def member_of(info: Info, code: str | None) -> Member | None:
    """The member with a code, or None where the registry has none."""
    record = info.context.services.members.get(code or "")
    return Member(record=record) if record else None


@strawberry.type(description="Pengecualian: a rule that a named admin set aside for a source, until a day.")
class Allowance:
    """An active exception of a source."""

    record: strawberry.Private[AllowanceRecord]

    @catalog("private_address, http, port or pin.")
    def what(self) -> str:
        """The rule."""
        return self.record.what.value

    @catalog()
    def by(self) -> str:
        """Who granted it."""
        return self.record.by

    @catalog()
    def reason(self) -> str:
        """Why."""
        return self.record.reason

    @catalog("The last day on which it holds.")
    def until(self) -> date:
        """Until when."""
        return self.record.until


@strawberry.type(description="Kesalahan: what went wrong, and what to do about it.")
class Problem:
    """An error on record, in the reader's language."""

    record: strawberry.Private[dict[str, Any]]

    @catalog()
    def code(self) -> str:
        """The stable code."""
        return str(self.record.get("code", LumbungError.code))

    @catalog()
    def what(self) -> str:
        """What happened."""
        return text(f"error.{self.record.get('code')}.what", **self._said)

    @catalog()
    def fix(self) -> str:
        """What to do."""
        return text(f"error.{self.record.get('code')}.fix", **self._said)

    @catalog("The values that name the place.")
    def values(self) -> Json:
        """The values."""
        return Json(self._values)

    @property
    def _values(self) -> dict[str, Any]:
        values = self.record.get("values")
        return values if isinstance(values, dict) else {}

    @property
    def _said(self) -> dict[str, Any]:
        """The values with why a source was not reached in words; it is on record as a code."""
        known = f"federation.reason.{self._values.get('reason')}"
        said = text(known)
        return self._values if said == known else {**self._values, "reason": said}


@strawberry.type(description="Sumber: one place from which a member's datasets are pulled, and how it is doing.")
class Source:
    """A source of the registry with its state."""

    record: strawberry.Private[SourceConfig]

    @catalog()
    def id(self) -> strawberry.ID:
        """Unique in the province."""
        return strawberry.ID(self.record.id)

    @catalog()
    def kind(self) -> SourceKind:
        """How it is fetched."""
        return self.record.kind

    @catalog()
    def title(self) -> str:
        """What people call it."""
        return self.record.title or self.record.id

    @catalog("Its address; null unless a member asks.")
    def url(self, info: Info) -> str | None:
        """The address."""
        return self.record.url if info.context.actor.is_member else None

    @catalog()
    def member(self, info: Info) -> Member | None:
        """Whose source it is."""
        return member_of(info, self.record.member)

    @catalog("When it is harvested, as a cron line.")
    def schedule(self, info: Info) -> str | None:
        """The schedule, its own or the member's."""
        member = member_of(info, self.record.member)
        return self.record.schedule or (member.record.schedule if member else None)

    async def _state(self, info: Info) -> SourceStateRecord | None:
        return await info.context.loaders.source_state.load(self.record.id)

    @catalog("Keadaan: STALE after the installation's limit of hours.")
    async def state(self, info: Info) -> SourceStatus:
        """How it is doing."""
        state = await self._state(info)
        services = info.context.services
        if state is None or state.last_attempt is None:
            return SourceStatus.NEVER
        if state.last_error is not None and (state.last_ok is None or state.last_ok < state.last_attempt):
            return SourceStatus.FAILING
        fresh = timedelta(hours=services.settings.stale_hours)
        if state.last_ok is None or services.clock() - state.last_ok > fresh:
            return SourceStatus.STALE
        return SourceStatus.OK

    @catalog()
    async def last_attempt(self, info: Info) -> datetime | None:
        """When it was last asked."""
        state = await self._state(info)
        return state.last_attempt if state else None

    @catalog()
    async def last_ok(self, info: Info) -> datetime | None:
        """When it last answered well."""
        state = await self._state(info)
        return state.last_ok if state else None

    @catalog("Kesalahan terakhir; null unless a member asks.")
    async def last_error(self, info: Info) -> Problem | None:
        """What last went wrong."""
        if not info.context.actor.is_member:
            return None
        state = await self._state(info)
        return Problem(record=state.last_error) if state and state.last_error else None

    @catalog("Pengecualian that hold today.")
    def allowances(self, info: Info) -> list[Allowance]:
        """The active exceptions."""
        today = info.context.services.clock().astimezone(UTC).date()
        return [Allowance(record=a) for a in self.record.allow if a.active(today)]


def source_of(info: Info, source_id: str | None) -> Source | None:
    """The source with an id, or None where the registry has none (any more)."""
    record = info.context.services.sources.get(source_id or "")
    return Source(record=record) if record else None
