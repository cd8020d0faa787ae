"""A breaker: leaves a host alone while most calls to it fail (S07). A pure state machine; the clock is given."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum


class State(StrEnum):
    """Calls pass, calls are refused, or one trial call is due or on its way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens when at least `share` of at least `minimum` calls within `window` seconds failed.

    After `pause` seconds it lets one trial call through: success closes it, failure opens it for another pause.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        window: float = 60.0,
        minimum: int = 20,
        share: float = 0.5,
        pause: float = 30.0,
    ) -> None:
        self._clock = clock
        self._window, self._minimum, self._share, self._pause = window, minimum, share, pause
        self._calls: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._opened_at: float | None = None
        self._trial = False
        self._era = 0  # answers of calls from an earlier era say nothing about this one

    @property
    def state(self) -> State:
        """Where it stands now."""
        if self._opened_at is None:
            return State.CLOSED
        return State.HALF_OPEN if self._trial or self.wait() <= 0 else State.OPEN

    def wait(self) -> float:
        """Seconds until it is worth asking again; 0 while calls pass."""
        if self._opened_at is None:
            return 0.0
        return self._pause if self._trial else max(0.0, self._opened_at + self._pause - self._clock())

    def admit(self) -> int | None:
        """A ticket to hand to `done` when the call has ended, or None where no call may go out now."""
        if self._opened_at is None:
            return self._era
        if self._trial or self.wait() > 0:
            return None
        self._trial = True
        self._era += 1
        return self._era

    def done(self, ticket: int, ok: bool | None) -> None:
        """How an admitted call ended; None where that says nothing about the host (cancelled, refused by us)."""
        if ticket != self._era:
            return
        if self._opened_at is not None:
            self._trial = False
            if ok is not None:
                self._turn(self._clock() if not ok else None)
        elif ok is not None:
            self._count(self._clock(), ok)

    def _count(self, now: float, ok: bool) -> None:
        self._calls.append((now, ok))
        self._failed += not ok
        while self._calls[0][0] <= now - self._window:
            self._failed -= not self._calls.popleft()[1]
        if len(self._calls) >= self._minimum and self._failed >= self._share * len(self._calls):
            self._turn(now)

    def _turn(self, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._calls.clear()
        self._failed = 0
        self._era += 1
