"""What stands around a table: forms above it, footnotes and signatures below it, page marks between its parts.

Only recognition, from the words and the place of a row; what is done with such a row is `finder.py`'s.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from federation.readers.cells import MONTH, Kind, kind

if TYPE_CHECKING:
    from federation.readers.finder import Line

_FOOTNOTE = re.compile(
    r"\W*(?:sumber|catatan|keterangan|ket|source|sources|note|notes|catatan kaki|diolah|dicetak|diunduh|data diolah)\b"
    r"|\*{1,3}\s*\)?\s*=?\s*\w",
    re.IGNORECASE,
)
#: The same with a colon behind it: no first cell of a row begins so.
_SAID = re.compile(r"\W*(?:sumber|catatan|keterangan|ket|source|note)s?\s*[:\uff1a]", re.IGNORECASE)
_PAGE = re.compile(r"\W*(?:halaman|hal|page)\W*\d+(?:\s*(?:dari|of|/)\s*\d+)?\W*", re.IGNORECASE)
#: What a form above a table asks for; without a colon only such words make a pair.
_LABEL = re.compile(
    r"(?:nama\s+)?(?:pemerintah\s+)?(?:provinsi|propinsi|kabupaten|kota|kab(?:upaten)?\.?\s*/\s*kota|kecamatan|distrik"
    r"|desa|kelurahan|desa\s*/\s*kelurahan|tahun(?:\s+(?:anggaran|data))?|bulan|periode|triwulan|semester|tanggal|opd"
    r"|skpd|instansi|dinas|unit\s+kerja|satuan\s+kerja|satuan|stasiun|pos(?:\s+hujan)?|wilayah|organisasi|bidang(?:\s+"
    r"urusan)?|urusan|program|kegiatan|sub\s+kegiatan|lintang|bujur|elevasi|id\s+wmo)",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    rf"\W*(?:mengetahui|menyetujui|nip\b|ttd\b)|[a-z][a-z .]+,\s*(?:\d{{1,2}}|[. _]*)\s*(?:{MONTH})\s+\d{{4}}\W*$",
    re.IGNORECASE,
)
_UNIT = re.compile(r"\(.{1,40}\)|(?:satuan|dalam)\b.{1,40}", re.IGNORECASE)


def is_footnote(text: str) -> bool:
    """Whether a line begins as a source, a remark or the meaning of a mark does."""
    return _FOOTNOTE.match(text) is not None


def is_said(cell: str) -> bool:
    """Whether a row's first cell says by its colon that a remark follows, however many cells that takes."""
    return _SAID.match(cell) is not None


def is_page(text: str) -> bool:
    """Whether a line only counts the pages of a printed report."""
    return _PAGE.fullmatch(text) is not None


def is_unit(line: "Line") -> bool:
    """Whether a row says one unit for the whole table, `(dalam juta rupiah)`, as people do above its right end."""
    return line.filled == 1 and _UNIT.fullmatch(line.cells[line.first].strip()) is not None


def is_pair(line: "Line") -> bool:
    """Whether it says one thing about the table, such as `Kabupaten : Semarang`, in two cells or three."""
    if not 1 < line.filled < 4 or line.last > 3:
        return False
    cells = [cell.strip() for cell in line.cells if cell.strip()]
    if len(cells) == 3:
        return cells[1] in (":", "=")
    return cells[0].endswith(":") or cells[1].startswith(":")


def is_form(line: "Line") -> bool:
    """Whether it says one thing about the table in two cells without a colon: `Kabupaten`, `Pati`."""
    beside = line.filled == 2 and line.last - line.first == 1
    return beside and is_label(line.cells[line.first]) and not is_label(line.cells[line.last])


def is_label(cell: str) -> bool:
    """Whether a cell is what a form above a table asks for."""
    return _LABEL.fullmatch(cell.strip().rstrip(":").strip()) is not None


def is_signature(block: Sequence["Line"]) -> bool:
    """Whether rows are the place where a report is signed: few words a row, and who or when."""
    if any(line.filled > 3 for line in block):
        return False
    cells = [cell for line in block for cell in line.cells if cell.strip()]
    return any(_SIGNED.match(cell.strip()) for cell in cells) and all(
        kind(cell) in (Kind.TEXT, Kind.DATE) for cell in cells
    )
