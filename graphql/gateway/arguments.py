"""The arguments of a field as its resolver takes them, made from tables instead of strawberry's own walk.

Strawberry asks every field of every input for its name and type again at each request: 0.15 ms of a page of a hundred
rows. The result is the same (`tests/gateway/test_splice.py` drives both), for the inputs that this package makes:
scalars and enums as they are, lists, and inputs of these.
"""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.name_converter import NameConverter
from strawberry.types.base import StrawberryList, StrawberryOptional, has_object_definition
from strawberry.types.field import StrawberryField

#: The mark of a root field whose resolver is called without strawberry where the answer leaves as JSON.
SHORT = "short"
_Convert = Callable[[Any], Any]
_NAMES = NameConverter()


class _Input:
    """Makes objects of one input class; its table is made at first use, as inputs may hold themselves."""

    def __init__(self, made: Any, known: dict[Any, "_Input"]) -> None:
        self._class, self._known = made, known
        self._table: dict[str, tuple[str, _Convert | None]] = {}

    def __call__(self, given: Any) -> Any:
        if given is None:
            return None
        if not self._table:
            definition = self._class.__strawberry_definition__
            self._table = {
                _NAMES.from_field(field): (
                    field.python_name,
                    _converter(field.resolve_type(type_definition=definition), self._known),
                )
                for field in definition.fields
            }
        values: dict[str, Any] = {}
        for name, value in given.items():
            attribute, convert = self._table[name]
            values[attribute] = value if convert is None else convert(value)
        return self._class(**values)


def _converter(kind: Any, known: dict[Any, _Input]) -> _Convert | None:
    """What makes a value of a type out of what graphql-core gives; None where it is that already."""
    if isinstance(kind, StrawberryOptional):
        return _converter(kind.of_type, known)
    if isinstance(kind, StrawberryList):
        inner = _converter(kind.of_type, known)
        return None if inner is None else lambda values: None if values is None else [inner(v) for v in values]
    if not has_object_definition(kind):
        return None
    if kind not in known:
        known[kind] = _Input(kind, known)
    return known[kind]


class _Called:
    """What a resolver sees of a request, as of strawberry's info."""

    __slots__ = ("_raw_info", "context")

    def __init__(self, info: GraphQLResolveInfo) -> None:
        self._raw_info, self.context = info, info.context


def shorten(schema: GraphQLSchema) -> None:
    """Call the marked root fields' resolvers without strawberry in between, where the answer leaves as JSON."""
    known: dict[Any, _Input] = {}
    assert schema.query_type is not None
    for field in schema.query_type.fields.values():
        definition = field.extensions.get("strawberry-definition") if field.extensions else None
        if isinstance(definition, StrawberryField) and definition.metadata and SHORT in definition.metadata:
            field.resolve = _short(field.resolve, definition, known)


def _short(whole: Any, definition: StrawberryField, known: dict[Any, _Input]) -> Callable[..., Any]:
    assert definition.base_resolver is not None
    answered: Any = definition.base_resolver.wrapped_func
    table: Mapping[str, tuple[str, _Convert | None]] = {
        _NAMES.get_graphql_name(argument): (argument.python_name, _converter(argument.type, known))
        for argument in definition.arguments
    }

    def resolve(source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        if not info.context.spliced:
            return whole(source, info, **given)
        values: dict[str, Any] = {}
        for name, value in given.items():
            attribute, convert = table[name]
            values[attribute] = value if convert is None else convert(value)
        return answered(_Called(info), **values)

    return resolve
