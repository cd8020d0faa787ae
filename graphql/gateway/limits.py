"""Limits of a document, measured in time linear to its length even where fragments fan out without end.

Strawberry's own limiters walk a fragment again for every spread, so that 700 bytes keep them busy for 17 seconds;
here each fragment is measured once. Page sizes are refused where rows are asked for.
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
from gateway.errors import QueryInvalid, QueryLimit

MAX_TOKENS: Final = 4_000
MAX_BODY: Final = 256 * 1024
LIMITS: Final = {"depth": 15, "fields": 500, "aliases": 30, "directives": 20, "roots": 20}


@dataclass(frozen=True, slots=True)
class Size:
    """How big a selection is once its fragments are put in; counts stop growing far beyond any limit."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0

    def beside(self, other: "Size") -> "Size":
        """The size of two selections that stand beside each other."""
        top = 1_000_000  # 2^n fan-out must not make big numbers either
        return Size(
            max(self.depth, other.depth),
            min(self.fields + other.fields, top),
            min(self.aliases + other.aliases, top),
            min(self.directives + other.directives, top),
            min(self.roots + other.roots, top),
        )


class _Measure:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._sizes: dict[str, Size] = {}
        self._open: set[str] = set()

    def fragment(self, name: str) -> Size:
        """The size of a fragment, measured once; a fragment that contains itself is refused (G07)."""
        if name in self._open:
            raise QueryInvalid(detail=text("gateway.cycle"))
        if name not in self._sizes:
            node = self._fragments.get(name)
            self._open.add(name)
            self._sizes[name] = (
                Size()
                if node is None
                else self.selection(node.selection_set).beside(Size(directives=len(node.directives or ())))
            )
            self._open.discard(name)
        return self._sizes[name]

    def selection(self, selection: SelectionSetNode | None) -> Size:
        """The size of a selection set; its own fields are its roots."""
        size = Size()
        for node in selection.selections if selection else ():
            size = size.beside(Size(directives=len(node.directives or ())))
            if isinstance(node, FieldNode):
                inner = self.selection(node.selection_set)
                size = size.beside(
                    Size(inner.depth + 1, inner.fields + 1, inner.aliases + bool(node.alias), inner.directives, 1)
                )
            elif isinstance(node, InlineFragmentNode):
                size = size.beside(self.selection(node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                size = size.beside(self.fragment(node.name.value))
        return size

    def names(self) -> tuple[str, ...]:
        return tuple(self._fragments)


def check(document: DocumentNode) -> None:
    """Refuse a document beyond the limits; unused fragments and operations count too.

    Raises:
        QueryLimit: naming the limit and the largest value it allows.
        QueryInvalid: fragments call each other in a circle.
    """
    measure = _Measure(document)
    try:
        sizes = [measure.fragment(name) for name in measure.names()]
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                sizes.append(measure.selection(node.selection_set).beside(Size(directives=len(node.directives or ()))))
    except RecursionError:
        raise QueryLimit(limit="depth", largest=LIMITS["depth"]) from None
    for size in sizes:
        for limit, largest in LIMITS.items():
            if getattr(size, limit) > largest:
                raise QueryLimit(limit=limit, largest=largest)
