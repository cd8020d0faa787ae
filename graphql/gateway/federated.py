"""The subgraphs as a federation's router meets them: the graph's own types, each showing the fields it owns.

There is one Python type per entity. A subgraph shows its own fields, every entity's key, and the fields of value
types that it reaches; an entity of which it has the key alone is a reference that it does not resolve. SDL follows
federation 2.9 (composition fails from 2.10 on). Who may ask a subgraph is left to `hub/routes/subgraphs.py`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NewType

import strawberry
from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    GraphQLObjectType,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.union import StrawberryUnion

from core.contract import Contract
from core.contracts import OWNERS
from gateway.building import lst, make, owner_of
from gateway.context import Info
from gateway.entity_batches import ENTITIES, Entity, resolve
from gateway.scalars import SCALARS, config
from gateway.schema import QUERY, Graph, merged, query_parts

#: Their names; each data standard says which one it belongs to.
SUBGRAPHS = OWNERS
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n\n'
_MACHINERY = {"_Any", "_Entity", "_Service"}
Any_ = NewType("Any_", object)


@strawberry.type(name="_Service")
class Service:
    """What a subgraph says of itself."""

    sdl: str


class Subgraph(Graph):
    """The schema of one subgraph; `sdl` is what composition reads of it."""

    def __init__(self, name: str, parts: tuple[type, ...]) -> None:
        self.name = name
        self.entities = {kind: entity for kind, entity in ENTITIES.items() if _extends(entity, name)}
        self.sdl = ""
        scalars = config()
        scalars.scalar_map = SCALARS | {Any_: strawberry.scalar(name="_Any", parse_value=lambda value: value)}
        super().__init__(query=merged((*parts, _federation_root(self.entities))), config=scalars)

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The fields of a type that stand in this subgraph."""
        entity = ENTITIES.get(type_definition.name)
        return [
            field
            for field in super().get_fields(type_definition)
            if owner_of(field) in (None, self.name) or (entity is not None and field.python_name == entity.key)
        ]

    def object_fields(self) -> dict[str, list[str]]:
        """The object types that this subgraph reaches, with their fields."""
        found = {name: kind for name, kind in self._schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
        return {
            name: [field for field in kind.fields if not field.startswith("_")]
            for name, kind in found.items()
            if not name.startswith("_")
        }


def _extends(entity: Entity, subgraph: str) -> bool:
    """Whether a subgraph has more of an entity than its key."""
    definition: StrawberryObjectDefinition = entity.kind.__strawberry_definition__  # type: ignore[attr-defined]  # strawberry adds it
    return any(owner_of(field) == subgraph for field in definition.fields if field.python_name != entity.key)


def _federation_root(served: Mapping[str, Entity]) -> type:
    """The root fields that every subgraph has beside its own."""

    def service(info: Info) -> Service:
        schema = info.schema
        assert isinstance(schema, Subgraph)
        return Service(sdl=schema.sdl)

    async def entities(info: Info, representations: Any) -> Any:
        return await resolve(info, representations, served)

    union: Any = StrawberryUnion("_Entity", tuple(StrawberryAnnotation(entity.kind) for entity in served.values()))
    entities.__annotations__ = {"info": Info, "representations": lst(Any_), "return": lst(union | None)}
    fields = {"_service": (Service, strawberry.field(resolver=service, name="_service"))}
    if served:
        fields["_entities"] = (lst(union | None), strawberry.field(resolver=entities, name="_entities"))
    root: type = make("FederationQuery", strawberry.type, fields)
    return root


def make_subgraphs(contracts: Mapping[str, Contract]) -> dict[str, Subgraph]:
    """Every subgraph over these contracts by name, made of the same types.

    Raises:
        GraphNameTaken: a data standard is named like something that the graph has already.
    """
    parts = query_parts(contracts)
    Graph(query=merged(parts), config=config())  # apart, two could have types of one name
    found = {name: Subgraph(name, parts) for name in SUBGRAPHS}
    places = Counter(
        (kind, field)
        for subgraph in found.values()
        for kind, fields in subgraph.object_fields().items()
        for field in fields
    )
    for subgraph in found.values():
        subgraph.sdl = _sdl(subgraph, places)
    return found


def _directive(written: str) -> ConstDirectiveNode:
    [node] = parse(f"type T {written} {{ f: Int }}").definitions
    assert isinstance(node, ObjectTypeDefinitionNode)
    return node.directives[0]


def _sdl(subgraph: Subgraph, places: Mapping[tuple[str, str], int]) -> str:
    """The subgraph's SDL: keys on entities, `@shareable` on what several subgraphs can answer."""
    document = parse(print_schema(subgraph._schema), no_location=True)
    kept: list[DefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, ObjectTypeDefinitionNode):
            if node.name.value not in _MACHINERY:
                kept.append(_marked(node, subgraph, places))
        elif getattr(node, "name", None) is None or node.name.value not in _MACHINERY:  # type: ignore[attr-defined]  # of type definitions
            kept.append(node)
    return _LINK + print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _marked(
    node: ObjectTypeDefinitionNode, subgraph: Subgraph, places: Mapping[tuple[str, str], int]
) -> ObjectTypeDefinitionNode:
    name, entity = node.name.value, ENTITIES.get(node.name.value)
    node.fields = tuple(field for field in node.fields if not field.name.value.startswith("_"))
    if entity is not None:
        resolvable = "" if name in subgraph.entities else ", resolvable: false"
        node.directives = (*node.directives, _directive(f'@key(fields: "{entity.key}"{resolvable})'))
    shared = [
        field
        for field in node.fields
        if places[name, field.name.value] > 1 and (entity is None or field.name.value != entity.key)
    ]
    if len(shared) == len(node.fields) and name != QUERY:
        node.directives = (*node.directives, _directive("@shareable"))
    else:
        for field in shared:
            field.directives = (*field.directives, _directive("@shareable"))
    return node
