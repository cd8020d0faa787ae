"""The middle of a large delimited file, parsed by Arrow, only where that is provably what our own parser gives.

Conditions, all checked: UTF-8 without NUL, one-byte delimiter, quotes opened and closed only at field edges, no
lone CR, no blank line, no row without content, no second header. Where one fails, `parse` answers None and the caller
parses the whole file with `records.py`. Records of uneven width are filled up to one width before Arrow sees them.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from federation.readers.body import Body
from federation.readers.cells import Kind
from federation.readers.finder import Line, kind_row
from federation.readers.records import Dialect, records

#: A record this much wider than the header is no longer a row of the same table.
_MAX_EXTRA = 64
#: So many records whose quotes are not where they should be at first sight are looked at one by one.
_MAX_LOOKED_AT = 500_000
_BLOCK = 8 << 20
#: The type of columns in which words recur.
WORDS = pa.dictionary(pa.int32(), pa.string())
_STEP = 16 << 20


@dataclass(frozen=True, slots=True)
class Bulk:
    """Records in order: `data` has columns `0`, `1` ... of text (or `WORDS`), empty cells null; `numbers` their lines.

    `widths` says how many cells each record has in the file, None where all have the expected number; `feeds` and
    `returns` are how many lines they take up and how many of these end in CR LF.
    """

    data: pa.Table
    numbers: pa.Int64Array
    widths: npt.NDArray[np.int32] | None
    feeds: int
    returns: int

    def lines(self, indexes: Sequence[int]) -> list[Line]:
        """Some records as our own parser would give them."""
        rows = self.data.take(pa.array(indexes, pa.int64())).to_pylist()
        out: list[Line] = []
        for at, row in zip(indexes, rows, strict=True):
            cells = [cell or "" for cell in row.values()]
            width = len(cells) if self.widths is None else int(self.widths[at])
            out.append(Line(self.numbers[at].as_py(), cells[:width]))
        return out


def suits(dialect: Dialect, encoding: str) -> bool:
    """Whether a file in this dialect may be given to Arrow at all."""
    plain = len(dialect.delimiter) == 1 and dialect.delimiter != " " and not dialect.spaced
    return encoding == "utf-8" and plain and not dialect.escape and dialect.quote == '"'


def boundary(body: Body, wanted: int) -> int | None:
    """The start of a line at or before `wanted` that is outside of quotes, so that a record begins there."""
    window = body[max(0, wanted - _BLOCK) : wanted]
    quotes = count(body.part(0, wanted - len(window)), b'"')
    at = window.rfind(b"\n")
    while at >= 0:
        if (quotes + window.count(b'"', 0, at)) % 2 == 0:
            return wanted - len(window) + at + 1
        at = window.rfind(b"\n", 0, at)
    return None


def parse(text: Body, first_line: int, dialect: Dialect, width: int, header: Sequence[str]) -> Bulk | None:
    """The records of `body`, which begins at a record and ends behind one; None where any condition fails."""
    body = memoryview(text[:])
    quotes = sound(body, dialect)
    if quotes is None:
        return None
    feeds, returns = count(text, b"\n"), count(text, b"\r")
    try:
        data = arrow(body, dialect, width, quoted=quotes > 0)
        at, lines = numbers(data, first_line, quoted=quotes > 0)
        done = Bulk(data, at, None, feeds, returns)
    except pa.ArrowInvalid:
        uneven = _uneven(body, first_line, dialect, width)
        if uneven is None:
            return None
        done, lines = replace(uneven[0], feeds=feeds, returns=returns), uneven[1]
    if lines != feeds or has_blank(done.data) or has_header(done.data, header):
        return None
    return done


def arrow(
    body: memoryview | bytes,
    dialect: Dialect,
    width: int,
    *,
    quoted: bool,
    words: Collection[int] = (),
    threads: bool = True,
) -> pa.Table:
    """The records, all of which have this width; `ArrowInvalid` where one has not.

    The cells of the columns in `words` are numbers into a dictionary.
    """
    names = [str(i) for i in range(width)]
    types = {name: WORDS if i in words else pa.string() for i, name in enumerate(names)}
    return arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=threads),
        parse_options=arrow_csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char='"' if quoted else False,
            double_quote=True,
            escape_char=False,
            newlines_in_values=quoted,
            ignore_empty_lines=False,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _uneven(body: memoryview, first_line: int, dialect: Dialect, width: int) -> tuple[Bulk, int] | None:
    """Records of any width, piece by piece, and how many lines they take up; None where they may be several tables."""
    pieces: list[pa.Table] = []
    widths: list[npt.NDArray[np.int32]] = []
    numbers: list[npt.NDArray[np.int64]] = []
    at, line, looked_at = 0, first_line, 0
    while at < len(body):
        piece = _piece(body, at, line, dialect)
        if piece is None or int(piece.widths.max()) > width + _MAX_EXTRA:
            return None
        odd = np.flatnonzero((piece.widths != width) & piece.quoted)
        looked_at += odd.size
        if looked_at > _MAX_LOOKED_AT or not all(
            _plainly_read(piece.record(body, int(i)), dialect, width) for i in odd
        ):
            return None
        quoted = bool(piece.quoted.any())
        pieces.append(arrow(piece.filled(body, dialect), dialect, int(piece.widths.max()), quoted=quoted))
        if pieces[-1].num_rows != len(piece.widths):
            return None
        widths.append(piece.widths)
        numbers.append(piece.numbers)
        at, line = piece.start + int(piece.ends[-1]), piece.next_line
    reach = max(piece.num_columns for piece in pieces)
    wide = pa.schema([(str(i), pa.string()) for i in range(reach)])
    data = pa.concat_tables([wide.empty_table(), *pieces], promote_options="default")
    done = Bulk(data, pa.array(np.concatenate(numbers)), np.concatenate(widths), line - first_line, 0)
    return None if _changes_width(done) else (done, line - first_line)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Whole records of a text: where each ends (behind its line end, from `start`), its width, line, and quotes."""

    start: int
    ends: npt.NDArray[np.int64]
    widths: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int64]
    next_line: int
    quoted: npt.NDArray[np.bool_]

    def record(self, body: memoryview, i: int) -> bytes:
        """The text of one record."""
        begin = int(self.ends[i - 1]) if i else 0
        return bytes(body[self.start + begin : self.start + int(self.ends[i])])

    def filled(self, body: memoryview, dialect: Dialect) -> bytes:
        """The text with delimiters put behind short records, so that all are as wide as the widest."""
        chars = np.frombuffer(body[self.start : self.start + int(self.ends[-1])], dtype=np.uint8)
        missing = int(self.widths.max()) - self.widths
        behind = self.ends - 1
        behind = np.where(chars[np.maximum(behind - 1, 0)] == 13, behind - 1, behind)
        return bytes(np.insert(chars, np.repeat(behind, missing), ord(dialect.delimiter)))


