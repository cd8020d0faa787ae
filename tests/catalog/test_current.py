"""The SQL table of current rows: the same answers as the files at every commit, derived, and nobody's to wait for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from catalog import current, current_pages, current_table, row_files
from catalog.compaction import compact
from catalog.current import State, digest, follow, follow_one, make_anew, rebuild
from catalog.decisions import classify, reinstate, withdraw
from catalog.models import CurrentRows, Resource
from catalog.relations import AsOf, relation
from catalog.snapshots import commit
from core.access import ANONYMOUS, SYSTEM, Actor
from core.contract import Classification, Column, ColumnType, Contract
from core.duck import Duck
from core.rows import PROVENANCE, Compare, Op, Page, RowQuery, Scope
from core.rows_fetch import fetch
from tests.catalog.factories import NOW, REPLACE, UPSERT, Catalogue, contract, rows, seen
from tests.catalog.test_commit_model import STEPS, Commits

NAMES = ("commodity", "day", "price")
STANDARD = ("price", 1)


def ask(
    session: Session, catalogue: Catalogue, as_of: AsOf = None, actor: Actor | None = None, **more: Any
) -> RowQuery:
    """A page with every column and the provenance of each row."""
    found = relation(session, catalogue.store, UPSERT, as_of, actor=actor)
    return RowQuery(found, (*NAMES, *PROVENANCE), Scope(frozenset(NAMES)), **more)


def from_table(catalogue: Catalogue, as_of: AsOf = None, **more: Any) -> Page | None:
    with catalogue.sessions() as session:
        return current_pages.page(session, STANDARD, ask(session, catalogue, as_of, **more))


def both(catalogue: Catalogue, duck: Duck, as_of: AsOf = None, **more: Any) -> Page:
    """The page that table and files agree on."""
    with catalogue.sessions() as session:
        query = ask(session, catalogue, as_of, **more)
        found = current_pages.page(session, STANDARD, query)
        counted = current_pages.count(session, STANDARD, query)
    assert found is not None
    files = duck.page(query, deadline=10)
    assert (found.rows, found.has_next) == (files.rows, files.has_next)
    assert counted == duck.count(query, deadline=10)
    return found


def bring(catalogue: Catalogue) -> list[current.Followed]:
    return follow(catalogue.sessions, catalogue.store)


class FollowedCommits(Commits):
    """The machine of commits with a table that follows now and then, and compactions in between."""

    @rule()
    def follow(self) -> None:
        bring(self.catalogue)
        with self.catalogue.sessions() as session:
            own = session.get(CurrentRows, STANDARD)
        assert own is None or own.rows == sum(map(len, self.now.values()))

    @rule()
    def compact(self) -> None:
        compact(self.catalogue.sessions, self.catalogue.store, now=NOW)

    @rule()
    def make_anew(self) -> None:
        bring(self.catalogue)
        before = digest(self.catalogue.sessions, STANDARD)
        assert all(made.same for made in rebuild(self.catalogue.sessions, self.catalogue.store))
        assert digest(self.catalogue.sessions, STANDARD) == before

    @invariant()
    def table_and_files_agree(self) -> None:
        if not hasattr(self, "history"):
            return
        for seq in sorted(self.history)[-3:]:
            with self.catalogue.sessions() as session:
                query = ask(session, self.catalogue, seq)
                found = current_pages.page(session, STANDARD, query)
            if found is not None:
                assert found.rows == self.duck.page(query, deadline=10).rows


def test_a_table_that_follows_commits_at_any_point_answers_as_the_files_do() -> None:
    run_state_machine_as_test(FollowedCommits, settings=settings(STEPS, max_examples=6))


def test_a_table_answers_only_for_the_commit_it_stands_at(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1), ("cabai", 1, 2)), UPSERT)
    assert from_table(catalogue) is None  # nobody has made it yet
    (made,) = bring(catalogue)
    assert (made.state, made.seq, made.rows, made.written) == (State.HELD, 1, 2, 2)
    assert len(both(catalogue, duck).rows) == 2

    catalogue.commit(resource, rows(("beras", 1, 3)), UPSERT)
    assert from_table(catalogue) is None
    assert len(both(catalogue, duck, as_of=1).rows) == 2  # it still stands at the commit before
    (taken,) = bring(catalogue)
    assert (taken.seq, taken.rows, taken.written) == (2, 1, 1)
    assert [row[2] for row in both(catalogue, duck).rows] == [3]
    assert from_table(catalogue, as_of=1) is None
    assert bring(catalogue) == []


def test_commits_of_other_contracts_leave_a_table_where_it_stands(catalogue: Catalogue, duck: Duck) -> None:
    catalogue.commit(catalogue.resource(), rows(("beras", 1, 1)), UPSERT)
    bring(catalogue)
    catalogue.commit(catalogue.resource("d2"), rows(("beras", 1, 1)), replace(UPSERT, name="other"))
    assert len(both(catalogue, duck).rows) == 1


@pytest.mark.parametrize("standard", [REPLACE, UPSERT], ids=["replace", "upsert"])
def test_a_round_of_many_tables_is_taken_in_with_what_it_ends(
    standard: Contract, catalogue: Catalogue, duck: Duck
) -> None:
    resources = [catalogue.resource(f"d{i}") for i in range(4)]
    for price in range(3):
        for resource in resources[price:]:
            catalogue.commit(resource, rows(("beras", 1, price), (f"cabai{price}", 1, None)), standard)
        (done,) = bring(catalogue)
        assert done.written == 2 * len(resources[price:])
    found = both(catalogue, duck)
    first = both(catalogue, duck, first=3)
    assert first.rows == found.rows[:3] and first.has_next


def test_what_is_withdrawn_hidden_or_moved_is_the_same_from_the_table(catalogue: Catalogue, duck: Duck) -> None:
    ids = [catalogue.resource(f"d{i}") for i in range(4)]
    for number, resource in enumerate(ids):
        catalogue.commit(resource, rows((f"beras{number}", 1, number)), UPSERT)
    bring(catalogue)
    with catalogue.sessions() as session:
        datasets = [session.get_one(Resource, resource).dataset_id for resource in ids]

    withdraw(catalogue.sessions, datasets[0], actor=SYSTEM, reason="salah", now=NOW)
    assert sorted(str(row[0]) for row in both(catalogue, duck).rows) == ["beras1", "beras2", "beras3"]
    reinstate(catalogue.sessions, datasets[0], actor=SYSTEM, reason="benar", now=NOW)
    assert len(both(catalogue, duck).rows) == 4

    classify(catalogue.sessions, datasets[1], Classification.CLOSED, actor=SYSTEM, now=NOW)
    assert len(both(catalogue, duck, actor=ANONYMOUS).rows) == 3

    catalogue.crawl(seen("d2"), member="33.22")  # the dataset goes to another member
    at = both(catalogue, duck, where=Compare("_member", Op.EQ, "33.22")).rows
    assert [row[0] for row in at] == ["beras2"]
    assert {row[0]: row[5] for row in both(catalogue, duck).rows}["beras2"] == "33.22"

    catalogue.commit(ids[3], rows(("lain", 1, 1)), replace(UPSERT, name="other"))  # another standard takes it over
    assert sorted(str(row[0]) for row in both(catalogue, duck).rows) == ["beras0", "beras1", "beras2"]


def test_columns_of_a_newer_minor_version_come_in_with_the_first_commit_of_it(catalogue: Catalogue, duck: Duck) -> None:
    note = Column("note", ColumnType.TEXT, {"id": "note"}, {})
    newer = contract(UPSERT.mode, "1.1.0", (note,))
    resource, other = catalogue.resource(), catalogue.resource("d2")
    catalogue.commit(resource, rows(("beras", 1, 1)), UPSERT)
    bring(catalogue)
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, newer)
        query = RowQuery(found, ("note", "price"), Scope(frozenset({"note", "price"})))
        assert current_pages.page(session, STANDARD, query) is None
    draft = catalogue.draft(other, rows(("beras", 2, 2)), newer)
    assert draft.rows is not None
    pq.write_table(pq.read_table(draft.rows).append_column("note", [["ya"]]), draft.rows)
    commit(catalogue.sessions, catalogue.store, draft, now=NOW)
    (done,) = bring(catalogue)
    assert done.written == 1
    with catalogue.sessions() as session:
        query = replace(query, relation=relation(session, catalogue.store, newer))
        page = current_pages.page(session, STANDARD, query)
    assert page is not None and sorted(page.rows, key=str) == [("ya", 2), (None, 1)]
    assert both(catalogue, duck).rows
    assert [made.same for made in rebuild(catalogue.sessions, catalogue.store)] == [True]


def _tampered(catalogue: Catalogue, *statements: str) -> None:
    with catalogue.sessions() as session:
        for statement in statements:
            session.execute(text(statement))
        session.commit()


def test_rebuild_makes_a_changed_table_again_byte_for_byte(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for price in range(3):
        catalogue.commit(resource, rows(("beras", 1, price), ("cabai", price, None)), UPSERT)
        bring(catalogue)
    true = digest(catalogue.sessions, STANDARD)
    assert true is not None
    compact(catalogue.sessions, catalogue.store, now=NOW)
    assert [made.same for made in rebuild(catalogue.sessions, catalogue.store)] == [True]
    for damage in ("UPDATE rows_price_v1 SET price = 9", "DELETE FROM rows_price_v1", "DROP TABLE rows_price_v1"):
        _tampered(catalogue, damage)
        assert digest(catalogue.sessions, STANDARD) != true
        (made,) = rebuild(catalogue.sessions, catalogue.store)
        assert not made.same
        assert digest(catalogue.sessions, STANDARD) == true
        both(catalogue, duck)


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", ["insert", "make"])
def test_D01_a_death_while_a_table_is_made_or_brought_forward_only_makes_it_lag(
    step: str, catalogue: Catalogue, duck: Duck, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)), UPSERT)

    def die(*_: object, **__: object) -> None:
        raise Killed

    for price in (1, 2):
        with monkeypatch.context() as patch:
            patch.setattr(current_table, step, die)
            if price == 1 or step == "insert":
                with pytest.raises(Killed):
                    bring(catalogue)
        assert from_table(catalogue) is None
        assert len(catalogue.read(duck, UPSERT)) == 1
        bring(catalogue)
        assert len(both(catalogue, duck).rows) == 1
        catalogue.commit(resource, rows(("beras", 1, price + 1)), UPSERT)


def test_of_two_processes_that_bring_a_table_forward_one_gives_way(
    catalogue: Catalogue, duck: Duck, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)), UPSERT)
    bring(catalogue)
    catalogue.commit(resource, rows(("beras", 2, 2)), UPSERT)
    packed, others = row_files.packed, list[object]()

    def late(*args: Any, **more: Any) -> Any:
        if not others:
            others.append(None)
            others.append(bring(catalogue))
        return packed(*args, **more)

    monkeypatch.setattr(row_files, "packed", late)
    assert bring(catalogue) == []
    assert len(both(catalogue, duck).rows) == 2
    others.clear()
    assert make_anew(catalogue.sessions, catalogue.store, STANDARD) is None  # the one that began later stands
    assert len(both(catalogue, duck).rows) == 2


def test_a_page_that_a_table_left_while_it_was_read_comes_from_the_files(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 1)), UPSERT)
    bring(catalogue)
    catalogue.commit(resource, rows(("beras", 1, 2)), UPSERT)

    def late(*args: Any, **more: Any) -> Any:
        bring(catalogue)
        return fetch(*args, **more)

    monkeypatch.setattr(current_pages, "fetch", late)
    page = from_table(catalogue, as_of=1)
    assert page is None or [row[2] for row in page.rows] == [1]  # SQLite reads on as it began


def test_a_contract_with_too_many_rows_has_no_table_until_it_has_fewer(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(*[("beras", number, 1) for number in range(3)]), REPLACE)
    bring(catalogue)
    catalogue.commit(resource, rows(*[("beras", number, 1) for number in range(4)]), REPLACE)
    refused = follow(catalogue.sessions, catalogue.store, most=3)
    assert [one.state for one in refused] == [State.REFUSED]
    assert from_table(catalogue) is None
    assert follow(catalogue.sessions, catalogue.store, most=3) == []
    assert digest(catalogue.sessions, STANDARD) is None
    catalogue.commit(resource, rows(("beras", 1, 1)), REPLACE)
    assert [one.state for one in follow(catalogue.sessions, catalogue.store, most=3, anew=True)] == [State.HELD]
    assert len(both(catalogue, duck).rows) == 1
    assert [one.state for one in follow(catalogue.sessions, catalogue.store, most=0)] == [State.REFUSED]
    assert from_table(catalogue) is None


def test_many_new_rows_are_left_to_the_compaction_that_makes_a_table_anew(
    catalogue: Catalogue, duck: Duck, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "AT_ONCE", 2)
    monkeypatch.setattr(current, "_CHUNK", 2)
    catalogue.commit(catalogue.resource(), rows(*[("beras", number, 1) for number in range(5)]), UPSERT)
    assert bring(catalogue) == []
    assert from_table(catalogue) is None
    (made,) = follow(catalogue.sessions, catalogue.store, anew=True)
    assert (made.state, made.rows) == (State.HELD, 5)
    assert len(both(catalogue, duck).rows) == 5
    assert follow_one(catalogue.sessions, catalogue.store, STANDARD, anew=True) is None


def test_rows_that_a_database_cannot_hold_stay_in_the_files(catalogue: Catalogue, duck: Duck) -> None:
    long: Sequence[Any] = [
        ("\u00e9".join(map(str, range(3000))), NOW.date(), 1)
    ]  # longer than an index of PostgreSQL takes
    catalogue.commit(catalogue.resource(), long, UPSERT)
    (made,) = bring(catalogue)
    kind = catalogue.sessions().get_bind().dialect.name
    assert made.state is (State.REFUSED if kind == "postgresql" else State.HELD)
    assert len(catalogue.read(duck, UPSERT)) == 1
    assert (from_table(catalogue) is None) == (kind == "postgresql")
