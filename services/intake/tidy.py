"""What a killed process left behind: runs that nobody leads any more, half-written files nobody will finish."""

import shutil
import time

from catalog import runs
from services.granary import Granary

#: A folder of a batch at work is younger than this; so is a download.
_OLD_SECONDS = 86_400.0


def tidy(granary: Granary, *, older_than_seconds: float = _OLD_SECONDS) -> tuple[str, ...]:
    """Mark the runs of dead processes as crashed and remove old leftovers; the runs so marked."""
    granary.landing.sweep(older_than_seconds)
    limit = time.time() - older_than_seconds
    for left in granary.staging.iterdir():
        if left.is_dir() and left.stat().st_mtime <= limit:
            shutil.rmtree(left, ignore_errors=True)
    return runs.reap(granary.sessions, now=granary.clock())
