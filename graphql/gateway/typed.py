"""The graph's types of one contract: row, filter, order, connection; and the field that answers with them.

Everything follows from the contract: a new data standard needs no code here. Reading goes through `RowQuery` and
`core.access.scope` alone (`gateway/reading.py`).
"""

import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types.private import StrawberryPrivate

from core.contract import Classification, Column, Contract
from core.naming import ASKABLE, REGION_NAME, camel, pascal, plural
from core.rows import PROVENANCE, TRUE, Filter, Value
from gateway import splice
from gateway.arguments import SHORT
from gateway.building import enum, lst, make, optional, owner
from gateway.context import Info
from gateway.entities.listed import Commodity, Gauge, commodity_of, gauge_of
from gateway.entities.places import Region, region_of
from gateway.entities.provenance import PLAIN, Provenance
from gateway.pages import PageInfo
from gateway.reading import PAGE, PAGING, Answer, Question, answer, of_contract
from gateway.scalars import BigInt
from gateway.typed_aggregate import aggregate_field
from gateway.typed_diff import diff_field
from gateway.where import COMPARISONS, KINDS, Direction, Fields, RegionOfRow, ordered, translate

_FACTS = tuple(PROVENANCE)
#: The fields of a connection that tell of its page.
_OF_PAGE = frozenset({"nodes", "edges", "pageInfo"})

#: What a column's codes stand for, by the list it refers to: the type, how a code is looked up, and its words.
_ENTITIES: Mapping[str, tuple[Any, Callable[[Info, str | None], Any], str]] = {
    "region": (Region, region_of, "Wilayah this row speaks about"),
    "commodity": (Commodity, commodity_of, "Komoditas of the list that the code stands for"),
    "gauge": (Gauge, gauge_of, "Pos duga air of the list that the code stands for"),
}

ProvenanceFilter: Any = make(
    "ProvenanceFilter",
    lambda cls: strawberry.input(cls, description="Asal baris: comparisons with where a row comes from."),
    {name: (COMPARISONS[PROVENANCE[column]] | None, optional()) for name, column in ASKABLE.items()},
)


@dataclass(frozen=True)
class Typed:
    """What a contract became: its classes and its root field's name."""

    contract: Contract
    field: str
    row: Any
    where: Any
    order: Any
    columns: Any  # the enum of what can be ordered by
    connection: Any
    attributes: Mapping[str, str]  # of row and filter, to column
    plain: splice.Plain  # the fields of a row that are columns

    @property
    def fields(self) -> Fields:
        """What the filter's attributes mean."""
        taken = "region" in self.attributes  # a column of that name is compared like any other
        return Fields(self.attributes, ASKABLE, None if taken else self.contract.region_column)


