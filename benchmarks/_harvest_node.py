"""The regencies' own node in place of a CKAN: the same questions, files and changes, from a folder.

`python -m benchmarks._harvest_node FOLDER` serves it in a process of its own and prints its address.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ckanapi import RemoteCKAN

from benchmarks._harvest_ckan import table
from benchmarks._said import say
from node.serve import NodeSpec, running

ROOT = Path(__file__).resolve().parents[1]
#: As many as anybody sees of the CKAN's thousand: some of those are private or deleted.
DATASETS = 907


@dataclass(frozen=True, slots=True)
class Node:
    """A node's address and the folder that it serves."""

    url: str
    folder: Path

    def _datasets(self) -> dict[str, str]:
        """Ids of all datasets by their names."""
        found = RemoteCKAN(self.url).action.package_search(rows=1000)["results"]
        return {dataset["name"]: dataset["id"] for dataset in found}

    def _seen(self, count: int) -> dict[str, str]:
        """All datasets, once the node has noticed that there are so many."""
        while len(found := self._datasets()) != count:
            time.sleep(0.1)
        return found

    def upload(self, files: int, size: int) -> None:
        """Files of so many bytes in datasets of ten."""
        before = len(self._datasets())
        for n in range(files):
            folder = self.folder / f"uji-berkas-{n // 10 * 10:03}"
            folder.mkdir(exist_ok=True)
            (folder / f"uji-berkas-{n:03}.csv").write_bytes(table(n, size))
        self._seen(before + files // 10)

    def churn(self, names: Sequence[str], stamp: str) -> tuple[set[str], set[str], set[str]]:
        """Change ten of these datasets, delete two, add three; their ids."""
        before = self._datasets()
        for name in names[:10]:
            (self.folder / f"{name}.csv.toml").write_text(f'notes = "Diperbarui {stamp}"\n', encoding="utf-8")
        for n in range(3):
            (self.folder / f"baru-{stamp}-{n}.csv").write_bytes(table(n, 100))
        for name in names[10:12]:
            (self.folder / f"{name}.csv").unlink()
        after = self._seen(len(before) + 1)
        added = {id_ for name, id_ in after.items() if name not in before}
        return {before[name] for name in names[:10]}, added, {before[name] for name in names[10:12]}


@contextmanager
def portal(folder: Path) -> Iterator[Node]:
    """A node with bare datasets, for as long as the context lasts."""
    say(f"starting a node with {DATASETS} datasets")
    folder.mkdir(parents=True)
    for n in range(DATASETS):
        (folder / f"data-{n:04}.csv").write_bytes(table(n, 100))
    words = [sys.executable, "-m", "benchmarks._harvest_node", str(folder)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Node(json.loads(process.stdout.readline()), folder)
        finally:
            process.stdin.close()


def main() -> None:
    """Serve until standard input ends."""
    with running([NodeSpec(Path(sys.argv[1]), "33.01", "Simpul uji")]) as [url]:
        print(json.dumps(url), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