def _piece(body: memoryview, start: int, line: int, dialect: Dialect) -> _Piece | None:
    """The records of the next so many bytes; None where a record is longer than that."""
    chars = np.frombuffer(body[start : start + _STEP], dtype=np.uint8)
    marks = np.flatnonzero(chars == ord('"'))
    feeds = np.flatnonzero(chars == 10)
    delimiters = np.flatnonzero(chars == ord(dialect.delimiter))
    if marks.size:  # a byte behind an odd number of quotes stands inside of a field
        outer = np.searchsorted(marks, feeds) % 2 == 0
        delimiters = delimiters[np.searchsorted(marks, delimiters) % 2 == 0]
    else:
        outer = np.ones(feeds.size, dtype=np.bool_)
    ends = feeds[outer]
    if not ends.size:
        return None
    delimiters = delimiters[delimiters < ends[-1]]
    widths = np.bincount(np.searchsorted(ends, delimiters), minlength=ends.size) + 1
    behind = np.flatnonzero(outer) + 1  # how many lines each record and those before it take up
    first = np.concatenate(([0], behind[:-1])) + line
    quoted = np.bincount(np.searchsorted(ends, marks[marks < ends[-1]]), minlength=ends.size) > 0
    return _Piece(start, ends + 1, widths.astype(np.int32), first.astype(np.int64), line + int(behind[-1]), quoted)


