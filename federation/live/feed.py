"""What nodes tell of by themselves: rows as they come, handed on to whoever listens, and whether a node still speaks.

One line a node and data standard, however many listen: opened when the first comes, closed when the last goes, opened
again with growing pauses where it breaks. Rows are judged as those of a page are; what came while a line was broken is
not told afterwards, so a listener is told of the break and asks for what it may have missed.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from core.contract import Classification, Contract
from core.log import get
from core.naming import camel
from core.rows import Scope
from core.rows_errors import ColumnUnknown
from federation.live.client import NodeClient
from federation.live.errors import LiveError, LiveInvalid, LiveRowsDropped
from federation.live.merge import Taken
from federation.live.node import LiveLimits, Node
from federation.live.status import NodeState, NodeStatus
from federation.live.wire import Row, RowReader, RowUnfit

log = get("federation.live")
_STEADY = 30.0  # seconds after which a line is no longer taken for one that breaks at once


class ListenerSlow(Exception):
    """A listener did not keep up and is let go."""


def followed(contract: Contract) -> bool:
    """Whether nodes tell of a data standard's rows: readings of gauges, each of a region that can be looked at."""
    return contract.gauge_column is not None and contract.region_column in columns_told(contract)


def columns_told(contract: Contract) -> tuple[str, ...]:
    """The columns that nodes are asked to tell: closed ones never leave a node."""
    return tuple(c.name for c in contract.columns if c.classification is not Classification.CLOSED)


@dataclass(frozen=True)
class Wish:
    """What a listener wants to hear of; made by `wish`.

    Attributes:
        columns: those that the listener may see, in the contract's order.
        gauges, regions: the codes that it named, None for all.
    """

    contract: Contract
    columns: tuple[str, ...]
    gauges: frozenset[str] | None = None
    regions: frozenset[str] | None = None

    @cached_property
    def _at(self) -> Mapping[str, int]:
        return {name: i for i, name in enumerate(columns_told(self.contract))}

    def wants(self, row: Row) -> bool:
        """Whether a row is one of those."""
        gauge, region = self.contract.gauge_column, self.contract.region_column
        named = ((gauge, self.gauges), (region, self.regions))
        return all(codes is None or row[self._at[str(column)]] in codes for column, codes in named)

    def seen(self, row: Row) -> Row:
        """What of a row the listener may see."""
        return tuple(row[self._at[name]] for name in self.columns)


