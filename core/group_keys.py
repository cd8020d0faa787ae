"""What a standard's rows can be grouped by in the graph: its columns, as they are or coarser, and provenance."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.contract import Column, ColumnType, Contract
from core.rows import PROVENANCE
from core.rows_aggregate import GRAINS, Coarse, Grain


@dataclass(frozen=True, slots=True)
class GroupKey:
    """One thing that rows can be grouped by: a column, as it is or coarser."""

    column: str
    grain: Grain | None
    kind: ColumnType
    title: str

    def asked(self, zone_name: str) -> str | Coarse:
        """It as an aggregate's query names it; `zone_name` is the IANA name of the zone whose days count."""
        return self.column if self.grain is None else Coarse(self.column, self.grain, zone_name)


def group_keys(contract: Contract, provenance: Mapping[str, str]) -> dict[str, GroupKey]:
    """The keys by name, as the answer's fields have it before it is camel-cased.

    Args:
        provenance: names of the provenance columns among them, to column.
    """
    found = {c.name: GroupKey(c.name, None, c.type, c.title["id"]) for c in contract.columns}
    for column in contract.columns:
        for grain in _grains(contract, column):
            kind = ColumnType.TEXT if grain is Grain.PROVINCE else ColumnType.DATE
            key = GroupKey(column.name, grain, kind, f"{column.title['id']}, by {grain.value}")
            found.setdefault(f"{column.name}_{grain.value}", key)
    return found | {f"provenance_{key}": GroupKey(c, None, PROVENANCE[c], key) for key, c in provenance.items()}


def _grains(contract: Contract, column: Column) -> tuple[Grain, ...]:
    if column.type is ColumnType.TEXT and column.name != contract.region_column and column.reference != "region":
        return ()
    return GRAINS.get(column.type, ())
