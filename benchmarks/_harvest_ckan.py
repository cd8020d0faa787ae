"""A real CKAN for the harvest's bars: the one the environment names, or one started here; seeded, filled, changed.

`LUMBUNG_BENCH_CKAN` holds a running portal's address and a sysadmin's token, with a blank between them. Else, where
`LUMBUNG_CKAN_VENV` names an environment with CKAN and the shared scripts are beside this repository, a portal of a
thousand bare datasets is started on its own ports (`PORTAL_PG`, `PORTAL_REDIS`, `PORTAL_SOLR`).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ckanapi import RemoteCKAN

from flows.server import free_port

SHARED = Path(__file__).resolve().parents[2] / "shared" / "ckan"
DATASETS = 1000
_AGENT = "lumbung-benchmark"


@dataclass(frozen=True, slots=True)
class Portal:
    """A running CKAN and the token of somebody who may change it."""

    url: str
    token: str

    def client(self) -> RemoteCKAN:
        """A client that may write."""
        return RemoteCKAN(self.url, self.token, _AGENT)


def absent() -> str | None:
    """Why no CKAN can be measured here, or None."""
    if os.environ.get("LUMBUNG_BENCH_CKAN"):
        return None
    if not os.environ.get("LUMBUNG_CKAN_VENV"):
        return "no CKAN: neither LUMBUNG_BENCH_CKAN (address and token) nor LUMBUNG_CKAN_VENV is set"
    return None if SHARED.is_dir() else "no CKAN: the scripts that start one are not beside this repository"


@contextmanager
def portal(folder: Path) -> Iterator[Portal]:
    """The portal that the environment names, or one started for as long as the context lasts."""
    if named := os.environ.get("LUMBUNG_BENCH_CKAN"):
        url, _, token = named.partition(" ")
        yield Portal(url, token)
        return
    ports = {name: os.environ.get(name, str(free_port())) for name in ("PORTAL_PG", "PORTAL_REDIS", "PORTAL_SOLR")}
    venv = os.environ["LUMBUNG_CKAN_VENV"]
    environment = {**os.environ, **ports, "PORTAL_VENV": venv, "PORTAL_HOME": str(folder)}

    def script(*words: str) -> None:
        subprocess.run(
            [sys.executable, *words], cwd=SHARED, env=environment, check=True, stdout=subprocess.DEVNULL
        )  # fmt: skip

    port = free_port()
    try:
        script("portal.py", "start", "--site", "bench", "--port", str(port))
        token = json.loads((folder / "sites" / "bench" / "portal.json").read_bytes())["token"]
        url = f"http://127.0.0.1:{port}"
        script("seed_portal.py", "--url", url, "--token", token, "--datasets", str(DATASETS), "--bare")
        yield Portal(url, token)
    finally:
        script("portal.py", "wipe")


def dump_seconds(url: str, folder: Path) -> tuple[float, int]:
    """Seconds that `ckanapi dump datasets --all -p 1` takes, and the datasets that it wrote."""
    target = folder / "dump.jsonl"
    target.unlink(missing_ok=True)
    program = Path(sys.executable).parent / "ckanapi"
    words = [str(program), "dump", "datasets", "--all", "-p", "1", "-r", url, "-O", str(target)]
    path = f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"  # it starts itself again by its name
    began = time.perf_counter()
    subprocess.run(
        words, env={**os.environ, "PATH": path}, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    seconds = time.perf_counter() - began
    with target.open("rb") as lines:
        return seconds, sum(1 for _ in lines)


def upload(portal: Portal, files: int, size: int) -> None:
    """Files of so many bytes in datasets of ten, unless an earlier run has left them there."""
    client, stamp = portal.client(), "uji-berkas"
    organisation = client.action.organization_list()[0]
    for first in range(0, files, 10):
        name = f"{stamp}-{first:03}"
        if client.action.package_search(q=f'name:"{name}"', rows=1)["count"]:
            continue
        dataset = client.action.package_create(name=name, title=f"Berkas uji {first}", owner_org=organisation)
        for n in range(first, first + 10):
            path = Path(os.environ.get("TMPDIR", "/tmp")) / f"{stamp}-{os.getpid()}-{n:03}.csv"
            line = f"{n};Pasar Sentral;Beras;12.500\n"
            path.write_text("nomor;pasar;komoditas;harga\n" + line * (size // len(line)), encoding="utf-8")
            with path.open("rb") as body:
                client.action.resource_create(package_id=dataset["id"], name=path.name, format="CSV", upload=body)
            path.unlink()


def churn(portal: Portal, names: list[str], stamp: str) -> tuple[set[str], set[str], set[str]]:
    """Change ten of these datasets, delete two, add three; their ids."""
    client = portal.client()
    changed = {
        client.action.package_patch(id=name, notes=f"Diperbarui {stamp}")["id"] for name in names[:10]
    }  # fmt: skip
    gone = {client.action.package_show(id=name)["id"] for name in names[10:12]}
    for id_ in gone:
        client.action.package_delete(id=id_)
    organisation = client.action.organization_list()[0]
    added = {
        client.action.package_create(name=f"baru-{stamp}-{n}", title=f"Baru {stamp} {n}", owner_org=organisation)["id"]
        for n in range(3)
    }
    return changed, added, gone
