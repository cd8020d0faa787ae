"""Asks every node at once, merges what comes by the order asked for, and says of each how it did.

No node can hold the answer up: each has its deadline, its own few lines and its breaker (`client`), and where it gives
nothing the member's last good rows stand in for it. Only what the page needs is asked for: a share of each node, then
more of those whose share the merge has used up.
"""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from core.errors import LumbungError
from core.log import get
from federation.address import Resolve, system_resolve, tls_context
from federation.live.client import NodeClient
from federation.live.errors import LiveError, LiveRowsDropped, LiveSilent
from federation.live.feed import Feed
from federation.live.last_good import LastGood, StaleRows
from federation.live.merge import Head, Sorting, StaleStream, Stream, Taken, farther
from federation.live.node import LiveLimits, Node
from federation.live.ordering import key_of
from federation.live.question import Place, Question, Stand, encode
from federation.live.status import NodeState, NodeStatus
from federation.live.wire import RowReader, rows_request

log = get("federation.live")
#: Rows that all nodes together may be asked for at first; with more nodes each is asked for a few.
_BUDGET = 4_000
_SMALLEST = 4
#: Nodes that are asked ahead, in the order of their rows, when one has to be asked again.
_AHEAD = 32
#: Answers that one node may give to one question; one that always has more, and never a row, ends here.
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class LivePage:
    """A page of rows of all nodes."""

    rows: Sequence[Taken]
    has_next: bool
    end_cursor: str
    nodes: Sequence[NodeStatus]


