"""What was read from the database, kept for as long as nobody commits anything to it.

For answers that are small, asked often and dear to work out (which files hold a standard's rows for an actor). It is
kept with the connection and compared with the database's own mark of change, so there is nothing to invalidate.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy.orm import Session

from core.db import stamp

T = TypeVar("T")

_KEPT = "lumbung_memo"
_MOST = 128  # answers a connection


def remembered(session: Session, key: Hashable, work_out: Callable[[], T]) -> T:
    """The answer of `work_out`, which reads with this session; from memory if the database has not changed since.

    Args:
        key: everything that the answer depends on beside the database: whose question it is, too.
    """
    if session.new or session.dirty or session.deleted:
        return work_out()
    connection = session.connection()
    now = stamp(connection)
    if now is None:
        return work_out()
    kept: dict[Hashable, tuple[str, T]] = connection.info.setdefault(_KEPT, {})
    found = kept.get(key)
    if found is not None and found[0] == now:
        return found[1]
    answer = work_out()
    kept.pop(key, None)
    while len(kept) >= _MOST:
        del kept[next(iter(kept))]
    kept[key] = (now, answer)
    return answer
