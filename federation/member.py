"""What the province knows about a member: who it is, which regions are its own, and where its data comes from.

Values only. `members_file` reads them from TOML, `registry` holds all of them, `members_edit` writes them back.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from core.mapping import DatasetMapping
from federation.rest_spec import RestSpec
from federation.sql_spec import SqlSpec


class MemberKind(StrEnum):
    """What sort of organisation a member is."""

    REGENCY = "regency"
    CITY = "city"
    PROVINCE = "province"
    AGENCY = "agency"  # a provincial office or a vertical agency: BBWS, BMKG, Bulog, BPS
    NATIONAL = "national"
    OTHER = "other"


class SourceKind(StrEnum):
    """Which connector fetches from a source."""

    CKAN = "ckan"
    FOLDER = "folder"
    HTTP = "http"
    REST = "rest"
    SQL = "sql"
    INBOX = "inbox"
    NODE = "node"  # a portal that also answers questions at the moment they are asked


class AllowanceKind(StrEnum):
    """Which rule of the address policy an admin sets aside for one source (BAD_INPUTS S16-S19)."""

    PRIVATE_ADDRESS = "private_address"
    HTTP = "http"
    PORT = "port"
    PIN = "pin"


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exception that a named admin granted to one source, until a date.

    Attributes:
        what: the rule that is set aside.
        by: who granted it.
        reason: why; shown on every report.
        until: the last day on which it holds.
        value: the port (port), the certificate's sha256 in hex (pin), or the host (private_address, http), where
            None is the source's own.
    """

    what: AllowanceKind
    by: str
    reason: str
    until: date
    value: str | None = None

    def active(self, today: date) -> bool:
        """Whether it still holds; its last day counts."""
        return today <= self.until


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask; what is not known is None."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """A dinas below a member: the name that its portal gives it, and the title people read."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One place from which a member's datasets are pulled.

    Attributes:
        id: unique in the whole province.
        kind: which connector fetches it.
        url: the portal's or file's address; for a folder or an inbox its absolute path.
        member: the code of the member it belongs to.
        title: what people call it; for an HTTP file also the dataset's title.
        organisation: the dinas whose source it is; None for the whole member.
        token_env: the environment variable that holds the portal's token; never the token itself.
        mappings: which of its datasets follow which contract.
        allow: exceptions from the address policy.
        schedule: cron; None follows the member's.
        rest: how a `rest` source is asked, page by page.
        sql: what a `sql` source's database is asked; its `url` is `sql:` and its id.
        live: the data standards that a `node` source is asked live for; without any, all that are live.
    """

    id: str
    kind: SourceKind
    url: str
    member: str
    title: str = ""
    organisation: str | None = None
    token_env: str | None = None
    mappings: tuple[DatasetMapping, ...] = ()
    allow: tuple[Allowance, ...] = ()
    schedule: str | None = None
    rest: RestSpec | None = None
    sql: SqlSpec | None = None
    live: tuple[str, ...] = ()

    @property
    def portal(self) -> bool:
        """Whether it is a CKAN portal: its files have addresses of their own, which may be dead."""
        return self.kind in (SourceKind.CKAN, SourceKind.NODE)

    @property
    def path(self) -> Path:
        """The folder of a folder source, or of an inbox."""
        return Path(self.url)

    def allowed(self, what: AllowanceKind, today: date) -> tuple[Allowance, ...]:
        """The exceptions of one sort that hold today."""
        return tuple(a for a in self.allow if a.what is what and a.active(today))

    def expired(self, today: date) -> tuple[Allowance, ...]:
        """The exceptions that have run out and should be renewed or removed."""
        return tuple(a for a in self.allow if not a.active(today))

    def dataset_organisation(self, remote: str | None) -> str | None:
        """The dinas that owns a dataset of this source: the source's own, or the one the portal names."""
        return self.organisation or remote


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation that takes part, with its set of regions and its sources.

    Attributes:
        code: the region code for a government, a short name for an agency (`bbws-pemali-juana`).
        regions: the region codes its data may speak about; a province code covers its regencies.
        schedule: cron for its sources; None is harvested only when somebody asks.
        organisations: the dinas below it that own datasets.
    """

    code: str
    name: str
    kind: MemberKind
    regions: frozenset[str]
    contact: Contact = field(default_factory=Contact)
    sources: tuple[SourceConfig, ...] = ()
    schedule: str | None = None
    organisations: tuple[Organisation, ...] = ()

    def organisation(self, name: str) -> Organisation | None:
        """The dinas with that name, or None."""
        return next((o for o in self.organisations if o.name == name), None)

    def schedule_of(self, source: SourceConfig) -> str | None:
        """The cron line by which a source is harvested: its own, else the member's."""
        return source.schedule or self.schedule


def owns(member: Member, organisation: str | None, dataset_organisation: str | None) -> bool:
    """Whether somebody of this member may change a dataset of this member.

    `organisation` is the dinas of the person; None is the whole member (its steward), who may change all of it.
    A producer may change what its own dinas owns; what no dinas owns belongs to the steward.
    """
    if organisation is None:
        return True
    return member.organisation(organisation) is not None and organisation == dataset_organisation
