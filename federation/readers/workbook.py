"""What is inside a workbook before it is opened: sizes, entities, dimensions, macros, formulas without a value.

An XLSX or ODS is XML in a zip. A bomb is recognised by its table of contents and by a streaming look at
each part; calamine only opens what has passed.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.table import Note, Place
from federation.readers.errors import (
    ArchiveBomb,
    ArchiveEntries,
    MarkupRefused,
    SheetTooLarge,
    WorkbookBroken,
    WorkbookEncrypted,
)
from federation.readers.result import ReadLimits

_CHUNK = 1 << 20
_OVERLAP = 512
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_UNFILLED = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3}\d{1,7})"[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*'
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_REPEATED = re.compile(rb'number-(columns|rows)-repeated="(\d+)"')
_SHEET_TAG = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")


@dataclass(slots=True)
class Workbook:
    """What was seen: remarks, and by sheet name the cells whose formula has no stored value."""

    notes: list[Note] = field(default_factory=list)
    unfilled: dict[str, list[str]] = field(default_factory=dict)


def letters(column: int) -> str:
    """A column's letters as a spreadsheet shows them, from index 0."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(65 + rest) + out
    return out


def index(name: str) -> int:
    """A column's index, from its letters."""
    out = 0
    for letter in name:
        out = out * 26 + ord(letter) - 64
    return out - 1


def inspect(path: Path, kind: str, place: Place, limits: ReadLimits) -> Workbook:
    """Look through a workbook without building anything; typed errors for what must not be opened."""
    about = Workbook()
    if kind == "encrypted":
        raise WorkbookEncrypted(place)
    if kind == "xls":
        return about
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, place, limits)
            names = {info.filename for info in archive.infolist()}
            if kind == "ods":
                _ods(archive, place, limits)
            else:
                _xlsx(archive, names, place, limits, about)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise WorkbookBroken(place, reason=str(error)) from error
    return about


def _check_sizes(archive: zipfile.ZipFile, place: Place, limits: ReadLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.max_zip_entries:
        raise ArchiveEntries(place, entries=len(entries), limit=limits.max_zip_entries)
    total = sum(info.file_size for info in entries)
    if total > limits.unpacked_max_bytes:
        raise ArchiveBomb(place, size=total, limit=limits.unpacked_max_bytes)
    for info in entries:
        if info.flag_bits & 0x1:
            raise WorkbookEncrypted(place)
        packed = max(1, info.compress_size)
        # Empty formatted cells compress far better than data; only a large part is suspicious.
        if info.file_size > 64 * _CHUNK and info.file_size / packed > limits.max_zip_ratio:
            raise ArchiveBomb(place, size=info.file_size, limit=limits.unpacked_max_bytes)


def _parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """An entry piece by piece, each with the end of the one before, so that no tag is cut in two."""
    tail = b""
    with archive.open(name) as f:
        while piece := f.read(_CHUNK):
            yield tail + piece
            tail = piece[-_OVERLAP:]


def _refuse_declared(piece: bytes, name: str, place: Place) -> None:
    if _DECLARED.search(piece):
        raise MarkupRefused(place, entry=name)


def _xlsx(archive: zipfile.ZipFile, names: set[str], place: Place, limits: ReadLimits, about: Workbook) -> None:
    if "xl/workbook.xml" not in names:
        raise WorkbookBroken(place, reason="xl/workbook.xml")
    if any(name.endswith("vbaProject.bin") for name in names):
        about.notes.append(Note("reader.macros"))
    if any(name.startswith("xl/externalLinks/") for name in names):
        about.notes.append(Note("reader.external_links"))
    titles = _sheet_names(archive, names)
    for name in sorted(names):
        if not name.endswith((".xml", ".rels")):
            continue
        if name.startswith("xl/worksheets/"):
            sheet = titles.get(name, name)
            here = Place(place.file, place.member, sheet)
            unfilled = _worksheet(archive, name, here, limits)
            if unfilled:
                about.unfilled[sheet] = unfilled
        else:
            for piece in _parts(archive, name):
                _refuse_declared(piece, name, place)


def _worksheet(archive: zipfile.ZipFile, name: str, place: Place, limits: ReadLimits) -> list[str]:
    """Refuse a sheet whose farthest cell makes it too large (F14); the cells of formulas without a value (F17)."""
    rows = columns = 0
    widest = farthest = ""
    unfilled: dict[str, None] = {}
    for piece in _parts(archive, name):
        _refuse_declared(piece, name, place)
        for match in _CELL.finditer(piece):
            column, row = match.group(1), int(match.group(2))
            if row > rows:
                rows, farthest = row, (column + match.group(2)).decode()
            if len(column) >= len(widest) and (at := index(column.decode()) + 1) > columns:
                columns, widest = at, column.decode()
        if b"<f" in piece or b":f" in piece:
            unfilled.update(dict.fromkeys(m.group(1).decode() for m in _UNFILLED.finditer(piece)))
    if rows * columns > limits.max_cells:
        raise SheetTooLarge(place, rows=rows, columns=columns, limit=limits.max_cells, cell=farthest)
    return list(unfilled)


def _sheet_names(archive: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    """Which entry holds which sheet, by the workbook's own relations."""
    if "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets: dict[str, str] = {}
    for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        key, target = _attribute(tag, b"Id"), _attribute(tag, b"Target")
        targets[key] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    out: dict[str, str] = {}
    for tag in _SHEET_TAG.findall(archive.read("xl/workbook.xml")):
        key = _attribute(tag, rb"\w+:id")
        if key in targets:
            out[targets[key]] = _attribute(tag, b"name")
    return out


def _attribute(tag: bytes, name: bytes) -> str:
    match = re.search(rb"\s" + name + rb'="([^"]*)"', tag)
    text = match.group(1).decode("utf-8", "replace") if match else ""
    for entity, char in (("&quot;", '"'), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


def _ods(archive: zipfile.ZipFile, place: Place, limits: ReadLimits) -> None:
    """Refuse entities and encryption; how far repeated cells reach is seen in `sheet.py`."""
    names = {info.filename for info in archive.infolist()}
    if "content.xml" not in names:
        raise WorkbookBroken(place, reason="content.xml")
    manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
    if b"encryption-data" in manifest:
        raise WorkbookEncrypted(place)
    for piece in _parts(archive, "content.xml"):
        _refuse_declared(piece, "content.xml", place)
