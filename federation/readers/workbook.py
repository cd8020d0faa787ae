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
#: A row or cell that holds something: self-closed ones are only formatted, and calamine leaves them out too.
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d{1,7})"[^>]*?[^/]>')
_CELL = re.compile(rb'<(?:\w+:)?c\s(?:[^>]*?\s)?r="([A-Z]{1,3})(\d{1,7})"(?:[^>]*[^/])?>')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*?)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(rb'<(?:\w+:)?c\s([^>]*?\bt="e"[^>]*)>')
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3}\d{1,7})"')
_ODS_TAG = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)(?![\w-])([^>]*?)(/?)>")
_REPEATED = re.compile(rb'number-(?:columns|rows)-repeated="(\d{1,9})"')
_SHEET_TAG = re.compile(rb"<(?:\w+:)?sheet\s[^>]*>")
_RELATION = re.compile(rb"<Relationship\s[^>]*>")


@dataclass(slots=True)
class Workbook:
    """What was seen: remarks, and by sheet the cells whose formula has no stored value or an error for one (F17)."""

    notes: list[Note] = field(default_factory=list)
    unfilled: dict[str, list[str]] = field(default_factory=dict)
    broken: dict[str, list[str]] = field(default_factory=dict)


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


def parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
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
    titles = sheet_names(archive, names)
    for name in sorted(names):
        if not name.endswith((".xml", ".rels")):
            continue
        if name.startswith("xl/worksheets/"):
            sheet = titles.get(name, name)
            here = Place(place.file, place.member, sheet)
            about.unfilled[sheet], about.broken[sheet] = _worksheet(archive, name, here, limits)
        else:
            for piece in parts(archive, name):
                _refuse_declared(piece, name, place)


def _worksheet(archive: zipfile.ZipFile, name: str, place: Place, limits: ReadLimits) -> tuple[list[str], list[str]]:
    """Refuse a sheet whose farthest cell makes it too large (F14); the cells of empty and of broken formulas."""
    rows = columns = 0
    unfilled: dict[str, None] = {}
    broken: dict[str, None] = {}
    for piece in parts(archive, name):
        _refuse_declared(piece, name, place)
        rows = max(rows, *(int(m.group(1)) for m in _ROW.finditer(piece)), 0)
        seen: set[bytes] = set()
        for match in _CELL.finditer(piece):
            seen.add(match.group(1))
            rows = max(rows, int(match.group(2)))
        columns = max(columns, *(index(letter.decode()) + 1 for letter in seen), 0)
        if b"<f" in piece or b":f" in piece:
            plain = (m.group(1) for m in _FORMULA.finditer(piece) if b't="str"' not in m.group(1))
            unfilled.update(dict.fromkeys(_address(attributes) for attributes in plain))
        if b't="e"' in piece:
            broken.update(dict.fromkeys(_address(m.group(1)) for m in _ERROR.finditer(piece)))
    if rows * columns > limits.max_cells:
        raise SheetTooLarge(place, rows=rows, columns=columns, limit=limits.max_cells)
    return list(unfilled), list(broken)


def _address(attributes: bytes) -> str:
    match = _ADDRESS.search(attributes)
    return match.group(1).decode() if match else "?"


def sheet_names(archive: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    """Which entry holds which sheet, by the workbook's own relations."""
    if "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets: dict[str, str] = {}
    for tag in _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels")):
        key, target = attribute(tag, b"Id"), attribute(tag, b"Target")
        targets[key] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    out: dict[str, str] = {}
    for tag in _SHEET_TAG.findall(archive.read("xl/workbook.xml")):
        key = attribute(tag, rb"\w+:id")
        if key in targets:
            out[targets[key]] = attribute(tag, b"name")
    return out


def attribute(tag: bytes, name: bytes) -> str:
    """The value of one attribute of a tag, entities resolved; empty where it has none."""
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
    for piece in parts(archive, "content.xml"):
        _refuse_declared(piece, "content.xml", place)
    _check_repeats(archive, place, limits)


def _check_repeats(archive: zipfile.ZipFile, place: Place, limits: ReadLimits) -> None:
    """Refuse filled cells that are repeated beyond the limit: an ODS may say one cell a million times over."""
    rows = columns = reach = at = skipped = 0
    row_repeat = 1
    for closing, tag, attributes, alone in tags(archive, "content.xml"):
        times = repeated(attributes)
        if tag == b"table" and not closing:
            rows = columns = skipped = 0
        elif tag == b"table-row" and not closing:
            row_repeat, reach, at = times, 0, 0
        elif tag == b"table-row":
            if reach:
                rows, skipped, columns = rows + skipped + row_repeat, 0, max(columns, reach)
            else:
                skipped += row_repeat
            if rows * columns > limits.max_cells:
                raise SheetTooLarge(place, rows=rows, columns=columns, limit=limits.max_cells)
        elif tag == b"table-cell" and not closing:
            at += times
            if not alone or b"value-type" in attributes:
                reach = at
        elif not closing:
            at += times


def repeated(attributes: bytes) -> int:
    """How many times over a row or cell of an ODS is said to stand there."""
    match = _REPEATED.search(attributes)
    return int(match.group(1)) if match else 1


def tags(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """The table tags of an ODS, each once: what stands behind the last whole tag of a piece waits for the next."""
    rest = b""
    with archive.open(name) as f:
        while piece := f.read(_CHUNK):
            text = rest + piece
            cut = text.rfind(b">") + 1
            rest = text[cut:]
            for match in _ODS_TAG.finditer(text, 0, cut):
                closing, tag, attributes, alone = match.groups()
                yield closing, tag, attributes, alone
