"""One crawl, or one decision, at work on the catalogue's datasets: what changed, what leaves the rows, who is asked.

What a crawl means is decided in `catalog/datasets.py`, what a person decides in `catalog/decisions.py`; both end by
publishing here, in the caller's transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from catalog import reviews
from catalog.models import Dataset, DatasetState, Resource, ReviewKind, Visibility
from core import counters, outbox
from core.access import SYSTEM, Actor


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What a crawl changed: dataset ids by kind; `needs_review` are ids of open questions."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    needs_review: tuple[str, ...] = ()


@dataclass(slots=True)
class Crawl:
    """One crawl being applied, or one decision about a dataset of its source.

    Attributes:
        found: ids by what became of them.
        hidden: what leaves (False) or re-enters (True) the current rows, and why.
    """

    session: Session
    source: str
    member: str
    now: datetime
    found: dict[str, list[str]] = field(default_factory=dict)
    hidden: list[tuple[Dataset, Resource | None, bool, str]] = field(default_factory=list)

    def note(self, kind: str, id_: str) -> None:
        """Remember what became of a dataset."""
        self.found.setdefault(kind, []).append(id_)

    def report(self) -> CrawlReport:
        """What was noted."""
        return CrawlReport(**{kind: tuple(ids) for kind, ids in self.found.items()})

    def set_missing(self, dataset: Dataset) -> None:
        """Mark a dataset as *hilang di sumber*; it stays served."""
        if dataset.state == DatasetState.ACTIVE:
            dataset.state, dataset.missing_since = DatasetState.MISSING.value, self.now
            self.note("missing", dataset.id)

    def withdraw(self, dataset: Dataset, actor: Actor, reason: str) -> None:
        """Take a dataset out of the current rows (*dicabut*)."""
        dataset.state, dataset.withdrawn_at = DatasetState.WITHDRAWN.value, self.now
        dataset.withdrawn_by, dataset.withdrawn_reason = actor.id, reason
        self.hidden.append((dataset, None, False, reason))
        self.note("withdrawn", dataset.id)

    def ask(self, kind: ReviewKind, dataset: Dataset | None, values: Mapping[str, Any]) -> None:
        """Ask a person."""
        about = dataset.id if dataset else None
        item = reviews.ask(
            self.session, kind, source=self.source, member=self.member, dataset_id=about, values=values, now=self.now
        )
        self.note("needs_review", item)

    def publish(self, actor: Actor = SYSTEM) -> None:
        """Number what left or re-entered the current rows, and announce what changed."""
        self.session.flush()
        if self.hidden:
            first, stamp = counters.take(self.session, counters.SNAPSHOT, self.now, len(self.hidden))
            self.session.add_all(
                Visibility(
                    seq=first + i,
                    dataset_id=dataset.id,
                    resource_id=resource.id if resource else None,
                    visible=visible,
                    actor=actor.id,
                    reason=reason,
                    committed_at=stamp,
                )
                for i, (dataset, resource, visible, reason) in enumerate(self.hidden)
            )
        changes = [
            outbox.Message(f"dataset.{kind}", id_, {"source": self.source, "member": self.member})
            for kind in ("new", "changed", "renamed", "missing", "withdrawn", "returned")
            for id_ in self.found.get(kind, ())
        ]
        outbox.emit(self.session, *changes, now=self.now)
