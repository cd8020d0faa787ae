"""One delivery checked: typed, evaluated, sorted into accepted and quarantined rows, and judged by the gate.

Runs in the checking process (`quality/pool.py`), the only place where Great Expectations is imported.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.arrow import ARROW
from core.contract import Contract, Severity
from core.mapping import DatasetMapping, sources
from core.ordered import rises
from core.reference import CodeList
from core.verdict import Release, Verdict
from quality import check, gate, onepass, suppression
from quality.accepted import places, write_accepted, write_many
from quality.beyond.stopping import stopped
from quality.cast import AT, ROW, Cast, cast
from quality.check import REASON, TYPED
from quality.errors import CheckFailed
from quality.melt import Long, melted, taken
from quality.outcome import CheckOutcome, Hold, Warned, after_release
from quality.personal.allowed import judge
from quality.result import pack

ROW_GROUP = 8192
ACCEPTED = "accepted.parquet"
#: The column of the returned rows that names what a person may say is true.
MARKS = "marks"
_COMPILED_MAX = 64


@dataclass(frozen=True, slots=True)
class CheckJob:
    """One delivery to check; everything the worker needs, since it opens no database and no network.

    Attributes:
        table: Arrow IPC file of the text columns in source order and an int64 `_row` (the row in the source file).
        contract: the standard it is mapped to, or None for rows of text.
        mapping: how its columns become the contract's; None where they carry the contract's own names.
        references: the code lists that the contract refers to, by name.
        regions: the member's region codes; a province's code covers its regencies.
        out: the folder that receives `accepted.parquet` and `quarantined.parquet`.
        zone: the province's zone, for naive moments.
        previous_rows: rows of the last published delivery of the same resource, None where there was none.
        previous_columns: its columns, None where there was none.
        decided: the styles remembered for its columns, and a person's answers.
        nihil: the source says that there was nothing to report.
        now: the moment of the check, aware.
        released: the holds that a person has set aside for these very bytes, or None.
        history: Arrow IPC file of rows of the standard that are there already, to tell typos by, or None.
        confirmed: the marks of values that look like slips of the hand and that a person has said are true.
    """

    table: Path
    contract: Contract | None
    mapping: DatasetMapping | None
    references: Mapping[str, CodeList]
    regions: frozenset[str]
    out: Path
    zone: str
    previous_rows: int | None
    previous_columns: tuple[str, ...] | None
    decided: Mapping[str, str]
    nihil: bool
    now: datetime
    released: Release | None = None
    history: Path | None = None
    confirmed: frozenset[str] = frozenset()


class Checker:
    """The state one checking process keeps: a DuckDB connection and the suites compiled so far."""

    def __init__(self, memory: str = "2GB", threads: int = 2) -> None:
        self.memory, self.threads = memory, threads
        self.compiled: OrderedDict[tuple[str, str, str], onepass.Compiled] = OrderedDict()
        self.connection = self._connect()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(
            config={
                "memory_limit": self.memory,
                "threads": self.threads,
                "enable_external_access": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it would be printed among what a program answers
        self.using = self.threads
        return connection

    def _use_threads(self, threads: int) -> None:
        """Small tables are checked on one thread: handing them to a second costs more than it does."""
        if threads != self.using:
            self.connection.execute(f"SET threads = {threads:d}")
            self.using = threads

    def suite(self, contract: Contract) -> onepass.Compiled:
        """The contract's suite, compiled once."""
        key = (contract.name, contract.version, contract.sha256)
        if key not in self.compiled or self.compiled[key].contract != contract:
            self.compiled[key] = onepass.compile_suite(contract)
            while len(self.compiled) > _COMPILED_MAX:
                self.compiled.popitem(last=False)
        self.compiled.move_to_end(key)
        return self.compiled[key]

    def run(self, job: CheckJob) -> CheckOutcome:
        """The verdict on one delivery, its files written; `CheckFailed` where it cannot be finished."""
        try:
            return self._run(job)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            self.connection.close()
            self.connection = self._connect()
            raise CheckFailed(
                file=job.table, contract=job.contract.name if job.contract else "-", detail=str(error)[:500]
            ) from error

    def _run(self, job: CheckJob) -> CheckOutcome:
        job.out.mkdir(parents=True, exist_ok=True)
        source = _read(job.table)
        if job.contract is None:
            return _unmapped(job, source)
        self._use_threads(1 if source.num_rows <= onepass.SMALL else self.threads)
        delivery = _Delivery(self, job, job.contract, source, source.num_rows)
        del source  # the delivery lets it go when nothing more is to be looked up in it
        return delivery.outcome()


def _read(path: Path) -> pa.Table:
    """The table of a file; of a large one each column in one piece."""
    with pa.OSFile(str(path)) as file:
        try:
            table = pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            table = pa.ipc.open_stream(file).read_all()
    return table if table.num_rows <= onepass.SMALL else table.combine_chunks()


