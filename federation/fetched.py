"""What fetching may take and what comes of it: bytes landed now, or word that those landed before still hold."""

import resource
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.settings import Settings


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What fetching may take; durations are seconds.

    Attributes:
        body: bytes of one file.
        total: of one resource, all its tries together (S03); waits that the source asked for are not counted.
        patience: of Retry-After that is honoured (S08).
        per_host: connections to one host at once.
        per_source: connections that one source's fetches may hold at once, to whatever hosts, so that a source which
            hangs or drips takes none that another one needs.
        slots: connections in all: enough for the sources of a whole province, few enough for the open files that a
            process may have (P06).
    """

    body: int = 512 * 1024 * 1024
    total: float = 600.0
    read: float = 10.0
    connect: float = 10.0
    patience: float = 900.0
    per_host: int = 8
    per_source: int = 16
    slots: int = 512

    @classmethod
    def of(cls, settings: Settings) -> "FetchLimits":
        """The limits of an installation."""
        return cls(
            body=settings.download_max_bytes,
            total=settings.download_total_seconds,
            read=settings.download_read_seconds,
            connect=settings.download_read_seconds,
            patience=settings.retry_after_max_seconds,
            per_host=settings.download_concurrency,
            per_source=2 * settings.download_concurrency,
            slots=min(settings.download_concurrency * settings.sources_at_once, _open_files() // 2),
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """Bytes that are landed now.

    Attributes:
        path: read-only; verified again by `Landing.open`.
        name: for people and for the reader's guess at the kind of file; made safe, never a path (F32).
        mime: what the source says it is, without parameters.
        changed: whether the bytes differ from those of the fetch before.
        page: whether the source calls it a web page although something else was promised.
        event: id of the fetch event.
    """

    sha256: str
    path: Path
    size: int
    name: str
    url: str
    mime: str | None
    at: datetime
    seconds: float
    changed: bool
    page: bool
    event: int


@dataclass(frozen=True, slots=True)
class NotModified:
    """The source says that the bytes landed before still hold; `path` has them."""

    sha256: str
    path: Path
    url: str
    at: datetime
    event: int


def _open_files() -> int:
    """How many files and connections this process may have open at once."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft if soft != resource.RLIM_INFINITY else 1 << 16
