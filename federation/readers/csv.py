"""CSV and its kin (semicolons, tabs, pipes, spaces): decoded, its dialect found, its tables found.

A large file is read in three parts: its beginning and end by our own parser, the even middle in bulk
(`bulk.py`); where the middle is not even, all of it by our own parser. Both ways give the same table.
"""

from dataclasses import dataclass, field
from pathlib import Path

from core.table import Note, Place, TextTable
from federation.readers import bulk, decode, dialect, pieces
from federation.readers.beside import may_be as may_stand_beside
from federation.readers.beside import parts as beside_each_other
from federation.readers.body import Body
from federation.readers.build import build, build_bulk, some
from federation.readers.errors import FieldTooLarge, FileEmpty, QuoteUnclosed, TooManyColumns
from federation.readers.finder import Found, Line, find
from federation.readers.records import Dialect, Record, physical_lines, records
from federation.readers.result import ReadLimits
from federation.readers.words import join_words

_SAMPLE = 128 * 1024
_TAIL = 64 * 1024
#: A text of nothing else is an empty sheet that somebody saved.
_NO_CONTENT = ',;\t|" \r\n\f\v\u00a0'
#: From this size on the middle is parsed in bulk; below, our own parser is as fast.
BULK_FROM = 1 << 20


@dataclass(slots=True)
class _Parsed:
    """Lines of a text and what was wrong with some: remarks, lines repaired, records never closed."""

    lines: list[Line] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    unclosed: list[Record] = field(default_factory=list)
    literal: int = 0  # the last line whose open quote was read as a plain character


def read_csv(
    path: Path,
    name: str,
    place: Place,
    limits: ReadLimits,
    bulk_from: int = BULK_FROM,
    *,
    step: int = pieces.STEP,
) -> tuple[list[TextTable], list[Note]]:
    """The tables of a delimited text file and remarks about the file.

    Raises:
        FileEmpty, FieldTooLarge, TooManyColumns, TooManyRows, QuoteUnclosed: with the place.
    """
    if path.stat().st_size >= max(bulk_from, 1):
        done = _read_large(path, name, place, limits, step=step)
        if done is not None:
            return done
    raw = path.read_bytes()
    encoding = decode.detect(raw)
    text, notes = decode.decode(raw, encoding)
    del raw
    if not text[:_SAMPLE].strip(_NO_CONTENT) and not text.strip(_NO_CONTENT):
        raise FileEmpty(place)
    if encoding.name != "utf-8" and len(text) >= bulk_from:
        done = _read_bulk(Body.of(text.encode()), name, place, limits, _said(encoding))
        if done is not None:
            return done[0], [*notes, *done[1]]
    return _read_whole(text, name, place, limits, encoding=_said(encoding), notes=notes)


def _read_large(
    path: Path, name: str, place: Place, limits: ReadLimits, *, step: int
) -> tuple[list[TextTable], list[Note]] | None:
    """One large even table of a UTF-8 file, read where it lies; None of anything else."""
    with path.open("rb") as file:
        body = Body.of_file(file)
        encoding = decode.detect(body)
        if encoding.name != "utf-8" or decode.marked_within(body, encoding.mark):
            return None
        return _read_bulk(body.part(encoding.mark), name, place, limits, _said(encoding), step=step)


def _said(encoding: decode.Encoding) -> str:
    return encoding.name + ("-sig" if encoding.mark and encoding.name == "utf-8" else "")


def _described(syntax: Dialect, encoding: str, newline: str) -> dict[str, str]:
    return {
        "encoding": encoding,
        "delimiter": syntax.delimiter + (" " if syntax.spaced else ""),
        "quote": syntax.quote,
        "escape": syntax.escape,
        "newline": newline,
    }


