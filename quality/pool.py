"""The checking processes: persistent, started with Great Expectations loaded, replaced when one is killed (P05)."""

import multiprocessing
import os
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from quality.errors import CheckWorkerLost
from quality.outcome import CheckOutcome

if TYPE_CHECKING:
    from quality.worker import Checker, CheckJob

_checker: "Checker | None" = None


def _start(memory: str, threads: int) -> None:
    """Runs once in each process: imports the heavy library and opens DuckDB."""
    global _checker  # noqa: PLW0603 - the process's own state, set once by its initializer
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    import great_expectations  # noqa: F401 - loaded before the first delivery arrives

    from quality.worker import Checker

    _checker = Checker(memory, threads)


def _end_with_parent() -> None:
    """A parent that was killed cannot end its processes, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check(job: "CheckJob") -> CheckOutcome:
    assert _checker is not None
    return _checker.run(job)


def _ready() -> int:
    return os.getpid()


class CheckPool:
    """Processes that check deliveries; a delivery whose process dies is tried once more, then fails as lost.

    Args:
        workers: how many processes.
        memory: DuckDB's memory limit in each (`2GB`).
        threads: DuckDB's threads in each.
    """

    def __init__(self, workers: int = 1, memory: str = "2GB", threads: int = 2) -> None:
        self._workers, self._memory, self._threads = workers, memory, threads
        self._lock = threading.Lock()
        self._closed = False
        self._pool = self._make()

    def _make(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(self._memory, self._threads),
        )

    def warm(self) -> "Future[int]":
        """Starts the processes before the first delivery; the future is done when one of them is ready."""
        return self._pool.submit(_ready)

    def submit(self, job: "CheckJob") -> "Future[CheckOutcome]":
        """The outcome to come; it raises `CheckFailed` or, after two lost processes, `CheckWorkerLost`."""
        answer: Future[CheckOutcome] = Future()
        self._try(job, answer, attempts=2)
        return answer

    def _try(self, job: "CheckJob", answer: "Future[CheckOutcome]", attempts: int) -> None:
        with self._lock:
            pool = self._pool
            try:
                inner = pool.submit(_check, job)
            except BrokenProcessPool:
                pool = self._pool = self._make()
                inner = pool.submit(_check, job)
        if not answer.running() and not answer.set_running_or_notify_cancel():
            inner.cancel()
            return
        inner.add_done_callback(lambda done: self._finish(done, job, answer, attempts - 1, pool))

    def _finish(
        self,
        done: "Future[CheckOutcome]",
        job: "CheckJob",
        answer: "Future[CheckOutcome]",
        attempts: int,
        pool: ProcessPoolExecutor,
    ) -> None:
        if done.cancelled():
            answer.set_exception(CheckWorkerLost(file=job.table))
            return
        error = done.exception()
        if isinstance(error, BrokenProcessPool):
            with self._lock:
                if self._pool is pool and not self._closed:
                    self._pool = self._make()
            if attempts and not self._closed:
                # on its own thread: a broken pool's callbacks run inside its dying manager
                threading.Thread(target=self._try, args=(job, answer, attempts), daemon=True).start()
            else:
                answer.set_exception(CheckWorkerLost(file=job.table))
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result())

    def close(self) -> None:
        """Waits for running deliveries, drops waiting ones, ends the processes."""
        with self._lock:
            self._closed = True
            pool = self._pool
        with suppress(BrokenProcessPool):
            pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
