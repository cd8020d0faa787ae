"""The Arrow type of each type of column: what files of rows, readings and exports hold."""

from collections.abc import Mapping

import pyarrow as pa

from core.contract import ColumnType

ARROW: Mapping[ColumnType, pa.DataType] = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.DATE: pa.date32(),
    ColumnType.MOMENT: pa.timestamp("us", "UTC"),
    ColumnType.BOOLEAN: pa.bool_(),
}
