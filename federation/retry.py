"""When to try again: backoff with jitter, and what a Retry-After header asks for. It decides; the caller sleeps."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

from core.clock import aware

#: Statuses that pass by themselves more often than not.
TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often something is tried and how long to wait between; durations are seconds.

    Attributes:
        attempts: tries in all (S01: three).
        base: the wait after the first failure; doubled after each further one, up to `most`.
        draw: uniform in [0, 1): the jitter, so that thirty-five harvests do not return in step.
    """

    attempts: int = 3
    base: float = 0.5
    most: float = 30.0
    draw: Callable[[], float] = field(default=random.random)

    def wait(self, failures: int) -> float:
        """Seconds to wait after that many failures: between half and one and a half of the doubled base."""
        return float(min(self.base * 2 ** (failures - 1), self.most) * (0.5 + self.draw()))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); None without a usable one."""
    if value is None or not (text := value.strip()):
        return None
    if text.isascii() and text.isdigit():
        return float(text[:12])  # a longer number is beyond any limit anyway
    try:
        then = aware(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None
    return max(0.0, (then - now).total_seconds())
