"""`python -m benchmarks._harvest_flow DIRECT FLOW`: the same harvest without and with Prefect (its server is up).

Two equal homes; both have a member 33.01 with the source that is measured and 33.02 with one that warms everything up.
"""

import json
import sys
import time
from pathlib import Path

from services.intake.opened import close_all, opened
from services.intake.source import harvest_source


def direct(home: Path, member: str) -> float:
    """Seconds of the plain steps."""
    here = opened(home)
    known = here.granary.registry.member(member)
    began = time.perf_counter()
    for source in known.sources:
        harvest_source(here.granary, here.downloads, known, source)
    return time.perf_counter() - began


def through_prefect(home: Path, member: str) -> float:
    """Seconds of the flow run."""
    from flows.harvest import harvest_member

    began = time.perf_counter()
    harvest_member(str(home), member)
    return time.perf_counter() - began


def main() -> None:
    """Print the seconds of both."""
    plain, flow = Path(sys.argv[1]), Path(sys.argv[2])
    direct(plain, "33.02")
    seconds = {"direct": direct(plain, "33.01")}
    through_prefect(flow, "33.02")
    seconds["flow"] = through_prefect(flow, "33.01")
    close_all()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
