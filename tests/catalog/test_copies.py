"""The same dataset at several sources: it counts once, where it is owned, and stays catalogued everywhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from catalog.copies import is_unique
from catalog.datasets import apply_crawl, dataset_id, resource_id
from catalog.decisions import reinstate, withdraw
from catalog.models import Dataset
from core.access import SYSTEM, Actor, Role
from core.duck import Duck
from tests.catalog.factories import DAY, NOW, Catalogue, Policy, rows, seen

BORN = "6c2fd7c8-3f44-4c31-9a55-0d2b7f2d7e11"
HERE, THERE = rows(("beras", 1, 12_000)), rows(("beras", 1, 12_999))
REVIEWER = Actor(id="u1", name="Bu Sri", roles=frozenset({Role.REVIEWER}))
#: The city owns its own; the nation has a copy of everything.
OWNERS = {"33.74": 1, "33": 100, "nasional": 1000}


def crawl(catalogue: Catalogue, source: str, member: str, *ids: str, days: int = 0, **more: Any) -> Any:
    datasets = [seen(id_, origin=more.get("origin", BORN)) for id_ in ids]
    return apply_crawl(
        catalogue.sessions, source, member, [*datasets, *more.get("others", ())], complete=True, now=NOW + days * DAY,
        policy=Policy(missing_crawls=1, missing_share=0.9), rank=lambda code, _: OWNERS[code],
    )  # fmt: skip


def marked(catalogue: Catalogue) -> dict[str, str | None]:
    """Of each source the source whose dataset counts in place of its own."""
    with catalogue.sessions() as session:
        found = {d.id: d for d in session.scalars(select(Dataset).where(Dataset.origin.is_not(None)))}
    return {d.source: found[d.copy_of].source if d.copy_of else None for d in found.values()}


@pytest.fixture
def both(catalogue: Catalogue) -> Catalogue:
    """The nation's copy came first, and has rows, then the city's own."""
    crawl(catalogue, "satudata", "nasional", "salinan")
    catalogue.commit(resource_id(dataset_id("satudata", "salinan"), "salinan-r1"), THERE)
    crawl(catalogue, "kota", "33.74", "asli")
    catalogue.commit(resource_id(dataset_id("kota", "asli"), "asli-r1"), HERE)
    return catalogue


def test_a_dataset_met_twice_counts_where_it_is_owned_whichever_came_first(both: Catalogue, duck: Duck) -> None:
    assert marked(both) == {"satudata": "kota", "kota": None}
    assert both.read(duck) == HERE
    with both.sessions() as session:
        assert {d.state for d in session.scalars(select(Dataset))} == {"active"}  # the copy stays catalogued


def test_an_earlier_point_in_time_keeps_its_answer(both: Catalogue, duck: Duck) -> None:
    assert both.read(duck, as_of=1) == THERE  # before the city's own was seen


def test_what_a_copy_brings_later_does_not_count_either(both: Catalogue, duck: Duck) -> None:
    both.commit(resource_id(dataset_id("satudata", "salinan"), "salinan-r1"), rows(("cabai", 2, 1)))
    assert both.read(duck) == HERE


def test_a_copy_counts_again_when_its_original_was_missing_for_good(both: Catalogue, duck: Duck) -> None:
    other = seen("lain")
    crawl(both, "kota", "33.74", "asli", others=[other, seen("lain-2")], days=1)
    crawl(both, "kota", "33.74", others=[other, seen("lain-2")], days=2)
    assert marked(both)["satudata"] is None
    assert both.read(duck) == THERE
    crawl(both, "kota", "33.74", "asli", others=[other, seen("lain-2")], days=3)
    assert marked(both) == {"satudata": "kota", "kota": None}
    assert both.read(duck) == HERE


def test_a_copy_does_not_bring_back_what_a_person_has_withdrawn(both: Catalogue, duck: Duck) -> None:
    withdraw(both.sessions, dataset_id("kota", "asli"), actor=REVIEWER, reason="keliru", now=NOW + DAY)
    crawl(both, "satudata", "nasional", "salinan", "salinan-2", days=2)
    assert both.read(duck) == []


def test_a_copy_that_is_reinstated_still_does_not_count_twice(both: Catalogue, duck: Duck) -> None:
    copy = dataset_id("satudata", "salinan")
    withdraw(both.sessions, copy, actor=SYSTEM, reason="uji", now=NOW + DAY)
    reinstate(both.sessions, copy, actor=REVIEWER, reason="uji", now=NOW + DAY)
    crawl(both, "satudata", "nasional", "salinan", days=2)
    assert both.read(duck) == HERE and marked(both)["satudata"] == "kota"


def test_three_sources_keep_one_and_a_new_identifier_parts_them(both: Catalogue, duck: Duck) -> None:
    crawl(both, "provinsi", "33", "tengah")
    assert marked(both) == {"satudata": "kota", "provinsi": "kota", "kota": None}
    crawl(both, "satudata", "nasional", "salinan", origin="urn:lain:12345678", days=1)
    assert marked(both) == {"satudata": None, "provinsi": "kota", "kota": None}
    assert both.read(duck) == sorted([*HERE, *THERE], key=str)


@pytest.mark.parametrize("origin", [None, "harga.csv", "1", "id-harga"])
def test_a_name_that_many_use_makes_no_copy(origin: str | None, catalogue: Catalogue) -> None:
    crawl(catalogue, "satudata", "nasional", "a", origin=origin)
    crawl(catalogue, "kota", "33.74", "a", origin=origin)
    assert set(marked(catalogue).values()) <= {None}


def test_two_datasets_of_one_source_are_never_copies_of_each_other(catalogue: Catalogue) -> None:
    crawl(catalogue, "kota", "33.74", "a", "b")
    assert marked(catalogue) == {"kota": None}


@given(st.text(max_size=40))
def test_any_identifier_is_judged(origin: str) -> None:
    assert is_unique(origin) is False or len(origin) >= 12
