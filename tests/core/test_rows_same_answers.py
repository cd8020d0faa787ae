"""A row query answers alike from snapshot files through DuckDB and from a table through SQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, MetaData, Table, delete, insert

from core import cursors
from core.contract import ColumnType
from core.duck import Duck
from core.rows import (
    PROVENANCE,
    All,
    AnyOf,
    Compare,
    Filter,
    Lookup,
    Not,
    Op,
    Order,
    Page,
    Part,
    Relation,
    RowQuery,
    Scope,
    Value,
    page,
)
from core.rows_fetch import fetch
from core.rows_sql import SA_TYPES, compile_sql, compile_sql_count
from tests.core import row_factories as rf

NAMES = tuple(n for n, _ in rf.COLUMNS)
VALUES: dict[ColumnType, st.SearchStrategy[Value]] = {
    ColumnType.TEXT: st.text(st.sampled_from("aAbz é😀%_'\"\\"), max_size=3),
    ColumnType.INTEGER: st.sampled_from([-(2**63), -1, 0, 1, 2, 2**53 + 1, 2**63 - 1]),
    ColumnType.NUMBER: st.sampled_from([-1.5, 0.0, 0.1, 1.0, 1e300]),
    ColumnType.DATE: st.integers(0, 3).map(rf.day),
    ColumnType.MOMENT: st.integers(0, 3).map(lambda n: rf.START + timedelta(microseconds=n)),
    ColumnType.BOOLEAN: st.booleans(),
}
KINDS = dict(rf.COLUMNS)
#: Two codes with one word, and one without.
WORDS = Lookup("_kata", "kode", {"a": "Z", "A": "Z", "b": "'Y'", "é": "y"})


@st.composite
def comparisons(draw: st.DrawFn) -> Filter:
    column = draw(st.sampled_from(NAMES))
    kind = KINDS[column]
    ops = [o for o in Op if kind is ColumnType.TEXT or o not in (Op.PREFIX, Op.CONTAINS)]
    op = draw(st.sampled_from(ops))
    if op is Op.IS_NULL:
        return Compare(column, op, draw(st.booleans()))
    if op is Op.IN:
        return Compare(column, op, tuple(draw(st.lists(VALUES[kind], max_size=3))))
    return Compare(column, op, draw(VALUES[kind]))


filters = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda p: All(tuple(p))),
        st.lists(inner, max_size=3).map(lambda p: AnyOf(tuple(p))),
        inner.map(Not),
    ),
    max_leaves=5,
)
orders = st.lists(st.sampled_from(NAMES), max_size=3, unique=True).flatmap(
    lambda names: st.tuples(*(st.builds(Order, st.just(n), st.booleans()) for n in names))
)
tables = st.lists(
    st.fixed_dictionaries({n: st.none() | VALUES[k] for n, k in rf.COLUMNS}),
    max_size=12,
)


class Both:
    """The same rows as two snapshot files and as a table."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.duck = Duck([folder], size=1, threads=1)
        self.engine = engine
        kinds = dict(rf.COLUMNS) | PROVENANCE
        self.table = Table("rows_as_table", MetaData(), *(Column(n, SA_TYPES[k]) for n, k in kinds.items()))
        self.table.create(self.engine)
        self.number = 0

    def load(self, rows: list[rf.Row]) -> Relation:
        self.number += 1
        half = len(rows) // 2
        parts: list[Part] = []
        with self.engine.begin() as connection:
            connection.execute(delete(self.table))
            for index, chunk in enumerate((rows[:half], rows[half:])):
                path = rf.write(self.folder / f"{self.number}-{index}.parquet", rf.COLUMNS, chunk)
                parts.append(p := rf.part(path, index + 1, member=f"33.0{index}", resource=f"r{index}"))
                facts = {f"_{n}": getattr(p, n) for n in ("snapshot", "member", "source", "dataset", "resource")}
                facts |= {"_fetched_at": p.fetched_at, "_verdict": p.verdict}
                for number, row in enumerate(chunk):
                    connection.execute(insert(self.table).values({**row, **facts, "_row": number + 2}))
        return rf.relation(parts)

    def sql(self, query: RowQuery) -> Page:
        with self.engine.connect() as connection:
            rows = connection.execute(compile_sql(query, self.table, self.engine.dialect.name))
            found = page(query, [tuple(r) for r in rows])
            assert utc(fetch(connection, query, self.table)) == utc(found)
            return found

    def sql_count(self, query: RowQuery) -> int:
        with self.engine.connect() as connection:
            return connection.execute(compile_sql_count(query, self.table, self.engine.dialect.name)).scalar_one()


