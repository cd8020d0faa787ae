"""The documents of one schema of the gateway, with what each of their operations may cost."""

from graphql import GraphQLSchema, OperationType

from core.messages import text
from core.operations import documents
from core.operations.refusals import Refused
from gateway.context import Context
from gateway.cost import Cost, Costs
from gateway.errors import REFUSALS, OperationRefused
from gateway.limits import LIMITS

__all__ = ["Documents", "Operation", "Refused", "Sound", "operation"]

Operation = documents.Operation[Cost]
Sound = documents.Sound[Cost]


class Documents(documents.Documents[Cost]):
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, suggestions: bool = False) -> None:
        super().__init__(
            schema,
            LIMITS,
            REFUSALS,
            priced=lambda document: Costs(schema, document).operation,
            introspection=introspection,
            suggestions=suggestions,
        )

    async def of(self, context: Context, query: str) -> Sound:
        """The document of a query, from memory or read off the loop; `Refused` says why it cannot be run."""
        return self.known(query) or await self.ready(query, lambda work: context.offload.parse(context.deadline, work))


def operation(
    sound: Sound, name: str | None, *, only_queries: bool = False, kind: OperationType | None = None
) -> Operation:
    """The operation that a request means.

    Args:
        kind: the only kind that runs here; without it, all but subscriptions.

    Raises:
        OperationRefused: several and none named (G16), none of that name, or not a query where only these run (G15).
    """
    found = documents.operation(sound, name, REFUSALS)
    given = found.node.operation
    if kind is not None and given is not kind:
        raise OperationRefused(detail=text("gateway.operation.here", kind=kind.value))
    if kind is None and given is OperationType.SUBSCRIPTION:
        raise OperationRefused(detail=text("gateway.operation.subscription"))
    if only_queries and given is not OperationType.QUERY:
        raise OperationRefused(detail=text("gateway.operation.get"))
    return found
