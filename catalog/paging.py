"""Keyset paging of catalogue tables: a page begins after a place, so that it neither skips nor repeats."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.db import UTCDateTime
from core.rows_errors import CursorInvalid, PageInvalid

T = TypeVar("T")
MOST = 1000


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page: its items, the cursor of each, and whether more follow."""

    items: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool

    @property
    def end(self) -> str | None:
        """The cursor to go on with, or None on an empty page."""
        return self.cursors[-1] if self.cursors else None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an ordering over a column that is never null."""

    column: InstrumentedAttribute[Any]
    descending: bool = False


def _encode(place: Sequence[object]) -> str:
    plain = [{"t": v.isoformat()} if isinstance(v, datetime) else v for v in place]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(cursor: str, steps: Sequence[Step]) -> list[Any]:
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = [datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in plain]
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise CursorInvalid(cursor=cursor[:80]) from error
    if len(place) != len(steps) or not all(map(_fits, place, steps)):
        raise CursorInvalid(cursor=cursor[:80])
    return place


def _fits(value: object, step: Step) -> bool:
    """Whether a value can stand in a step's column, on every database."""
    if isinstance(step.column.type, UTCDateTime):
        return isinstance(value, datetime) and value.tzinfo is not None
    if step.column.type.python_type is int:
        return type(value) is int and abs(value) < 2**63
    if step.column.type.python_type is float:
        return type(value) in (int, float) and isfinite(value)  # type: ignore[arg-type]  # a number it is
    return isinstance(value, str) and not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def _beyond(steps: Sequence[Step], place: Sequence[Any]) -> ColumnElement[bool]:
    choices: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for step, value in zip(steps, place, strict=True):
        later = step.column < value if step.descending else step.column > value
        choices.append(and_(*equal, later))
        equal.append(step.column == value)
    return or_(*choices)


def listing(session: Session, query: Select[T], steps: Sequence[Step], *, first: int, after: str | None) -> Listing[T]:
    """One page of a query of one model, in the order of `steps`, whose last must be unique.

    Raises:
        PageInvalid: `first` is not between 1 and 1000.
        CursorInvalid: `after` is not a cursor of this listing.
    """
    if not 1 <= first <= MOST:
        raise PageInvalid(first=first, largest=MOST, relation=query.column_descriptions[0]["name"])
    if after is not None:
        query = query.where(_beyond(steps, _decode(after, steps)))
    order = [s.column.desc() if s.descending else s.column.asc() for s in steps]
    found = session.scalars(query.order_by(*order).limit(first + 1)).all()
    kept = tuple(found[:first])
    cursors = tuple(_encode([getattr(item, s.column.key) for s in steps]) for item in kept)
    return Listing(kept, cursors, len(found) > first)


def count(session: Session, query: Select[T]) -> int:
    """How many rows a listing has on all its pages."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
