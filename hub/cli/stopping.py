"""Ending in order: a first SIGTERM or Ctrl-C lets harvests stop at their next step, a second one ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from services.intake.opened import stop_all

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped:
    """Whether somebody asked; `status` is what the shell expects of a program that a signal ended."""

    def __init__(self) -> None:
        self.by: int | None = None

    @property
    def status(self) -> int:
        """128 and the signal's number; 0 where none came."""
        return 0 if self.by is None else 128 + self.by


@contextmanager
def stoppable() -> Iterator[Stopped]:
    """Let the harvests of this process stop in order for as long as the context lasts; only in the main thread."""
    stopped = Stopped()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def asked(number: int, _frame: FrameType | None) -> None:
        stopped.by = number
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        threading.Thread(target=stop_all, name="stopping").start()  # it takes locks that this thread may hold

    for number in _SIGNALS:
        signal.signal(number, asked)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
