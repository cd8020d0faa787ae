"""Delimited text to records, by our own rules: strict where the text is, lenient where a person still sees the table.

A quoted field follows RFC 4180 (doubled quotes, record ends inside). Where that does not come out, a quote
closes only before a delimiter or the record's end; where that fails too, quotes are read as plain characters.
Which dialect to use is decided in `dialect.py`, where the table begins and ends in `finder.py`.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

#: A quoted field may run over this many physical lines before we say that its quote never closed.
MAX_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Dialect:
    """The syntax of a delimited text; `delimiter` is empty where the file has one column only."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    #: One space behind every delimiter belongs to the syntax (`a, b, c`).
    spaced: bool = False


@dataclass(slots=True)
class Record:
    """One record: its first physical line (from 1), its cells, and what was wrong with it.

    `flaw` is empty, `quote` (its quotes were repaired), `literal` (a quote never closed and was read as a
    plain character, which made the record whole) or `unclosed` (that did not make it whole).
    """

    line: int
    cells: list[str]
    flaw: str = ""


def physical_lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, whichever of LF, CRLF and CR they have."""
    yield from io.StringIO(text, newline="")


def _body(line: str) -> str:
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line[:-1] if line.endswith("\r") else line


def strict(text: str, dialect: Dialect) -> tuple[list[str], bool, bool]:
    """The cells of one record by RFC 4180; whether its quotes were all in order; whether all were closed."""
    quote, delimiter, escape = dialect.quote, dialect.delimiter, dialect.escape
    step, end = len(delimiter), len(text)
    skips = delimiter != " "
    cells: list[str] = []
    sound = True
    at = 0
    while True:
        start = at
        if skips:
            while start < end and text[start] == " ":
                start += 1
        if text[start : start + 1] == quote:
            value, after, closed = _quoted(text, start + 1, quote, escape)
            if not closed:
                cells.append(value)
                return cells, False, False
            behind = after
            if skips:
                while behind < end and text[behind] == " ":
                    behind += 1
            if behind >= end:
                cells.append(value)
                return cells, sound, True
            if step and text.startswith(delimiter, behind):
                cells.append(value)
                at = behind + step
                continue
            sound = False
        value, at = _plain(text, at, dialect)
        cells.append(value[1:] if dialect.spaced and cells and value[:1] == " " else value)
        if at < 0:
            return cells, sound, True


def _quoted(text: str, at: int, quote: str, escape: str) -> tuple[str, int, bool]:
    """The value of a quoted field whose text begins at `at`, where it ends, and whether its quote closed."""
    parts: list[str] = []
    begin = at
    while True:
        close = text.find(quote, at)
        if escape:
            mark = text.find(escape, at, close if close >= 0 else len(text))
            if mark >= 0:
                follower = text[mark + 1 : mark + 2]
                if follower in (quote, escape) and follower:
                    parts.append(text[begin:mark] + follower)
                    begin = at = mark + 2
                else:
                    at = mark + 1
                continue
        if close < 0:
            return "".join(parts) + text[begin:], len(text), False
        if text.startswith(quote, close + 1):
            parts.append(text[begin : close + 1])
            begin = at = close + 2
            continue
        return "".join(parts) + text[begin:close], close + 1, True


def _plain(text: str, at: int, dialect: Dialect) -> tuple[str, int]:
    """An unquoted field and where the next one begins, -1 at the record's end."""
    delimiter, escape = dialect.delimiter, dialect.escape
    if not delimiter:
        return text[at:], -1
    parts: list[str] = []
    begin = at
    while True:
        stop = text.find(delimiter, at)
        mark = text.find(escape, at, stop if stop >= 0 else len(text)) if escape else -1
        if mark >= 0:
            follower = text[mark + 1 : mark + 2]
            if follower and follower in (delimiter, escape, dialect.quote):
                parts.append(text[begin:mark] + follower)
                begin = mark + 2
                at = begin
            else:
                at = mark + 1
            continue
        if stop < 0:
            return "".join(parts) + text[begin:], -1
        return "".join(parts) + text[begin:stop], stop + len(delimiter)


