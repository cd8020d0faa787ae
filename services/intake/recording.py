"""A delivery of readings on its way into the catalogue: recorded first, then its closed days committed, in one go.

Other deliveries are committed as they are. What readings are, and when a day is closed, is decided in `catalog`
(docs/adr/0012).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

from catalog import closing, readings, snapshots
from catalog.closing import Closed
from catalog.drafts import Commit, Draft
from catalog.errors import CommitConflict
from catalog.reading_layout import Layout, kept
from catalog.readings import Delivery, Recorded
from catalog.runs import Lease
from core.clock import zone
from core.errors import LumbungError
from core.ids import new_id
from services.granary import Granary

#: How often days that others keep changing are prepared anew.
_ATTEMPTS = 5


@dataclass(slots=True)
class Recorder:
    """Commits the drafts of one batch; `folder` is the batch's own.

    Attributes:
        done: what each delivery changed when it was first recorded, so that a second attempt reports it too.
    """

    granary: Granary
    folder: Path
    done: dict[tuple[str, str], Recorded] = field(default_factory=dict)

    def commit(self, drafts: Sequence[Draft], lease: Lease) -> tuple[Commit, ...]:
        """As `snapshots.commit_many`; of readings the commits say what the deliveries changed, closed or not."""
        granary = self.granary
        for left in reversed(range(_ATTEMPTS)):
            ready = [self._recorded(draft) if kept(draft.contract) and not draft.held else draft for draft in drafts]
            try:
                done = snapshots.commit_many(granary.sessions, granary.store, ready, now=granary.clock(), lease=lease)
                break
            except CommitConflict:
                if not left or all(draft.closing is None for draft in ready):
                    raise
        return tuple(self._said(draft, commit) for draft, commit in zip(ready, done, strict=True))

    def _recorded(self, draft: Draft) -> Draft:
        """The draft's rows in the table of readings, and in their place what is closed and not committed."""
        granary, contract = self.granary, draft.contract
        assert draft.rows is not None and contract is not None
        settings, at = granary.settings, zone(granary.settings.timezone)
        delivery = Delivery(
            contract=contract,
            resource_id=draft.resource_id,
            table=draft.table,
            rows=pq.read_table(draft.rows),
            received_at=draft.fetched_at,
            verdict=draft.verdict.value,
            landed_sha256=draft.landed_sha256,
            run_id=draft.run_id,
            whole=draft.quarantine is None and not draft.partial,
        )
        back = closing.recall(granary.sessions, granary.store)
        recorded = readings.record(granary.sessions, delivery, at, now=granary.clock(), recall=back)
        self.done.setdefault((draft.resource_id, draft.table), recorded)
        until = closing.last_closed(granary.clock(), at, timedelta(hours=settings.close_grace_hours))
        path, made = closing.prepare(
            granary.sessions, Layout(contract, at), recorded.stream, until, self.folder, delivered=True
        )
        return replace(draft, rows=path, closing=made)

    def _said(self, draft: Draft, commit: Commit) -> Commit:
        recorded = self.done.get((draft.resource_id, draft.table))
        if draft.closing is None or recorded is None:
            return commit
        return replace(
            commit,
            added=recorded.added,
            changed=recorded.changed,
            removed=recorded.removed,
            waiting=recorded.added + recorded.changed,
        )


def close_days(granary: Granary, source: str | None = None) -> Closed:
    """Commit the closed days of readings that are not committed yet, of one source or of all.

    Raises:
        StorageFull, StorageReadOnly, DatabaseBusy, DatabaseUnavailable: the machine refused.
    """
    settings, now = granary.settings, granary.clock()
    at, grace = zone(settings.timezone), timedelta(hours=settings.close_grace_hours)
    if not closing.due(granary.sessions, closing.last_closed(now, at, grace), source):
        return Closed(0, 0)
    folder = granary.staging / new_id()
    folder.mkdir()
    try:
        return closing.close(
            granary.sessions,
            granary.store,
            granary.contracts,
            zone=at,
            grace=grace,
            folder=folder,
            now=now,
            source=source,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def close_when_due(granary: Granary, source: str) -> None:
    """Commit a source's closed days after a harvest that may have brought nothing; what fails waits for the next."""
    try:
        close_days(granary, source)
    except LumbungError:  # the harvest itself went well, and the days stay marked
        return
