"""The nodes of the province: whose they are, which regions' rows they may give, and how they may be asked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from core.contract import Contract
from core.region import Regions
from core.settings import Settings
from federation.member import Member, SourceConfig, SourceKind
from federation.registry import Registry

_FEWEST = 3  # calls that a breaker is to know before it judges


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """What asking nodes may take; durations are seconds.

    Attributes:
        total: of a question, all nodes together.
        node: of one answer of one node.
        calls: questions that one node is asked at once.
        waiting: further questions that wait for it.
        body: bytes of one answer.
        hedge: share of a question's time after which rows of the last good snapshot are looked up beforehand.
        failures: calls after which a failing node may be left alone; `rest`: for how long.
        begin: until a socket to a node is open and begun.
        quiet: after which a node that says nothing on a socket is asked for a sign of life; `pong`: until it comes.
        message: bytes of one message on a socket.
        again: until a broken socket is opened again, twice as long after each failure up to `again_most`.
        pace: rows a second that one node may tell.
        behind: rows that a listener may be behind, for `patience` at most.
    """

    total: float = 3.0
    node: float = 2.5
    calls: int = 4
    waiting: int = 64
    body: int = 8 * 1024 * 1024
    hedge: float = 0.6
    failures: int = 10
    rest: float = 10.0
    begin: float = 5.0
    quiet: float = 30.0
    pong: float = 10.0
    message: int = 256 * 1024
    again: float = 1.0
    again_most: float = 60.0
    pace: int = 1_000
    behind: int = 1_000
    patience: float = 2.0

    @classmethod
    def of(cls, settings: Settings) -> "LiveLimits":
        """The limits of an installation."""
        return cls(
            total=settings.live_seconds,
            node=settings.live_node_seconds,
            calls=settings.live_node_calls,
            body=settings.live_answer_bytes,
        )

    def share(self, processes: int) -> Self:
        """The limits of one of so many processes, so that a node is asked, and left alone, as by one.

        Each has a breaker of its own, which learns from its own calls alone: it must not want as many of them as one
        that hears of all.
        """
        return replace(
            self,
            calls=max(1, self.calls // processes),
            waiting=max(1, self.waiting // processes),
            failures=max(min(_FEWEST, self.failures), -(-self.failures // processes)),
        )


@dataclass(frozen=True)
class Node:
    """One node: a member's source, and the codes that its rows may speak about.

    Attributes:
        alone: whether it is its member's only one; then it speaks for the whole member, else for its own source.
    """

    source: SourceConfig
    member: str
    regions: frozenset[str]
    alone: bool = True

    @property
    def id(self) -> str:
        """Unique in the province: the source's."""
        return self.source.id

    @property
    def place(self) -> tuple[str, ...]:
        """What its rows have after the steps of an order, where rows of several nodes are put in one."""
        return (self.member,) if self.alone else (self.member, self.id)

    def speaks_for(self, member: str, source: str) -> bool:
        """Whether rows that the catalogue has of a source are this node's."""
        return member == self.member and (self.alone or source == self.id)


def nodes_of(registry: Registry, regions: Regions) -> tuple[Node, ...]:
    """Every node of the registry, by member and source."""
    found = []
    for member in registry.members:
        own = [source for source in member.sources if source.kind is SourceKind.NODE]
        found += [Node(source, member.code, covered(member, regions), len(own) == 1) for source in own]
    return tuple(sorted(found, key=lambda node: (node.member, node.id)))


def covered(member: Member, regions: Regions) -> frozenset[str]:
    """The codes of a member's regions, with those of a province's regencies and cities."""

    def codes() -> Iterator[str]:
        for code in member.regions:
            yield code
            yield from (region.code for region in regions.children(code))

    return frozenset(codes())


def asked(nodes: tuple[Node, ...], contract: Contract, codes: frozenset[str] | None) -> tuple[Node, ...]:
    """The nodes that are asked for a data standard's rows of some regions (None: of all)."""
    return tuple(
        node
        for node in nodes
        if (not node.source.live or contract.name in node.source.live) and (codes is None or node.regions & codes)
    )
