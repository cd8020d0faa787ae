"""Sheets of one column whose cells are the lines of a CSV, as a program leaves it that opened it wrongly."""

from collections.abc import Sequence

from core.table import Note
from federation.readers import dialect
from federation.readers.finder import Line
from federation.readers.records import records


def split(lines: Sequence[Line]) -> tuple[list[Line], Note] | None:
    """The rows with their cells apart and a remark; None unless every cell comes apart into the same number."""
    filled = [line for line in lines if line.filled]
    if len(filled) < 2 or any(line.filled > 1 or "\n" in line.cells[line.first] for line in filled):
        return None
    if len({line.first for line in filled}) > 1:
        return None
    texts = [line.cells[line.first] for line in filled]
    guess = dialect.detect("\n".join(texts[:300]) + "\n")
    if guess.width < 2 or guess.dialect.delimiter == " ":
        return None
    rows = [next(records(text, guess.dialect, guess.width)).cells for text in texts]
    if any(len(cells) != guess.width for cells in rows):  # sentences with commas are uneven
        return None
    apart = {line.number: cells for line, cells in zip(filled, rows, strict=True)}
    note = Note("reader.cells_split", {"delimiter": guess.dialect.delimiter, "count": str(len(rows))})
    return [Line(line.number, apart.get(line.number, [])) for line in lines], note
