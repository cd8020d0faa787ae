"""Limits of a document, measured in time linear to its length even where fragments fan out without end.

Strawberry's own limiters walk a fragment again for every spread, so that 700 bytes keep them busy for 17 seconds;
here each fragment is measured once. How much is allowed is each door's own.
"""

from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from core.messages import text
from core.operations.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a document may have, its fragments put in; `roots` are the fields of an operation itself."""

    tokens: int
    depth: int
    fields: int
    aliases: int
    directives: int
    roots: int


#: Depth, fields, aliases, directives, and the fields of its own.
_Size = tuple[int, int, int, int, int]
_NOTHING: Final[_Size] = (0, 0, 0, 0, 0)


class _Measure:
    def __init__(self, document: DocumentNode, limits: Limits, refusals: Refusals) -> None:
        self._limits, self._refusals = limits, refusals
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._sizes: dict[str, _Size | None] = {}

    def fragments(self) -> None:
        """Measure all of them, also those that nobody uses."""
        for name in self._fragments:
            self._fragment(name)

    def _fragment(self, name: str) -> _Size:
        """The size of a fragment, measured once; one that contains itself is refused (G07)."""
        node = self._fragments.get(name)
        if node is None:
            return _NOTHING
        if name not in self._sizes:
            self._sizes[name] = None  # being measured
            self._sizes[name] = self._selection(node.selection_set, len(node.directives or ()))
        size = self._sizes[name]
        if size is None:
            raise self._refusals.document(text("operations.cycle"))
        return size

    def operation(self, node: OperationDefinitionNode) -> None:
        """Hold an operation to the limits."""
        size = self._selection(node.selection_set, len(node.directives or ()))
        self._hold("roots", size[4])

    def _selection(self, selection: SelectionSetNode | None, directives: int = 0) -> _Size:
        depth = fields = aliases = own = 0
        for node in selection.selections if selection else ():
            directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                inner = self._selection(node.selection_set)
                depth = max(depth, inner[0] + 1)
                fields += inner[1] + 1
                aliases += inner[2] + (node.alias is not None)
                own += 1
            else:
                inner = _NOTHING
                if isinstance(node, InlineFragmentNode):
                    inner = self._selection(node.selection_set)
                elif isinstance(node, FragmentSpreadNode):
                    inner = self._fragment(node.name.value)
                depth = max(depth, inner[0])
                fields += inner[1]
                aliases += inner[2]
                own += inner[4]
            directives += inner[3]
        self._hold("depth", depth)
        self._hold("fields", fields)
        self._hold("aliases", aliases)
        self._hold("directives", directives)
        return depth, fields, aliases, directives, own

    def _hold(self, limit: str, size: int) -> None:
        largest: int = getattr(self._limits, limit)
        if size > largest:  # at once, so that a fan-out of 2^n makes no big numbers either
            raise self._refusals.limit(limit, largest)


def check(document: DocumentNode, limits: Limits, refusals: Refusals) -> None:
    """Refuse a document beyond the limits; unused fragments and operations count too.

    Raises:
        LumbungError: as `refusals` names the limit, or fragments that call each other in a circle.
    """
    measure = _Measure(document, limits, refusals)
    try:
        measure.fragments()
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                measure.operation(node)
    except RecursionError:
        raise refusals.limit("depth", limits.depth) from None