def _plainly_read(text: bytes, dialect: Dialect, width: int) -> bool:
    """Whether our own parser finds nothing to repair in a record of another width than expected."""
    parsed = list(records(text.decode("utf-8", "replace"), dialect, width))
    return len(parsed) == 1 and not parsed[0].flaw and len(parsed[0].cells) != width


def _changes_width(done: Bulk) -> bool:
    """Whether rows change their width for good behind a row of words: there another table may begin (`finder`)."""
    widths = done.widths
    if widths is None or widths.size < 3:
        return False
    after = np.concatenate((widths, np.full(3, -1, dtype=np.int32)))  # beyond the end anything may follow
    here = after[2 : widths.size]
    at = (here != widths[1:-1]) & (widths[1:-1] == widths[:-2]) & (here >= 2)
    for step in (1, 2, 3):
        following = after[2 + step : widths.size + step]
        at &= (following == here) | (following < 0)
    where: list[int] = (np.flatnonzero(at) + 2).tolist()
    return any(kind_row(row) <= {Kind.TEXT} for row in done.lines(where) if row.filled >= 2)


def count(body: Body, what: bytes) -> int:
    """How often one or two bytes occur, piece by piece."""
    total = 0
    for start in range(0, len(body), _STEP):
        # One byte more than a step, so that a pair across the seam is seen; a single byte there is counted once.
        total += body[start : start + _STEP + len(what) - 1].count(what)
    return total


def sound(body: memoryview, dialect: Dialect) -> int | None:
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


def numbers(data: pa.Table, first_line: int, *, quoted: bool) -> tuple[pa.Int64Array, int]:
    """The first physical line of each record, and how many lines the records take up."""
    count = data.num_rows
    if not quoted:
        return pa.array(np.arange(first_line, first_line + count, dtype=np.int64)), count
    spans = np.ones(count, dtype=np.int64)
    for column in data.columns:
        inner = pc.fill_null(each(column, lambda cells: pc.count_substring(cells, "\n")), 0)
        spans += inner.to_numpy().astype(np.int64)
    ends = np.cumsum(spans)
    return pa.array(first_line + ends - spans), int(ends[-1]) if count else 0


def each(column: pa.ChunkedArray, look: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """What is said of each cell; where words recur it is asked of each word once."""
    if not pa.types.is_dictionary(column.type):
        return pa.chunked_array([look(chunk) for chunk in column.chunks or [pa.array([], pa.string())]])
    said: list[pa.Array] = []
    last: pa.Array | None = None
    for chunk in column.chunks or [pa.array([], column.type)]:
        if last is None or not chunk.dictionary.equals(last):
            last, found = chunk.dictionary, look(chunk.dictionary)
        said.append(found.take(chunk.indices))
    return pa.chunked_array(said)


def has_blank(data: pa.Table) -> bool:
    """Whether a row has nothing in any cell but spaces."""
    blank: pa.ChunkedArray | None = None
    for column in data.columns:
        space = each(column, pc.utf8_is_space)
        if column.null_count == 0 and not pc.any(space).as_py():
            return False
        empty = pc.fill_null(space, True)
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank).as_py():
            return False
    return blank is not None and bool(pc.any(blank).as_py())


def has_header(data: pa.Table, header: Sequence[str]) -> bool:
    """Whether a row says again what the header's first row says."""
    same: pa.ChunkedArray | None = None
    for name, column in zip(header, data.columns, strict=False):
        text = " ".join(name.split()).casefold()
        if not text or text != name.strip().casefold():
            continue
        equal = pc.fill_null(each(column, partial(_says, text)), False)
        same = equal if same is None else pc.and_(same, equal)
        if not pc.any(same).as_py():
            return False
    return same is None or bool(pc.any(same).as_py())


def _says(text: str, cells: pa.Array) -> pa.Array:
    return pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), text)
