"""Makes strawberry classes whose fields are known only when the contracts have been read."""

from collections.abc import Callable, Mapping
from enum import Enum
from types import GenericAlias, new_class
from typing import Any, cast

import strawberry
from strawberry.types.field import StrawberryField

_enum: Any = Enum  # functional API: the members are known only at run time


def lst(inner: Any) -> Any:
    """`list[inner]` for a type made at run time."""
    return GenericAlias(list, (inner,))


def make(name: str, decorate: Callable[[Any], Any], fields: Mapping[str, tuple[Any, Any]], **attributes: Any) -> Any:
    """A class of that name: field name to annotation and `strawberry.field` (or None), and further attributes."""
    body = {key: value for key, (_, value) in fields.items() if value is not None} | attributes
    body |= {"__annotations__": {key: kind for key, (kind, _) in fields.items()}, "__module__": __name__}
    return decorate(new_class(name, (), {}, lambda namespace: namespace.update(body)))


def optional(description: str | None = None, **options: Any) -> Any:
    """An input field that need not be given."""
    return strawberry.field(description=description, default=strawberry.UNSET, **options)


def enum(name: str, values: Mapping[str, str], described: Mapping[str, str], description: str) -> Any:
    """An enum: GraphQL name to value, with a description of each."""
    members = {key: strawberry.enum_value(value, description=described.get(key)) for key, value in values.items()}
    return strawberry.enum(_enum(name, members), description=description)


def owner(subgraph: str | None) -> dict[str, str]:
    """The metadata by which a field belongs to a subgraph; None: to every one in which its type is reached."""
    return {"owner": subgraph} if subgraph else {}


def owner_of(field: StrawberryField) -> str | None:
    """The subgraph that a field belongs to; None where it stands in every one in which its type is reached."""
    metadata: Mapping[str, str] = field.metadata or {}
    return metadata.get("owner")


def field_of(subgraph: str | None) -> Callable[..., Callable[[Callable[..., Any]], Any]]:
    """The decorator for a subgraph's resolvers (None: a value type's); it takes the field's description."""

    def described(description: str | None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        decorator: Any = strawberry.field(description=description, metadata=owner(subgraph), **options)
        return cast("Callable[[Callable[..., Any]], Any]", decorator)

    return described
