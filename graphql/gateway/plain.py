"""Lists of plain values inside an answer that are completed here, in one step an item.

graphql-core takes some 5 µs for each value of a list; an answer about half a thousand nodes has thousands of values
that are JSON already. Aliases, fragments and directives are resolved by graphql-core's own collection of fields; a
selection with anything but plain fields goes the long way.
"""

from collections.abc import Collection

from graphql import FieldNode, GraphQLObjectType, GraphQLResolveInfo, get_named_type
from graphql.execution.collect_fields import collect_sub_fields

from gateway.context import Info
from gateway.splice import Spliced

TYPENAME = "__typename"


def selected(info: Info, field: str, known: Collection[str]) -> tuple[tuple[str, str], ...] | None:
    """What is asked of each item of a list field below this one: key in the answer, and name of the plain field.

    None where it is asked for something else too, or more than once, or not at all.

    Args:
        known: the names of the plain fields.
    """
    raw = info._raw_info
    if not info.context.spliced:
        return None
    page = get_named_type(raw.return_type)
    assert isinstance(page, GraphQLObjectType)
    found = [nodes for nodes in _below(raw, page, raw.field_nodes).values() if nodes[0].name.value == field]
    if len(found) != 1:
        return None
    item = get_named_type(page.fields[field].type)
    assert isinstance(item, GraphQLObjectType)
    asked = tuple((key, nodes[0].name.value) for key, nodes in _below(raw, item, found[0]).items())
    return asked if all(name in known or name == TYPENAME for _, name in asked) else None


def _below(raw: GraphQLResolveInfo, of: GraphQLObjectType, nodes: list[FieldNode]) -> dict[str, list[FieldNode]]:
    return collect_sub_fields(raw.schema, raw.fragments, raw.variable_values, of, nodes)


def item(asked: tuple[tuple[str, str], ...], values: dict[str, object]) -> Spliced:
    """An item that is complete; `values` by the names of the fields, as JSON has them."""
    return Spliced({key: values[name] for key, name in asked})
