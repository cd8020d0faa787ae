"""Fetching: a resource's bytes, streamed into the landing under limits, retried and revalidated, or a named error.

Sources of every kind come through here. What the bytes mean, and whether they are data at all, is decided by
`readers` and the gate; which addresses may be called by `address`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import aiohttp
from yarl import URL

from core.clock import Clock, utc_now
from core.errors import LumbungError
from core.settings import Settings
from federation.address import AddressPolicy, Resolve, safe_url, system_resolve
from federation.breaker import Breaker
from federation.connectors.base import RemoteResource
from federation.credentials import token_of
from federation.errors import (
    AddressError,
    FederationError,
    SourceBusy,
    SourceFailing,
    SourceResting,
    SourceStatus,
    SourceTooLarge,
    SourceTooSlow,
    UrlRefused,
)
from federation.landing import Arrival, Landing, Prior, kept_headers
from federation.local import copy_inside
from federation.member import Allowance, SourceConfig, SourceKind
from federation.names import display_name, name_in_url, with_extension
from federation.recorder import Recorder
from federation.rest_fetch import collect
from federation.rest_spec import TOKEN_HEADER, RestSpec
from federation.retry import Backoff
from federation.sink import Sink
from federation.sql_read import Asked, ask
from federation.sql_spec import SqlSpec
from federation.transfer import Received, Transfer, within
from federation.vetted import client as make_client

_P = ParamSpec("_P")
_T = TypeVar("_T")

_PAGE = frozenset({"text/html", "application/xhtml+xml"})
#: Transient tomorrow, but not within this fetch.
_FINAL = (SourceBusy, SourceResting, SourceTooSlow)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What fetching may take; durations are seconds.

    Attributes:
        body: bytes of one file.
        total: of one resource, all its tries together (S03); waits that the source asked for are not counted.
        patience: of Retry-After that is honoured (S08).
        per_host: connections to one host at once; `slots` in all.
    """

    body: int = 512 * 1024 * 1024
    total: float = 600.0
    read: float = 10.0
    connect: float = 10.0
    patience: float = 900.0
    per_host: int = 8
    slots: int = 32

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
            slots=4 * settings.download_concurrency,
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


