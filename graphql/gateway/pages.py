"""Connections: edges, nodes, cursors and page facts, the same for every list of the graph."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from catalog.paging import Listing
from core.rows_errors import CursorInvalid, PageInvalid
from gateway.context import Info

R = TypeVar("R")
T = TypeVar("T")


@strawberry.type(description="Halaman: whether more follows, and the cursors of its first and last row.")
class PageInfo:
    """Relay's page facts."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None = None
    end_cursor: str | None = None


@strawberry.type
class Edge(Generic[T]):
    """One item and its cursor."""

    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    """One page of a list."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo


def listed(found: Listing[R], made: Callable[[R], T], after: str | None) -> Connection[T]:
    """A page of the catalogue as a connection."""
    nodes = [made(item) for item in found.items]
    info = PageInfo(
        has_next_page=found.has_next,
        has_previous_page=after is not None,
        start_cursor=found.cursors[0] if found.cursors else None,
        end_cursor=found.end,
    )
    edges = [Edge(cursor=cursor, node=node) for cursor, node in zip(found.cursors, nodes, strict=True)]
    return Connection(edges=edges, nodes=nodes, page_info=info)


def page_size(info: Info, relation: str, first: int) -> int:
    """The page size asked for, within the installation's limit; `PageInvalid` otherwise (G17)."""
    largest = info.context.services.settings.page_max
    if not 1 <= first <= largest:
        raise PageInvalid(relation=relation, first=first, largest=largest)
    return first


def part_of(
    info: Info, relation: str, items: Sequence[R], made: Callable[[R], T], *, first: int, after: str | None
) -> Connection[T]:
    """A page of a list that is in memory; its cursors are places in the list."""
    size = page_size(info, relation, first)
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 9):
        raise CursorInvalid
    begin = int(after) if after is not None else 0
    kept = tuple(items[begin : begin + size])
    cursors = tuple(str(begin + i + 1) for i in range(len(kept)))
    return listed(Listing(kept, cursors, len(items) > begin + size), made, after)
