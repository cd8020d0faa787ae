"""A folder of files as a portal: a subfolder is a dataset, a file alone is one too.

Only what this scan found is ever served; no path is built from what a caller sends. Symbolic links, hidden
files and half-copied ones (`~$`, `.tmp`, `.part`) are left out. Meaning and cleanliness of the files are left
to whoever harvests them.
"""

import hashlib
import mimetypes
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from urllib.parse import quote

import orjson

from core.ckan import Collection, Dataset, Portal, Resource, uuid_of
from core.clock import Clock, utc_now
from core.errors import LumbungError
from node.errors import NodeFileUnreadable, NodeFolderMissing, NodeMetadataInvalid
from node.memory import FileState, Memory
from node.metadata import (
    DATASET_FILE,
    NODE_FILE,
    DatasetMetadata,
    FileMetadata,
    NodeMetadata,
    read_dataset,
    read_node,
    slug,
)

_SKIPPED_ENDS = (".tmp", ".part", ".crdownload", ".toml")
_SKIPPED_NAMES = frozenset({"thumbs.db", "desktop.ini"})
_MIMES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}


@dataclass(frozen=True, slots=True)
class Served:
    """One file that may be downloaded, as it was when it was hashed."""

    path: Path
    name: str
    package_id: str
    mime: str
    state: FileState


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one scan found: the portal, the files by resource id, what could not be used, and whether it is kept."""

    portal: Portal
    files: Mapping[str, Served] = field(default_factory=dict)
    problems: tuple[LumbungError, ...] = ()
    memory_kept: bool = True


class Folder:
    """The folder of one member, scanned again when asked after `refresh_seconds`; safe to ask from many threads."""

    def __init__(
        self,
        path: Path,
        member: str,
        name: str,
        url: str,
        *,
        clock: Clock = utc_now,
        refresh_seconds: float = 2.0,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        if not path.is_dir():
            raise NodeFolderMissing(folder=path, member=member)
        self.path, self.member, self.name, self.url = path.resolve(), member, name, url
        self.clock, self.refresh_seconds, self._ticks = clock, refresh_seconds, ticks
        self._lock = threading.Lock()
        self._memory: Memory | None = None
        self._shelf: Shelf | None = None
        self._key = b""
        self._scanned = 0.0

    def fresh(self) -> Shelf | None:
        """The last scan where it is recent enough; never touches the disk."""
        recent = self._shelf is not None and self._ticks() - self._scanned < self.refresh_seconds
        return self._shelf if recent else None

    def shelf(self, *, again: bool = False) -> Shelf:
        """The folder's contents, scanned where the last scan is old or `again` is asked."""
        with self._lock:
            if not again and (shelf := self.fresh()) is not None:
                return shelf
            if self._memory is None:
                self._memory = Memory.load(self.path)
            shelf = _Scan(self, self._memory, self.clock()).run()
            # the same contents keep the same object, and with it everything rendered from it
            key = orjson.dumps(
                [
                    [[d.id, d.modified] for d in shelf.portal.datasets],
                    [[rid, f.state.size, f.state.mtime_ns] for rid, f in shelf.files.items()],
                    [str(p) for p in shelf.problems],
                    repr((shelf.portal.title, shelf.portal.organisations, shelf.portal.groups, shelf.memory_kept)),
                ]
            )
            if self._shelf is None or key != self._key:
                self._shelf, self._key = shelf, key
            self._scanned = self._ticks()
            return self._shelf


