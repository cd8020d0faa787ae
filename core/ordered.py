"""Whether rows lie in the order of their key already, so that nobody has to sort them or look for doubled ones."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc


def rises(keys: Sequence[pa.Array | pa.ChunkedArray]) -> bool:
    """Whether each row's key is greater than that of the row before, so that they are sorted and no two are alike.

    Columns count in their order; a null or a value without an order says no.
    """
    equal = pa.scalar(value=True)
    greater = pa.scalar(value=False)
    for key in keys:
        if key.null_count:
            return False
        before, after = key.slice(0, len(key) - 1), key.slice(1)
        greater = pc.or_(greater, pc.and_(equal, pc.greater(after, before)))
        equal = pc.and_(equal, pc.equal(after, before))
    return bool(pc.all(greater).as_py())
