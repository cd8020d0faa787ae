"""What is handed to the catalogue to commit, and what comes back; the work is done in `catalog/snapshots.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from catalog.store import Stored
from core.contract import Contract
from core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class CheckDraft:
    """What the gate found.

    Attributes:
        statistics: counts and shares, plain JSON values.
        holds: why the delivery is held, each a JSON value; empty where it is not.
        warnings: what a steward should look at, each a JSON value.
        result: Great Expectations' result as JSON bytes (compressed here) or as zstd bytes.
    """

    statistics: Mapping[str, Any] = field(default_factory=dict)
    holds: Sequence[Any] = ()
    warnings: Sequence[Any] = ()
    result: bytes | None = None


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """One quarantined row: its number in the source file, its cells as they stood there, every reason."""

    row: int
    original: Mapping[str, Any]
    reasons: Sequence[Any]


@dataclass(frozen=True, slots=True)
class QuarantineDraft:
    """The returned rows of a delivery.

    Attributes:
        file: all of them, kept with `SnapshotStore(HOME/quarantine).put(path)` beforehand.
        rows: how many.
        reasons: reason code to count; a row with two reasons counts twice.
        first: the first of them, up to `catalog.quarantine.KEPT` are stored as rows.
    """

    file: Stored
    rows: int
    reasons: Mapping[str, int]
    first: Sequence[ReturnedRow] = ()


@dataclass(frozen=True, slots=True)
class Closing:
    """The days of readings that a draft holds whole (`catalog/closing.py`).

    Attributes:
        stream: of the table of readings.
        number: the newest delivery they were made from; where another has changed one of them, nothing is committed.
        runs: first and last day of each run of days.
        windows: the same as values of the time column: what is absent from the draft within one of them is removed.
        delivered: a delivery comes with them; otherwise they are committed alone, and nothing was checked.
    """

    stream: int
    number: int
    runs: tuple[tuple[date, date], ...]
    windows: tuple[tuple[str, str], ...]
    delivered: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """One table of one resource, checked and ready to be committed, or held.

    Attributes:
        resource_id: the catalogue's id of the resource.
        contract: its data standard, or None for rows of text (*belum dipetakan ke standar data*).
        rows: Parquet with the contract's columns (or those of `columns`) and int64 `_row`; None where held.
        verdict: HELD records the check and quarantine and leaves the last good snapshot in place.
        landed_sha256: the landed file it was read from.
        fetched_at: when that was fetched.
        run_id: the run that did it, or None.
        table: sheet or entry name where the file holds several tables, else "".
        columns: the header of a table without contract, in order.
        mapping: how source columns became contract columns, for the lineage.
        check: what the gate found, or None where nothing was checked.
        quarantine: the rows returned, or None where there are none.
        partial: it is a part of what was sent, so that nothing absent from it is taken as removed.
        closing: the closed days that `rows` holds, where they are readings.
    """

    resource_id: str
    contract: Contract | None
    rows: Path | None
    verdict: Verdict
    landed_sha256: str | None
    fetched_at: datetime
    run_id: str | None = None
    table: str = ""
    columns: tuple[str, ...] = ()
    mapping: Mapping[str, Any] | None = None
    check: CheckDraft | None = None
    quarantine: QuarantineDraft | None = None
    partial: bool = False
    closing: Closing | None = None

    @property
    def held(self) -> bool:
        """Whether the gate holds it, so that nothing of it is published."""
        return self.verdict is Verdict.HELD or self.rows is None


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one draft.

    Attributes:
        seq: the new snapshot's number; None where it is unchanged or held.
        unchanged: the same rows under the same contract version are current already (S22).
        rows: of the delivery.
        added, changed, removed: against the snapshot before, by key (without a key: by whole row).
        live_rows: of the table after this commit.
        waiting: of readings, rows of the delivery that are served but not committed, because their day is open.
    """

    resource_id: str
    table: str
    seq: int | None
    unchanged: bool = False
    held: bool = False
    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    live_rows: int = 0
    waiting: int = 0
