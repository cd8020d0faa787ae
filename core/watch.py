"""Stops what takes too long: queries under watch are interrupted at their deadline, from one thread for all of them.

A thread a query costs 0.2 ms. What stopping means is said by whoever runs the query: DuckDB's interrupt, a driver's.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

_AGAIN = 0.02  # seconds until a query that was stopped and runs still is stopped once more


class Watched:
    """One query under watch: stopped at its deadline, and never the one that follows it on the same connection."""

    def __init__(self, stop: Callable[[], None], again: "Callable[[Watched], None]") -> None:
        """Args: again: sees to it that `fire` is called once more, a moment later."""
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = stop
        self._again = again
        self.fired = False

    def fire(self) -> None:
        """Stop it, unless it has ended, and go on until it has: what is told before a query begins is not heard."""
        with self._lock:
            if self._stop is None:
                return
            self.fired = True
            self._stop()
        self._again(self)

    def end(self) -> None:
        """It has ended: whatever runs next on its connection is not meant."""
        with self._lock:
            self._stop = None

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._stop is None


class Watch:
    """The thread that looks after deadlines, begun with the first query."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wake = threading.Condition()
        self._due: list[tuple[float, int, Watched]] = []
        self._count = 0
        self._looks = math.inf  # when the thread looks again by itself
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def over(self, stop: Callable[[], None], until: float) -> Iterator[Watched]:
        """Call `stop` at a moment of the monotonic clock, unless this context has ended by then."""
        watched = Watched(stop, self._again)
        self._put(watched, until)
        try:
            yield watched
        finally:
            watched.end()
            with self._wake:
                while self._due and self._due[0][2].done:
                    heappop(self._due)

    def _put(self, watched: Watched, until: float) -> None:
        with self._wake:
            self._count += 1
            heappush(self._due, (until, self._count, watched))
            if self._closed:
                return
            if self._thread is None or not self._thread.is_alive():  # none lives on in a forked process
                self._thread = threading.Thread(target=self._look, name=self._name, daemon=True)
                self._thread.start()
            elif until < self._looks:  # waking it for each query would cost as much as the query
                self._wake.notify()

    def _again(self, watched: Watched) -> None:
        self._put(watched, time.monotonic() + _AGAIN)

    def _look(self) -> None:
        while True:
            with self._wake:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if self._closed:
                    return
                if left is None or left > 0:
                    self._looks = self._due[0][0] if self._due else math.inf
                    self._wake.wait(left)
                    continue
                watched = heappop(self._due)[2]
            watched.fire()

    def close(self) -> None:
        """End the thread: one that is left at a process's end keeps DuckDB's module from being taken apart."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