def _write(table: pa.Table, path: Path) -> Path:
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP)
    return path


def _write_text(table: pa.Table, path: Path) -> Path:
    """Rows of text for the commit, which reads them once."""
    if table.num_rows <= onepass.SMALL:
        pq.write_table(table, path, compression="none", use_dictionary=False, write_statistics=False)
        return path
    return _write(table, path)


def _unmapped(job: CheckJob, source: pa.Table) -> CheckOutcome:
    columns = tuple(name for name in source.column_names if name != ROW)
    found, remarks = judge(source.select(columns), None, {}, job.regions, job.now)
    holds, said = after_release(found, job.released)
    if holds:
        return CheckOutcome(
            verdict=Verdict.HELD, accepted=None, quarantined=None, source_rows=source.num_rows,
            accepted_rows=0, quarantined_rows=0, reasons={}, holds=tuple(holds), warnings=(*remarks, *said), result=b"",
            decided={}, columns=columns,
        )  # fmt: skip
    accepted = _write_text(source.select([*columns, ROW]), job.out / ACCEPTED)
    return CheckOutcome(
        verdict=Verdict.UNMAPPED, accepted=accepted, quarantined=None, source_rows=source.num_rows,
        accepted_rows=source.num_rows, quarantined_rows=0, reasons={}, holds=(), warnings=(*remarks, *said), result=b"",
        decided={}, columns=columns,
    )  # fmt: skip


