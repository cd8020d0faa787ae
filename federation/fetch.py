"""Fetching: a resource's bytes, streamed into the landing under limits, retried and revalidated, or a named error.

Sources of every kind come through here. What the bytes mean, and whether they are data at all, is decided by
`readers` and the gate; which addresses may be called by `address`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from core.clock import Clock, utc_now
from federation.address import AddressPolicy, Resolve, safe_url, system_resolve
from federation.connectors.base import RemoteResource
from federation.errors import AddressError, UrlRefused
from federation.fetched import Fetched, FetchLimits, NotModified
from federation.gathered import Gathering, Wanted
from federation.landing import Arrival, Landing, kept_headers
from federation.member import Allowance, SourceConfig, SourceKind
from federation.names import display_name, name_in_url, with_extension
from federation.recorder import Recorder
from federation.retry import Backoff
from federation.transfer import Received
from federation.tries import Job, Tries

_P = ParamSpec("_P")
_T = TypeVar("_T")

_PAGE = frozenset({"text/html", "application/xhtml+xml"})


class Fetcher:
    """Fetches resources of any source into one landing; an async context manager, for one event loop.

    Args:
        sleep: how to wait between tries.
        clock: monotonic seconds, for deadlines and breakers.
        now: the moment, for records and Retry-After dates.
        resolve: how names become addresses.
    """

    def __init__(
        self,
        landing: Landing,
        limits: FetchLimits | None = None,
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Clock = utc_now,
        resolve: Resolve = system_resolve,
    ) -> None:
        self._landing = landing
        self._limits = limits or FetchLimits()
        self._now = now
        self._resolve = resolve
        self._policies: dict[str, AddressPolicy] = {}
        self._disk = ThreadPoolExecutor(4, thread_name_prefix="landing")
        self._blocking: dict[str, ThreadPoolExecutor] = {}
        self._recorder = Recorder(landing, self._disk)
        self._tries = Tries(
            landing, self._limits, backoff or Backoff(),
            run=self._run, names=self._threads, sleep=sleep, clock=clock, now=now,
        )  # fmt: skip
        self._gathering = Gathering(
            landing, self._limits, self._recorder, self._tries, self._run, self._threads, clock, now
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._tries.close()
        await self._recorder.close()
        self._disk.shutdown(wait=False)
        for pool in self._blocking.values():
            pool.shutdown(wait=False, cancel_futures=True)

    def _threads(self, source: SourceConfig) -> Executor:
        """Where a source may block: looking its hosts up, asking its database, reading its folder; never others'."""
        held = self._blocking.get(source.id)
        if held is None:
            held = self._blocking[source.id] = ThreadPoolExecutor(4, thread_name_prefix=f"source-{source.id}")
        return held

    def policy(self, source: SourceConfig) -> AddressPolicy:
        """The address rules of a source; hand it to the source's connector too."""
        held = self._policies.get(source.id)
        if held is None or held.source != source:
            held = self._policies[source.id] = AddressPolicy(source, resolve=self._resolve)
        return held

    def used_allowances(self, source: SourceConfig) -> tuple[Allowance, ...]:
        """The exceptions from the address rules that this source's fetches made use of, for the report."""
        return self.policy(source).used_allowances

    async def fetch(
        self, source: SourceConfig, dataset: str, resource: RemoteResource, *, revalidate: bool = True
    ) -> Fetched | NotModified:
        """The bytes of a resource, landed and recorded, or word that those landed before still hold.

        Args:
            dataset: the dataset's id at its source.
            revalidate: False fetches anew whatever was there before.

        Raises:
            FederationError: named; nothing is landed then.
        """
        shown = safe_url(resource.url)
        prior = None
        if revalidate:
            prior = await self._run(self._landing.prior, source.id, dataset, resource.id, shown)
        wanted = Wanted(source, dataset, resource, prior)
        if source.kind in (SourceKind.FOLDER, SourceKind.INBOX):
            return await self._gathering.copied(wanted)
        if source.sql is not None:
            return await self._gathering.asked(wanted, source.sql)
        policy = self.policy(source)
        if not resource.url:
            raise UrlRefused(source=source.id, dataset=dataset, resource=resource.id, url="", reason="url_host")
        try:
            url = policy.check(resource.url)
        except AddressError as error:
            error.values.update(dataset=dataset, resource=resource.id)
            raise
        if source.rest is not None:
            return await self._gathering.paged(wanted, source.rest, policy)
        limits = self._limits
        job = Job(source, policy, dataset, resource, url, prior, limits.total, limits.body, limits.total)
        return await self._landed(job, *await self._tries.answer(job))

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(work, *args, **kwargs))

    async def _landed(self, job: Job, received: Received, seconds: float) -> Fetched | NotModified:
        at, shown, headers, prior = self._now(), safe_url(job.resource.url), received.headers, job.prior
        kept, confirmed = kept_headers(headers), prior if received.sha256 is None else None
        sha256 = received.sha256 or (prior.sha256 if prior is not None else "")
        arrival = Arrival(
            source=job.source.id,
            dataset=job.dataset,
            resource=job.resource.id,
            url=shown,
            sha256=sha256,
            size=received.size,
            at=at,
            status=304 if received.sha256 is None else received.status,
            headers=kept,
            etag=kept.get("etag") or (confirmed.etag if confirmed else None),
            last_modified=kept.get("last-modified") or (confirmed.last_modified if confirmed else None),
            seconds=round(seconds, 4),
        )
        event = await self._recorder.record(arrival)
        if received.path is None:
            return NotModified(sha256, self._landing.path(sha256), shown, at, event)
        mime = headers.get("Content-Type", "").partition(";")[0].strip().lower() or None
        name = with_extension(
            job.resource.name or name_in_url(job.resource.url), str(received.url), job.resource.format
        )
        return Fetched(
            sha256=sha256,
            path=received.path,
            size=received.size,
            name=display_name(name),
            url=shown,
            mime=mime,
            at=at,
            seconds=seconds,
            changed=prior is None or prior.sha256 != sha256,
            page=mime in _PAGE and job.resource.format not in ("HTML", "HTM"),
            event=event,
        )
