"""Data standards as the home's files have them now: `lumbung serve` answers by an edited one without a restart.

GraphQL's types come from the standards, so an edit makes the doors anew beside the loop and puts them in the place of
the old ones: a request under way goes on with what it took, and sockets are asked to begin again. A standard that
cannot be used leaves all of them as they were, is logged, and told by `/health/ready`. Members' files are
`hub/reloading.py`'s; both are looked at in turn.
"""

import asyncio
from collections.abc import Callable, Mapping

from core.contract import Contract
from core.contracts import load_contracts
from core.errors import LumbungError
from core.log import get
from hub.reloading import SECONDS, Mark, Reloading, marks_of
from services.granary import SHIPPED_CONTRACTS

log = get("hub.standards")
FOLDER = "contracts"
#: Makes the doors over some standards, and gives what puts them in their place, to be called on the loop.
Make = Callable[[Mapping[str, Contract]], Callable[[], None]]


class Standards:
    """Follows the standards of a home."""

    def __init__(self, reloading: Reloading, make: Make) -> None:
        self._reloading, self._make = reloading, make
        self._folder = reloading.services().settings.home / FOLDER
        self._marks: list[Mark] = []  # none yet: files may have changed since they were opened
        self.problems: tuple[LumbungError, ...] = ()

    def look(self) -> Callable[[], None] | None:
        """Read the files again if they have changed; what is then to be put in its place. Blocks for some time."""
        if self._marks and not self._folder.is_dir():
            return None  # a folder that is not mounted takes no standard away
        marks = marks_of(self._folder, "*.yaml", "*.yml")
        if marks == self._marks:
            return None
        self._marks = marks
        try:
            contracts = load_contracts(SHIPPED_CONTRACTS, self._folder)
            put = None if contracts == self._reloading.services().contracts else self._make(contracts)
        except LumbungError as error:
            self.problems = (error,)
            log.error("standards.unusable", code=error.code, what=error.what())
            return None
        self.problems = ()
        if put is None:
            return None
        self._reloading.take(contracts)
        log.info("standards.read", standards=len(contracts))
        return put

    async def watch(self, seconds: float = SECONDS) -> None:
        """Look at members' files and at standards again and again, off the loop, until cancelled."""
        while True:
            await self._reloading.attempt()
            try:
                put = await asyncio.to_thread(self.look)
            except OSError as error:  # a file that went while it was looked at, a disk that is away for a moment
                log.error("standards.unreadable", error=type(error).__name__)
                put = None
            if put is not None:
                put()
            await asyncio.sleep(seconds)