@dataclass(slots=True)
class _Delivery:
    """The steps of one mapped delivery, in order."""

    checker: Checker
    job: CheckJob
    contract: Contract
    source: pa.Table
    rows: int
    holds: list[Hold] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    long: Long | None = None  # the rows of a wide table
    ordered: bool = False  # whether the table lies in the order of its key
    distinct: bool = False  # whether each key is known to be there once
    marks: Mapping[int, str] = field(default_factory=dict)  # of the slips, by place

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in self.source.column_names if name != ROW)

    def outcome(self) -> CheckOutcome:
        job, mapping = self.job, self.job.mapping
        confirmed = mapping.headers if mapping is not None else ()
        if hold := gate.changed_columns(job.previous_columns, self.columns, self._values(), confirmed):
            self._hold(hold)
        self.long = melted(self.source, self.contract, mapping, job.references)
        if self.long is not None:
            self.rows, mapping = self.long.table.num_rows, self.long.mapping
        rows = self.rows
        self._hold(*gate.volume(self.contract, rows, job.previous_rows, nihil=job.nihil))
        if rows == 0:
            return self._empty()
        if self._personal():
            return self._answer(Cast(None, {}), 0, None, {}, b"")  # not even rejected rows or samples are written
        done = cast(
            self.checker.connection, self.source if self.long is None else self.long.table, self.contract, mapping,
            job.references, zone=job.zone, decided=job.decided, regions=job.regions, now=job.now, shown=self.columns,
        )  # fmt: skip
        self.holds += done.holds
        self.warnings += done.warnings
        if done.table is None:
            return self._answer(done, 0, None, {}, b"")
        self._hold(*gate.retyped_columns(self.contract, done, job.previous_columns))
        self._hold(*gate.foreign_regions(done))
        return self._checked(done, done.table)

    def _values(self) -> frozenset[str]:
        """The headers, of now and before, that are values of a kind the mapping knows."""
        job = self.job
        if job.mapping is None:
            return frozenset()
        headers = tuple(dict.fromkeys((*self.columns, *(job.previous_columns or ()))))
        return frozenset(
            one.header
            for one in taken(self.contract, job.mapping, headers, job.references)
            if one.melt.like is not None or one.melt.pattern is not None
        )

    def _hold(self, *holds: Hold) -> None:
        """Hold the delivery, unless a person has set this hold aside; that is said instead."""
        kept, said = after_release(holds, self.job.released)
        self.holds += kept
        self.warnings += said

    def _personal(self) -> bool:
        """Whether the delivery is held for personal data where its standard has no place for it."""
        job, columns = self.job, self.columns
        where = sources(self.contract, job.mapping, columns)
        found, remarks = judge(self.source.select(columns), self.contract, where, job.regions, job.now)
        before = len(self.holds)
        self._hold(*found)
        self.warnings += remarks
        return len(self.holds) > before

    def _checked(self, done: Cast, typed: pa.Table) -> CheckOutcome:
        connection = self.checker.connection
        if self.contract.key:
            keys = typed.select(self.contract.key)
            self.ordered = self.distinct = rises(keys.columns)
            if not self.ordered and typed.num_rows <= onepass.SMALL:  # sorting so few is cheaper than grouping them
                self.distinct = rises(keys.sort_by([(name, "ascending") for name in self.contract.key]).columns)
        earlier = _read(self.job.history) if self.job.history is not None else None
        slips = stopped(self.contract, typed, earlier, self.job.confirmed)
        self.marks = slips.marks
        if slips.true:
            self.warnings.append(Warned("VALUES_CONFIRMED", {"rows": slips.true}))
        typed = done.table = slips.table
        connection.register(TYPED, typed)
        try:
            result, broken = self._evaluate()
            failing = self._failing(done, broken, slips.reasons)
            self.source = self.source.schema.empty_table()
            self.long = None
            returned = failing.num_rows if failing is not None else 0
            self._hold(*gate.rejected_share(self.contract, self.rows, returned))
            accepted = 0 if self.holds else self._accepted(typed, failing)
        finally:
            connection.unregister(TYPED)
        reasons = check.tally(failing) if failing is not None else {}
        if returned:
            self.warnings.append(Warned("ROWS_QUARANTINED", {"rows": returned, "of": self.rows}))
        if reasons.get("key.repeated"):
            self.warnings.append(Warned("REPEATED_ROWS", {"rows": reasons["key.repeated"]}))
        return self._answer(done, accepted, failing, reasons, pack(result))

    def _evaluate(self) -> tuple[dict[str, Any], set[str]]:
        """The suite's result as JSON values, and the rules whose failing rows are to be set aside."""
        compiled = self.checker.suite(self.contract)
        result, counts = onepass.evaluate(
            compiled, self.checker.connection, TYPED, order=AT, run=self.job.now.isoformat(),
            unbroken=("key.unique",) if self.distinct else (),
        )  # fmt: skip
        broken: set[str] = set()
        for rule, judged in zip(self.contract.rules, result.results, strict=True):
            if judged.success:
                continue
            values: dict[str, str | int | float] = {
                "rule": rule.id,
                "rows": counts.get(rule.id, 0),
                "observed": str(judged.result.get("observed_value", counts.get(rule.id, "-"))),
                "expected": check.expect(self.contract, rule),
            }
            if rule.severity is Severity.ROW:
                broken.add(rule.id)
            elif rule.severity is Severity.WARNING:
                self.warnings.append(Warned("RULE_BROKEN", values))
            elif rule.id != "rows.volume":  # the gate has said so already, in its own words
                self._hold(Hold("RULE_BROKEN", values))
        return onepass.as_json(compiled, result), broken

    def _failing(self, done: Cast, broken: set[str], slips: Sequence[check.Reason]) -> pa.Table | None:
        search = check.Failing(
            self.checker.connection, self.contract, self.long.mapping if self.long is not None else self.job.mapping,
            source=self.source, done=done, now=self.job.now, long=self.long,
        )  # fmt: skip
        reasons = [*search.reasons([r for r in self.contract.rules if r.id in broken]), *slips]
        return search.table(reasons) if reasons else None

    def _accepted(self, typed: pa.Table, failing: pa.Table | None) -> int:
        """Write the rows that are not set aside, in the order of the key; how many there are."""
        names, order = [*(c.name for c in self.contract.columns), ROW], (*self.contract.key, ROW)
        returned = failing[AT].to_numpy() if failing is not None else np.array([], np.int64)
        typed = suppression.protected(typed, self.contract, returned)
        path = self.job.out / ACCEPTED
        if typed.num_rows <= onepass.SMALL:  # planning a statement costs more than sorting so few
            return write_accepted(typed, returned, names, order, path)
        at = None if self.ordered else places(self.checker.connection, TYPED, order)
        return write_many(typed, returned, names, at, path)

    def _empty(self) -> CheckOutcome:
        fields = [(c.name, ARROW[c.type]) for c in self.contract.columns]
        if not self.holds:
            nothing = pa.schema([*fields, (ROW, pa.int64())]).empty_table()
            pq.write_table(nothing, self.job.out / ACCEPTED)
        return self._answer(Cast(None, {}), 0, None, {}, b"")

    def _answer(
        self, done: Cast, accepted: int, failing: pa.Table | None, reasons: Mapping[str, int], result: bytes
    ) -> CheckOutcome:
        out, set_aside = self.job.out, None
        if failing is not None and failing.num_rows:
            types = pa.schema([(ROW, pa.int64()), ("original", pa.string()), ("reasons", pa.list_(REASON))])
            rows = failing.select([ROW, "original", "reasons"]).cast(types)
            if self.marks:
                rows = rows.append_column(MARKS, pa.array([self.marks.get(at) for at in failing[AT].to_pylist()]))
            set_aside = _write(rows, out / "quarantined.parquet")
        held = bool(self.holds)
        verdict = Verdict.HELD if held else Verdict.WARNED if self.warnings else Verdict.PUBLISHED
        return CheckOutcome(
            verdict=verdict,
            accepted=None if held else out / ACCEPTED,
            quarantined=set_aside,
            source_rows=self.rows,
            accepted_rows=accepted,
            quarantined_rows=failing.num_rows if failing is not None else 0,
            reasons=reasons,
            holds=tuple(self.holds),
            warnings=tuple(self.warnings),
            result=result,
            decided={**self.job.decided, **done.decided},
            columns=self.columns,
        )
