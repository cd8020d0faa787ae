"""Cell formats of the old binary workbook (XLS, BIFF5 and BIFF8), which calamine reads without them.

Only what `formats.py` asks for is read: the styles that cells name, and which cells name them. Values stay calamine's.
Sources: Microsoft's [MS-CFB] for the file of sectors, [MS-XLS] for the records in it.
"""

import struct
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_NO_SECTOR = 0xFFFFFFFA  # this and above are marks, not places
_ENTRY = 128
_STREAMS = ("Workbook", "Book")
_BOF, _EOF, _ENCRYPTED, _SHEET, _FORMAT, _XF = 0x0809, 0x000A, 0x002F, 0x0085, 0x041E, 0x00E0
_FORMULA, _NUMBER, _RK, _RKS = 0x0006, 0x0203, 0x027E, 0x00BD
_BIFF8 = 0x0600
_STYLE_ONLY = 0x0004  # a style for other styles to stand on: no cell names it


@dataclass(slots=True)
class Cells:
    """Rows, columns and styles of the cells that hold numbers in a style that was asked for, each from 0."""

    rows: "array[int]" = field(default_factory=lambda: array("q"))
    columns: "array[int]" = field(default_factory=lambda: array("q"))
    shown: "array[int]" = field(default_factory=lambda: array("q"))


def cells(path: Path, known: Mapping[int, int], how: Callable[[str], int | None]) -> dict[str, Cells]:
    """By sheet, the numbers whose format means something; none of a file that is damaged or encrypted.

    Args:
        known: built-in formats by number, as `how` would tell them.
        how: what a format code does, None where nothing.
    """
    try:
        return _cells(_stream(path.read_bytes()), known, how)
    except (struct.error, IndexError):
        return {}  # calamine says what is wrong with it


def _stream(body: bytes) -> bytes:
    """The workbook's stream out of the file's sectors."""
    if not body.startswith(_MAGIC):
        return b""
    shift, small_shift = struct.unpack_from("<HH", body, 0x1E)
    directory, cutoff, small_fat = (struct.unpack_from("<I", body, at)[0] for at in (0x30, 0x38, 0x3C))
    size, small_size = 1 << min(shift, 12), 1 << min(small_shift, 12)
    fats = [*struct.unpack_from("<109I", body, 0x4C)]
    more, left = struct.unpack_from("<I", body, 0x44)[0], len(body) // size
    while more < _NO_SECTOR and left:
        *found, more = struct.unpack_from(f"<{size // 4}I", body, (more + 1) * size)
        fats, left = [*fats, *found], left - 1
    whole = b"".join(body[(n + 1) * size : (n + 2) * size] for n in fats[: len(body) // size] if n < _NO_SECTOR)
    fat = array("I", whole[: len(whole) // 4 * 4])

    def chain(first: int, links: "array[int]", store: bytes, width: int, offset: int) -> bytes:
        out, at = list[bytes](), first
        while at < len(links) and len(out) * width <= len(body):  # else it goes round
            out.append(store[(at + offset) * width : (at + offset + 1) * width])
            at = links[at]
        return b"".join(out)

    entries = chain(directory, fat, body, size, 1)
    root, streams = (0, 0), {}
    for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
        length, kind = struct.unpack_from("<HB", entries, at + 0x40)
        place = struct.unpack_from("<II", entries, at + 0x74)
        root = place if kind == 5 else root
        streams[entries[at : at + max(0, length - 2)].decode("utf-16-le", "replace")] = place
    first, length = next((streams[name] for name in _STREAMS if name in streams), (_NO_SECTOR, 0))
    if length >= cutoff:
        return chain(first, fat, body, size, 1)[:length]
    links = chain(small_fat, fat, body, size, 1)
    small = chain(root[0], fat, body, size, 1)
    return chain(first, array("I", links[: len(links) // 4 * 4]), small, small_size, 0)[:length]


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Place, kind and content of each record."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _cells(stream: bytes, known: Mapping[int, int], how: Callable[[str], int | None]) -> dict[str, Cells]:
    records = _records(stream)
    styles, sheets = _globals(records, known, how)
    out: dict[str, Cells] = {}
    depth, here = 0, Cells()
    for at, kind, body in records if styles else ():
        if kind == _BOF:  # of a sheet, or of a chart within one
            depth += 1
            here = out.setdefault(sheets[at], Cells()) if at in sheets else here
        elif kind == _EOF:
            depth -= 1
        elif depth == 1:
            for row, column, style in _numbers(kind, body):
                if style in styles:
                    here.rows.append(row)
                    here.columns.append(column)
                    here.shown.append(styles[style])
    return {name: found for name, found in out.items() if found.rows}


def _globals(
    records: Iterator[tuple[int, int, bytes]], known: Mapping[int, int], how: Callable[[str], int | None]
) -> tuple[dict[int, int], dict[int, str]]:
    """The styles that mean something, and the sheets by their place; records up to the first sheet are taken."""
    meant, sheets, used = dict(known), dict[int, str](), list[int | None]()
    wide = True
    for at, kind, body in records:
        if kind == _BOF and at == 0:
            wide = struct.unpack_from("<H", body)[0] >= _BIFF8
        elif kind == _FORMAT:
            does = how(_text(body, 2, 2 if wide else 1, wide=wide))
            if does is not None:
                meant[struct.unpack_from("<H", body)[0]] = does
        elif kind == _XF:
            number, flags = struct.unpack_from("<2xHH", body)
            used.append(None if flags & _STYLE_ONLY else number)
        elif kind == _SHEET:
            sheets[struct.unpack_from("<I", body)[0]] = _text(body, 6, 1, wide=wide)
        elif kind == _ENCRYPTED:
            return {}, {}
        elif kind == _EOF:
            break
    return {i: meant[number] for i, number in enumerate(used) if number in meant}, sheets


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int]]:
    """Row, column and style of each number of a record."""
    if kind in (_NUMBER, _RK, _FORMULA):
        yield struct.unpack_from("<HHH", body)
    elif kind == _RKS:
        row, first = struct.unpack_from("<HH", body)
        for i in range((len(body) - 6) // 6):
            yield row, first + i, struct.unpack_from("<H", body, 4 + 6 * i)[0]


def _text(body: bytes, at: int, length: int, *, wide: bool) -> str:
    """A text whose number of characters stands in so many bytes before it."""
    count, at = int.from_bytes(body[at : at + length], "little"), at + length
    if not wide:
        return body[at : at + count].decode("cp1252", "replace")
    doubled = body[at] & 1
    return body[at + 1 : at + 1 + count * (1 + doubled)].decode("utf-16-le" if doubled else "latin-1", "replace")
