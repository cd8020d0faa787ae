"""How large a document may be that a node runs, and which errors its graph has; what is done with them is `core`'s."""

from typing import Final

from graphql import GraphQLSchema

from core.operations import documents
from core.operations.limits import Limits
from core.operations.refusals import Refusals
from node.errors import NodeInternal, NodeQueryRefused

MAX_BODY: Final = 256 * 1024
LIMITS: Final = Limits(tokens=2_000, depth=12, fields=300, aliases=30, directives=20, roots=10)
_LONGEST = 200


def _refused(detail: str) -> NodeQueryRefused:
    return NodeQueryRefused(detail=detail[:_LONGEST].rstrip("."))


REFUSALS: Final = Refusals(
    log="node",
    request=_refused,
    too_large=lambda largest: _refused(f"body <= {largest}"),
    limit=lambda limit, largest: _refused(f"{limit} <= {largest}"),
    document=_refused,
    operation=_refused,
    subscriptions=lambda largest: _refused(f"subscriptions <= {largest}"),
    unforeseen=lambda number: NodeInternal(id=number),
)


class Documents(documents.Documents[None]):
    """The documents of one schema; what they cost is bounded by their limits and the page's."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        super().__init__(schema, LIMITS, REFUSALS, priced=lambda _: lambda _: None, introspection=introspection)
