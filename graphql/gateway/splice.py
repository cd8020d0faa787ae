"""Lists of plain columns answered as JSON text for exactly their selection, past the completion of each value.

A selection is plain where it asks a connection for nothing but its rows' columns, their provenance's columns, cursors,
page facts, the commit and the count: aliases, fragments and `@skip`/`@include` are resolved by graphql-core's own
collection of fields. Everything else, and every value that JSON cannot hold, goes the long way, which a test holds to
the same answers (`tests/gateway/test_splice.py`). What may be seen is part of the query on both ways.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

import orjson
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import collect_sub_fields
from sqlalchemy.orm import Session

from catalog import current_pages
from catalog.row_files import Standard
from core import cursors
from core.contract import ColumnType
from core.duck import Duck
from core.rows import Page, RowQuery
from core.rows_fetch_json import Written
from core.rows_json import Constant, Cursor, Leaf, Struct
from gateway.context import Context
from gateway.reading import Answer, Question, Resolve, row_query
from gateway.splice_rows import Columns, Done, Place, Rows, Tuples

#: The fields of a type that are plain: a column and its kind, or an object of such.
Plain = Mapping[str, "tuple[str, ColumnType] | Plain"]

#: Pages of more rows are made column by column.
_COLUMNWISE = 200
P = TypeVar("P")
_KEPT = 512
_PAGE_INFO = ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
_DIRECTIVES = ("skip", "include")


@dataclass(frozen=True, slots=True)
class Spliced:
    """An object that is complete, its rows JSON text already; the execution puts it into the answer as it is."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a connection is asked for, by key: rows or edges (a `Struct` each), page facts, or one of its own facts."""

    parts: tuple[tuple[str, "Struct | PageFacts | Constant | str"], ...]
    columns: tuple[str, ...]

    @property
    def counted(self) -> bool:
        """Whether the rows of all pages are to be counted."""
        return any(part == "totalCount" for _, part in self.parts)

    @property
    def paged(self) -> bool:
        """Whether a page is to be read at all."""
        return any(isinstance(part, Struct | PageFacts) for _, part in self.parts)

    @cached_property
    def rows(self) -> Struct | None:
        """What is asked of each row, where that is asked once and a row's place is no part of it."""
        found = [part for _, part in self.parts if isinstance(part, Struct)]
        return found[0] if len(found) == 1 and not found[0].with_cursor() else None


@dataclass(frozen=True, slots=True)
class PageFacts:
    """The page facts asked for, by key: a name of `PageInfo`'s fields, or a constant."""

    fields: tuple[tuple[str, str | Constant], ...]


class _Unplain(Exception):
    """Something is asked for that only the long way answers."""


def _collected(info: GraphQLResolveInfo, of: GraphQLObjectType, nodes: list[FieldNode]) -> dict[str, list[FieldNode]]:
    found = collect_sub_fields(info.schema, info.fragments, info.variable_values, of, nodes)
    for fields in found.values():
        if any(d.name.value not in _DIRECTIVES for field in fields for d in field.directives or ()):
            raise _Unplain
    return found


def _object_of(of: GraphQLObjectType, name: str) -> GraphQLObjectType:
    named = get_named_type(of.fields[name].type)
    assert isinstance(named, GraphQLObjectType)
    return named


def _struct(info: GraphQLResolveInfo, of: GraphQLObjectType, plain: Plain, nodes: list[FieldNode]) -> Struct:
    fields: list[tuple[str, Leaf | Constant | Cursor | Struct]] = []
    for key, found in _collected(info, of, nodes).items():
        name = found[0].name.value
        if name == "__typename":
            fields.append((key, Constant(of.name)))
            continue
        known = plain.get(name)
        if known is None:
            raise _Unplain
        if isinstance(known, Mapping):
            fields.append((key, _struct(info, _object_of(of, name), known, found)))
        else:
            fields.append((key, Leaf(*known, required=isinstance(of.fields[name].type, GraphQLNonNull))))
    return Struct(tuple(fields))


def _edges(info: GraphQLResolveInfo, of: GraphQLObjectType, plain: Plain, nodes: list[FieldNode]) -> Struct:
    fields: list[tuple[str, Leaf | Constant | Cursor | Struct]] = []
    for key, found in _collected(info, of, nodes).items():
        match found[0].name.value:
            case "__typename":
                fields.append((key, Constant(of.name)))
            case "cursor":
                fields.append((key, Cursor()))
            case "node":
                fields.append((key, _struct(info, _object_of(of, "node"), plain, found)))
            case _:
                raise _Unplain
    return Struct(tuple(fields))


def _page_facts(info: GraphQLResolveInfo, of: GraphQLObjectType, nodes: list[FieldNode]) -> PageFacts:
    fields: list[tuple[str, str | Constant]] = []
    for key, found in _collected(info, of, nodes).items():
        name = found[0].name.value
        if name != "__typename" and name not in _PAGE_INFO:
            raise _Unplain
        fields.append((key, Constant(of.name) if name == "__typename" else name))
    return PageFacts(tuple(fields))


def _object(info: GraphQLResolveInfo, of: GraphQLObjectType, plain: Plain) -> Struct:
    return _struct(info, of, plain, info.field_nodes)


def _connection(info: GraphQLResolveInfo, of: GraphQLObjectType, plain: Plain) -> Plan:
    parts: list[tuple[str, Struct | PageFacts | Constant | str]] = []
    for key, nodes in _collected(info, of, info.field_nodes).items():
        match nodes[0].name.value:
            case "nodes":
                parts.append((key, _struct(info, _object_of(of, "nodes"), plain, nodes)))
            case "edges":
                parts.append((key, _edges(info, _object_of(of, "edges"), plain, nodes)))
            case "pageInfo":
                parts.append((key, _page_facts(info, _object_of(of, "pageInfo"), nodes)))
            case "__typename":
                parts.append((key, Constant(of.name)))
            case "totalCount" | "seq" as name:
                parts.append((key, name))
            case _:
                raise _Unplain
    leaves = (leaf.column for _, part in parts if isinstance(part, Struct) for leaf in part.leaves())
    return Plan(tuple(parts), tuple(dict.fromkeys(leaves)))


