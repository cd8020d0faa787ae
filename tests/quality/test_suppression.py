"""Small counts stay hidden from whoever adds and subtracts what is published beside them (docs/adr/0015)."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from core.verdict import Verdict
from quality.suppression import Cell, hidden
from quality.worker import Checker
from tests.quality import factories as make
from tests.quality.gating import check, rows

K = 5
MATERNAL = make.CONTRACTS["maternal_health"]
CELL = st.one_of(st.sampled_from((0, 0, 1, 2, 3, 4, 5, 6)), st.integers(0, 40))


def summed(inner: Sequence[Cell], counts: Sequence[int]) -> tuple[list[Cell], list[int]]:
    """A table with every sum along every axis, as whoever publishes it would write it."""
    cells: dict[Cell, int] = {}
    for cell, count in zip(inner, counts, strict=True):
        for above in product(*([path[:end] for end in range(len(path) + 1)] for path in cell)):
            cells[above] = cells.get(above, 0) + count
    return list(cells), list(cells.values())


def bounds(cells: Sequence[Cell], counts: Sequence[int], concealed: frozenset[int]) -> Iterator[tuple[int, int, int]]:
    """What an attacker finds out exactly: (true count, least, most) of each hidden cell, from what is shown alone."""
    at = {cell: i for i, cell in enumerate(cells)}
    equations: dict[tuple[Cell, int], dict[int, float]] = {}
    for cell, i in at.items():
        for axis, path in enumerate(cell):
            if path:
                whole = (*cell[:axis], path[:-1], *cell[axis + 1 :])
                equations.setdefault((whole, axis), {at[whole]: 1.0})[i] = -1.0
    matrix = np.zeros((len(equations), len(cells)))
    for row, terms in zip(matrix, equations.values(), strict=True):
        row[list(terms)] = list(terms.values())
    low = np.array([1.0 if i in concealed else count for i, count in enumerate(counts)])  # no zero is ever hidden
    high = np.array([1e5 if i in concealed else count for i, count in enumerate(counts)])
    for i in sorted(concealed):
        ends = []
        for sign in (1.0, -1.0):
            aim = np.zeros(len(cells))
            aim[i] = sign
            found = milp(
                aim, bounds=Bounds(low, high), constraints=LinearConstraint(matrix, 0, 0),
                integrality=np.ones(len(cells)),
            )  # fmt: skip
            assert found.success
            ends.append(round(found.x[i]))
        yield counts[i], ends[0], ends[1]


def assert_safe(cells: Sequence[Cell], counts: Sequence[int]) -> frozenset[int]:
    concealed = hidden(cells, counts, K)
    assert {i for i, count in enumerate(counts) if 0 < count < K} <= concealed
    assert not [i for i in concealed if counts[i] == 0]
    for count, least, most in bounds(cells, counts, concealed):
        assert least <= count <= most
        assert most - least >= K - 1, (count, least, most)
    return concealed


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_no_hidden_cell_of_a_table_with_its_margins_is_known_to_fewer_than_five_numbers(data: st.DataObject) -> None:
    districts, causes = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    inner: list[Cell] = [((f"d{d}",), (f"c{c}",)) for d in range(districts) for c in range(causes)]
    assert_safe(*summed(inner, data.draw(st.lists(CELL, min_size=len(inner), max_size=len(inner)))))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_nor_where_districts_add_up_to_regencies_and_those_to_the_province_by_cause(data: st.DataObject) -> None:
    inner: list[Cell] = [
        (("33", region, district), (cause,))
        for region, district in (("33.01", "A"), ("33.01", "B"), ("33.02", "C"), ("33.71", "D"), ("33.71", "E"))
        for cause in ("x", "y")
    ]
    assert_safe(*summed(inner, data.draw(st.lists(CELL, min_size=len(inner), max_size=len(inner)))))


@given(st.lists(CELL, min_size=8, max_size=8))
@settings(max_examples=40, deadline=None)
def test_nor_in_three_dimensions(counts: list[int]) -> None:
    inner: list[Cell] = [((a,), (b,), (c,)) for a in "ab" for b in "xy" for c in "12"]
    assert_safe(*summed(inner, counts))


def test_a_table_of_large_counts_is_shown_whole_and_one_of_zeros_too() -> None:
    inner: list[Cell] = [((a,), (b,)) for a in "abc" for b in "xyz"]
    assert hidden(*summed(inner, [9] * 9), K) == frozenset()
    assert hidden(*summed(inner, [0] * 9), K) == frozenset()


def test_one_small_cell_takes_three_others_with_it_and_no_total() -> None:
    inner: list[Cell] = [((a,), (b,)) for a in "abcd" for b in "wxyz"]
    cells, counts = summed(inner, [3, *[20] * 15])
    concealed = assert_safe(cells, counts)
    assert len(concealed) == 4
    assert all(all(cells[i]) for i in concealed)


def test_a_total_that_no_row_states_lets_nobody_combine_two_others() -> None:
    """Regency by cause is missing, districts by cause and the regency's total are there."""
    inner: list[Cell] = [((a,), (b,)) for a in "ab" for b in "xy"]
    cells, counts = summed(inner, [2, 30, 40, 50])
    stated = [i for i, (area, cause) in enumerate(cells) if (area and cause) or not (area or cause)]
    concealed = hidden([cells[i] for i in stated], [counts[i] for i in stated], K)
    assert len(concealed) == 2


