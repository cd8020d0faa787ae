"""What stands behind a number of a scorecard: the rows, cells or periods that did not pass, read where they are kept.

Rows that were set aside are in the quarantine's files. A rule that only warns leaves its rows published; the gate has
counted them, so one line stands for all of them and shows the values that it kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog.errors import DatasetUnknown
from catalog.models import CheckRecord, QuarantineBatch, Resource
from core.messages import DEFAULT_LOCALE, text
from quality.counting import KEY, REPEATED, judged, tally
from quality.report.words import Words
from quality.result import unpack
from quality.score import Cell, Dimension, Level
from services.granary import Granary
from services.review import compared
from services.review.measure import counted
from services.review.records import Due, Ledger, Record, Subject, references

_SHOWN = 5
#: Column, value and message of a line.
_Said = tuple[str, str, str]
_NOTHING: _Said = ("", "", "")


@dataclass(frozen=True, slots=True)
class Opened:
    """One thing that did not pass.

    Attributes:
        row: its row in the source file; None where the line stands for several, or for a whole delivery.
        count: so many rows, cells or periods of the number it stands for.
        value: as the source wrote it.
        message: what is wrong, in Indonesian as it was stored.
    """

    dataset: str
    title: str
    member: str
    file: str
    table: str
    row: int | None
    rule: str
    column: str
    value: str
    message: str
    count: int = 1


def opened(
    granary: Granary, session: Session, dimension: Dimension, level: Level, id_: str, *, moment: datetime
) -> Iterator[Opened]:
    """What did not pass of a subject's dimension as it stood at a moment, by dataset, file and row.

    The counts together are `measured - passed` of the scorecard.

    Args:
        id_: a dataset's id or the beginning of one, a source, MEMBER/DINAS, a member's code, or the province's.

    Raises:
        DatasetUnknown: no dataset belongs to such a subject.
        SnapshotMissing, SnapshotDamaged: a file of returned rows is not what was kept.
    """
    ledger = Ledger.read(granary, session, [moment])
    province = granary.settings.province
    mine = {p.dataset: p for p in counted(ledger, moment) if _belongs(p.subject(level, province), level, id_)}
    if not mine:
        raise DatasetUnknown(dataset=id_)
    if dimension is Dimension.TIMELINESS:
        yield from (late for name, due in ledger.due(moment).items() if name in mine for late in _late(due))
        return
    for subject in (s for s in ledger.datasets(moment) if s.id in mine):
        names = _files(session, subject.id)
        for record in ledger.standing(subject.id, moment):
            yield from _Table(granary, session, subject, record, names.get(record.resource, "")).opened(dimension)
        yield from _compared(session, subject, names, dimension, moment)


def _compared(
    session: Session, subject: Subject, names: Mapping[str, str], dimension: Dimension, moment: datetime
) -> Iterator[Opened]:
    """The findings beyond one file that are counted: each at its row of this dataset, where it has one there."""
    words = Words(DEFAULT_LOCALE, "WIB", {})
    for one in compared.failed(session, subject.id, dimension, moment):
        found, file = one.noted, ""
        number: int | None = None
        said: _Said = ("", "", text("score.opens.uncounted", "id", rows=one.count))
        if found is not None:
            sides = (found.seen, *found.expected)
            mine = [(row, side) for side in sides for row in side["rows"] if row["dataset"] == subject.id]
            side = found.seen
            if mine:
                row, side = mine[0]
                file, number = names.get(row["resource"], ""), row["row"]
            message = words.say(found.message, **found.values)
            if one.accepted is not None:
                by, reason = one.accepted
                message += " " + text("score.opens.confirmed", DEFAULT_LOCALE, by=by, reason=reason)
            said = (found.columns[0], str(side["value"]), message)
        yield Opened(subject.id, subject.title, subject.member, file, "", number, one.rule, *said, count=one.count)


def broken_rules(granary: Granary, session: Session, dataset: str, moment: datetime) -> dict[str, tuple[int, int]]:
    """The rules that a dataset's standing deliveries broke at a moment: how many rows of how many, most first."""
    ledger = Ledger.read(granary, session, [moment])
    found: dict[str, tuple[int, int]] = {}
    for record in ledger.standing(dataset, moment):
        kept = session.get_one(CheckRecord, record.id)
        for rule, (broken, looked) in tally(
            kept.statistics, unpack(kept.result or b""), references(granary.contracts, kept.contract)
        ).items():
            before = found.get(rule, (0, 0))
            found[rule] = (before[0] + broken, before[1] + looked)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1][0], pair[0])))