@dataclass(slots=True)
class _Job:
    source: SourceConfig
    policy: AddressPolicy
    dataset: str
    resource: RemoteResource
    url: URL
    prior: Prior | None
    total: float
    body: int
    left: float
    waited: float = 0.0

    @property
    def place(self) -> dict[str, Any]:
        return {"source": self.source.id, "dataset": self.dataset, "resource": self.resource.id, "host": self.url.host}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One resource that somebody asked for, and what is landed of it already."""

    source: SourceConfig
    dataset: str
    resource: RemoteResource
    prior: Prior | None


class _Host:
    """What is known about one host: free connections, its breaker, and until when it asked to be left alone."""

    def __init__(self, slots: int, clock: Callable[[], float]) -> None:
        self.slots = asyncio.Semaphore(slots)
        self.breaker = Breaker(clock)
        self.free_at = 0.0


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
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._resolve = resolve
        self._slots = asyncio.Semaphore(self._limits.slots)
        self._hosts: dict[tuple[str | None, int | None], _Host] = {}
        self._policies: dict[str, AddressPolicy] = {}
        self._clients: dict[AddressPolicy, aiohttp.ClientSession] = {}
        self._disk = ThreadPoolExecutor(4, thread_name_prefix="landing")
        self._names = ThreadPoolExecutor(16, thread_name_prefix="resolve")
        self._databases = ThreadPoolExecutor(4, thread_name_prefix="sql")
        self._recorder = Recorder(landing, self._disk)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(session.close() for session in self._clients.values()))
        await self._recorder.close()
        self._disk.shutdown(wait=False)
        self._databases.shutdown(wait=False, cancel_futures=True)
        self._names.shutdown(wait=False, cancel_futures=True)

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
        if source.kind in (SourceKind.FOLDER, SourceKind.INBOX):
            return await self._local(source, dataset, resource, prior)
        if source.sql is not None:
            return await self._asked(_Wanted(source, dataset, resource, prior), source.sql)
        policy = self.policy(source)
        if not resource.url:
            raise UrlRefused(source=source.id, dataset=dataset, resource=resource.id, url="", reason="url_host")
        try:
            url = policy.check(resource.url)
        except AddressError as error:
            error.values.update(dataset=dataset, resource=resource.id)
            raise
        if source.rest is not None:
            return await self._paged(_Wanted(source, dataset, resource, prior), source.rest, policy)
        limits = self._limits
        job = _Job(source, policy, dataset, resource, url, prior, limits.total, limits.body, limits.total)
        return await self._landed(job, *await self._tries(job))

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, partial(work, *args, **kwargs))

    async def _tries(self, job: _Job) -> tuple[Received, float]:
        """A complete answer and the seconds that the last try took."""
        host = self._host(job.url)
        failures = 0
        while True:
            if (rest := host.free_at - self._clock()) > 0:
                await self._rest(job, rest)
            try:
                return await self._try(job, host)
            except FederationError as error:
                failures += 1
                if not error.transient or isinstance(error, _FINAL) or failures >= self._backoff.attempts:
                    raise
                asked = error.values.get("retry_after")
                if isinstance(asked, float):
                    if job.waited + asked > self._limits.patience:
                        raise self._busy(job, asked) from error
                    host.free_at = max(host.free_at, self._clock() + asked)
                    continue
            await self._sleep(self._backoff.wait(failures))

    async def _rest(self, job: _Job, seconds: float) -> None:
        """Leave a host alone as it asked (S08), for all of its resources together."""
        if job.waited + seconds > self._limits.patience:
            raise self._busy(job, seconds)
        job.waited += seconds
        await self._sleep(seconds)

    def _busy(self, job: _Job, seconds: float) -> SourceBusy:
        return SourceBusy(**job.place, seconds=seconds, limit=self._limits.patience)

    async def _try(self, job: _Job, host: _Host) -> tuple[Received, float]:
        async with host.slots, self._slots:
            ticket = host.breaker.admit()
            if ticket is None:
                raise SourceResting(**job.place, seconds=round(host.breaker.wait(), 1))
            ok: bool | None = None
            began = self._clock()
            try:
                received = await within(job.left, self._transfer(job)(job.url))
                ok = True
            except TimeoutError as error:
                ok = False
                raise SourceTooSlow(**job.place, url=safe_url(str(job.url)), seconds=job.total) from error
            except FederationError as error:
                ok = _says(error)
                raise
            finally:
                host.breaker.done(ticket, ok)
                job.left -= self._clock() - began
            return received, self._clock() - began

    def _transfer(self, job: _Job) -> Transfer:
        client = self._clients.get(job.policy)  # connections opened under one set of rules serve no other
        if client is None:
            client = self._clients[job.policy] = make_client(job.policy, self._names, per_host=self._limits.per_host)
        return Transfer(
            client=client,
            policy=job.policy,
            place=job.place,
            token=_token(job.source),
            token_header=job.source.rest.token_header if job.source.rest is not None else TOKEN_HEADER,
            prior=job.prior,
            body=job.body,
            read=self._limits.read,
            connect=self._limits.connect,
            sink=lambda: Sink(self._landing),
            run=self._run,
            now=self._now,
        )

    async def _landed(self, job: _Job, received: Received, seconds: float) -> Fetched | NotModified:
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

    async def _paged(self, wanted: _Wanted, spec: RestSpec, policy: AddressPolicy) -> Fetched | NotModified:
        """All pages, each landed and written down, and their records as the resource's own bytes."""
        source, dataset, resource = wanted.source, wanted.dataset, wanted.resource
        began, base, seconds = self._clock(), policy.check(resource.url), float(spec.seconds)
        body = min(self._limits.body, spec.max_bytes)
        job = _Job(source, policy, dataset, resource, base, None, seconds, body, seconds)

        async def page(url: URL) -> Received:
            job.url = policy.check(str(url))
            received, taken = await self._tries(job)
            arrival = Arrival(
                source=source.id,
                dataset="",
                resource="",
                url=safe_url(str(url)),
                sha256=received.sha256 or "",
                size=received.size,
                at=self._now(),
                status=received.status,
                headers=kept_headers(received.headers),
                seconds=round(taken, 4),
            )
            await self._recorder.record(arrival)
            return received

        place = {"source": source.id, "dataset": dataset, "resource": resource.id}
        try:
            found = await collect(spec, base, page, sink=lambda: Sink(self._landing), run=self._run, place=place)
        except LumbungError as error:
            error.values.update({**place, **error.values})
            raise
        return await self._made(wanted, found.sha256, found.size, seconds=self._clock() - began)

    async def _asked(self, wanted: _Wanted, spec: SqlSpec) -> Fetched | NotModified:
        """A database's rows; those landed before with what has come since, where a cursor column is declared."""
        began, prior = self._clock(), wanted.prior
        known = None if prior is None or prior.etag is None else (prior.etag, self._landing.path(prior.sha256))

        def work() -> Asked:
            with Sink(self._landing) as sink:
                return ask(wanted.source.id, spec, sink=sink, limit=self._limits.body, known=known)

        found = await asyncio.get_running_loop().run_in_executor(self._databases, work)
        seconds = self._clock() - began
        return await self._made(wanted, found.sha256, found.size, seconds=seconds, etag=found.state)

    async def _made(
        self, wanted: _Wanted, sha256: str, size: int, *, seconds: float, etag: str | None = None
    ) -> Fetched | NotModified:
        """Write down landed bytes that were put together here; the same as before are said to still hold."""
        at, resource, shown = self._now(), wanted.resource, safe_url(wanted.resource.url)
        same = wanted.prior is not None and wanted.prior.sha256 == sha256
        status = 304 if same else 200
        arrival = Arrival(wanted.source.id, wanted.dataset, resource.id, shown, sha256, size, at, status)
        event = await self._recorder.record(replace(arrival, etag=etag, seconds=round(seconds, 4)))
        if same:
            return NotModified(sha256, self._landing.path(sha256), shown, at, event)
        return Fetched(
            sha256=sha256,
            path=self._landing.path(sha256),
            size=size,
            name=display_name(resource.name),
            url=shown,
            mime=resource.mime,
            at=at,
            seconds=seconds,
            changed=True,
            page=False,
            event=event,
        )

    async def _local(
        self, source: SourceConfig, dataset: str, resource: RemoteResource, prior: Prior | None
    ) -> Fetched | NotModified:
        began = self._clock()
        known = prior.etag if prior is not None else None
        copied = await self._run(copy_inside, self._landing, source, resource.url, limit=self._limits.body, known=known)
        at, seconds = self._now(), self._clock() - began
        base = Arrival(source.id, dataset, resource.id, resource.url, "", 0, at, seconds=round(seconds, 4))
        if copied is None:
            assert prior is not None
            event = await self._recorder.record(replace(base, sha256=prior.sha256, status=304, etag=prior.etag))
            return NotModified(prior.sha256, self._landing.path(prior.sha256), resource.url, at, event)
        sha256, size, stamp = copied
        event = await self._recorder.record(replace(base, sha256=sha256, size=size, etag=stamp))
        return Fetched(
            sha256=sha256,
            path=self._landing.path(sha256),
            size=size,
            name=display_name(resource.name),
            url=resource.url,
            mime=resource.mime,
            at=at,
            seconds=seconds,
            changed=prior is None or prior.sha256 != sha256,
            page=False,
            event=event,
        )

    def _host(self, url: URL) -> _Host:
        key = (url.host, url.port)
        if key not in self._hosts:
            self._hosts[key] = _Host(self._limits.per_host, self._clock)
        return self._hosts[key]


def _token(source: SourceConfig) -> str | None:
    """What is sent as the source's token, with the word that its service wants before it."""
    token = token_of(source)
    if token is None or source.rest is None or not source.rest.token_prefix:
        return token
    return f"{source.rest.token_prefix} {token}"


def _says(error: FederationError) -> bool | None:
    """What a failed call says about its host: failing, well, or nothing because the refusal was ours."""
    if isinstance(error, AddressError | SourceTooLarge):
        return None
    return isinstance(error, SourceStatus) and not isinstance(error, SourceFailing)
