"""Gross typos: what is told from true leaps, and what changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.beyond.likely import Slip, likely
from tests.quality.beyond.series import One, calm, gross, judged, planted, shown

DAYS = range(40)
LEVELS = (12_000.0, 12.0, 90_000_000.0)


def chillies(market: str, days: range = range(120), seed: int = 3) -> list[One]:
    """A series that moves by a tenth a day and may treble within weeks."""
    drawn = np.random.default_rng(seed)
    walk = np.cumsum(drawn.normal(0, 0.1, len(days)))
    return [One(market, d, round(30_000 * float(np.exp(w))), "cabai_rawit") for d, w in zip(days, walk, strict=True)]


@pytest.mark.parametrize("factor", [10, 100, 1000, 0.1, 0.01, 0.001])
def test_a_power_of_ten_is_caught_wherever_it_stands(factor: float) -> None:
    series = calm("Johar", DAYS)
    for place in range(len(series)):
        assert gross(planted(series, {place: factor})) == [place], place


@pytest.mark.parametrize("factor", [100, 0.01])
def test_it_is_caught_among_chillies_too(factor: float) -> None:
    series = chillies("Johar")
    for place in range(0, len(series), 7):
        assert gross(planted(series, {place: factor})) == [place], place


@given(st.floats(0.001, 1000), st.integers(0, 39), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_a_constant_factor_over_a_series_changes_nothing(constant: float, place: int, seed: int) -> None:
    series = planted(calm("Johar", DAYS, seed=seed), {place: 100})
    other = calm("Bulu", DAYS, seed=seed + 7)
    scaled = planted(series, dict.fromkeys(range(len(series)), constant))
    assert shown([*series, *other]) == shown([*scaled, *other]) == [place]


@given(st.permutations(list(range(60))))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    series = planted([*calm("Johar", range(30)), *calm("Bulu", range(30), 9_000)], {3: 10, 29: 0.01, 45: 1.7})
    assert sorted(order[i] for i in judged([series[i] for i in order]).at.tolist()) == [3, 29, 45]


def test_only_what_is_gross_is_stopped_and_what_stands_alone_amid_quiet_is_shown() -> None:
    series = planted(calm("Johar", DAYS), {20: 1.7})
    assert (gross(series), shown(series)) == ([], [20])


def test_what_lasts_is_no_typo() -> None:
    series = calm("Johar", DAYS)
    assert shown(planted(series, dict.fromkeys(range(20, 40), 3))) == []
    assert shown(planted(series, dict.fromkeys(range(20, 40), 6))) == []


def test_what_several_markets_share_is_no_typo() -> None:
    markets = [calm(f"Pasar {i}", DAYS, seed=i) for i in range(3)]
    leap = {i * len(DAYS) + 20: 5.0 for i in range(3)}
    assert shown(planted([v for m in markets for v in m], leap)) == []
    assert gross(planted([v for m in markets for v in m], {20: 5.0})) == [20]


def test_chillies_that_treble_in_weeks_are_left_in_peace() -> None:
    assert [shown(chillies("Johar", seed=seed)) for seed in range(8)] == [[]] * 8


def test_a_slip_repeated_for_weeks_is_known_by_its_return() -> None:
    series = planted(calm("Johar", range(80)), dict.fromkeys(range(30, 51), 0.1))
    assert gross(series) == list(range(30, 51))


def test_a_slip_that_lasts_to_the_end_is_known_by_its_kind() -> None:
    others = [v for i in range(2) for v in calm(f"Pasar {i}", range(80), seed=i)]
    series = planted(calm("Johar", range(80), seed=9), dict.fromkeys(range(60, 80), 0.1))
    assert gross([*others, *series]) == list(range(160 + 60, 160 + 80))


def test_the_newest_value_is_judged_by_those_before_it() -> None:
    history, today = calm("Johar", DAYS), [One("Johar", 40, 120_500)]
    assert gross(today) == []  # alone it says nothing
    assert gross(today, history) == [0]
    assert gross([One("Johar", 40, 25_000)], history) == []  # dear, and perhaps true


def test_what_is_there_already_gives_way_to_its_correction() -> None:
    history = planted(calm("Johar", DAYS), {20: 10})
    assert gross([One("Johar", 20, 12_000)], history) == []
    assert gross([One("Johar", 20, 120_000)], history) == [0]


def test_without_a_series_of_its_own_a_value_is_judged_by_its_kind() -> None:
    markets = [One(f"Pasar {i}", 0, 12_000 + 300 * i) for i in range(12)]
    assert gross(planted(markets, {5: 100})) == [5]
    assert gross(planted(markets, {5: 2})) == []
    assert gross(planted(markets[:4], {2: 100})) == []  # too few to say


def test_nothing_negative_or_missing_is_judged() -> None:
    series = [*calm("Johar", DAYS), One("Johar", 41, 0), One("Johar", 42, -5), One("Johar", 43, float("nan"))]
    assert shown(series) == []
    assert shown([]) == []


@pytest.mark.parametrize(
    ("written", "usual", "meant", "slip"),
    [
        (920_017, 9_200, 9_200, Slip.ZEROS_MORE),
        (99, 9_900, 9_900, Slip.ZEROS_LESS),
        (13_000, 105_000, 130_000, Slip.ZEROS_LESS),
        (203_800, 23_800, 23_800, Slip.DIGIT_MORE),
        (23_600, 13_600, 13_600, Slip.OTHER_DIGIT),
        (98_000, 27_500, 28_000, Slip.OTHER_DIGIT),
        (71_500, 17_200, 17_500, Slip.SWAPPED),
        (2_380, 22_800, 23_800, Slip.ZEROS_LESS),
    ],
)
def test_the_number_that_was_meant(written: float, usual: float, meant: float, slip: Slip) -> None:
    found = likely(written, usual)
    assert found is not None and (found.value, found.slip) == (meant, slip)


def test_a_number_that_no_slip_explains_has_no_other_meaning() -> None:
    assert likely(47_300, 12_000) is None


@given(st.floats(1e-6, 1e12), st.floats(1e-6, 1e12))
@settings(max_examples=200, deadline=None)
def test_a_meaning_is_always_nearer_to_the_usual(written: float, usual: float) -> None:
    found = likely(written, usual, whole=False)
    assert found is None or 1 / 1.51 < found.value / usual < 1.51
