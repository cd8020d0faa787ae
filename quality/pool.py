"""The checking processes: persistent, started with Great Expectations loaded, replaced when one is killed (P05)."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.util import Finalize
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from quality.errors import CheckWorkerLost
from quality.lists import Lists
from quality.outcome import CheckOutcome

if TYPE_CHECKING:
    from quality.worker import Checker, CheckJob

_T = TypeVar("_T")
_J = TypeVar("_J")

_checker: "Checker | None" = None


def _start(memory: str, threads: int) -> None:
    """Runs once in each process: imports the heavy library and opens DuckDB."""
    global _checker  # noqa: PLW0603 - the process's own state, set once by its initializer
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    # A process with a thread left cannot take DuckDB's module apart and would say so in a hundred lines at its end;
    # by then its last answer has been sent and nothing of its own is left to put away.
    Finalize(None, os._exit, args=(0,), exitpriority=-100)
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    os.environ["DO_NOT_TRACK"] = "1"
    import great_expectations  # noqa: F401 - loaded before the first delivery arrives

    from quality.memory import give_back
    from quality.worker import Checker

    give_back()
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


def _call(work: "Callable[[Checker, _J], _T]", job: _J) -> _T:
    assert _checker is not None
    return work(_checker, job)


def _ready() -> int:
    return os.getpid()


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a process is asked to do, kept so that it can be asked again."""

    file: Path
    work: Callable[..., Any]
    given: tuple[object, ...]


class CheckPool:
    """Processes that check deliveries; a delivery whose process dies is tried once more, then fails as lost.

    Args:
        workers: how many processes.
        memory: DuckDB's memory limit in each (`2GB`).
        threads: DuckDB's threads in each.
        folder: for what is shared with the processes (`quality/lists.py`); the system's where None.
    """

    def __init__(self, workers: int = 1, memory: str = "2GB", threads: int = 2, *, folder: Path | None = None) -> None:
        self._workers, self._memory, self._threads = workers, memory, threads
        self._lock = threading.Lock()
        self._closed = False
        self.lists = Lists(folder)
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
        return self._send(job.table, _check, job)

    def call(self, work: "Callable[[Checker, _J], _T]", job: _J, *, file: Path) -> "Future[_T]":
        """The result to come of a caller's own function in a checking process, where it is handed the `Checker`.

        Args:
            work: a function of a module, so that the process can import it.
            file: what to name where the process is lost over it.
        """
        return self._send(file, _call, work, job)

    def _send(self, file: Path, work: Callable[..., _T], *given: object) -> "Future[_T]":
        answer: Future[_T] = Future()
        self._try(_Sent(file, work, given), answer, attempts=2)
        return answer

    def _try(self, sent: "_Sent", answer: "Future[Any]", attempts: int) -> None:
        with self._lock:
            pool = self._pool
            try:
                inner = pool.submit(sent.work, *sent.given)
            except BrokenProcessPool:
                pool = self._pool = self._make()
                inner = pool.submit(sent.work, *sent.given)
        if not answer.running() and not answer.set_running_or_notify_cancel():
            inner.cancel()
            return
        inner.add_done_callback(lambda done: self._finish(done, sent, answer, attempts - 1, pool))

    def _finish(
        self,
        done: "Future[Any]",
        sent: "_Sent",
        answer: "Future[Any]",
        attempts: int,
        pool: ProcessPoolExecutor,
    ) -> None:
        if done.cancelled():
            answer.set_exception(CheckWorkerLost(file=sent.file))
            return
        error = done.exception()
        if isinstance(error, BrokenProcessPool):
            with self._lock:
                if self._pool is pool and not self._closed:
                    self._pool = self._make()
            if attempts and not self._closed:
                # on its own thread: a broken pool's callbacks run inside its dying manager
                threading.Thread(target=self._try, args=(sent, answer, attempts), daemon=True).start()
            else:
                answer.set_exception(CheckWorkerLost(file=sent.file))
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
        self.lists.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
