"""Two real CKAN portals of a test's own: started, seeded with a known truth, changed, stopped.

They run from `../shared/ckan` (portal.py, seed_portal.py, the Solr stand-in) in a virtual environment that holds CKAN
2.12: the one that `LUMBUNG_CKAN_VENV` names, else `.venv-ckan` as `make ckan` makes it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.support import shared

ROOT = Path(__file__).parents[2]
SITES = {"33.22": ("kabsemarang", "kab"), "33.74": ("kotasemarang", "kota")}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def ckan_venv() -> Path:
    """The virtual environment that holds CKAN, or a skip with its reason."""
    venv = Path(os.environ.get("LUMBUNG_CKAN_VENV", ROOT / ".venv-ckan")).absolute()
    if not (venv / "bin" / "gunicorn").exists():
        pytest.skip("no CKAN here: run `make ckan`, or let LUMBUNG_CKAN_VENV name an environment that holds it")
    return venv


def _tools() -> dict[str, str]:
    """Where PostgreSQL and Redis are; a skip where one of them is not."""
    redis = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
    pgbin = Path(os.environ.get("PGBIN", "/usr/lib/postgresql/15/bin"))
    if redis is None or not (pgbin / "initdb").exists():
        pytest.skip("CKAN needs redis-server (REDIS_SERVER) and PostgreSQL's programs (PGBIN); one of them is absent")
    return {"REDIS_SERVER": redis, "PGBIN": str(pgbin)}


@dataclass(frozen=True)
class Portal:
    """One running portal with what was put into it."""

    member: str
    url: str
    token: str
    seeded: Mapping[str, Any]
    truth: list[dict[str, Any]]
    log: Path

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    def public(self) -> list[dict[str, Any]]:
        """What anybody may see of it."""
        return [d for d in self.truth if d["state"] == "active" and not d["private"]]

    def requests(self) -> list[str]:
        """The lines of its access log so far."""
        return self.log.read_text().splitlines()


class Portals:
    """Both portals over one PostgreSQL, one Redis and one Solr stand-in, all on ports of their own."""

    def __init__(self) -> None:
        self.ckan = shared("ckan")
        tools, venv = _tools(), ckan_venv()
        # not below pytest's own folder: PostgreSQL, which never runs as root, may not enter that
        self.folder = Path(tempfile.mkdtemp(prefix="lumbung-ckan-"))
        self.folder.chmod(0o755)
        self.home = self.folder / "portals"
        pg, redis, solr, *self.ports = _free_ports(3 + len(SITES))
        self.environment = {
            **os.environ, **tools, "PORTAL_HOME": str(self.home), "PORTAL_VENV": str(venv),
            "PORTAL_PG": str(pg), "PORTAL_REDIS": str(redis), "PORTAL_SOLR": str(solr),
        }  # fmt: skip
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def _run(self, script: str, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, str(self.ckan / script), *map(str, arguments)],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script} {arguments[0]}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        return done.stdout

    def start(self, datasets: int) -> dict[str, Portal]:
        """Start and fill both; by member code."""
        made: dict[str, Portal] = {}
        for (member, (site, region)), port in zip(SITES.items(), self.ports, strict=True):
            self._run("portal.py", "start", "--site", site, "--port", port)
            about = json.loads((self.home / "sites" / site / "portal.json").read_text())
            truth = self.home / f"truth-{region}.json"
            told = self._run(
                "seed_portal.py", "--url", about["url"], "--token", about["token"], "--wilayah", region,
                "--datasets", datasets, "--truth", truth,
            )  # fmt: skip
            made[member] = Portal(
                member, about["url"], about["token"], json.loads(told.splitlines()[-1]),
                json.loads(truth.read_text()), self.home / "sites" / site / "access.log",
            )  # fmt: skip
        return made

    def churn(self, portal: Portal, updates: int, deletes: int, adds: int) -> dict[str, Any]:
        """Change a portal as its own stewards would; what was done, by dataset name."""
        told = self._run(
            "seed_portal.py", "churn", "--url", portal.url, "--token", portal.token,
            "--updates", updates, "--deletes", deletes, "--adds", adds,
        )  # fmt: skip
        done: dict[str, Any] = json.loads(told.splitlines()[-1])
        return done

    def stop(self) -> None:
        """Stop everything and remove its data."""
        try:
            self._run("portal.py", "wipe")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