def wish(
    contract: Contract, scope: Scope, *, gauges: frozenset[str] | None = None, regions: frozenset[str] | None = None
) -> Wish:
    """The wish of a listener with a scope.

    Raises:
        ColumnUnknown: it may not see the column that it would choose rows by.
    """
    columns = tuple(name for name in columns_told(contract) if name in scope.columns)
    chosen = [(contract.gauge_column, gauges), (contract.region_column, regions)]
    for column, codes in chosen:
        if codes is not None and column not in columns:
            raise ColumnUnknown(relation=contract.name, column=column, columns=", ".join(columns))
    return Wish(contract, columns, gauges, regions)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a listener is told: a row that came, or how a node does now."""

    status: NodeStatus
    row: Taken | None = None


class _Listener:
    """One who listens: rows wait in a queue that has an end, and of each node only how it does now."""

    def __init__(self, wanted: Wish, limits: LiveLimits) -> None:
        self.wanted, self._limits = wanted, limits
        self._queue: asyncio.Queue[Told | str | None] = asyncio.Queue()
        self._waiting = 0  # rows
        self._freed = asyncio.Event()
        self._states: dict[str, NodeStatus] = {}
        self._rows: Counter[str] = Counter()
        self.slow = False

    @property
    def full(self) -> bool:
        """Whether another row has to wait."""
        return self._waiting >= self._limits.behind and not self.slow

    async def room(self) -> None:
        """Wait a little for a place; who reads too slowly is let go."""
        try:
            async with asyncio.timeout(self._limits.patience):
                while self.full:
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            self.slow = True
            self._freed.set()
            self._queue.put_nowait(None)

    def state(self, status: NodeStatus) -> None:
        """Tell how a node does; what it was told before and did not hear yet is forgotten."""
        if status.node.id not in self._states:
            self._queue.put_nowait(status.node.id)
        self._states[status.node.id] = replace(status, rows=self._rows[status.node.id])

    def row(self, status: NodeStatus, row: Row) -> None:
        """Tell of a row; there is room for it."""
        if self.slow:
            return
        node = status.node
        self._rows[node.id] += 1
        self._waiting += 1
        taken = Taken(self.wanted.seen(row), node)
        self._queue.put_nowait(Told(replace(status, rows=self._rows[node.id]), taken))

    async def told(self) -> AsyncGenerator[Told, None]:
        """What it is told, in order; `ListenerSlow` where it did not keep up."""
        while (found := await self._queue.get()) is not None:
            if isinstance(found, str):
                yield Told(self._states.pop(found))
            else:
                self._waiting -= 1
                self._freed.set()
                yield found
        raise ListenerSlow


@dataclass(eq=False)
class _Relay:
    """The line to one node for one data standard, and who listens on it."""

    node: Node
    contract: Contract
    client: NodeClient
    limits: LiveLimits
    wait: Callable[[float], Awaitable[object]]
    reader: RowReader
    listeners: dict[_Listener, None] = field(default_factory=dict)
    status: NodeStatus | None = None
    task: asyncio.Task[None] | None = None
    dropped: Counter[str] = field(default_factory=Counter)

    @cached_property
    def document(self) -> str:
        """What the node is asked to tell."""
        fields = " ".join(map(camel, self.reader.columns))
        return f"subscription LumbungAdded {{ added: {camel(self.contract.name)}Added {{ {fields} }} }}"

    def tell(self, state: NodeState, error: LiveError | None = None) -> None:
        """Tell everybody how the node does, where that is something else than before."""
        status = NodeStatus(self.node, state, 0, None, error, self.dropped.total())
        before, self.status = self.status, status
        if before is not None and before.dropped == status.dropped and _said(before) == _said(status):
            return
        log.info("live.told", node=self.node.id, state=state.value, code=_said(status)[1])
        for listener in self.listeners:
            listener.state(status)

    async def run(self) -> None:
        """Keep the line open for as long as anybody listens."""
        loop, failures = asyncio.get_running_loop(), 0
        try:
            while True:
                began = loop.time()
                try:
                    async with self.client.line() as line, aclosing(line.told(self.document)) as events:
                        self.tell(*self._standing())
                        await self._relayed(events)
                except LiveError as error:
                    self.tell(NodeState.DOWN, error)
                failures = 0 if loop.time() - began > _STEADY else failures
                await self.wait(min(self.limits.again * 2**failures, self.limits.again_most))
                failures = min(failures + 1, 16)
        finally:
            await self.client.close()

    def _standing(self) -> tuple[NodeState, LiveError | None]:
        """How a node does that speaks."""
        if not self.dropped:
            return NodeState.LIVE, None
        reasons, node = ", ".join(sorted(self.dropped)), self.node
        rows = self.dropped.total()
        return NodeState.PARTIAL, LiveRowsDropped(member=node.member, source=node.id, rows=rows, reasons=reasons)

    async def _relayed(self, events: AsyncGenerator[Mapping[str, Any], None]) -> None:
        """Hand on what a node tells, at the pace that is bearable: it has to wait meanwhile."""
        loop = asyncio.get_running_loop()
        began, count = loop.time(), 0
        async for data in events:
            count += 1
            if count >= self.limits.pace:
                await asyncio.sleep(max(0.0, began + 1.0 - loop.time()))
                began, count = loop.time(), 0
            try:
                row = self.reader.read(data["added"], self.node.regions)
            except KeyError as error:
                raise LiveInvalid(member=self.node.member, source=self.node.id) from error
            except RowUnfit as error:
                self.dropped[str(error)] += 1
                if self.dropped.total().bit_count() == 1:  # told at the first, second, fourth, eighth …
                    self.tell(*self._standing())
                continue
            await self._handed(row)

    async def _handed(self, row: Row) -> None:
        """Hand a row to all who want it; where one is behind, the node waits with the others for a little."""
        assert self.status is not None
        for listener in self._wanting(row):
            while listener.full:
                await asyncio.gather(*(each.room() for each in self._wanting(row) if each.full))
            if listener in self.listeners:
                listener.row(self.status, row)

    def _wanting(self, row: Row) -> list[_Listener]:
        return [listener for listener in self.listeners if listener.wanted.wants(row)]


def _said(status: NodeStatus) -> tuple[NodeState, str | None]:
    return status.state, status.error.code if status.error else None


class Feed:
    """The lines of one process; for one event loop.

    Args:
        client: makes what a node is asked through.
        wait: how to wait between two tries of a line.
    """

    def __init__(
        self,
        client: Callable[[Node], NodeClient],
        limits: LiveLimits,
        *,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client, self._limits, self._wait = client, limits, wait
        self._relays: dict[tuple[str, str], _Relay] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return len(self._relays)

    async def told(
        self, wanted: Wish, nodes: Sequence[Node], *, owners: Mapping[str, Mapping[str, str]] | None = None
    ) -> AsyncGenerator[Told, None]:
        """What these nodes tell from now on, first of each how it does; it ends where there are none.

        Args:
            owners: as `wire.RowReader` takes them.

        Raises:
            ListenerSlow: it did not keep up.
        """
        if not nodes:
            return
        listener = _Listener(wanted, self._limits)
        joined = [self._joined(node, wanted.contract, owners or {}) for node in nodes]
        try:
            for relay in joined:
                relay.listeners[listener] = None
                if relay.status is not None:
                    listener.state(relay.status)
            async with aclosing(listener.told()) as events:
                async for event in events:
                    yield event
        finally:
            for relay in joined:
                relay.listeners.pop(listener, None)
                self._left(relay)

    def _joined(self, node: Node, contract: Contract, owners: Mapping[str, Mapping[str, str]]) -> _Relay:
        key = (contract.name, node.id)
        reader = RowReader(contract, columns_told(contract), owners)
        relay = self._relays.get(key)
        if relay is None or relay.node != node or relay.contract != contract:  # edited: others end with their listeners
            relay = _Relay(node, contract, self._client(node), self._limits, self._wait, reader)
            relay.task = asyncio.create_task(relay.run())
            relay.task.add_done_callback(partial(self._ended, relay))
            self._ending.add(relay.task)
            self._relays[key] = relay
        relay.reader = reader  # as the lists are now
        return relay

    def _left(self, relay: _Relay) -> None:
        """Nobody is left who listens: the line is closed."""
        if relay.listeners or relay.task is None:
            return
        self._forget(relay)
        relay.task.cancel()

    def _forget(self, relay: _Relay) -> None:
        key = (relay.contract.name, relay.node.id)
        if self._relays.get(key) is relay:
            del self._relays[key]

    def _ended(self, relay: _Relay, task: asyncio.Task[None]) -> None:
        """A line has ended; where nobody foresaw why, its listeners are not left waiting for it."""
        self._ending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("live.feed", node=relay.node.id, error=type(error).__name__)
            self._forget(relay)
            relay.tell(NodeState.DOWN, LiveInvalid(member=relay.node.member, source=relay.node.id))

    async def close(self) -> None:
        """Close every line."""
        tasks = tuple(self._ending)
        self._relays.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
