"""What fetching leaves in the database: landed bytes, every fetch, and how each source is doing.

Datasets, snapshots and runs belong to the catalogue.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base

#: SQLite counts by itself only in an INTEGER key.
_Counter = BigInteger().with_variant(Integer(), "sqlite")


class LandedObject(Base):
    """Bytes kept under `HOME/landing/ab/<sha256>`, once, however often and from wherever they came."""

    __tablename__ = "landed_object"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    first_seen: Mapped[datetime]


class FetchEvent(Base):
    """One answered fetch of one resource, or of one page of a source's catalogue (`dataset` and `resource` empty).

    `status` is 200 for new bytes (also of folders), 304 where the source said that nothing changed; then
    `sha256` is that of the bytes still valid.
    """

    __tablename__ = "fetch_event"
    __table_args__ = (Index("ix_fetch_event_origin", "source", "dataset", "resource", "id"),)

    id: Mapped[int] = mapped_column(_Counter, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(200))
    dataset: Mapped[str] = mapped_column(String(500))
    resource: Mapped[str] = mapped_column(String(500))
    url: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(ForeignKey("landed_object.sha256"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    seconds: Mapped[float]


class SourceState(Base):
    """How a source is doing: the mark of its last complete crawl, first and last attempt, last success, last error."""

    __tablename__ = "source_state"

    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    mark: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    first_attempt: Mapped[datetime | None]
    last_attempt: Mapped[datetime | None]
    last_ok: Mapped[datetime | None]
    last_error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
