"""Keeping what harvests commit at few files, in passing: a harvest that leaves a long tail merges it before it ends."""

from catalog import compaction
from core.errors import LumbungError
from services.granary import Granary

#: So many files of commits a contract may have beside its segments before a harvest merges them. A tail of eight costs
#: a page a few milliseconds, and a compaction then writes what eight rounds brought.
DUE = 8


def compact_when_due(granary: Granary, *, tail: int = DUE) -> list[compaction.Compacted]:
    """Merge the contracts whose tail is longer than `tail`; a damaged file leaves them as they are, to be rebuilt."""
    try:
        done = compaction.compact(granary.sessions, granary.store, now=granary.clock(), tail=tail)
        compaction.forget(granary.sessions, now=granary.clock())
    except LumbungError:  # readers and `lumbung rebuild` name it; the harvest itself went well
        return []
    return done
