"""One event loop for all downloads of a process, so that limits and breakers hold across members and threads."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from core.errors import LumbungError
from core.settings import Settings
from federation.connectors.base import Crawl
from federation.connectors.registry import connector_for
from federation.fetch import Fetcher
from federation.fetched import Fetched, FetchLimits, NotModified
from federation.landing import Landing
from federation.member import Allowance, SourceConfig
from services.intake.errors import HarvestStopped
from services.intake.work import Item

_T = TypeVar("_T")
#: What came of fetching one item.
Got = Fetched | NotModified | LumbungError
Landed = Callable[[Item, Got], object]
#: What whoever harvests in this thread lets go of while it waits for a portal to list what it has.
aside: ContextVar[Callable[[], AbstractContextManager[object]]] = ContextVar("aside", default=nullcontext)


@dataclass(slots=True)
class Arrivals:
    """How the bytes of a harvest's resources came; told by several threads.

    Attributes:
        fetched: downloaded.
        unchanged: not downloaded, as their source said that what is landed still holds.
        replayed: read again from landing, where only mapping or standard had changed; their source was not asked.
    """

    fetched: int = 0
    unchanged: int = 0
    replayed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, got: Got | None) -> None:
        """One resource more; None for landed bytes, an error counts nowhere."""
        with self._lock:
            self.fetched += isinstance(got, Fetched)
            self.unchanged += isinstance(got, NotModified)
            self.replayed += got is None


class FetchLoop:
    """A thread with an event loop and one `Fetcher`; its methods may be called from any thread."""

    def __init__(self, landing: Landing, settings: Settings) -> None:
        self._landing = landing
        self._settings = settings
        self._waiting: set[concurrent.futures.Future[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="lumbung-fetch", daemon=True)
        self._thread.start()
        self._fetcher: Fetcher = self._run(self._open())

    async def _open(self) -> Fetcher:
        return await Fetcher(self._landing, FetchLimits.of(self._settings)).__aenter__()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._waiting.add(waiting)
        try:
            return waiting.result()
        except concurrent.futures.CancelledError as error:
            raise HarvestStopped() from error
        finally:
            self._waiting.discard(waiting)

    def crawl(self, source: SourceConfig, mark: dict[str, Any] | None) -> Crawl:
        """What the source holds now; its raw catalogue pages are landed too. A federation error on failure."""
        policy = self._fetcher.policy(source)
        connector = connector_for(source, self._settings, policy=policy, keep=self._landing.page_keeper(source.id))
        with aside.get()():
            return self._run(connector.crawl(mark))

    def fetch(self, source: SourceConfig, items: Sequence[Item], landed: Landed) -> "concurrent.futures.Future[None]":
        """Begin to fetch; done when `landed` has been told of every item, cancelled where somebody asked to stop.

        Args:
            landed: told in the loop's thread of each item as its bytes land, or of the error that it has instead.
        """
        fetching = asyncio.run_coroutine_threadsafe(self._fetch(source, items, landed), self._loop)
        self._waiting.add(fetching)
        fetching.add_done_callback(self._waiting.discard)
        return fetching

    async def _fetch(self, source: SourceConfig, items: Sequence[Item], landed: Landed) -> None:
        async def one(item: Item) -> None:
            try:
                got: Got = await self._fetcher.fetch(source, item.origin_dataset, item.remote)
            except LumbungError as error:
                got = error
            landed(item, got)

        await asyncio.gather(*(one(item) for item in items))  # a group would wrap what the caller wants to name

    def used_allowances(self, source: SourceConfig) -> tuple[Allowance, ...]:
        """The exceptions from the address rules that this source made use of."""
        return self._fetcher.used_allowances(source)

    def stop(self) -> None:
        """Cut off what is on its way; whoever waits for it gets `HarvestStopped`."""
        for waiting in list(self._waiting):
            waiting.cancel()

    def close(self) -> None:
        """End downloads and the loop's thread."""
        self._run(self._fetcher.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
