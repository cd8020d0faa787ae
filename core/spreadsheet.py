"""What every table that goes out to a spreadsheet needs: text that is never run, and bytes that name no present moment.

What the sheets hold is their writers' matter.
"""

import io
import re
import zipfile
from typing import Any

#: So many letters a cell holds.
LONGEST = 32_767
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 has none of these
#: What a text begins with that a spreadsheet takes for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MADE = (1980, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
_FIRST = "[Content_Types].xml"


def formula_like(text: str) -> bool:
    """Whether a spreadsheet would take a text for a formula (F28)."""
    return text.startswith(FORMULA)


def writable(text: str) -> str:
    """A text as a cell can hold it: signs that XML has none of replaced, cut where a cell ends."""
    return _UNWRITABLE.sub("\ufffd", text)[:LONGEST]


def put_text(cell: Any, text: str) -> None:
    """Put a text into openpyxl's cell as text, whatever it looks like; an empty one leaves the cell empty."""
    if not text:
        return
    cell.value = writable(text)
    cell.data_type = "s"  # openpyxl takes what begins with `=` for a formula and `#N/A` for an error
    if formula_like(text):
        cell.quotePrefix = True  # the spreadsheet keeps it text when somebody edits the cell


def unstamped(book: bytes, stamp: str) -> bytes:
    """The same XLSX file with no time in its archive, saying that it was made at `stamp` (ISO, UTC, with Z).

    openpyxl stamps every file with the present moment; the same sheets are to be the same bytes.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda n: (n != _FIRST, n)):
            data = source.read(name)
            if name == "docProps/core.xml":
                data = _STAMP.sub(rb"\g<1>" + stamp.encode() + rb"\g<3>", data)
            entry = zipfile.ZipInfo(name, _MADE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return out.getvalue()
