"""Members' files and reference lists as they stand now: `lumbung serve` takes an edit up without a restart.

A look compares names, sizes and times of a few dozen files; only a change reads them. Each request takes the services
once, so that nobody meets half of an edit. A member whose file cannot be used stays as it was last good, and an
unusable `regions.csv` leaves the regions as they were; both are logged and told by `/health/ready`. Data standards and
settings are read once: GraphQL's types come from them.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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

_Mark = tuple[str, int, int, int]


class Reloading:
    """The services of a serving process, with its members and regions as their files have them."""

    def __init__(self, services: Services) -> None:
        self._home = services.settings.home
        self._services = services
        self._marks: dict[str, list[_Mark]] = {}  # none yet: files may have changed since they were opened
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
            "members": list(_marks(self._home / FOLDER, "*.toml")),
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

    def _reference_marks(self, *names: str) -> list[_Mark]:
        return [mark for name in names for mark in _marks(self._home / "reference", name)]

    def _read_regions(self, before: Regions) -> tuple[Regions, tuple[LumbungError, ...]]:
        found, faults = sound_regions(self._home / "reference")
        return (before, faults) if faults else (found, ())

    async def watch(self, seconds: float = SECONDS) -> None:
        """Look again and again, off the loop, until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except OSError as error:  # a file that went while it was looked at, a disk that is away for a moment
                log.error("members.unreadable", error=type(error).__name__)
            await asyncio.sleep(seconds)


def _marks(folder: Path, pattern: str) -> Iterator[_Mark]:
    """Name, inode, size and time of each file: enough to notice an edit, a replacement, one more, one less."""
    for file in sorted(folder.glob(pattern)):
        stat = file.stat()
        yield file.name, stat.st_ino, stat.st_size, stat.st_mtime_ns
