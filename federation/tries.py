"""Asking an address until it answers or must be given up: retries, waits that were asked for, deadlines, breakers.

What one try does is `transfer`'s, how many may be under way at once `slots`', how long to wait `retry`'s; this puts
them together. What becomes of an answer is decided by whoever asked.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from core.clock import Clock
from federation.address import AddressPolicy, safe_url
from federation.breaker import Breaker
from federation.connectors.base import RemoteResource
from federation.credentials import harvest_token
from federation.errors import (
    AddressError,
    FederationError,
    SourceBusy,
    SourceFailing,
    SourceResting,
    SourceStatus,
    SourceTooLarge,
    SourceTooSlow,
)
from federation.fetched import FetchLimits
from federation.landing import Landing, Prior
from federation.member import SourceConfig
from federation.rest_spec import TOKEN_HEADER
from federation.retry import Backoff
from federation.sink import Sink
from federation.slots import Slots
from federation.transfer import Received, Run, Transfer, within
from federation.vetted import client as make_client

#: Transient tomorrow, but not within this fetch.
_FINAL = (SourceBusy, SourceResting, SourceTooSlow)
_Address = tuple[str | None, int | None]


@dataclass(slots=True)
class Job:
    """One resource on its way; `left` and `waited` are what remains of its deadline and what it was kept waiting."""

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
        """Where it comes from, for errors."""
        return {"source": self.source.id, "dataset": self.dataset, "resource": self.resource.id, "host": self.url.host}


class _Host:
    """What is known about one host: its breaker, and until when it asked to be left alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.breaker = Breaker(clock)
        self.free_at = 0.0


class Tries:
    """Gets complete answers for one event loop; hosts are remembered across sources, connections are not shared.

    Args:
        names: the threads that may block in looking up a source's hosts.
        sleep, clock, now: as `fetch.Fetcher` takes them.
    """

    def __init__(
        self,
        landing: Landing,
        limits: FetchLimits,
        backoff: Backoff,
        *,
        run: Run,
        names: Callable[[SourceConfig], Executor],
        sleep: Callable[[float], Awaitable[object]],
        clock: Callable[[], float],
        now: Clock,
    ) -> None:
        self._landing, self._limits, self._backoff = landing, limits, backoff
        self._run, self._names, self._sleep, self._clock, self._now = run, names, sleep, clock, now
        self._slots = Slots(per_host=limits.per_host, per_source=limits.per_source, total=limits.slots)
        self._hosts: dict[_Address, _Host] = {}
        self._clients: dict[AddressPolicy, aiohttp.ClientSession] = {}

    async def close(self) -> None:
        """Close the connections."""
        for session in self._clients.values():
            await session.close()

    async def answer(self, job: Job) -> tuple[Received, float]:
        """A complete answer and the seconds that the last try took; the last error where there is none."""
        address = (job.url.host, job.url.port)
        host = self._hosts.setdefault(address, _Host(self._clock))
        failures = 0
        while True:
            if (rest := host.free_at - self._clock()) > 0:
                await self._rest(job, rest)
            try:
                async with self._slots.one(job.source.id, address):
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

    async def _rest(self, job: Job, seconds: float) -> None:
        """Leave a host alone as it asked (S08), for all of its resources together."""
        if job.waited + seconds > self._limits.patience:
            raise self._busy(job, seconds)
        job.waited += seconds
        await self._sleep(seconds)

    def _busy(self, job: Job, seconds: float) -> SourceBusy:
        return SourceBusy(**job.place, seconds=seconds, limit=self._limits.patience)

    async def _try(self, job: Job, host: _Host) -> tuple[Received, float]:
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

    def _transfer(self, job: Job) -> Transfer:
        client = self._clients.get(job.policy)  # connections opened under one set of rules serve no other
        if client is None:
            names = self._names(job.source)
            client = self._clients[job.policy] = make_client(job.policy, names, per_host=self._limits.per_host)
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


def _token(source: SourceConfig) -> str | None:
    """What is sent as the source's token, with the word that its service wants before it."""
    token = harvest_token(source)
    if token is None or source.rest is None or not source.rest.token_prefix:
        return token
    return f"{source.rest.token_prefix} {token}"


def _says(error: FederationError) -> bool | None:
    """What a failed call says about its host: failing, well, or nothing because the refusal was ours."""
    if isinstance(error, AddressError | SourceTooLarge):
        return None
    return isinstance(error, SourceStatus) and not isinstance(error, SourceFailing)
