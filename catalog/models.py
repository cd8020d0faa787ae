"""The catalogue's tables: datasets and resources, snapshots, checks, quarantine, runs, and what people must decide.

Bytes live in files (`catalog/store.py`); these rows say which file is which. Tables of landing belong to
`federation/models.py`, of events, tokens and audit to `core`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.contract import Classification
from core.counters import BigKey
from core.db import Base


class DatasetState(StrEnum):
    """Whether a dataset (or resource) is at its source; `dicabut` only by decision or after proof (S14)."""

    ACTIVE = "active"
    MISSING = "hilang_di_sumber"
    WITHDRAWN = "dicabut"


class RunState(StrEnum):
    """How a run stands; `crashed` is set by others, when its process died or its lease passed."""

    RUNNING = "running"
    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"
    CRASHED = "crashed"


class ReviewKind(StrEnum):
    """Why a person is asked to look."""

    EMPTY_SOURCE = "empty_source"  # S14: datasets were there, now none is
    MANY_MISSING = "many_missing"  # more than the policy's share is missing
    ID_REUSED = "id_reused"  # S15: the same id names other content
    MAPPING = "mapping"  # it fits a standard and nobody has said so; closed ones keep who confirmed what


class Dataset(Base):
    """One dataset as its origin describes it; a reused origin id makes a new generation with a new id (S15)."""

    __tablename__ = "dataset"
    __table_args__ = (
        Index("ix_dataset_source_origin", "source", "origin_id"),
        Index("ix_dataset_member_title", "member", "title", "id"),
        Index("ix_dataset_title_id", "title", "id"),
        Index("ix_dataset_origin", "origin"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    member: Mapped[str] = mapped_column(String(60))
    organisation: Mapped[str | None] = mapped_column(String(200))
    organisation_title: Mapped[str | None] = mapped_column(Text)
    origin_id: Mapped[str] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(Text)  # its identifier at the portal where it was born
    #: the id of the dataset that counts in its place, where both were born as one; see `catalog/copies.py`
    copy_of: Mapped[str | None] = mapped_column(String(32))
    generation: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]]
    groups: Mapped[list[str]]
    license: Mapped[str | None] = mapped_column(Text)
    extras: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default=DatasetState.ACTIVE.value, index=True)
    classification: Mapped[str] = mapped_column(String(30), default=Classification.UNCLASSIFIED.value, index=True)
    contract: Mapped[str | None] = mapped_column(String(80), index=True)
    created: Mapped[datetime | None]  # as the source says
    modified: Mapped[datetime | None]  # as the source says, 2099 included (T07)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    missing_since: Mapped[datetime | None]
    missed_crawls: Mapped[int] = mapped_column(default=0)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(120))
    withdrawn_reason: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))  # sha256 of what the source says about it
    search_text: Mapped[str] = mapped_column(Text)  # folded, see core.reference.fold

    resources: Mapped[list["Resource"]] = relationship(back_populates="dataset", order_by="Resource.position")


class Resource(Base):
    """One file or table of a dataset, and where its current rows are."""

    __tablename__ = "resource"
    __table_args__ = (Index("ix_resource_dataset_position", "dataset_id", "position"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    origin_id: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(String(60), default="")
    mime: Mapped[str | None] = mapped_column(String(200))
    size: Mapped[int | None] = mapped_column(BigInteger)  # bytes, as the source says
    hash: Mapped[str | None] = mapped_column(Text)  # as the source says
    modified: Mapped[datetime | None]  # as the source says
    state: Mapped[str] = mapped_column(String(20), default=DatasetState.ACTIVE.value)
    missed_crawls: Mapped[int] = mapped_column(default=0)
    contract: Mapped[str | None] = mapped_column(String(80))
    machine_readable: Mapped[bool | None]  # None until it was read once
    landed_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    source_columns: Mapped[list[str] | None]
    decided: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what was settled once: date order, table ...
    intake_key: Mapped[str | None] = mapped_column(String(64))  # what the last finished intake was made from
    last_verdict: Mapped[str | None] = mapped_column(String(30))
    current_seq: Mapped[int | None] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    fetched_at: Mapped[datetime | None]
    last_checked: Mapped[datetime | None]

    dataset: Mapped[Dataset] = relationship(back_populates="resources")


class Stream(Base):
    """The succession of snapshots of one table of a resource under one major version of one contract."""

    __tablename__ = "stream"
    __table_args__ = (Index("ix_stream_contract_major", "contract", "major"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"), index=True)
    table: Mapped[str] = mapped_column("table_name", Text)  # "" where the file has one table
    contract: Mapped[str | None] = mapped_column(String(80))
    major: Mapped[int] = mapped_column(default=0)
    head_seq: Mapped[int] = mapped_column(BigInteger)
    identity: Mapped[str] = mapped_column(String(64))  # of the newest delivery
    live_rows: Mapped[int] = mapped_column(BigInteger)
    superseded_seq: Mapped[int | None] = mapped_column(BigInteger)  # the table has moved to another contract
    member: Mapped[str | None] = mapped_column(String(60))  # as its rows name it; the dataset's may have changed since


class Snapshot(Base):
    """One table of one resource at one commit; for `upsert` the file holds what changed, with tombstones."""

    __tablename__ = "snapshot"
    __table_args__ = (Index("ix_snapshot_stream_seq", "stream_id", "seq"),)

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    stream_id: Mapped[str] = mapped_column(ForeignKey("stream.id"))
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"), index=True)
    table: Mapped[str] = mapped_column("table_name", Text)
    contract: Mapped[str | None] = mapped_column(String(80))
    contract_version: Mapped[str | None] = mapped_column(String(40))
    contract_sha256: Mapped[str | None] = mapped_column(String(64))
    mode: Mapped[str] = mapped_column(String(10))
    identity: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64), index=True)  # snapshots of one commit share a file
    size: Mapped[int] = mapped_column(BigInteger)  # its share of the file's bytes
    rows: Mapped[int] = mapped_column(BigInteger)  # of the delivery
    added: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int] = mapped_column(BigInteger)
    live_rows: Mapped[int] = mapped_column(BigInteger)  # of the table after this commit
    columns: Mapped[list[str] | None]  # of a table without a contract
    landed_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    fetched_at: Mapped[datetime]
    committed_at: Mapped[datetime] = mapped_column(index=True)  # never earlier than that of a smaller seq
    clock_at: Mapped[datetime]  # what the writer's own clock said
    run_id: Mapped[str | None] = mapped_column(String(32), index=True)
    verdict: Mapped[str] = mapped_column(String(30))
    mapping: Mapped[dict[str, Any] | None]  # how source columns became these columns

    resource: Mapped[Resource] = relationship()


class RowFile(Base):
    """A file of a contract's rows: what one commit wrote (level 0), or a segment merged from such files.

    A reader at a commit takes the files that are not superseded, began by then and were not dead yet. Every segment
    can be made again from the files of level 0 between its first and last commit (`catalog/compaction.py`).
    """

    __tablename__ = "row_file"
    __table_args__ = (Index("ix_row_file_contract", "contract", "major", "superseded_by"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    contract: Mapped[str] = mapped_column(String(80))
    major: Mapped[int]
    level: Mapped[int]
    part: Mapped[str] = mapped_column(String(10))  # "commit", "live" or "history": rows that had ended by last_seq
    base: Mapped[int] = mapped_column(BigInteger)  # added to the rows' numbers; 0 for segments
    first_seq: Mapped[int] = mapped_column(BigInteger)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)  # bytes
    closings: Mapped[int] = mapped_column(BigInteger)  # rows that take the place of one row elsewhere
    wholes: Mapped[int] = mapped_column(BigInteger)  # rows that take the place of a whole stream before
    layout: Mapped[dict[str, Any]]  # columns with types, key, time
    time_min: Mapped[str | None] = mapped_column(String(40))  # of the time column; null where a row has none
    time_max: Mapped[str | None] = mapped_column(String(40))
    open: Mapped[int]  # its snapshots that no whole table has replaced yet
    dead_seq: Mapped[int | None] = mapped_column(BigInteger)  # from this commit on none of its rows counts
    superseded_by: Mapped[str | None] = mapped_column(String(32))
    superseded_at: Mapped[datetime | None]
    made_at: Mapped[datetime]


class CurrentRows(Base):
    """How far the SQL table of a contract's current rows has come; the table itself is derived (docs/adr/0008)."""

    __tablename__ = "current_rows"

    contract: Mapped[str] = mapped_column(String(80), primary_key=True)
    major: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10))  # "held", "making", or "refused"
    seq: Mapped[int] = mapped_column(BigInteger)  # the newest commit whose rows it holds
    rows: Mapped[int] = mapped_column(BigInteger)
    layout: Mapped[dict[str, Any]]  # columns with types, key, time
    token: Mapped[str] = mapped_column(String(32))  # of whoever made it last, or is making it


