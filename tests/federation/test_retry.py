"""Waiting between tries: jitter within bounds, Retry-After in either form and never beyond reason (S01, S08)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from federation.retry import Backoff, retry_after

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 12))
def test_S01_waits_grow_with_jitter_and_stay_bounded(draw: float, failures: int) -> None:
    wait = Backoff(draw=lambda: draw).wait(failures)
    doubled = min(0.5 * 2 ** (failures - 1), 30.0)
    assert 0.5 * doubled <= wait <= 1.5 * doubled


def test_S08_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after("120", NOW) == 120
    assert retry_after(format_datetime(NOW + timedelta(minutes=3), usegmt=True), NOW) == 180
    assert retry_after(format_datetime(NOW - timedelta(minutes=3), usegmt=True), NOW) == 0
    assert retry_after("1000000000", NOW) == 1e9
    assert retry_after(None, NOW) is None


@given(st.text(max_size=400) | st.from_regex(r"[0-9]{1,5000}", fullmatch=True))
def test_S08_whatever_the_header_says_it_is_a_finite_wait_or_none(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or 0 <= wait < float("inf")
