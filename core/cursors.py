"""The opaque cursor: the commit a page is resolved to and the place of its last row, bound to its question.

It is no secret: it carries only values the actor has read. A changed, cut or foreign one is refused.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from core.contract import ColumnType
from core.rows import RowQuery, Value
from core.rows_check import fits
from core.rows_errors import CursorInvalid

_DIGEST = 9  # bytes of sha256: enough to notice any accident; nothing is protected by it
MAX_LENGTH = 8_192


def _question(query: RowQuery) -> bytes:
    """What a cursor belongs to: the relation, filter, order and scope, not the page size or the columns."""
    parts = (query.relation.name, repr(query.where), repr(query.total_order), repr(query.scope.predicate))
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).digest()


def _plain(value: Value | None) -> str | int | float | bool | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _typed(kind: ColumnType, value: object) -> Value | None:
    """The value in its column's type; `ValueError` where it cannot be one."""
    if value is None:
        return None
    if kind in (ColumnType.DATE, ColumnType.MOMENT):
        if not isinstance(value, str):
            raise ValueError(value)
        return date.fromisoformat(value) if kind is ColumnType.DATE else datetime.fromisoformat(value)
    if isinstance(value, str | int | float | bool) and (
        fits(kind, value) or (kind is ColumnType.NUMBER and isinstance(value, float))
    ):
        return value
    raise ValueError(value)


def sealer(question: bytes, seqs: tuple[int, ...]) -> Callable[[tuple[Value | None, ...]], str]:
    """What gives the cursor of a place in the answer to a question that is resolved to these commits."""
    asked = hashlib.sha256(question)

    def seal(place: tuple[Value | None, ...]) -> str:
        body = json.dumps([*seqs, *map(_plain, place)], separators=(",", ":")).encode()
        mark = asked.copy()
        mark.update(body)
        return base64.urlsafe_b64encode(mark.digest()[:_DIGEST] + body).decode().rstrip("=")

    return seal


def encoder(query: RowQuery) -> Callable[[tuple[Value | None, ...]], str]:
    """What gives the cursor of the row at a place of this query's total order."""
    return sealer(_question(query), (query.relation.seq,))


def encode(query: RowQuery, place: tuple[Value | None, ...]) -> str:
    """The cursor of the row at a place of this query's total order."""
    return encoder(query)(place)


def _open(cursor: str) -> tuple[bytes, bytes, list[object]]:
    try:
        if len(cursor) > MAX_LENGTH:
            raise ValueError(len(cursor))
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != cursor:
            raise ValueError(cursor)  # the same bytes written in another way
        values = json.loads(raw[_DIGEST:])
    except (binascii.Error, ValueError, RecursionError) as error:
        raise CursorInvalid() from error
    if not isinstance(values, list) or not values or type(values[0]) is not int or not 0 <= values[0] < 2**63:
        raise CursorInvalid()
    return raw[:_DIGEST], raw[_DIGEST:], values


def seqs_of(cursor: str, number: int) -> tuple[int, ...]:
    """The commits that a cursor's pages are resolved to, needed before its query can be made."""
    seqs = _open(cursor)[2][:number]
    if len(seqs) < number or not all(type(seq) is int and 0 <= seq < 2**63 for seq in seqs):
        raise CursorInvalid()
    return tuple(int(str(seq)) for seq in seqs)


def seq_of(cursor: str) -> int:
    """The commit a cursor's pages are resolved to."""
    return seqs_of(cursor, 1)[0]


def unsealed(
    question: bytes, seqs: tuple[int, ...], kinds: Sequence[ColumnType], cursor: str
) -> tuple[Value | None, ...]:
    """The place that a cursor of `sealer` names, in values of these kinds.

    Raises:
        CursorInvalid: it is not this question's.
    """
    mark, body, values = _open(cursor)
    place = values[len(seqs) :]
    if (
        tuple(values[: len(seqs)]) != seqs
        or len(place) != len(kinds)
        or hashlib.sha256(question + body).digest()[:_DIGEST] != mark
    ):
        raise CursorInvalid()
    try:
        return tuple(_typed(kind, value) for kind, value in zip(kinds, place, strict=True))
    except ValueError as error:
        raise CursorInvalid() from error


def decode(query: RowQuery, cursor: str) -> tuple[Value | None, ...]:
    """The place a cursor names in this query's total order; `CursorInvalid` where it is not this query's."""
    kinds = [query.types[step.column] for step in query.total_order]
    return unsealed(_question(query), (query.relation.seq,), kinds, cursor)
