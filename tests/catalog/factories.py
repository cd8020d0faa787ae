"""A small contract, files of rows, and a catalogue with one resource, for the catalogue's tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.orm import Session, sessionmaker

from catalog.datasets import SeenDataset, SeenResource, apply_crawl, dataset_id, resource_id
from catalog.relations import AsOf, relation
from catalog.snapshots import Commit, Draft, commit
from catalog.store import SnapshotStore
from core.contract import Classification, Column, ColumnType, Contract, Mode
from core.duck import Duck
from core.rows import RowQuery, Scope
from core.verdict import Verdict

NOW = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)

Row = tuple[str, date, int | None]


def contract(mode: Mode = Mode.REPLACE, version: str = "1.0.0", extra: Sequence[Column] = ()) -> Contract:
    """A price of a commodity on a day, in rupiah."""

    def column(name: str, type_: ColumnType, *, key: bool = False) -> Column:
        return Column(name, type_, {"id": name}, {}, key=key, required=key)

    return Contract(
        name="price",
        version=version,
        title={"id": "Harga"},
        description={},
        columns=(
            column("commodity", ColumnType.TEXT, key=True),
            column("day", ColumnType.DATE, key=True),
            column("price", ColumnType.INTEGER),
            *extra,
        ),
        rules=(),
        mode=mode,
        owner="logistics",
        classification=Classification.OPEN,
        time_column="day",
        sha256="c" * 64,
    )


REPLACE = contract()
UPSERT = contract(Mode.UPSERT)


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


def rows(*triples: tuple[str, int, int | None]) -> list[Row]:
    """Rows from (commodity, number of the day, price)."""
    return [(name, day(number), price) for name, number, price in triples]


def file_of(folder: Path, found: Sequence[Row], name: str = "rows.parquet") -> Path:
    """The rows as the gate hands them over."""
    table = pa.table(
        {
            "commodity": pa.array([r[0] for r in found], pa.string()),
            "day": pa.array([r[1] for r in found], pa.date32()),
            "price": pa.array([r[2] for r in found], pa.int64()),
            "_row": pa.array(range(2, len(found) + 2), pa.int64()),
        }
    )
    return parquet(folder, table, name)


def text_file(folder: Path, columns: Sequence[str], cells: Sequence[Sequence[str | None]]) -> Path:
    arrays: dict[str, Any] = {c: pa.array([line[i] for line in cells], pa.string()) for i, c in enumerate(columns)}
    return parquet(folder, pa.table(arrays | {"_row": pa.array(range(2, len(cells) + 2), pa.int64())}))


def parquet(folder: Path, table: pa.Table, name: str = "rows.parquet") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    pq.write_table(table, path)
    return path


@dataclass
class Policy:
    missing_crawls: int = 3
    missing_share: float = 0.5


def seen(origin_id: str, **changes: Any) -> SeenDataset:
    plain = SeenDataset(
        origin_id=origin_id,
        name=f"harga-{origin_id}",
        title=f"Harga {origin_id}",
        organisation="dinas-perdagangan",
        tags=("harga",),
        resources=(SeenResource(f"{origin_id}-r1", "harga.csv", f"https://portal.example/{origin_id}.csv", "CSV"),),
    )
    return replace(plain, **changes)


@dataclass
class Catalogue:
    """A database, a store, and resources to commit to."""

    sessions: sessionmaker[Session]
    store: SnapshotStore
    folder: Path

    def crawl(
        self,
        *datasets: SeenDataset,
        source: str = "semarang",
        member: str = "33.74",
        complete: bool = True,
        now: datetime = NOW,
        policy: Policy | None = None,
    ) -> Any:
        return apply_crawl(
            self.sessions, source, member, datasets, complete=complete, now=now, policy=policy or Policy()
        )

    def resource(self, origin_id: str = "d1", source: str = "semarang", member: str = "33.74") -> str:
        """The id of a resource, crawled if it was not yet."""
        self.crawl(seen(origin_id), source=source, member=member, complete=False)
        return resource_id(dataset_id(source, origin_id), f"{origin_id}-r1")

    def draft(self, resource: str, found: Sequence[Row], standard: Contract = REPLACE, **more: Any) -> Draft:
        values: Mapping[str, Any] = {
            "resource_id": resource,
            "contract": standard,
            "rows": file_of(self.folder, found, f"{resource}.parquet"),
            "verdict": Verdict.PUBLISHED,
            "landed_sha256": "a" * 64,
            "fetched_at": NOW,
        }
        return Draft(**{**values, **more})

    def commit(
        self, resource: str, found: Sequence[Row], standard: Contract = REPLACE, *, now: datetime = NOW, **more: Any
    ) -> Commit:
        return commit(self.sessions, self.store, self.draft(resource, found, standard, **more), now=now)

    def read(self, duck: Duck, standard: Contract = REPLACE, as_of: AsOf = None) -> list[tuple[Any, ...]]:
        """(commodity, day, price) of every current row, sorted."""
        with self.sessions() as session:
            found = relation(session, self.store, standard, as_of)
        names = ("commodity", "day", "price")
        query = RowQuery(found, names, Scope(frozenset(names)), first=1000)
        return sorted(duck.page(query, deadline=10).rows, key=str)

    def restarted(self) -> "Catalogue":
        """The same catalogue as another process sees it: nothing is verified yet."""
        return Catalogue(self.sessions, SnapshotStore(self.store.folder), self.folder)
