"""What a checked file hands to the catalogue, and what the harvest says came of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from catalog.drafts import CheckDraft, Commit, Draft, QuarantineDraft, ReturnedRow
from catalog.quarantine import KEPT
from catalog.store import SnapshotStore
from core.verdict import Verdict
from quality.outcome import CheckOutcome
from services.intake.errors import MappedTableMissing
from services.intake.files import TableDone
from services.intake.notes import is_partial
from services.intake.outcome import Outcome
from services.intake.work import Item

#: What a snapshot keeps of its mapping, even where it says nothing, and what it does not.
_KEPT, _NOT_KEPT = ("columns", "constants", "factors"), ("match", "headers", "units")


@dataclass(frozen=True, slots=True)
class LandedItem:
    """One item's bytes."""

    item: Item
    path: Path
    sha256: str
    at: datetime
    name: str
    mime: str | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A resource's drafts, in the order in which they are to be committed, with what they were made from."""

    landed: LandedItem
    tables: Sequence[TableDone]
    drafts: Sequence[Draft]


def draft(landed: LandedItem, table: TableDone, run: str, returned: SnapshotStore) -> Draft:
    """A checked table as the catalogue takes it; its returned rows are kept in `returned` before this gives back."""
    item, outcome, contract = landed.item, table.outcome, table.contract
    check = None
    if contract is not None or outcome.holds or outcome.warnings:
        check = CheckDraft(
            statistics={
                "source_rows": outcome.source_rows,
                "accepted_rows": outcome.accepted_rows,
                "quarantined_rows": outcome.quarantined_rows,
                "reasons": dict(outcome.reasons),
            },
            holds=[{"code": h.code, "values": dict(h.values)} for h in outcome.holds],
            warnings=[{"code": w.code, "values": dict(w.values)} for w in outcome.warnings],
            result=outcome.result or None,
        )
    return Draft(
        resource_id=item.id,
        contract=contract,
        rows=outcome.accepted,
        verdict=outcome.verdict,
        landed_sha256=landed.sha256,
        fetched_at=landed.at,
        run_id=run,
        table=table.name,
        columns=() if contract is not None else tuple(c for c in outcome.columns if c != "_row"),
        mapping=_lineage(item, outcome.decided) if contract is not None else None,
        check=check,
        quarantine=_returned(outcome, returned) if contract is not None else None,
        partial=is_partial(outcome),
    )


def unfound(landed: LandedItem, tables: str, run: str, source: str) -> Draft:
    """The record that a delivery waits because none of its tables is the mapped one."""
    item = landed.item
    assert item.mapping is not None
    error = MappedTableMissing(
        source=source,
        dataset=item.title,
        file=landed.name,
        table=item.mapping.table or ", ".join(item.mapping.columns.values()),
        tables=tables,
    )
    hold = {"code": error.code, "values": {k: str(v) for k, v in error.values.items()}}
    return Draft(
        resource_id=item.id,
        contract=item.contract,
        rows=None,
        verdict=Verdict.HELD,
        landed_sha256=landed.sha256,
        fetched_at=landed.at,
        run_id=run,
        mapping=_lineage(item, {}),
        check=CheckDraft(holds=[hold]),
    )


def _returned(outcome: CheckOutcome, store: SnapshotStore) -> QuarantineDraft | None:
    if outcome.quarantined is None:
        return None
    stored = store.put(outcome.quarantined)
    head = next(iter(pq.ParquetFile(outcome.quarantined).iter_batches(batch_size=KEPT)), None)
    rows: list[dict[str, Any]] = head.to_pylist() if head is not None else []
    first = [ReturnedRow(row["_row"], orjson.loads(row["original"]), row["reasons"]) for row in rows]
    return QuarantineDraft(stored, outcome.quarantined_rows, dict(outcome.reasons), first)


def outcomes(ready: Ready, commits: Sequence[Commit]) -> Iterator[Outcome]:
    """One outcome a draft, in order."""
    item = ready.landed.item
    if not ready.tables:
        [held] = ready.drafts
        assert held.check is not None
        yield Outcome(
            dataset=item.dataset,
            resource=item.id,
            title=item.title,
            contract=held.contract.name if held.contract else None,
            verdict=held.verdict,
            holds=tuple(hold["code"] for hold in held.check.holds),
        )
        return
    for table, made, commit in zip(ready.tables, ready.drafts, commits, strict=True):
        outcome = table.outcome
        upserted = table.contract is not None and table.contract.mode == "upsert"
        yield Outcome(
            dataset=item.dataset,
            resource=item.id,
            title=item.title,
            table=table.name,
            contract=table.contract.name if table.contract else None,
            verdict=outcome.verdict,
            seq=commit.seq,
            rows=commit.added + commit.changed if upserted else commit.rows,
            quarantined=outcome.quarantined_rows,
            reasons=dict(outcome.reasons),
            examples=_examples(made.quarantine),
            holds=tuple(h.code for h in outcome.holds),
            waiting=commit.waiting,
        )


def _examples(returned: QuarantineDraft | None) -> dict[str, str]:
    """Of each reason the sentence of the first row that has it."""
    out: dict[str, str] = {}
    for row in returned.first if returned is not None else ():
        for reason in row.reasons:
            out.setdefault(reason["rule"], reason["message"])
    return out


def _lineage(item: Item, styles: Mapping[str, str]) -> dict[str, Any] | None:
    """The mapping as the snapshot keeps it, with the styles in which columns were read: by both, what the source wrote
    can be shown beside what was made of it (`services/originals.py`).
    """
    if item.mapping is None:
        return None
    said = asdict(item.mapping)
    kept = {k: v for k, v in said.items() if k not in _NOT_KEPT and (k in _KEPT or v not in (None, (), {}, "auto"))}
    return {**kept, "styles": dict(styles)}
