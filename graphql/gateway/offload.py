"""The only way from async code to what blocks: bounded thread pools, a bounded queue, and the request's deadline.

Handing over costs about 0.1 ms, so callers batch before the hop (`gateway/loaders.py`). DuckDB is interrupted at
the deadline by `core/duck.py`; SQL is cancelled through its driver.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from core.rows_errors import QueryBusy, QueryTimeout
from core.watch import Watch

T = TypeVar("T")
_QUEUE = 16  # waiting calls a worker; more are told to come back


class Deadline:
    """The moment by which a request must be answered, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; `QueryTimeout` when there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise QueryTimeout(seconds=self.seconds)
        return left


class _Pool:
    def __init__(self, name: str, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._largest = size * (_QUEUE + 1)
        self._inside = 0

    async def run(self, deadline: Deadline, work: Callable[[], T]) -> T:
        """The result of `work` in a thread; `QueryBusy` where too many wait, `QueryTimeout` at the deadline."""
        if self._inside >= self._largest:
            raise QueryBusy(seconds=deadline.seconds)
        self._inside += 1
        try:
            context = contextvars.copy_context()
            future = asyncio.get_running_loop().run_in_executor(self._threads, lambda: context.run(work))
            try:
                async with asyncio.timeout(deadline.left):
                    return await future
            except TimeoutError as error:
                raise QueryTimeout(seconds=deadline.seconds) from error
        finally:
            self._inside -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Reading(Session):
    """A session of one reading transaction, whose connection is looked for once and not for each statement."""

    _known: Connection | None = None

    def connection(self, *args: Any, **options: Any) -> Connection:
        """The transaction's connection."""
        if self._known is None:
            self._known = super().connection(*args, **options)
        return self._known


def _cancel(session: Session) -> Callable[[], None]:
    """What stops the statement that a session is running: sqlite3's interrupt, psycopg's cancel."""
    driver: Any = session.connection().connection.driver_connection
    stop: Callable[[], None] = getattr(driver, "interrupt", None) or driver.cancel
    return stop


class Offload:
    """The pools of one process: one for the database, one for DuckDB, one for parsing documents."""

    def __init__(self, sessions: sessionmaker[Session], *, sql: int, duck: int) -> None:
        self._sessions = sessionmaker(class_=_Reading, **sessions.kw)
        self._sql = _Pool("sql", sql)
        self._duck = _Pool("duck", duck)
        self._parse = _Pool("parse", 1)
        self._watch = Watch("sql-deadlines")

    async def sql(self, deadline: Deadline, work: Callable[[Session], T]) -> T:
        """The result of a reading transaction; its statement is cancelled at the deadline."""

        def run() -> T:
            with self._sessions() as session:  # nothing is written, so that there is nothing to commit
                try:
                    with self._watch.over(_cancel(session), time.monotonic() + deadline.left):
                        return work(session)
                except SQLAlchemyError as error:
                    deadline.left  # noqa: B018  # raises QueryTimeout where the cancelled statement is the cause
                    raise error

        return await self._sql.run(deadline, run)

    async def blocking(self, deadline: Deadline, work: Callable[[], T]) -> T:
        """The result of work that opens its own transaction."""
        return await self._sql.run(deadline, work)

    async def duck(self, deadline: Deadline, work: Callable[[float], T]) -> T:
        """The result of `work(seconds left)` with DuckDB, which interrupts itself by then."""
        return await self._duck.run(deadline, lambda: work(deadline.left))

    async def parse(self, deadline: Deadline, work: Callable[[], T]) -> T:
        """The result of pure computation that is too long for the loop."""
        return await self._parse.run(deadline, work)

    def close(self) -> None:
        """Take no more work; threads end with what they are doing."""
        for pool in (self._sql, self._duck, self._parse):
            pool.close()
        self._watch.close()
