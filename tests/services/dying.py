"""A process that harvests and dies: `python -m tests.services.dying`, told on standard input what to do.

Each line is `HOME POINT NOW`. A child, forked with everything imported already, harvests the home's only source and
kills itself with SIGKILL at the POINT-th moment that matters: before and after every fsync, every rename, every
commit of the database, every answer of the checking worker. POINT 0 lets it live. Its answer is one line of JSON:
the moments that passed, the snapshots it was told are committed, its report (None where it died).
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import Any

import great_expectations  # noqa: F401  # seconds to import: once, before anybody forks
from sqlalchemy import Engine, event

from catalog import snapshots
from quality.lists import Lists
from quality.worker import Checker
from services.granary import open_granary
from services.intake.fetching import FetchLoop
from services.intake.source import harvest_source
from tests.services.factories import Hand


class Fate:
    """Counts the moments that matter, and dies at the chosen one."""

    def __init__(self, point: int, told: int) -> None:
        self.point, self.told, self.passed, self.lock = point, told, 0, threading.Lock()

    def moment(self, *_: object) -> None:
        with self.lock:
            self.passed += 1
            if self.passed == self.point:
                self.tell(passed=self.passed)
                os.kill(os.getpid(), signal.SIGKILL)

    def tell(self, **words: Any) -> None:
        os.write(self.told, json.dumps(words).encode() + b"\n")

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **more: Any) -> Any:
            self.moment()
            result = work(*args, **more)
            self.moment()
            return result

        return wrapped


class Here:
    """Checks deliveries in this process, in place of the pool of processes."""

    def __init__(self, fate: Fate) -> None:
        self.fate, self.checker, self.lists = fate, Checker("512MB", 1), Lists()

    def call(self, work: Callable[[Checker, Any], Any], job: Any, *, file: Path) -> "Future[Any]":
        answer: Future[Any] = Future()
        self.fate.moment()
        answer.set_result(work(self.checker, job))
        self.fate.moment()
        return answer

    def close(self) -> None:
        return


def harvest(home: Path, point: int, now: datetime, told: int) -> None:
    fate = Fate(point, told)
    granary = open_granary(home, clock=Hand(now))
    granary._pool = Here(fate)  # type: ignore[assignment]  # it is asked for nothing else
    os.fsync, os.replace = fate.around(os.fsync), fate.around(os.replace)
    event.listen(Engine, "commit", fate.moment)
    commit_many = snapshots.commit_many

    def acknowledged(*args: Any, **more: Any) -> Any:
        done = commit_many(*args, **more)
        fate.tell(seqs=[c.seq for c in done if c.seq is not None])
        fate.moment()
        return done

    snapshots.commit_many = acknowledged
    [source] = granary.registry.sources
    report = harvest_source(
        granary, FetchLoop(granary.landing, granary.settings), granary.registry.member(source.member), source
    )
    fate.tell(passed=fate.passed, report={"state": report.state, "snapshots": report.snapshots, "error": report.error})
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        home, point, now = line.split()
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            try:
                harvest(Path(home), int(point), datetime.fromisoformat(now), told)
            finally:
                os._exit(1)
        os.close(told)
        with os.fdopen(heard) as words:
            said = [json.loads(word) for word in words]
        _, status = os.waitpid(child, 0)
        answer: dict[str, Any] = {"passed": 0, "report": None, "killed": os.WIFSIGNALED(status), "seqs": []}
        for word in said:
            answer["seqs"] += word.pop("seqs", [])
            answer |= word
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
