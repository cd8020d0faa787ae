"""Numbers that grow by one in the order of commits, on SQLite and PostgreSQL alike.

A database sequence hands numbers out before the commit, so a reader can see 8 while 7 is still open. Here a
number is taken under a row lock that lasts until the commit: whoever sees n sees everything up to n. What the
numbers mean (snapshots, events, audit entries) is left to those who take them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, String, Table, event, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core.db import Base

#: 64 bits everywhere; SQLite only accepts INTEGER as the alias of its row id.
BigKey = BigInteger().with_variant(Integer, "sqlite")

SNAPSHOT = "snapshot"
OUTBOX = "outbox"
AUDIT = "audit"
#: Taken before any other counter, so that two writers never wait for each other crosswise.
_GATE = "gate"
ALL = (_GATE, SNAPSHOT, OUTBOX, AUDIT)


class Counter(Base):
    """One named number, the moment it was last taken (never earlier than before), and its holder's mark."""

    __tablename__ = "counter"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
    stamped_at: Mapped[datetime | None]
    mark: Mapped[str | None] = mapped_column(String(200))


def seed(connection: Connection) -> None:
    """Lay down the counters at zero; a row must exist before it can be locked."""
    connection.execute(insert(Counter), [{"name": name, "value": 0} for name in ALL])


@event.listens_for(Counter.__table__, "after_create")
def _seed(_table: Table, connection: Connection, **_options: Any) -> None:
    seed(connection)


def hold(session: Session) -> None:
    """Wait until no other writer holds the counters, then hold them until this transaction ends."""
    session.execute(select(Counter.value).where(Counter.name == _GATE).with_for_update())


def take(session: Session, name: str, now: datetime, count: int = 1) -> tuple[int, datetime]:
    """The first of `count` consecutive new numbers, and the moment they are stamped with.

    The moment is `now`, or the newest one already given where this writer's clock is behind it (D16, T01):
    a later number never carries an earlier moment.
    """
    hold(session)
    row = session.get_one(Counter, name, with_for_update=True, populate_existing=True)
    first = row.value + 1
    row.value += count
    row.stamped_at = now if row.stamped_at is None else max(now, row.stamped_at)
    session.flush()
    return first, row.stamped_at


def current(session: Session, name: str) -> int:
    """The newest committed number; 0 before the first."""
    return session.scalar(select(Counter.value).where(Counter.name == name)) or 0