def _read_whole(
    text: str, name: str, place: Place, limits: ReadLimits, *, encoding: str, notes: list[Note]
) -> tuple[list[TextTable], list[Note]]:
    """All of a text by our own parser."""
    newline, remark = _newlines(text.count("\r\r\n"), text.count("\r\n"), text.count("\n"), text.count("\r"))
    if remark:
        notes.append(remark)
    if newline == "\r\r\n":
        text, newline = text.replace("\r\r\n", "\n"), "\r\n"
    guess = dialect.detect(_head(text))
    if guess.width == 1 and (plain := _unwrapped(text)) is not None:
        text, guess = plain, dialect.detect(_head(plain))
        notes.append(Note("reader.lines_unquoted"))
    width = guess.width if guess.width > 1 else None
    parsed = _parse(text, guess.dialect, place, limits, width=width)
    if dialect.SEP.match(text):
        parsed.lines[0] = Line(1, [])  # it is for the program, not for a person
    remarks = _remarks(parsed, width, place, limits, ended=text.endswith(("\n", "\r")))
    if guess.dialect.delimiter == " " and width and not parsed.repaired and not parsed.unclosed:
        joined = join_words(text, parsed.lines, width)
        remarks += [joined] if joined else []
    said = _described(guess.dialect, encoding, newline)
    tables: list[TextTable] = []
    beside = beside_each_other(parsed.lines, ())
    if len(beside) > 1:
        remarks.append(Note("reader.tables_beside", {"count": str(len(beside))}))
    found = (table for part, _ in beside for table in find(part, even=len(beside) > 1))
    for i, table in enumerate(found):
        here = Place(place.file, place.member, None, table.number)
        tables.append(build(table, some(name, i), here, limits, dialect=said, notes=remarks if i == 0 else ()))
    return tables, notes


def _unwrapped(text: str) -> str | None:
    """A text whose every line was quoted as a whole, without those quotes; None unless that makes it a table.

    A spreadsheet set to another delimiter opens a CSV as one column and saves it so.
    """
    head = [line.rstrip("\r\n") for line in physical_lines(_head(text))]
    filled = [line for line in head if line]
    if len(filled) < 2 or not all(len(line) > 1 and line[0] == line[-1] == '"' for line in filled):
        return None
    out: list[str] = []
    for line in physical_lines(text):
        body = line.rstrip("\r\n")
        wrapped = len(body) > 1 and body[0] == body[-1] == '"'
        out.append(body[1:-1].replace('""', '"') + line[len(body) :] if wrapped else line)
    plain = "".join(out)
    guess = dialect.detect(_head(plain))
    widths = {len(record.cells) for record in records(_head(plain), guess.dialect, guess.width) if record.cells}
    return plain if guess.width > 1 and widths == {guess.width} else None  # sentences with commas are uneven


def _read_bulk(
    body: Body, name: str, place: Place, limits: ReadLimits, encoding: str, *, step: int = pieces.STEP
) -> tuple[list[TextTable], list[Note]] | None:
    """One large even table; None where the file is anything else."""
    head = _head(body[: _SAMPLE + 4].decode("utf-8", "ignore"))
    guess = dialect.detect(head)
    end = bulk.boundary(body, len(body) - _TAIL)
    if guess.width < 2 or end is None or not bulk.suits(guess.dialect, "utf-8") or dialect.SEP.match(head):
        return None
    top = _parse(head, guess.dialect, place, limits, width=guess.width)
    if top.repaired or top.unclosed:
        return None
    if may_stand_beside(top.lines):
        return None
    first = _single(find(top.lines))
    if first is None or first.header is None or not first.rows or first.footnotes:
        return None
    if len(first.header) != guess.width:  # then every row is short or long, which is said row by row
        return None
    start = len("".join(list(physical_lines(head))[: first.rows[0].number - 1]).encode())
    header_row = next(line for line in top.lines if line.number >= first.number and line.filled >= 2)
    middle = pieces.parse(
        body.part(start, end), first.rows[0].number, guess.dialect, guess.width, header_row.cells, step=step
    )
    if middle is None or start >= end:
        return None
    behind = first.rows[0].number + middle.feeds
    rest, notes = decode.decode(body[end:], decode.Encoding("utf-8"))
    bottom = _parse(rest, guess.dialect, place, limits, width=guess.width, first_line=behind)
    # A few rows from before the seam: whether another table begins behind it depends on them.
    seam = middle.lines(range(max(0, middle.data.num_rows - 8), middle.data.num_rows))
    above = [line for line in top.lines if line.number < seam[0].number] if seam else top.lines
    table = _single(find(above + seam + bottom.lines))
    if table is None or table.header != first.header:
        return None
    table.rows = [line for line in table.rows if line.number >= behind]
    around = body[:start], body[end:]
    both = middle.returns + sum(text.count(b"\r\n") for text in around)
    feeds = middle.feeds + sum(text.count(b"\n") for text in around)
    newline, remark = _newlines(0, both, feeds, both)
    remarks = _remarks(bottom, guess.width, place, limits, ended=body[-1:] == b"\n")
    here = Place(place.file, place.member, None, table.number)
    said = _described(guess.dialect, encoding, newline)
    return [build_bulk(middle, table, name, here, limits, dialect=said, notes=remarks)], [
        *notes,
        *([remark] if remark else []),
    ]


