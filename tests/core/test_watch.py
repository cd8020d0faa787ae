"""A query that is to end is told so until it has ended: what it is told before it begins it does not hear."""

import threading
import time

from core.watch import Watch


def test_stopping_is_repeated_until_the_query_has_ended_and_never_meant_for_the_next() -> None:
    watch, heard = Watch("test"), threading.Event()
    told: list[None] = []

    def stop() -> None:
        told.append(None)
        if len(told) == 3:  # the first two came before the query had begun
            heard.set()

    with watch.over(stop, time.monotonic() + 60) as watched:
        watched.fire()
        assert heard.wait(10)
    so_far = len(told)
    with watch.over(lambda: None, time.monotonic() + 60):
        watched.fire()
        assert len(told) == so_far
    watch.close()


def test_a_deadline_that_passes_stops_once_and_again() -> None:
    watch, twice = Watch("test"), threading.Event()
    told: list[None] = []

    def stop() -> None:
        told.append(None)
        if len(told) == 2:
            twice.set()

    with watch.over(stop, time.monotonic()) as watched:
        assert twice.wait(10)
        assert watched.fired
    watch.close()
