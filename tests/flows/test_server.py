"""A Prefect server of our own belongs to whoever started it, and ends with it."""

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Starts a server, says its process, waits until it answers where asked, then waits to be killed.
PARENT = """
import sys
from pathlib import Path
from flows.server import PrefectServer
server = PrefectServer(Path(sys.argv[1])).start()
print(server.pid, flush=True)
if sys.argv[2] == "answering":
    server.ready()
    print("answers", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the end of a process that is no child is seen by a pidfd")
@pytest.mark.parametrize(
    "stage", ["starting", pytest.param("answering", marks=[pytest.mark.prefect, pytest.mark.long])]
)
def test_P01_the_server_of_a_parent_that_is_killed_ends_too(tmp_path: Path, stage: str) -> None:
    words = [sys.executable, "-c", PARENT, str(tmp_path), stage]
    parent = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        server = os.pidfd_open(int(parent.stdout.readline()))
        try:
            if stage == "answering":
                assert parent.stdout.readline() == "answers\n"
            parent.kill()
            ended, _, _ = select.select([server], [], [], 30.0)
            assert ended == [server]
        finally:
            os.close(server)
