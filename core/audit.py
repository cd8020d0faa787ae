"""The audit: who did what to what, append-only in the database and chained by hashes (D13).

Triggers refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE. Whoever can drop the triggers can still be found out:
every entry's hash covers the one before, and `anchor` gives the newest hash to keep outside the database.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, String, Table, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import counters
from core.access import Actor
from core.db import Base

_GENESIS = "0" * 64


class AuditEntry(Base):
    """One act, at its place in the chain."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(counters.BigKey, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(120), index=True)
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(80), index=True)
    object: Mapped[str] = mapped_column(String(200), index=True)
    values: Mapped[dict[str, Any]] = mapped_column("entry_values")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


#: Statements that make the table append-only, by dialect; the migration runs the same ones.
APPEND_ONLY: Mapping[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit_entry is append-only'; END $$",
        "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
        "FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
        "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    ),
}


def protect(connection: Connection) -> None:
    """Make the table refuse every change of what is written."""
    for statement in APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)


@event.listens_for(AuditEntry.__table__, "after_create")
def _protect(_table: Table, connection: Connection, **_options: Any) -> None:
    protect(connection)


def _hash(entry: AuditEntry) -> str:
    content = [
        entry.id,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.actor_name,
        entry.action,
        entry.object,
        entry.values,
        entry.previous,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def record(
    session: Session, actor: Actor, action: str, about: str, values: Mapping[str, Any], *, now: datetime
) -> None:
    """Write an act into the caller's transaction: it is on record exactly if it commits.

    Args:
        actor: who acts.
        action: `token.issued`, `dataset.withdrawn` ...
        about: the id of what it is done to.
        values: plain JSON values; secrets never belong here.
    """
    number, at = counters.take(session, counters.AUDIT, now)
    last = session.get_one(counters.Counter, counters.AUDIT)
    entry = AuditEntry(
        id=number,
        at=at,
        actor=actor.id,
        actor_name=actor.name,
        action=action,
        object=about,
        values=json.loads(json.dumps(dict(values), default=str)),
        previous=last.mark or _GENESIS,
    )
    entry.hash = _hash(entry)
    last.mark = entry.hash
    session.add(entry)
    session.flush()


@dataclass(frozen=True, slots=True)
class Anchor:
    """The newest entry's number and hash; kept outside (a printed report, another machine), it proves the chain."""

    id: int
    hash: str


def anchor(session: Session) -> Anchor:
    """The chain's end as it stands now."""
    last = session.get_one(counters.Counter, counters.AUDIT, populate_existing=True)
    return Anchor(last.value, last.mark or _GENESIS)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether the chain holds; otherwise the first number that does not, and why.

    `reason` is `edited`, `missing` (deleted or cut off), `order` (swapped or forged link) or `anchor` (written anew).
    """

    entries: int
    broken_at: int | None = None
    reason: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was changed."""
        return self.broken_at is None


def _fault(entry: AuditEntry, place: int, previous: str, known: Anchor | None) -> str | None:
    if entry.id != place:
        return "missing"
    if entry.previous != previous:
        return "order"
    if entry.hash != _hash(entry):
        return "edited"
    return "anchor" if known is not None and entry.id == known.id and entry.hash != known.hash else None


def verify_chain(session: Session, known: Anchor | None = None) -> ChainReport:
    """Read the whole chain and compare it with its hashes, with its own end, and with an anchor kept outside."""
    previous, count = _GENESIS, 0
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=1000)):
        if reason := _fault(entry, count + 1, previous, known):
            return ChainReport(count, count + 1, reason)
        count, previous = count + 1, entry.hash
    end = anchor(session)
    if count < max(end.id, known.id if known else 0):
        return ChainReport(count, count + 1, "missing")
    if end != Anchor(count, previous):
        return ChainReport(count, max(count, 1), "order")
    return ChainReport(count)
