"""The rows of a delivery that are not set aside, in the order of the key: the file that the commit reads.

What is small and only read once more, by the commit, is not worth packing; of a large table nothing is made twice in
memory: rows go to the file as they are taken.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from quality.cast import AT
from quality.predicates import quote

#: Rows that are taken and written at once.
_ROWS = 1 << 17
#: A column's words are in the file once a row group, so that many are written out instead.
_WORDS = 5_000


def write_accepted(
    typed: pa.Table, returned: npt.NDArray[np.int64], names: Sequence[str], order: Sequence[str], path: Path
) -> int:
    """Write some columns of a small table without the rows at some positions; how many rows that leaves."""
    if returned.size:
        typed = typed.filter(pa.array(_others(typed, returned)))
    pq.write_table(
        typed.select(names).sort_by([(name, "ascending") for name in order]),
        path, compression="none", use_dictionary=False, write_statistics=False,
    )  # fmt: skip
    return int(typed.num_rows)


def write_many(
    typed: pa.Table,
    returned: npt.NDArray[np.int64],
    names: Sequence[str],
    at: npt.NDArray[np.int64] | None,
    path: Path,
) -> int:
    """As `write_accepted` for a large table, whose rows are to be in the order of `at`, or are in order already."""
    good = _others(typed, returned)
    at = np.flatnonzero(good) if at is None else at[good[at]]
    rows = _written(typed.select(names))
    whole = [f.name for f in rows.schema if pa.types.is_integer(f.type) or pa.types.is_temporal(f.type)]
    with pq.ParquetWriter(
        path, rows.schema, store_schema=False,
        use_dictionary=[n for n in rows.schema.names if n not in whole],
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
    ) as writer:  # fmt: skip
        for start in range(0, len(at), _ROWS):
            some = pa.array(at[start : start + _ROWS])
            writer.write_table(rows.take(some), row_group_size=_ROWS)
    return len(at)


def places(connection: duckdb.DuckDBPyConnection, relation: str, order: Sequence[str]) -> npt.NDArray[np.int64]:
    """The positions of a relation's rows in the order of some columns."""
    by = ", ".join(f"{quote(name)} ASC NULLS LAST" for name in order)
    found: pa.Table = connection.sql(f"SELECT {AT} FROM {relation} ORDER BY {by}").to_arrow_table()
    return np.asarray(found[AT])


def _others(typed: pa.Table, returned: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    good = np.ones(typed.num_rows, np.bool_)
    good[returned] = False
    return good


def _written(rows: pa.Table) -> pa.Table:
    """The table with words in place of numbers into a long dictionary."""
    for i, column in enumerate(rows.columns):
        if pa.types.is_dictionary(column.type) and len(column.chunk(0).dictionary) > _WORDS:
            rows = rows.set_column(i, rows.schema.names[i], column.cast(pa.string()))
    return rows
