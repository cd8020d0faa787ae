"""Segments: the same rows at every commit from few files, made again byte for byte, and nothing lost on the way."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import select

from catalog import compaction
from catalog.compaction import SEGMENTS, TAIL, compact, forget, restore
from catalog.decisions import classify
from catalog.errors import SnapshotDamaged, SnapshotMissing
from catalog.maintenance import scrub, sweep_orphans
from catalog.models import Resource, RowFile
from catalog.relations import relation
from catalog.snapshots import commit_many
from core.access import ANONYMOUS, SYSTEM
from core.contract import Classification, Contract
from core.duck import Duck
from core.rows import Compare, Op, Packed, RowQuery, Scope
from tests.catalog.factories import NOW, REPLACE, UPSERT, Catalogue, Row, rows, seen
from tests.catalog.test_commit_model import STEPS, Commits


class CompactedCommits(Commits):
    """The machine of commits with compactions in between, and segments lost and made again."""

    @rule()
    def compact(self) -> None:
        compact(self.catalogue.sessions, self.catalogue.store, now=NOW)

    @rule()
    def lose_segments(self) -> None:
        with self.catalogue.sessions() as session:
            lost = session.scalars(
                select(RowFile.sha256).where(RowFile.level > 0, RowFile.superseded_by.is_(None))
            ).all()
        for sha256 in lost:
            self.catalogue.store.path(sha256).unlink()
        assert restore(self.catalogue.sessions, self.catalogue.store) == (len(lost), 0)
        assert all(self.catalogue.store.has(sha256) for sha256 in lost)  # byte for byte: under the same hash


def test_compaction_at_any_point_changes_no_answer_at_any_commit() -> None:
    run_state_machine_as_test(CompactedCommits, settings=STEPS)


def active(catalogue: Catalogue) -> list[RowFile]:
    with catalogue.sessions() as session:
        return list(session.scalars(select(RowFile).where(RowFile.superseded_by.is_(None)).order_by(RowFile.first_seq)))


def many(catalogue: Catalogue, deliveries: Sequence[Sequence[Row]], standard: Contract = UPSERT) -> None:
    """One commit of several resources, as a round of a harvest makes it."""
    drafts = [catalogue.draft(catalogue.resource(f"d{i}"), found, standard) for i, found in enumerate(deliveries)]
    commit_many(catalogue.sessions, catalogue.store, drafts, now=NOW)


def test_one_round_of_many_members_is_one_file(catalogue: Catalogue, duck: Duck) -> None:
    many(catalogue, [rows((f"beras{i}", 1, i)) for i in range(9)])
    (file,) = active(catalogue)
    assert (file.first_seq, file.last_seq, file.rows, file.part) == (1, 9, 9, "commit")
    assert len(catalogue.read(duck, UPSERT, 4)) == 4  # every number of the sequence is a point in time
    with catalogue.sessions() as session:
        assert len(relation(session, catalogue.store, UPSERT).files) == 1


@pytest.mark.parametrize("standard", [REPLACE, UPSERT], ids=["replace", "upsert"])
def test_a_long_history_stays_at_few_files(standard: Contract, catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for number in range(40):
        catalogue.commit(resource, rows(("beras", number, 1), ("beras", number - 1, 2)), standard)
        compact(catalogue.sessions, catalogue.store, now=NOW, tail=4)
        files = active(catalogue)
        assert sum(f.part == "commit" for f in files) <= 4 <= TAIL
        assert sum(f.part != "commit" for f in files) <= 8 <= SEGMENTS
    assert len(catalogue.read(duck, standard)) == (2 if standard is REPLACE else 41)
    assert len(catalogue.read(duck, standard, 7)) == (2 if standard is REPLACE else 8)


def test_the_rows_of_now_are_read_without_what_has_ended(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for price in range(5):
        catalogue.commit(resource, rows(("beras", 1, price)), UPSERT)
    compact(catalogue.sessions, catalogue.store, now=NOW)
    with catalogue.sessions() as session:
        assert len(relation(session, catalogue.store, UPSERT).files) == 1
        assert len(relation(session, catalogue.store, UPSERT, 3).files) == 2
    assert [row[2] for row in catalogue.read(duck, UPSERT, 3)] == [2]


def test_a_reader_that_began_before_a_compaction_ends_as_it_began(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for price in range(3):
        catalogue.commit(resource, rows(("beras", price, price)), UPSERT)
    compact(catalogue.sessions, catalogue.store, now=NOW)
    with catalogue.sessions() as session:
        before = relation(session, catalogue.store, UPSERT)
    catalogue.commit(resource, rows(("beras", 9, 9)), UPSERT)
    compact(catalogue.sessions, catalogue.store, now=NOW)
    forget(catalogue.sessions, now=NOW)  # an hour has not passed
    sweep_orphans(catalogue.sessions, catalogue.store, older_than_seconds=0)
    assert all(f.path.exists() for f in before.files)
    forget(catalogue.sessions, now=NOW + timedelta(hours=2))
    sweep_orphans(catalogue.sessions, catalogue.store, older_than_seconds=0)
    assert not any(f.path.exists() for f in before.files)
    assert len(catalogue.read(duck, UPSERT)) == 4
    assert scrub(catalogue.sessions, catalogue.store) == []  # what commits wrote stays


class Killed(BaseException):
    """Stands for the end of the process."""


def test_D01_a_death_in_a_compaction_loses_nothing_and_leaves_an_orphan(
    catalogue: Catalogue, duck: Duck, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(3):
        catalogue.commit(catalogue.resource(f"d{i}"), rows(("beras", i, i)), UPSERT)
    before = catalogue.read(duck, UPSERT)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(compaction, "writing", die)
        with pytest.raises(Killed):
            compact(catalogue.sessions, catalogue.store, now=NOW)
    assert catalogue.read(duck, UPSERT) == before
    assert sweep_orphans(catalogue.sessions, catalogue.store, older_than_seconds=0).files == 1
    (done,) = compact(catalogue.sessions, catalogue.store, now=NOW)
    assert (done.files_before, done.files_after) == (3, 1)
    assert catalogue.read(duck, UPSERT) == before


def test_D07_what_is_remembered_of_a_file_does_not_outlive_the_file(catalogue: Catalogue) -> None:
    catalogue.commit(catalogue.resource(), rows(("beras", 1, 1)), UPSERT)
    with catalogue.sessions() as session:
        (file,) = relation(session, catalogue.store, UPSERT).files
        assert isinstance(file, Packed) and relation(session, catalogue.store, UPSERT).files == (file,)
        kept = file.path.read_bytes()
        file.path.unlink()
        with pytest.raises(SnapshotMissing):
            relation(session, catalogue.store, UPSERT)
        file.path.write_bytes(kept[:-1])
        with pytest.raises(SnapshotDamaged):
            relation(session, catalogue.store, UPSERT)
        file.path.write_bytes(kept)
        assert relation(session, catalogue.store, UPSERT).files == (file,)


def test_D07_a_segment_whose_commit_is_lost_too_stays_and_names_the_damage(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    for price in range(3):
        catalogue.commit(resource, rows(("beras", price, price)), UPSERT)
    with catalogue.sessions() as session:
        commits = session.scalars(select(RowFile.sha256).where(RowFile.level == 0).order_by(RowFile.first_seq)).all()
    compact(catalogue.sessions, catalogue.store, now=NOW)
    (segment,) = active(catalogue)
    kept = catalogue.store.path(commits[1]).read_bytes()
    for sha256 in (segment.sha256, commits[1]):
        catalogue.store.path(sha256).unlink()
    fresh = catalogue.restarted()
    assert restore(fresh.sessions, fresh.store) == (0, 1)
    assert [f.sha256 for f in active(fresh)] == [segment.sha256]
    with pytest.raises(SnapshotMissing):
        fresh.read(duck, UPSERT)
    fresh.store.path(commits[1]).write_bytes(kept)  # as a rebuild from landing brings it back
    assert restore(fresh.sessions, fresh.store) == (1, 0)
    assert len(fresh.read(duck, UPSERT)) == 3


def test_of_two_compactors_at_once_one_gives_way(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.commit(catalogue.resource(), rows(("beras", 1, 1)), UPSERT)
    merge = compaction._merge
    others: list[object] = []

    def late(*args: object, **kwargs: object) -> object:
        made = merge(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        if not others:
            others.append(None)
            others.append(compact(catalogue.sessions, catalogue.store, now=NOW))
        return made

    monkeypatch.setattr(compaction, "_merge", late)
    assert compact(catalogue.sessions, catalogue.store, now=NOW) == []
    assert len(active(catalogue)) == 1


def test_the_rows_of_a_dataset_that_went_to_another_member_say_so(catalogue: Catalogue, duck: Duck) -> None:
    catalogue.commit(catalogue.resource(), rows(("beras", 1, 1)), UPSERT)
    catalogue.crawl(seen("d1"), member="33.22")
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, UPSERT)
    assert [member for _, member in found.moved] == ["33.22"]
    query = RowQuery(found, ("_member",), Scope(frozenset()), Compare("_member", Op.EQ, "33.22"))
    assert duck.page(query, deadline=10).rows == (("33.22",),)


def test_rows_of_a_dataset_that_an_actor_may_not_know_of_are_no_part_of_its_answer(
    catalogue: Catalogue, duck: Duck
) -> None:
    open_one, secret = catalogue.resource("d1"), catalogue.resource("d2")
    catalogue.commit(open_one, rows(("beras", 1, 1)), UPSERT)
    catalogue.commit(secret, rows(("cabai", 1, 2)), UPSERT)
    with catalogue.sessions() as session:
        hidden = session.get_one(Resource, secret).dataset_id
    classify(catalogue.sessions, hidden, Classification.CLOSED, actor=SYSTEM, now=NOW)
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, UPSERT, actor=ANONYMOUS)
        assert relation(session, catalogue.store, UPSERT).hidden == ()
    query = RowQuery(found, ("commodity",), Scope(frozenset({"commodity"})))
    assert duck.page(query, deadline=10).rows == (("beras",),)
