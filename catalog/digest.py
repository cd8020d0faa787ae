"""The identity of a contract's rows: what is in each column, hashed in the order of the key (docs/adr/0009).

Neither the order of rows in a file nor its row groups, its encoding or `_row` count: the digest sees values, column by
column, in the one order that the key gives. Where the rows come from is `catalog/packing.py`'s to say.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from core.arrow import ARROW
from core.contract import ColumnType

#: What identities of this scheme begin with; those without it are of the scheme before (`catalog/tables.py`).
SCHEME = "2."
_LENGTH = 64
#: As what a column's values are hashed, where that is not what they are in Arrow already.
_BITS: Mapping[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DATE: pa.int32(),
    ColumnType.MOMENT: pa.int64(),
    ColumnType.BOOLEAN: pa.uint8(),
}
_NOTHING: Mapping[ColumnType, object] = {ColumnType.TEXT: "", ColumnType.NUMBER: 0.0, ColumnType.BOOLEAN: False}


class ColumnDigest:
    """One column: the places of its nulls, the lengths of its texts, its values; each hashed as they stream by."""

    def __init__(self, kind: ColumnType) -> None:
        self._kind = kind
        self._rows = 0
        self._nulls, self._lengths, self._values = (hashlib.sha256() for _ in range(3))

    def add(self, cells: pa.Array) -> None:
        """The next cells, of any type that can be cast to the column's."""
        if pa.types.is_dictionary(cells.type):
            cells = cells.dictionary_decode()
        cells = cells.cast(ARROW[self._kind])
        if cells.null_count:
            self._nulls.update((np.flatnonzero(cells.is_null()) + self._rows).astype("<i8").tobytes())
            cells = cells.fill_null(_NOTHING.get(self._kind, pa.scalar(0, _BITS.get(self._kind)).cast(cells.type)))
        self._rows += len(cells)
        if not len(cells):
            return
        if self._kind is ColumnType.TEXT:
            offsets = np.frombuffer(cells.buffers()[1], "<i4")[cells.offset : cells.offset + len(cells) + 1]
            self._lengths.update(np.diff(offsets).data)
            if text := cells.buffers()[2]:
                self._values.update(memoryview(text)[int(offsets[0]) : int(offsets[-1])])
        elif self._kind is ColumnType.NUMBER:
            numbers = np.asarray(cells).astype("<f8")
            numbers[np.isnan(numbers)] = np.nan  # of all its bit patterns one
            self._values.update(numbers.data)
        else:
            self._values.update(np.ascontiguousarray(cells.cast(_BITS[self._kind])).data)

    def digest(self) -> bytes:
        """The hash of what has come so far."""
        return b"".join(part.digest() for part in (self._nulls, self._lengths, self._values))


class RowsDigest:
    """The rows of one table, in the order of their key, batch by batch."""

    def __init__(self, columns: Sequence[tuple[str, ColumnType]]) -> None:
        self._columns = columns
        self._digests = [ColumnDigest(kind) for _, kind in columns]
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """The next rows; columns are found by name."""
        for (name, _), digest in zip(self._columns, self._digests, strict=True):
            digest.add(batch.column(name))
        self.rows += batch.num_rows

    def identity(self, standard: Sequence[str | None], beside: Sequence[str] = ()) -> str:
        """The rows under a contract's name, version and hash, and what is said beside them, in 64 characters."""
        columns = [[name, kind.value] for name, kind in self._columns]
        head = json.dumps([list(standard), columns, self.rows, list(beside)])
        whole = hashlib.sha256(head.encode())
        for digest in self._digests:
            whole.update(digest.digest())
        return (SCHEME + whole.hexdigest())[:_LENGTH]
