"""Crawl after crawl: what is new, changed, missing; and that nothing is taken away without proof."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from catalog import reviews
from catalog.datasets import SeenResource, high_water, known_fingerprints, touch
from catalog.decisions import reinstate, withdraw
from catalog.errors import DatasetUnknown, ReviewUnknown
from catalog.models import Dataset, DatasetState, Resource, ReviewItem
from catalog.seen import fingerprint
from core.access import SYSTEM, Actor, Role
from core.audit import AuditEntry
from core.duck import Duck
from core.outbox import OutboxEvent
from tests.catalog.factories import DAY, NOW, Catalogue, Policy, rows, seen

REVIEWER = Actor(id="u1", name="Bu Sri", roles=frozenset({Role.REVIEWER}))
ROWS = rows(("beras", 1, 12_000))


def states(catalogue: Catalogue) -> dict[str, str]:
    with catalogue.sessions() as session:
        return {d.name: d.state for d in session.scalars(select(Dataset))}


def dataset(catalogue: Catalogue, name: str) -> Dataset:
    with catalogue.sessions() as session:
        return session.scalars(select(Dataset).where(Dataset.name == name)).one()


def test_a_crawl_tells_new_from_changed_from_unchanged(catalogue: Catalogue) -> None:
    first = catalogue.crawl(seen("a"), seen("b"))
    assert (len(first.new), first.changed, first.unchanged) == (2, (), ())
    second = catalogue.crawl(seen("a"), seen("b", title="Harga beras"), seen("c"), now=NOW + DAY)
    assert (len(second.new), len(second.changed), len(second.unchanged)) == (1, 1, 1)
    assert dataset(catalogue, "harga-a").last_seen == NOW + DAY
    with catalogue.sessions() as session:
        marks = known_fingerprints(session, "semarang")
    assert marks["a"] == fingerprint(seen("a"))


def test_S14_a_portal_that_suddenly_shows_nothing_deletes_nothing_and_asks_a_person(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a"), seen("b"))
    report = catalogue.crawl(now=NOW + DAY)
    assert (report.missing, report.withdrawn, len(report.needs_review)) == ((), (), 1)
    assert set(states(catalogue).values()) == {"active"}
    assert catalogue.crawl(now=NOW + 2 * DAY).needs_review == report.needs_review  # asked once
    with catalogue.sessions() as session:
        assert session.scalars(select(ReviewItem.kind)).all() == ["empty_source"]


def test_S14_a_partial_crawl_misses_nothing(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a"), seen("b"))
    assert catalogue.crawl(seen("a"), complete=False).missing == ()
    assert catalogue.crawl(complete=False).needs_review == ()
    assert set(states(catalogue).values()) == {"active"}


def test_S14_what_a_complete_crawl_does_not_show_is_missing_at_once_and_stays_served(
    catalogue: Catalogue, duck: Duck
) -> None:
    resource = catalogue.resource("a")
    catalogue.commit(resource, ROWS)
    report = catalogue.crawl(seen("b"), seen("c"), now=NOW + DAY)
    assert len(report.missing) == 1
    assert states(catalogue)["harga-a"] == DatasetState.MISSING
    assert catalogue.read(duck) == ROWS
    assert catalogue.crawl(seen("b"), seen("c"), now=NOW + DAY).missing == ()  # told once


def test_S14_after_enough_complete_crawls_a_missing_dataset_is_withdrawn_and_history_keeps_it(
    catalogue: Catalogue, duck: Duck
) -> None:
    catalogue.commit(catalogue.resource("a"), ROWS)
    for number in range(1, 4):
        report = catalogue.crawl(seen("b"), seen("c"), now=NOW + number * DAY, policy=Policy(3, 0.5))
        assert len(report.withdrawn) == (number == 3)
        catalogue.crawl(seen("b"), complete=False, now=NOW + number * DAY)  # a partial one does not count
    assert states(catalogue)["harga-a"] == DatasetState.WITHDRAWN
    assert catalogue.read(duck) == []
    assert catalogue.read(duck, as_of=1) == ROWS
    assert catalogue.read(duck, as_of=NOW + 2 * DAY) == ROWS
    with catalogue.sessions() as session:
        assert "dataset.withdrawn" in session.scalars(select(OutboxEvent.topic)).all()


def test_S14_where_too_much_is_missing_nothing_is_withdrawn_until_a_person_says_so(catalogue: Catalogue) -> None:
    catalogue.crawl(*(seen(c) for c in "abcd"))
    for number in range(1, 5):
        report = catalogue.crawl(seen("a"), now=NOW + number * DAY, policy=Policy(3, 0.5))
    assert (report.withdrawn, len(report.needs_review)) == ((), 1)
    assert sorted(states(catalogue).values()).count("hilang_di_sumber") == 3
    reviews.decide(catalogue.sessions, report.needs_review[0], "portal diganti", actor=REVIEWER, now=NOW)
    with pytest.raises(ReviewUnknown):
        reviews.decide(catalogue.sessions, report.needs_review[0], "lagi", actor=REVIEWER, now=NOW)


def test_a_dataset_that_comes_back_is_active_and_served_again(catalogue: Catalogue, duck: Duck) -> None:
    catalogue.commit(catalogue.resource("a"), ROWS)
    for number in range(1, 4):
        catalogue.crawl(seen("b"), seen("c"), now=NOW + number * DAY)
    report = catalogue.crawl(seen("a"), seen("b"), seen("c"), now=NOW + 4 * DAY)
    assert len(report.returned) == 1
    assert states(catalogue)["harga-a"] == DatasetState.ACTIVE
    assert catalogue.read(duck) == ROWS
    assert catalogue.read(duck, as_of=NOW + 3 * DAY) == []


def test_what_a_person_withdrew_stays_withdrawn_though_the_source_shows_it(catalogue: Catalogue, duck: Duck) -> None:
    catalogue.commit(catalogue.resource("a"), ROWS)
    id_ = dataset(catalogue, "harga-a").id
    withdraw(catalogue.sessions, id_, actor=REVIEWER, reason="memuat data pribadi", now=NOW)
    catalogue.crawl(seen("a"), now=NOW + DAY)
    catalogue.crawl(seen("a", title="Harga baru"), now=NOW + DAY)
    assert states(catalogue) == {"harga-a": "dicabut"}
    assert catalogue.read(duck) == []
    with catalogue.sessions() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor_name, entry.action, entry.values) == (
            "Bu Sri", "dataset.withdrawn", {"reason": "memuat data pribadi"},
        )  # fmt: skip
    reinstate(catalogue.sessions, id_, actor=REVIEWER, reason="sudah disunting", now=NOW + DAY)
    assert catalogue.read(duck) == ROWS
    catalogue.crawl(seen("a"), now=NOW + 2 * DAY)
    assert states(catalogue) == {"harga-a": "active"}
    with pytest.raises(DatasetUnknown):
        withdraw(catalogue.sessions, "f" * 32, actor=SYSTEM, reason="", now=NOW)


def test_S15_a_renamed_dataset_keeps_its_identity(catalogue: Catalogue) -> None:
    before = catalogue.crawl(seen("a")).new
    report = catalogue.crawl(seen("a", name="harga-pangan", title="Harga pangan", organisation="dinas-pangan"))
    assert (report.renamed, report.changed, report.new) == (before, before, ())


@pytest.mark.parametrize("evidence", ["created", "organisation_and_resources"])
def test_S15_an_id_reused_for_other_content_gets_a_new_identity_and_a_question(
    evidence: str, catalogue: Catalogue
) -> None:
    first = seen("a", created=datetime(2024, 1, 1, tzinfo=UTC))
    catalogue.crawl(first)
    other = replace(first, name="curah-hujan", title="Curah hujan")
    if evidence == "created":
        other = replace(other, created=datetime(2025, 6, 1, tzinfo=UTC))
    else:
        other = replace(other, organisation="bpbd", resources=(SeenResource("r9", "hujan.csv", "https://x.example/h"),))
    report = catalogue.crawl(other, now=NOW + DAY)
    assert (len(report.new), len(report.missing), len(report.needs_review)) == (1, 1, 1)
    assert states(catalogue) == {"harga-a": "hilang_di_sumber", "curah-hujan": "active"}
    assert dataset(catalogue, "curah-hujan").generation == 2
    assert catalogue.crawl(other, now=NOW + 2 * DAY).unchanged == report.new


def test_a_resource_that_is_gone_from_its_dataset_leaves_the_rows_after_enough_crawls(
    catalogue: Catalogue, duck: Duck
) -> None:
    """A portal that uploads each month's file under a new id would otherwise serve last month twice."""
    others = [seen(c) for c in "bcd"]
    catalogue.commit(catalogue.resource("a"), ROWS)
    renewed = seen("a", resources=(SeenResource("a-r2", "harga.csv", "https://portal.example/a2.csv"),))
    for number in range(1, 4):
        assert catalogue.read(duck) == ROWS
        catalogue.crawl(renewed, *others, now=NOW + number * DAY)
    assert catalogue.read(duck) == []
    with catalogue.sessions() as session:
        found = {r.origin_id: r.state for r in session.scalars(select(Resource))}
    assert (found["a-r1"], found["a-r2"]) == ("dicabut", "active")
    catalogue.crawl(seen("a"), *others, now=NOW + 5 * DAY)
    assert catalogue.read(duck) == ROWS


