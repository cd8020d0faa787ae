"""The columns of a table as they are looked at: a sample of its rows, each header also by its lower level."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa

from core import spellings as values
from core.table import TextTable
from quality.harmonise.profile import Profile
from quality.harmonise.words import Words

#: So many rows are looked at, spread over the table.
SAMPLE = 1200


def profiles(table: TextTable, words: Words, year: int) -> tuple[Profile, ...]:
    """The columns of a table, from rows spread over all of it."""
    data = table.data
    if data.num_rows > SAMPLE:
        data = data.take(pa.array(np.linspace(0, data.num_rows - 1, SAMPLE).astype(np.int64)))
    out = []
    for at, name in enumerate(table.columns):
        cells = [_meant(cell) for cell in data.column(at).to_pylist()]
        counted = Counter(cell for cell in cells if cell is not None)
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        out.append(
            Profile(
                at=at,
                header=words.header(name),
                rows=len(cells),
                spellings=tuple(spelling for spelling, _ in ordered),
                counts=np.array([count for _, count in ordered], np.int64),
                cells=cells,
                words=words,
                year=year,
            )
        )
    return _with_variants(out, words)


def _meant(cell: str | None) -> str | None:
    if cell is None:
        return None
    stripped = cell.strip()
    return None if stripped.lower() in values.MISSING else stripped


def _with_variants(columns: list[Profile], words: Words) -> tuple[Profile, ...]:
    """Headers of two levels (`Keterangan Tanggal`) are also understood by their lower one.

    An upper level is the same words at the beginning of at least three neighbours, or of each column of a table that
    falls into such groups.
    """
    split = [re.split(r"[\s_/]+", c.name.strip()) for c in columns]
    shared = [0] * len(columns)
    for depth in range(4, 0, -1):
        starts = [tuple(w.lower() for w in s[:depth]) if len(s) > depth else None for s in split]
        run = 0
        for i in range(1, len(starts) + 1):
            if i == len(starts) or starts[i] is None or starts[i] != starts[run]:
                if starts[run] is not None and i - run >= 2:
                    for j in range(run, i):
                        shared[j] = shared[j] or (depth if i - run >= 3 else -depth)
                run = i
    everywhere = all(shared) and len(columns) > 2
    for column, depth, parts in zip(columns, shared, split, strict=True):
        if depth > 0 or (depth < 0 and everywhere):
            lower = words.header(" ".join(parts[abs(depth) :]))
            column.variants = () if lower.silent else (lower,)
    return tuple(columns)
