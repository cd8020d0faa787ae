"""A real CKAN for the harvest's bars: the one the environment names, or one started here; seeded, filled, changed.

`LUMBUNG_BENCH_CKAN` holds a running portal's address and a sysadmin's token, with a blank between them. Else, where
`LUMBUNG_CKAN_VENV` names an environment with CKAN and the shared scripts are beside this repository, a portal of a
thousand bare datasets is started on free ports of its own and ended with everything that belongs to it.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ckanapi import RemoteCKAN

from benchmarks._said import say
from flows.server import free_port

SHARED = Path(__file__).resolve().parents[2] / "shared" / "ckan"
DATASETS = 1000
SITE = "bench"
_AGENT = "lumbung-benchmark"
#: Seconds that starting, seeding or ending the portal may take at most.
_PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Ckan:
    """A running CKAN and the token of somebody who may change it."""

    url: str
    token: str

    def _client(self) -> RemoteCKAN:
        return RemoteCKAN(self.url, self.token, _AGENT)

    def upload(self, files: int, size: int) -> None:
        """Files of so many bytes in datasets of ten, unless an earlier run has left them there."""
        client, stamp = self._client(), "uji-berkas"
        organisation = client.action.organization_list()[0]
        for first in range(0, files, 10):
            name = f"{stamp}-{first:03}"
            if client.action.package_search(q=f'name:"{name}"', rows=1)["count"]:
                continue
            dataset = client.action.package_create(name=name, title=f"Berkas uji {first}", owner_org=organisation)
            for n in range(first, first + 10):
                path = Path(os.environ.get("TMPDIR", "/tmp")) / f"{stamp}-{os.getpid()}-{n:03}.csv"
                path.write_bytes(table(n, size))
                with path.open("rb") as body:
                    client.action.resource_create(package_id=dataset["id"], name=path.name, format="CSV", upload=body)
                path.unlink()

    def churn(self, names: Sequence[str], stamp: str) -> tuple[set[str], set[str], set[str]]:
        """Change ten of these datasets, delete two, add three; their ids."""
        client = self._client()
        changed = {
            client.action.package_patch(id=name, notes=f"Diperbarui {stamp}")["id"] for name in names[:10]
        }  # fmt: skip
        gone = {client.action.package_show(id=name)["id"] for name in names[10:12]}
        for id_ in gone:
            client.action.package_delete(id=id_)
        organisation, made = client.action.organization_list()[0], client.action.package_create
        added = {
            made(name=f"baru-{stamp}-{n}", title=f"Baru {stamp} {n}", owner_org=organisation)["id"] for n in range(3)
        }
        return changed, added, gone


def table(n: int, size: int) -> bytes:
    """A price list of about so many bytes, no two alike."""
    line = f"{n};Pasar Sentral;Beras;12.500\n"
    return ("nomor;pasar;komoditas;harga\n" + line * (size // len(line))).encode()


def absent() -> str | None:
    """Why no CKAN can be measured here, or None."""
    if os.environ.get("LUMBUNG_BENCH_CKAN"):
        return None
    if not (venv := os.environ.get("LUMBUNG_CKAN_VENV")):
        return "no CKAN: neither LUMBUNG_BENCH_CKAN (address and token) nor LUMBUNG_CKAN_VENV is set"
    if not (Path(venv) / "bin" / "gunicorn").is_file():
        return f"no CKAN: {venv} has none (`make ckan` makes an environment that has)"
    return None if SHARED.is_dir() else "no CKAN: the scripts that start one are not beside this repository"


@contextmanager
def portal(folder: Path) -> Iterator[Ckan]:
    """The portal that the environment names, or one started for as long as the context lasts.

    Args:
        folder: where a portal that is started keeps its data; other accounts must be able to pass through to it,
            since PostgreSQL does not run as root.
    """
    if named := os.environ.get("LUMBUNG_BENCH_CKAN"):
        url, _, token = named.partition(" ")
        yield Ckan(url.rstrip("/"), token)
        return
    port = free_port()
    environment = {
        **{name: str(free_port()) for name in ("PORTAL_PG", "PORTAL_REDIS", "PORTAL_SOLR")}, **os.environ,
        "PORTAL_VENV": str(Path(os.environ["LUMBUNG_CKAN_VENV"]).absolute()), "PORTAL_HOME": str(folder),
    }  # fmt: skip
    try:
        say("starting a CKAN")
        _script(environment, "portal.py", "start", "--site", SITE, "--port", str(port))
        token = json.loads((folder / "sites" / SITE / "portal.json").read_bytes())["token"]
        url = f"http://127.0.0.1:{port}"
        say(f"giving it {DATASETS} bare datasets")
        _script(
            environment, "seed_portal.py", "--url", url, "--token", token, "--datasets", str(DATASETS), "--bare"
        )  # fmt: skip
        yield Ckan(url, token)
    finally:
        say("ending the CKAN")
        _script(environment, "portal.py", "wipe")


def _script(environment: dict[str, str], *words: str) -> None:
    """Run one of the shared scripts; what it says is shown where it fails, its children end with it if we are ended."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=SHARED, env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=_PATIENCE)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        say(said.strip())
        raise subprocess.CalledProcessError(process.returncode, words[:2])


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