class Visibility(Base):
    """A dataset or one resource leaving or re-entering the current rows, at a point of the same sequence."""

    __tablename__ = "visibility"
    __table_args__ = (Index("ix_visibility_dataset_seq", "dataset_id", "seq"),)

    seq: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    resource_id: Mapped[str | None] = mapped_column(ForeignKey("resource.id"))
    visible: Mapped[bool]
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    committed_at: Mapped[datetime] = mapped_column(index=True)


class CheckRecord(Base):
    """What the gate found in one delivery; `result` is Great Expectations' own result, zstd-compressed JSON."""

    __tablename__ = "check_record"
    __table_args__ = (Index("ix_check_record_resource_at", "resource_id", "at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"))
    table: Mapped[str] = mapped_column("table_name", Text)
    run_id: Mapped[str | None] = mapped_column(String(32), index=True)
    snapshot_seq: Mapped[int | None] = mapped_column(ForeignKey("snapshot.seq"), index=True)
    contract: Mapped[str | None] = mapped_column(String(80))
    contract_version: Mapped[str | None] = mapped_column(String(40))
    verdict: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime]
    landed_sha256: Mapped[str | None] = mapped_column(String(64))
    statistics: Mapped[dict[str, Any]]
    holds: Mapped[list[Any]]
    warnings: Mapped[list[Any]]
    result: Mapped[bytes | None] = mapped_column(LargeBinary)


