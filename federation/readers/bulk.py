"""The even middle of a large delimited file, parsed by Arrow, only where that is provably what our own parser gives.

Conditions, all checked: UTF-8 without NUL, one-byte delimiter, quotes opened and closed only at field edges, no
lone CR, no blank line, records of the expected width but for a few, no row without content, no second header.
Where one fails, `parse` answers None and the caller parses the whole file with `records.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from federation.readers.finder import Line
from federation.readers.records import Dialect, records

#: So many records may have another width than the rest before the file is called uneven.
MAX_ODD = 1_000
_BLOCK = 8 << 20
_STEP = 16 << 20


@dataclass(frozen=True, slots=True)
class Bulk:
    """Records in order: `data` has string columns `0`, `1` ... with empty cells null; `numbers` their first lines.

    `odd` are those of another width than the rest; they stand in `data` as well.
    """

    data: pa.Table
    numbers: pa.Int64Array
    odd: list[Line]


def suits(dialect: Dialect, encoding: str) -> bool:
    """Whether a file in this dialect may be given to Arrow at all."""
    plain = len(dialect.delimiter) == 1 and dialect.delimiter != " " and not dialect.spaced
    return encoding == "utf-8" and plain and not dialect.escape and dialect.quote == '"'


def boundary(body: memoryview, wanted: int) -> int | None:
    """The start of a line at or before `wanted` that is outside of quotes, so that a record begins there."""
    window = bytes(body[max(0, wanted - _BLOCK) : wanted])
    quotes = count(body[: wanted - len(window)], b'"')
    at = window.rfind(b"\n")
    while at >= 0:
        if (quotes + window.count(b'"', 0, at)) % 2 == 0:
            return wanted - len(window) + at + 1
        at = window.rfind(b"\n", 0, at)
    return None


def parse(body: memoryview, first_line: int, dialect: Dialect, width: int, header: Sequence[str]) -> Bulk | None:
    """The records of `body`, which begins at a record and ends behind one; None where any condition fails."""
    quotes = _sound(body, dialect)
    if quotes is None:
        return None
    refused: list[tuple[int, str]] = []
    try:
        data = _arrow(body, dialect, width, refused, quoted=quotes > 0)
        if data is None:  # Arrow numbers what it refuses only on one thread
            refused.clear()
            data = _arrow(body, dialect, width, refused, quoted=quotes > 0, numbered=True)
    except pa.ArrowInvalid:
        return None
    odd = _odd_lines(refused, dialect, width)
    if data is None or odd is None:
        return None
    data = _spliced(data, odd, width)
    numbers, lines = _numbers(data, first_line, quoted=quotes > 0)
    if lines != count(body, b"\n") or _has_blank(data) or _has_header(data, header):
        return None
    return Bulk(data, numbers, [Line(numbers[at].as_py(), cells) for at, cells in odd])


def _arrow(
    body: memoryview,
    dialect: Dialect,
    width: int,
    refused: list[tuple[int, str]],
    *,
    quoted: bool,
    numbered: bool = False,
) -> pa.Table | None:
    """The records of the expected width; the others go to `refused` by index where `numbered`, else None comes back."""
    seen = 0

    def refuse(row: arrow_csv.InvalidRow) -> str:
        nonlocal seen
        seen += 1
        if not numbered or seen > MAX_ODD:
            return "error"
        refused.append((row.number - 1, row.text))
        return "skip"

    names = [str(i) for i in range(width)]
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=not numbered),
            parse_options=arrow_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if quoted else False,
                double_quote=True,
                escape_char=False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=refuse,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        if seen and not numbered:
            return None
        raise


def _odd_lines(refused: Sequence[tuple[int, str]], dialect: Dialect, width: int) -> list[tuple[int, list[str]]] | None:
    """The cells of the records of another width, by our own parser; None where they might be more than strays."""
    out: list[tuple[int, list[str]]] = []
    for at, text in refused:
        parsed = list(records(text, dialect, width))
        if len(parsed) != 1 or parsed[0].flaw or not any(cell.strip() for cell in parsed[0].cells):
            return None
        out.append((at, parsed[0].cells))
    places = [at for at, _ in out]
    together = any(third - first == 2 for first, third in zip(places, places[2:], strict=False))
    return None if together else out


def _spliced(data: pa.Table, odd: Sequence[tuple[int, list[str]]], width: int) -> pa.Table:
    """The table with the odd records put back where they stood, made wider where one of them is longer."""
    if not odd:
        return data
    reach = max(width, *(max((i + 1 for i, cell in enumerate(cells) if cell.strip()), default=0) for _, cells in odd))
    for i in range(width, reach):
        data = data.append_column(str(i), pa.nulls(data.num_rows, pa.string()))
    parts: list[pa.Table] = []
    taken = 0
    for before, (at, cells) in enumerate(odd):
        parts.append(data.slice(taken, at - before - taken))
        taken = at - before
        whole = [cells[i] if i < len(cells) and cells[i] else None for i in range(reach)]
        parts.append(pa.table({str(i): pa.array([cell], pa.string()) for i, cell in enumerate(whole)}))
    parts.append(data.slice(taken))
    return pa.concat_tables(parts)


def count(body: memoryview, what: bytes) -> int:
    """How often one or two bytes occur, piece by piece."""
    total = 0
    for start in range(0, len(body), _STEP):
        # One byte more than a step, so that a pair across the seam is seen; a single byte there is counted once.
        total += bytes(body[start : start + _STEP + len(what) - 1]).count(what)
    return total


def _sound(body: memoryview, dialect: Dialect) -> int | None:
    """How many quotes there are, or None where the bytes hold something that two parsers may read differently.

    A run of quotes between two ordinary characters must be even (doubled quotes inside a field); a run
    behind a field's edge and before an ordinary character must be odd (it opens the field); a run
    before an edge closes. Pieces overlap by a run's length, so that no run is cut in two unseen.
    """
    total = 0
    overlap = 64
    for start in range(0, len(body), _STEP):
        chars = np.frombuffer(body[max(0, start - overlap) : start + _STEP + overlap], dtype=np.uint8)
        if not _plain_ends(chars):
            return None
        marks = np.flatnonzero(chars == ord('"'))
        if marks.size:
            total += int(np.count_nonzero(np.frombuffer(body[start : start + _STEP], dtype=np.uint8) == ord('"')))
            if not _runs_sound(chars, marks, ord(dialect.delimiter)):
                return None
    return total if total % 2 == 0 else None


def _plain_ends(chars: npt.NDArray[np.uint8]) -> bool:
    """Whether no NUL, no lone CR and no blank line is in it."""
    returns = np.flatnonzero(chars == 13)
    if returns.size:
        inner = returns[returns + 1 < chars.size]
        if np.any(chars[inner + 1] != 10):
            return False
    feeds = np.flatnonzero(chars == 10)
    before = feeds[feeds > 0] - 1
    before = np.where(chars[before] == 13, before - 1, before)
    before = before[before >= 0]
    return not bool(np.any(chars[before] == 10)) and not bool(np.any(chars == 0))


def _runs_sound(chars: npt.NDArray[np.uint8], marks: npt.NDArray[np.intp], delimiter: int) -> bool:
    breaks = np.flatnonzero(np.diff(marks) != 1)
    first = marks[np.concatenate(([0], breaks + 1))]
    last = marks[np.concatenate((breaks, [marks.size - 1]))]
    length = last - first + 1
    if np.any(length > 32):
        return False
    inside = (first > 0) & (last < chars.size - 1)  # runs at a piece's rim are whole in the neighbouring piece
    before = chars[np.maximum(first - 1, 0)]
    behind = chars[np.minimum(last + 1, chars.size - 1)]
    edge_before = (before == delimiter) | (before == 10) | (first == 0)
    edge_behind = (behind == delimiter) | (behind == 10) | (behind == 13) | (last == chars.size - 1)
    odd = length % 2 == 1
    stray = ~edge_before & ~edge_behind & odd
    garbage = edge_before & ~edge_behind & ~odd
    # A space before a quote may belong to the syntax or to the field: our own parser decides.
    spaced = (before == 32) & odd
    return not bool(np.any((stray | garbage | spaced) & (inside | (first == 0))))


def _numbers(data: pa.Table, first_line: int, *, quoted: bool) -> tuple[pa.Int64Array, int]:
    """The first physical line of each record, and how many lines the records take up."""
    count = data.num_rows
    if not quoted:
        return pa.array(np.arange(first_line, first_line + count, dtype=np.int64)), count
    spans = np.ones(count, dtype=np.int64)
    for column in data.columns:
        inner = pc.fill_null(pc.count_substring(column, "\n"), 0)
        spans += inner.to_numpy().astype(np.int64)
    ends = np.cumsum(spans)
    return pa.array(first_line + ends - spans), int(ends[-1]) if count else 0


def _has_blank(data: pa.Table) -> bool:
    """Whether a row has nothing in any cell but spaces."""
    blank: pa.ChunkedArray | None = None
    for column in data.columns:
        empty = pc.is_null(column) if column.null_count else None
        if empty is None or pc.any(pc.utf8_is_space(column)).as_py():
            empty = pc.fill_null(pc.utf8_is_space(column), True)
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return False
    return blank is not None and bool(pc.any(blank).as_py())


def _has_header(data: pa.Table, header: Sequence[str]) -> bool:
    """Whether a row says again what the header's first row says."""
    same: pa.ChunkedArray | None = None
    for name, column in zip(header, data.columns, strict=False):
        text = " ".join(name.split()).casefold()
        if not text or text != name.strip().casefold():
            continue
        equal = pc.fill_null(pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(column)), text), False)
        same = equal if same is None else pc.and_(same, equal)
        if not pc.any(same).as_py():
            return False
    return same is None or bool(pc.any(same).as_py())
