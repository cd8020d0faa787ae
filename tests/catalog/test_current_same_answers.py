"""A page of current rows is the same from the SQL table and from the files, whatever is asked."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import current_pages
from catalog.current import follow_one
from catalog.relations import relation
from core import cursors
from core.contract import Column, Contract, Mode
from core.duck import Duck
from core.rows import PROVENANCE, TRUE, Compare, Filter, Op, Order, Page, RowQuery, Scope
from tests.catalog.factories import UPSERT, Catalogue
from tests.core import row_factories as rf
from tests.core.test_rows_same_answers import NAMES, VALUES, filters, orders

KEY = ("kode", "nama")
ROWS = st.lists(
    st.fixed_dictionaries({n: st.none() | VALUES[k] for n, k in rf.COLUMNS}),
    max_size=8,
    unique_by=lambda row: tuple(row[k] for k in KEY),
)


def standard(number: int, mode: Mode) -> Contract:
    """Columns of every type; the key can be null, the time is no part of it."""
    columns = tuple(Column(n, kind, {"id": n}, {}, key=n in KEY) for n, kind in rf.COLUMNS)
    return replace(UPSERT, name=f"uji_{number}", columns=columns, mode=mode, time_column="waktu")


@dataclass
class Both:
    """A catalogue in which every example has a contract of its own."""

    catalogue: Catalogue
    duck: Duck
    resources: list[str]
    numbers: "count[int]"


@pytest.fixture
def both(catalogue: Catalogue, duck: Duck) -> Both:
    return Both(catalogue, duck, [catalogue.resource("d1"), catalogue.resource("d2", "demak", "33.21")], count())


def plain(page: Page) -> list[tuple[object, ...]]:
    """Rows and places with moments in UTC, whichever zone object the store gave them."""
    return [
        tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in (*row, *place))
        for row, place in zip(page.rows, page.places, strict=True)
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    deliveries=st.lists(st.tuples(st.integers(0, 1), ROWS), min_size=1, max_size=3),
    mode=st.sampled_from(Mode),
    where=st.lists(filters | st.just(TRUE), min_size=3, max_size=3),
    order=orders | st.sampled_from([(), (Order("waktu", True),)]),
    first=st.integers(1, 5),
    own=st.booleans(),
    masked=st.sampled_from(["", "kode", "harga"]),
)
def test_pages_and_counts_of_current_rows_are_the_same_from_table_and_files(
    both: Both,
    deliveries: list[tuple[int, list[rf.Row]]],
    mode: Mode,
    where: list[Filter],
    order: tuple[Order, ...],
    first: int,
    own: bool,
    masked: str,
) -> None:
    catalogue, number = both.catalogue, next(both.numbers)
    contract = standard(number, mode)
    name = (contract.name, contract.major)
    for which, rows in deliveries:
        path = rf.write(catalogue.folder / f"{number}.parquet", rf.COLUMNS, rows)
        catalogue.commit(both.resources[which], [], contract, rows=path)
        follow_one(catalogue.sessions, catalogue.store, name)
    visible = frozenset(NAMES) - {masked}
    scope = Scope(visible, Compare("_member", Op.EQ, "33.21") if own else TRUE)
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, contract)
        for part in (w for w in where if not masked or masked not in repr(w)):
            steps = tuple(o for o in order if o.column != masked)
            after: str | None = None
            while True:
                query = RowQuery(found, (*NAMES, *PROVENANCE), scope, part, steps, first=first, after=after)
                page = current_pages.page(session, name, query)
                files = both.duck.page(query, deadline=10)
                assert page is not None
                assert plain(page) == plain(files) and page.has_next == files.has_next
                assert current_pages.count(session, name, query) == both.duck.count(query, deadline=10)
                if not files.has_next:
                    break
                after = cursors.encode(query, page.places[-1])
                assert after == cursors.encode(query, files.places[-1])
                until = replace(query, after=None, before=after, backwards=True)
                page, files = current_pages.page(session, name, until), both.duck.page(until, deadline=10)
                assert page is not None
                assert plain(page) == plain(files)
                assert (page.has_next, page.has_previous) == (files.has_next, files.has_previous)
