"""Taking a batch of resources in: fetch and land, read, choose the table, check, commit; each step once, in order.

A resource that fails leaves its error in the run and never stops the others. What was good before stays served.
"""

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from catalog import intake_marks, runs, snapshots
from catalog.drafts import CheckDraft, Draft, QuarantineDraft, ReturnedRow
from catalog.intake_marks import IntakeMark
from catalog.quarantine import KEPT
from catalog.runs import Lease
from core.contract import Contract
from core.errors import LumbungError
from core.ids import new_id
from core.table import TextTable
from core.verdict import Verdict
from federation.fetch import Fetched
from federation.member import Member, SourceConfig
from federation.readers import ReadLimits, read
from quality.outcome import CheckOutcome
from quality.worker import CheckJob
from services.granary import Granary
from services.intake.choose import mapped_table, write_table
from services.intake.errors import HarvestStopped, MappedTableMissing
from services.intake.fetching import FetchLoop
from services.intake.nihil import without_nihil
from services.intake.outcome import Outcome
from services.intake.work import Item


@dataclass(frozen=True, slots=True)
class Harvest:
    """What every step of one source's run needs."""

    granary: Granary
    source: SourceConfig
    member: Member
    lease: Lease
    downloads: FetchLoop


@dataclass(slots=True)
class _Landed:
    """One item's bytes on their way."""

    item: Item
    path: Path
    sha256: str
    at: datetime
    name: str
    mime: str | None
    fetched: bool


@dataclass(slots=True)
class _Checking:
    """One table that a worker is checking."""

    landed: _Landed
    table: str
    contract: Contract | None
    columns: tuple[str, ...]
    future: Future[CheckOutcome]


def take_in(harvest: Harvest, items: Sequence[Item]) -> list[Outcome]:
    """Fetch, read, check and commit some resources of one source; one outcome a table, or a resource's error."""
    outcomes: list[Outcome] = []
    marks: list[IntakeMark] = []
    _go_on(harvest)
    with _workplace(harvest.granary.staging) as folder:
        checking: list[_Checking] = []
        for landed in _landed(harvest, items, outcomes, marks):
            _go_on(harvest)
            checking += _read(harvest, landed, folder, outcomes, marks)
        for group in _by_resource(checking):
            _go_on(harvest)
            _commit(harvest, group, outcomes, marks)
    now = harvest.granary.clock()
    intake_marks.finish(harvest.granary.sessions, marks, now=now, lease=harvest.lease)
    _leave_plan(harvest, items)
    return outcomes


def _go_on(harvest: Harvest) -> None:
    """`HarvestStopped` where this process has been asked to end; what is not marked finished is found again."""
    if harvest.granary.stopping.is_set():
        raise HarvestStopped(source=harvest.source.id)


@contextmanager
def _workplace(staging: Path) -> Iterator[Path]:
    folder = staging / new_id()
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave_plan(harvest: Harvest, items: Sequence[Item]) -> None:
    runs.done(harvest.granary.sessions, harvest.lease, [item.id for item in items])


def _failed(harvest: Harvest, item: Item, error: LumbungError, outcomes: list[Outcome]) -> None:
    for name, value in (("source", harvest.source.id), ("dataset", item.title), ("resource", item.remote.name)):
        error.values.setdefault(name, value)
    runs.record_error(
        harvest.granary.sessions,
        harvest.lease.run_id,
        error,
        now=harvest.granary.clock(),
        dataset_id=item.dataset,
        resource_id=item.id,
    )
    outcomes.append(Outcome(dataset=item.dataset, resource=item.id, title=item.title, error=error))


def _landed(
    harvest: Harvest, items: Sequence[Item], outcomes: list[Outcome], marks: list[IntakeMark]
) -> Iterator[_Landed]:
    """Each item's bytes: those landed before where only the mapping changed, else fetched (or said to still hold)."""
    landing = harvest.granary.landing
    replayed = [item for item in items if item.replay is not None and item.problem is None]
    asked = [item for item in items if item.replay is None and item.problem is None]
    for item in items:
        if item.problem is not None:
            _failed(harvest, item, item.problem, outcomes)
    for item in replayed:
        assert item.replay is not None
        try:
            path = landing.open(item.replay)
        except LumbungError:  # the bytes are gone or damaged; the source still has them
            asked.append(item)
            continue
        at = item.fetched_at or harvest.granary.clock()
        yield _Landed(item, path, item.replay, at, item.remote.name, item.remote.mime, fetched=False)
    for item, got in zip(asked, harvest.downloads.fetch(harvest.source, asked), strict=True):
        if isinstance(got, LumbungError):
            _failed(harvest, item, got, outcomes)
        elif isinstance(got, Fetched):
            yield _Landed(item, got.path, got.sha256, got.at, got.name, got.mime, fetched=True)
        elif item.finished_with(got.sha256):
            marks.append(IntakeMark(item.id, item.key))
        else:
            yield _Landed(item, got.path, got.sha256, got.at, item.remote.name, item.remote.mime, fetched=False)


