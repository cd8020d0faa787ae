"""The node's graph: graphene types of the standards that it offers, `_service` and `_entities` for a federation.

graphene-federation is faulty, so both are written by hand; SDL follows federation 2.9. What each type answers is
`standard.py`, the door before it `graphql_http.py`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphene
from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLSchema,
    NameNode,
    ObjectTypeDefinitionNode,
    parse,
    print_ast,
    print_schema,
)

from core.contract import Contract
from core.naming import camel
from core.rows import Value
from core.rows_check import fits
from node.asking import Asking
from node.errors import NodeQueryRefused
from node.standard import Standard, build, by_keys, filter_of, rows
from node.words import KINDS, AnyKey, listed, made, required

ENTITIES_MAX = 100
_LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n\n'
_MACHINERY = frozenset({"_Any", "_Entity", "_Service"})
_SHOWN = 60  # letters of a foreign name that an error repeats

#: The rows of a gauge that come from now on: the standard, the gauge, and who asks.
Added = Callable[[Standard, str | None, Asking], AsyncIterator[Mapping[str, Any]]]


@dataclass(frozen=True)
class Graph:
    """The schema of some standards, and what it says of itself to a federation."""

    schema: GraphQLSchema
    sdl: str
    standards: Mapping[str, Standard]  # by the name of their type


def make_graph(contracts: Sequence[Contract], added: Added) -> Graph:
    """The graph of these standards; `added` gives what subscriptions emit."""
    standards = {standard.name: standard for standard in map(build, contracts)}
    told: list[str] = []
    fields: dict[str, Any] = {}
    for standard in standards.values():
        fields |= _fields(standard)
    fields |= _federation(standards, told)
    streams = {k: v for s in standards.values() if s.gauge for k, v in _stream(s, added).items()}
    schema: GraphQLSchema = graphene.Schema(
        query=made("Query", graphene.ObjectType, fields),
        subscription=made("Subscription", graphene.ObjectType, streams) if streams else None,
        auto_camelcase=False,
    ).graphql_schema
    told.append(_sdl(schema, standards))
    return Graph(schema, told[0], standards)


def _fields(standard: Standard) -> dict[str, Any]:
    async def page(root: Any, info: Any, **given: Any) -> Any:
        return await rows(standard, info.context, given)

    async def aggregate(root: Any, info: Any, **given: Any) -> Any:
        asking: Asking = info.context
        query = asking.query(standard.contract, ("_row",), where=filter_of(standard, given.pop("where", None)))
        return await standard.grouping.answer(asking, query, given)

    title = f"{standard.contract.title['id']} / {standard.contract.title['en']}"
    return {
        standard.field: graphene.Field(
            standard.connection, args=dict(standard.rows_args), resolver=page, description=f"{title}: rows."
        ),
        f"{standard.field}Aggregate": graphene.Field(
            standard.grouping.kind, args=dict(standard.group_args), resolver=aggregate, description=f"{title}: groups."
        ),
    }


def _stream(standard: Standard, added: Added) -> dict[str, Any]:
    name = f"{camel(standard.contract.name)}Added"

    def subscribe(root: Any, info: Any, gauge: str | None = None) -> AsyncIterator[Mapping[str, Any]]:
        return added(standard, gauge, info.context)

    field = graphene.Field(
        graphene.NonNull(standard.row),
        args={"gauge": graphene.Argument(graphene.String)},
        description="Rows that come from now on, of one gauge or of all.",
    )
    return {name: field, f"subscribe_{name}": subscribe}


# --- federation ------------------------------------------------------------------------------------------


def _federation(standards: Mapping[str, Standard], told: Sequence[str]) -> dict[str, Any]:
    service = made("_Service", graphene.ObjectType, {"sdl": required(graphene.String)})
    fields: dict[str, Any] = {
        "_service": required(service, name="_service", resolver=lambda root, info: {"sdl": told[0]})
    }
    served = {name: standard for name, standard in standards.items() if standard.key}
    if not served:
        return fields
    union = made(
        "_Entity",
        graphene.Union,
        {"resolve_type": classmethod(lambda cls, found, info: found["__typename"])},
        types=tuple(standard.row for standard in served.values()),
    )

    async def entities(root: Any, info: Any, representations: list[Any]) -> Any:
        return await _resolve(info.context, representations, served)

    fields["_entities"] = graphene.Field(
        graphene.NonNull(graphene.List(union)),
        name="_entities",
        args={"representations": graphene.Argument(graphene.NonNull(listed(AnyKey)))},
        resolver=entities,
    )
    return fields


async def _resolve(asking: Asking, given: Sequence[Any], served: Mapping[str, Standard]) -> list[Any]:
    """What representations name, in their order, each type asked for once; unexpected keys are of no concern.

    Raises:
        NodeQueryRefused: more than a node answers in one request, a type that is none here, or no key (G25).
    """
    asking.entities[0] += len(given)
    if asking.entities[0] > ENTITIES_MAX:
        raise NodeQueryRefused(detail=f"_entities <= {ENTITIES_MAX}")
    asked = [_key(representation, served) for representation in given]
    found: dict[str, dict[tuple[Value, ...], dict[str, Any]]] = {}
    for name in dict.fromkeys(name for name, _ in asked):
        keys = list(dict.fromkeys(key for of, key in asked if of == name))
        found[name] = await by_keys(served[name], asking, keys)
    return [None if (row := found[name].get(key)) is None else {**row, "__typename": name} for name, key in asked]


def _key(representation: Any, served: Mapping[str, Standard]) -> tuple[str, tuple[Value, ...]]:
    given = representation if isinstance(representation, dict) else {}
    name = given.get("__typename")
    standard = served.get(name) if isinstance(name, str) else None
    if standard is None:
        raise NodeQueryRefused(detail=f"__typename: {str(name)[:_SHOWN]} ({', '.join(sorted(served))})")
    types = {camel(c.name): c.type for c in standard.contract.columns}
    values: list[Value] = []
    for field in standard.key:
        parse_value = getattr(KINDS[types[field]], "parse_value", None)
        try:
            value = None if given[field] is None or parse_value is None else parse_value(given[field])
            if value is None or not fits(types[field], value):
                raise ValueError(field)
            values.append(value)
        except (KeyError, ValueError, TypeError) as error:
            raise NodeQueryRefused(detail=f"{standard.name}: {', '.join(standard.key)}") from error
    return standard.name, tuple(values)


def _sdl(schema: GraphQLSchema, standards: Mapping[str, Standard]) -> str:
    """What composition reads: keys on rows, `@shareable` on all other types; none of the machinery."""
    kept: list[DefinitionNode] = []
    for node in parse(print_schema(schema), no_location=True).definitions:
        name = getattr(node, "name", None)
        if isinstance(name, NameNode) and name.value in _MACHINERY:
            continue
        if isinstance(node, ObjectTypeDefinitionNode):
            node.fields = tuple(f for f in node.fields if not f.name.value.startswith("_"))
            node.directives = (*node.directives, *_directives(node.name.value, standards))
        kept.append(node)
    return _LINK + print_ast(DocumentNode(definitions=tuple(kept))) + "\n"


def _directives(name: str, standards: Mapping[str, Standard]) -> Sequence[Any]:
    if name in ("Query", "Subscription"):
        return ()
    key = standards[name].key if name in standards else ()
    written = f'@key(fields: "{" ".join(key)}")' if key else "@shareable"
    [node] = parse(f"type T {written} {{ f: Int }}").definitions
    assert isinstance(node, ObjectTypeDefinitionNode)
    return node.directives
