"""The middle of a large delimited file, parsed by Arrow piece by piece on two threads, never held as a whole.

Each piece is whole records and meets the conditions of `bulk.py`; where one does not, `bulk.parse` says what becomes of
the whole. Columns in which words recur are kept as numbers into a dictionary, which is a fraction of their text.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from federation.readers import bulk
from federation.readers.body import Body
from federation.readers.bulk import WORDS, Bulk
from federation.readers.records import Dialect

STEP = 8 << 20
_THREADS = 2


@dataclass(frozen=True, slots=True)
class _Piece:
    """The records of some bytes, their first lines counted from 0, how many lines there are, and carriage returns."""

    data: pa.Table
    numbers: npt.NDArray[np.int64]
    lines: int
    returns: int


def parse(
    body: Body, first_line: int, dialect: Dialect, width: int, header: Sequence[str], *, step: int = STEP
) -> Bulk | None:
    """As `bulk.parse`, about `step` bytes at once."""
    pieces = _parsed(body, dialect, width, header, step) if len(body) > step else None
    if pieces is None:
        return bulk.parse(body, first_line, dialect, width, header)
    starts = np.cumsum([0, *(piece.lines for piece in pieces)]) + first_line
    numbers = pa.array(np.concatenate([p.numbers + start for p, start in zip(pieces, starts, strict=False)]))
    lines, returns = sum(piece.lines for piece in pieces), sum(piece.returns for piece in pieces)
    data = pa.concat_tables([piece.data for piece in pieces])
    pieces.clear()  # so that of each column only one kind of numbers is there at a time
    for i, name in enumerate(data.schema.names):
        data = data.set_column(i, name, data.column(i).unify_dictionaries())
    return Bulk(data, numbers, None, lines, returns)


def _parsed(body: Body, dialect: Dialect, width: int, header: Sequence[str], step: int) -> list[_Piece] | None:
    pieces: list[_Piece] = []
    coming: deque[Future[_Piece | None]] = deque()
    texts = _texts(body, step)
    words: frozenset[int] = frozenset()
    with ThreadPoolExecutor(_THREADS) as pool:
        while True:
            while len(coming) < (_THREADS if pieces else 1) and (text := next(texts, None)) is not None:
                coming.append(pool.submit(_piece, text, dialect, width, header, words))
            if not coming:
                return pieces
            piece = coming.popleft().result()
            if piece is None:
                for future in coming:
                    future.cancel()
                return None
            if not pieces:
                words = _recurring(piece.data)
                piece = replace(piece, data=_encoded(piece.data, words))
            pieces.append(piece)
            pa.default_memory_pool().release_unused()


def _texts(body: Body, step: int) -> Iterator[memoryview]:
    """The text in pieces of whole records; a record longer than a step goes with what follows."""
    start = 0
    while start < len(body):
        reach = step
        while True:
            text = body[start : start + reach]
            end = len(text) if start + reach >= len(body) else _end(text)
            if end:
                break
            reach += step
        yield memoryview(text)[:end]
        start += end


def _end(text: bytes) -> int:
    """Where the last record that is whole ends."""
    quotes, at = text.count(b'"'), text.rfind(b"\n")
    while at >= 0 and quotes and text.count(b'"', 0, at) % 2:
        at = text.rfind(b"\n", 0, at)
    return at + 1


def _piece(
    body: memoryview, dialect: Dialect, width: int, header: Sequence[str], words: frozenset[int]
) -> _Piece | None:
    """The records of some bytes; None where they are not plain and even."""
    quotes = bulk.sound(body, dialect)
    if quotes is None:
        return None
    try:
        data = bulk.arrow(body, dialect, width, quoted=quotes > 0, words=words, threads=False)
    except pa.ArrowInvalid:
        return None
    numbers, lines = bulk.numbers(data, 0, quoted=quotes > 0)
    chars = np.frombuffer(body, np.uint8)
    feeds, returns = (int(np.count_nonzero(chars == ord(c))) for c in "\n\r")
    if lines != feeds or bulk.has_blank(data) or bulk.has_header(data, header):
        return None
    return _Piece(data, numbers.to_numpy(), lines, returns)


def _recurring(data: pa.Table) -> frozenset[int]:
    """The columns in which most cells are like another."""
    half = data.num_rows // 2
    return frozenset(i for i, column in enumerate(data.columns) if pc.count_distinct(column).as_py() <= half)


def _encoded(data: pa.Table, words: frozenset[int]) -> pa.Table:
    for i in words:
        data = data.set_column(i, data.schema.names[i], data.column(i).dictionary_encode().cast(WORDS))
    return data