def read_limits(granary: Granary) -> ReadLimits:
    """The reader's limits as the home's settings have them."""
    settings = granary.settings
    return replace(
        ReadLimits(),
        max_columns=settings.table_max_columns,
        field_max_bytes=settings.field_max_bytes,
        unpacked_max_bytes=settings.unpacked_max_bytes,
    )


def _read(
    harvest: Harvest, landed: _Landed, folder: Path, outcomes: list[Outcome], marks: list[IntakeMark]
) -> list[_Checking]:
    """The tables of a file, each handed to a checking worker; a file that cannot be read leaves its error."""
    item = landed.item
    try:
        result = read(landed.path, landed.name, mime=landed.mime, limits=read_limits(harvest.granary))
        if item.contract is not None and result.machine_readable and not result.tables:
            raise MappedTableMissing(table=(item.mapping.table if item.mapping else None) or "-", tables="-")
    except LumbungError as error:
        _failed(harvest, item, error, outcomes)
        marks.append(IntakeMark(item.id, item.key, landed.sha256, None, Verdict.UNREADABLE))
        return []
    if not result.tables:
        marks.append(IntakeMark(item.id, item.key, landed.sha256, result.machine_readable, Verdict.DOCUMENT))
        outcomes.append(Outcome(dataset=item.dataset, resource=item.id, title=item.title))
        return []
    chosen = mapped_table(result.tables, item.mapping) if item.mapping is not None else None
    if item.mapping is not None and chosen is None:
        _hold_unfound(harvest, landed, result.tables, outcomes)
        marks.append(IntakeMark(item.id, item.key, landed.sha256, machine_readable=True))
        return []
    single = len(result.tables) == 1
    others = [t for t in result.tables if t is not chosen]
    checking = [_submit(harvest, landed, t, folder, name="" if single else t.name, contract=None) for t in others]
    if chosen is not None:  # last, so that the resource ends up under its contract
        checking.append(_submit(harvest, landed, chosen, folder, name="", contract=item.contract))
    return checking


def check_job(
    granary: Granary, member: Member, item: Item, table: TextTable, work: Path, *, contract: Contract | None
) -> CheckJob:
    """The job of checking one table; without a contract it is only rewritten as rows of text."""
    said = False
    if contract is not None and contract.event:
        table, said = without_nihil(table)
    job = CheckJob(
        table=write_table(table, work / "table.arrow"),
        contract=contract,
        mapping=None,
        references={},
        regions=member.regions,
        out=work,
        zone=granary.settings.timezone,
        previous_rows=None,
        previous_columns=None,
        decided={},
        nihil=said or item.nihil,
        now=granary.clock(),
    )
    if contract is None:
        return job
    named = {column.reference for column in contract.columns}
    return replace(
        job,
        mapping=item.mapping,
        references={name: codes for name, codes in granary.references.items() if name in named},
        previous_rows=item.rows,
        previous_columns=item.columns,
        decided=item.decided,
    )


def _submit(
    harvest: Harvest, landed: _Landed, table: TextTable, folder: Path, *, name: str, contract: Contract | None
) -> _Checking:
    work = folder / new_id()
    work.mkdir()
    job = check_job(harvest.granary, harvest.member, landed.item, table, work, contract=contract)
    return _Checking(landed, name, contract, table.columns, harvest.granary.checks().submit(job))


def _by_resource(checking: Sequence[_Checking]) -> list[list[_Checking]]:
    groups: dict[str, list[_Checking]] = {}
    for one in checking:
        groups.setdefault(one.landed.item.id, []).append(one)
    return list(groups.values())


def _returned(harvest: Harvest, outcome: CheckOutcome) -> QuarantineDraft | None:
    if outcome.quarantined is None:
        return None
    stored = harvest.granary.returned.put(outcome.quarantined)
    head = next(iter(pq.ParquetFile(outcome.quarantined).iter_batches(batch_size=KEPT)), None)
    rows: list[dict[str, Any]] = head.to_pylist() if head is not None else []
    first = [ReturnedRow(row["_row"], orjson.loads(row["original"]), row["reasons"]) for row in rows]
    return QuarantineDraft(stored, outcome.quarantined_rows, dict(outcome.reasons), first)


