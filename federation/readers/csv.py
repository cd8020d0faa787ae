"""CSV and its kin (semicolons, tabs, pipes, spaces): decoded, its dialect found, its tables found."""

from pathlib import Path

from core.table import Note, Place, TextTable
from federation.readers import decode, dialect
from federation.readers.build import build
from federation.readers.errors import FieldTooLarge, FileEmpty, QuoteUnclosed, TooManyColumns
from federation.readers.finder import Line, find
from federation.readers.records import Dialect, Record, records
from federation.readers.result import ReadLimits

_SAMPLE = 128 * 1024


def read_csv(path: Path, name: str, place: Place, limits: ReadLimits) -> tuple[list[TextTable], list[Note]]:
    """The tables of a delimited text file and remarks about the file.

    Raises:
        FileEmpty, FieldTooLarge, TooManyColumns, TooManyRows, QuoteUnclosed: with the place.
    """
    raw = path.read_bytes()
    encoding = decode.detect(raw)
    text, notes = decode.decode(raw, encoding)
    del raw
    if not text.strip():
        raise FileEmpty(place)
    newline, remark = _newlines(text)
    if remark:
        notes.append(remark)
    if newline == "\r\r\n":
        text, newline = text.replace("\r\r\n", "\n"), "\r\n"
    guess = dialect.detect(sample(text))
    lines, flaws = _lines(text, guess.dialect, guess.width, place, limits)
    if guess.dialect.quote == "'":
        notes.append(Note("reader.quote_single"))
    said = {
        "encoding": encoding.name + ("-sig" if encoding.mark and encoding.name == "utf-8" else ""),
        "delimiter": guess.dialect.delimiter + (" " if guess.dialect.spaced else ""),
        "quote": guess.dialect.quote,
        "escape": guess.dialect.escape,
        "newline": newline,
    }
    tables: list[TextTable] = []
    found = find(lines)
    for i, table in enumerate(found):
        label = name if i == 0 else f"{name}#{i + 1}"
        here = Place(place.file, place.member, None, table.number)
        tables.append(build(table, label, here, limits, said, flaws if i == 0 else ()))
    return tables, notes


def sample(text: str) -> str:
    """What the dialect is decided on: the beginning, up to the end of a line."""
    head = text[:_SAMPLE]
    if len(text) <= _SAMPLE:
        return text
    cut = max(head.rfind("\n"), head.rfind("\r"))
    return head[: cut + 1] if cut > 0 else head


def _newlines(text: str) -> tuple[str, Note | None]:
    """The record end that prevails, and a remark where several are mixed (F27)."""
    doubled = text.count("\r\r\n")
    both = text.count("\r\n")
    feeds, returns = text.count("\n") - both, text.count("\r") - both
    if doubled and doubled > 0.5 * both:
        return "\r\r\n", None
    kinds = {"\r\n": both, "\n": feeds, "\r": returns}
    most = max(kinds, key=lambda k: kinds[k])
    mixed = sum(1 for n in kinds.values() if n) > 1
    values = {"crlf": str(both), "lf": str(feeds), "cr": str(returns)}
    return most, Note("reader.newlines_mixed", values) if mixed else None


def _lines(
    text: str, syntax: Dialect, width: int, place: Place, limits: ReadLimits
) -> tuple[list[Line], list[Note]]:
    lines: list[Line] = []
    repaired: list[str] = []
    unclosed: list[Record] = []
    last = 0
    for record in records(text, syntax, width if width > 1 else None):
        if len(record.cells) > limits.max_columns:
            where = Place(place.file, place.member, None, record.line)
            raise TooManyColumns(where, columns=len(record.cells), limit=limits.max_columns)
        lines.append(Line(record.line, record.cells))
        last = record.line if record.cells else last
        if record.flaw == "quote":
            repaired.append(str(record.line))
        elif record.flaw == "unclosed":
            unclosed.append(record)
    notes: list[Note] = []
    if repaired:
        shown = ", ".join(repaired[:10]) + (" …" if len(repaired) > 10 else "")
        notes.append(Note("reader.quotes_repaired", {"rows": shown, "count": str(len(repaired))}))
    for record in unclosed:
        where = Place(place.file, place.member, None, record.line)
        _check_length(record, where, limits)
        if record.line != last:
            raise QuoteUnclosed(where)
        notes.append(Note("reader.cut_short", {"row": str(record.line)}))
    if not unclosed and width > 1 and len(lines) > 3 and not text.endswith(("\n", "\r")):
        end = next(line for line in reversed(lines) if line.cells)
        if 1 < len(end.cells) < width:
            notes.append(Note("reader.cut_short", {"row": str(end.number)}))
    return lines, notes


def _check_length(record: Record, where: Place, limits: ReadLimits) -> None:
    size = max(len(cell) for cell in record.cells)
    if size > limits.field_max_bytes:
        raise FieldTooLarge(where, size=size, limit=limits.field_max_bytes)
