"""Documents made ready to run: parsed, held to the limits, validated, their operation chosen; sound ones are kept.

Parsing and validating are pure Python, so they belong off the loop; what was sound once is a look into a dictionary.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.validation.rules.max_introspection_depth_rule import MaxIntrospectionDepthRule

from core.errors import LumbungError
from core.messages import text
from core.operations import limits as sizes
from core.operations.limits import Limits
from core.operations.refusals import SUGGESTED, Refusals, Refused

C = TypeVar("C")
MAX_ERRORS: Final = 5
#: What graphql-core says where fragments lead to each other more often than it follows.
_TOO_NESTED: Final = "Validation aborted."
_KEPT = 256
_KEPT_LENGTH = 16 * 1024
_KEPT_ALL = 256 * 1024  # text of all that are kept; a document takes 150 times its text


@dataclass(frozen=True, slots=True)
class Operation(Generic[C]):
    """One operation of a document, and what it may cost."""

    node: OperationDefinitionNode
    cost: C


@dataclass(frozen=True, slots=True)
class Sound(Generic[C]):
    """A document within the limits and valid, with everything about it that does not depend on who asks."""

    document: DocumentNode
    operations: tuple[Operation[C], ...]


class Documents(Generic[C]):
    """The documents of one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        refusals: Refusals,
        *,
        priced: Callable[[DocumentNode], Callable[[OperationDefinitionNode], C]],
        introspection: bool,
        suggestions: bool = False,
    ) -> None:
        """The documents of a schema.

        Args:
            priced: what works out the costs of a valid document's operations.
            suggestions: whether names that were perhaps meant are told.
        """
        self._schema, self._limits, self._refusals = schema, limits, refusals
        self._priced = priced
        self._suggestions = suggestions
        self._rules = [*specified_rules, MaxIntrospectionDepthRule]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._sound: OrderedDict[str, Sound[C]] = OrderedDict()
        self._length = 0  # of the texts that are kept

    def read(self, query: str) -> Sound[C]:
        """The document, within limits and valid; `Refused` otherwise."""
        limits, refusals = self._limits, self._refusals
        try:
            document = parse(query, max_tokens=limits.tokens)
            sizes.check(document, limits, refusals)
            if "\\u" in query:
                visit(document, _NoNul(refusals))
            _steady(document, refusals)
            errors = validate(self._schema, document, self._rules, max_errors=MAX_ERRORS - 1)
        except GraphQLSyntaxError as error:
            if error.message.startswith("Syntax Error: Document contains more than"):
                raise Refused((refusals.limit("tokens", limits.tokens),)) from error
            if error.message.startswith("Syntax Error: Document is nested too deeply"):
                raise Refused((refusals.limit("depth", limits.depth),)) from error
            place = error.locations[0] if error.locations else None
            detail = text("operations.syntax", line=place.line if place else 1, column=place.column if place else 1)
            raise Refused((refusals.document(detail),)) from error
        except RecursionError as error:
            raise Refused((refusals.limit("depth", limits.depth),)) from error
        except (LumbungError, GraphQLError) as error:
            raise Refused((error,)) from error
        if any(error.message == _TOO_NESTED for error in errors):
            raise Refused((refusals.limit("depth", limits.depth),))
        if self._suggestions:
            for found in errors:
                found.extensions = {SUGGESTED: True}
        if errors:
            raise Refused(tuple(errors[:MAX_ERRORS]))
        cost = self._priced(document)
        nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        return Sound(document, tuple(Operation(node, cost(node)) for node in nodes))

    def known(self, query: str) -> Sound[C] | None:
        """The document of a query that was read before."""
        sound = self._sound.get(query)
        if sound is not None:
            self._sound.move_to_end(query)
        return sound

    async def ready(self, query: str, off: Callable[[Callable[[], Sound[C]]], Awaitable[Sound[C]]]) -> Sound[C]:
        """The document of a query, from memory or read; `Refused` says why it cannot be run.

        Args:
            off: computes off the loop.
        """
        sound = self.known(query)
        if sound is None:
            sound = await off(lambda: self.read(query))
            self._keep(query, sound)
        return sound

    def _keep(self, query: str, sound: Sound[C]) -> None:
        if len(query) > _KEPT_LENGTH or query in self._sound:  # two may have read it at once
            return
        self._sound[query] = sound
        self._length += len(query)
        while len(self._sound) > _KEPT or self._length > _KEPT_ALL:
            self._length -= len(self._sound.popitem(last=False)[0])


class _NoNul(Visitor):
    """Refuses text with a NUL, which no data has and PostgreSQL breaks on (R07)."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self._refusals = refusals

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        """Look at one literal."""
        if "\0" in node.value:
            raise self._refusals.document(text("operations.request.nul"))


def _steady(document: DocumentNode, refusals: Refusals) -> None:
    """Refuse a subscription whose one field may be left out: there is no answer to that, and graphql-core breaks."""
    fragments = {d.name.value: d.selection_set for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    seen: set[str] = set()

    def look(selection: SelectionSetNode | None) -> None:
        for node in selection.selections if selection else ():
            if any(directive.name.value in ("skip", "include") for directive in node.directives or ()):
                raise refusals.document(text("operations.steady"))
            if isinstance(node, InlineFragmentNode):
                look(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                look(fragments.get(node.name.value))

    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.SUBSCRIPTION:
            look(node.selection_set)


def operation(sound: Sound[C], name: str | None, refusals: Refusals) -> Operation[C]:
    """The operation that a request means.

    Raises:
        LumbungError: as `refusals` names it; several and none named (G16), or none of that name.
    """
    every = sound.operations
    found = [o for o in every if o.node.name is not None and o.node.name.value == name] if name else every
    if not found:
        raise refusals.operation(text("operations.unknown"))
    if len(found) > 1:
        raise refusals.operation(text("operations.unnamed"))
    return found[0]
