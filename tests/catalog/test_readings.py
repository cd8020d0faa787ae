"""The table of readings on both databases: idempotent, newest wins, days closed once, nothing old brought back."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catalog import closing, open_days, snapshots
from catalog.drafts import Draft
from catalog.errors import CommitConflict
from catalog.reading_layout import Layout
from catalog.readings import Delivery, Recorded, latest, record
from catalog.relations import Onward, relation
from core.clock import zone
from core.contract import Classification, Column, ColumnType, Contract, Mode, Storage
from core.contracts import load_contract
from core.duck import Duck
from core.rows import RowQuery, Scope
from core.verdict import Verdict
from tests.catalog.factories import Catalogue

ZONE = zone("WIT")
#: Noon of 5 March in WIT; the fourth is closed.
NOW = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)
GRACE = timedelta(hours=6)


def column(name: str, kind: ColumnType, *, key: bool = False) -> Column:
    return Column(name, kind, {"id": name}, {}, key=key, required=key or kind is ColumnType.NUMBER)


STAGES = Contract(
    name="stage",
    version="1.0.0",
    title={"id": "Tinggi"},
    description={},
    columns=(
        column("gauge", ColumnType.TEXT, key=True), column("at", ColumnType.MOMENT, key=True),
        column("height", ColumnType.NUMBER), column("status", ColumnType.TEXT),
    ),
    rules=(),
    mode=Mode.UPSERT,
    owner="flood",
    classification=Classification.OPEN,
    time_column="at",
    storage=Storage.READINGS,
    sha256="d" * 64,
)  # fmt: skip

Row = tuple[str, datetime, float]


def at(day: int, hour: int) -> datetime:
    """A local hour of March 2026."""
    return datetime(2026, 3, day, hour, tzinfo=ZONE).astimezone(UTC)


class River:
    """One table of stages in a catalogue."""

    def __init__(self, catalogue: Catalogue, duck: Duck) -> None:
        self.catalogue, self.duck, self.now = catalogue, duck, NOW
        self.resource = catalogue.resource()
        self.folder = catalogue.folder / "days"
        self.folder.mkdir(parents=True)

    def record(self, rows: Sequence[Row], *, whole: bool = False, received: datetime = NOW) -> Recorded:
        table = pa.table(
            {
                "gauge": pa.array([r[0] for r in rows], pa.string()),
                "at": pa.array([r[1] for r in rows], pa.timestamp("us", "UTC")),
                "height": pa.array([r[2] for r in rows], pa.float64()),
                "status": pa.array([None] * len(rows), pa.string()),
                "_row": pa.array(range(2, len(rows) + 2), pa.int64()),
            }
        )
        delivery = Delivery(STAGES, self.resource, "", table, received, "published", whole=whole)
        back = closing.recall(self.catalogue.sessions, self.catalogue.store)
        return record(self.catalogue.sessions, delivery, ZONE, now=self.now, recall=back)

    def draft(self, stream: int) -> Draft:
        until = closing.last_closed(self.now, ZONE, GRACE)
        path, made = closing.prepare(
            self.catalogue.sessions, Layout(STAGES, ZONE), stream, until, self.folder, delivered=True
        )
        return Draft(self.resource, STAGES, path, Verdict.PUBLISHED, None, self.now, closing=made)

    def deliver(self, rows: Sequence[Row], *, whole: bool = False) -> Recorded:
        """Record and commit what is closed, as intake does."""
        done = self.record(rows, whole=whole)
        self.commit(self.draft(done.stream))
        return done

    def commit(self, draft: Draft) -> snapshots.Commit:
        return snapshots.commit(self.catalogue.sessions, self.catalogue.store, draft, now=self.now)

    def close(self) -> closing.Closed:
        return closing.close(
            self.catalogue.sessions, self.catalogue.store, {"stage": STAGES}, zone=ZONE, grace=GRACE,
            folder=self.folder, now=self.now,
        )  # fmt: skip

    def rows(self, as_of: int | None = None) -> list[tuple[Any, ...]]:
        with self.catalogue.sessions() as session:
            found = relation(session, self.catalogue.store, STAGES, as_of)
        names = ("gauge", "at", "height")
        return sorted(self.duck.page(RowQuery(found, names, Scope(frozenset(names)), first=1000), deadline=10).rows)


@pytest.fixture
def river(catalogue: Catalogue, duck: Duck) -> River:
    return River(catalogue, duck)


def test_recording_twice_is_recording_once_and_the_newest_value_wins(river: River) -> None:
    rows = [("a", at(3, 5), 1.0), ("a", at(4, 5), 1.1), ("b", at(5, 5), 2.0)]
    first = river.deliver(rows)
    assert (first.added, first.changed, first.same) == (3, 0, 0)
    again = river.deliver(rows)
    assert (again.added, again.changed, again.same) == (0, 0, 3)
    late = river.deliver([("a", at(3, 5), 1.5), ("b", at(5, 5), 2.5)])
    assert (late.added, late.changed) == (0, 2)
    assert river.rows() == [("a", at(3, 5), 1.5), ("a", at(4, 5), 1.1), ("b", at(5, 5), 2.5)]
    assert river.rows(1) == [("a", at(3, 5), 1.0), ("a", at(4, 5), 1.1)]


def test_the_newest_reading_of_each_gauge(river: River) -> None:
    river.deliver([("a", at(4, 5), 1.0), ("a", at(5, 5), 1.5), ("b", at(3, 5), 2.0)])
    with river.catalogue.sessions() as session:
        found = latest(session, ["a", "b", "c"], contract="stage", now=NOW)
        other = latest(session, ["a"], contract="rain", now=NOW)
    assert {g: (r.value, r.age) for g, r in found.items()} == {
        "a": (1.5, timedelta(hours=7)), "b": (2.0, timedelta(days=2, hours=7)),
    }  # fmt: skip
    assert other == {}


def test_P11_a_day_that_changed_while_it_was_committed_is_not_committed_as_it_was(river: River) -> None:
    stream = river.deliver([("a", at(3, 5), 1.0)]).stream
    river.record([("a", at(3, 5), 2.0)])
    slow = river.draft(stream)
    river.deliver([("a", at(3, 5), 3.0)])  # another closes the day meanwhile
    with pytest.raises(CommitConflict):
        river.commit(slow)
    assert river.rows() == [("a", at(3, 5), 3.0)]
    assert river.close().snapshots == 0


def test_a_superseded_table_closes_no_day_any_more(river: River) -> None:
    river.deliver([("a", at(4, 5), 1.0), ("a", at(5, 5), 1.5)])
    other = replace(STAGES, name="height", storage=Storage.SNAPSHOTS)
    path = river.draft(1).rows
    river.commit(Draft(river.resource, other, path, Verdict.PUBLISHED, None, NOW))
    river.now = NOW + timedelta(days=2)
    assert river.close().snapshots == 0
    assert river.rows() == []


def test_an_open_day_is_in_no_as_of_but_in_every_page_of_a_listing(river: River) -> None:
    river.deliver([("a", at(4, 5), 1.0), ("a", at(5, 5), 1.5)])
    assert [r[2] for r in river.rows()] == [1.0, 1.5]
    assert [r[2] for r in river.rows(1)] == [1.0]
    river.now = NOW + timedelta(days=1)
    assert river.close() == closing.Closed(1, 1)
    assert [r[2] for r in river.rows(Onward(1))] == [1.0, 1.5]
    assert [r[2] for r in river.rows(2)] == [1.0, 1.5]
    open_days.clear(river.catalogue.store)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_comes_in_whatever_order_the_rows_are_what_was_told_last(river: River, seed: int) -> None:
    """Deliveries, some whole windows, some late; days that close in between; days that leave the table and come back."""
    chance = random.Random(seed)  # it chooses steps, not secrets
    told: dict[tuple[str, datetime], float] = {}
    for _ in range(12):
        keys = sorted({(chance.choice("ab"), at(chance.randint(1, 7), chance.randint(0, 3))) for _ in range(4)})
        rows = [(gauge, moment, float(chance.randint(1, 3))) for gauge, moment in keys]
        whole = chance.random() < 0.5
        river.deliver(rows, whole=whole)
        first, last = min(r[1] for r in rows), max(r[1] for r in rows)
        if whole:
            told = {k: v for k, v in told.items() if k in keys or not first <= k[1] <= last}
        told |= {(gauge, moment): value for gauge, moment, value in rows}
        assert river.rows() == sorted((*key, value) for key, value in told.items())
        if chance.random() < 0.3:
            river.now += timedelta(days=1)
            river.close()
        if chance.random() < 0.5:
            with river.catalogue.sessions.begin() as session:
                closing.drop(session, closing.old(session, date(2026, 3, 4)))
        assert river.rows() == sorted((*key, value) for key, value in told.items())
    river.now = NOW + timedelta(days=9)
    river.close()
    committed = relation_seq(river)
    assert river.rows(committed) == river.rows() == sorted((*key, value) for key, value in told.items())


def relation_seq(river: River) -> int:
    with river.catalogue.sessions() as session:
        return relation(session, river.catalogue.store, STAGES).seq


@pytest.mark.parametrize("name", ["commodity_price", "population"])
def test_a_contract_that_is_no_reading_cannot_be_stored_as_one(tmp_path: Path, name: str) -> None:
    from core.errors import ContractInvalid

    shipped = Path(__file__).parents[2] / "quality" / "contracts" / f"{name}.yaml"
    text = shipped.read_text("utf-8").replace(
        "{property: mode,", "{property: storage, value: readings}\n      - {property: mode,"
    )
    assert "storage" in text
    file = tmp_path / shipped.name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContractInvalid, match="storage"):
        load_contract(file)
