"""Old binary workbooks (XLS) for tests: the records of [MS-XLS] in the sectors of [MS-CFB], as few as make a file."""

import struct
from collections.abc import Sequence

_SECTOR, _SMALL, _END, _FREE = 512, 64, 0xFFFFFFFE, 0xFFFFFFFF
Number = tuple[float, int]


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(value: str, length: str) -> bytes:
    return struct.pack(f"<{length}B", len(value), 1) + value.encode("utf-16-le")


def _cell(row: int, column: int, value: str | Number) -> bytes:
    if isinstance(value, str):
        return _record(0x0204, struct.pack("<HHH", row, column, 1) + _text(value, "H"))
    number, style = value
    if number == int(number):  # as a whole number in four bytes
        return _record(0x027E, struct.pack("<HHHI", row, column, style, (int(number) << 2) | 2))
    return _record(0x0203, struct.pack("<HHHd", row, column, style, number))


def _runs(row: int, cells: Sequence[str | Number]) -> bytes:
    """One record for neighbouring whole numbers, as Excel writes them."""
    whole = [(c[0], c[1]) for c in cells if not isinstance(c, str) and c[0] == int(c[0])]
    if len(whole) != len(cells) or len(cells) < 2:
        return b"".join(_cell(row, column, cell) for column, cell in enumerate(cells))
    body = b"".join(struct.pack("<HI", style, (int(number) << 2) | 2) for number, style in whole)
    return _record(0x00BD, struct.pack("<HH", row, 0) + body + struct.pack("<H", len(cells) - 1))


def records(formats: Sequence[str], *sheets: tuple[str, Sequence[Sequence[str | Number]]]) -> bytes:
    """The workbook's stream; a number is given with its style: 1 for none, 2 and on for `formats` in order."""

    def styles() -> bytes:
        bare = struct.pack("<12x")
        out = _record(0x00E0, struct.pack("<HHH", 0, 9, 0x0004) + bare[:14])  # the style "Percent": of no cell
        out += _record(0x00E0, struct.pack("<HHH", 0, 0, 0) + bare[:14])
        for i in range(len(formats)):
            out += _record(0x00E0, struct.pack("<HHH", 0, 164 + i, 0) + bare[:14])
        return out

    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0x0606))
    for i, code in enumerate(formats):
        start += _record(0x041E, struct.pack("<H", 164 + i) + _text(code, "H"))
    start += styles()
    pages = []
    for _, rows in sheets:
        page = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0x0606))
        wide = max(len(row) for row in rows)
        page += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, wide, 0))
        page += b"".join(_runs(number, row) for number, row in enumerate(rows))
        pages.append(page + _record(0x000A))
    named = [(name, len(_record(0x0085, struct.pack("<IH", 0, 0) + _text(name, "B")))) for name, _ in sheets]
    at = len(start) + sum(length for _, length in named) + 4
    for (name, _), page in zip(named, pages, strict=True):
        start += _record(0x0085, struct.pack("<IH", at, 0) + _text(name, "B"))
        at += len(page)
    return start + _record(0x000A) + b"".join(pages)


def _entry(name: str, kind: int, first: int, size: int, child: int = _FREE) -> bytes:
    title = name.encode("utf-16-le") + b"\0\0" if name else b""
    tree = struct.pack("<III", _FREE, _FREE, child)
    return (
        title.ljust(64, b"\0")
        + struct.pack("<HBB", len(title), kind, 1)
        + tree
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )


def _filled(body: bytes, width: int) -> bytes:
    return body + bytes(-len(body) % width)


def _chain(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), _END] if count else []


def xls(stream: bytes, *, small: bool = False) -> bytes:
    """The file of a workbook's stream, in sectors of its own or among the small ones, as a short one may be."""
    stream = stream if small else stream.ljust(4096, b"\0")
    body = _filled(stream, _SECTOR)
    count = len(body) // _SECTOR
    fat = [0xFFFFFFFD, _END, *_chain(2, count)]
    size, small_fat = len(stream), b""
    if small:
        small_fat = _filled(struct.pack(f"<{-(-size // _SMALL)}I", *_chain(0, -(-size // _SMALL))), _SECTOR)
        fat += _chain(2 + count, len(small_fat) // _SECTOR)
    root = _entry("Root Entry", 5, 2 if small else _END, len(body) if small else 0, child=1)
    directory = _filled(root + _entry("Workbook", 2, 0 if small else 2, size) + _entry("", 0, 0, 0) * 2, _SECTOR)
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    places = (0, 1, 1, 0, 4096, 2 + count if small else _END, len(small_fat) // _SECTOR, _END, 0)
    header += struct.pack("<9I", *places) + struct.pack("<109I", 0, *[_FREE] * 108)
    return header + struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat))) + directory + body + small_fat
