"""What a request carries: the services of the process, the actor who asks, the deadline, and its loaders."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import strawberry
from graphql import GraphQLError
from sqlalchemy.orm import Session, sessionmaker

from catalog.store import SnapshotStore
from core.access import ANONYMOUS, Actor
from core.clock import Clock, utc_now
from core.contract import Contract
from core.duck import Duck
from core.places import Places
from core.reference_files import COMMODITIES, GAUGES, Commodity, Gauge, sound
from core.region import Regions
from core.settings import Settings
from core.token_errors import TokenInvalid
from federation.live.node import Node, nodes_of
from federation.live.scatter import Live
from federation.registry import Member, Registry, SourceConfig
from gateway.offload import Deadline, Offload

if TYPE_CHECKING:
    from gateway.loaders import Loaders

T = TypeVar("T")
_AT_ONCE = 2  # queries of one request; a list of a hundred entities must not take every thread from the others


@dataclass(frozen=True)
class Listed:
    """What the home's reference lists name, by code, in the order of the files."""

    gauges: Mapping[str, Gauge] = field(default_factory=dict)
    commodities: Mapping[str, Commodity] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, regions: Regions) -> "Listed":
        """The lists of a reference folder; lines that cannot be used are left out."""
        return cls(
            {gauge.code: gauge for gauge in sound(GAUGES, folder, regions)},
            {commodity.code: commodity for commodity in sound(COMMODITIES, folder, regions)},
        )


@dataclass(frozen=True)
class Services:
    """Everything the doors need, put together once by the composition root."""

    settings: Settings
    sessions: sessionmaker[Session]
    duck: Duck
    registry: Registry
    contracts: Mapping[str, Contract]
    store: SnapshotStore
    regions: Regions
    clock: Clock = utc_now
    listed: Listed = Listed()
    live: Live | None = None  # asks nodes; the app that serves has one
    places: Places = field(default_factory=Places)  # that all processes of the server share

    @cached_property
    def members(self) -> Mapping[str, Member]:
        """The registry's members by code."""
        return {m.code: m for m in self.registry.members}

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The members' nodes that can be asked live."""
        return nodes_of(self.registry, self.regions)

    @cached_property
    def members_at(self) -> Mapping[str, tuple[tuple[int, Member], ...]]:
        """The members that name a region's code as theirs, each with its place in the registry."""
        found: dict[str, list[tuple[int, Member]]] = {}
        for place, member in enumerate(self.registry.members):
            for code in member.regions:
                found.setdefault(code, []).append((place, member))
        return {code: tuple(members) for code, members in found.items()}

    @cached_property
    def sources(self) -> Mapping[str, SourceConfig]:
        """The registry's sources by id."""
        return {s.id: s for s in self.registry.sources}


@dataclass
class Context:
    """One request; SQL and DuckDB are reached through `sql` and `duck` only."""

    services: Services
    offload: Offload
    deadline: Deadline
    actor: Actor = ANONYMOUS
    entities: int = 0  # asked for by key so far, as routers do
    proof: Callable[[Session], None] | None = field(default=None, repr=False)  # to be run before anything is answered
    refused: TokenInvalid | None = None  # what the proof found
    spliced: bool = False  # whether the answer leaves as JSON, so that rows in it may be JSON text already
    partial: list[GraphQLError] = field(default_factory=list, repr=False)  # what is missing in an answer that has data
    _loaders: "Loaders | None" = field(default=None, repr=False)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE), repr=False)

    @property
    def loaders(self) -> "Loaders":
        """The request's batching look-ups, made when first needed."""
        if self._loaders is None:
            from gateway.loaders import Loaders

            self._loaders = Loaders(self)
        return self._loaders

    async def sql(self, work: Callable[[Session], T]) -> T:
        """The result of reading with a database session, off the loop and until the deadline.

        Raises:
            TokenInvalid: the token that the actor is known by does not hold any more.
        """
        proof = self.proof
        async with self._turns:
            if proof is None:
                return await self.offload.sql(self.deadline, work)

            def proved(session: Session) -> T:
                proof(session)
                return work(session)

            try:
                done = await self.offload.sql(self.deadline, proved)
            except TokenInvalid as error:
                self.refused = error
                raise
        self.proof = None
        return done

    async def duck(self, work: Callable[[Duck, float], T]) -> T:
        """The result of `work(duck, seconds left)`, off the loop and until the deadline."""
        async with self._turns:
            return await self.offload.duck(self.deadline, lambda left: work(self.services.duck, left))


Info = strawberry.Info[Context, None]