def _belongs(subject: str | None, level: Level, id_: str) -> bool:
    if subject is None or not id_:
        return False
    return subject.startswith(id_) if level is Level.DATASET else subject == id_


def _files(session: Session, dataset: str) -> Mapping[str, str]:
    query = select(Resource.id, Resource.name).where(Resource.dataset_id == dataset)
    return {row.id: row.name for row in session.execute(query)}


def _late(due: Sequence[Due]) -> Iterator[Opened]:
    for owed, period, cell in due:
        if cell is not Cell.ON_TIME:
            said = text(f"report.cell.{cell.value}", "id")
            yield Opened(owed.id, owed.title, owed.member, "", "", None, owed.contract or "", "", period, said)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as one record left it."""

    granary: Granary
    session: Session
    subject: Subject
    record: Record
    file: str

    def opened(self, dimension: Dimension) -> Iterator[Opened]:
        kept = self.session.get_one(CheckRecord, self.record.id)
        result = unpack(kept.result or b"")
        if not result:
            return
        asked = judged(kept.statistics, result, references(self.granary.contracts, kept.contract))
        rules = [r for r in asked if r.dimension is dimension and r.broken]
        wanted = {r.rule for r in rules if r.listed}
        if KEY in wanted:
            wanted.add(REPEATED)
        whole = dimension is Dimension.VALIDITY
        returned = int(kept.statistics.get("quarantined_rows", 0))
        if count := returned if whole else sum(r.broken for r in rules if r.listed):
            yield from self._rows(self._batch(kept, returned), wanted, count, whole=whole)
        for rule in rules:
            if not rule.listed:
                yield self._one(None, rule.rule, said=("", _kept_values(result, rule.rule), ""), count=rule.broken)

    def _rows(self, batch: QuarantineBatch | None, wanted: set[str], count: int, *, whole: bool) -> Iterator[Opened]:
        """The returned rows, each once or once a reason; `count` lines."""
        if batch is None or not self.granary.returned.has(batch.file_sha256):
            yield self._one(None, said=("", "", text("score.opens.gone", "id", rows=count)), count=count)
            return
        path = self.granary.returned.verify(batch.file_sha256)
        for some in pq.ParquetFile(path).iter_batches(batch_size=10_000, columns=["_row", "reasons"]):
            for row, reasons in zip(some["_row"].to_pylist(), some["reasons"].to_pylist(), strict=True):
                parts = [reasons] if whole else [[reason] for reason in reasons if reason["rule"] in wanted]
                for part in parts:
                    said = (_joined(part, "column"), _joined(part, "value"), _joined(part, "message"))
                    yield self._one(row, _joined(part, "rule"), said=said)

    def _one(self, row: int | None, rule: str = "", *, said: _Said = _NOTHING, count: int = 1) -> Opened:
        s = self.subject
        return Opened(s.id, s.title, s.member, self.file, self.record.table, row, rule, *said, count=count)

    def _batch(self, kept: CheckRecord, rows: int) -> QuarantineBatch | None:
        """The batch that stood when the record was written: the same rows again stay in the batch they are in."""
        query = (
            select(QuarantineBatch)
            .where(QuarantineBatch.resource_id == kept.resource_id, QuarantineBatch.table == kept.table)
            .where(QuarantineBatch.at <= kept.at, QuarantineBatch.rows == rows)
            .where(or_(QuarantineBatch.closed_at.is_(None), QuarantineBatch.closed_at > kept.at))
            .order_by(QuarantineBatch.at.desc(), QuarantineBatch.id)
        )
        return self.session.scalars(query).first()


def _joined(reasons: Sequence[Mapping[str, Any]], name: str) -> str:
    separator = " " if name == "message" else " · "
    return separator.join(str(reason[name] if reason[name] is not None else "") for reason in reasons)


def _kept_values(result: Mapping[str, Any], rule: str) -> str:
    for one in result["results"]:
        if one["expectation_config"]["meta"]["lumbung"]["rule"] == rule:
            return ", ".join(map(str, one["result"].get("partial_unexpected_list", ())[:_SHOWN]))
    return ""
