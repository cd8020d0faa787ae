"""A flow's own process ends with its own words and status, and without DuckDB's about threads that hold it."""

import os
import subprocess
import sys
from pathlib import Path

from flows.last_words import RUN

ROOT = Path(__file__).parents[2]
HELD = """
import sys, threading, time
import flows
import duckdb
held = duckdb.connect()
def wait(connection=held):
    time.sleep(1000)
threading.Thread(target=wait, daemon=True).start()
print("selesai", file=sys.stderr)
{end}
"""


def ended(end: str, **environment: str) -> tuple[int, str]:
    """Status and words of a process that ends while a thread holds DuckDB."""
    path = os.pathsep.join((str(ROOT), str(ROOT / "graphql")))
    done = subprocess.run(
        [sys.executable, "-c", HELD.format(end=end)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


def test_the_process_of_a_run_keeps_its_status_and_its_words_and_adds_none() -> None:
    assert ended("sys.exit(3)", **{RUN: "1"}) == (3, "selesai\n")


def test_an_error_that_ends_the_process_is_still_told() -> None:
    status, said = ended("raise RuntimeError('cakram penuh')", **{RUN: "1"})
    assert status == 1 and said.endswith("RuntimeError: cakram penuh\n") and "nanobind" not in said


def test_other_processes_are_left_alone() -> None:
    assert "nanobind: leaked" in ended("sys.exit(0)")[1], "no longer needed: DuckDB's module ends quietly by itself"
