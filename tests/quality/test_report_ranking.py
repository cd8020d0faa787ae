"""Which ten decisions stand on page one: the gravest kinds first, none crowding out the others, always the same."""

import random

from hypothesis import given
from hypothesis import strategies as st

from quality.report.model import Kind
from quality.report.ranking import item_id, ranked
from tests.quality.report_factories import item


def test_three_of_a_kind_come_before_any_kind_has_a_fourth() -> None:
    found = [item(Kind.HELD, str(n)) for n in range(9)] + [item(Kind.PERSONAL, "p"), item(Kind.REJECTED, "r")]
    assert [i.kind for i in ranked(found)[:6]] == [Kind.PERSONAL, *[Kind.HELD] * 3, Kind.REJECTED, Kind.HELD]


def test_within_a_kind_what_weighs_more_comes_first_then_what_is_older() -> None:
    light, heavy = item(name="a", weight=1), item(name="b", weight=9)
    assert [i.subject for i in ranked([light, heavy])] == ["b", "a"]


def test_a_matter_that_was_found_twice_is_asked_once() -> None:
    assert [i.weight for i in ranked([item(weight=1), item(weight=5)])] == [5]


def test_a_matter_keeps_its_name() -> None:
    assert item_id(Kind.EMPTY_SOURCE, "x") == item_id(Kind.EMPTY_SOURCE, "x") != item_id(Kind.EMPTY_SOURCE, "y")
    assert item_id(Kind.EMPTY_SOURCE, "x").startswith("empty-source-")


@given(st.lists(st.tuples(st.sampled_from(Kind), st.integers(0, 20), st.integers(0, 3))), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_finding(
    found: list[tuple[Kind, int, int]], chance: random.Random
) -> None:
    items = [item(kind, str(name), weight=weight) for kind, name, weight in found]
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert ranked(items) == ranked(shuffled)
