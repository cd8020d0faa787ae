"""A delivery that the gate has sorted by its key: its identity and its file in one pass each, no row sorted again.

Only for what makes a file by itself and takes the place of nothing; everything else is `catalog/packing.py`'s, which
also says what the columns mean that every file has.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalog.digest import RowsDigest
from catalog.tables import ROW_GROUP, Shape
from core.arrow import ARROW
from core.contract import ColumnType
from core.ordered import rises

#: Rows that are read at once; whole row groups.
_BATCH = 8 * ROW_GROUP
#: A row group has a column's whole dictionary in it, so that one of more values is made anew for each.
_FEW = 1_000
_WORDS = pa.dictionary(pa.int32(), pa.string())
#: Whole numbers as their differences, which in a sorted table are small.
_DIFFERENCES = "DELTA_BINARY_PACKED"


def digest_of(path: Path, shape: Shape) -> RowsDigest | None:
    """The digest of a file whose rows are in the order of their key, each key once; None of any other."""
    if not shape.key:
        return None
    digest, last = RowsDigest(shape.columns), list[pa.Array]()
    with pq.ParquetFile(path, pre_buffer=False) as file, ThreadPoolExecutor(2) as pool:
        if any(file.schema_arrow.field(name).type != ARROW[kind] for name, kind in shape.columns):
            return None
        for batch in _ahead(file.iter_batches(_BATCH, columns=[name for name, _ in shape.columns]), pool):
            keys = [batch.column(name) for name in shape.key]
            if last:
                keys = [pa.concat_arrays([end, key]) for end, key in zip(last, keys, strict=True)]
            if not rises(keys):
                return None
            last = [key.slice(len(key) - 1) for key in keys]
            digest.add(batch)
    return digest


def _ahead(batches: Iterator[pa.RecordBatch], pool: ThreadPoolExecutor) -> Iterator[pa.RecordBatch]:
    """The batches that have rows, the next one being read meanwhile."""
    coming = pool.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = pool.submit(next, batches, None)
        if batch.num_rows:
            yield batch


def write(path: Path, shape: Shape, target: Path, *, facts: Mapping[str, pa.Scalar], mark: str) -> None:
    """Write the rows of a sorted file with the same facts beside each, numbered `_ord`, as a commit's file."""
    text = [name for name, kind in shape.columns if kind is ColumnType.TEXT]
    fields = [(name, _WORDS if kind is ColumnType.TEXT else ARROW[kind]) for name, kind in shape.columns]
    fields += [("_row", pa.int64())]
    zeros = pa.array(np.zeros(ROW_GROUP, np.int32))
    beside = [
        pa.DictionaryArray.from_arrays(zeros, pa.array([fact.as_py()], fact.type))
        if fact.is_valid
        else pa.nulls(ROW_GROUP, fact.type)
        for fact in facts.values()
    ]
    fields += [(name, cells.type) for name, cells in zip(facts, beside, strict=True)]
    schema = pa.schema([*fields, ("_ord", pa.int64())])
    whole = (ColumnType.INTEGER, ColumnType.DATE, ColumnType.MOMENT)
    counted = [*(name for name, kind in shape.columns if kind in whole), "_row", "_ord"]
    columns = [*(name for name, _ in shape.columns), "_row"]
    at = 0
    with (
        pq.ParquetFile(path, pre_buffer=False, read_dictionary=text) as file,
        pq.ParquetWriter(
            target, schema, compression="zstd", store_schema=False,
            use_dictionary=[n for n in schema.names if n not in counted],
            column_encoding=dict.fromkeys(counted, _DIFFERENCES),
        ) as writer,
        ThreadPoolExecutor(1) as pool,
    ):  # fmt: skip
        writer.add_key_value_metadata({"lumbung": mark})
        for batch in _ahead(file.iter_batches(_BATCH, columns=columns), pool):
            for start in range(0, batch.num_rows, ROW_GROUP):
                rows = batch.slice(start, ROW_GROUP)
                cells = [_words(rows.column(n)) if n in text else rows.column(n) for n in columns]
                own = [fact.slice(0, rows.num_rows) for fact in beside]
                order = pa.array(np.arange(at, at + rows.num_rows, dtype=np.int64))
                writer.write_batch(pa.record_batch([*cells, *own, order], schema=schema), ROW_GROUP)
                at += rows.num_rows


def _words(cells: pa.Array) -> pa.Array:
    """Texts by their number in a dictionary of their own, where they are not in a short one already."""
    if pa.types.is_dictionary(cells.type):
        if len(cells.dictionary) <= _FEW:
            return cells.cast(_WORDS)
        cells = cells.dictionary_decode()
    return pc.dictionary_encode(cells).cast(_WORDS)
