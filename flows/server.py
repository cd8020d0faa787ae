"""A Prefect server of our own: one process on loopback, its database in the home, telemetry off.

`lumbung harvest`, `lumbung demo` and the tests start one where `PREFECT_API_URL` names none. Several machines
share one server on PostgreSQL instead (docs/operations.md).
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flows.errors import PrefectNotReady, PrefectUnreachable

#: Prefect must neither call home nor check for updates from a government network.
QUIET: Mapping[str, str] = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLIENT_MAX_RETRIES": "3",  # 14 s; with its own five, every word to a dead server costs 70 s
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_UI_ENABLED": "true",
}


def environment(home: Path, url: str) -> dict[str, str]:
    """What Prefect's client must see before it is imported."""
    return {**QUIET, "PREFECT_HOME": str(home / "prefect"), "PREFECT_API_URL": url}


def command(host: str, port: int, *, tethered: bool = False) -> list[str]:
    """What starts a server in this interpreter's environment; tethered, it ends when its standard input does."""
    run = ["flows.tethered", "flows.prefect_server"] if tethered else ["flows.prefect_server"]
    return [sys.executable, "-m", *run, "server", "start", "--host", host, "--port", str(port)]


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:  # noqa: S310 - our own loopback address
            return int(answer.status) == 200
    except (urllib.error.URLError, OSError):
        return False


class PrefectServer:
    """A server process; `start` returns at once and `ready` waits, so that other work fills the wait."""

    def __init__(self, home: Path, *, port: int | None = None) -> None:
        self.home = home
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process, while it is started."""
        return None if self._process is None else self._process.pid

    @property
    def log(self) -> Path:
        """Where the server's own words go."""
        return self.home / "prefect" / "server.log"

    def start(self) -> "PrefectServer":
        """Begin starting the server."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command("127.0.0.1", self.port, tethered=True),
                env={**os.environ, **environment(self.home, self.url)},
                stdin=subprocess.PIPE,  # its end is the sign that we are gone, also where we were killed
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that Ctrl-C reaches us first and we end it in order
            )
        return self

    def ready(self, seconds: float = 120.0) -> str:
        """Wait until it answers and give its API address; a first start makes its database (12-28 s seen)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise PrefectNotReady(seconds=seconds, log=self.log)
            if _answers(self.url):
                return self.url
            time.sleep(0.1)
        self.stop()
        raise PrefectNotReady(seconds=seconds, log=self.log)

    def stop(self) -> None:
        """End the server and its children, politely first."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        process.stdin.close()


@contextmanager
def reaching() -> Iterator[None]:
    """Name it where Prefect's server cannot be reached, or can no longer (P02)."""
    import httpx  # of Prefect's client; starting a server needs none

    try:
        yield
    except httpx.HTTPError as error:
        detail = str(error) or type(error).__name__
        raise PrefectUnreachable(url=os.environ.get("PREFECT_API_URL", "-"), detail=detail) from error


@contextmanager
def prefect_for(home: Path) -> Iterator[str]:
    """The API address to run flows against: the one the environment names, else a server of our own."""
    if named := os.environ.get("PREFECT_API_URL"):
        os.environ.update({k: v for k, v in QUIET.items() if k not in os.environ})
        yield named
        return
    server = PrefectServer(home).start()
    try:
        url = server.ready()
        os.environ.update(environment(home, url))
        yield url
    finally:
        server.stop()
        os.environ.pop("PREFECT_API_URL", None)
