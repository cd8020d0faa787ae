"""Zip and gzip: each entry read as a file of its own; bombs, nesting, links and escaping names are refused."""

import gzip
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Protocol

from core.table import Note, Place, TextTable
from federation.readers.errors import (
    ArchiveBomb,
    ArchiveBroken,
    ArchiveEntries,
    ArchiveLink,
    ArchiveName,
    ArchiveNested,
    FileEmpty,
    KindUnknown,
)
from federation.readers.result import ReadLimits, ReadResult

_CHUNK = 1 << 20
#: Below this size no ratio is suspicious: a small file of zeros harms nobody.
_SMALL = 1 << 20
_CLUTTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class ReadAt(Protocol):
    """How an entry is read: `federation.readers.reading.read_at`."""

    def __call__(
        self, path: Path, name: str, place: Place, limits: ReadLimits, mime: str | None, *, inside: bool
    ) -> ReadResult:
        """The tables of one file."""


def read_gzip(path: Path, name: str, place: Place, limits: ReadLimits, read_at: ReadAt, *, inside: bool) -> ReadResult:
    """The file within a gzip, under the same ratio and size limits as a zip (F09, F10)."""
    if inside:
        raise ArchiveNested(place)
    packed = path.stat().st_size
    inner = name.removesuffix(".gz").removesuffix(".GZ")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "entry"
        try:
            with gzip.open(path) as source:
                _copy(source, out, packed=packed, place=place, limits=limits, allowed=limits.unpacked_max_bytes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArchiveBroken(place, reason=str(error)) from error
        return read_at(out, inner, place, limits, None, inside=True)


def read_zip(path: Path, place: Place, limits: ReadLimits, read_at: ReadAt, *, inside: bool) -> ReadResult:
    """The tables of all entries; data that cannot be read makes the archive unreadable, what is no data is remarked."""
    if inside:
        raise ArchiveNested(place)
    tables: list[TextTable] = []
    notes: list[Note] = []
    kinds: list[ReadResult] = []
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            entries = list(_entries(archive, place, limits))
            left = limits.unpacked_max_bytes
            for number, info in enumerate(entries):
                here = Place(place.file, info.filename)
                out = Path(folder) / str(number)
                with archive.open(info) as source:
                    left -= _copy(source, out, packed=info.compress_size, place=here, limits=limits, allowed=left)
                try:
                    result = read_at(out, info.filename, here, limits, None, inside=True)
                except (FileEmpty, KindUnknown) as error:
                    notes.append(Note("reader.entry_skipped", {"entry": info.filename, "reason": error.what()}))
                    continue
                finally:
                    out.unlink()
                kinds.append(result)
                tables.extend(result.tables)
                notes.extend(Note(n.code, {**n.values, "entry": info.filename}) for n in result.notes)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise ArchiveBroken(place, reason=str(error)) from error
    if not kinds:
        notes.append(Note("reader.archive_empty"))
    readable = not kinds or any(result.machine_readable for result in kinds)
    return ReadResult("zip", tuple(tables), tuple(notes), machine_readable=readable)


def _entries(archive: zipfile.ZipFile, place: Place, limits: ReadLimits) -> Iterator[zipfile.ZipInfo]:
    """The entries worth reading, after every one of them has passed (F09, F11, F12, F13)."""
    infos = archive.infolist()
    if len(infos) > limits.max_zip_entries:
        raise ArchiveEntries(place, entries=len(infos), limit=limits.max_zip_entries)
    for info in infos:
        here = Place(place.file, info.filename[:200])
        _check_name(info.filename, here)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise ArchiveLink(here)
        if info.flag_bits & 0x1:
            raise ArchiveBroken(here, reason="password")
        if info.file_size > _SMALL and info.file_size / max(1, info.compress_size) > limits.max_zip_ratio:
            raise ArchiveBomb(here, size=info.file_size, limit=limits.unpacked_max_bytes)
    total = sum(info.file_size for info in infos)
    if total > limits.unpacked_max_bytes:
        raise ArchiveBomb(place, size=total, limit=limits.unpacked_max_bytes)
    for info in infos:
        if not info.is_dir() and not any(part in info.filename for part in _CLUTTER):
            yield info


def _check_name(name: str, place: Place) -> None:
    """Refuse names that lead out of the archive; none is ever used as a path, but no honest tool writes them."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or name.startswith(("/", "\\")) or PureWindowsPath(name).drive or "\0" in name:
        raise ArchiveName(place)


def _copy(
    source: IO[bytes] | gzip.GzipFile, out: Path, *, packed: int, place: Place, limits: ReadLimits, allowed: int
) -> int:
    """Unpack one entry, counting what really comes out: what the table of contents says may be a lie."""
    size = 0
    with out.open("wb") as target:
        while piece := source.read(_CHUNK):
            size += len(piece)
            if size > allowed or (size > _SMALL and size / max(1, packed) > limits.max_zip_ratio):
                raise ArchiveBomb(place, size=size, limit=allowed)
            target.write(piece)
    return size