class Live:
    """Asks nodes for one process; lines are kept from question to question, for one event loop.

    Args:
        limits: what asking may take.
        resolve: how names become addresses.
        clock: monotonic seconds, for breakers.
        wait: how to wait until a broken line of the feed is opened again.
    """

    def __init__(
        self,
        limits: LiveLimits | None = None,
        *,
        resolve: Resolve = system_resolve,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.limits = limits or LiveLimits()
        self._resolve, self._clock, self._wait = resolve, clock, wait
        self._pool: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: dict[str, NodeClient] = {}
        self._feed: Feed | None = None
        self._closing: set[asyncio.Task[None]] = set()

    def client(self, node: Node) -> NodeClient:
        """The line to a node; another one where its source was edited."""
        loop = self._here()
        held = self._clients.get(node.id)
        if held is None or (held.node is not node and held.node != node):
            if held is not None:
                task = loop.create_task(held.close())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
            held = self._made(node)
            self._clients[node.id] = held
        return held

    def _here(self) -> asyncio.AbstractEventLoop:
        """The loop that runs; what belongs to another one is forgotten."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._clients, self._feed, self._loop = {}, None, loop
        return loop

    def _made(self, node: Node) -> NodeClient:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(8, thread_name_prefix="live-names")
        return NodeClient(node, self.limits, self._pool, resolve=self._resolve, clock=self._clock)

    @property
    def feed(self) -> Feed:
        """What nodes tell of by themselves."""
        self._here()
        if self._feed is None:
            self._feed = Feed(self._made, self.limits, wait=self._wait)
        return self._feed

    @staticmethod
    def ready() -> None:
        """Read the certificates that nodes are held to, which takes too long for a loop that serves."""
        tls_context()

    async def close(self) -> None:
        """Close every line."""
        if self._feed is not None:
            await self._feed.close()
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None

    async def rows(
        self,
        question: Question,
        nodes: Sequence[Node],
        *,
        seconds: float | None = None,
        owners: Mapping[str, Mapping[str, str]] | None = None,
        last_good: LastGood | None = None,
    ) -> LivePage:
        """The page of a question: rows of the nodes, each where it stood, and how each node did.

        Args:
            nodes: by member and id, as `nodes_of` has them.
            seconds: until when, at most what the limits allow.
            owners: as `wire.RowReader` takes them.
            last_good: looks up what stands in for a node that does not answer.
        """
        until = asyncio.get_running_loop().time() + min(seconds or self.limits.total, self.limits.total)
        reader = RowReader(question.contract, question.columns, owners or {})
        return await _Scatter(self, question, nodes, reader, last_good, until).page()


@dataclass
class _Scatter:
    live: Live
    question: Question
    nodes: Sequence[Node]
    reader: RowReader
    last_good: LastGood | None
    until: float
    streams: list[Stream] = field(default_factory=list)
    stale: list[StaleStream] = field(default_factory=list)
    fetched: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        question = self.question
        self._loop = asyncio.get_running_loop()
        self._bodies: dict[int, bytes] = {}
        at = {name: i for i, name in enumerate(question.columns)}
        self._sorting = Sorting([at[step.column] for step in question.order], key_of(question.order))
        self._ranks = {node.id: i for i, node in enumerate(self.nodes)}
        self._stands = {node.id: question.after.get(node.id, Stand()) for node in self.nodes}
        for node in self.nodes:
            stand = self._stands[node.id]
            if not stand.done and not stand.stale:
                rank = self._ranks[node.id]
                self.streams.append(Stream(node, rank, self.reader, self._sorting, stand))

    async def page(self) -> LivePage:
        held = [n for n in self.nodes if self._stands[n.id].stale and not self._stands[n.id].done]
        share = self._share(len(self.streams))
        kept = asyncio.gather(self._stand_in(held)) if held else None
        spare = self._loop.create_task(self._spare()) if self.last_good is not None and self.streams else None
        try:
            await asyncio.gather(*(self._fill(stream, share) for stream in self.streams))
            if kept is not None:
                await kept
            await self._stand_in_for_failed(spare)
        finally:
            for task in (spare, kept):
                if task is not None:
                    task.cancel()
        rows, last = await self._merged()
        return LivePage(rows, self._more(), encode(self.question, self._ends(last)), self._statuses())

    def _share(self, nodes: int) -> int:
        first = self.question.first
        if nodes * first <= _BUDGET:
            return first
        return min(first, max(_SMALLEST, -(-4 * first // nodes)))

    @property
    def _left(self) -> float:
        return self.until - self._loop.time()

    async def _fill(self, stream: Stream, rows: int) -> None:
        """More of a node's rows, or why there are none."""
        left = min(self._left, self.live.limits.node)
        began = self._loop.time()
        try:
            if left <= 0:
                raise LiveSilent(member=stream.node.member, source=stream.node.id, seconds=0)
            body = self._body(rows, stream.fetched)
            stream.feed(await self.live.client(stream.node).ask(body, left), rows)
        except LiveError as error:
            stream.fail(error)
        stream.seconds += self._loop.time() - began

    def _body(self, rows: int, after: str | None) -> bytes:
        """The request; at the beginning it is the same for every node."""
        if after is not None:
            return rows_request(self.question, rows, after)
        if rows not in self._bodies:
            self._bodies[rows] = rows_request(self.question, rows, None)
        return self._bodies[rows]

    async def _look(self, nodes: Sequence[Node], place: Place | None, first: int) -> StaleRows | None:
        """Rows of the last good snapshot, or None where they cannot be had in time."""
        assert self.last_good is not None
        try:
            async with asyncio.timeout(max(self._left, 0)):
                return await self.last_good.rows(self.question, nodes, place, first)
        except TimeoutError:
            return None
        except LumbungError as error:  # what stands in must not take the nodes' own answers along
            log.warning("live.last_good", code=error.code)
            return None

    def _places(self, nodes: Sequence[Node]) -> dict[Place | None, list[Node]]:
        """Nodes by where they stood."""
        found: dict[Place | None, list[Node]] = {}
        for node in nodes:
            found.setdefault(self._stands[node.id].place, []).append(node)
        return found

    async def _spare(self) -> dict[Place | None, tuple[frozenset[str], StaleRows]]:
        """Rows for nodes that have not answered after a good part of the time, should they not do so at all."""
        await asyncio.sleep(self._left * self.live.limits.hedge)
        slow = [s.node for s in self.streams if not s.answered]
        found = {}
        for place, nodes in self._places(slow).items():
            rows = await self._look(nodes, place, self.question.first)
            if rows is not None:
                found[place] = (frozenset(n.id for n in nodes), rows)
        return found

    async def _stand_in_for_failed(
        self, spare: "asyncio.Task[dict[Place | None, tuple[frozenset[str], StaleRows]]] | None"
    ) -> None:
        failed = [s.node for s in self.streams if s.failed is not None and not s.answered]
        if not failed or spare is None:
            return
        if spare.done() and not spare.cancelled() and spare.exception() is None:
            await self._stand_in(failed, spare.result())
        else:
            spare.cancel()
            await self._stand_in(failed)

    async def _stand_in(
        self,
        nodes: Sequence[Node],
        found: Mapping[Place | None, tuple[frozenset[str], StaleRows]] | None = None,
    ) -> None:
        """Put rows of the last good snapshot in the place of nodes, where there are any."""
        if self.last_good is None:
            return
        for place, some in self._places(nodes).items():
            spare = (found or {}).get(place)
            rows: StaleRows | None
            if spare is not None and spare[0].issuperset(n.id for n in some):
                rows = spare[1]
            else:
                rows = await self._look(some, place, self.question.first)
            if rows is None:
                continue
            own = [(self._ranks[n.id], n) for n in some if n.id in rows.fetched]
            self.fetched |= {node.id: rows.fetched[node.id] for _, node in own}
            if own:
                stream = StaleStream(own, place, self._sorting)
                stream.feed(rows)
                self.stale.append(stream)

    async def _merged(self) -> tuple[list[Taken], Place | None]:
        """The page's rows, and the place of the last one."""
        first, number = self.question.first, count()
        rows: list[Taken] = []
        last: Place | None = None
        streams: list[Stream | StaleStream] = [*self.streams, *self.stale]
        heap = [(s.head.key, next(number), s) for s in streams if s.head is not None]
        heapq.heapify(heap)
        blocked = [s for s in streams if s.blocked]
        rounds = 0
        while len(rows) < first:
            if blocked:
                rounds += 1
                await self._refill(blocked, heap, first - len(rows), rounds)
                for stream in blocked:
                    if stream.head is not None:
                        heapq.heappush(heap, (stream.head.key, next(number), stream))
                blocked = [s for s in blocked if s.blocked]
                continue
            if not heap:
                break
            stream = heap[0][2]
            head: Head = stream.take()
            rows.append(head.taken)
            last = head.place
            if stream.head is not None:
                heapq.heapreplace(heap, (stream.head.key, next(number), stream))
            else:
                heapq.heappop(heap)
                if stream.blocked:
                    blocked.append(stream)
        return rows, last

    async def _refill(
        self,
        blocked: Sequence[Stream | StaleStream],
        heap: Sequence[tuple[object, int, Stream | StaleStream]],
        need: int,
        rounds: int,
    ) -> None:
        """Ask those that hold the merge up, and those that would be next to."""
        rows = min(self.question.first, max(_SMALLEST, need))
        work: list[Awaitable[None]] = []
        for stream in blocked:
            if isinstance(stream, StaleStream):
                work.append(self._refill_stale(stream, rows))
            elif rounds > _ROUNDS:
                stream.fail(LiveSilent(member=stream.node.member, source=stream.node.id, seconds=0))
            else:
                work.append(self._fill(stream, rows))
        ahead = (s for _, _, s in heapq.nsmallest(_AHEAD, heap) if isinstance(s, Stream))
        work += [self._fill(s, rows) for s in ahead if s.more and s.failed is None and s.waiting < need - 1]
        await asyncio.gather(*work)

    async def _refill_stale(self, stream: StaleStream, rows: int) -> None:
        found = await self._look(stream.nodes, stream.place, rows)
        if found is None:
            stream.failed = True
        else:
            stream.feed(found)

    def _more(self) -> bool:
        streams: list[Stream | StaleStream] = [*self.streams, *self.stale]
        return any(s.head is not None or (s.more and (isinstance(s, StaleStream) or s.answered)) for s in streams)

    def _ends(self, last: Place | None) -> dict[str, Stand]:
        """Where each node stands after the page."""
        order = self.question.order
        ends = {n.id: s for n in self.nodes if (s := self._stands[n.id]).done or s.cursor or s.place}
        for stream in self.streams:
            if not stream.answered:
                continue
            done = stream.head is None and not stream.more
            if done:
                ends[stream.node.id] = Stand(done=True)
            else:
                reached = stream.place if stream.failed else farther(order, (stream.stand.place, last))
                ends[stream.node.id] = Stand(reached, stream.cursor)
        for stale in self.stale:
            done = stale.head is None and not stale.more
            for node in stale.nodes:
                reached = farther(order, (self._stands[node.id].place, last))
                ends[node.id] = Stand(done=True, stale=True) if done else Stand(reached, stale=True)
        return ends

    def _statuses(self) -> list[NodeStatus]:
        streams = {s.node.id: s for s in self.streams}
        stale = {node.id: s for s in self.stale for node in s.nodes}
        return [self._status(node, streams.get(node.id), stale.get(node.id)) for node in self.nodes]

    def _status(self, node: Node, stream: Stream | None, stale: StaleStream | None) -> NodeStatus:
        if stale is not None:
            fetched = self.fetched.get(node.id)
            error, seconds = (stream.failed, stream.seconds) if stream is not None else (None, None)
            return NodeStatus(node, NodeState.STALE, stale.taken[node.id], seconds, error, fetched_at=fetched)
        if stream is None:  # it had no more already
            was = self._stands[node.id]
            lost = was.stale and not was.done
            return NodeStatus(node, NodeState.DOWN if lost else NodeState.STALE if was.stale else NodeState.LIVE, 0)
        dropped = stream.dropped.total()
        error = stream.failed
        if error is None and dropped:
            reasons = ", ".join(sorted(stream.dropped))
            error = LiveRowsDropped(member=node.member, source=node.id, rows=dropped, reasons=reasons)
        state = NodeState.LIVE if error is None else NodeState.PARTIAL if stream.answered else NodeState.DOWN
        return NodeStatus(node, state, stream.taken, stream.seconds, error, dropped)
