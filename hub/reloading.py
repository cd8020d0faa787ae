"""Members' files and reference lists as they stand now: `lumbung serve` takes an edit up without a restart.

A look compares names, sizes and times of a few dozen files; only a change reads them. Each request takes the services
once, so that nobody meets half of an edit. A member whose file cannot be used stays as it was last good, and an
unusable `regions.csv` leaves the regions as they were; both are logged and told by `/health/ready`. Data standards are
`hub/standards.py`'s matter; settings are read once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.contract import Contract
from core.errors import LumbungError
from core.log import get
from core.reference_check import REGIONS, sound_regions
from core.reference_files import COMMODITIES, GAUGES
from core.region import Regions
from federation.members_file import FOLDER
from federation.registry import Registry
from gateway.context import Listed, Services

log = get("hub.members")
#: How often the files are looked at, in seconds.
SECONDS = 2.0

Mark = tuple[str, int, int, int]


class Reloading:
    """The services of a serving process, with its members and regions as their files have them."""

    def __init__(self, services: Services) -> None:
        self._home = services.settings.home
        self._services = services
        self._marks: dict[str, list[Mark]] = {}  # none yet: files may have changed since they were opened
        self._faults: tuple[LumbungError, ...] = ()

    def services(self) -> Services:
        """The services now; whoever answers a request takes them once."""
        return self._services

    @property
    def problems(self) -> tuple[LumbungError, ...]:
        """What is wrong in files now, for which something older is served."""
        return (*self._faults, *self._services.registry.problems)

    def look(self) -> bool:
        """Read the files again if they have changed; whether they had. Blocks for the files' sake."""
        marks = {
            "members": marks_of(self._home / FOLDER, "*.toml"),
            "regions": self._reference_marks(REGIONS),
            "listed": self._reference_marks(COMMODITIES.name, GAUGES.name),
        }
        if marks == self._marks:
            return False
        regions = self._services.regions
        if marks["regions"] != self._marks.get("regions"):
            regions, self._faults = self._read_regions(regions)
        if not (self._home / FOLDER).is_dir():  # a folder that is not mounted is no province without members
            registry = self._services.registry
        else:
            registry = Registry.load_sound(self._home, regions, before=self._services.registry)
        listed = self._services.listed
        if any(marks[name] != self._marks.get(name) for name in ("regions", "listed")):
            listed = Listed.load(self._home / "reference", regions)
        self._marks = marks
        self._services = replace(self._services, registry=registry, regions=regions, listed=listed)
        log.info("members.read", members=len(registry.members), sources=len(registry.sources))
        for problem in self.problems:
            log.error("members.unusable", code=problem.code, what=problem.what())
        return True

    def _reference_marks(self, *names: str) -> list[Mark]:
        return marks_of(self._home / "reference", *names)

    def take(self, contracts: Mapping[str, Contract]) -> None:
        """Answer by these standards from the next request on; not while a look is under way."""
        self._services = replace(self._services, contracts=contracts)

    def _read_regions(self, before: Regions) -> tuple[Regions, tuple[LumbungError, ...]]:
        found, faults = sound_regions(self._home / "reference")
        return (before, faults) if faults else (found, ())

    async def attempt(self) -> None:
        """Look, off the loop; what cannot be looked at is logged."""
        try:
            await asyncio.to_thread(self.look)
        except OSError as error:  # a file that went while it was looked at, a disk that is away for a moment
            log.error("members.unreadable", error=type(error).__name__)

    async def watch(self, seconds: float = SECONDS) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.attempt()
            await asyncio.sleep(seconds)


def marks_of(folder: Path, *patterns: str) -> list[Mark]:
    """Name, inode, size and time of each file: enough to notice an edit, a replacement, one more, one less."""
    files = [file for pattern in patterns for file in sorted(folder.glob(pattern))]
    return [(file.name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for file in files for stat in (file.stat(),)]
