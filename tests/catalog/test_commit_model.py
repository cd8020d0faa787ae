"""Commits against a plain dictionary: whatever is delivered in whatever order, every point in time reads the same."""

import shutil
import tempfile
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from catalog.store import SnapshotStore
from core.contract import Contract
from core.db import Base, make_engine, make_sessions
from core.duck import Duck
from hub.migrations import tables
from tests.catalog.factories import REPLACE, UPSERT, Catalogue, day

assert tables.ALL is Base.metadata

Key = tuple[str, date]
Table = dict[Key, int | None]

DELIVERIES = st.dictionaries(
    st.tuples(st.sampled_from(["beras", "cabai"]), st.integers(0, 4).map(day)),
    st.one_of(st.none(), st.integers(1, 3)),
    max_size=6,
)


class Commits(RuleBasedStateMachine):
    """Two resources, one replaced and one upserted, and what each must hold after every commit."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lumbung-model-"))
        engine = make_engine(f"sqlite:///{self.folder / 'l.db'}")
        Base.metadata.create_all(engine)
        self.catalogue = Catalogue(make_sessions(engine), SnapshotStore(self.folder / "s"), self.folder / "w")
        self.duck = Duck([self.folder / "s"], size=1, threads=1)
        self.engine = engine
        self.resources = {"replace": self.catalogue.resource("d1"), "upsert": self.catalogue.resource("d2")}
        self.now: dict[str, Table] = {"replace": {}, "upsert": {}}
        self.last: dict[str, Table | None] = {"replace": None, "upsert": None}
        self.history: dict[int, dict[str, Table]] = {0: {"replace": {}, "upsert": {}}}

    def _deliver(self, kind: str, delivery: Table, expected: Table) -> None:
        standard: Contract = REPLACE if kind == "replace" else UPSERT
        before, first = self.now[kind], self.last[kind] is None
        rows = [(*key, price) for key, price in delivery.items()]
        done = self.catalogue.commit(self.resources[kind], rows, standard)
        new = first or expected != before
        assert (done.seq is not None) == new, done
        assert done.unchanged == (not new)
        if new:
            assert done.added == len(expected.keys() - before.keys())
            assert done.removed == len(before.keys() - expected.keys())
            assert done.changed == sum(before[k] != expected[k] for k in before.keys() & expected.keys())
            assert done.seq is not None
            self.last[kind], self.now = delivery, {**self.now, kind: expected}
            self.history[done.seq] = self.now
        assert done.live_rows == len(expected)

    @rule(delivery=DELIVERIES)
    def replace(self, delivery: Table) -> None:
        self._deliver("replace", delivery, dict(delivery))

    @rule(delivery=DELIVERIES)
    def upsert(self, delivery: Table) -> None:
        days = [d for _, d in delivery]
        window = {k for k in self.now["upsert"] if days and min(days) <= k[1] <= max(days)}
        kept = {k: v for k, v in self.now["upsert"].items() if k not in window - delivery.keys()}
        self._deliver("upsert", delivery, {**kept, **delivery})

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(sorted(self.history)))
        catalogue = self.catalogue.restarted()
        rows = self.history[seq]
        wanted = [(*k, v) for table in rows.values() for k, v in table.items()]
        # one contract name covers both resources; reading with `upsert` must not disturb whole tables
        assert catalogue.read(self.duck, UPSERT, seq) == sorted(wanted, key=str)

    @invariant()
    def current_is_the_newest(self) -> None:
        if hasattr(self, "history"):
            wanted = [(*k, v) for table in self.now.values() for k, v in table.items()]
            assert self.catalogue.read(self.duck, UPSERT) == sorted(wanted, key=str)

    def teardown(self) -> None:
        if hasattr(self, "duck"):
            self.duck.close()
            self.engine.dispose()
            del self.duck, self.catalogue, self.engine
            shutil.rmtree(self.folder, ignore_errors=True)


STEPS = settings(max_examples=10, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck))


def test_any_order_of_deliveries_reads_as_a_dictionary_would() -> None:
    run_state_machine_as_test(Commits, settings=STEPS)
