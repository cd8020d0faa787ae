"""Writes arrivals down in shared transactions: whatever came while one commit was on its way goes with the next."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor

from federation.landing import Arrival, Landing


class Recorder:
    """One transaction for many files: an arrival is acknowledged when the commit that holds it is durable."""

    def __init__(self, landing: Landing, pool: Executor) -> None:
        self._write: Callable[[list[Arrival]], list[int]] = landing.record
        self._pool = pool
        self._waiting: list[tuple[Arrival, asyncio.Future[int]]] = []
        self._task: asyncio.Task[None] | None = None

    async def record(self, arrival: Arrival) -> int:
        """The id of the arrival's event, once it is durable."""
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, written))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await written

    async def close(self) -> None:
        """Wait for what is still on its way."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            arrivals = [arrival for arrival, _ in batch]
            (outcome,) = await asyncio.gather(
                loop.run_in_executor(self._pool, self._write, arrivals), return_exceptions=True
            )
            for number, (_, written) in enumerate(batch):
                if written.done():  # its fetch was cancelled meanwhile
                    continue
                if isinstance(outcome, BaseException):
                    written.set_exception(outcome)
                else:
                    written.set_result(outcome[number])
