"""What became of rows between two commits, held to a model in Python: by key, under a filter and a scope, by pages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.duck import Duck
from core.rows import AnyOf, Compare, Filter, Not, Op, Relation, Scope, Value
from core.rows_diff import (
    Change,
    DiffQuery,
    Kind,
    change,
    compile_diff,
    compile_examples,
    compile_totals,
    page,
)
from core.rows_errors import ColumnUnknown, CursorInvalid, FilterInvalid
from tests.core import row_factories as rf

NAMES = tuple(n for n, _ in rf.COLUMNS)
KEY = ("kode", "tanggal")
REST = tuple(n for n in NAMES if n not in KEY)
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "kode": st.sampled_from("abc"),
    "nama": st.sampled_from(["", "x", "é"]),
    "harga": st.sampled_from([0, 1, 2**53 + 1]),
    "nilai": st.sampled_from([0.0, 1.5, float("nan")]),
    "tanggal": st.sampled_from([date(2026, 1, 1), date(2026, 1, 2)]),
    "waktu": st.sampled_from([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 1, tzinfo=UTC)]),
    "sah": st.booleans(),
}
rows = st.fixed_dictionaries({n: (VALUES[n] if n == "kode" else st.none() | VALUES[n]) for n in NAMES})
tables = st.lists(rows, max_size=7, unique_by=lambda r: (r["kode"], r["tanggal"]))
filters: st.SearchStrategy[Filter] = st.one_of(
    st.just(AnyOf((Compare("harga", Op.GTE, 1), Compare("nama", Op.IS_NULL, True)))),
    st.just(Compare("kode", Op.IN, ("a", "b"))),
    st.just(Not(Compare("sah", Op.EQ, True))),
)


@dataclass
class Store:
    folder: Path
    duck: Duck
    number: int = 0

    def load(self, table: list[rf.Row], seq: int, resource: str = "r1") -> Relation:
        self.number += 1
        file = rf.part(rf.write(self.folder / f"{self.number}.parquet", rf.COLUMNS, table), seq, resource=resource)
        return rf.relation([file], key=KEY)

    def pages(self, query: DiffQuery) -> list[Change]:
        """Every change, page after page."""
        found: list[Change] = []
        while True:
            compiled = compile_diff(query)
            one = page(query, self.duck.select(compiled.sql, compiled.params, deadline=10))
            found += one.changes
            if not one.has_next:
                return found
            query = replace(query, cursor=query.cursor_of(one.changes[-1].place))

    def totals(self, query: DiffQuery, by: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        compiled = compile_totals(query, by)
        return list(self.duck.select(compiled.sql, compiled.params, deadline=10))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    duck = Duck([tmp_path], size=1, threads=1)
    yield Store(tmp_path, duck)
    duck.close()


def holds(row: rf.Row | None, where: Filter | None) -> bool:
    if row is None or where is None:
        return row is not None
    if isinstance(where, AnyOf):
        return row["nama"] is None or (row["harga"] is not None and int(str(row["harga"])) >= 1)
    return row["kode"] in ("a", "b") if isinstance(where, Compare) else row["sah"] is not True


def plain(value: Any) -> Any:
    return "nan" if isinstance(value, float) and value != value else value


def model(
    before: list[rf.Row], after: list[rf.Row], where: Filter | None, seen: frozenset[str]
) -> dict[Any, tuple[Kind, tuple[str, ...]]]:
    old, new = ({(r["kode"], r["tanggal"]): r for r in side} for side in (before, after))
    out: dict[Any, tuple[Kind, tuple[str, ...]]] = {}
    for key in {*old, *new}:
        one, other = old.get(key), new.get(key)
        if not holds(one, where) and not holds(other, where):
            continue
        if one is None or other is None:
            out[key] = (Kind.ADDED if one is None else Kind.REMOVED, ())
            continue
        moved = tuple(c for c in REST if c in seen and plain(one[c]) != plain(other[c]))
        if moved:
            out[key] = (Kind.CHANGED, moved)
    return out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=tables, after=tables, where=st.none() | filters, masked=st.sampled_from([(), ("nilai",), ("harga", "waktu")]),
    first=st.integers(1, 3), per=st.sampled_from(["_resource", "_member"]),
)  # fmt: skip
def test_changes_totals_and_pages_are_those_of_the_model(
    store: Store, before: list[rf.Row], after: list[rf.Row], where: Filter | None, masked: Any, first: int, per: str
) -> None:
    seen = frozenset(NAMES) - ({*masked} if where is None else set())
    given_where = {} if where is None else {"where": where}
    query = DiffQuery(
        store.load(before, 1), store.load(after, 2), Scope(seen), per=per, first=first, **given_where  # type: ignore[arg-type]  # the filter alone
    )  # fmt: skip
    expected = model(before, after, where, seen)
    found = store.pages(query)
    assert {c.place[1:]: (c.kind, c.columns) for c in found} == expected
    assert len(found) == len(expected)
    old, new = ({tuple(r[c] for c in KEY): r for r in side} for side in (before, after))
    for one in found:
        for side, whole in ((one.before, old), (one.after, new)):
            if side is not None:
                assert {c: plain(side[c]) for c in seen} == {c: plain(whole[one.place[1:]][c]) for c in seen}
                assert not set(masked) - seen & set(side)
    [(_, *counted)] = store.totals(query)
    assert counted == [sum(kind is k for kind, _ in expected.values()) for k in Kind]


ROW: rf.Row = {"kode": "a", "tanggal": date(2026, 1, 1), "harga": 1, "nama": "x"}


def test_a_change_of_a_masked_column_alone_is_no_change(store: Store) -> None:
    before, after = store.load([ROW], 1), store.load([ROW | {"nama": "y"}], 2)
    assert [c.columns for c in store.pages(DiffQuery(before, after, Scope(frozenset(NAMES))))] == [("nama",)]
    masked = DiffQuery(before, after, Scope(frozenset(NAMES) - {"nama"}))
    assert store.pages(masked) == []
    [(_, *counted)] = store.totals(masked)
    assert counted == [0, 0, 0]


def test_rows_outside_the_scope_are_on_neither_side(store: Store) -> None:
    scope = Scope(frozenset(NAMES), Compare("_member", Op.EQ, "33.22"))
    assert store.pages(DiffQuery(store.load([ROW], 1), store.load([], 2), scope)) == []


def test_a_key_is_one_row_of_its_resource_or_of_its_member(store: Store) -> None:
    before, after = store.load([ROW], 1, "r1"), store.load([ROW], 2, "r2")
    scope = Scope(frozenset(NAMES))
    assert [c.kind for c in store.pages(DiffQuery(before, after, scope))] == [Kind.REMOVED, Kind.ADDED]
    assert store.pages(DiffQuery(before, after, scope, per="_member")) == []


def test_rows_of_a_resource_name_where_they_come_from_on_both_sides(store: Store) -> None:
    query = DiffQuery(store.load([ROW], 1), store.load([ROW | {"harga": 2}], 2), Scope(frozenset(NAMES)))
    [found] = store.pages(query)
    assert found.before is not None
    assert found.after is not None
    assert [(s["_snapshot"], s["_row"], s["_resource"]) for s in (found.before, found.after)] == [
        (1, 2, "r1"),
        (2, 2, "r1"),
    ]


def test_totals_stand_by_member_and_examples_begin_with_changes(store: Store) -> None:
    days = [ROW | {"kode": kode} for kode in "abc"]
    query = DiffQuery(
        store.load([*days, ROW | {"kode": "d"}], 1), store.load([*[d | {"harga": 9} for d in days], ROW | {"kode": "e"}], 2),
        Scope(frozenset(NAMES)), per="_member",
    )  # fmt: skip
    assert store.totals(query, ("_member",)) == [("33.74", 4, 3, 1, 1)]
    compiled = compile_examples(query, 2)
    found = [change(query, row) for row in store.duck.select(compiled.sql, compiled.params, deadline=10)]
    assert [c.kind for c in found] == [Kind.CHANGED, Kind.CHANGED, Kind.REMOVED, Kind.ADDED]


def test_kinds_are_listed_as_asked_for(store: Store) -> None:
    query = DiffQuery(store.load([ROW], 1), store.load([ROW | {"kode": "b"}], 2), Scope(frozenset(NAMES)))
    assert [c.kind for c in store.pages(replace(query, kinds=frozenset({Kind.ADDED})))] == [Kind.ADDED]
    assert store.pages(replace(query, kinds=frozenset())) == []


def test_what_cannot_be_compared_is_refused(store: Store) -> None:
    one, other = store.load([ROW], 1), store.load([ROW], 2)
    whole = Scope(frozenset(NAMES))
    with pytest.raises(FilterInvalid):
        DiffQuery(replace(one, key=()), replace(other, key=()), whole)
    with pytest.raises(ColumnUnknown):
        DiffQuery(one, other, Scope(frozenset(NAMES) - {"kode"}))
    with pytest.raises(ColumnUnknown):
        DiffQuery(one, other, Scope(frozenset(NAMES) - {"nama"}), Compare("nama", Op.EQ, "x"))


def test_a_cursor_belongs_to_its_question_and_its_commits(store: Store) -> None:
    query = DiffQuery(store.load([], 1), store.load([ROW], 2), Scope(frozenset(NAMES)))
    cursor = query.cursor_of(("r1", "a", None))
    assert replace(query, cursor=cursor).place == ("r1", "a", None)
    for asked in (
        {"where": Compare("kode", Op.EQ, "a")}, {"kinds": frozenset({Kind.ADDED})}, {"scope": Scope(frozenset(KEY))},
        {"after": replace(query.after, seq=3)}, {"per": "_member"},
    ):  # fmt: skip
        with pytest.raises(CursorInvalid):
            replace(query, cursor=cursor, **asked)
