"""Groups of rows, held to a model in Python: what is grouped by, measured, kept and ordered, under a scope."""

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.contract import ColumnType
from core.duck import Duck
from core.rows import Compare, Op, Relation, Scope, Value
from core.rows_aggregate import (
    AggregateQuery,
    Coarse,
    Grain,
    GroupOrder,
    Having,
    Measure,
    MeasureOp,
    column_of,
    compile_aggregate,
    groups,
)
from core.rows_errors import ColumnUnknown, FilterInvalid
from tests.core import row_factories as rf

NAMES = tuple(n for n, _ in rf.COLUMNS)
KINDS = dict(rf.COLUMNS)
ALL = Scope(frozenset(NAMES))
MAKASSAR = "Asia/Makassar"
NUMBERS = (MeasureOp.SUM, MeasureOp.AVG, MeasureOp.MEDIAN)
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "kode": st.sampled_from(["33.74", "33.22", "33", "34.71"]),
    "nama": st.sampled_from(["", "a", "B", "é"]),
    "harga": st.sampled_from([-(2**62), -1, 0, 1, 7, 2**62]),
    "nilai": st.sampled_from([-1.5, 0.0, 0.25, 3.0]),
    "tanggal": st.sampled_from([date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1)]),
    "waktu": st.sampled_from([datetime(2026, 1, 31, h, tzinfo=UTC) for h in (0, 15, 16, 17)]),
    "sah": st.booleans(),
}
tables = st.lists(st.fixed_dictionaries({n: st.none() | VALUES[n] for n in NAMES}), max_size=12)
keys = st.sampled_from(
    [
        *NAMES,
        Coarse("kode", Grain.PROVINCE),
        Coarse("tanggal", Grain.MONTH),
        Coarse("tanggal", Grain.YEAR),
        *(Coarse("waktu", grain, MAKASSAR) for grain in (Grain.DAY, Grain.MONTH, Grain.YEAR)),
    ]
)


def fit(op: MeasureOp) -> tuple[str, ...]:
    if op in NUMBERS:
        return "harga", "nilai"
    return ("sah",) if op is MeasureOp.COUNT_TRUE else NAMES


measures = st.sampled_from(MeasureOp).flatmap(lambda op: st.builds(Measure, st.just(op), st.sampled_from(fit(op))))


@dataclass
class Store:
    folder: Path
    duck: Duck
    number: int = 0

    def load(self, rows: list[rf.Row]) -> Relation:
        self.number += 1
        return rf.relation([rf.part(rf.write(self.folder / f"{self.number}.parquet", rf.COLUMNS, rows), 1)])

    def ask(self, query: AggregateQuery) -> tuple[tuple[Any, ...], ...]:
        compiled = compile_aggregate(query)
        return groups(query, self.duck.select(compiled.sql, compiled.params, deadline=10)).rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    duck = Duck([tmp_path], size=1, threads=1)
    yield Store(tmp_path, duck)
    duck.close()


def value(row: rf.Row, key: str | Coarse) -> Any:
    found: Any = row[column_of(key)]
    if isinstance(key, str) or found is None:
        return found
    if key.grain is Grain.PROVINCE:
        return found[:2]
    day = found.astimezone(ZoneInfo(key.zone)).date() if isinstance(found, datetime) else found
    return day.replace(day=day.day if key.grain is Grain.DAY else 1, month=1 if key.grain is Grain.YEAR else day.month)


def measured(rows: list[rf.Row], measure: Measure) -> Any:
    values: list[Any] = [
        r[measure.column] for r in rows if measure.column is not None and r[measure.column] is not None
    ]
    match measure.op:
        case MeasureOp.COUNT:
            return len(values)
        case MeasureOp.COUNT_DISTINCT:
            return len(set(values))
        case MeasureOp.COUNT_TRUE:
            return sum(values)
    if not values:
        return None
    match measure.op:
        case MeasureOp.SUM:
            return sum(values)
        case MeasureOp.AVG:
            return statistics.fmean(values)
        case MeasureOp.MEDIAN:
            return float(statistics.median(values))
        case MeasureOp.MIN:
            return min(values)
        case _:
            return max(values)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) or isinstance(other, float):
        return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, by=st.lists(keys, max_size=3, unique=True), asked=st.lists(measures, max_size=3), own=st.booleans())
