"""Keeping what harvests commit at few files, and current rows in their SQL tables: as a harvest ends, and nightly.

What is large waits for the night: a harvest merges long tails only, and takes no more rows into a table than a moment
allows (`catalog/current.py`).
"""

from catalog import compaction, current, maintenance
from core.errors import LumbungError
from services.granary import Granary

#: So many files of commits a contract may have beside its segments before a harvest merges them. A tail of eight costs
#: a page a few milliseconds, and a compaction then writes what eight rounds brought.
DUE = 8


def compact_when_due(granary: Granary, *, tail: int = DUE) -> list[compaction.Compacted]:
    """Merge the contracts whose tail is longer than `tail`, and bring the tables of current rows to the newest commit.

    A damaged file leaves them as they are, to be rebuilt.
    """
    try:
        done = compaction.compact(granary.sessions, granary.store, now=granary.clock(), tail=tail)
        compaction.forget(granary.sessions, now=granary.clock())
        current.follow(granary.sessions, granary.store, most=granary.settings.current_rows_max)
    except LumbungError:  # readers and `lumbung rebuild` name it; the harvest itself went well
        return []
    return done


def compact_all(granary: Granary) -> list[compaction.Compacted]:
    """Merge every contract's tail, delete what no reader has open any more, bring every table of current rows to now.

    Raises:
        SnapshotMissing, SnapshotDamaged: a file of a commit is lost; `lumbung rebuild` makes it again.
    """
    now = granary.clock()
    done = compaction.compact(granary.sessions, granary.store, now=now)
    if compaction.forget(granary.sessions, now=now):
        maintenance.sweep_orphans(granary.sessions, granary.store)
    current.follow(granary.sessions, granary.store, most=granary.settings.current_rows_max, anew=True)
    return done
