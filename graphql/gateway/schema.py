"""The one graph: the subgraphs' root fields put together with the types that the contracts become.

The public graph exposes no `_entities`; each field's metadata names the subgraph that owns it. What a subgraph shows
when it stands alone is left to `federated.py`.
"""

import copy
from collections import Counter
from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.exceptions import DuplicatedTypeName
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.base import StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.field import StrawberryField

from core.contract import Contract
from core.naming import camel
from gateway.arguments import shorten
from gateway.building import make, owner_of
from gateway.errors import GraphNameTaken
from gateway.scalars import config
from gateway.subgraphs.catalog import CatalogQuery
from gateway.subgraphs.events import Subscription
from gateway.subgraphs.listed import ListedQuery
from gateway.subgraphs.live import live_query
from gateway.subgraphs.live_added import live_subscription
from gateway.subgraphs.live_types import Standard, standard_of
from gateway.subgraphs.quality import QualityQuery
from gateway.subgraphs.text_rows import TextRowsQuery
from gateway.typed import build, root_field

_DESCRIPTION = "Lumbung: data kabupaten dan kota, diperiksa dan disimpan dengan riwayatnya."
QUERY = "Query"


def _nullable(field: StrawberryField) -> StrawberryField:
    if isinstance(field.type, StrawberryOptional):
        return field
    copied = copy.copy(field)
    copied.type = StrawberryOptional(field.type)
    return copied


class Graph(strawberry.Schema):
    """A schema in which one domain that fails is a null beside an error, and never takes the others' answers along.

    So whatever its resolver says, a root field is nullable, and so is a field that another subgraph adds to a type.
    """

    def __init__(self, query: type, config: StrawberryConfig, subscription: type | None = None) -> None:
        """Raises: GraphNameTaken: a data standard's types would have other types' names."""
        try:
            super().__init__(query=query, subscription=subscription, config=config)
        except DuplicatedTypeName as error:
            raise GraphNameTaken(name=error.message.split()[1]) from error

    def get_fields(self, type_definition: StrawberryObjectDefinition) -> list[StrawberryField]:
        """The fields of a type, as the graph declares them."""
        fields = type_definition.fields
        if type_definition.is_input or not fields:
            return fields
        home = None if type_definition.name == QUERY else owner_of(fields[0])
        return [
            field if field.name.startswith("_") or owner_of(field) in (None, home) else _nullable(field)
            for field in fields
        ]


def roots(contracts: Mapping[str, Contract]) -> tuple[tuple[type, ...], tuple[type, ...]]:
    """The types whose fields together are the roots of the graph over these contracts: queries, subscriptions."""
    fields: dict[str, tuple[Any, Any]] = {}
    live: list[Standard] = []
    for name in sorted(contracts):
        typed = build(contracts[name])
        if typed.field in fields:
            raise GraphNameTaken(name=camel(typed.field))
        fields[typed.field] = root_field(typed)
        if contracts[name].metadata.live:
            live.append(standard_of(typed))
    parts: tuple[type, ...] = (CatalogQuery, QualityQuery, ListedQuery, TextRowsQuery)
    parts = (*parts, *live_query(live))
    if fields:
        parts = (*parts, make("TypedRowsQuery", strawberry.type, fields))
    return parts, (Subscription, *live_subscription(live))


def query_parts(contracts: Mapping[str, Contract]) -> tuple[type, ...]:
    """The types whose fields together are the root of queries."""
    return roots(contracts)[0]


def _fields(part: type) -> list[StrawberryField]:
    definition: StrawberryObjectDefinition = part.__strawberry_definition__  # type: ignore[attr-defined]  # strawberry adds it
    return definition.fields


def merged(parts: tuple[type, ...]) -> type:
    """One root type of several.

    Raises:
        GraphNameTaken: a data standard's rows would stand under another field's name.
    """
    names = Counter(config().name_converter.from_field(field) for part in parts for field in _fields(part))
    taken = next((name for name, times in names.items() if times > 1), None)
    if taken is not None:
        raise GraphNameTaken(name=taken)
    query = merge_types(QUERY, parts)
    query.__strawberry_definition__.description = _DESCRIPTION  # type: ignore[attr-defined]  # strawberry adds it
    return query


def make_schema(contracts: Mapping[str, Contract]) -> Graph:
    """The schema over these contracts; a field and its types for each."""
    queries, subscriptions = roots(contracts)
    told = merge_types("Subscription", subscriptions)
    graph = Graph(query=merged(queries), subscription=told, config=config())
    shorten(graph._schema)
    return graph
