"""Rows of packed files by name and by place: which of them rows of other files end is worked out once for all readers.

To find a few hundred ended rows again for each aggregate means reading two columns of a million: a third of what
grouping the rows costs. Which rows end by when is left to `core/duck.py`, the statement to `core/rows_duckdb.py`.
"""

import re
from collections.abc import Mapping, Sequence

from core.rows import Compiled, Packed, RowQuery
from core.rows_files import needed

PLAIN = 'f."_snapshot"'
#: Rows that rows of other files end, by their places in the files of one scan.
Gone = Mapping[tuple[Packed, ...], Sequence[int]]
NONE: Gone = {}


def number_of(files: Sequence[Packed]) -> str:
    """The SQL of a row's snapshot: files that count from 0 take their base from their place among those read."""
    if not any(f.base for f in files):
        return PLAIN
    return f"{PLAIN} + {[int(f.base) for f in files]}[CAST(f.file_index AS BIGINT) + 1]"


def name_of(snapshot: str, place: str) -> str:
    """A row by its snapshot and its place there, as one number."""
    return f"({snapshot}) * 4294967296 + {place}"


def place_of(files: Sequence[Packed]) -> str:
    """The SQL of a row's place in the files of one scan, which DuckDB knows without reading a column."""
    return "f.file_row_number" + (" + (CAST(f.file_index AS BIGINT) << 40)" if len(files) > 1 else "")


def scans_of(files: Sequence[Packed]) -> dict[tuple[bool, bool], list[Packed]]:
    """Files by whether their rows end by themselves, and by rows of other files.

    Over all rows one scan more is cheap beside asking each row for what most files lack.
    """
    scans: dict[tuple[bool, bool], list[Packed]] = {}
    for file in files:
        scans.setdefault((file.ends, _ended_elsewhere(file, files)), []).append(file)
    return scans


def _ended_elsewhere(file: Packed, files: Sequence[Packed]) -> bool:
    """Whether single rows of a file can be ended by rows of another: what ends a row comes later."""
    return any(f.closings and (f.last is None or file.last is None or f.last > file.last) for f in files)


def marked(query: RowQuery, most: int) -> list[tuple[Packed, ...]]:
    """The scans of a query over all rows of which rows of other files end a few: `most` at most."""
    files = [] if query.relation.parts else needed(query)
    if sum(file.closings for file in files) > most:
        return []
    scans = (tuple(some) for (_, elsewhere), some in scans_of(files).items() if elsewhere)
    return [some for some in scans if all(file.complete for file in some)]


def compile_places(files: Sequence[Packed], names: Sequence[int]) -> Compiled:
    """The places of the rows of these names in the files of one scan, one column."""
    paths = [re.sub(r"([*?\[])", r"[\1]", str(file.path)) for file in files]
    return Compiled(
        f"SELECT {place_of(files)} FROM read_parquet($1, union_by_name = false) f "
        f"SEMI JOIN (SELECT unnest(CAST($2 AS BIGINT[])) AS name) n ON n.name = {name_of(number_of(files), 'f._ord')}",
        (paths, list(names)),
    )
