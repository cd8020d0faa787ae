"""Landing: every fetched byte kept once by its sha256 under HOME/landing, with source, time and headers beside it.

A later step replays from here and never from the source. Bytes are on disk under their final name before the
database knows of them: a crash between any two steps leaves at most bytes that nobody refers to, or a leftover
under `tmp/` that `sweep` removes, and loses nothing that was acknowledged. How long things are kept is decided
by retention, not here.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from core.clock import Clock, utc_now
from core.db import session_scope
from core.files import sha256_of, sync
from core.ids import new_id
from core.storage_errors import storage_errors
from federation.connectors.base import KeepPage, Page
from federation.errors import LandingDamaged, LandingMissing
from federation.models import FetchEvent, LandedObject

TEMPORARY = "tmp"
#: Answer headers that are kept; cookies and the like are not.
_KEPT = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-md5",
        "content-type",
        "date",
        "digest",
        "etag",
        "expires",
        "last-modified",
        "server",
    }
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One answered fetch whose bytes are kept, for the record; `dataset` and `resource` empty for a catalogue page.

    Attributes:
        url: as it may be shown (`address.safe_url`).
        status: 200 for new bytes, 304 where the source said that those of `sha256` still hold.
    """

    source: str
    dataset: str
    resource: str
    url: str
    sha256: str
    size: int
    at: datetime
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Prior:
    """What is already there of a resource, and by what its source can tell that it still holds."""

    sha256: str
    etag: str | None
    last_modified: str | None
    at: datetime


class Landing:
    """The landing of one home; safe for several threads and processes at once.

    Args:
        folder: HOME/landing.
        sessions: of the catalogue's database, which has this package's tables.
    """

    def __init__(self, folder: Path, sessions: sessionmaker[Session]) -> None:
        self.folder = folder
        self._sessions = sessions
        self._temporary = folder / TEMPORARY
        with storage_errors(folder):
            self._temporary.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where bytes with this sha256 lie, whether or not they are there."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise LandingMissing(sha256=sha256[:64])
        return self.folder / sha256[:2] / sha256

    def temporary(self) -> Path:
        """A name under `tmp/` that nobody else has; its maker writes there and hands it to `keep`."""
        return self._temporary / new_id()

    def keep(self, temporary: Path, sha256: str) -> Path:
        """Move finished bytes to their place, durable when this returns; the same bytes again change nothing."""
        final = self.path(sha256)
        with storage_errors(self.folder):
            if final.is_file() and sha256_of(final) == sha256:
                temporary.unlink()
                return final
            sync(temporary)
            temporary.chmod(0o444)
            if not final.parent.is_dir():
                final.parent.mkdir(exist_ok=True)
                sync(self.folder)
            temporary.replace(final)  # also heals bytes that were damaged where they lay
            sync(final.parent)
        return final

    def put(self, data: bytes) -> str:
        """Keep these bytes; their sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        temporary = self.temporary()
        with storage_errors(self.folder):
            temporary.write_bytes(data)
        self.keep(temporary, sha256)
        return sha256

    def record(self, arrivals: Sequence[Arrival]) -> list[int]:
        """Write down kept bytes and how they came, in one transaction; the events' ids in the same order."""
        with storage_errors(self.folder), session_scope(self._sessions, write=True) as session:
            objects = {
                a.sha256: {"sha256": a.sha256, "size": a.size, "first_seen": a.at}
                for a in reversed(arrivals)
                if a.status != 304
            }
            if objects:
                dialect = session.get_bind().dialect.name
                insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
                known = insert(LandedObject).on_conflict_do_nothing(index_elements=[LandedObject.sha256])
                session.execute(known, [objects[key] for key in sorted(objects)])
            events = [
                FetchEvent(
                    source=a.source,
                    dataset=a.dataset,
                    resource=a.resource,
                    url=a.url,
                    sha256=a.sha256,
                    at=a.at,
                    status=a.status,
                    headers=dict(a.headers),
                    etag=a.etag,
                    last_modified=a.last_modified,
                    seconds=a.seconds,
                )
                for a in arrivals
            ]
            session.add_all(events)
            session.flush()
            return [event.id for event in events]

    def page_keeper(self, source: str, now: Clock = utc_now) -> KeepPage:
        """Lands and records every raw answer of a source's catalogue that it is handed."""

        def keep(page: Page) -> None:
            sha256, headers = self.put(page.body), kept_headers(page.headers)
            arrival = Arrival(source, "", "", page.url, sha256, len(page.body), now(), page.status, headers)
            self.record([replace(arrival, seconds=round(page.seconds, 4))])

        return keep

    def open(self, sha256: str) -> Path:
        """The path of landed bytes, verified now.

        Raises:
            LandingMissing, LandingDamaged: nothing is served that is not what was fetched.
        """
        path = self.path(sha256)
        try:
            found = sha256_of(path)
        except FileNotFoundError as error:
            raise LandingMissing(sha256=sha256, path=path) from error
        if found != sha256:
            raise LandingDamaged(sha256=sha256, path=path, found=found)
        return path

    def prior(self, source: str, dataset: str, resource: str, url: str) -> Prior | None:
        """The last fetch of a resource from this address whose bytes still lie here; None for a first time."""
        newest = (
            select(FetchEvent)
            .where(FetchEvent.source == source, FetchEvent.dataset == dataset, FetchEvent.resource == resource)
            .order_by(FetchEvent.id.desc())
            .limit(1)
        )
        with session_scope(self._sessions) as session:
            event = session.scalar(newest)
        if event is None or event.url != url or not self.path(event.sha256).is_file():
            return None
        return Prior(event.sha256, event.etag, event.last_modified, event.at)

    def replay(self, source: str | None = None) -> Iterator[Arrival]:
        """The newest arrival of every resource, oldest first: all that is needed to build everything again."""
        newest = select(func.max(FetchEvent.id)).where(FetchEvent.resource != "")
        if source is not None:
            newest = newest.where(FetchEvent.source == source)
        newest = newest.group_by(FetchEvent.source, FetchEvent.dataset, FetchEvent.resource)
        query = (
            select(FetchEvent, LandedObject.size)
            .join(LandedObject, LandedObject.sha256 == FetchEvent.sha256)
            .where(FetchEvent.id.in_(newest))
            .order_by(FetchEvent.id)
        )
        with session_scope(self._sessions) as session:
            for event, size in session.execute(query).all():
                yield Arrival(
                    source=event.source,
                    dataset=event.dataset,
                    resource=event.resource,
                    url=event.url,
                    sha256=event.sha256,
                    size=size,
                    at=event.at,
                    status=event.status,
                    headers=event.headers,
                    etag=event.etag,
                    last_modified=event.last_modified,
                    seconds=event.seconds,
                )

    def sweep(self, older_than: float = 86_400.0) -> int:
        """Remove leftovers of killed fetches that nothing has written to for so many seconds; how many."""
        limit = time.time() - older_than
        removed = 0
        for leftover in self._temporary.iterdir():
            try:
                if leftover.stat().st_mtime <= limit:
                    leftover.unlink()
                    removed += 1
            except FileNotFoundError:  # its fetch has just finished
                continue
        return removed


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The answer headers that are kept with the bytes, in lower case, fit for any database."""
    return {k.lower(): plain(v) for k, v in headers.items() if k.lower() in _KEPT}


def plain(value: str) -> str:
    """The text without what a database refuses: NUL, and bytes that were no text to begin with."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
