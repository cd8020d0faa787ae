"""What a document may cost at most, known before anything is run: values an answer can hold, sizes of lists multiplied.

A document's cost is worked out once, as a sum of products of the list sizes that its variables decide; a request only
puts its numbers in. Fragments are measured once, so it stays linear to the document's length. It is an upper bound:
what is skipped by a directive or merged with its like counts in full.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from core.access import Actor
from core.settings import Settings
from gateway.errors import QueryCost
from gateway.reading import PAGE

#: Arguments that say how long a list is: its page size, the number of weeks, the entities asked for by key.
SIZES: Final = ("first", "last", "weeks", "representations")
#: Items of a list of which nothing says how long it is.
ASSUMED: Final = 10
#: Lists that are longer in any province.
LONGER: Final = {"Query.members": 50, "Query.sources": 50, "Region.regencies": 40}
#: A field that reads for itself costs more than one that shows what was read; counting and grouping read most.
WEIGHTS: Final = {"aggregate": 100, "diff": 200, "totals": 200, "totalCount": 20, "__schema": 30_000, "__type": 500}
#: The type whose every field asks all members' nodes: dozens or hundreds of requests to others for one.
ASKING: Final = "Live"
_ASKS: Final = 5_000
_READS: Final = 10
_LARGEST_PAGE: Final = 10_000  # larger ones are refused where rows are asked for, by what they are


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A list's size that a variable decides; without the variable, what the field itself says."""

    variable: str
    otherwise: int


#: The size of the page around a list such as `nodes`, as long as the field that asks for the page is not known.
_PAGE: Final = Size("", ASSUMED)

#: How long a list is: a size, or the sum of several.
Length = Size | int | tuple[Size | int, ...]
#: A sum of products: sizes multiplied with each other and a number; the empty product is the constant.
Sum = Mapping[tuple[Size, ...], int]
_NOTHING: Final[Sum] = {}


def _plus(parts: Iterable[Sum]) -> Sum:
    total: dict[tuple[Size, ...], int] = {}
    for part in parts:
        for sizes, number in part.items():
            total[sizes] = total.get(sizes, 0) + number
    return total


def _times(length: Length, part: Sum) -> Sum:
    if isinstance(length, tuple):
        return _plus(_times(size, part) for size in length)
    if isinstance(length, int):
        return {sizes: number * length for sizes, number in part.items()}
    return {tuple(sorted((*sizes, length))): number for sizes, number in part.items()}


def _paged(size: Length, part: Sum) -> Sum:
    """The sum where the page around its lists has a size."""
    open_: dict[tuple[Size, ...], int] = {}
    closed: dict[tuple[Size, ...], int] = {}
    for sizes, number in part.items():
        if _PAGE in sizes:
            open_[tuple(s for s in sizes if s != _PAGE)] = number
        else:
            closed[sizes] = number
    return _plus((closed, _times(size, open_))) if open_ else closed


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one operation, up to the numbers that its variables bring."""

    products: tuple[tuple[int, tuple[Size, ...]], ...]
    defaults: Mapping[str, int]

    def of(self, variables: Mapping[str, Any] | None, largest: int = _LARGEST_PAGE) -> int:
        """The cost with these variables; sizes count between 0 and `largest`."""
        total = 0
        for number, sizes in self.products:
            for size in sizes:
                given = (variables or {}).get(size.variable, self.defaults.get(size.variable, size.otherwise))
                length = len(given) if type(given) is list else given if type(given) is int else size.otherwise
                number *= min(max(length, 0), largest)  # noqa: PLW2901  # the product grows
            total += number
        return total


class Costs:
    """The costs of one valid document's operations."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        self._known: dict[str, Sum] = {}

    def operation(self, node: OperationDefinitionNode) -> Cost:
        """The cost of one operation."""
        found = _paged(ASSUMED, self._selection(node.selection_set, self._schema.get_root_type(node.operation)))
        defaults = {
            defined.variable.name.value: int(defined.default_value.value)
            for defined in node.variable_definitions or ()
            if isinstance(defined.default_value, IntValueNode)
        }
        return Cost(tuple((number, sizes) for sizes, number in found.items()), defaults)

    def _fragment(self, name: str) -> Sum:
        if name not in self._known:
            node = self._fragments[name]
            self._known[name] = self._selection(
                node.selection_set, self._schema.get_type(node.type_condition.name.value)
            )
        return self._known[name]

    def _selection(self, selection: SelectionSetNode | None, of: GraphQLNamedType | None) -> Sum:
        parts: list[Sum] = []
        for node in selection.selections if selection else ():
            if isinstance(node, FieldNode):
                parts.append(self._field(node, of))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else of
                parts.append(self._selection(node.selection_set, inner))
            else:
                parts.append(self._fragment(node.name.value))  # type: ignore[attr-defined]  # a spread is what is left
        return _plus(parts)

    def _field(self, node: FieldNode, of: GraphQLNamedType | None) -> Sum:
        name = node.name.value
        if name.startswith("__"):  # what is below was made when the schema was
            return {(): WEIGHTS.get(name, 0)}
        if of is None:  # a kind of operation that the schema does not have
            return _NOTHING
        field: GraphQLField = of.fields[name]  # type: ignore[attr-defined]  # the document is valid
        size = _size(node, field)
        weight = _ASKS if of.name == ASKING else WEIGHTS.get(name, 1 if size is None else _READS)
        below = self._selection(node.selection_set, get_named_type(field.type))
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if not isinstance(kind, GraphQLList):
            return _plus(({(): weight}, _paged(ASSUMED if size is None else size, below)))
        each = _plus(({(): 1}, _paged(ASSUMED, below)))
        if size is None:
            size = LONGER.get(f"{of.name}.{name}", _PAGE)
        return _plus(({(): weight - 1}, _times(size, each)))


def _size(node: FieldNode, field: GraphQLField) -> Length | None:
    """How long the list is that a field answers with or leads to; None where no argument says so.

    Of `first` and `last` a document may leave it to its variables which one is given: both count then.
    """
    names = [name for name in SIZES if name in field.args]
    if not names:
        return None
    given = {a.name.value: a.value for a in node.arguments or ()}
    said = [name for name in names if name in given] or names[:1]
    default = field.args[names[0]].default_value
    otherwise = default if isinstance(default, int) else PAGE if len(names) > 1 else ASSUMED
    lengths = [_written(given.get(name), otherwise if i == 0 else 0) for i, name in enumerate(said)]
    return lengths[0] if len(lengths) == 1 else tuple(lengths)


def _written(given: ValueNode | None, default: int) -> Size | int:
    if isinstance(given, VariableNode):
        return Size(given.name.value, default)
    if isinstance(given, IntValueNode):
        return min(max(int(given.value), 0), _LARGEST_PAGE)
    return len(given.values) if isinstance(given, ListValueNode) else default


def largest(settings: Settings, actor: Actor) -> int:
    """What one question of an actor may cost: the most that its roles allow, else what members or anybody may."""
    allowed = settings.query_cost_max
    if not actor.roles:
        return allowed["anonymous"]
    return max((allowed[role] for role in actor.roles if role in allowed), default=allowed["member"])


def held(cost: Cost, variables: Mapping[str, Any] | None, settings: Settings, actor: Actor) -> dict[str, int]:
    """What a question costs and may cost.

    Raises:
        QueryCost: it costs more than the actor's questions may.
    """
    found, most = cost.of(variables, max(settings.page_max, _LARGEST_PAGE)), largest(settings, actor)
    if found > most:
        raise QueryCost(cost=found, largest=most)
    return {"cost": found, "limit": most}
