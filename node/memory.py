"""What a node remembers of its folder: each file's hash and since when it and its dataset are as they are.

Kept in the folder itself (`.lumbung-node.json`), so that a restart changes no `metadata_modified`. Where the
folder is read-only the memory lasts as long as the process and starts again from the files' own times.
"""

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

STATE_FILE = ".lumbung-node.json"
_CHUNK = 1024 * 1024


@dataclass(slots=True)
class FileState:
    """One file as it was last seen; moments are ISO text in UTC."""

    size: int
    mtime_ns: int
    sha256: str
    created: str
    modified: str


@dataclass(slots=True)
class DatasetState:
    """One dataset's fingerprint (its metadata and its files' hashes) and its moments."""

    fingerprint: str
    created: str
    modified: str


@dataclass(slots=True)
class Memory:
    """The state of one folder."""

    folder: Path
    files: dict[str, FileState] = field(default_factory=dict)
    datasets: dict[str, DatasetState] = field(default_factory=dict)
    first: bool = True  # never scanned before: the files' own times are then the best that is known
    kept: bool = True  # whether it could be written
    _written: bytes = b""

    @classmethod
    def load(cls, folder: Path) -> "Memory":
        """What the folder's state file says; an absent or damaged one starts anew."""
        try:
            raw = (folder / STATE_FILE).read_bytes()
            data = orjson.loads(raw)
            files = {k: FileState(**v) for k, v in data["files"].items()}
            datasets = {k: DatasetState(**v) for k, v in data["datasets"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(folder)
        return cls(folder, files, datasets, first=False, _written=raw)

    def file(self, key: str, path: Path, now: datetime) -> FileState:
        """The state of a file; it is read again only where its size or time differ."""
        stat = path.stat()
        known = self.files.get(key)
        if known and (known.size, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return known
        digest, size = _sha256(path)
        if known and known.sha256 == digest:
            known.size, known.mtime_ns = size, stat.st_mtime_ns
            return known
        since = self._since(known.modified if known else None, stat.st_mtime_ns / 1e9, now)
        state = FileState(size, stat.st_mtime_ns, digest, known.created if known else since, since)
        self.files[key] = state
        return state

    def dataset(self, key: str, fingerprint: str, newest: float, now: datetime) -> DatasetState:
        """The state of a dataset; its moment moves only where its fingerprint does.

        Args:
            newest: the latest time (seconds) among its files and its metadata file.
        """
        known = self.datasets.get(key)
        if known and known.fingerprint == fingerprint:
            return known
        since = self._since(known.modified if known else None, newest, now)
        state = DatasetState(fingerprint, known.created if known else since, since)
        self.datasets[key] = state
        return state

    def _since(self, before: str | None, mtime: float, now: datetime) -> str:
        """Since when: a change is dated by our clock, because a copied file keeps its old time."""
        if before is not None:
            return max(now, datetime.fromisoformat(before) + timedelta(microseconds=1)).isoformat()
        if not self.first:
            return now.isoformat()
        return min(now, datetime.fromtimestamp(mtime, UTC)).isoformat()

    def save(self, files: set[str], datasets: set[str]) -> None:
        """Forget what is gone and write the rest, atomically and only where something changed."""
        self.files = {k: v for k, v in self.files.items() if k in files}
        self.datasets = {k: v for k, v in self.datasets.items() if k in datasets}
        self.first = False
        raw = orjson.dumps(
            {
                "files": {k: asdict(v) for k, v in sorted(self.files.items())},
                "datasets": {k: asdict(v) for k, v in sorted(self.datasets.items())},
            }
        )
        if raw == self._written:
            return
        temporary = self.folder / f"{STATE_FILE}.tmp"
        try:
            temporary.write_bytes(raw)
            temporary.replace(self.folder / STATE_FILE)
        except OSError:
            self.kept = False
        self._written = raw


def _sha256(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as f:
        while chunk := f.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
