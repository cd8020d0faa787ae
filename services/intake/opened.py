"""A home opened once a process, with its download loop, for everything in the process that harvests."""

import atexit
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from services.granary import Granary, open_granary
from services.intake.fetching import FetchLoop
from services.intake.tidy import tidy


@dataclass
class Opened:
    """A granary and its download loop."""

    granary: Granary
    downloads: FetchLoop

    @classmethod
    def of(cls, granary: Granary) -> Self:
        """Begin downloading for a granary."""
        return cls(granary, FetchLoop(granary.landing, granary.settings))

    def stop(self) -> None:
        """Ask every harvest at work to end at its next step; its run is recorded as stopped."""
        self.granary.stopping.set()
        self.downloads.stop()

    def close(self) -> None:
        """End downloads, workers and database connections."""
        self.downloads.close()
        self.granary.close()


_open: dict[Path, Opened] = {}
_lock = threading.Lock()


def opened(home: Path) -> Opened:
    """The home as this process has it open; opened at first use and shared by its flows."""
    with _lock:
        home = home.resolve()
        if home not in _open:
            granary = open_granary(home)
            tidy(granary)
            _open[home] = Opened.of(granary)
        return _open[home]


def stop_all() -> None:
    """Ask everything that harvests in this process to end in order."""
    for one in list(_open.values()):
        one.stop()


@atexit.register
def close_all() -> None:
    """Close every home that this process has open; also at its end, where a scheduler's process runs one flow."""
    with _lock:
        for one in _open.values():
            one.close()
        _open.clear()
