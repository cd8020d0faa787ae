"""Documents made ready to run: parsed, held to the limits, validated, their operation chosen; sound ones are kept.

Parsing and validating are pure Python, so they run off the loop; what was sound once is served from memory.
"""

from collections import OrderedDict
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules.max_introspection_depth_rule import MaxIntrospectionDepthRule

from core.errors import LumbungError
from core.messages import text
from gateway import limits
from gateway.context import Context
from gateway.cost import Cost, Costs
from gateway.errors import SUGGESTED, OperationRefused, QueryInvalid, QueryLimit

MAX_ERRORS = 5
_KEPT = 256
_KEPT_LENGTH = 16 * 1024


class Refused(Exception):
    """Why a document cannot be run: typed errors, or graphql-core's own with their places."""

    def __init__(self, errors: tuple[LumbungError | GraphQLError, ...]) -> None:
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, and what it may cost."""

    node: OperationDefinitionNode
    cost: Cost


@dataclass(frozen=True, slots=True)
class Sound:
    """A document within the limits and valid, with everything about it that does not depend on who asks."""

    document: DocumentNode
    operations: tuple[Operation, ...]


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, suggestions: bool = False) -> None:
        """`suggestions`: whether names that were perhaps meant are told."""
        self._suggestions = suggestions
        self._schema = schema
        self._rules = [*specified_rules, MaxIntrospectionDepthRule]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._sound: OrderedDict[str, Sound] = OrderedDict()

    def read(self, query: str) -> Sound:
        """The document, within limits and valid; `Refused` otherwise."""
        try:
            document = parse(query, max_tokens=limits.MAX_TOKENS)
            limits.check(document)
            errors = validate(self._schema, document, self._rules, max_errors=MAX_ERRORS - 1)
        except GraphQLSyntaxError as error:
            if "tokens" in error.message:
                raise Refused((QueryLimit(limit="tokens", largest=limits.MAX_TOKENS),)) from error
            if "nested too deeply" in error.message:
                raise Refused((QueryLimit(limit="depth", largest=limits.LIMITS["depth"]),)) from error
            place = error.locations[0] if error.locations else None
            detail = text("gateway.syntax", line=place.line if place else 1, column=place.column if place else 1)
            raise Refused((QueryInvalid(detail=detail),)) from error
        except RecursionError as error:
            raise Refused((QueryLimit(limit="depth", largest=limits.LIMITS["depth"]),)) from error
        except LumbungError as error:
            raise Refused((error,)) from error
        if self._suggestions:
            for found in errors:
                found.extensions = {SUGGESTED: True}
        if errors:
            raise Refused(tuple(errors[:MAX_ERRORS]))
        costs = Costs(self._schema, document)
        nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        return Sound(document, tuple(Operation(node, costs.operation(node)) for node in nodes))

    async def ready(self, context: Context, query: str) -> Sound:
        """The document of a query, from memory or read off the loop; `Refused` says why it cannot be run."""
        known = self._sound.get(query)
        if known is not None:
            self._sound.move_to_end(query)
            return known
        sound = await context.offload.parse(context.deadline, lambda: self.read(query))
        if len(query) <= _KEPT_LENGTH:
            self._sound[query] = sound
            if len(self._sound) > _KEPT:
                self._sound.popitem(last=False)
        return sound


def operation(
    sound: Sound, name: str | None, *, only_queries: bool = False, kind: OperationType | None = None
) -> Operation:
    """The operation that a request means.

    Args:
        kind: the only kind that runs here; without it, all but subscriptions.

    Raises:
        OperationRefused: several and none named (G16), none of that name, or not a query where only these run (G15).
    """
    found = [o for o in sound.operations if not name or (o.node.name is not None and o.node.name.value == name)]
    if not found:
        raise OperationRefused(detail=text("gateway.operation.unknown"))
    if len(found) > 1:
        raise OperationRefused(detail=text("gateway.operation.unnamed"))
    given = found[0].node.operation
    if kind is not None and given is not kind:
        raise OperationRefused(detail=text("gateway.operation.here", kind=kind.value))
    if kind is None and given is OperationType.SUBSCRIPTION:
        raise OperationRefused(detail=text("gateway.operation.subscription"))
    if only_queries and given is not OperationType.QUERY:
        raise OperationRefused(detail=text("gateway.operation.get"))
    return found[0]
