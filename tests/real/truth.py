"""What a seeded portal's file says, cell by cell, against the truth that its seeder wrote down.

This reads cells by the seeder's own record of each file's style and shares no code with our readers or our cast.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

_MONTHS = ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des")
_BLANK = {"", "-", "n/a"}
_TITLE = re.compile(r"[^0-9a-z]+")


def title(text: str) -> str:
    """A column's title without what differs from file to file: case, blanks, underscores."""
    return _TITLE.sub(" ", text.lower()).strip()


def day(cell: str) -> date:
    """The day that a cell means: ISO, 3/2/2019 (day first), 3 Februari 2019, 03-Feb-19."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", cell):
        return date.fromisoformat(cell[:10])
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", cell):
        return date(int(found[3]), int(found[2]), int(found[1]))
    found = re.fullmatch(r"(\d{1,2})[ -]([A-Za-z]+)[ -](\d{2,4})", cell)
    assert found is not None, cell
    year = int(found[3])
    return date(year + 2000 if year < 100 else year, _MONTHS.index(found[2][:3].lower()) + 1, int(found[1]))


def number(cell: str, *, indonesian: bool) -> Decimal:
    """The number that a cell means in the file's own style."""
    plain = cell.removeprefix("Rp").strip()
    return Decimal(plain.replace(".", "").replace(",", ".") if indonesian else plain)


def place(cell: str) -> str:
    """A regency's or district's name without the ways of writing it."""
    words = _TITLE.sub(" ", cell.lower()).split()
    kind = {"kabupaten": "kab", "kecamatan": "", "kec": ""}
    named = [kind.get(w, w) for w in words]
    return " ".join(sorted(w for w in named if w))


def _same(cell: str | None, true: object, kind: str, style: dict[str, Any], form: str) -> bool:
    text = (cell or "").strip()
    if kind in ("kab", "kec"):
        return place(text) == place(str(true))
    if kind == "date":
        return day(text).isoformat() == true
    if kind in ("int", "int4", "rp", "dec", "dec6"):
        styled = form == "csv" and style["num"] == "id" and kind != "int4"
        return number(text, indonesian=styled) == Decimal(str(true))
    return text == str(true).strip()


@dataclass
class Judged:
    """How a table compares with the truth; `blank` are rows in which the seeder itself left out a figure."""

    resource: str
    differences: list[str] = field(default_factory=list)
    blank: set[int] = field(default_factory=set)

    @property
    def exact(self) -> bool:
        """Whether every column, row and cell is right."""
        return not self.differences


def judge(data: pa.Table, resource: dict[str, Any]) -> Judged:
    """Compare a table of text with what the seeder put into the file."""
    out = Judged(resource["id"])
    columns: Sequence[Sequence[str]] = resource["columns"]
    headers = [title(c) for c in data.column_names if c != "_row"]
    if headers != [title(name) for name, _ in columns]:
        out.differences.append(f"columns {headers}")
        return out
    if data.num_rows != len(resource["rows"]):
        out.differences.append(f"{data.num_rows} rows for {len(resource['rows'])}")
        return out
    messy = resource["style"]["kacau"] and resource["format"] == "csv"
    for at, (_, kind) in enumerate(columns):
        for row, cell in enumerate(data.column(at).to_pylist()):
            if messy and kind in ("dec", "int") and (cell or "").strip().lower() in _BLANK:
                out.blank.add(row)
                continue
            true = resource["rows"][row][at]
            try:
                same = _same(cell, true, kind, resource["style"], resource["format"])
            except (InvalidOperation, AssertionError, ValueError):
                same = False
            if not same:
                out.differences.append(f"row {row} {columns[at][0]}: {cell!r} for {true!r}")
    return out
