"""Published food prices: every typo that was found by eye is stopped, and hardly a true value is shown to anybody.

`benchmarks/_typos_truth.py` says what is mistyped and why; `python -m benchmarks typos` measures more.
"""

from collections.abc import Mapping
from datetime import date

import pytest

from benchmarks import _prices, _typos_truth
from quality.beyond.typos import suspects
from tests.quality.beyond.series import PRICE, RULE
from tests.real.support import shared


def named(truth: Mapping[tuple[str, str], Mapping[str, int]]) -> set[_prices.Price]:
    """The prices that a truth speaks of."""
    return {(*series, date.fromisoformat(day), float(v)) for series, days in truth.items() for day, v in days.items()}


@pytest.mark.parametrize("file", list(_prices.READERS))
def test_what_was_found_by_eye_is_stopped_and_true_prices_are_left_in_peace(file: str) -> None:
    shared("data", "price", file)
    prices = _prices.read(file)
    found = suspects(PRICE, RULE, _prices.table(prices))
    stopped = {prices[i] for i in found.at[found.gross].tolist()}
    shown = {prices[i] for i in found.at.tolist()}
    gross = named(_typos_truth.GROSS)
    assert stopped == gross & set(prices)
    assert len(shown - gross - named(_typos_truth.DOUBTFUL)) <= 0.0005 * len(prices)


def test_rice_at_99_and_at_920017_is_among_them() -> None:
    prices = {price for price in named(_typos_truth.GROSS) if price[0] == "Beras"}
    assert {99.0, 920.0, 920_017.0} <= {price[3] for price in prices} and len(prices) == 28
