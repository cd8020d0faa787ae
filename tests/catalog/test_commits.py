"""A commit: identity, number, what counts as added, changed, removed; all or nothing, and never twice."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import func, select

from catalog import checks
from catalog.decisions import classify
from catalog.drafts import CheckDraft, QuarantineDraft, ReturnedRow
from catalog.errors import AsOfUnknown, DraftInvalid, DraftKeyNotUnique, ResourceUnknown
from catalog.models import CheckRecord, Dataset, QuarantineBatch, QuarantineRow, Resource, Snapshot
from catalog.relations import relation, resolve, text_relation
from catalog.snapshots import commit, commit_many
from catalog.tables import Shape, Workbench
from core.access import SYSTEM
from core.contract import Classification, Column, ColumnType, Mode
from core.duck import Duck
from core.outbox import OutboxEvent
from core.rows import RowQuery, Scope
from core.verdict import Verdict
from tests.catalog.factories import (
    DAY,
    NOW,
    REPLACE,
    UPSERT,
    Catalogue,
    contract,
    file_of,
    parquet,
    rows,
    text_file,
)

THREE = rows(("beras", 1, 12_000), ("beras", 2, 12_100), ("cabai", 1, 40_000))


def snapshots(catalogue: Catalogue) -> int:
    with catalogue.sessions() as session:
        return session.scalar(select(func.count()).select_from(Snapshot)) or 0


def test_S22_the_same_rows_again_make_no_new_snapshot(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    first = catalogue.commit(resource, THREE)
    again = catalogue.commit(resource, list(reversed(THREE)), landed_sha256="b" * 64)
    assert (first.seq, first.added, first.live_rows) == (1, 3, 3)
    assert (again.seq, again.unchanged, again.rows) == (None, True, 3)
    assert snapshots(catalogue) == 1
    with catalogue.sessions() as session:
        row = session.get_one(Resource, resource)
        assert (row.current_seq, row.rows, row.landed_sha256) == (1, 3, "b" * 64)
        assert (
            session.scalar(
                select(func.count()).select_from(OutboxEvent).where(OutboxEvent.topic == "snapshot.committed")
            )
            == 1
        )


def test_a_replaced_table_counts_what_differs_by_key(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, THREE)
    second = catalogue.commit(resource, rows(("beras", 1, 12_000), ("beras", 2, 13_000), ("jagung", 1, 6_000)))
    assert (second.added, second.changed, second.removed, second.live_rows) == (1, 1, 1, 3)
    assert catalogue.read(duck) == sorted(
        rows(("beras", 1, 12_000), ("beras", 2, 13_000), ("jagung", 1, 6_000)), key=str
    )
    assert catalogue.read(duck, as_of=1) == sorted(THREE, key=str)
    assert catalogue.read(duck, as_of=0) == []


def test_another_version_of_the_contract_is_another_snapshot_of_the_same_rows(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, THREE)
    assert catalogue.commit(resource, THREE, replace(REPLACE, version="1.0.1")).seq == 2
    assert catalogue.commit(resource, THREE, replace(REPLACE, version="1.0.1", sha256="d" * 64)).seq == 3


def test_an_upsert_keeps_history_outside_its_window_and_deletes_within(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 10), ("beras", 2, 20), ("beras", 3, 30), ("cabai", 3, 5)), UPSERT)
    # the source shows days 2 to 4 now: day 1 has rolled out, chilli of day 3 was taken back
    second = catalogue.commit(resource, rows(("beras", 2, 21), ("beras", 3, 30), ("beras", 4, 40)), UPSERT)
    assert (second.rows, second.added, second.changed, second.removed, second.live_rows) == (3, 1, 1, 1, 4)
    assert catalogue.read(duck, UPSERT) == rows(("beras", 1, 10), ("beras", 2, 21), ("beras", 3, 30), ("beras", 4, 40))
    assert len(catalogue.read(duck, UPSERT, as_of=1)) == 4
    back = catalogue.commit(
        resource, rows(("beras", 2, 21), ("beras", 3, 30), ("cabai", 3, 5), ("beras", 4, 40)), UPSERT
    )
    assert (back.added, back.changed, back.removed) == (1, 0, 0)
    assert ("cabai", THREE[0][1] + 2 * DAY, 5) in catalogue.read(duck, UPSERT)


def test_an_upsert_of_a_shorter_window_without_news_makes_no_snapshot(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 10), ("beras", 2, 20), ("beras", 3, 30)), UPSERT)
    assert catalogue.commit(resource, rows(("beras", 2, 20), ("beras", 3, 30)), UPSERT).unchanged
    assert snapshots(catalogue) == 1


def quarantine(catalogue: Catalogue, *returned: str) -> QuarantineDraft:
    kept = catalogue.store.put(text_file(catalogue.folder / "returned", ["harga"], [[cell] for cell in returned]))
    first = [ReturnedRow(i + 2, {"harga": cell}, ["not_a_number"]) for i, cell in enumerate(returned)]
    return QuarantineDraft(kept, len(returned), {"not_a_number": len(returned)}, first)


def test_a_returned_row_is_not_a_deleted_row(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 10), ("beras", 2, 20), ("beras", 3, 30)), UPSERT)
    partial = rows(("beras", 1, 10), ("beras", 3, 31))
    catalogue.commit(resource, partial, UPSERT, quarantine=quarantine(catalogue, "dua puluh"))
    assert len(catalogue.read(duck, UPSERT)) == 3
    assert catalogue.commit(resource, [*partial, *rows(("beras", 4, 1))], UPSERT).removed == 1  # a clean one proves it


def test_two_rows_with_one_key_are_refused_by_number(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    with pytest.raises(DraftKeyNotUnique) as error:
        catalogue.commit(resource, rows(("beras", 1, 10), ("cabai", 1, 1), ("beras", 1, 11)))
    assert (error.value.values["row"], error.value.values["other"]) == (2, 4)
    assert snapshots(catalogue) == 0


def test_rows_without_the_contracts_columns_are_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    resource = catalogue.resource()
    path = parquet(tmp_path / "x", pa.table({"commodity": ["a"], "_row": pa.array([2], pa.int64())}))
    with pytest.raises(DraftInvalid) as error:
        catalogue.commit(resource, [], rows=path)
    assert error.value.values["columns"] == "day, price"


def test_a_draft_of_an_unknown_resource_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(ResourceUnknown):
        catalogue.commit("f" * 32, THREE)
    assert snapshots(catalogue) == 0


def test_a_held_delivery_leaves_the_last_good_snapshot_and_says_why(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, THREE)
    check = CheckDraft(statistics={"rows": 1}, holds=["volume"], result=b'{"success": false}')
    held = catalogue.commit(resource, [], rows=None, verdict=Verdict.HELD, check=check, landed_sha256="e" * 64)
    assert (held.seq, held.held, held.live_rows) == (None, True, 3)
    assert len(catalogue.read(duck)) == 3
    with catalogue.sessions() as session:
        record = checks.latest(session, resource)
        assert record is not None
        assert (record.verdict, record.holds, record.snapshot_seq) == ("held", ["volume"], None)
        assert checks.result(record) == b'{"success": false}'
        assert session.get_one(Resource, resource).last_verdict == "held"
        topics = session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id)).all()
    assert topics[-1] == "delivery.held"


def test_an_hourly_look_at_an_unchanged_source_fills_no_table(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    returned = quarantine(catalogue, "x", "y")
    for hour in range(3):
        check = CheckDraft(warnings=["late"])
        catalogue.commit(
            resource, THREE, verdict=Verdict.WARNED, check=check, quarantine=returned, now=NOW + timedelta(hours=hour)
        )
    with catalogue.sessions() as session:
        counted = [
            session.scalar(select(func.count()).select_from(m)) for m in (CheckRecord, QuarantineBatch, QuarantineRow)
        ]
    assert counted == [1, 1, 2]


def test_a_repaired_delivery_closes_the_batch_of_returned_rows(catalogue: Catalogue) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, THREE[:2], quarantine=quarantine(catalogue, "rusak"))
    catalogue.commit(resource, THREE, now=NOW + DAY)
    with catalogue.sessions() as session:
        assert session.scalars(select(QuarantineBatch.closed_at)).all() == [NOW + DAY]


def test_one_round_commits_many_resources_or_none(catalogue: Catalogue, duck: Duck) -> None:
    drafts = [catalogue.draft(catalogue.resource(f"d{i}"), rows(("beras", i, i))) for i in range(5)]
    done = commit_many(catalogue.sessions, catalogue.store, drafts, now=NOW)
    assert [c.seq for c in done] == [1, 2, 3, 4, 5]
    assert len(catalogue.read(duck)) == 5
    more = [catalogue.draft(d.resource_id, rows(("beras", 9, 9))) for d in drafts]
    with pytest.raises(ResourceUnknown):
        commit_many(catalogue.sessions, catalogue.store, [*more, catalogue.draft("f" * 32, THREE)], now=NOW)
    assert snapshots(catalogue) == 5


def test_two_sources_with_the_same_rows_keep_their_own_files_and_both_count(catalogue: Catalogue, duck: Duck) -> None:
    for origin in ("d1", "d2"):
        catalogue.commit(catalogue.resource(origin), THREE)
    assert len(catalogue.read(duck)) == 6
    assert len(set(catalogue.store.names())) == 2


def test_two_writers_of_one_table_do_not_build_on_the_same_snapshot(catalogue: Catalogue, duck: Duck) -> None:
    """The second finds the head moved between its preparation and its transaction, and prepares anew."""
    resource = catalogue.resource()
    catalogue.commit(resource, rows(("beras", 1, 10)), UPSERT)
    mine = catalogue.draft(resource, rows(("beras", 1, 10), ("beras", 2, 20)), UPSERT)
    mine = replace(mine, rows=file_of(catalogue.folder / "mine", rows(("beras", 1, 10), ("beras", 2, 20))))
    overtaken = []

    class Overtaken(type(catalogue.store)):  # type: ignore[misc]  # the store's class is only known here
        def put(self, path: Path, *, consume: bool = False):  # type: ignore[no-untyped-def]  # as in the base
            stored = super().put(path, consume=consume)
            if not overtaken:
                overtaken.append(catalogue.commit(resource, rows(("beras", 1, 10), ("beras", 3, 30)), UPSERT))
            return stored

    done = commit(catalogue.sessions, Overtaken(catalogue.store.folder), mine, now=NOW)
    assert (overtaken[0].seq, done.seq) == (2, 3)
    assert catalogue.read(duck, UPSERT) == rows(("beras", 1, 10), ("beras", 2, 20), ("beras", 3, 30))


def test_D16_a_writer_whose_clock_is_behind_does_not_commit_into_the_past(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    catalogue.commit(resource, THREE[:1], now=NOW)
    catalogue.commit(resource, THREE[:2], now=NOW - 700 * DAY)  # T01: two years back
    catalogue.commit(resource, THREE, now=NOW + DAY)
    with catalogue.sessions() as session:
        stamps = session.execute(select(Snapshot.committed_at, Snapshot.clock_at).order_by(Snapshot.seq)).all()
        assert [s.committed_at for s in stamps] == [NOW, NOW, NOW + DAY]
        assert stamps[1].clock_at == NOW - 700 * DAY
        assert resolve(session, NOW - 600 * DAY) == 0
        assert resolve(session, NOW) == 2
        assert resolve(session, NOW + 2 * DAY) == 3
        for wrong in (4, -1):
            with pytest.raises(AsOfUnknown):
                resolve(session, wrong)
    assert len(catalogue.read(duck, as_of=NOW)) == 2


def test_a_table_that_moves_to_another_contract_leaves_the_first(
    catalogue: Catalogue, duck: Duck, tmp_path: Path
) -> None:
    resource = catalogue.resource()
    text = text_file(tmp_path / "text", ["Nama", "Harga"], [["beras", "12.000"]])
    unmapped = catalogue.commit(
        resource, [], rows=text, contract=None, verdict=Verdict.UNMAPPED, columns=("Nama", "Harga")
    )
    assert unmapped.seq == 1
    catalogue.commit(resource, THREE)
    with catalogue.sessions() as session:
        assert text_relation(session, catalogue.store, resource_id=resource).parts == ()
        then = text_relation(session, catalogue.store, resource_id=resource, as_of=1)
        row = session.get_one(Resource, resource)
        assert (row.contract, row.rows) == ("price", 3)
    assert [name for name, _ in then.columns] == ["Nama", "Harga"]
    query = RowQuery(then, ("Harga", "_row"), Scope(frozenset({"Nama", "Harga"})))
    assert duck.page(query, deadline=10).rows == (("12.000", 2),)
    assert len(catalogue.read(duck)) == 3
    assert catalogue.read(duck, as_of=1) == []


def test_a_mapped_dataset_takes_its_contracts_class_unless_a_person_decided(catalogue: Catalogue) -> None:
    decided = catalogue.resource("d2")
    with catalogue.sessions() as session:
        dataset = session.get_one(Resource, decided).dataset_id
    classify(catalogue.sessions, dataset, Classification.LIMITED, actor=SYSTEM, now=NOW)
    for resource in (catalogue.resource(), decided):
        catalogue.commit(resource, THREE)
    with catalogue.sessions() as session:
        found = session.execute(select(Dataset.contract, Dataset.classification).order_by(Dataset.name)).all()
    assert found == [("price", "terbuka"), ("price", "terbatas")]


def test_several_tables_of_one_file_have_snapshots_of_their_own(catalogue: Catalogue, duck: Duck) -> None:
    resource = catalogue.resource()
    drafts = []
    for number, table in enumerate(("Januari", "Februari")):
        path = file_of(catalogue.folder / table, rows(("beras", number, 1)))
        drafts.append(replace(catalogue.draft(resource, []), rows=path, table=table))
    assert [c.seq for c in commit_many(catalogue.sessions, catalogue.store, drafts, now=NOW)] == [1, 2]
    assert len(catalogue.read(duck)) == 2
    with catalogue.sessions() as session:
        assert session.get_one(Resource, resource).rows == 2


def test_a_minor_version_with_a_new_column_reads_the_rows_before_as_null(catalogue: Catalogue, duck: Duck) -> None:
    first, second = catalogue.resource("d1"), catalogue.resource("d2")
    catalogue.commit(first, THREE[:1], UPSERT)
    wider = contract(Mode.UPSERT, "1.1.0", [Column("market", ColumnType.TEXT, {}, {})])
    day = THREE[0][1]
    table = pa.table(
        {
            "commodity": ["beras"],
            "day": [day],
            "price": [12_000],
            "market": ["Johar"],
            "_row": pa.array([2], pa.int64()),
        }
    )
    done = catalogue.commit(second, [], wider, rows=parquet(catalogue.folder / "wide", table))
    assert done.added == 1
    with catalogue.sessions() as session:
        found = relation(session, catalogue.store, wider)
    query = RowQuery(found, ("market",), Scope(frozenset(n for n, _ in found.columns)))
    assert set(duck.page(query, deadline=10).rows) == {(None,), ("Johar",)}
    same = catalogue.commit(
        first,
        [],
        wider,
        rows=parquet(catalogue.folder / "wide2", table.set_column(3, "market", pa.array([None], pa.string()))),
    )
    assert same.unchanged  # the rows are what they were


def test_a_large_table_has_the_identity_that_it_has_when_hashed_in_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = Shape((("a", ColumnType.INTEGER),), (), Mode.REPLACE)
    table = pa.table({"a": pa.array(range(20_000), pa.int64()), "_row": pa.array(range(20_000), pa.int64())})
    with Workbench(tmp_path) as bench:
        bench.load(parquet(tmp_path, table), shape)
        whole = bench.identity(shape, "harga")
        monkeypatch.setattr("catalog.tables._AT_ONCE", 0)
        assert bench.identity(shape, "harga") == whole


def test_values_of_every_type_keep_their_identity(catalogue: Catalogue) -> None:
    """Text that looks like two columns, nulls beside empty text, and moments in another zone are told apart."""
    resource = catalogue.resource()

    def put(cells: list[list[str | None]]) -> bool:
        path = text_file(catalogue.folder / "t", ["a", "b"], cells)
        draft = catalogue.draft(resource, [], contract=None, rows=path, columns=("a", "b"), verdict=Verdict.UNMAPPED)
        return commit(catalogue.sessions, catalogue.store, draft, now=NOW).unchanged

    cases: list[list[list[str | None]]] = [
        [["ab", "c"]],
        [["a", "bc"]],
        [["a", None]],
        [["a", ""]],
        [["a", "~"]],
        [["a", ""], ["a", ""]],
        [["1:a", "2:b"]],
        [],
    ]
    for cells in cases:
        assert not put(cells), cells
        assert put(cells), cells
