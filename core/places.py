"""Places that all processes of one server share: so many of a kind, and no more, whichever process takes them.

A place is a lock on one byte of a file that nobody writes to. The kernel holds it for the process, and gives it back
when the process ends, however it ends: nothing is counted twice, and nothing is left behind by one that was killed.
What the places are for, and who waits where none is free, is left to those who take them.
"""

import fcntl
import hashlib
import os
from collections import Counter, defaultdict

_PLACES = 22  # bits of an offset that tell places of one kind apart; the rest is the kind's own
_DIGEST = 5  # bytes: with the bits above it stays below the largest offset of a file
_APART = 7919  # a prime: processes begin far from each other


class Places:
    """The places of one process, beside those of the others that hold the same file open.

    Not for several threads at once, and the file must be opened once only: a process that closes it gives all back.

    Args:
        file: the descriptor of a file that every process of the server has open to write; None where there is one only.
    """

    def __init__(self, file: int | None = None) -> None:
        self._file = file
        self._held: dict[str, set[int]] = defaultdict(set)

    def take(self, kind: str, most: int) -> bool:
        """Take a place of a kind of which there are so many; False where none is free."""
        held = self._held[kind]
        if len(held) < most:
            first = os.getpid() * _APART % most  # so that processes do not try each other's places first
            for n in range(most):
                place = (first + n) % most
                if place not in held and self._lock(kind, place):
                    held.add(place)
                    return True
        if not held:
            del self._held[kind]
        return False

    def leave(self, kind: str) -> None:
        """Give a place back that was taken."""
        held = self._held[kind]
        place = held.pop()
        if not held:
            del self._held[kind]
        if self._file is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _offset(kind, place))

    def free(self, kind: str, most: int) -> bool:
        """Whether a place could be taken now."""
        if not self.take(kind, most):
            return False
        self.leave(kind)
        return True

    @property
    def held(self) -> Counter[str]:
        """How many places of each kind this process holds itself."""
        return Counter({kind: len(places) for kind, places in self._held.items()})

    def _lock(self, kind: str, place: int) -> bool:
        if self._file is None:
            return True
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _offset(kind, place))
        except (BlockingIOError, PermissionError):  # another process has it; which of the two is the system's choice
            return False
        return True


def _offset(kind: str, place: int) -> int:
    digest = hashlib.blake2b(kind.encode(), digest_size=_DIGEST).digest()
    return (int.from_bytes(digest) << _PLACES) + place