@pytest.fixture
def both(tmp_path: Path, engine: Engine) -> Iterator[Both]:
    stores = Both(tmp_path, engine)
    yield stores
    stores.duck.close()


def utc(page_: Page) -> Page:
    """The page with aware UTC moments, whichever zone object the store gave them."""
    fixed = [
        tuple(tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in r) for r in part)
        for part in (page_.rows, page_.places)
    ]
    return Page(fixed[0], fixed[1], page_.has_next, page_.has_previous)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(rows=tables, where=filters, order=orders, first=st.integers(1, 4), own=st.booleans(), named=st.booleans())
def test_every_page_and_count_is_the_same_from_files_and_from_a_table(
    both: Both, rows: list[rf.Row], where: Filter, order: tuple[Order, ...], first: int, own: bool, named: bool
) -> None:
    looked = (WORDS,) if named else ()
    order = (*order[:1], Order(WORDS.name, own), *order[1:]) if named else order
    relation = both.load(rows)
    predicate: Filter = Compare("_member", Op.EQ, "33.01") if own else All()
    scope = Scope(frozenset(NAMES), predicate)
    columns = (*NAMES, *PROVENANCE)
    everything = RowQuery(relation, columns, scope, where, order, first=100, looked=looked)
    whole = both.duck.page(everything, deadline=10)
    assert utc(whole) == utc(both.sql(everything))
    assert both.duck.count(everything, deadline=10) == both.sql_count(everything) == len(whole.rows)

    paged: list[tuple[Value | None, ...]] = []
    after: str | None = None
    while True:
        query = RowQuery(relation, columns, scope, where, order, first=first, after=after, looked=looked)
        from_files = both.duck.page(query, deadline=10)
        assert utc(from_files) == utc(both.sql(query))
        paged.extend(from_files.rows)
        if not from_files.has_next:
            break
        after = cursors.encode(query, from_files.places[-1])
    assert paged == list(whole.rows)

    back: list[tuple[Value | None, ...]] = []
    before: str | None = None
    while True:
        query = replace(everything, first=first, before=before, backwards=True)
        from_files = both.duck.page(query, deadline=10)
        assert utc(from_files) == utc(both.sql(query))
        assert from_files.has_next is (before is not None)
        back[:0] = from_files.rows
        if not from_files.has_previous:
            break
        before = cursors.encode(query, from_files.places[0])
    assert back == list(whole.rows)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(rows=tables, order=orders, first=st.integers(1, 4), backwards=st.booleans(), data=st.data())
def test_the_first_and_the_last_rows_between_two_cursors(
    both: Both, rows: list[rf.Row], order: tuple[Order, ...], first: int, backwards: bool, data: st.DataObject
) -> None:
    relation, scope, columns = both.load(rows), Scope(frozenset(NAMES)), (*NAMES, *PROVENANCE)
    everything = RowQuery(relation, columns, scope, order=order, first=100)
    whole = both.duck.page(everything, deadline=10)
    begin = data.draw(st.integers(0, len(rows)))
    end = data.draw(st.integers(0, len(rows)))
    query = RowQuery(
        relation,
        columns,
        scope,
        order=order,
        first=first,
        after=cursors.encode(everything, whole.places[begin - 1]) if begin else None,
        before=cursors.encode(everything, whole.places[end]) if end < len(rows) else None,
        backwards=backwards,
    )
    found = both.duck.page(query, deadline=10)
    assert utc(found) == utc(both.sql(query))
    inside = list(whole.rows[begin:end])
    kept = inside[-first:] if backwards else inside[:first]
    assert list(found.rows) == kept
    more = len(inside) > len(kept)
    assert found.has_next is (end < len(rows) or (more and not backwards))
    assert found.has_previous is (begin > 0 or (more and backwards))
