"""The registry: every member of the province with its sources, as the home's `members/*.toml` say.

`Registry.load` refuses a home with one broken file; `Registry.load_sound` serves the members whose files are
sound and keeps the errors of the others, so that one regency's slip never stops thirty-four harvests.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from core.errors import LumbungError
from core.mapping import DatasetMapping
from core.region import Regions
from federation.member import (
    Allowance,
    AllowanceKind,
    Contact,
    Member,
    MemberKind,
    Organisation,
    SourceConfig,
    SourceKind,
    owns,
)
from federation.member_errors import (
    MappingAmbiguous,
    MemberDuplicate,
    MemberRegionUnknown,
    MemberUnknown,
    SourceDuplicate,
    SourceUnknown,
)
from federation.members_file import FOLDER, parse_member, read_member

__all__ = [
    "Allowance",
    "AllowanceKind",
    "Contact",
    "Member",
    "MemberKind",
    "Organisation",
    "Registry",
    "SourceConfig",
    "SourceKind",
    "home_regions",
    "owns",
]


def home_regions(home: Path) -> Regions:
    """The nation's regions with those that the home adds in `reference/regions.csv`."""
    extra = home / "reference" / "regions.csv"
    return Regions.load(extra) if extra.is_file() else Regions.load()


@dataclass(frozen=True, slots=True)
class Registry:
    """All members, in the order of their codes, and the errors of files that could not be used.

    Attributes:
        files: member code to the file that it was read from.
    """

    members: tuple[Member, ...]
    problems: tuple[LumbungError, ...] = ()
    files: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path, regions: Regions | None = None) -> "Registry":
        """Every member of the home; the first thing wrong in any file is raised, naming file and key."""
        registry = cls.load_sound(home, regions)
        if registry.problems:
            raise registry.problems[0]
        return registry

    @classmethod
    def load_sound(cls, home: Path, regions: Regions | None = None, before: "Registry | None" = None) -> "Registry":
        """The members whose files are sound; `problems` has the error of each file that is not.

        Args:
            before: where given, a member whose file cannot be used now stays as it was in this registry.
        """
        known = regions if regions is not None else home_regions(home)
        register = _Register(known)
        kept = {before.files[m.code]: m for m in before.members if m.code in before.files} if before else {}
        for file in sorted((home / FOLDER).glob("*.toml")):
            try:
                register.add(read_member(file, home), file)
            except LumbungError as error:
                register.problems.append(error)
                if file in kept:
                    with suppress(LumbungError):  # what it said before may be another file's by now
                        register.add(kept[file], file)
        members = tuple(register.members[code] for code in sorted(register.members))
        return cls(members, tuple(register.problems), register.files)

    @staticmethod
    def check_replaced(home: Path, file: Path, text: str) -> Member:
        """The member that a new text of a file would describe; raises what would be wrong among all files."""
        register = _Register(home_regions(home))
        for other in sorted((home / FOLDER).glob("*.toml")):
            if other != file:
                with suppress(LumbungError):  # another file's error is that file's
                    register.add(read_member(other, home), other)
        member = parse_member(text, file, home)
        register.add(member, file)
        return member

    @property
    def sources(self) -> tuple[SourceConfig, ...]:
        """Every source of every member."""
        return tuple(source for member in self.members for source in member.sources)

    def member(self, code: str) -> Member:
        """The member with this code; `MemberUnknown` where there is none."""
        for member in self.members:
            if member.code == code:
                return member
        raise MemberUnknown(member=code)

    def source(self, source_id: str) -> SourceConfig:
        """The source with this id; `SourceUnknown` where there is none."""
        for source in self.sources:
            if source.id == source_id:
                return source
        raise SourceUnknown(source=source_id)

    def expired(self, today: date) -> tuple[tuple[SourceConfig, Allowance], ...]:
        """Every exception that has run out, with its source, for the report."""
        return tuple((source, allowance) for source in self.sources for allowance in source.expired(today))

    @staticmethod
    def mapping_for(
        source: SourceConfig, ids: Sequence[str], title: str, tags: Sequence[str], resource_name: str
    ) -> DatasetMapping | None:
        """The mapping of a source that fits a dataset's resource; None where it is not mapped to a contract.

        One that names the dataset by its id stands before those that describe many.

        Args:
            ids: the dataset's id and name at its source; both may be meant.
            resource_name: the resource's name or file name.

        Raises:
            MappingAmbiguous: two mappings fit that would do different things with the rows.
        """
        fitting = [
            (number, mapping)
            for number, mapping in enumerate(source.mappings, start=1)
            if mapping.match.dataset(ids=ids, title=title, tags=tags) and mapping.match.fits_resource(resource_name)
        ]
        if not fitting:
            return None
        fitting = [one for one in fitting if one[1].match.id is not None] or fitting
        first_number, first = fitting[0]
        for number, mapping in fitting[1:]:
            if replace(mapping, match=first.match) != first:
                raise MappingAmbiguous(
                    source=source.id,
                    dataset=ids[0] if ids else title,
                    resource=resource_name,
                    first=f"mappings[{first_number}] {first.contract}",
                    second=f"mappings[{number}] {mapping.contract}",
                )
        return first


class _Register:
    """Members as they come in, each checked against those before it."""

    def __init__(self, regions: Regions) -> None:
        self.regions = regions
        self.members: dict[str, Member] = {}
        self.files: dict[str, Path] = {}  # of a member
        self.sources: dict[str, Path] = {}  # the file of a source
        self.problems: list[LumbungError] = []

    def add(self, member: Member, file: Path) -> None:
        if member.code in self.members:
            raise MemberDuplicate(member=member.code, file=file, other=self.files[member.code])
        for code in sorted(member.regions):
            if not self.regions.known(code):
                raise MemberRegionUnknown(member=member.code, file=file, key="regions", region=code)
        for source in member.sources:
            if source.id in self.sources:
                raise SourceDuplicate(source=source.id, file=file, other=self.sources[source.id])
        self.members[member.code] = member
        self.files[member.code] = file
        self.sources.update((source.id, file) for source in member.sources)