def _attribute(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _described(column: Column) -> str:
    parts = [column.title.get("id", ""), column.title.get("en", "")]
    definition = column.standard.get("definisi", {}).get("en", "")
    unit = f" [{column.unit}]" if column.unit else ""
    return " / ".join(dict.fromkeys(p for p in parts if p)) + unit + (f": {definition}" if definition else "")


def _row(contract: Contract, name: str) -> Any:
    """The row type: every column, the region it speaks about, and where it comes from.

    Only an open, required key column is non-null: any other can be masked, or missing under an older version.
    """
    mine = owner(contract.owner)
    fields: dict[str, tuple[Any, Any]] = {}
    for column in contract.columns:
        kind = KINDS[column.type]
        sure = column.key and column.required and column.classification is Classification.OPEN
        described = strawberry.field(description=_described(column), name=camel(column.name), metadata=mine)
        fields[_attribute(column.name)] = (kind if sure else kind | None, described)

    def provenance(self: Any) -> Provenance:
        return Provenance(facts=self.lumbung_facts)

    for column in contract.columns:
        field = _entity_field(contract, column)
        if field is not None and field not in fields:
            fields[field] = _entity(contract, column)
    fields["provenance"] = (
        Provenance,
        strawberry.field(resolver=provenance, description="Asal baris: where this row comes from.", metadata=mine),
    )
    fields["lumbung_facts"] = (Annotated[Any, StrawberryPrivate()], None)
    text = f"{contract.title['id']}. {contract.description.get('en', '')} ({contract.name} {contract.version})"
    return make(name, lambda cls: strawberry.type(cls, description=text), fields)


def _entity_field(contract: Contract, column: Column) -> str | None:
    """The field beside a column of codes that says what its code stands for; None where no entity does."""
    if column.name == contract.region_column:
        return "region"
    if column.reference not in _ENTITIES:
        return None
    short = column.name.removesuffix("_code")
    return short if short != column.name else f"{column.name}_entry"


def _entity(contract: Contract, column: Column) -> tuple[Any, Any]:
    kind, found, words = _ENTITIES[column.reference or "region"]

    def entity(self: Any, info: Info) -> Any:
        return found(info, getattr(self, _attribute(column.name)))

    entity.__annotations__ = {"info": Info, "return": kind | None}
    text = words if column.name == contract.region_column else f"{words}: {column.title['id']}"
    field = strawberry.field(resolver=entity, description=f"{text}.", metadata=owner(contract.owner))
    return kind | None, field


def _where(contract: Contract, name: str) -> Any:
    """The filter input: comparisons by column and provenance, joined by and, or, not."""
    fields: dict[str, tuple[Any, Any]] = {
        _attribute(c.name): (COMPARISONS[c.type] | None, optional(_described(c), name=camel(c.name)))
        for c in contract.columns
    }
    fields["provenance"] = (ProvenanceFilter | None, optional())
    if contract.region_column is not None and "region" not in fields:
        fields["region"] = (RegionOfRow | None, optional("What the region of the row is."))

    def decorate(cls: Any) -> Any:
        cls.__annotations__ |= {"and_": lst(cls) | None, "or_": lst(cls) | None, "not_": cls | None}
        for key in ("and", "or", "not"):
            setattr(cls, f"{key}_", optional(name=key))
        return strawberry.input(cls, description="Saringan: everything given must hold.")

    return make(f"{name}Filter", decorate, fields)


def _columns(contract: Contract, name: str) -> Any:
    values = {c.name.upper(): c.name for c in contract.columns}
    described = {c.name.upper(): c.title["id"] for c in contract.columns}
    if contract.region_column is not None and "REGION_NAME" not in values:
        values["REGION_NAME"] = REGION_NAME
        described["REGION_NAME"] = "Nama wilayah of the row: to order by, nothing else."
    values |= {f"PROVENANCE_{a.upper()}": column for a, column in ASKABLE.items()}
    return enum(f"{name}Column", values, described, f"Kolom of {name} to order by.")


def _order(name: str, columns: Any) -> Any:
    fields = {
        "column": (columns, None),
        "direction": (Direction, strawberry.field(default=Direction.ASC)),
    }
    return make(
        f"{name}Order", lambda cls: strawberry.input(cls, description="Urutan: a column and its direction."), fields
    )


def _connection(contract: Contract, name: str, row: Any, columns: Any, attributes: Mapping[str, str]) -> Any:
    edge = make(f"{name}Edge", strawberry.type, {"cursor": (str, None), "node": (row, None)})

    def edges(self: Any) -> Any:
        return [edge(cursor=c, node=n) for c, n in zip(self.answer.cursors, self.rows, strict=True)]

    edges.__annotations__ = {"return": lst(edge)}

    def nodes(self: Any) -> Any:
        return self.rows

    nodes.__annotations__ = {"return": lst(row)}

    def page_info(self: Any) -> PageInfo:
        made: PageInfo = self.answer.page_info
        return made

    async def total_count(self: Any, info: Info) -> BigInt:
        return BigInt(await self.answer.count(info.context))

    def seq(self: Any) -> BigInt:
        return BigInt(self.answer.seq)

    described: dict[str, tuple[Any, str | None]] = {
        "edges": (edges, "The rows with their cursors."),
        "nodes": (nodes, "The rows."),
        "page_info": (page_info, None),
        "total_count": (total_count, "How many rows match on all pages; counted only when asked for."),
        "seq": (seq, "The commit that this page shows; give it as asOfSeq to ask for the same again."),
    }
    fields: dict[str, tuple[Any, Any]] = {
        key: (resolver.__annotations__["return"], strawberry.field(resolver=resolver, description=text))
        for key, (resolver, text) in described.items()
    }
    fields["aggregate"] = aggregate_field(contract, name, columns, ASKABLE)
    if contract.key:
        fields["diff"] = diff_field(contract, name, row, columns, attributes)
    fields |= {
        "answer": (Annotated[Answer, StrawberryPrivate()], None),
        "rows": (Annotated[Any, StrawberryPrivate()], None),
    }
    return make(
        f"{name}Connection",
        lambda cls: strawberry.type(
            cls, description=f"Halaman of {name}, by keyset: the first rows ({PAGE}) or the last."
        ),
        fields,
    )


def build(contract: Contract) -> Typed:
    """The types of a contract, named after it."""
    name = pascal(contract.name)
    row = _row(contract, name)
    columns = _columns(contract, name)
    attributes = {_attribute(c.name): c.name for c in contract.columns}
    return Typed(
        contract=contract,
        field=plural(contract.name),
        row=row,
        where=_where(contract, name),
        order=_order(name, columns),
        columns=columns,
        connection=_connection(contract, name, row, columns, attributes),
        attributes=attributes,
        plain={camel(c.name): (c.name, c.type) for c in contract.columns} | {"provenance": PLAIN},
    )


def _filter(typed: Typed, given: Any, info: Any) -> Filter:
    return TRUE if given is None else translate(given, typed.fields, info.context.services.regions)


def _rows(typed: Typed, answered: Answer) -> list[Any]:
    """The page's rows as objects of the row type; the last eight values of each are its provenance."""
    names = tuple(typed.attributes)
    width = len(names)

    def made(values: tuple[Value | None, ...]) -> Any:
        return typed.row(**dict(zip(names, values, strict=False)), lumbung_facts=values[width:])

    return [made(values) for values in answered.rows]


def root_field(typed: Typed) -> tuple[Any, Any]:
    """The root field that answers with a contract's rows: its annotation and the field."""
    contract = typed.contract
    plans = splice.connections()

    async def rows(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        info, *, where=None, order_by=None, first=None, after=None, last=None, before=None, as_of=None, as_of_seq=None
    ):
        order, looked = ordered(order_by, contract.region_column, info.context.services.regions)
        question = Question(
            columns=(*typed.attributes.values(), *_FACTS),
            where=_filter(typed, where, info),
            order=order,
            looked=looked,
            first=first,
            last=last,
            after=after,
            before=before,
            as_of=as_of,
            as_of_seq=as_of_seq,
        )
        standard = (contract.name, contract.major)
        plan = plans.plan(info._raw_info, typed.plain) if info.context.spliced else None
        if plan is not None:
            spliced = await splice.answer(info.context, of_contract(contract), question, plan, standard=standard)
            if spliced is not None:
                return spliced
        paged = not _OF_PAGE.isdisjoint(splice.asked(info._raw_info))
        answered = await answer(info.context, of_contract(contract), question, standard=standard, paged=paged)
        assert answered is not None  # a contract's relation is there even where it is empty
        return typed.connection(answer=answered, rows=_rows(typed, answered))

    rows.__annotations__ = {
        "info": Info,
        "where": typed.where | None,
        "order_by": lst(typed.order) | None,
        **PAGING,
        "as_of": datetime | None,
        "as_of_seq": BigInt | None,
        "return": typed.connection,
    }
    text = f"{contract.title['id']} / {contract.title['en']}: rows of every member, as of the newest commit or another."
    metadata = {**owner(contract.owner), SHORT: True}
    field = strawberry.field(resolver=rows, name=camel(typed.field), description=text, metadata=metadata)
    return typed.connection, field
