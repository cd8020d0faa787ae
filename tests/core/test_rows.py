"""What a row query gives and refuses: masking, scope, upserts with tombstones, stable pages, honest cursors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import cursors
from core.access import ANONYMOUS, Actor, Role, scope
from core.contract import Classification, Column, ColumnType, Contract, Mode
from core.duck import Duck
from core.rows import All, Compare, Filter, Lookup, Not, Op, Order, Part, Relation, RowQuery, Scope, Value
from core.rows_errors import ColumnUnknown, CursorInvalid, FilterInvalid, PageInvalid
from tests.core import row_factories as rf

ALL = Scope(frozenset(n for n, _ in rf.COLUMNS))


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Duck]:
    pool = Duck([tmp_path], size=1, threads=1)
    yield pool
    pool.close()


def simple(tmp_path: Path, rows: list[rf.Row], name: str = "a") -> Relation:
    return rf.relation([rf.part(rf.write(tmp_path / f"{name}.parquet", rf.COLUMNS, rows), 1)])


def cells(duck: Duck, query: RowQuery) -> list[tuple[Value | None, ...]]:
    return list(duck.page(query, deadline=10).rows)


def test_a_column_outside_the_scope_comes_back_null(duck: Duck, tmp_path: Path) -> None:
    relation = simple(tmp_path, [{"kode": "a", "harga": 7}])
    query = RowQuery(relation, ("kode", "harga"), Scope(frozenset({"kode"})))
    assert cells(duck, query) == [("a", None)]


@pytest.mark.parametrize(
    ("where", "order"),
    [
        (Compare("harga", Op.EQ, 7), ()),
        (Not(All((Compare("harga", Op.IS_NULL, True),))), ()),
        (All(), (Order("harga"),)),
    ],
)
def test_a14_a_closed_column_is_as_unknown_to_filter_and_order_as_an_absent_one(
    tmp_path: Path, where: Filter, order: tuple[Order, ...]
) -> None:
    relation = simple(tmp_path, [{"kode": "a", "harga": 7}])
    masked = Scope(frozenset({"kode"}))
    with pytest.raises(ColumnUnknown) as closed:
        RowQuery(relation, ("kode",), masked, where, order)
    with pytest.raises(ColumnUnknown) as absent:
        RowQuery(relation, ("kode",), masked, Compare("tiada", Op.EQ, 1))
    assert closed.value.what("id").replace("harga ", "") == absent.value.what("id").replace("tiada ", "")
    assert closed.value.values["columns"] == absent.value.values["columns"]
    assert "harga" not in str(absent.value.values["columns"])


def test_a14_a_masked_key_does_not_stand_in_the_cursor(duck: Duck, tmp_path: Path) -> None:
    relation = simple(tmp_path, [{"kode": "rahasia-1"}, {"kode": "rahasia-2"}])
    query = RowQuery(relation, ("nama",), Scope(frozenset({"nama"})), first=1)
    page = duck.page(query, deadline=10)
    assert page.has_next
    assert "rahasia" not in repr(page.places)


def test_a14_the_word_of_a_masked_code_cannot_be_asked_for(tmp_path: Path) -> None:
    relation, words = simple(tmp_path, [{"kode": "rahasia"}]), Lookup("_kata", "kode", {"rahasia": "Rahasia"})
    RowQuery(relation, ("nama",), Scope(frozenset({"nama", "kode"})), order=(Order("_kata"),), looked=(words,))
    with pytest.raises(ColumnUnknown):
        RowQuery(relation, ("nama",), Scope(frozenset({"nama"})), order=(Order("_kata"),), looked=(words,))


def test_a_code_listed_without_a_word_and_rows_of_several_files_keep_their_place(duck: Duck, tmp_path: Path) -> None:
    parts = [
        rf.part(rf.write(tmp_path / f"{n}.parquet", rf.COLUMNS, [{"kode": k} for k in codes]), n, resource=f"r{n}")
        for n, codes in enumerate((["b", "x", "a"], ["a", None]), 1)
    ]
    order = (Order("_kata"), Order("_resource", True))
    words = Lookup("_kata", "kode", {"a": "Zulu", "b": "Alfa"})
    query = RowQuery(rf.relation(parts), ("kode", "_kata"), ALL, order=order, first=10, looked=(words,))
    found = duck.page(query, deadline=10).rows
    assert found == (("b", "Alfa"), ("a", "Zulu"), ("a", "Zulu"), (None, None), ("x", None))


def test_scope_of_a_contract_keeps_another_members_closed_rows_out(duck: Duck, tmp_path: Path) -> None:
    contract = Contract(
        name="harga_uji",
        version="1.0.0",
        title={},
        description={},
        columns=(Column("kode", ColumnType.TEXT, {}, {}, key=True),),
        rules=(),
        mode=Mode.REPLACE,
        owner="catalog",
        classification=Classification.CLOSED,
    )
    columns = (("kode", ColumnType.TEXT),)
    parts = [
        rf.part(rf.write(tmp_path / f"{m}.parquet", columns, [{"kode": m}]), 1, member=m, resource=m)
        for m in ("33.21", "33.74")
    ]
    relation = rf.relation(parts, columns=columns)
    steward = Actor("t", "t", frozenset({Role.STEWARD}), member="33.74")
    for actor, seen in ((steward, [("33.74",)]), (ANONYMOUS, [])):
        query = RowQuery(relation, ("kode",), scope(actor, contract))
        assert cells(duck, query) == seen
        assert duck.count(query, deadline=10) == len(seen)


def test_upsert_serves_the_newest_row_of_a_key_and_hides_tombstones(duck: Duck, tmp_path: Path) -> None:
    def commit(number: int, rows: list[rf.Row], resource: str = "r1") -> Part:
        path = rf.write(tmp_path / f"{number}{resource}.parquet", rf.COLUMNS, rows, upsert=True)
        return rf.part(path, number, resource=resource)

    parts = [
        commit(1, [{"kode": "a", "harga": 1}, {"kode": "b", "harga": 2}, {"kode": "c", "harga": 3}]),
        commit(2, [{"kode": "a", "harga": 10}, {"kode": "b", "_deleted": True}]),
        commit(3, [{"kode": "b", "harga": 20}]),
        commit(3, [{"kode": "a", "harga": 99}], resource="r2"),
    ]

    def at(seq: int) -> list[tuple[Value | None, ...]]:
        known = [p for p in parts if p.snapshot <= seq]
        relation = rf.relation(known, mode=Mode.UPSERT, seq=seq)
        return cells(duck, RowQuery(relation, ("kode", "harga"), ALL, order=(Order("kode"),)))

    assert at(1) == [("a", 1), ("b", 2), ("c", 3)]
    assert at(2) == [("a", 10), ("c", 3)]
    assert at(3) == [("a", 10), ("a", 99), ("b", 20), ("c", 3)]


commits = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2", "r3"]),
        st.dictionaries(st.sampled_from(["a", "b", None]), st.tuples(st.integers(0, 3), st.booleans()), min_size=1),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=commits, least=st.integers(0, 3), resource=st.none() | st.sampled_from(["r1", "r2"]))
def test_any_history_of_upserts_gives_what_replaying_it_gives(
    duck: Duck, tmp_path: Path, history: list[tuple[str, dict[str | None, tuple[int, bool]]]], least: int, resource: str
) -> None:
    parts: list[Part] = []
    current: dict[tuple[str, str | None], tuple[int, bool]] = {}
    for seq, (name, rows) in enumerate(history, 1):
        cells_: list[rf.Row] = [{"kode": k, "harga": v, "_deleted": gone} for k, (v, gone) in rows.items()]
        path = rf.write(tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet", rf.COLUMNS, cells_, upsert=True)
        parts.append(rf.part(path, seq, resource=name))
        current |= {(name, k): found for k, found in rows.items()}
    where: Filter = Compare("harga", Op.GTE, least)
    if resource is not None:
        where = All((where, Compare("_resource", Op.EQ, resource)))
    query = RowQuery(rf.relation(parts, mode=Mode.UPSERT), ("_resource", "kode", "harga"), ALL, where)
    expected = {(r, k, v) for (r, k), (v, gone) in current.items() if not gone and v >= least and resource in (None, r)}
    found = cells(duck, query)
    assert set(found) == expected
    assert len(found) == len(expected) == duck.count(query, deadline=10)


def test_a_filter_on_an_upsert_never_revives_an_older_row(duck: Duck, tmp_path: Path) -> None:
    paths = [rf.write(tmp_path / f"{n}.parquet", rf.COLUMNS, [{"kode": "a", "harga": n}], upsert=True) for n in (1, 2)]
    relation = rf.relation([rf.part(p, i) for i, p in enumerate(paths, 1)], mode=Mode.UPSERT)
    assert cells(duck, RowQuery(relation, ("harga",), ALL, Compare("harga", Op.EQ, 1))) == []
    assert cells(duck, RowQuery(relation, ("harga",), ALL, Compare("_snapshot", Op.EQ, 1))) == []


def test_a_column_added_by_a_minor_version_is_null_in_older_files(duck: Duck, tmp_path: Path) -> None:
    old = (("kode", ColumnType.TEXT),)
    new = (("kode", ColumnType.TEXT), ("pasar", ColumnType.TEXT))
    parts = [
        rf.part(rf.write(tmp_path / "old.parquet", old, [{"kode": "a"}]), 1, resource="r1"),
        rf.part(rf.write(tmp_path / "new.parquet", new, [{"kode": "b", "pasar": "Johar"}]), 2, resource="r2"),
    ]
    query = RowQuery(rf.relation(parts, columns=new), ("kode", "pasar"), Scope(frozenset({"kode", "pasar"})))
    assert cells(duck, query) == [("a", None), ("b", "Johar")]
    only_old = RowQuery(rf.relation(parts[:1], columns=new), ("kode", "pasar"), Scope(frozenset({"kode", "pasar"})))
    assert cells(duck, only_old) == [("a", None)]


def test_every_row_can_name_where_it_comes_from(duck: Duck, tmp_path: Path) -> None:
    relation = simple(tmp_path, [{"kode": "a", "_row": 17}])
    names = ("_snapshot", "_row", "_member", "_source", "_dataset", "_resource", "_fetched_at", "_verdict")
    [row] = cells(duck, RowQuery(relation, names, ALL))
    assert row == (1, 17, "33.74", "s-33.74", "d-r1", "r1", relation.parts[0].fetched_at, "published")


def test_headers_that_look_like_sql_are_only_names(duck: Duck, tmp_path: Path) -> None:
    name = 'a"b; DROP TABLE x --'
    columns = ((name, ColumnType.TEXT), ("select", ColumnType.TEXT))
    path = rf.write(tmp_path / "odd [1]*.parquet", columns, [{name: "'", "select": '"'}])
    relation = rf.relation([rf.part(path, 1)], columns=columns, key=())
    scope_ = Scope(frozenset({name, "select"}))
    query = RowQuery(relation, (name, "select"), scope_, Compare(name, Op.EQ, "'"), (Order("select", True),))
    assert cells(duck, query) == [("'", '"')]


def test_no_parts_give_no_rows(duck: Duck) -> None:
    for mode in Mode:
        query = RowQuery(rf.relation([], mode=mode), ("kode",), ALL)
        assert cells(duck, query) == []
        assert duck.count(query, deadline=10) == 0


def test_pages_stay_stable_while_a_snapshot_lands(duck: Duck, tmp_path: Path) -> None:
    before = simple(tmp_path, [{"kode": k} for k in "abcd"])
    first = RowQuery(before, ("kode",), ALL, first=2)
    cursor = cursors.encode(first, duck.page(first, deadline=10).places[-1])
    landed = rf.part(rf.write(tmp_path / "b.parquet", rf.COLUMNS, [{"kode": "aa"}]), 2)
    assert cursors.seq_of(cursor) == before.seq
    again = RowQuery(before, ("kode",), ALL, first=2, after=cursor)
    assert cells(duck, again) == [("c",), ("d",)]
    with pytest.raises(CursorInvalid):
        RowQuery(rf.relation([landed]), ("kode",), ALL, first=2, after=cursor)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_or_cut_cursor_is_refused(data: st.DataObject) -> None:
    relation = rf.relation([])
    plain = RowQuery(relation, ("kode",), ALL, order=(Order("nama"),))
    cursor = cursors.encode(plain, ("é", "r1", "a", 4, 1))
    assert RowQuery(relation, ("kode",), ALL, order=(Order("nama"),), after=cursor).begin == ("é", "r1", "a", 4, 1)
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABab09-_=+/ é\x00").filter(lambda c: c != cursor[at]))
    changed = data.draw(st.sampled_from([cursor[:at], cursor[:at] + letter + cursor[at + 1 :], cursor + letter]))
    with pytest.raises(CursorInvalid):
        RowQuery(relation, ("kode",), ALL, order=(Order("nama"),), after=changed)


@given(garbage=st.text(max_size=40) | st.just("A" * 20_000) | st.just("W1tb" * 2_000))
def test_garbage_is_no_cursor(garbage: str) -> None:
    with pytest.raises(CursorInvalid):
        RowQuery(rf.relation([]), ("kode",), ALL, after=garbage)
    with pytest.raises(CursorInvalid):
        cursors.seq_of(garbage)


def test_a_cursor_of_another_question_is_refused() -> None:
    relation = rf.relation([])
    cursor = cursors.encode(RowQuery(relation, ("kode",), ALL), ("r1", "a", 4, 1))
    RowQuery(relation, ("nama",), ALL, after=cursor, first=7)
    for other in (
        {"where": Compare("kode", Op.EQ, "a")},
        {"order": (Order("_resource", True),)},
        {"scope": Scope(ALL.columns, Compare("_member", Op.EQ, "33.74"))},
    ):
        with pytest.raises(CursorInvalid):
            RowQuery(relation, ("kode",), after=cursor, **({"scope": ALL} | other))


@pytest.mark.parametrize(
    "where",
    [
        Compare("harga", Op.EQ, "7"),
        Compare("harga", Op.EQ, True),
        Compare("harga", Op.EQ, 2**63),
        Compare("nilai", Op.EQ, float("nan")),
        Compare("tanggal", Op.EQ, rf.START),
        Compare("waktu", Op.EQ, rf.START.replace(tzinfo=None)),
        Compare("harga", Op.PREFIX, "7"),
        Compare("kode", Op.EQ, "a\x00"),
        Compare("kode", Op.EQ, ("a",)),
        Compare("kode", Op.IN, "a"),
        Compare("kode", Op.IS_NULL, "ya"),
        Compare("kode", Op.IN, tuple(str(n) for n in range(1_001))),
        All(tuple(Compare("kode", Op.EQ, "a") for _ in range(201))),
    ],
    ids=repr,
)
def test_r03_a_comparison_that_its_column_cannot_make_is_refused(where: Filter) -> None:
    with pytest.raises(FilterInvalid):
        RowQuery(rf.relation([]), ("kode",), ALL, where)


def test_g10_a_filter_nested_without_end_is_refused() -> None:
    where: Filter = Compare("kode", Op.EQ, "a")
    for _ in range(50_000):
        where = Not(where)
    with pytest.raises(FilterInvalid):
        RowQuery(rf.relation([]), ("kode",), ALL, where)
    while isinstance(where, Not):  # freed step by step: Python frees nested values recursively
        where = where.part


@pytest.mark.parametrize("first", [0, -1, 2**31])
def test_g17_a_page_size_out_of_bounds_is_refused(first: int) -> None:
    with pytest.raises(PageInvalid):
        RowQuery(rf.relation([]), ("kode",), ALL, first=first)