def test_groups_and_measures_are_those_of_the_model(
    store: Store, rows: list[rf.Row], by: list[str | Coarse], asked: list[Measure], own: bool
) -> None:
    scope = Scope(frozenset(NAMES), Compare("kode", Op.EQ, "33.74")) if own else ALL
    query = AggregateQuery(store.load(rows), scope, tuple(by), (*asked, Measure(MeasureOp.COUNT)))
    seen = [r for r in rows if not own or r["kode"] == "33.74"]
    expected: dict[tuple[Any, ...], list[rf.Row]] = {} if by else {(): []}
    for row in seen:
        expected.setdefault(tuple(value(row, key) for key in by), []).append(row)
    found = {row[: len(by)]: row[len(by) :] for row in store.ask(query)}
    assert set(found) == set(expected)
    for key, members in expected.items():
        wanted = [*(measured(members, m) for m in asked), len(members)]
        assert all(map(same, found[key], wanted)), (key, found[key], wanted)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, least=st.integers(0, 3), down=st.booleans(), first=st.integers(1, 4))
def test_conditions_order_and_bound_hold(store: Store, rows: list[rf.Row], least: int, down: bool, first: int) -> None:
    query = AggregateQuery(
        store.load(rows), ALL, ("nama",), (Measure(MeasureOp.COUNT),), having=(Having(0, Op.GTE, least),),
        order=(GroupOrder(0, down),), first=first,
    )  # fmt: skip
    counts: dict[Any, int] = {}
    for row in rows:
        counts[row["nama"]] = counts.get(row["nama"], 0) + 1
    kept = [item for item in counts.items() if item[1] >= least]
    kept.sort(key=lambda item: (-item[1] if down else item[1], item[0] is None, item[0] or ""))
    assert list(store.ask(query)) == kept[:first]


def test_days_of_moments_are_those_of_the_zone(store: Store) -> None:
    rows: list[rf.Row] = [{"waktu": datetime(2026, 1, 31, 16, tzinfo=UTC)}]
    for zone, day in (("UTC", date(2026, 1, 31)), ("Asia/Jakarta", date(2026, 1, 31)), (MAKASSAR, date(2026, 2, 1))):
        [(found, _)] = store.ask(AggregateQuery(store.load(rows), ALL, (Coarse("waktu", Grain.DAY, zone),)))
        assert found == day


@pytest.mark.parametrize(
    ("by", "measure"),
    [
        (Coarse("harga", Grain.MONTH), None),
        (Coarse("tanggal", Grain.PROVINCE), None),
        (Coarse("tanggal", Grain.DAY), None),
        ("kode", Measure(MeasureOp.MEDIAN, "nama")),
        ("kode", Measure(MeasureOp.COUNT_TRUE, "harga")),
        ("kode", Measure(MeasureOp.MAX)),
    ],
    ids=str,
)
def test_what_a_column_cannot_give_is_refused(store: Store, by: str | Coarse, measure: Measure | None) -> None:
    with pytest.raises(FilterInvalid):
        AggregateQuery(store.load([]), ALL, (by,), () if measure is None else (measure,))


def test_a_column_outside_the_scope_is_unknown_whichever_way_it_is_asked(store: Store) -> None:
    scope = Scope(frozenset(NAMES) - {"tanggal"})
    for by, asked in (
        (("tanggal",), ()),
        ((Coarse("tanggal", Grain.YEAR),), ()),
        ((), (Measure(MeasureOp.MAX, "tanggal"),)),
    ):
        with pytest.raises(ColumnUnknown):
            AggregateQuery(store.load([]), scope, by, asked)


def test_every_type_of_column_has_a_place_in_the_model() -> None:
    assert set(KINDS.values()) == set(ColumnType)
