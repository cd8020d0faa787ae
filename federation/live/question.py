"""A live question, checked against its data standard and the asker's scope, and the cursor that goes on from a page.

A cursor carries where each node stood: the node's own cursor, or the place in the total order where rows of the last
good snapshot went on. It is opaque and bound to its question; it holds nothing that the asker has not read.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from core.contract import Contract
from core.rows import PROVENANCE, TRUE, All, Compare, Filter, Not, Op, Order, Relation, RowQuery, Scope, Value
from core.rows_check import MAX_FIRST
from core.rows_errors import ColumnUnknown, CursorInvalid, PageInvalid
from federation.live.wire import MAX_CURSOR, READ, RowUnfit, wire

_MARK = 12
MAX_LENGTH = 160 * 1024
_UNPACKED = 1024 * 1024

#: A place in the merged order: the values of its steps, the member, the source where the member has several nodes, and
#: for a row of a snapshot its source, resource and row.
Place = tuple[Value | None, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where one node stood when a page ended.

    Attributes:
        place: everything up to here was taken; None is the beginning.
        cursor: the node's own cursor of the last row taken from it; None is the beginning.
        stale: its rows come from the last good snapshot.
        done: it has no more.
    """

    place: Place | None = None
    cursor: str | None = None
    stale: bool = False
    done: bool = False


def _columns(where: Filter) -> set[str]:
    if isinstance(where, Compare):
        return {where.column}
    parts = (where.part,) if isinstance(where, Not) else where.parts
    return set().union(*(_columns(part) for part in parts))


def admits(predicate: Filter, member: str) -> bool:
    """Whether a scope's predicate lets rows of a member be seen; what it cannot judge it does not."""
    if isinstance(predicate, Compare):
        return predicate.column == "_member" and predicate.op is Op.EQ and predicate.value == member
    if isinstance(predicate, Not):
        return False
    judged = [admits(part, member) for part in predicate.parts]
    return all(judged) if isinstance(predicate, All) else any(judged)


@dataclass(frozen=True)
class Question:
    """Rows of one data standard, as the asker may see them; made by `ask`.

    Attributes:
        columns: those that nodes are asked for: visible ones.
        where: the asker's filter with the regions asked for.
        order: the asker's ordering, then the visible columns of the key: how nodes are asked to order.
        regions: the codes asked for, None for all.
        after: where each node stood, by source id; empty at the beginning.
    """

    contract: Contract
    scope: Scope
    columns: tuple[str, ...]
    where: Filter
    order: tuple[Order, ...]
    first: int
    regions: frozenset[str] | None = None
    after: Mapping[str, Stand] = field(default_factory=dict)

    def place_of(self, values: tuple[Value | None, ...]) -> Place:
        """The values of a row's steps."""
        at = {name: i for i, name in enumerate(self.columns)}
        return tuple(values[at[step.column]] for step in self.order)


def relation_of(contract: Contract) -> Relation:
    """The data standard as something that can be asked, wherever its rows are."""
    columns = tuple((c.name, c.type) for c in contract.columns)
    return Relation(contract.name, columns, contract.key, contract.mode, (), 0)


def ask(
    contract: Contract,
    scope: Scope,
    *,
    where: Filter = TRUE,
    order: tuple[Order, ...] = (),
    first: int = 100,
    largest: int = MAX_FIRST,
    regions: frozenset[str] | None = None,
    after: str | None = None,
) -> Question:
    """The question, refused where a row query would refuse it; provenance is unknown to nodes.

    Raises:
        PageInvalid, ColumnUnknown, FilterInvalid, CursorInvalid.
    """
    if not 1 <= first <= largest:
        raise PageInvalid(relation=contract.name, first=first, largest=largest)
    visible = tuple(c.name for c in contract.columns if c.name in scope.columns)
    foreign = sorted((_columns(where) | {o.column for o in order}) & set(PROVENANCE))
    if foreign or not visible:
        raise ColumnUnknown(relation=contract.name, column=", ".join(foreign) or "-", columns=", ".join(visible))
    RowQuery(relation_of(contract), visible, scope, where, order, first)
    named = {o.column for o in order}
    steps = (*order, *(Order(c) for c in contract.key if c in scope.columns and c not in named))
    if regions is not None and contract.region_column is not None:
        own = Compare(contract.region_column, Op.IN, tuple(sorted(regions)))
        where = own if where == TRUE else All((own, where))
    question = Question(contract, scope, visible, where, steps, first, regions)
    return question if after is None else replace(question, after=decode(question, after))


def _bound(question: Question, body: bytes) -> bytes:
    parts = (question.contract.name, repr(question.where), repr(question.order), repr(question.scope.predicate))
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass") + body).digest()[:_MARK]


def encode(question: Question, stands: Mapping[str, Stand]) -> str:
    """The cursor of a page after which nodes stand so."""
    places: dict[Place, int] = {}
    nodes = {}
    for name, stand in stands.items():
        number = None if stand.place is None else places.setdefault(stand.place, len(places))
        nodes[name] = [number, stand.cursor, stand.stale + 2 * stand.done]
    body = orjson.dumps({"p": [[wire(v) for v in place] for place in places], "n": nodes})
    return base64.urlsafe_b64encode(_bound(question, body) + zlib.compress(body, 6)).decode().rstrip("=")


def decode(question: Question, cursor: str) -> dict[str, Stand]:
    """Where each node stood; `CursorInvalid` where the cursor is not this question's."""
    try:
        if len(cursor) > MAX_LENGTH:
            raise CursorInvalid
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        packer = zlib.decompressobj()
        body = packer.decompress(raw[_MARK:], _UNPACKED)
        if packer.unconsumed_tail or not packer.eof or _bound(question, body) != raw[:_MARK]:
            raise CursorInvalid
        given = orjson.loads(body)
        places = [_place(question, place) for place in given["p"]]
        return {str(name): _stand(places, *stand) for name, stand in given["n"].items()}
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, IndexError, RowUnfit) as error:
        raise CursorInvalid from error


def _place(question: Question, given: list[Any]) -> Place:
    kinds = dict(relation_of(question.contract).columns)
    steps = [kinds[step.column] for step in question.order]
    if not len(steps) < len(given) <= len(steps) + 4:
        raise CursorInvalid
    values = [None if v is None else READ[kind](v) for kind, v in zip(steps, given, strict=False)]
    member, *rest = given[len(steps) :]
    if not isinstance(member, str) or not all(v is None or isinstance(v, str | int) for v in rest):
        raise CursorInvalid
    return (*values, member, *rest)


def _stand(places: list[Place], number: int | None, cursor: str | None, flags: int) -> Stand:
    if cursor is not None and (not isinstance(cursor, str) or len(cursor) > MAX_CURSOR):
        raise CursorInvalid
    return Stand(None if number is None else places[number], cursor, bool(flags & 1), bool(flags & 2))
