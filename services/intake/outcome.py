"""What came of a harvest: one outcome a table, added up to a report a person and a machine can read."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.errors import LumbungError
from core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one table of one resource, or of a resource that gave none.

    Attributes:
        dataset, resource: catalogue ids; `title` is the dataset's.
        table: the table's name where the file holds several, else empty.
        contract: the contract it was checked against, or None.
        verdict: the gate's; None where nothing could be read.
        seq: the commit that published it; None where nothing new was published.
        rows: rows of the delivery that passed; `quarantined`: rows that did not, `reasons`: how often each.
        examples: of each reason the sentence of one row that has it.
        error: why nothing could be fetched or read, or None.
        waiting: of readings, rows that are served although their day is not closed, and so not committed.
    """

    dataset: str
    resource: str
    title: str
    table: str = ""
    contract: str | None = None
    verdict: Verdict | None = None
    seq: int | None = None
    rows: int = 0
    quarantined: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    error: LumbungError | None = None
    waiting: int = 0


@dataclass(slots=True)
class SourceReport:
    """What one harvest of one source did.

    Attributes:
        state: the run's; `skipped` says that nothing had changed.
        due: resources that had to be taken in. Of them so many were `fetched` (downloaded), found `unchanged` by
            their source, or `replayed` from landed bytes; the others could not be had.
    """

    source: str
    member: str
    run: str | None = None
    state: str = "ok"
    skipped: bool = False
    datasets: int = 0
    resources: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    withdrawn: int = 0
    due: int = 0
    fetched: int = 0
    unchanged: int = 0
    replayed: int = 0
    snapshots: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    allowances: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome in."""
        if outcome.error is not None:
            self.errors.append({"dataset": outcome.title, "resource": outcome.resource, **outcome.error.as_dict()})
            return
        if outcome.verdict is None:
            self.verdicts["not_machine_readable"] += 1
            return
        self.verdicts[outcome.verdict.value] += 1
        self.holds.update(outcome.holds)
        if outcome.seq is not None:
            self.snapshots += 1
        if outcome.seq is not None or outcome.waiting:
            self.rows_published += outcome.rows
        if outcome.contract is not None:
            self.rows_quarantined += outcome.quarantined
            self.reasons.update(outcome.reasons)
            self.examples = {**outcome.examples, **self.examples}

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return {name: getattr(self, name) for name in self.__slots__}
