"""Pages, counts and filters over files of rows answer as a plain list would, wherever the rows lie at the moment.

What is tried: tails with corrections and tombstones, segments made at any point, cursors, either direction, filters,
earlier commits, withdrawn datasets, datasets that changed their member, and whole tables beside changes.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from catalog.compaction import compact
from catalog.decisions import classify, withdraw
from catalog.models import Resource, RowFile
from catalog.relations import relation
from catalog.store import SnapshotStore
from core import cursors, duck
from core.access import ANONYMOUS, SYSTEM, Actor
from core.contract import Classification
from core.db import Base, make_engine, make_sessions
from core.duck import Duck
from core.rows import All, Compare, Filter, Op, Order, RowQuery, Scope
from core.rows_duckdb import compile_source
from core.rows_ended import NONE
from tests.catalog.factories import NOW, REPLACE, UPSERT, Catalogue, day, seen

NAMES = ("commodity", "day", "price")
SHOWN = (*NAMES, "_member", "_resource", "_row", "_snapshot")
Row = tuple[Any, ...]

rows = st.dictionaries(
    st.tuples(st.sampled_from(["beras", "cabai", "gula"]), st.integers(0, 5)),
    st.one_of(st.none(), st.integers(1, 4)),
    max_size=8,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(0, 2), rows),
        st.tuples(st.just("compact"), st.just(0), st.just({})),
        st.tuples(st.just("withdraw"), st.integers(0, 2), st.just({})),
        st.tuples(st.just("move"), st.integers(0, 2), st.just({})),
    ),
    min_size=2,
    max_size=9,
)
filters: st.SearchStrategy[Filter] = st.one_of(
    st.just(All()),
    st.builds(Compare, st.just("day"), st.sampled_from([Op.EQ, Op.LT, Op.GTE]), st.integers(0, 5).map(day)),
    st.builds(Compare, st.just("commodity"), st.just(Op.EQ), st.sampled_from(["beras", "cabai"])),
    st.builds(Compare, st.just("_member"), st.just(Op.EQ), st.sampled_from(["33.74", "33.22"])),
    st.builds(
        lambda a, b: All((Compare("day", Op.GT, day(min(a, b))), Compare("day", Op.LTE, day(max(a, b))))),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
)
orders = st.lists(st.builds(Order, st.sampled_from(["day", "price", "_resource"]), st.booleans()), max_size=2).map(
    lambda found: tuple({o.column: o for o in found}.values())
)


@contextmanager
def province() -> Iterator[Catalogue]:
    folder = Path(tempfile.mkdtemp(prefix="lumbung-pages-"))
    engine = make_engine(f"sqlite:///{folder / 'l.db'}")
    Base.metadata.create_all(engine)
    try:
        yield Catalogue(make_sessions(engine), SnapshotStore(folder / "s"), folder / "w")
    finally:
        engine.dispose()
        shutil.rmtree(folder, ignore_errors=True)


def matches(where: Filter, row: Row) -> bool:
    if isinstance(where, All):
        return all(matches(part, row) for part in where.parts)
    assert isinstance(where, Compare)
    found, wanted = row[SHOWN.index(where.column)], where.value
    compared = {Op.EQ: found == wanted, Op.LT: found < wanted, Op.GTE: found >= wanted, Op.GT: found > wanted}
    return bool(compared.get(where.op, found <= wanted))


def in_order(found: list[Row], order: tuple[Order, ...]) -> list[Row]:
    """Sorted by the last step first, as sorting is stable; nulls last whichever way it runs."""
    for step in reversed(order):
        place = SHOWN.index(step.column)
        some = sorted((r for r in found if r[place] is not None), key=lambda r: r[place], reverse=step.descending)
        found = some + [r for r in found if r[place] is None]
    return found


def paged(
    pool: Duck, found: Any, where: Filter, order: tuple[Order, ...], first: int, *, backwards: bool = False
) -> list[Row]:
    out: list[Row] = []
    cursor: str | None = None
    while True:
        ends = {"before" if backwards else "after": cursor}
        query = RowQuery(
            found,
            SHOWN,
            Scope(frozenset(NAMES)),
            where,
            order,
            first,
            backwards=backwards,
            **ends,  # type: ignore[arg-type]  # either is a cursor
        )
        page = pool.page(query, deadline=10)
        sheet = pool.sheet(query, deadline=10)
        assert [tuple(row.values())[: len(SHOWN)] for row in sheet.table.to_pylist()] == list(page.rows)
        assert sheet.places() == list(page.places)
        assert (sheet.has_next, sheet.has_previous) == (page.has_next, page.has_previous)
        out = [*page.rows, *out] if backwards else [*out, *page.rows]
        if not (page.has_previous if backwards else page.has_next):
            return out
        cursor = cursors.encode(query, page.places[0 if backwards else -1])


@pytest.mark.parametrize("ends", [20_000, 0], ids=["left out afterwards", "joined"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps, where=filters, order=orders, first=st.integers(1, 5), data=st.data())
def test_pages_of_files_are_the_pages_of_a_list(
    ends: int, steps: list[Any], where: Filter, order: tuple[Order, ...], first: int, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch, province() as catalogue:
        patch.setattr(duck, "_ENDS", ends)
        patch.setattr(duck, "_MORE", 0)  # so that a page runs short now and then
        pool = Duck([catalogue.store.folder], size=1, threads=1)
        resources = [catalogue.resource(f"d{i}", source=f"s{i}") for i in range(3)]
        tables: dict[str, dict[tuple[str, date], int | None]] = {r: {} for r in resources}
        shown = dict.fromkeys(resources, True)
        members = dict.fromkeys(resources, "33.74")
        history: dict[int, set[Row]] = {}

        def state() -> set[Row]:
            return {(r, *key, price) for r, rows in tables.items() if shown[r] for key, price in rows.items()}

        for what, number, delivery in steps:
            resource = resources[number]
            if what != "compact" and not shown[resource]:
                continue
            if what == "commit":
                standard = REPLACE if number == 2 else UPSERT
                fresh = {(name, day(n)): price for (name, n), price in delivery.items()}
                days = [d for _, d in fresh]
                if standard is UPSERT:
                    gone = {k for k in tables[resource] if days and min(days) <= k[1] <= max(days)} - fresh.keys()
                    after = {k: v for k, v in tables[resource].items() if k not in gone} | fresh
                else:
                    after = fresh
                done = catalogue.commit(resource, [(*k, v) for k, v in fresh.items()], standard)
                tables[resource] = after
                if done.seq is not None:
                    history[done.seq] = state()
            elif what == "compact":
                compact(catalogue.sessions, catalogue.store, now=NOW)
            elif what == "withdraw":
                with catalogue.sessions() as session:
                    dataset = session.get_one(Resource, resource).dataset_id
                withdraw(catalogue.sessions, dataset, actor=SYSTEM, reason="uji", now=NOW)
                shown[resource] = False
                with catalogue.sessions() as session:
                    history[relation(session, catalogue.store, UPSERT).seq] = state()
            elif what == "move":
                members[resource] = "33.22"
                catalogue.resource(f"d{number}", source=f"s{number}", member="33.22")
        as_of = data.draw(st.sampled_from([None, *sorted(history)]))
        expected = state() if as_of is None else history[as_of]
        with catalogue.sessions() as session:
            found = relation(session, catalogue.store, UPSERT, as_of)
        everything = paged(pool, found, All(), (), 1000)
        assert {(r[SHOWN.index("_resource")], *r[:3]) for r in everything} == expected
        assert len(everything) == len(expected)
        assert all(row[3] == members[row[4]] for row in everything)
        total = RowQuery(found, SHOWN, Scope(frozenset(NAMES)), where, order).total_order
        wanted = in_order([row for row in everything if matches(where, row)], total)
        assert paged(pool, found, where, order, first) == wanted
        assert paged(pool, found, where, order, first, backwards=True) == wanted
        counted = RowQuery(found, SHOWN, Scope(frozenset(NAMES)), where)
        assert pool.count(counted, deadline=10) == len(wanted)
        for gone_rows in (NONE, pool.gone(counted, deadline=10), pool.gone(counted, deadline=10)):
            grouped = compile_source(counted, gone=gone_rows)
            assert sorted(pool.select(grouped.sql, grouped.params, deadline=10), key=repr) == sorted(wanted, key=repr)
        pool.close()


def test_a_dataset_that_is_closed_or_moved_is_so_at_the_next_question_of_the_same_commit(
    catalogue: Catalogue, duck: Duck
) -> None:
    resource = catalogue.resource("d1")
    catalogue.commit(resource, [("beras", day(1), 1)], UPSERT)

    def members(actor: Actor | None) -> list[Any]:
        with catalogue.sessions() as session:
            found = relation(session, catalogue.store, UPSERT, actor=actor)
        return [row[0] for row in duck.page(RowQuery(found, ("_member",), Scope(frozenset())), deadline=10).rows]

    assert members(ANONYMOUS) == members(None) == members(ANONYMOUS) == ["33.74"]
    with catalogue.sessions() as session:
        dataset = session.get_one(Resource, resource).dataset_id
    classify(catalogue.sessions, dataset, Classification.CLOSED, actor=SYSTEM, now=NOW)
    assert (members(ANONYMOUS), members(None)) == ([], ["33.74"])
    catalogue.crawl(seen("d1"), member="33.22")
    assert (members(ANONYMOUS), members(None)) == ([], ["33.22"])


def test_files_of_other_times_are_not_opened(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for number in range(3):
        catalogue.commit(resource, [("beras", day(number), number)], UPSERT)
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, UPSERT)
        first = session.scalars(select(RowFile.sha256).where(RowFile.first_seq == 1)).one()
    catalogue.store.path(first).unlink()
    later = RowQuery(found, ("price",), Scope(frozenset(NAMES)), Compare("day", Op.GTE, day(1)))
    assert duck.page(later, deadline=10).rows == ((1,), (2,))


def test_what_harvests_bring_is_merged_at_once_unless_it_is_little(catalogue: Catalogue) -> None:
    resource = catalogue.resource()

    def files() -> list[str]:
        with catalogue.sessions() as session:
            standing = select(RowFile.part).where(RowFile.superseded_by.is_(None)).order_by(RowFile.first_seq)
            return list(session.scalars(standing))

    for begin in (0, 100):
        catalogue.commit(resource, [("beras", day(n), n) for n in range(begin, begin + 100)], UPSERT)
    compact(catalogue.sessions, catalogue.store, now=NOW, tail=2)
    assert files() == ["live"]
    for number in (300, 301):
        catalogue.commit(resource, [("beras", day(number), 1)], UPSERT)
        compact(catalogue.sessions, catalogue.store, now=NOW, tail=2)
    assert files() == ["live", "commit", "commit"]
    catalogue.commit(resource, [("beras", day(n), n) for n in range(302, 306)], UPSERT)
    compact(catalogue.sessions, catalogue.store, now=NOW, tail=2)
    assert files() == ["live"]
