"""Names in GraphQL, the same at the hub and at every node: PascalCase and camelCase from contracts' snake_case.

Beside them what both say of columns: how a type's filter is called, what it compares, which provenance is asked by.
"""

import re
from collections.abc import Mapping
from typing import Final

from core.contract import ColumnType
from core.rows import Op

#: Provenance that rows can be filtered, ordered and grouped by: its name before it is camel-cased, to column.
ASKABLE: Final[Mapping[str, str]] = {
    "member": "_member",
    "source": "_source",
    "dataset": "_dataset",
    "resource": "_resource",
    "snapshot": "_snapshot",
    "fetched_at": "_fetched_at",
    "verdict": "_verdict",
}
#: What rows are ordered by when they are by their region's name: no column of a contract.
REGION_NAME: Final = "_region_name"
#: What a column type is called in the names of its inputs: `BigIntFilter`, `BigIntRange`.
TYPE_NAMES: Final[Mapping[ColumnType, str]] = {
    ColumnType.TEXT: "Text",
    ColumnType.INTEGER: "BigInt",
    ColumnType.NUMBER: "Float",
    ColumnType.DATE: "Date",
    ColumnType.MOMENT: "DateTime",
    ColumnType.BOOLEAN: "Boolean",
}
_TEXT_ONLY = (Op.PREFIX, Op.CONTAINS)
_ORDERED = (Op.LT, Op.LTE, Op.GT, Op.GTE)
_WORD = re.compile(r"_([a-z0-9])")


def compares(kind: ColumnType, op: Op) -> bool:
    """Whether a column type's filter has a comparison: text alone begins with something, yes and no have no order."""
    return not ((op in _TEXT_ONLY and kind is not ColumnType.TEXT) or (op in _ORDERED and kind is ColumnType.BOOLEAN))


def pascal(name: str) -> str:
    """`commodity_price` as a type: CommodityPrice."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def camel(name: str) -> str:
    """`commodity_price` as a field: commodityPrice."""
    return _WORD.sub(lambda m: m[1].upper(), name)


def plural(name: str) -> str:
    """`commodity_price` as a list: commodity_prices; `supply` becomes supplies."""
    if name.endswith("s"):
        return name
    return name[:-1] + "ies" if re.search(r"[^aeiou]y$", name) else name + "s"
