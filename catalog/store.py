"""Files that are named by their content: snapshots and quarantine. Written once, never changed, verified before use.

Which file is which is left to the database (`catalog/models.py`); a file without a row there is an orphan of a
crash and is swept (`catalog/maintenance.py`).
"""

import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import SnapshotDamaged, SnapshotMissing
from core.errors import LumbungError
from core.files import sha256_of, sync
from core.ids import new_id
from core.storage_errors import storage_errors

_NEW = ".new"  # files being written
_ASIDE = ".damaged"  # files that are not what was committed, kept for whoever wants to know why


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the store; size in bytes."""

    sha256: str
    size: int
    path: Path


class SnapshotStore:
    """One folder of such files, `ab/<sha256>.parquet`, shared by the threads of a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._verified: dict[str, tuple[Path, int, int]] = {}  # sha256 to path, size and mtime when it was verified
        self._lock = threading.Lock()

    def path(self, sha256: str) -> Path:
        """Where a file lies, whether it is there or not."""
        return self.folder / sha256[:2] / f"{sha256}.parquet"

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A path to write a new file to, on the store's own file system; what is left there is removed."""
        folder = self.folder / _NEW
        with storage_errors(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{new_id()}.parquet"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put(self, path: Path, *, consume: bool = False) -> Stored:
        """Keep a file's bytes for good: on disk, read-only, under their hash, before this returns.

        Args:
            path: the file; it stays as it is unless `consume`.
            consume: move the file, which must come from `draft`, instead of copying it.
        """
        if not consume:
            with self.draft() as own:
                with storage_errors(self.folder):
                    shutil.copyfile(path, own)
                return self.put(own, consume=True)
        with storage_errors(self.folder):
            sha256, size = sha256_of(path), path.stat().st_size
            final = self.path(sha256)
            if final.is_file() and self._holds(final, sha256, size):
                os.utime(final)  # young again, so that no sweep takes it before it is named
                self._remember(sha256, final)
                return Stored(sha256, size, final)
            fresh = not final.parent.is_dir()
            final.parent.mkdir(parents=True, exist_ok=True)
            path.chmod(0o444)
            sync(path)
            path.replace(final)
            sync(final.parent)
            if fresh:
                sync(self.folder)
        self._remember(sha256, final)
        return Stored(sha256, size, final)

    def _holds(self, final: Path, sha256: str, size: int) -> bool:
        """Whether the file that is there already is whole; a damaged one is replaced by the caller."""
        return final.stat().st_size == size and sha256_of(final) == sha256

    def _remember(self, sha256: str, path: Path) -> None:
        stat = path.stat()
        with self._lock:
            self._verified[sha256] = (path, stat.st_size, stat.st_mtime_ns)

    def has(self, sha256: str) -> bool:
        """Whether the file is there, without reading it."""
        return self.path(sha256).is_file()

    def verify(self, sha256: str) -> Path:
        """The file's path once its bytes are known to be the committed ones, read once a process.

        Raises:
            SnapshotMissing: it is not there.
            SnapshotDamaged: its bytes differ; it has been set aside, so that nobody reads it.
        """
        known = self._verified.get(sha256)
        path = self.path(sha256) if known is None else known[0]
        try:
            stat = path.stat()
        except FileNotFoundError as error:
            raise SnapshotMissing(file=path, sha256=sha256) from error
        if known is not None and known[1:] == (stat.st_size, stat.st_mtime_ns):
            return path
        found = sha256_of(path)
        if found != sha256:
            self.set_aside(sha256)
            raise SnapshotDamaged(file=path, sha256=sha256, found=found)
        self._remember(sha256, path)
        return path

    def scrub(self, expected: Iterable[str]) -> list[LumbungError]:
        """Read every expected file anew; an error for each that is missing or damaged (and now set aside)."""
        faults: list[LumbungError] = []
        for sha256 in expected:
            with self._lock:
                self._verified.pop(sha256, None)
            try:
                self.verify(sha256)
            except (SnapshotMissing, SnapshotDamaged) as fault:
                faults.append(fault)
        return faults

    def set_aside(self, sha256: str) -> None:
        """Move a file out of the readers' way; a process that may not write here leaves it where it is."""
        target = self.folder / _ASIDE
        with self._lock:
            self._verified.pop(sha256, None)
        try:
            target.mkdir(exist_ok=True)
            self.path(sha256).replace(target / f"{sha256}-{new_id()[:8]}.parquet")
        except (FileNotFoundError, PermissionError):
            return

    def names(self) -> Iterator[str]:
        """The hashes of all files that are there."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.glob("*.parquet")):
                yield path.stem

    def remove(self, sha256: str) -> int:
        """Delete a file; the bytes freed."""
        path = self.path(sha256)
        with self._lock:
            self._verified.pop(sha256, None)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def leftovers(self) -> Iterator[Path]:
        """Files that writers were making when they died, and those of writers at work."""
        yield from sorted((self.folder / _NEW).glob("*"))