class QuarantineBatch(Base):
    """The returned rows of one delivery: all of them in a Parquet file, counted by reason here."""

    __tablename__ = "quarantine_batch"
    __table_args__ = (Index("ix_quarantine_batch_resource_at", "resource_id", "at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"))
    table: Mapped[str] = mapped_column("table_name", Text)
    run_id: Mapped[str | None] = mapped_column(String(32), index=True)
    snapshot_seq: Mapped[int | None] = mapped_column(ForeignKey("snapshot.seq"))
    file_sha256: Mapped[str] = mapped_column(String(64), index=True)
    rows: Mapped[int] = mapped_column(BigInteger)
    reasons: Mapped[dict[str, Any]]  # reason code to count
    at: Mapped[datetime]
    closed_at: Mapped[datetime | None]  # a later delivery replaced or repaired it


class QuarantineRow(Base):
    """One returned row, of the first thousand of its batch, as it stood in the file."""

    __tablename__ = "quarantine_row"

    batch_id: Mapped[str] = mapped_column(ForeignKey("quarantine_batch.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    row: Mapped[int] = mapped_column("row_number", BigInteger)  # in the source file
    original: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]


class Run(Base):
    """One harvest of one source, or one upload."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_source_started", "source", "started", "id"),
        Index("ix_run_started_id", "started", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member: Mapped[str | None] = mapped_column(String(60), index=True)
    source: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(12), index=True)
    owner: Mapped[str] = mapped_column(Text)
    resumes: Mapped[str | None] = mapped_column(String(32))  # the crashed run whose work it continues
    started: Mapped[datetime]
    heartbeat: Mapped[datetime]
    ended: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
    error: Mapped[dict[str, Any] | None]


class RunStep(Base):
    """Work that a run has planned and not yet finished; finishing removes it, so nothing piles up."""

    __tablename__ = "run_step"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    key: Mapped[str] = mapped_column("step_key", String(200), primary_key=True)


class RunError(Base):
    """What went wrong with one record of a run, with the values that name it."""

    __tablename__ = "run_error"
    __table_args__ = (Index("ix_run_error_run_at", "run_id", "at", "id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    dataset_id: Mapped[str | None] = mapped_column(String(32))
    resource_id: Mapped[str | None] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(60), index=True)
    values: Mapped[dict[str, Any]] = mapped_column("error_values")
    at: Mapped[datetime]


class SourceLease(Base):
    """Who may work on a source now; the token fences off a holder that was declared dead."""

    __tablename__ = "source_lease"

    source: Mapped[str] = mapped_column(String(120), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    token: Mapped[str] = mapped_column(String(32))
    owner: Mapped[str] = mapped_column(Text)
    seconds: Mapped[float]
    until: Mapped[datetime]
    suspect_since: Mapped[datetime | None]  # first seen expired, with no heartbeat since


class ReviewItem(Base):
    """A question for a person; one open question of a kind per source and dataset."""

    __tablename__ = "review_item"
    __table_args__ = (Index("ix_review_item_source_kind", "source", "kind"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(120))
    member: Mapped[str] = mapped_column(String(60))
    dataset_id: Mapped[str | None] = mapped_column(ForeignKey("dataset.id"))
    values: Mapped[dict[str, Any]] = mapped_column("item_values")
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(120))
    decision: Mapped[str | None] = mapped_column(Text)
