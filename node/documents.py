"""GraphQL documents held to limits before anything is computed; errors made fit to leave.

Each fragment is measured once, so that fan-out costs nothing. What is unforeseen is masked: its text is in the log.
"""

from collections import OrderedDict
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules.max_introspection_depth_rule import MaxIntrospectionDepthRule

from core.errors import LumbungError
from core.ids import new_id
from core.log import get
from node.errors import NodeInternal, NodeQueryRefused

log = get("node")

MAX_TOKENS: Final = 2_000
MAX_DEPTH: Final = 12
MAX_FIELDS: Final = 300
MAX_ROOTS: Final = 10
MAX_DIRECTIVES: Final = 20
MAX_ERRORS: Final = 5
_KEPT = 128
_KEPT_LENGTH = 16 * 1024
_SIZE = tuple[int, int, int, int]  # depth, fields, directives, and fields of its own


class Documents:
    """The documents of one schema; sound ones are kept."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool) -> None:
        self._schema = schema
        rules = [*specified_rules, MaxIntrospectionDepthRule]
        self._rules = rules if introspection else [*rules, NoSchemaIntrospectionCustomRule]
        self._sound: OrderedDict[str, DocumentNode] = OrderedDict()

    def known(self, query: str) -> DocumentNode | None:
        """A document that was read before."""
        return self._sound.get(query)

    def read(self, query: str) -> DocumentNode:
        """The document, within limits and valid; NodeQueryRefused says what is wrong with it."""
        try:
            document = parse(query, max_tokens=MAX_TOKENS)
            _measure(document)
            errors = validate(self._schema, document, self._rules, max_errors=MAX_ERRORS - 1)
        except GraphQLError as error:
            raise NodeQueryRefused(detail=_said(error)) from error
        except RecursionError as error:
            raise NodeQueryRefused(detail=f"depth <= {MAX_DEPTH}") from error
        if errors:
            raise NodeQueryRefused(detail="; ".join(_said(e) for e in errors[:MAX_ERRORS]))
        if len(query) <= _KEPT_LENGTH:
            self._sound[query] = document
            while len(self._sound) > _KEPT:
                self._sound.popitem(last=False)
        return document


def _said(error: GraphQLError) -> str:
    """graphql-core's own words about a document, without its suggestions of other names."""
    return error.message.partition(" Did you mean")[0][:200].rstrip(".")


def _measure(document: DocumentNode) -> None:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    sizes: dict[str, _SIZE | None] = {}

    def fragment(name: str) -> _SIZE:
        if name not in sizes and name in fragments:
            sizes[name] = None  # being measured
            sizes[name] = selection(fragments[name].selection_set)
        size = sizes.get(name, (0, 0, 0, 0))
        if size is None:
            raise NodeQueryRefused(detail=f"fragment {name}")
        return size

    def selection(selected: SelectionSetNode | None) -> _SIZE:
        depth = fields = directives = own = 0
        for node in selected.selections if selected else ():
            field = isinstance(node, FieldNode)
            spread = isinstance(node, FragmentSpreadNode)
            inner = fragment(node.name.value) if spread else selection(node.selection_set)  # type: ignore[attr-defined]  # each kind has its own
            depth = max(depth, inner[0] + field)
            fields += inner[1] + field
            directives += inner[2] + len(node.directives or ())
            own += 1 if field else inner[3]
            if depth > MAX_DEPTH or fields > MAX_FIELDS or directives > MAX_DIRECTIVES:
                limits = f"depth <= {MAX_DEPTH}, fields <= {MAX_FIELDS}, directives <= {MAX_DIRECTIVES}"
                raise NodeQueryRefused(detail=limits)
        return depth, fields, directives, own

    for name in fragments:
        fragment(name)
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if selection(node.selection_set)[3] > MAX_ROOTS or len(node.directives or ()) > MAX_DIRECTIVES:
            raise NodeQueryRefused(detail=f"roots <= {MAX_ROOTS}, directives <= {MAX_DIRECTIVES}")


def operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that a request means; refused where several stand unnamed or none has the name."""
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    chosen = [d for d in found if name is None or (d.name is not None and d.name.value == name)]
    if len(chosen) != 1:
        raise NodeQueryRefused(detail="operationName")
    return chosen[0]


def is_subscription(chosen: OperationDefinitionNode) -> bool:
    """Whether an operation waits for what is to come."""
    return chosen.operation is OperationType.SUBSCRIPTION


def internal(error: BaseException) -> NodeInternal:
    """The masked form of an unforeseen error, logged under the number that it carries."""
    number = new_id()[:12]
    log.error("node.unforeseen", number=number, exc_info=error)
    return NodeInternal(id=number)


def known(error: GraphQLError) -> LumbungError:
    """The typed error behind a GraphQL error."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    if isinstance(cause, LumbungError):
        return cause
    if cause is None or error.path is None:
        return NodeQueryRefused(detail=_said(error))
    return internal(cause)


def formatted(error: LumbungError, path: list[str | int] | None = None) -> dict[str, Any]:
    """An error as it leaves: sentence, code, fix, and where it happened."""
    facts = error.as_dict()
    extensions = {"code": facts["code"], "fix": facts["fix"], "values": facts["values"]}
    return {"message": error.what(), "extensions": extensions} | ({"path": path} if path else {})
