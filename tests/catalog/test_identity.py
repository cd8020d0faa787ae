"""A table's identity: the same for the same rows in whatever file, another for any other rows (docs/adr/0009)."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from catalog.digest import SCHEME, RowsDigest
from catalog.entry import Entry
from catalog.models import Snapshot, Stream
from catalog.packing import Packing
from catalog.preparing import shape_of
from catalog.tables import Shape
from core.contract import ColumnType, Contract, Mode
from core.duck import Duck
from tests.catalog.factories import NOW, REPLACE, UPSERT, Catalogue, parquet, rows

COLUMNS = (
    ("n", ColumnType.INTEGER), ("x", ColumnType.NUMBER), ("t", ColumnType.TEXT), ("day", ColumnType.DATE),
    ("at", ColumnType.MOMENT), ("yes", ColumnType.BOOLEAN),
)  # fmt: skip
SCHEMA = pa.schema(
    [("n", pa.int64()), ("x", pa.float64()), ("t", pa.string()), ("day", pa.date32()),
     ("at", pa.timestamp("us", "UTC")), ("yes", pa.bool_())]
)  # fmt: skip
cells = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-3, 3), "x": st.none() | st.sampled_from([0.0, -0.0, 1.5, float("inf")]),
        "t": st.none() | st.text("a1:~é", max_size=3), "day": st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        "at": st.none() | st.sampled_from([datetime(2026, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)]),
        "yes": st.none() | st.booleans(),
    }
)  # fmt: skip
tables = st.lists(cells, max_size=6)


def identity(found: list[dict[str, Any]], *cuts: int, words: bool = False) -> str:
    """The identity of rows that come in pieces, their texts perhaps as numbers into a dictionary."""
    digest = RowsDigest(COLUMNS)
    batch = pa.RecordBatch.from_pylist(found, SCHEMA)
    if words:
        batch = batch.set_column(2, "t", batch.column("t").dictionary_encode())
    for first, last in zip((0, *cuts), (*cuts, len(found)), strict=True):
        digest.add(batch.slice(first, last - first))
    return digest.identity(("harga", "1.0.0", None))


@given(tables, st.data())
def test_it_does_not_depend_on_how_rows_come(found: list[dict[str, Any]], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found)), max_size=3)))
    assert identity(found) == identity(found, *cuts) == identity(found, *cuts, words=True)


@given(tables, tables)
def test_other_rows_have_another(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    assert (identity(some) == identity(others)) == (repr(some) == repr(others))  # which tells -0.0 from 0.0


def test_it_names_its_scheme_and_its_standard() -> None:
    digest = RowsDigest(COLUMNS)
    one, other = digest.identity(("harga", "1.0.0", None)), digest.identity(("harga", "1.1.0", None))
    assert one != other
    assert one.startswith(SCHEME) and len(one) == 64


def entry(path: Path, stream: str = "s") -> Entry:
    return Entry(
        rows=path, stream=stream, before=0, resource="r", dataset="d", source="o", member="33.74", fetched_at=NOW,
        verdict="published", may_remove=True, place={},
    )  # fmt: skip


def packed(folder: Path, table: pa.Table, shape: Shape) -> tuple[str, pa.Table]:
    """The identity of a delivery and the file that it becomes."""
    with Packing(folder) as bench:
        bench.load_all([entry(parquet(folder, table))], shape)
        [found] = bench.identities("harga", "1.0.0", None)
        bench.nothing_before([0])
        written = bench.write_all({0: 0}, folder / "out.parquet", mark="m")
        assert written.rows == table.num_rows
    assert pq.read_metadata(folder / "out.parquet").metadata[b"lumbung"] == b"m"
    return found, pq.read_table(folder / "out.parquet", read_dictionary=[])


@pytest.mark.parametrize("mode", [Mode.REPLACE, Mode.UPSERT])
def test_a_sorted_delivery_becomes_the_same_file_as_one_that_must_be_sorted(tmp_path: Path, mode: Mode) -> None:
    """Its rows, facts beside them and places are the same whichever way they went (`adopting` or DuckDB)."""
    n = 20_000
    table = pa.table(
        {
            "kind": [f"jenis {i // 7000}" for i in range(n)], "n": list(range(n)), "x": [i / 3 for i in range(n)],
            "name": [f"nama {i * 7919 % n}" for i in range(n)], "day": [date(2026, 1, 1 + i % 28) for i in range(n)],
            "at": pa.array([NOW] * n, pa.timestamp("us", "UTC")), "yes": [None if i % 3 else True for i in range(n)],
            "_row": list(range(2, n + 2)),
        }
    )  # fmt: skip
    table = table.set_column(4, "day", table["day"].cast(pa.date32()))
    kinds = [ColumnType.TEXT, ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.TEXT, ColumnType.DATE]
    columns = tuple(zip(table.column_names[:-1], [*kinds, ColumnType.MOMENT, ColumnType.BOOLEAN], strict=True))
    shape = Shape(columns, ("kind", "n"), mode, "day")
    turned = table.take(pa.array(range(n - 1, -1, -1)))
    adopted, sorted_ = packed(tmp_path / "a", table, shape), packed(tmp_path / "b", turned, shape)
    assert adopted[0] == sorted_[0]
    assert [(f.name, f.type) for f in adopted[1].schema] == [(f.name, f.type) for f in sorted_[1].schema]
    assert adopted[1].to_pylist() == sorted_[1].to_pylist()
    again = packed(tmp_path / "c", table, shape)
    assert (tmp_path / "a" / "out.parquet").read_bytes() == (tmp_path / "c" / "out.parquet").read_bytes()
    assert again[0] == adopted[0]


@pytest.mark.parametrize("standard", [REPLACE, UPSERT], ids=["replace", "upsert"])
def test_a_stream_with_an_identity_of_the_first_scheme_is_not_taken_in_anew(
    catalogue: Catalogue, duck: Duck, standard: Contract
) -> None:
    found = rows(("beras", 1, 12_000), ("cabai", 1, 40_000))
    resource = catalogue.resource()
    catalogue.commit(resource, found, standard)
    with Packing(catalogue.folder) as bench:
        bench.load_all([entry(catalogue.draft(resource, found, standard).rows or Path())], shape_of(standard, ()))
        [first] = bench.first_identities(standard.name, standard.version, standard.sha256)
    assert not first.startswith(SCHEME)
    with catalogue.sessions() as session:
        for row in (session.scalars(select(Stream)).one(), session.scalars(select(Snapshot)).one()):
            row.identity = first
        session.commit()
    assert catalogue.commit(resource, found, standard).unchanged
    with catalogue.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Snapshot)) == 1
        assert session.scalars(select(Stream)).one().identity == first
    changed = catalogue.commit(resource, rows(("beras", 1, 12_500), ("cabai", 1, 40_000)), standard)
    assert (changed.seq, changed.changed) == (2, 1)
    with catalogue.sessions() as session:
        assert session.scalars(select(Stream)).one().identity.startswith(SCHEME)
    assert len(catalogue.read(duck, standard)) == 2