class _Scan:
    """One pass over the folder."""

    def __init__(self, folder: Folder, memory: Memory, now: datetime) -> None:
        self.folder, self.memory, self.now = folder, memory, now
        self.problems: list[LumbungError] = []
        self.files: dict[str, Served] = {}
        self.keys: set[str] = set()
        self.names: set[str] = set()
        self.organisations: dict[str, Collection] = {}
        self.groups: dict[str, Collection] = {}
        self.node = NodeMetadata()

    def run(self) -> Shelf:
        root = self.folder.path
        try:
            self.node = read_node(root / NODE_FILE)
        except NodeMetadataInvalid as error:
            self.problems.append(error)
        datasets: list[Dataset] = []
        keys: set[str] = set()
        for entry in _entries(root):
            files = [entry] if entry.is_file() else list(_files_below(entry))
            metadata_file = entry.with_name(f"{entry.name}.toml") if entry.is_file() else entry / DATASET_FILE
            key = entry.relative_to(root).as_posix()
            dataset = self.dataset(key, entry, files, metadata_file)
            if dataset is not None:
                datasets.append(dataset)
                keys.add(key)
        self.memory.save(self.keys, keys)
        portal = Portal(
            self.node.title or self.folder.name,
            self.folder.url,
            tuple(datasets),
            tuple(sorted(self.organisations.values(), key=lambda c: c.title)),
            tuple(sorted(self.groups.values(), key=lambda c: c.title)),
            clock=self.folder.clock,
        )
        return Shelf(portal, self.files, tuple(self.problems), self.memory.kept)

    def dataset(self, key: str, entry: Path, files: list[Path], metadata_file: Path) -> Dataset | None:
        """The dataset of a subfolder or file; None where it is private, or empty and undescribed."""
        try:
            metadata = read_dataset(metadata_file)
        except NodeMetadataInvalid as error:
            self.problems.append(error)
            metadata = DatasetMetadata()
        if metadata.private or not (files or metadata.title):
            return None
        member, root = self.folder.member, self.folder.path
        package_id = uuid_of("node", "dataset", member, key)
        resources = []
        times = [metadata_file.stat().st_mtime] if metadata_file.is_file() else []
        for path in files:
            file_key = path.relative_to(root).as_posix()
            inside = path.name if path == entry else path.relative_to(entry).as_posix()
            try:
                state = self.memory.file(file_key, path, self.now)
            except OSError as error:
                self.problems.append(NodeFileUnreadable(file=file_key, folder=root, reason=error.strerror))
                continue
            self.keys.add(file_key)
            times.append(state.mtime_ns / 1e9)
            about = metadata.files.get(inside, FileMetadata())
            resources.append(self.resource(package_id, file_key, path, state, about))
        fingerprint = hashlib.sha256(
            orjson.dumps([repr(metadata), self.node.title, [[r.id, r.hash, r.name] for r in resources]])
        ).hexdigest()
        state_of = self.memory.dataset(key, fingerprint, max(times, default=self.now.timestamp()), self.now)
        created, modified = datetime.fromisoformat(state_of.created), datetime.fromisoformat(state_of.modified)
        return Dataset(
            id=package_id,
            name=self.unique(metadata.name or slug(entry.stem), key),
            title=metadata.title or entry.stem.replace("_", " ").strip(),
            created=created,
            modified=modified,
            notes=metadata.notes,
            organisation=self.organisation(metadata.organisation, created),
            groups=tuple(self.group(g, created) for g in metadata.groups),
            tags=metadata.tags,
            license_id=metadata.license,
            extras=metadata.extras,
            resources=tuple(resources),
            author=metadata.author,
            maintainer=metadata.maintainer,
            maintainer_email=metadata.maintainer_email,
            url=metadata.url,
            version=metadata.version,
        )

    def resource(self, package_id: str, key: str, path: Path, state: FileState, about: FileMetadata) -> Resource:
        resource_id = uuid_of("node", "resource", self.folder.member, key)
        suffix = path.suffix.lower()
        mime = _MIMES.get(suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.files[resource_id] = Served(path, path.name, package_id, mime, replace(state))
        return Resource(
            id=resource_id,
            name=about.name or path.name,
            url=f"{self.folder.url}/dataset/{package_id}/resource/{resource_id}/download/{quote(path.name, safe='')}",
            format=about.format or suffix.removeprefix(".").upper(),
            created=datetime.fromisoformat(state.created),
            modified=datetime.fromisoformat(state.modified),
            mimetype=mime,
            size=state.size,
            hash=state.sha256,
            description=about.description,
        )

    def unique(self, name: str, key: str) -> str:
        """The name, with part of its key's hash behind it where another dataset came first."""
        if name in self.names:
            name = f"{name[:91]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        self.names.add(name)
        return name

    def organisation(self, name: str | None, since: datetime) -> Collection:
        """The dinas that a dataset names, else the member itself."""
        chosen = name or slug(self.folder.name)
        title = self.node.organisations.get(chosen, name or self.folder.name)
        return self.collected(self.organisations, "organisation", chosen, title, since)

    def group(self, name: str, since: datetime) -> Collection:
        title = self.node.groups.get(name, name.replace("-", " ").capitalize())
        return self.collected(self.groups, "group", name, title, since)

    def collected(self, known: dict[str, Collection], kind: str, name: str, title: str, since: datetime) -> Collection:
        """A collection whose creation is that of its oldest dataset."""
        before = known.get(name)
        created = min(since, before.created) if before else since
        known[name] = Collection(uuid_of("node", kind, self.folder.member, name), name, title, created)
        return known[name]


def shown(path: Path) -> bool:
    """Whether a file or folder of this name is served at all."""
    name = path.name.lower()
    return not (
        name.startswith((".", "~$"))
        or name.endswith(_SKIPPED_ENDS)
        or name in _SKIPPED_NAMES
        or path.is_symlink()
        or "\x00" in name
        or not _encodable(path.name)
    )


def _encodable(name: str) -> bool:
    """Whether a file's name is text; bytes that are none reach Python as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _entries(root: Path) -> list[Path]:
    return sorted(p for p in root.iterdir() if shown(p) and (p.is_dir() or p.is_file()))


def _files_below(folder: Path) -> Iterator[Path]:
    """The files of a dataset, in the order of their names, subfolders included."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if shown(Path(parent, f)))
        yield from (path for name in sorted(files) if shown(path := Path(parent, name)) and path.is_file())