def lenient(text: str, dialect: Dialect) -> tuple[list[str], bool]:
    """The cells of a record whose quotes were not doubled: a quote closes only before a delimiter or the end."""
    quote, delimiter = dialect.quote, dialect.delimiter
    if not delimiter:
        return [text], True
    cells: list[str] = []
    at, end = 0, len(text)
    while True:
        start = at
        while delimiter != " " and start < end and text[start] == " ":
            start += 1
        if text[start : start + 1] == quote:
            close = text.find(quote, start + 1)
            while close >= 0 and close + 1 < end and not text.startswith(delimiter, close + 1):
                close = text.find(quote, close + 1)
            if close < 0:
                return cells, False
            value = text[start + 1 : close].replace(quote * 2, quote)
            if dialect.escape:
                value = value.replace(dialect.escape + quote, quote)
            cells.append(value)
            if close + 1 >= end:
                return cells, True
            at = close + 1 + len(delimiter)
            continue
        stop = text.find(delimiter, at)
        value = text[at:] if stop < 0 else text[at:stop]
        cells.append(value[1:] if dialect.spaced and cells and value[:1] == " " else value)
        if stop < 0:
            return cells, True
        at = stop + len(delimiter)


def _literal(text: str, dialect: Dialect) -> list[str]:
    if not dialect.delimiter:
        return [text]
    cells = text.split(dialect.delimiter)
    return [cells[0], *(c[1:] if c[:1] == " " else c for c in cells[1:])] if dialect.spaced else cells


def _settle(text: str, dialect: Dialect, width: int | None, line: int) -> Record:
    """The best reading of one record's text whose quotes all close, or that is one physical line."""
    cells, sound, closed = strict(text, dialect)
    if sound and (width is None or len(cells) == width):
        return Record(line, cells)
    other, whole = lenient(text, dialect)
    if whole and (width is None or len(other) == width):
        return Record(line, other, "quote")
    if width is not None and not sound:
        literal = _literal(text, dialect)
        if len(literal) == width:
            return Record(line, literal, "quote" if closed else "literal")
    if not closed:
        return Record(line, _literal(text, dialect), "unclosed")
    return Record(line, cells if sound or not whole else other, "" if sound else "quote")


def records(text: str, dialect: Dialect, width: int | None = None, first_line: int = 1) -> Iterator[Record]:
    """The records of a text in order, blank lines as records without cells; nothing is left out.

    Args:
        text: the whole text or a part of it that begins at a record.
        dialect: its syntax.
        width: how many cells a sound record has, where that is known: it decides between readings.
        first_line: the physical line that the text begins on.
    """
    quote, escape = dialect.quote, dialect.escape
    lines = list(physical_lines(text))
    at, total = 0, len(lines)
    while at < total:
        raw = lines[at]
        body = _body(raw)
        here = at + first_line
        at += 1
        if not body:
            record = Record(here, [])
        elif (not quote or quote not in body) and not (escape and escape in body):
            record = Record(here, _literal(body, dialect))
        elif not quote or strict(body, dialect)[2]:
            record = _settle(body, dialect, width, here)
        else:
            joined = _over_lines(lines, at, raw, dialect)
            record = Record(here, joined[0]) if joined else _settle(body, dialect, width, here)
            if joined and width is not None and len(joined[0]) != width:
                # A stray quote may have swallowed lines up to the next one: a reading that fits goes first.
                alone = _settle(body, dialect, width, here)
                record = alone if len(alone.cells) == width else record
            if joined and record.cells is joined[0]:
                at = joined[1]
        yield record


def _over_lines(lines: list[str], at: int, first: str, dialect: Dialect) -> tuple[list[str], int] | None:
    """The cells of a record that runs on over the next lines and the index behind it; None where it does not."""
    parts = [first]
    for n in range(at, min(at + MAX_LINES, len(lines))):
        parts.append(lines[n])
        if dialect.quote not in lines[n]:
            continue
        cells, sound, closed = strict(_body("".join(parts)), dialect)
        if closed:
            return (cells, n + 1) if sound else None
    return None
