"""One landed file in a checking process: read, its table chosen, written as Arrow, checked; in that order.

Runs in the processes of `quality/pool.py`, so that a long file holds up nobody who waits for the catalogue, and a file
that kills its reader kills no harvest. Opens no database and no network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from core import template
from core.contract import Contract
from core.errors import LumbungError
from core.ids import new_id
from core.mapping import DatasetMapping
from core.table import TextTable
from core.verdict import Release, Verdict
from federation.readers import ReadLimits, read
from quality.lists import SentList
from quality.new_words import with_words
from quality.outcome import CheckOutcome, Hold
from quality.remembered import Remembering, contradicted, sample, with_renewal
from quality.worker import Checker, CheckJob
from services.intake.choose import mapped_table, write_table
from services.intake.errors import MappedTableMissing
from services.intake.nihil import without_nihil
from services.intake.notes import PART, as_returned, noted, without_cut_row

_SHOWN_TABLES, _SHOWN_COLUMNS = 5, 8
#: Memory that reading took is given back to the machine before a table of so many bytes is checked.
_LARGE = 32 << 20


@dataclass(frozen=True, slots=True)
class FileJob:
    """A landed file to take through reading and checking; the fields after `out` are those of a `CheckJob`.

    Attributes:
        path, name, mime, limits: as `federation.readers.read` takes them.
        out: an empty folder for what is made on the way and for the files of the outcomes.
        contract, mapping: the standard of the one table that the mapping means; the file's others become rows of text.
        released: the holds of that table that a person has set aside for this file's bytes, or None.
        templates: the headers by which a filled template is known, looked for where no mapping is given.
        alone: only the mapped table is taken: the other sheets of a template are not data.
        dataset: what a person types to name it.
        history, confirmed: rows of its standard that are there already, and values that are true, as a `CheckJob` takes
            them.
    """

    path: Path
    name: str
    mime: str | None
    limits: ReadLimits
    out: Path
    contract: Contract | None
    mapping: DatasetMapping | None
    references: Mapping[str, SentList]
    regions: frozenset[str]
    zone: str
    previous_rows: int | None
    previous_columns: tuple[str, ...] | None
    decided: Mapping[str, str]
    nihil: bool
    now: datetime
    released: Release | None = None
    templates: template.Headers = field(default_factory=dict)
    alone: bool = False
    dataset: str = ""
    history: Path | None = None
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TableDone:
    """One checked table; `name` is empty where it is the file's only one or the mapped one."""

    name: str
    contract: Contract | None
    outcome: CheckOutcome


@dataclass(frozen=True, slots=True)
class FileDone:
    """What came of a file.

    Attributes:
        machine_readable: None where it could not be read.
        tables: the mapped one last, so that the resource ends up under its contract.
        unfound: what the file has instead, where none of its tables is the mapped one.
        unreadable: why it could not be read.
        template: the standard whose filled template it is; then nothing else was done with it.
    """

    machine_readable: bool | None
    tables: tuple[TableDone, ...] = ()
    unfound: str | None = None
    unreadable: LumbungError | None = None
    template: str | None = None


def take(checker: Checker, job: FileJob) -> FileDone:
    """Read and check a landed file; an error of the gate is raised, one of reading is part of the answer."""
    try:
        result = read(job.path, job.name, mime=job.mime, limits=job.limits)
        if job.contract is not None and result.machine_readable and not result.tables:
            raise MappedTableMissing(table=(job.mapping.table if job.mapping else None) or "-", tables="-")
    except LumbungError as error:
        return FileDone(None, unreadable=error)
    tables, remarks = list(result.tables), result.notes
    if not tables:
        return FileDone(result.machine_readable)
    del result
    if job.mapping is None and (standard := _template(job, tables)) is not None:
        return FileDone(True, template=standard)
    chosen = mapped_table(tables, job.mapping) if job.mapping is not None else None
    if job.mapping is not None and chosen is None:
        return FileDone(True, unfound=_listed(tables))
    if job.alone and job.mapping is not None:  # a sheet may have been put before the one with the data
        named = (t for t in tables if _template(job, [t]) == job.mapping.contract)
        chosen = next(named, chosen)
        tables = [table for table in tables if table is chosen]
    single = len(tables) == 1
    tables.sort(key=lambda table: table is chosen)  # stable: the others keep their order, the chosen one comes last
    mapped, chosen = chosen is not None, None
    done: list[TableDone] = []
    while tables:
        contract = job.contract if mapped and len(tables) == 1 else None
        name = "" if single or contract is not None else tables[0].name
        work = job.out / new_id()
        work.mkdir()
        large = tables[0].data.nbytes > _LARGE
        table, said = tables.pop(0), False
        notes = as_returned((*remarks, *table.notes), len(table), contract)
        released = job.released if contract is not None else None
        table = without_cut_row(table, notes, released)
        if contract is not None and contract.event:
            table, said = without_nihil(table)
        check = _check_job(job, write_table(table, work / "table.arrow"), contract, nihil=said or job.nihil)
        memory = _memory(check, job.dataset)
        stated = contradicted(table, memory) if memory is not None else []
        first = sample(table)
        if single and job.contract is None:
            check = replace(check, released=job.released)
        if any(note.code == PART for note in notes):
            check = replace(check, previous_rows=None)  # so few are no sign of rows that were lost
        del table
        if large:
            pa.default_memory_pool().release_unused()
        outcome = noted(checker.run(check), notes, released)
        done.append(TableDone(name, contract, _remembered(outcome, first, stated, memory)))
        check.table.unlink()
    return FileDone(True, tuple(done))


def _memory(check: CheckJob, dataset: str) -> Remembering | None:
    """What a mapped table is held against."""
    if check.contract is None or check.mapping is None:
        return None
    return Remembering(check.contract, check.mapping, check.references, check.regions, check.now, dataset)


def _remembered(
    outcome: CheckOutcome, first: TextTable, stated: Sequence[Hold], memory: Remembering | None
) -> CheckOutcome:
    """The outcome, held as well where the file contradicts what was confirmed of its source."""
    if memory is None:
        return outcome
    if stated:
        outcome = replace(outcome, verdict=Verdict.HELD, accepted=None, holds=(*outcome.holds, *stated))
    return with_words(with_renewal(outcome, first, memory), memory)


def _template(job: FileJob, tables: Sequence[TextTable]) -> str | None:
    """The standard whose filled template is among some tables, or None."""
    found = (template.standard_of(job.templates, table.columns) for table in tables)
    return next((standard for standard in found if standard is not None), None)


def _listed(tables: Sequence[TextTable]) -> str:
    shown = (f"{t.name}: {', '.join(t.columns[:_SHOWN_COLUMNS])}" for t in tables[:_SHOWN_TABLES])
    return "; ".join(shown)


def _check_job(job: FileJob, arrow: Path, contract: Contract | None, *, nihil: bool) -> CheckJob:
    plain = CheckJob(
        table=arrow,
        contract=None,
        mapping=None,
        references={},
        regions=job.regions,
        out=arrow.parent,
        zone=job.zone,
        previous_rows=None,
        previous_columns=None,
        decided={},
        nihil=nihil,
        now=job.now,
    )
    if contract is None:
        return plain
    return replace(
        plain,
        contract=contract,
        mapping=job.mapping,
        references={name: sent.open() for name, sent in job.references.items()},
        previous_rows=job.previous_rows,
        previous_columns=job.previous_columns,
        decided=job.decided,
        released=job.released,
        history=job.history,
        confirmed=job.confirmed,
    )
