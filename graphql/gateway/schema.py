"""The one graph: the subgraphs' root fields put together with the types that the contracts become.

The public graph exposes no `_entities`; each field's metadata names the subgraph that owns it.
"""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.tools import merge_types

from core.contract import Contract
from gateway.building import make
from gateway.scalars import config
from gateway.subgraphs.catalog import CatalogQuery
from gateway.subgraphs.listed import ListedQuery
from gateway.subgraphs.quality import QualityQuery
from gateway.subgraphs.text_rows import TextRowsQuery
from gateway.typed import build, root_field

_DESCRIPTION = "Lumbung: data kabupaten dan kota, diperiksa dan disimpan dengan riwayatnya."


def make_schema(contracts: Mapping[str, Contract]) -> strawberry.Schema:
    """The schema over these contracts; a field and its types for each."""
    fields: dict[str, tuple[Any, Any]] = {}
    for name in sorted(contracts):
        typed = build(contracts[name])
        fields[typed.field] = root_field(typed)
    parts: list[type] = [CatalogQuery, QualityQuery, ListedQuery, TextRowsQuery]
    if fields:
        parts.append(make("TypedRowsQuery", strawberry.type, fields))
    query = merge_types("Query", tuple(parts))
    query.__strawberry_definition__.description = _DESCRIPTION  # type: ignore[attr-defined]  # strawberry adds it
    return strawberry.Schema(query=query, config=config())
