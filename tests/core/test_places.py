"""Places that several processes share: never more than there are, and those of a killed process are free again."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest

from core.places import Places

_OTHER = """
import sys
from core.places import Places
places = Places(int(sys.argv[1]))
for line in sys.stdin:
    what, kind, most = line.split()
    print(places.take(kind, int(most)) if what == "take" else places.leave(kind), flush=True)
"""


class Other:
    """Another process with the same file open."""

    def __init__(self, file: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OTHER, str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=[file],
        )  # fmt: skip

    def ask(self, what: str, kind: str, most: int = 0) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(what, kind, most, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def file() -> Iterator[int]:
    with tempfile.TemporaryFile() as opened:
        yield opened.fileno()


@pytest.fixture
def other(file: int) -> Iterator[Other]:
    made = Other(file)
    yield made
    made.kill()


def test_one_process_alone_has_as_many_places_as_there_are() -> None:
    places = Places()
    assert [places.take("client", 3) for _ in range(4)] == [True, True, True, False]
    assert places.held == {"client": 3}
    places.leave("client")
    assert places.free("client", 3)
    assert places.held == {"client": 2}
    assert [places.take("client", 3), places.take("client", 3), places.take("another", 3)] == [True, False, True]


def test_two_processes_have_them_together(file: int, other: Other) -> None:
    places = Places(file)
    assert places.take("client", 3)
    assert [other.ask("take", "client", 3) for _ in range(3)] == ["True", "True", "False"]
    assert not places.free("client", 3)
    assert places.take("another", 1)
    other.ask("leave", "client")
    assert [places.take("client", 3), places.take("client", 3)] == [True, False]


def test_a_killed_process_leaves_its_places_to_others(file: int, other: Other) -> None:
    places = Places(file)
    assert [other.ask("take", "client", 2) for _ in range(2)] == ["True", "True"]
    assert not places.take("client", 2)
    other.kill()
    assert [places.take("client", 2) for _ in range(3)] == [True, True, False]


def test_what_a_process_starts_takes_no_place_along(file: int, other: Other) -> None:
    places = Places(file)
    assert places.take("client", 1)
    subprocess.run([sys.executable, "-c", "pass"], pass_fds=[file], check=True)  # closes the file at its end
    assert other.ask("take", "client", 1) == "False"
    os.fstat(file)
