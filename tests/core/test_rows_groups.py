"""Pages taken from row groups are those that DuckDB gives, whatever is asked of them; what is kept is the file's of now."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import cursors, rows_arrow
from core.arrow import ARROW
from core.contract import ColumnType, Mode
from core.duck import Duck
from core.rows import PROVENANCE, TRUE, All, AnyOf, Compare, Filter, Not, Op, Packed, Relation, RowQuery, Scope
from core.rows_groups import Groups

COLUMNS = {
    "name": ColumnType.TEXT,
    "day": ColumnType.DATE,
    "at": ColumnType.MOMENT,
    "number": ColumnType.INTEGER,
    "note": ColumnType.TEXT,
    "sure": ColumnType.BOOLEAN,
    "amount": ColumnType.NUMBER,
}
NAMES = ("beras", "cabai", "gula", "ikan", "é\u0301")
DAY, AT = date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": st.sampled_from([*NAMES, "besi", ""]),
    "day": st.integers(-2, 25).map(lambda n: DAY + timedelta(days=n)),
    "at": st.integers(-2, 25).map(lambda n: AT + timedelta(hours=n)),
    "number": st.integers(-3, 12),
    "sure": st.booleans(),
    "note": st.sampled_from(["", "a", "ab", 'b"\\', "zz"]),
    "_member": st.sampled_from(["33.01", "33.02", "99.99"]),
    "_resource": st.sampled_from(["r0", "r1", "r2", "r9"]),
    "_snapshot": st.integers(2, 9),
}
COMPARISONS = [Op.EQ, Op.NE, Op.LT, Op.LTE, Op.GT, Op.GTE]


def compare(column: str) -> st.SearchStrategy[Filter]:
    values = VALUES[column]
    choices: list[st.SearchStrategy[Filter]] = [
        st.builds(Compare, st.just(column), st.sampled_from(COMPARISONS), values),
        st.builds(Compare, st.just(column), st.just(Op.IN), st.lists(values, max_size=3).map(tuple)),
        st.builds(Compare, st.just(column), st.just(Op.IS_NULL), st.booleans()),
    ]
    if column in ("name", "note"):
        choices.append(st.builds(Compare, st.just(column), st.sampled_from([Op.PREFIX, Op.CONTAINS]), values))
    return st.one_of(choices)


FILTERS: st.SearchStrategy[Filter] = st.recursive(
    st.sampled_from(sorted(VALUES)).flatmap(compare) | st.just(TRUE),
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts)))
    ),
    max_leaves=5,
)


def _rows() -> list[dict[str, Any]]:
    """360 rows of three resources in the standing order, some of them ended, deleted or of later commits."""
    out: list[dict[str, Any]] = []
    for place in range(360):
        resource, n = divmod(place, 120)
        name, day = NAMES[n // 24], DAY + timedelta(days=n % 24)
        out.append(
            {
                "name": name,
                "day": day,
                "at": AT + timedelta(hours=n % 23),
                "number": None if n % 7 == 0 else n % 11,
                "note": None if n % 5 == 0 else ["", "a", "ab", 'b"\\'][n % 4],
                "sure": n % 3 == 0,
                "amount": n / 7,
                "_row": n + 2,
                "_snapshot": 1 + place % 5,
                "_member": "33.01" if resource < 2 else "33.02",
                "_source": "s",
                "_dataset": f"d{resource}",
                "_resource": f"r{resource}",
                "_fetched_at": AT,
                "_verdict": "PUBLISHED",
                "_stream": f"t{resource}",
                "_ord": place,
                "_deleted": place % 31 == 0,
                "_to": 4 + place % 5 if place % 9 == 0 else None,
                "_closes_seq": None,
                "_closes_ord": None,
            }
        )
    return out


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    kinds = {n: ARROW[k] for n, k in (*COLUMNS.items(), *PROVENANCE.items())}
    kinds |= {"_stream": pa.string(), "_deleted": pa.bool_()}
    kinds |= dict.fromkeys(("_ord", "_to", "_closes_seq", "_closes_ord"), pa.int64())
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "rows.parquet"
        rows = pa.Table.from_pylist(_rows(), pa.schema(list(kinds.items())))
        pq.write_table(rows, target, row_group_size=50, use_dictionary=["name", "_resource", "_stream", "_member"])
        yield target


@pytest.fixture(scope="module")
def duck(path: Path) -> Iterator[Duck]:
    pool = Duck([path.parent], size=1, threads=1)
    yield pool
    pool.close()


def question(
    path: Path, where: Filter = TRUE, *, seq: int = 6, base: int = 0, hidden: tuple[str, ...] = ()
) -> RowQuery:
    file = Packed(path, base=base, closings=1, wholes=0, last=5 + base, sorted=True)
    found = Relation(
        "harga", tuple(COLUMNS.items()), ("name", "day"), Mode.UPSERT, (), seq, files=(file,), hidden=hidden
    )  # fmt: skip
    shown = Scope(frozenset(COLUMNS) - {"note"} if hidden else frozenset(COLUMNS))
    return RowQuery(found, (*COLUMNS, "_member", "_snapshot"), shown, where, first=40)


def served(groups: Groups, query: RowQuery) -> list[dict[str, Any]] | None:
    query = rows_arrow.columns_of(query)
    files = rows_arrow.streams_of(query)
    assert files is not None
    parts = groups.parts(query, *files, 0, float("inf"))
    return None if parts is None else [row for _, table in parts for row in table.to_pylist()]


@settings(max_examples=120, deadline=None)
@given(where=FILTERS, seq=st.integers(1, 8), base=st.sampled_from([0, 2]), after=st.booleans())
def test_row_groups_hold_the_rows_that_duckdb_gives(
    path: Path, duck: Duck, where: Filter, seq: int, base: int, after: bool
) -> None:
    query = question(path, where, seq=seq, base=base)
    if after:
        places = duck.page(replace(query, where=TRUE), deadline=10).places
        query = replace(query, after=cursors.encode(replace(query, where=where), places[-1])) if places else query
    page = duck.page(query, deadline=10)
    found = served(duck._groups, query)
    assert found is not None
    width = len(query.columns)
    assert [tuple(row.values())[:width] for row in found][:40] == list(page.rows)
    assert (len(found) > 40) is page.has_next
    sheet = duck.sheet(query, deadline=10)
    assert [tuple(row.values())[:width] for row in sheet.table.to_pylist()] == list(page.rows)
    assert sheet.places() == list(page.places)


def test_hidden_streams_and_masked_columns_are_not_read(path: Path) -> None:
    groups = Groups()
    found = served(groups, question(path, hidden=("t0", "t2")))
    assert found is not None
    assert {row["_resource"] for row in found} == {"r1"}
    assert {row["note"] for row in found} == {None}
    assert not any(key[-1] == "note" for key in groups._columns)


def test_numbers_are_compared_by_duckdb(path: Path, duck: Duck) -> None:
    query = question(path, Compare("amount", Op.GT, 3.0))
    assert served(Groups(), query) is None
    assert duck.sheet(query, deadline=10).places() == list(duck.page(query, deadline=10).places)


def test_a_file_that_is_another_now_or_gone_is_not_answered_from_memory(path: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.parquet"
    table = pq.read_table(path)
    pq.write_table(table, own)
    groups, query = Groups(), question(own, Compare("name", Op.EQ, "gula"))
    before = served(groups, query)
    pq.write_table(table.filter(pa.compute.equal(table["name"], "beras")), own)
    assert before
    assert served(groups, query) == []
    own.unlink()
    assert served(groups, query) is None


def test_no_more_is_kept_than_may_be(path: Path) -> None:
    groups = Groups(most=20_000)
    wanted = served(Groups(), question(path))
    for _ in range(2):
        assert served(groups, question(path)) == wanted
        assert groups._bytes <= 20_000
        assert groups._bytes == sum(column.nbytes for column in groups._columns.values())
