"""One request's questions to the rows: who asks, until when, and the threads in which the database answers."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.access import Actor, scope
from core.contract import Contract
from core.duck import Duck
from core.naming import REGION_NAME
from core.rows import TRUE, Filter, Lookup, Order, Page, RowQuery, all_of
from core.rows_aggregate import AggregateQuery, Groups, compile_aggregate, groups
from core.rows_errors import PageInvalid, QueryBusy, QueryTimeout
from node.rows import Rows
from node.words import nation

T = TypeVar("T")
PAGE_MAX = 1_000
_WAITING = 32


class Threads:
    """The threads that touch disk and database, with a bounded number of calls waiting for them."""

    def __init__(self, size: int = 3) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="node-rows")
        self._inside = 0

    async def run(self, seconds: float, work: Callable[[], T]) -> T:
        """The result of `work`; QueryBusy where too many wait, QueryTimeout after so many seconds."""
        if self._inside >= _WAITING:
            raise QueryBusy(seconds=round(seconds, 1))
        self._inside += 1
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except TimeoutError as error:
            raise QueryTimeout(seconds=round(seconds, 1)) from error
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Asking:
    """What every resolver of a request is handed.

    Attributes:
        contracts: the standards that may be asked by name of their type.
        until: the moment of the monotonic clock by which all is answered.
        entities: how many entities were asked for by key so far.
    """

    rows: Rows
    threads: Threads
    actor: Actor
    contracts: Mapping[str, Contract]
    seconds: float
    until: float
    entities: list[int] = field(default_factory=lambda: [0])

    @property
    def left(self) -> float:
        """Seconds left; QueryTimeout when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise QueryTimeout(seconds=self.seconds)
        return left

    def again(self) -> "Asking":
        """The same asker with all of the time again: a subscription's next answer."""
        return replace(self, until=time.monotonic() + self.seconds)

    def query(
        self,
        contract: Contract,
        columns: tuple[str, ...],
        *,
        where: Filter = TRUE,
        order: tuple[Order, ...] = (),
        first: int = 100,
        after: str | None = None,
        only: Filter = TRUE,
    ) -> RowQuery:
        """The query value of a question; `only` narrows what is asked without being the asker's own filter."""
        if not 1 <= first <= PAGE_MAX:
            raise PageInvalid(relation=contract.name, first=first, largest=PAGE_MAX)
        seen, region = scope(self.actor, contract), contract.region_column
        named = region is not None and any(step.column == REGION_NAME for step in order)
        return RowQuery(
            relation=self.rows.version(contract.name, after).relation,
            columns=columns,
            scope=type(seen)(seen.columns, all_of((seen.predicate, only))),
            where=where,
            order=order,
            looked=(Lookup(REGION_NAME, str(region), {r.code: r.name for r in nation()}),) if named else (),
            first=first,
            after=after,
        )

    async def _duck(self, work: Callable[[Duck, float], T]) -> T:
        return await self.threads.run(self.left, lambda: work(self.rows.duck, self.left))

    async def page(self, query: RowQuery) -> Page:
        """One page."""
        return await self._duck(lambda duck, left: duck.page(query, deadline=left))

    async def count(self, query: RowQuery) -> int:
        """How many rows match on all pages."""
        return await self._duck(lambda duck, left: duck.count(query, deadline=left))

    async def groups(self, query: AggregateQuery) -> Groups:
        """The groups of an aggregate."""
        compiled = compile_aggregate(query)
        return await self._duck(
            lambda duck, left: groups(query, duck.select(compiled.sql, compiled.params, deadline=left))
        )
