"""What a killed process left behind: runs that nobody leads any more, half-written files nobody will finish."""

import shutil
import time

from catalog import runs
from services.granary import Granary

#: A folder of a batch at work is younger than this; so is a download.
_OLD_SECONDS = 86_400.0


def tidy(granary: Granary) -> tuple[str, ...]:
    """Mark the runs of dead processes as crashed and remove old leftovers; the runs so marked."""
    granary.landing.sweep(_OLD_SECONDS)
    limit = time.time() - _OLD_SECONDS
    for left in granary.staging.iterdir():
        if left.is_dir() and left.stat().st_mtime < limit:
            shutil.rmtree(left, ignore_errors=True)
    return runs.reap(granary.sessions, now=granary.clock())