def _examples(returned: QuarantineDraft | None) -> dict[str, str]:
    """Of each reason the sentence of the first row that has it."""
    out: dict[str, str] = {}
    for row in returned.first if returned is not None else ():
        for reason in row.reasons:
            out.setdefault(reason["rule"], reason["message"])
    return out


def _draft(harvest: Harvest, one: _Checking, outcome: CheckOutcome) -> Draft:
    item = one.landed.item
    check = None
    if one.contract is not None:
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
        contract=one.contract,
        rows=outcome.accepted,
        verdict=outcome.verdict,
        landed_sha256=one.landed.sha256,
        fetched_at=one.landed.at,
        run_id=harvest.lease.run_id,
        table=one.table,
        columns=() if one.contract is not None else tuple(c for c in outcome.columns if c != "_row"),
        mapping=_lineage(item) if one.contract is not None else None,
        check=check,
        quarantine=_returned(harvest, outcome) if one.contract is not None else None,
    )


def _lineage(item: Item) -> dict[str, Any] | None:
    if item.mapping is None:
        return None
    return {
        "columns": dict(item.mapping.columns),
        "constants": dict(item.mapping.constants),
        "factors": dict(item.mapping.factors),
    }


def _commit(harvest: Harvest, group: Sequence[_Checking], outcomes: list[Outcome], marks: list[IntakeMark]) -> None:
    """Commit the tables of one resource together; what the catalogue refuses is that resource's error."""
    granary, item, landed = harvest.granary, group[0].landed.item, group[0].landed
    try:
        checked = [one.future.result() for one in group]
        drafts = [_draft(harvest, one, outcome) for one, outcome in zip(group, checked, strict=True)]
        commits = snapshots.commit_many(
            granary.sessions, granary.store, drafts, now=granary.clock(), lease=harvest.lease
        )
    except LumbungError as error:
        _failed(harvest, item, error, outcomes)
        return
    decided: dict[str, str] | None = None
    columns: tuple[str, ...] | None = None
    for one, outcome, draft, commit in zip(group, checked, drafts, commits, strict=True):
        if one.contract is not None and outcome.verdict is not Verdict.HELD:
            decided, columns = dict(outcome.decided), outcome.columns
        outcomes.append(
            Outcome(
                dataset=item.dataset,
                resource=item.id,
                title=item.title,
                table=one.table,
                contract=one.contract.name if one.contract else None,
                verdict=outcome.verdict,
                seq=commit.seq,
                rows=commit.added + commit.changed if one.contract and one.contract.mode == "upsert" else commit.rows,
                quarantined=outcome.quarantined_rows,
                reasons=dict(outcome.reasons),
                examples=_examples(draft.quarantine),
                holds=tuple(h.code for h in outcome.holds),
            )
        )
    marks.append(IntakeMark(item.id, item.key, landed.sha256, True, None, columns, decided))


def _hold_unfound(harvest: Harvest, landed: _Landed, tables: Sequence[TextTable], outcomes: list[Outcome]) -> None:
    """Record that a delivery waits because none of its tables is the mapped one."""
    item, granary = landed.item, harvest.granary
    assert item.mapping is not None
    error = MappedTableMissing(
        source=harvest.source.id,
        dataset=item.title,
        file=landed.name,
        table=item.mapping.table or ", ".join(item.mapping.columns.values()),
        tables="; ".join(f"{t.name}: {', '.join(t.columns[:8])}" for t in tables[:5]),
    )
    hold = {"code": error.code, "values": {k: str(v) for k, v in error.values.items()}}
    draft = Draft(
        resource_id=item.id,
        contract=item.contract,
        rows=None,
        verdict=Verdict.HELD,
        landed_sha256=landed.sha256,
        fetched_at=landed.at,
        run_id=harvest.lease.run_id,
        mapping=_lineage(item),
        check=CheckDraft(holds=[hold]),
    )
    snapshots.commit(granary.sessions, granary.store, draft, now=granary.clock(), lease=harvest.lease)
    outcomes.append(
        Outcome(
            dataset=item.dataset,
            resource=item.id,
            title=item.title,
            contract=item.contract.name if item.contract else None,
            verdict=Verdict.HELD,
            holds=(error.code,),
        )
    )
