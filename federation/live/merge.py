"""Several nodes' sorted rows as one sorted sequence, and where each of them stands when a page is full.

Pure: rows are fed in, rows are taken out; asking for more is left to `scatter`. A node's order is not trusted: a row
that comes before the one it follows is dropped, as one of a wrong type or region is.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.rows import Order, Value
from federation.live.errors import LiveError, LiveInvalid, LiveTooLarge
from federation.live.last_good import StaleRow, StaleRows
from federation.live.node import Node
from federation.live.ordering import Key, key_of
from federation.live.question import Place, Stand
from federation.live.wire import MAX_CURSOR, Row, RowReader, RowUnfit


@dataclass(frozen=True, slots=True)
class Sorting:
    """How rows are sorted: the columns of the order, as places in a row, and what sorts their values."""

    steps: Sequence[int]
    key: Callable[[Sequence[Value | None]], Key]

    def at(self, place: Place) -> Key:
        """What sorts a place's steps."""
        return self.key(place[: len(self.steps)])

    def of(self, values: Row) -> tuple[Row, Key]:
        """The values of a row's steps, and what sorts them."""
        steps = tuple(values[i] for i in self.steps)
        return steps, self.key(steps)


@dataclass(frozen=True, slots=True)
class Taken:
    """A row of the page: its values, the node and member it is of, and for a stale one when it was fetched."""

    values: Row
    node: Node
    fetched_at: datetime | None = None


@dataclass(slots=True)
class Head:
    """The next row of a stream: what sorts it, the row, its place, and the node's cursor of it."""

    key: Key
    taken: Taken
    place: Place
    cursor: str | None = None


class Stream:
    """One node's rows: fed in pieces as it gives them, read one by one as the merge comes to them.

    Args:
        rank: the node's place among all, which decides between rows that are otherwise equal.
    """

    def __init__(self, node: Node, rank: int, reader: RowReader, sorting: Sorting, stand: Stand) -> None:
        self.node, self.stand = node, stand
        self._rank, self._reader, self._sorting = rank, reader, sorting
        self._edges: list[Any] = []
        self._at = 0
        # what it gives now comes after what was taken before: a node that begins again is not believed
        self._last: Key | None = None if stand.place is None else sorting.at(stand.place)
        self.fetched = self.cursor = stand.cursor
        self.place = stand.place
        self.more = True
        self.failed: LiveError | None = None
        self.answered = False
        self.dropped: Counter[str] = Counter()
        self.taken = 0
        self.seconds = 0.0
        self.head: Head | None = None

    @property
    def waiting(self) -> int:
        """Rows that were given and not read yet."""
        return len(self._edges) - self._at

    @property
    def blocked(self) -> bool:
        """Whether the merge cannot go on without more from it."""
        return self.head is None and self.more and self.failed is None

    def feed(self, data: Any, asked: int) -> None:
        """Take what the node gave for a page of so many rows.

        Raises:
            LiveInvalid, LiveTooLarge: it is no page, or a larger one.
        """
        place = {"member": self.node.member, "source": self.node.id}
        try:
            edges, more = data["rows"]["edges"], data["rows"]["pageInfo"]["hasNextPage"]
            last = edges[-1]["cursor"] if edges else None
        except (KeyError, TypeError, IndexError) as error:
            raise LiveInvalid(**place) from error
        if type(edges) is not list or type(more) is not bool or (more and not edges):
            raise LiveInvalid(**place)
        if len(edges) > asked:
            raise LiveTooLarge(**place, limit=asked)
        if edges:
            if type(last) is not str or len(last) > MAX_CURSOR or last == self.fetched:
                raise LiveInvalid(**place)
            self.fetched = last
        del self._edges[: self._at]
        self._at = 0
        self._edges += edges
        self.more, self.answered = more, True
        if self.head is None:
            self.advance()

    def fail(self, error: LiveError) -> None:
        """It gives nothing further now; what it gave counts."""
        self.failed = error

    def advance(self) -> None:
        """Come to the next row that is fit to be taken."""
        self.head = None
        while self._at < len(self._edges):
            edge = self._edges[self._at]
            self._at += 1
            try:
                cursor = edge["cursor"]
                if type(cursor) is not str or len(cursor) > MAX_CURSOR:
                    raise RowUnfit("type")
                values = self._reader.read(edge["node"], self.node.regions)
                steps, key = self._sorting.of(values)
                if self._last is not None and key < self._last:
                    raise RowUnfit("order")
            except (KeyError, TypeError):
                self.dropped["type"] += 1
            except RowUnfit as error:
                self.dropped[str(error)] += 1
            else:
                self._last = key
                taken = Taken(values, self.node)
                self.head = Head((*key, self._rank), taken, (*steps, *self.node.place), cursor)
                return
        self.cursor = self.fetched

    def take(self) -> Head:
        """The next row, which is then behind it."""
        head = self.head
        assert head is not None
        self.cursor, self.place = head.cursor, head.place
        self.taken += 1
        self.advance()
        return head


class StaleStream:
    """Rows of the last good snapshot in the place of nodes that do not answer, from one place on.

    Args:
        nodes: with the rank of each, as `Stream` takes it.
    """

    def __init__(self, nodes: Sequence[tuple[int, Node]], place: Place | None, sorting: Sorting) -> None:
        self.nodes = tuple(node for _, node in nodes)
        self.place = place
        self._of = {node.member if node.alone else (node.member, node.id): (rank, node) for rank, node in nodes}
        self._sorting = sorting
        self._rows: Sequence[StaleRow] = ()
        self._at = 0
        self.more = True
        self.failed = False
        self.taken: Counter[str] = Counter()
        self.head: Head | None = None

    @property
    def blocked(self) -> bool:
        """Whether the merge cannot go on without more from it."""
        return self.head is None and self.more and not self.failed

    def feed(self, found: StaleRows) -> None:
        """Take the next rows after `place`; those of nodes that it is not for are passed over."""
        self._rows, self._at, self.more = found.rows, 0, found.more
        self.advance()

    def advance(self) -> None:
        """Come to the next row."""
        self.head = None
        while self._at < len(self._rows):
            row = self._rows[self._at]
            self._at += 1
            steps, key = self._sorting.of(row.values)
            place = (*steps, row.member, row.source, row.resource, row.row)
            known = self._of.get(row.member) or self._of.get((row.member, row.source))
            if known is None:
                self.place = place
                continue
            rank, node = known
            self.head = Head((*key, rank), Taken(row.values, node, row.fetched_at), place)
            return

    def take(self) -> Head:
        """The next row, which is then behind it."""
        head = self.head
        assert head is not None
        self.place = head.place
        self.taken[head.taken.node.id] += 1
        self.advance()
        return head


def farther(order: tuple[Order, ...], places: Collection[Place | None]) -> Place | None:
    """The place farthest on in the order; None is the beginning."""
    if len(places) < 2 or None in places:
        return next((p for p in places if p is not None), None)
    key, width = key_of(order), len(order)

    def far(place: Place) -> Key:
        member, *rest = place[width:]
        return (*key(place[:width]), member, *(((v is None), v if v is not None else 0) for v in rest))

    return max((p for p in places if p is not None), key=far)