@given(st.lists(CELL, min_size=4, max_size=9), st.integers(0, 8), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_a_part_that_was_set_aside_is_not_told_by_its_total_and_the_others(
    counts: list[int], which: int, small: int
) -> None:
    counts[which % len(counts)] = small
    inner: list[Cell] = [((f"d{i // 3}",), (f"c{i % 3}",)) for i in range(len(counts))]
    cells, sums = summed(inner, counts)
    gone = cells.index(inner[which % len(counts)])
    kept, told = cells[:gone] + cells[gone + 1 :], sums[:gone] + sums[gone + 1 :]
    concealed = hidden(kept, told, K)
    *_, (_, least, most) = bounds([*kept, cells[gone]], [*told, 0], concealed | {len(kept)})
    assert least <= small <= most
    assert most - least >= K - 1


def test_what_a_row_with_an_unreadable_count_would_have_said_is_hidden_with_its_total() -> None:
    region: list[Cell] = [(("33.11",), (cause,)) for cause in ("perdarahan", "infeksi", "lain")]
    cells: list[Cell] = [(("33.11",), ()), *region]
    assert hidden(cells, [9, 8, 0, 0], K) & {0, 1}


def test_the_same_table_is_hidden_the_same_way_every_time() -> None:
    inner: list[Cell] = [((str(a),), (str(b),)) for a in range(8) for b in range(6)]
    table = summed(inner, [(7 * i * i + 3) % 23 for i in range(48)])
    assert hidden(*table, K) == hidden(*table, K)


def test_rows_leave_the_gate_without_their_small_counts(checker: Checker, tmp_path: Path) -> None:
    areas, causes = ("", "Bawen", "Ambarawa"), ("total", "perdarahan", "infeksi")
    counts = ["62", "22", "40", "32", "2", "30", "30", "20", "10"]
    columns = {
        "region_code": ["33.22"] * 10, "year": ["2025"] * 10, "place": ["total"] * 10,
        "district": [area for area in areas for _ in causes] + ["Suruh"],
        "cause": [*causes * 3, "total"], "deaths": [*counts, ""], "suppressed": ["tidak"] * 10,
    }  # fmt: skip
    outcome = check(checker, tmp_path, columns, MATERNAL)
    assert (outcome.verdict, outcome.accepted_rows) == (Verdict.WARNED, 9)
    assert outcome.reasons == {"deaths.counted": 1}  # whoever hides it before sending sends nothing to add up
    accepted = rows(outcome.accepted)
    assert {row["_row"] for row in accepted if row["suppressed"]} == {6, 7, 9, 10}
    assert [row["deaths"] is None for row in accepted] == [row["suppressed"] for row in accepted]


@pytest.mark.parametrize("standard", sorted(make.CONTRACTS))
def test_only_maternal_health_hides_anything_yet(standard: str) -> None:
    assert (make.CONTRACTS[standard].suppression is not None) == (standard == "maternal_health")
