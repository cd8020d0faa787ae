"""Making a lost or damaged snapshot again from the landed bytes it was read from; the catalogue proves the result.

Only what the bytes, the mapping and the contract still give is accepted: where a mapping or a contract has changed
since, the identity differs, and the snapshot is reported as lost rather than replaced by something else.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.orm import joinedload

from catalog import holds, maintenance, open_days
from catalog.confirmed import confirmed
from catalog.drafts import Draft
from catalog.maintenance import Rebuilt
from catalog.models import Resource, Snapshot
from core.db import session_scope
from core.errors import LumbungError
from core.ids import new_id
from core.verdict import Verdict
from federation.member import Member
from services.granary import Granary
from services.intake import replay_readings
from services.intake.drafting import LandedItem
from services.intake.earlier import earlier
from services.intake.files import TableDone, take
from services.intake.take_in import file_job
from services.intake.told_twice import told_before
from services.intake.work import Item, item_of


def rebuild(granary: Granary, folder: Path) -> Rebuilt:
    """Make every missing or damaged snapshot file of a home again, working in a folder the caller empties.

    What a harvest would hold now stays lost: personal data that no standard has a place for, and small counts that
    another resource's would give away, also where they were committed before anybody looked for them.
    """
    open_days.clear(granary.store)
    work = _Again(granary, folder)

    def again(snapshot: Snapshot) -> Draft | None:
        commit = replay_readings.commit_of(granary, snapshot)
        if commit is None:
            return work.draft(snapshot)
        return replay_readings.draft(granary, snapshot, commit, work.draft, folder)

    return maintenance.rebuild(granary.sessions, granary.store, again)


@dataclass(frozen=True, slots=True)
class _Again:
    """Snapshots read and checked once more as at their time.

    Attributes:
        folder: for what is made on the way.
        told: what has been made only to be compared with, by the snapshot's number.
    """

    granary: Granary
    folder: Path
    told: dict[int, Path | None] = field(default_factory=dict)

    def draft(self, snapshot: Snapshot) -> Draft | None:
        """The snapshot as it was handed to the catalogue, or None where it cannot or may not be made again."""
        table = self._table(snapshot)
        if table is None or told_before(self.granary, snapshot, table, self._rows):
            return None
        outcome, contract = table.outcome, table.contract
        return Draft(
            resource_id=snapshot.resource_id,
            contract=contract,
            rows=outcome.accepted,
            verdict=outcome.verdict,
            landed_sha256=snapshot.landed_sha256,
            fetched_at=snapshot.fetched_at,
            table=snapshot.table,
            columns=() if contract is not None else tuple(c for c in outcome.columns if c != "_row"),
        )

    def _rows(self, snapshot: Snapshot) -> Path | None:
        if snapshot.seq not in self.told:
            table = self._table(snapshot)
            self.told[snapshot.seq] = None if table is None else table.outcome.accepted
        return self.told[snapshot.seq]

    def _table(self, snapshot: Snapshot) -> TableDone | None:
        if snapshot.landed_sha256 is None:
            return None
        granary = self.granary
        try:
            member, item = _found(granary, snapshot)
            path = granary.landing.open(snapshot.landed_sha256)
        except LumbungError:
            return None
        if snapshot.contract is None:
            item = replace(item, contract=None, mapping=None, template=False)
        elif item.contract is None:
            return None
        work = self.folder / new_id()
        work.mkdir(parents=True)
        remote = item.remote
        landed = LandedItem(item, path, snapshot.landed_sha256, snapshot.fetched_at, remote.name, remote.mime)
        # its own time decides which dates lie in the future; limits against the delivery before were passed then
        job = replace(
            file_job(granary, member, landed, work),
            previous_rows=None,
            previous_columns=None,
            now=snapshot.clock_at,
            templates={},
            history=earlier(granary, item.contract, item.id, work, as_of=snapshot.seq - 1, now=snapshot.clock_at),
        )
        done = granary.checks().call(take, job, file=path).result()
        standard = item.contract.name if item.contract is not None else None
        table = next(
            (t for t in done.tables if (t.name, t.contract and t.contract.name) == (snapshot.table, standard)), None
        )
        if table is None or table.outcome.verdict is Verdict.HELD or table.outcome.accepted is None:
            return None
        return table


def _found(granary: Granary, snapshot: Snapshot) -> tuple[Member, Item]:
    with session_scope(granary.sessions) as session:
        query_options = [joinedload(Resource.dataset)]
        resource = session.get_one(Resource, snapshot.resource_id, options=query_options)
        source = granary.registry.source(resource.dataset.source)
        releases = holds.releases(session, source.id).get(resource.id)
        item = item_of(granary, source, resource.dataset, resource, None, releases=releases)
        item = replace(item, confirmed=confirmed(session, source.id))
        if item.problem is not None:
            raise item.problem
        return granary.registry.member(source.member), item
