"""A folder into which an office drops files: one dataset a file, named by its path below the folder.

`NAME.meta.toml` or `NAME.meta.json` beside a file may give title, organisation, tags and notes. Hidden and
half-written files are left out, and so is whatever a symbolic link leads to outside of the folder.
"""

import asyncio
import hashlib
import json
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, unquote_to_bytes

from core.files import sha256_of
from core.ids import derived_id
from core.table import Note
from federation.connectors.base import Crawl, RemoteDataset, RemoteResource
from federation.errors import FolderMissing, SourceInterrupted
from federation.member import SourceConfig
from federation.names import display_name

SCHEME = "folder:"
_SIDECARS = (".meta.toml", ".meta.json")
_HALF_WRITTEN = (".tmp", ".part", ".partial", ".crdownload", ".download", ".swp", ".bak", "~")
_LARGEST_SIDECAR = 1 << 20
_LONGEST_ID = 300
#: The name of an extension as portals write a format.
_FORMATS = {"XLSM": "XLSX", "JPG": "JPEG", "HTM": "HTML", "TXT": "TXT"}


@dataclass(frozen=True, slots=True)
class _File:
    id: str
    relative: str
    path: Path
    size: int
    mtime_ns: int


class FolderConnector:
    """Lists the files of a folder source; unchanged where names, sizes and times are those of the mark."""

    def __init__(self, source: SourceConfig) -> None:
        self.source = source

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """All files as datasets.

        Raises:
            FolderMissing: the folder is not there or cannot be read; never an empty crawl in place of it.
        """
        pool = ThreadPoolExecutor(1, thread_name_prefix=f"folder-{self.source.id}")
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, self._look, mark or {})
        finally:
            pool.shutdown(wait=False)  # a folder on a machine that hangs must not hold the loop of all other sources

    def _look(self, mark: Mapping[str, Any]) -> Crawl:
        root = self.source.path
        if not root.is_dir():
            raise FolderMissing(source=self.source.id, folder=root)
        known: Mapping[str, Any] = mark.get("files", {}) if mark.get("folder") == str(root) else {}
        try:
            files = sorted(_files(root), key=lambda f: f.id)
            sidecars = _stamp(root)
            same = mark.get("sidecars") == sidecars and known.keys() == {f.id for f in files}
            if mark and same and all(known[f.id][:2] == [f.size, f.mtime_ns] for f in files):
                return Crawl((), complete=False, unchanged=True, mark=dict(mark), requests=1)
            remarks: list[Note] = []
            datasets = tuple(self._dataset(f, known.get(f.id), remarks) for f in files)
        except PermissionError as error:
            raise FolderMissing(source=self.source.id, folder=error.filename or root) from error
        if not datasets:
            remarks.append(Note("federation.note.empty_source", {"source": self.source.id}))
        kept = {f.id: [f.size, f.mtime_ns, d.resources[0].hash] for f, d in zip(files, datasets, strict=True)}
        new = {"folder": str(root), "sidecars": sidecars, "files": kept}
        return Crawl(datasets, complete=True, unchanged=False, mark=new, requests=1, remarks=tuple(remarks))

    def _dataset(self, file: _File, known: Any, remarks: list[Note]) -> RemoteDataset:
        if isinstance(known, list) and known[:2] == [file.size, file.mtime_ns]:
            sha256 = str(known[2])
        else:
            sha256 = sha256_of(file.path)
        meta = _sidecar(file, remarks)
        name = display_name(file.path.name)
        modified = datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)
        suffix = file.path.suffix.lstrip(".").upper()
        resource = RemoteResource(
            id=file.id,
            name=name,
            url=SCHEME + quote(os.fsencode(file.relative)),
            format=_FORMATS.get(suffix, suffix),
            size=file.size,
            last_modified=modified,
            hash=sha256,
        )
        return RemoteDataset(
            id=file.id,
            name=file.id,
            title=_word(meta.get("title")) or display_name(file.path.stem),
            organisation=_word(meta.get("organisation")) or self.source.organisation or "",
            organisation_title=_word(meta.get("organisation_title")),
            tags=tuple(t for t in meta.get("tags", []) if isinstance(t, str)),
            license=_word(meta.get("license")),
            modified=modified,
            notes=_word(meta.get("notes")),
            resources=(resource,),
            raw=json.loads(json.dumps(meta, default=str)),
        )


def open_inside(source: SourceConfig, url: str) -> BinaryIO:
    """The file of a folder source, opened only if it truly lies inside; `SourceInterrupted` where it is gone."""
    root = source.path.resolve()
    wanted = root / os.fsdecode(unquote_to_bytes(url.removeprefix(SCHEME)))
    real = wanted.resolve()
    try:
        if not real.is_relative_to(root):
            raise FileNotFoundError(url)
        handle = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SourceInterrupted(source=source.id, url=url, host=str(root), reason="file_gone", detail=error) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise SourceInterrupted(source=source.id, url=url, host=str(root), reason="file_gone", detail="")
    return os.fdopen(handle, "rb")


def _walk(root: Path) -> Iterator[Path]:
    """Regular files below the folder; links are followed to files inside of it and to nowhere else."""
    inside = root.resolve()
    for folder, folders, names in os.walk(root, onerror=_refuse):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "~$", "__MACOSX")))
        for name in sorted(names):
            path = Path(folder) / name
            if name.startswith((".", "~$")) or name.lower().endswith(_HALF_WRITTEN) or name == "Thumbs.db":
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                continue
            if path.is_file():
                yield path


def _refuse(error: OSError) -> None:
    raise error  # a folder that cannot be read must not look like one whose files are gone


def _files(root: Path) -> Iterator[_File]:
    for path in _walk(root):
        if not path.name.lower().endswith(_SIDECARS):
            about = path.stat()
            relative = path.relative_to(root).as_posix()
            shown = relative.encode("utf-8", "replace").decode()
            if shown != relative or len(shown) > _LONGEST_ID:
                shown = f"{shown[: _LONGEST_ID - 33]}#{derived_id(os.fsencode(relative).hex())}"
            yield _File(shown, relative, path, about.st_size, about.st_mtime_ns)


def _stamp(root: Path) -> str:
    """A digest of all sidecars, so that a new title is noticed."""
    digest = hashlib.sha256()
    for path in _walk(root):
        if path.name.lower().endswith(_SIDECARS) and path.stat().st_size <= _LARGEST_SIDECAR:
            digest.update(os.fsencode(path) + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sidecar(file: _File, remarks: list[Note]) -> Mapping[str, Any]:
    for suffix in _SIDECARS:
        for path in (file.path.with_name(file.path.name + suffix), file.path.with_name(file.path.stem + suffix)):
            if not path.is_file() or path.is_symlink() or path.stat().st_size > _LARGEST_SIDECAR:
                continue
            try:
                text = path.read_text("utf-8")
                found = tomllib.loads(text) if suffix.endswith("toml") else json.loads(text)
            except (ValueError, RecursionError) as error:
                values = {"file": path.name, "detail": str(error)}
                remarks.append(Note("federation.note.sidecar_unreadable", values))
                continue
            if isinstance(found, dict):
                return found
    return {}


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
