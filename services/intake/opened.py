"""A home opened once a process, with its download loop, for everything in the process that harvests."""

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


def close_all() -> None:
    """Close every home that this process has open."""
    with _lock:
        for one in _open.values():
            one.close()
        _open.clear()
