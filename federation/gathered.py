"""Bytes put together here: pages of a service, rows of a database, a copy of a folder's file; landed and written down.

A file that a web server gives as it is, is `fetch`'s.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from yarl import URL

from core.clock import Clock
from core.errors import LumbungError
from federation.address import AddressPolicy, safe_url
from federation.connectors.base import RemoteResource
from federation.fetched import Fetched, FetchLimits, NotModified
from federation.landing import Arrival, Landing, Prior, kept_headers
from federation.local import copy_inside
from federation.member import SourceConfig
from federation.names import display_name
from federation.recorder import Recorder
from federation.rest_fetch import collect
from federation.rest_spec import RestSpec
from federation.sink import Sink
from federation.sql_read import Asked, ask
from federation.sql_spec import SqlSpec
from federation.transfer import Received, Run
from federation.tries import Job, Tries


@dataclass(frozen=True, slots=True)
class Wanted:
    """One resource that somebody asked for, and what is landed of it already."""

    source: SourceConfig
    dataset: str
    resource: RemoteResource
    prior: Prior | None


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gets what no single download gives.

    Attributes:
        run: runs disk work in a thread.
        blocking: the threads in which a source may block: its database, its folder on another machine.
        clock: monotonic seconds.
    """

    landing: Landing
    limits: FetchLimits
    recorder: Recorder
    tries: Tries
    run: Run
    blocking: Callable[[SourceConfig], Executor]
    clock: Callable[[], float]
    now: Clock

    async def paged(self, wanted: Wanted, spec: RestSpec, policy: AddressPolicy) -> Fetched | NotModified:
        """All pages, each landed and written down, and their records as the resource's own bytes."""
        source, dataset, resource = wanted.source, wanted.dataset, wanted.resource
        began, base, seconds = self.clock(), policy.check(resource.url), float(spec.seconds)
        body = min(self.limits.body, spec.max_bytes)
        job = Job(source, policy, dataset, resource, base, None, seconds, body, seconds)

        async def page(url: URL) -> Received:
            job.url = policy.check(str(url))
            received, taken = await self.tries.answer(job)
            arrival = Arrival(
                source=source.id,
                dataset="",
                resource="",
                url=safe_url(str(url)),
                sha256=received.sha256 or "",
                size=received.size,
                at=self.now(),
                status=received.status,
                headers=kept_headers(received.headers),
                seconds=round(taken, 4),
            )
            await self.recorder.record(arrival)
            return received

        place = {"source": source.id, "dataset": dataset, "resource": resource.id}
        try:
            found = await collect(spec, base, page, sink=lambda: Sink(self.landing), run=self.run, place=place)
        except LumbungError as error:
            error.values.update({**place, **error.values})
            raise
        return await self._made(wanted, found.sha256, found.size, seconds=self.clock() - began)

    async def asked(self, wanted: Wanted, spec: SqlSpec) -> Fetched | NotModified:
        """A database's rows; those landed before with what has come since, where a cursor column is declared."""
        began, prior = self.clock(), wanted.prior
        known = None if prior is None or prior.etag is None else (prior.etag, self.landing.path(prior.sha256))

        def work() -> Asked:
            with Sink(self.landing) as sink:
                return ask(wanted.source.id, spec, sink=sink, limit=self.limits.body, known=known)

        found = await asyncio.get_running_loop().run_in_executor(self.blocking(wanted.source), work)
        seconds = self.clock() - began
        return await self._made(wanted, found.sha256, found.size, seconds=seconds, etag=found.state)

    async def copied(self, wanted: Wanted) -> Fetched | NotModified:
        """A folder's file, copied whole."""
        source, dataset, resource, prior = wanted.source, wanted.dataset, wanted.resource, wanted.prior
        began = self.clock()
        known = prior.etag if prior is not None else None
        copy = partial(copy_inside, self.landing, source, resource.url, limit=self.limits.body, known=known)
        copied = await asyncio.get_running_loop().run_in_executor(self.blocking(source), copy)
        at, seconds = self.now(), self.clock() - began
        base = Arrival(source.id, dataset, resource.id, resource.url, "", 0, at, seconds=round(seconds, 4))
        if copied is None:
            assert prior is not None
            event = await self.recorder.record(replace(base, sha256=prior.sha256, status=304, etag=prior.etag))
            return NotModified(prior.sha256, self.landing.path(prior.sha256), resource.url, at, event)
        sha256, size, stamp = copied
        event = await self.recorder.record(replace(base, sha256=sha256, size=size, etag=stamp))
        return Fetched(
            sha256=sha256,
            path=self.landing.path(sha256),
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

    async def _made(
        self, wanted: Wanted, sha256: str, size: int, *, seconds: float, etag: str | None = None
    ) -> Fetched | NotModified:
        """Write down landed bytes that were put together here; the same as before are said to still hold."""
        at, resource, shown = self.now(), wanted.resource, safe_url(wanted.resource.url)
        same = wanted.prior is not None and wanted.prior.sha256 == sha256
        status = 304 if same else 200
        arrival = Arrival(wanted.source.id, wanted.dataset, resource.id, shown, sha256, size, at, status)
        event = await self.recorder.record(replace(arrival, etag=etag, seconds=round(seconds, 4)))
        if same:
            return NotModified(sha256, self.landing.path(sha256), shown, at, event)
        return Fetched(
            sha256=sha256,
            path=self.landing.path(sha256),
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
