"""What a node offers in GraphQL, put together: rows, tokens, the door, the socket and the feed of new readings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.contracts import load_contracts
from core.operations.sockets import Manners
from node.folder import Folder
from node.graphql_http import GraphQLDoor
from node.live import Feed, Sockets
from node.offers import read_offers
from node.rows import Rows
from node.tokens import Tokens


@dataclass(frozen=True, slots=True)
class NodeGraph:
    """The two faces of the graph, requests and sockets, and what tells of new readings."""

    door: GraphQLDoor
    sockets: Sockets
    feed: Feed


def make_node_graph(
    folder: Folder,
    contracts: Sequence[Path],
    *,
    store: Path | None = None,
    environ: Mapping[str, str],
    manners: Manners | None = None,
    seconds: float = 10.0,
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> NodeGraph:
    """The graph of a folder's `node.toml`.

    Args:
        contracts: the folders of data standards that it may name.
        store: where typed rows are kept; None is a hidden folder beside the files.
        environ: where the addresses of databases stand.
        seconds: the longest a request may take.
        wait: how to wait between two looks for new readings.

    Raises:
        NodeMetadataInvalid, ContractInvalid: nothing is offered then.
    """
    offers = read_offers(folder.path, lambda: load_contracts(*contracts))
    rows = Rows(
        folder.path,
        folder.member,
        offers.offers,
        store=store,
        zone=offers.zone,
        environ=environ,
        clock=folder.clock,
        refresh_seconds=folder.refresh_seconds,
    )
    feed = Feed(rows, every=folder.refresh_seconds, wait=wait)
    tokens = Tokens(folder.path)
    door = GraphQLDoor(
        rows, tokens, feed.added, clock=folder.clock, introspection=offers.introspection, seconds=seconds
    )
    return NodeGraph(door, Sockets(door, manners or Manners()), feed)
