"""An inbox: where the machine of a regency without a public address puts its files, a piece at a time.

Pieces gather under `HOME/inbox/SOURCE/part/SHA256` until they are whole and have that sha256; nothing is shown to a
harvest until a manifest names files that are all there, which replaces the one before in one step (F34). Who may put
something here is the door's to decide (`hub/routes/inbox`); a harvest reads it like a folder.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from core.files import sync
from core.ids import new_id
from core.storage_errors import storage_errors
from federation.inbox_errors import (
    InboxFull,
    InboxIncomplete,
    InboxManifestInvalid,
    InboxMismatch,
    InboxOffset,
    InboxOutdated,
)

FOLDER = "inbox"
FILES = "files"
_PARTS = "part"
_MANIFEST = "manifest.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_PARTS = 200
_MOST_FILES = 20_000
_NAMED = 20  # missing files that an error names


def inbox_folder(home: Path, source_id: str) -> Path:
    """Where the inbox of a source lies; ids are checked when a member's file is read and hold no separator."""
    return home / FOLDER / source_id


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of one file is there."""

    offset: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a node says that its folder holds: datasets as plain values, and the moment it was signed."""

    at: datetime
    datasets: tuple[Mapping[str, Any], ...]
    sha256: str


class Inbox:
    """The inbox of one source; safe for several processes at once.

    Args:
        file_limit: bytes of one file.
        limit: bytes of all files and pieces together.
    """

    def __init__(self, folder: Path, *, file_limit: int, limit: int) -> None:
        self.folder = folder
        self._file_limit = file_limit
        self._limit = limit

    def standing(self, sha256: str) -> Standing:
        """How much of a file is there."""
        whole = self._file(sha256)
        if whole.is_file():
            return Standing(whole.stat().st_size, complete=True)
        part = self._part(sha256)
        return Standing(part.stat().st_size if part.is_file() else 0, complete=False)

    def put(self, sha256: str, offset: int, size: int, data: bytes) -> Standing:
        """Add a piece of a file; with the last one the file is whole.

        Raises:
            InboxOffset: the piece does not begin where the file ends; `offset` is where it does.
            InboxMismatch: the whole has another sha256; all of it is gone then.
            InboxFull: the file or the inbox would be too large.
        """
        with storage_errors(self.folder), self._held():
            now = self.standing(sha256)
            if now.complete:
                return now
            if offset != now.offset:
                raise InboxOffset(sha256=sha256, offset=now.offset, given=offset)
            if size > self._file_limit or offset + len(data) > size:
                raise InboxFull(sha256=sha256, size=max(size, offset + len(data)), limit=self._file_limit)
            self._room_for(len(data), new=offset == 0)
            part = self._part(sha256)
            with part.open("ab") as f:
                f.write(data)
                if offset + len(data) < size:
                    return Standing(offset + len(data), complete=False)
                f.flush()
                os.fsync(f.fileno())
            with part.open("rb") as f:
                found = hashlib.file_digest(f, "sha256").hexdigest()
            if found != sha256:
                part.unlink()
                raise InboxMismatch(sha256=sha256, found=found)
            part.chmod(0o444)
            part.replace(self._file(sha256))
            sync(self.folder / FILES)
            return Standing(size, complete=True)

    def publish(self, body: bytes, at: datetime) -> Manifest:
        """Make a manifest the inbox's content, in one step; files that it does not name are let go.

        Raises:
            InboxManifestInvalid: it is not what a node writes.
            InboxIncomplete: a file that it names is not whole; nothing has changed (F34).
            InboxOutdated: a manifest that was signed later is here already; replaying an older one changes nothing.
        """
        manifest = Manifest(at, _datasets(body), hashlib.sha256(body).hexdigest())
        with storage_errors(self.folder), self._held():
            before = self.manifest()
            if before is not None and before.at >= at:
                raise InboxOutdated(at=at.isoformat(), known=before.at.isoformat())
            named = {r["sha256"]: r["size"] for d in manifest.datasets for r in d["resources"]}
            missing = [sha for sha, size in named.items() if self.standing(sha) != Standing(size, complete=True)]
            if missing:
                raise InboxIncomplete(count=len(missing), missing=", ".join(missing[:_NAMED]))
            kept = {"at": at.astimezone(UTC).isoformat(), "sha256": manifest.sha256, "datasets": manifest.datasets}
            new = self.folder / f".{new_id()}"
            with new.open("wb") as f:
                f.write(orjson.dumps(kept))
                f.flush()
                os.fsync(f.fileno())
            new.replace(self.folder / _MANIFEST)
            sync(self.folder)
            for file in (self.folder / FILES).iterdir():
                if file.name not in named:
                    file.unlink()
        return manifest

    def manifest(self) -> Manifest | None:
        """What the inbox holds by its last manifest, or None where none has come yet."""
        try:
            kept = orjson.loads((self.folder / _MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        return Manifest(datetime.fromisoformat(kept["at"]), tuple(kept["datasets"]), kept["sha256"])

    def _file(self, sha256: str) -> Path:
        return self.folder / FILES / _checked(sha256)

    def _part(self, sha256: str) -> Path:
        return self.folder / _PARTS / _checked(sha256)

    def _room_for(self, size: int, *, new: bool) -> None:
        parts = [p.stat() for p in (self.folder / _PARTS).iterdir()]
        held = sum(s.st_size for s in parts) + sum(p.stat().st_size for p in (self.folder / FILES).iterdir())
        if held + size > self._limit:
            raise InboxFull(sha256="", size=held + size, limit=self._limit)
        if new and len(parts) >= _MOST_PARTS:  # pushes that were given up; the oldest is the least likely to go on
            oldest = min((self.folder / _PARTS).iterdir(), key=lambda p: p.stat().st_mtime)
            oldest.unlink()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """One writer at a time, whichever process it is in."""
        for folder in (self.folder / FILES, self.folder / _PARTS):
            folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _checked(sha256: str) -> str:
    if _SHA256.fullmatch(sha256) is None:
        raise InboxManifestInvalid(detail="sha256")
    return sha256


def _datasets(body: bytes) -> tuple[Mapping[str, Any], ...]:
    """The datasets of a manifest, every value that is used later held to its type."""
    try:
        datasets = orjson.loads(body)["datasets"]
        sound = isinstance(datasets, list) and all(_is_dataset(d) for d in datasets)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        sound = False
    if not sound:
        raise InboxManifestInvalid(detail="datasets")
    resources = [r for d in datasets for r in d["resources"]]
    ids = [d["id"] for d in datasets]
    if len(resources) > _MOST_FILES or len(datasets) > _MOST_FILES or len(set(ids)) != len(ids):
        raise InboxManifestInvalid(detail="id")
    return tuple(datasets)


def _is_dataset(value: Any) -> bool:
    texts = ("id", "name", "title", "modified", "created", "notes", "license", "organisation", "organisation_title")
    lists = ("tags", "groups")
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) and len(value[key]) <= 20_000 for key in texts)
        and 0 < len(value["id"]) <= 300
        and all(isinstance(value.get(key), list) and all(isinstance(v, str) for v in value[key]) for key in lists)
        and isinstance(value.get("extras"), dict)
        and all(isinstance(v, str) for v in value["extras"].values())
        and isinstance(value.get("resources"), list)
        and all(_is_resource(r) for r in value["resources"])
        and len({r["id"] for r in value["resources"]}) == len(value["resources"])
    )


def _is_resource(value: Any) -> bool:
    texts = ("id", "name", "format", "mime", "modified", "description", "sha256")
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) and len(value[key]) <= 20_000 for key in texts)
        and 0 < len(value["id"]) <= 300
        and _SHA256.fullmatch(value["sha256"]) is not None
        and type(value.get("size")) is int
        and value["size"] >= 0
    )
