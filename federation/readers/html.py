"""Web pages that are tables: what portals and office programs hand out under the name .xls.

A small tokenizer of our own, linear in the text: nothing is fetched, run or resolved, and what no table needs is passed
over. Tables that only lay out others are looked into; a page without a table of data is no data (S09, S10, S11).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.table import Note, Place, TextTable
from federation.readers import decode, grid
from federation.readers.around import is_footnote
from federation.readers.errors import NotData, SheetTooLarge, TooLarge
from federation.readers.finder import Line
from federation.readers.header import Merge
from federation.readers.result import ReadLimits

#: Neither branch runs past the next tag's beginning, so that no text makes this slower than linear.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]*)((?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+|[^<>]*+)>")
_SPAN = re.compile(r"\b(col|row)span\s*=\s*[\"']?\s*(\d{1,5})", re.IGNORECASE)
_OFFICE = re.compile(rb"urn:schemas-microsoft-com:office|content=[\"']?excel\.sheet|xmlns:x=", re.IGNORECASE)
_ASKS = re.compile(rb"<(?:form|input)\b", re.IGNORECASE)
#: Names under which a page may be data; any other was promised as something else, and a page came instead.
_NAMES = frozenset({".xls", ".xlsx", ".ods", ".html", ".htm"})
_PASSED_OVER = ("script", "style", "title", "noscript")
_BREAKS = frozenset({"br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "center", "caption"})
_CELLS = frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"})
_WIDEST = 1_000  # what browsers allow one cell to span


@dataclass(slots=True)
class _Table:
    """A table being read: its rows, its merged ranges by row and column index, and how far cells above reach down."""

    rows: list[list[str]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    above: dict[int, int] = field(default_factory=dict)
    row: list[str] | None = None
    cell: list[str] | None = None
    span: tuple[int, int] = (1, 1)
    lays_out: bool = False

    def open_cell(self, attributes: str) -> None:
        """Begin a cell."""
        self.close_cell()
        if self.row is None:
            self.row = []
        spans = {kind.lower(): int(count) for kind, count in _SPAN.findall(attributes)}
        self.span = (min(max(1, spans.get("col", 1)), _WIDEST), max(1, spans.get("row", 1)))
        self.cell = []

    def close_cell(self) -> None:
        """End a cell and give it its place, right of those that reach down from above."""
        if self.cell is None or self.row is None:
            return
        value = " ".join("".join(self.cell).split())
        self.cell = None
        self._pass_above()
        at, top = len(self.row), len(self.rows)
        wide, tall = self.span
        self.row += [value, *[""] * (wide - 1)]
        if wide > 1 or tall > 1:
            self.merges.append((top, at, top + tall - 1, at + wide - 1))
        if tall > 1:
            self.above.update((column, tall) for column in range(at, at + wide))

    def close_row(self) -> None:
        """End a row."""
        self.close_cell()
        if self.row is None:
            return
        self._pass_above()
        self.rows.append(self.row)
        self.row = None
        self.above = {column: left - 1 for column, left in self.above.items() if left > 1}

    def _pass_above(self) -> None:
        assert self.row is not None
        while self.above.get(len(self.row), 0) and not self._begins(len(self.row)):
            self.row.append("")

    def _begins(self, column: int) -> bool:
        return any(top == len(self.rows) and left <= column <= right for top, left, _, right in self.merges[-8:])


def is_export(path: Path, name: str, mime: str | None) -> bool:
    """Whether a page may be a table that somebody exported: made by an office program, or promised as a workbook."""
    with path.open("rb") as f:
        head = f.read(1 << 16).replace(b"\0", b"")
    if _OFFICE.search(head[:4096]):
        return True
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    promised = suffix in _NAMES or "excel" in (mime or "") or "spreadsheet" in (mime or "")
    return promised and b"<t" in head.lower() and not _ASKS.search(head)


def read_html(path: Path, name: str, place: Place, limits: ReadLimits) -> tuple[list[TextTable], list[Note]]:
    """The tables of a page, with the words before and behind them as titles and footnotes.

    Raises:
        NotData: it holds no table of at least two rows and two columns.
        TooLarge, SheetTooLarge, TooManyColumns, FieldTooLarge: with the place.
    """
    size = path.stat().st_size
    if size > limits.html_max_bytes:
        raise TooLarge(place, size=size, limit=limits.html_max_bytes)
    raw = path.read_bytes()
    text, notes = decode.decode(raw, decode.detect(raw))
    out: list[TextTable] = []
    for lines, merges in _grids(text, place, limits):
        label = name if not out else f"{name}#{len(out) + 1}"
        out += grid.tables(lines, merges, label, place, limits)
    if not any(len(table) and len(table.columns) > 1 for table in out):
        raise NotData(place)
    return out, notes


def _grids(text: str, place: Place, limits: ReadLimits) -> Iterator[tuple[list[Line], list[Merge]]]:
    """The rows and merged ranges around each table of data, numbered as a spreadsheet numbers them."""
    pieces = list(_pieces(text, place, limits))
    last = max((i for i, piece in enumerate(pieces) if _is_data(piece)), default=-1)
    lines: list[Line] = []
    merges: list[Merge] = []
    number, full = 0, False
    for i, piece in enumerate(pieces):
        if full and not (isinstance(piece, str) and is_footnote(piece)):
            # what follows a table's footnotes belongs to the next
            yield lines, merges
            lines, merges, full = [], [], False
        full = full or (i != last and _is_data(piece))
        if lines and not (isinstance(piece, str) and isinstance(pieces[i - 1], str)):
            number += 1
            lines.append(Line(number, []))
        if not isinstance(piece, str):
            merges += [(number + t + 1, left, number + b + 1, right) for t, left, b, right in piece.merges]
        for row in [[piece]] if isinstance(piece, str) else piece.rows:
            number += 1
            lines.append(Line(number, row))
    if lines:
        yield lines, merges


def _is_data(piece: "str | _Table") -> bool:
    return not isinstance(piece, str) and sum(1 for row in piece.rows if sum(map(bool, row)) > 1) > 1


def _pieces(text: str, place: Place, limits: ReadLimits) -> Iterator["str | _Table"]:
    """Loose lines of words and tables without further tables in them, in the order of the page."""
    page = _Page(place, limits)
    for closing, tag, rest in _tokens(text):
        if not tag:
            page.say(rest)
        elif tag == "table":
            yield from page.end_table() if closing else page.begin_table()
        elif page.tables and tag in _CELLS:
            page.cell(tag, rest, closing=closing)
        elif tag in _BREAKS:
            yield from page.end_line()
    while page.tables:  # a page that was cut, or whose writer left out the end
        yield from page.end_table()
    yield from page.end_line()


@dataclass(slots=True)
class _Page:
    """What is open while a page is read: tables within one another, and words outside of any cell."""

    place: Place
    limits: ReadLimits
    tables: list[_Table] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    cells: int = 0

    def say(self, words: str) -> None:
        """Words, in the open cell if there is one."""
        inside = self.tables[-1].cell if self.tables else None
        (self.loose if inside is None else inside).append(words)

    def end_line(self) -> list["str | _Table"]:
        """A break: in a cell a space, elsewhere the end of a line."""
        if self.tables and self.tables[-1].cell is not None:
            self.tables[-1].cell.append(" ")
            return []
        words = " ".join("".join(self.loose).split())
        self.loose.clear()
        return [words] if words else []

    def begin_table(self) -> list["str | _Table"]:
        """A table begins; one that it stands in only lays it out."""
        top = self.tables[-1] if self.tables else None
        if top is not None:
            top.lays_out = True
            self.loose += [" ", *(top.cell or [])]
            top.cell = None
        out = self.end_line()
        self.tables.append(_Table())
        return out

    def end_table(self) -> list["str | _Table"]:
        """The table that ends, or the words of one that only laid out others."""
        if not self.tables:
            return []
        done = self.tables[-1]
        done.close_row()
        done.cell = None
        out = self.end_line()
        self.tables.pop()
        if not done.lays_out:
            return [*out, done] if any(any(row) for row in done.rows) else out
        return [*out, *(words for words in (" ".join(filter(None, row)) for row in done.rows) if words)]

    def cell(self, tag: str, attributes: str, *, closing: bool) -> None:
        """A row, a part of the table or a cell begins or ends."""
        top = self.tables[-1]
        if tag in ("td", "th"):
            top.close_cell()
            if not closing:
                top.open_cell(attributes)
            return
        top.close_row()
        self.cells += len(top.rows[-1]) if top.rows else 0
        if self.cells > self.limits.max_cells:
            size = {"rows": len(top.rows), "columns": len(top.rows[-1]), "limit": self.limits.max_cells}
            raise SheetTooLarge(self.place, **size)
        if tag == "tr" and not closing:
            top.row = []


def _tokens(text: str) -> Iterator[tuple[bool, str, str]]:
    """Tags (closing, name, attributes) and the words between them (no name); comments and programs passed over."""
    at = begin = 0
    while (found := text.find("<", at)) >= 0:
        if text.startswith("<!--", found):
            yield False, "", html.unescape(text[begin:found])
            end = text.find("-->", found + 4)
            at = begin = end + 3 if end >= 0 else len(text)
            continue
        match = _TAG.match(text, found)
        if match is None:
            at = found + 1  # a sign in the text; what the page declares about itself ends with the next bracket
            if text.startswith(("<!", "<?"), found):
                yield False, "", html.unescape(text[begin:found])
                end = text.find(">", found)
                at = begin = end + 1 if end >= 0 else len(text)
            continue
        yield False, "", html.unescape(text[begin:found])
        closing, tag = bool(match.group(1)), match.group(2).lower()
        yield closing, tag, match.group(3)
        at = begin = match.end()
        if tag in _PASSED_OVER and not closing:
            close = re.compile(rf"</{tag}\b", re.IGNORECASE).search(text, at)
            at = begin = close.start() if close else len(text)
    yield False, "", html.unescape(text[begin:])
