"""What the gate found, one compressed record a snapshot; judging is left to `quality`."""

from datetime import datetime

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.drafts import Draft
from catalog.models import CheckRecord
from core.ids import new_id

_ZSTD = b"\x28\xb5\x2f\xfd"


def pack(result: bytes) -> bytes:
    """The bytes zstd-compressed; what is compressed already stays as it is."""
    if result.startswith(_ZSTD):
        return result
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(result)
    return bytes(sink.getvalue())


def unpack(packed: bytes) -> bytes:
    """The bytes as they were before `pack`."""
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return bytes(stream.read())


def record(session: Session, draft: Draft, seq: int | None, *, fresh: bool, now: datetime) -> CheckRecord | None:
    """Write what the gate found into the caller's transaction.

    Where the snapshot is not new (`fresh` false) and the record before says the same of the same landed file,
    nothing is written: a source that is asked every hour does not fill the table.
    """
    assert draft.check is not None
    holds, warnings = list(draft.check.holds), list(draft.check.warnings)
    if not fresh:
        last = latest(session, draft.resource_id, draft.table)
        if last is not None and (last.verdict, last.holds, last.warnings, last.landed_sha256) == (
            draft.verdict.value,
            holds,
            warnings,
            draft.landed_sha256,
        ):
            return None
    row = CheckRecord(
        id=new_id(),
        resource_id=draft.resource_id,
        table=draft.table,
        run_id=draft.run_id,
        snapshot_seq=seq,
        contract=draft.contract.name if draft.contract else None,
        contract_version=draft.contract.version if draft.contract else None,
        verdict=draft.verdict.value,
        at=now,
        landed_sha256=draft.landed_sha256,
        statistics=dict(draft.check.statistics),
        holds=holds,
        warnings=warnings,
        result=pack(draft.check.result) if draft.check.result else None,
    )
    session.add(row)
    return row


def latest(session: Session, resource_id: str, table: str = "") -> CheckRecord | None:
    """The newest record of a table, or None."""
    query = select(CheckRecord).where(CheckRecord.resource_id == resource_id, CheckRecord.table == table)
    return session.scalar(query.order_by(CheckRecord.at.desc(), CheckRecord.id.desc()).limit(1))


def result(record: CheckRecord) -> bytes | None:
    """Great Expectations' result of a record as JSON bytes, or None where it was not kept."""
    return None if record.result is None else unpack(record.result)