def _single(found: list[Found]) -> Found | None:
    return found[0] if len(found) == 1 else None


def _head(text: str) -> str:
    """What the dialect is decided on: the beginning, up to the end of a line."""
    if len(text) <= _SAMPLE:
        return text
    head = text[:_SAMPLE]
    cut = max(head.rfind("\n"), head.rfind("\r"))
    return head[: cut + 1] if cut > 0 else head


def _newlines(doubled: int, both: int, feeds: int, returns: int) -> tuple[str, Note | None]:
    """The record end that prevails, and a remark where several are mixed (F27)."""
    if doubled and doubled > 0.5 * both:
        return "\r\r\n", None
    kinds = {"\r\n": both, "\n": feeds - both, "\r": returns - both}
    most = max(kinds, key=lambda k: kinds[k])
    mixed = sum(1 for n in kinds.values() if n) > 1
    values = {"crlf": str(both), "lf": str(feeds - both), "cr": str(returns - both)}
    return most, Note("reader.newlines_mixed", values) if mixed else None


def _parse(
    text: str, syntax: Dialect, place: Place, limits: ReadLimits, *, width: int | None, first_line: int = 1
) -> _Parsed:
    out = _Parsed()
    for record in records(text, syntax, width, first_line):
        if len(record.cells) > limits.max_columns:
            where = Place(place.file, place.member, None, record.line)
            raise TooManyColumns(where, columns=len(record.cells), limit=limits.max_columns)
        out.lines.append(Line(record.line, record.cells))
        if record.flaw in ("quote", "literal"):
            out.repaired.append(str(record.line))
        elif record.flaw == "unclosed":
            out.unclosed.append(record)
        if record.flaw == "literal":
            out.literal = record.line
    return out


def _remarks(parsed: _Parsed, width: int | None, place: Place, limits: ReadLimits, *, ended: bool) -> list[Note]:
    """What to say about repaired quotes and a cut end; an unclosed quote before the end is an error (F21, F34)."""
    notes: list[Note] = []
    if parsed.repaired:
        notes.append(Note("reader.quotes_repaired", _rows(parsed.repaired)))
    end = next((line for line in reversed(parsed.lines) if line.cells), None)
    end_is_literal = end is not None and parsed.literal == end.number
    for record in parsed.unclosed:
        where = Place(place.file, place.member, None, record.line)
        size = max(len(cell) for cell in record.cells)
        if size > limits.field_max_bytes:
            raise FieldTooLarge(where, size=size, limit=limits.field_max_bytes)
        if end is None or record.line != end.number:
            raise QuoteUnclosed(where)
        notes.append(Note("reader.cut_short", {"row": str(record.line)}))
    short = end is not None and width is not None and 1 < len(end.cells) < width
    if end is not None and short:  # where other rows leave out their last cells too, the last one may
        alike = sum(1 for line in parsed.lines if len(line.cells) == len(end.cells) and line is not end)
        short = alike <= 0.01 * len(parsed.lines)
    if not ended and (short or end_is_literal) and end is not None and not parsed.unclosed and len(parsed.lines) > 3:
        notes.append(Note("reader.cut_short", {"row": str(end.number)}))
    return notes


def _rows(numbers: list[str]) -> dict[str, str]:
    return {"rows": ", ".join(numbers[:10]) + (" …" if len(numbers) > 10 else ""), "count": str(len(numbers))}
