"""Snapshot files as the catalogue writes them, and the same rows as a plain list, for the row query's tests."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.arrow import ARROW
from core.contract import ColumnType, Mode
from core.rows import Part, Relation, Value

COLUMNS = (
    ("kode", ColumnType.TEXT),
    ("nama", ColumnType.TEXT),
    ("harga", ColumnType.INTEGER),
    ("nilai", ColumnType.NUMBER),
    ("tanggal", ColumnType.DATE),
    ("waktu", ColumnType.MOMENT),
    ("sah", ColumnType.BOOLEAN),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Value | None]


def write(path: Path, columns: Sequence[tuple[str, ColumnType]], rows: Sequence[Row], *, upsert: bool = False) -> Path:
    """A Parquet file with the columns, `_row` and, for upserts, `_deleted`."""
    arrays = {name: pa.array([r.get(name) for r in rows], ARROW[kind]) for name, kind in columns}
    arrays["_row"] = pa.array([r.get("_row", i + 2) for i, r in enumerate(rows)], pa.int64())
    if upsert:
        arrays["_deleted"] = pa.array([r.get("_deleted", False) for r in rows], pa.bool_())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(arrays), path)
    return path


def part(path: Path, snapshot: int, *, member: str = "33.74", resource: str = "r1") -> Part:
    """The facts of a file, derived from its resource."""
    return Part(
        path=path,
        snapshot=snapshot,
        member=member,
        source=f"s-{member}",
        dataset=f"d-{resource}",
        resource=resource,
        fetched_at=START + timedelta(hours=snapshot),
        verdict="published",
    )


def relation(
    parts: Sequence[Part],
    *,
    columns: tuple[tuple[str, ColumnType], ...] = COLUMNS,
    key: tuple[str, ...] = ("kode",),
    mode: Mode = Mode.REPLACE,
    seq: int | None = None,
) -> Relation:
    """A relation over the parts, resolved to the newest of them."""
    newest = max((p.snapshot for p in parts), default=0)
    return Relation("harga_uji", columns, key, mode, tuple(parts), newest if seq is None else seq)


def day(offset: int) -> date:
    """A date near the others, so that comparisons meet."""
    return START.date() + timedelta(days=offset)