def _variables(info: GraphQLResolveInfo) -> tuple[str, ...]:
    """The variables that decide what is skipped or included anywhere below a field."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    todo: list[Any] = list(info.field_nodes)

    def below(selection: SelectionSetNode | None) -> None:
        todo.extend(selection.selections if selection else ())

    while todo:
        node = todo.pop()
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None
        if not isinstance(node, FragmentSpreadNode):
            below(node.selection_set)
        elif node.name.value not in seen:
            seen.add(node.name.value)
            todo.append(info.fragments[node.name.value])
    return tuple(found)


class Plans(Generic[P]):
    """The plans of the documents asked lately, by the fields' places in them and what is skipped or included."""

    def __init__(self, make: Callable[[GraphQLResolveInfo, GraphQLObjectType, Plain], P]) -> None:
        self._make = make
        self._kept: OrderedDict[tuple[int, ...], tuple[list[FieldNode], tuple[str, ...], dict[Any, P | None]]] = (
            OrderedDict()
        )

    def plan(self, info: GraphQLResolveInfo, plain: Plain) -> P | None:
        """The plan of a field, or None where it goes the long way."""
        key = tuple(map(id, info.field_nodes))  # of nodes that are kept beside it, so that no other has them
        kept = self._kept.get(key)
        if kept is None:
            while len(self._kept) >= _KEPT:
                self._kept.popitem(last=False)
            kept = self._kept[key] = (info.field_nodes, _variables(info), {})
        else:
            self._kept.move_to_end(key)
        _, names, plans = kept
        values = tuple(info.variable_values.get(name) for name in names)
        if values not in plans:
            of = get_named_type(info.return_type)
            assert isinstance(of, GraphQLObjectType)
            try:
                plans[values] = self._make(info, of, plain)
            except _Unplain:
                plans[values] = None
        return plans[values]


def connections() -> Plans[Plan]:
    """Plans of connections."""
    return Plans(_connection)


def objects() -> Plans[Struct]:
    """Plans of objects that hold nothing but plain values, and lists of such objects."""
    return Plans(_object)


def asked(info: GraphQLResolveInfo) -> Iterator[str]:
    """The names of the fields that a connection is asked for."""
    of = get_named_type(info.return_type)
    assert isinstance(of, GraphQLObjectType)
    found = collect_sub_fields(info.schema, info.fragments, info.variable_values, of, info.field_nodes)
    return (nodes[0].name.value for nodes in found.values())


async def answer(
    context: Context, resolve: Resolve, question: Question, plan: Plan, *, standard: Standard
) -> Spliced | None:
    """The connection's JSON, or None where a value in it is one that only the long way can tell of.

    Raises:
        What `gateway.reading.answer` raises.
    """
    asked = row_query(context, resolve, question, plan.columns)

    def look(session: Session) -> tuple[RowQuery, bool, dict[str, Any] | None]:
        query = asked(session)
        assert query is not None  # a contract's relation is there even where it is empty
        if not plan.paged:
            return query, True, _body(plan, query, Tuples(query, Page((), (), False)))
        if plan.rows is None:
            page: Page | Written | None = current_pages.page(session, standard, query)
        else:
            page = current_pages.page_as_json(session, standard, query, plan.rows)
        if isinstance(page, Written):
            return query, True, _body(plan, query, Done(page))
        return query, page is not None, None if page is None else _body(plan, query, Tuples(query, page))

    query, found, body = await context.sql(look)
    if not found:

        def read(duck: Duck, left: float) -> dict[str, Any] | None:
            if query.first > _COLUMNWISE:
                return _body(plan, query, Columns(duck.sheet(query, deadline=left, coded=True)))
            return _body(plan, query, Tuples(query, duck.page(query, deadline=left)))

        body = await context.duck(read)
    if body is None:
        return None
    if plan.counted:
        total = await Answer(query, Page((), (), False), standard).count(context)
        body |= {key: total for key, part in plan.parts if part == "totalCount"}
    return Spliced(body)


def _body(plan: Plan, query: RowQuery, rows: Rows) -> dict[str, Any] | None:
    """The connection with its rows as JSON text; None where they cannot be written so."""
    body: dict[str, Any] = {}
    encode = cursors.encoder(query)
    for key, part in plan.parts:
        if isinstance(part, Struct):
            json = rows.json(part, [encode(place) for place in rows.places()] if part.with_cursor() else None)
            if json is None:
                return None
            body[key] = orjson.Fragment(json) if isinstance(json, bytes) else json
        elif isinstance(part, PageFacts):
            body[key] = _facts(part, rows, encode)
        elif isinstance(part, Constant):
            body[key] = part.value
        else:
            body[key] = query.relation.seq if part == "seq" else None  # the count is put in once it is known
    return body


def _facts(part: PageFacts, rows: Rows, encode: Callable[[Place], str]) -> dict[str, object]:
    out: dict[str, object] = {}
    for key, name in part.fields:
        if isinstance(name, Constant):
            out[key] = name.value
        elif name == "hasNextPage":
            out[key] = rows.has_next
        elif name == "hasPreviousPage":
            out[key] = rows.has_previous
        else:
            out[key] = encode(rows.place(0 if name == "startCursor" else len(rows) - 1)) if len(rows) else None
    return out
