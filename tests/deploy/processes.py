"""Servers as processes of their own: started on a free port, waited for until they answer, ended for sure."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

SECONDS = 180.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    """A process that answers at an address."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, and wait for its end."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@contextmanager
def served(
    command: list[str | Path], port: int, ready: str, log: Path, *, cwd: Path, env: Mapping[str, str]
) -> Iterator[Server]:
    """A server from the moment it is ready (the path `ready` answers 200) until the block ends."""
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    server = Server(url, process)
    try:
        _wait(server, url + ready, log)
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _wait(server: Server, url: str, log: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        assert server.process.poll() is None, log.read_text("utf-8", "replace")
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # between two looks; the result is what is waited for
    raise AssertionError(f"{url} was not ready in {SECONDS} s: {log.read_text('utf-8', 'replace')}")
