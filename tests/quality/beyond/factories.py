"""Rows and settings for checks beyond a column, made from plain Python."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from core.arrow import ARROW
from core.contract import Contract
from core.region import Regions
from core.rows import PROVENANCE, Value
from quality.beyond.finding import Dataset, Due, Settings

NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


class ArrowRows:
    """The relation `rows` over rows given as dictionaries; `_dataset` and `_row` may be among their columns."""

    def __init__(self, contract: Contract, rows: Sequence[Mapping[str, object]]) -> None:
        kinds = {c.name: c.type for c in contract.columns} | PROVENANCE
        own = {"_member": "33.74", "_source": "s", "_dataset": "d", "_resource": "r", "_snapshot": 1,
               "_fetched_at": NOW, "_verdict": "passed"}  # fmt: skip
        filled = [{"_row": i} | own | dict(row) for i, row in enumerate(rows, start=2)]
        self.columns = frozenset(c.name for c in contract.columns)
        self._connection = duckdb.connect(":memory:")
        self._connection.execute("SET TimeZone = 'UTC'")
        arrays = {name: pa.array([row.get(name) for row in filled], ARROW[kind]) for name, kind in kinds.items()}
        self._connection.register("rows", pa.table(arrays))

    def select(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Value | None, ...]]:
        return self._connection.execute(sql, list(params)).fetchall()

    def arrow(self, sql: str, params: Sequence[object] = ()) -> pa.Table:
        return self._connection.execute(sql, list(params)).to_arrow_table()


def settings(*, due: Mapping[str, Due] | None = None, at: datetime = NOW, datasets: Sequence[str] = ("d",)) -> Settings:
    """The settings of a look in Central Java."""
    return Settings(
        at=at,
        zone=ZoneInfo("Asia/Jakarta"),
        province="33",
        regions=Regions.load(),
        datasets={id_: Dataset(title=f"Data {id_}", member="33.74", source="s") for id_ in datasets},
        due=due or {},
    )
