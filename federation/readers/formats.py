"""Cells whose format changes what a person reads: percentages (0.125 is shown as 12.5%) and codes with leading zeros.

Calamine gives values without formats, so the formats are read beside it, and only where a workbook uses such ones.
"""

import re
import zipfile
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from federation.readers import old_workbook, workbook

PERCENT = 0  # else the number of digits that a whole number is filled up to
_WIDE = 1 << 14  # columns a sheet can have
_BUILT_IN = {9: PERCENT, 10: PERCENT}
_FORMAT = re.compile(rb"<(?:\w+:)?numFmt\s[^<>]*>")
_STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_STYLE = re.compile(rb"<(?:\w+:)?xf\s[^<>]*>")
_CELL = re.compile(rb"<(?:\w+:)?c\s([^<>]*)>")
_USED = re.compile(rb'\bs="(\d{1,5})"')
_ADDRESS = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_ZEROS = re.compile(r"(0{2,20})(?:;.*)?")
_NAME = re.compile(rb'table:name="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Formats:
    """Positions (row * 16,384 + column, from 0, rising) and how each cell there is shown."""

    at: npt.NDArray[np.int64]
    how: npt.NDArray[np.int64]

    def of(self, row: int) -> list[tuple[int, int]]:
        """The columns of a row that have such a format, and which."""
        first, last = np.searchsorted(self.at, [row * _WIDE, (row + 1) * _WIDE])
        return [(int(at % _WIDE), int(how)) for at, how in zip(self.at[first:last], self.how[first:last], strict=True)]


def formats(path: Path, kind: str) -> dict[str, Formats]:
    """By sheet, where a workbook has such cells; to be called once `workbook.inspect` has let it pass."""
    if kind == "xls":
        return {name: _xls(cells) for name, cells in old_workbook.cells(path, _BUILT_IN, _how).items()}
    with zipfile.ZipFile(path) as archive:
        return _ods(archive) if kind == "ods" else _xlsx(archive)


def _made(at: "array[int]", how: "array[int]") -> Formats:
    positions, first = np.unique(np.array(at, np.int64), return_index=True)
    return Formats(positions, np.array(how, np.int64)[first])


def _xls(cells: old_workbook.Cells) -> Formats:
    at = np.array(cells.rows, np.int64) * _WIDE + np.array(cells.columns, np.int64)
    return _made(array("q", at.tobytes()), cells.shown)


def _how(code: str) -> int | None:
    """What a format code does: a percentage, so many digits at least, or neither."""
    if "%" in _LITERAL.sub("", code):
        return PERCENT
    zeros = _ZEROS.fullmatch(code)
    return len(zeros.group(1)) if zeros else None


def _xlsx(archive: zipfile.ZipFile) -> dict[str, Formats]:
    names = {info.filename for info in archive.infolist()}
    styles = _styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else {}
    out: dict[str, Formats] = {}
    for name, sheet in workbook.sheet_names(archive, names).items() if styles else ():
        at, how = array("q"), array("q")
        for piece in workbook.parts(archive, name) if name in names else ():
            for match in _CELL.finditer(piece):
                used = _USED.search(match.group(1))
                shown = styles.get(int(used.group(1))) if used else None
                address = _ADDRESS.search(match.group(1)) if shown is not None else None
                if address is not None and shown is not None:
                    column = workbook.index(address.group(1).decode())
                    at.append((int(address.group(2)) - 1) * _WIDE + column)
                    how.append(shown)
        if at:
            out[sheet] = _made(at, how)
    return out


def _styles(body: bytes) -> dict[int, int]:
    """Which of a workbook's cell styles show a percentage or leading zeros."""
    known = dict(_BUILT_IN)
    for tag in _FORMAT.findall(body):
        number, how = workbook.attribute(tag, b"numFmtId"), _how(workbook.attribute(tag, b"formatCode"))
        if how is not None and number.isdigit():
            known[int(number)] = how
    found = _STYLES.search(body)
    used = [workbook.attribute(tag, b"numFmtId") for tag in _STYLE.findall(found.group())] if found else []
    return {i: known[int(number)] for i, number in enumerate(used) if number.isdigit() and int(number) in known}


def _ods(archive: zipfile.ZipFile) -> dict[str, Formats]:
    if not any(b'value-type="percentage"' in piece for piece in workbook.parts(archive, "content.xml")):
        return {}
    out: dict[str, Formats] = {}
    at, how = array("q"), array("q")
    sheet, row, column, rows = "", 0, 0, 1
    for closing, tag, attributes, _ in workbook.tags(archive, "content.xml"):
        times = workbook.repeated(attributes)
        if tag == b"table":
            if closing and at:
                out[sheet] = _made(at, how)
            name = _NAME.search(attributes)
            sheet = workbook.attribute(b" " + name.group() if name else b"", b"table:name")
            at, how = array("q"), array("q")
            row = 0
        elif tag == b"table-row":
            row, column, rows = (row + rows, 0, 1) if closing else (row, 0, times)
        elif not closing:
            if b'value-type="percentage"' in attributes:
                reach = min(times, _WIDE)
                at.extend((row + y) * _WIDE + column + x for y in range(rows) for x in range(reach))
                how.extend(array("q", [PERCENT]) * (rows * reach))
            column += times
    return out
