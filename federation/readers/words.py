"""Cells of several words in a file divided by spaces: the words are joined again where only one column can have them.

Rows that have as many cells as the others tell what each column looks like. A longer row has words of some cell apart;
they are joined only if there is exactly one column where that puts every longer row in order.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.table import Note
from federation.readers.cells import Kind, kind
from federation.readers.finder import Line
from federation.readers.records import physical_lines

_TOKEN = re.compile(r'"(?:[^"]|"")*"(?= |$)|[^ ]*')
#: At least so large a share of the rows must be in order by itself: they show what the columns look like.
_ENOUGH = 0.2


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece between two spaces and where it stands in its line."""

    text: str
    start: int
    end: int

    @property
    def quoted(self) -> bool:
        """Whether it stood in quotes."""
        return len(self.text) > 1 and self.text[0] == self.text[-1] == '"'

    @property
    def cell(self) -> str:
        """What it says."""
        return self.text[1:-1].replace('""', '"') if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class _Looks:
    """What a column's cells have in common: always quoted, always empty, or of one kind."""

    quoted: bool
    empty: bool
    kind: Kind | None

    @property
    def free(self) -> bool:
        """Whether anything may stand in it, several words included."""
        return not (self.quoted or self.empty or self.kind)

    def fits(self, token: _Token) -> bool:
        """Whether a piece may be this column's."""
        if self.quoted or self.empty:
            return not token.text or (self.quoted and token.quoted)
        return self.kind is None or kind(token.cell) in (self.kind, Kind.EMPTY)


def join_words(text: str, lines: list[Line], width: int) -> Note | None:
    """Put longer rows of a file divided by spaces in order, and say so; None, and nothing changed, where unsure."""
    raw = [line.rstrip("\r\n") for line in physical_lines(text)]
    longer = [i for i, line in enumerate(lines) if len(line.cells) > width]
    even = [_tokens(raw[line.number - 1]) for line in lines[1:] if len(line.cells) == width]
    even = [tokens for tokens in even if len(tokens) == width]
    if not longer or len(even) < max(3, _ENOUGH * len(lines)):
        return None
    looks = [_looks([tokens[i] for tokens in even]) for i in range(width)]
    rows = [_tokens(raw[lines[i].number - 1]) for i in longer]
    where = [at for at in range(width) if looks[at].free and all(_in_order(row, looks, at) for row in rows)]
    if len(where) != 1:
        return None
    [at] = where
    for i, row in zip(longer, rows, strict=True):
        number = lines[i].number
        behind = len(row) - (width - at - 1)
        joined = raw[number - 1][row[at].start : row[behind - 1].end]
        lines[i] = Line(number, [*(t.cell for t in row[:at]), joined, *(t.cell for t in row[behind:])])
    numbers = [str(lines[i].number) for i in longer]
    shown = ", ".join(numbers[:10]) + (" …" if len(numbers) > 10 else "")
    return Note("reader.words_joined", {"rows": shown, "count": str(len(numbers))})


def _tokens(line: str) -> list[_Token]:
    out: list[_Token] = []
    at = 0
    while True:
        found = _TOKEN.match(line, at)
        end = found.end() if found else at
        out.append(_Token(line[at:end], at, end))
        if end >= len(line):
            return out
        at = end + 1


def _looks(tokens: Sequence[_Token]) -> _Looks:
    filled = [token for token in tokens if token.text]
    if not filled:
        return _Looks(quoted=False, empty=True, kind=None)
    kinds = Counter(kind(token.cell) for token in filled)
    most, times = kinds.most_common(1)[0]
    typed = most if most is not Kind.TEXT and times == len(filled) else None
    return _Looks(quoted=all(token.quoted for token in filled), empty=False, kind=typed)


def _in_order(row: Sequence[_Token], looks: Sequence[_Looks], at: int) -> bool:
    """Whether a row fits where the pieces too many stand in one column, none of them quoted."""
    behind = len(row) - (len(looks) - at - 1)
    if behind <= at or any(token.quoted for token in row[at:behind]):
        return False
    left = all(look.fits(token) for look, token in zip(looks[:at], row[:at], strict=True))
    return left and all(look.fits(token) for look, token in zip(looks[at + 1 :], row[behind:], strict=True))
