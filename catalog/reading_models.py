"""The tables of readings: what gauges read, whichever way it came, until its day is committed and for some time after.

What they mean and how they change is left to `catalog/readings.py` and `catalog/closing.py` (docs/adr/0012).
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.counters import BigKey
from core.db import Base


class ReadingStream(Base):
    """One table of a resource that brings readings under one major version of one contract."""

    __tablename__ = "reading_stream"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    stream: Mapped[str] = mapped_column(String(32), unique=True)  # as `stream` calls it once something is committed
    resource_id: Mapped[str] = mapped_column(ForeignKey("resource.id"), index=True)
    table: Mapped[str] = mapped_column("table_name", Text)
    contract: Mapped[str] = mapped_column(String(80), index=True)
    major: Mapped[int]
    delivered: Mapped[int] = mapped_column(BigInteger, default=0)  # rows of the newest delivery
    reaches_from: Mapped[date | None]  # first day of the newest delivery


class ReadingDelivery(Base):
    """Readings that came together and brought something new, with what they changed: corrections stay visible."""

    __tablename__ = "reading_delivery"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    stream_id: Mapped[int] = mapped_column(ForeignKey("reading_stream.id"), index=True)
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    landed_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    verdict: Mapped[str] = mapped_column(String(30))
    run_id: Mapped[str | None] = mapped_column(String(32))
    whole: Mapped[bool]  # what was absent between its first and last time was removed (docs/adr/0003)
    rows: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger)
    changed: Mapped[int] = mapped_column(BigInteger)
    removed: Mapped[int] = mapped_column(BigInteger)


class Reading(Base):
    """What one gauge read at one moment, in the contract's unit; the newest value that was given."""

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_gauge_at", "gauge", "at"),
        Index("ix_reading_at", "at"),
        Index("ix_reading_stream_day", "stream_id", "day"),
    )

    stream_id: Mapped[int] = mapped_column(ForeignKey("reading_stream.id"), primary_key=True)
    gauge: Mapped[str] = mapped_column(String(300), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    day: Mapped[date]  # local day of the province
    value: Mapped[float]
    region: Mapped[str | None] = mapped_column(String(20))
    texts: Mapped[dict[str, Any]]  # the contract's other columns
    row: Mapped[int | None] = mapped_column("row_number", BigInteger)  # in the file it came from
    delivery_id: Mapped[int] = mapped_column(BigInteger)  # which brought this value
    removed: Mapped[bool] = mapped_column(default=False)  # the source has taken it back


class ReadingDay(Base):
    """One local day of one stream: whether it is committed, and whether it has changed since."""

    __tablename__ = "reading_day"
    __table_args__ = (Index("ix_reading_day_dirty", "dirty", "day"), Index("ix_reading_day_closed_seq", "closed_seq"))

    stream_id: Mapped[int] = mapped_column(ForeignKey("reading_stream.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    changed_by: Mapped[int] = mapped_column(BigInteger)  # the newest delivery that changed it
    closed_seq: Mapped[int | None] = mapped_column(BigInteger)  # the commit from which on its rows are in snapshots
    dirty: Mapped[bool]  # something of it is not committed yet
    dropped: Mapped[bool] = mapped_column(default=False)  # its rows are in snapshots only


class ReadingCommit(Base):
    """Which days a snapshot of readings holds, so that it can be made again."""

    __tablename__ = "reading_commit"

    seq: Mapped[int] = mapped_column(ForeignKey("snapshot.seq"), primary_key=True, autoincrement=False)
    stream_id: Mapped[int] = mapped_column(ForeignKey("reading_stream.id"), index=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger)  # the newest that it was made from
    runs: Mapped[list[Any]]  # first and last day of each run of days