def test_T07_a_dataset_modified_in_2099_is_kept_and_is_no_high_water(catalogue: Catalogue) -> None:
    future = datetime(2099, 1, 1, tzinfo=UTC)
    catalogue.crawl(seen("a", modified=future), seen("b", modified=NOW - DAY))
    assert dataset(catalogue, "harga-a").modified == future
    with catalogue.sessions() as session:
        assert high_water(session, "semarang", now=NOW) == NOW - DAY
        assert high_water(session, "lain", now=NOW) is None


def test_T06_a_naive_moment_of_a_source_is_read_as_UTC(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a", modified=datetime(2026, 1, 2, 3, 4)))  # noqa: DTZ001  # as CKAN writes it
    assert dataset(catalogue, "harga-a").modified == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_what_no_database_takes_is_taken_out_of_what_a_source_says(catalogue: Catalogue) -> None:
    odd = seen(
        "a" * 3000,
        title="Harga\0 beras \ud800" + "x" * 3000,
        organisation="o" * 900,
        created=datetime(1, 1, 1),  # noqa: DTZ001  # a portal's empty date
        resources=(SeenResource("r", "n\0", "https://x.example/" + "y" * 5000, format="f" * 500),),
    )
    (id_,) = catalogue.crawl(odd).new
    assert catalogue.crawl(odd).unchanged == (id_,)


def test_a_source_that_says_nothing_has_changed_costs_one_statement(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a"))
    touch(catalogue.sessions, "semarang", now=NOW + DAY)
    assert dataset(catalogue, "harga-a").last_seen == NOW + DAY


def test_two_sources_may_use_the_same_ids(catalogue: Catalogue) -> None:
    catalogue.crawl(seen("a"), source="semarang")
    report = catalogue.crawl(seen("a"), source="kudus", member="33.19")
    assert len(report.new) == 1
    assert catalogue.crawl(seen("b"), source="kudus", member="33.19").missing == report.new
