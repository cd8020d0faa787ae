"""What goes over the wire between hub and node: a question as GraphQL, an answer's rows as values of their columns.

Both sides name things alike (`core/naming.py`), so that a question to the hub reads like one to a node. A row is read
only when the merge comes to it; one that is not as its data standard says is named by a reason, never repaired.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from math import isfinite
from typing import Protocol

import orjson

from core.contract import ColumnType, Contract
from core.naming import camel, pascal, plural
from core.rows import All, Compare, Filter, Not, Order, Value
from core.rows_check import INT64, MAX_TEXT
from core.wire import moment_text
from federation.live.parts import Partials

Row = tuple[Value | None, ...]
MAX_CURSOR = 512


class Asked(Protocol):
    """What a question to nodes has."""

    @property
    def contract(self) -> Contract:
        """Its data standard."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns asked for."""
        ...

    @property
    def where(self) -> Filter:
        """The rows asked for."""
        ...

    @property
    def order(self) -> tuple[Order, ...]:
        """How they are ordered."""
        ...


class RowUnfit(Exception):
    """A row that is not taken; its argument is the reason."""


def wire(value: Value | None) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value


def filter_input(where: Filter) -> dict[str, object]:
    """A filter as a node's filter input."""
    if isinstance(where, Compare):
        value = [wire(v) for v in where.value] if isinstance(where.value, tuple) else wire(where.value)
        return {camel(where.column): {camel(where.op.value): value}}
    if isinstance(where, Not):
        return {"not": filter_input(where.part)}
    return {"and" if isinstance(where, All) else "or": [filter_input(part) for part in where.parts]}


@lru_cache(maxsize=256)
def _rows_document(name: str, columns: tuple[str, ...]) -> str:
    kind = pascal(name)
    fields = " ".join(camel(column) for column in columns)
    return (
        f"query LumbungRows($where: {kind}Filter, $orderBy: [{kind}Order!], $first: Int!, $after: String) {{ "
        f"rows: {camel(plural(name))}(where: $where, orderBy: $orderBy, first: $first, after: $after) {{ "
        f"edges {{ cursor node {{ {fields} }} }} pageInfo {{ hasNextPage }} }} }}"
    )


def rows_request(question: "Asked", first: int, after: str | None) -> bytes:
    """The body that asks a node for a page of rows."""
    contract, columns, where, order = question.contract, question.columns, question.where, question.order
    steps = [{"column": o.column.upper(), "direction": "DESC" if o.descending else "ASC"} for o in order]
    variables = {"where": filter_input(where), "orderBy": steps, "first": first, "after": after}
    return orjson.dumps({"query": _rows_document(contract.name, columns), "variables": variables})


@lru_cache(maxsize=256)
def _groups_document(name: str, keys: tuple[tuple[str, ...], ...], zoned: bool) -> str:
    """The groups by the first keys as `groups`, then the values of each counted column as `values0`, `values1`, …"""
    kind, field_ = pascal(name), f"{camel(plural(name))}Aggregate"
    zone, zone_is = ("$zone: String, ", "zone: $zone, ") if zoned else ("", "")
    by = "".join(f"$by{i}: [{kind}GroupBy!]!, " for i in range(len(keys)))
    parts = []
    for i, names in enumerate(keys):
        alias, measures, values = (f"values{i - 1}", "", "") if i else ("groups", "measures: $measures, ", " values")
        key = f"key {{ {' '.join(map(camel, names))} }} " if names else ""
        parts.append(
            f"{alias}: {field_}(where: $where, groupBy: $by{i}, {zone_is}{measures}first: $first) "
            f"{{ groups {{ {key}count{values} }} hasMore }}"
        )
    return (
        f"query LumbungGroups($where: {kind}Filter, {by}{zone}$measures: [{kind}Measure!]!, $first: Int!) "
        f"{{ {' '.join(parts)} }}"
    )


def groups_request(contract: Contract, where: Filter, asked: Partials, first: int) -> bytes:
    """The body that asks a node for groups of rows in parts, so many of each list."""
    keys = (tuple(asked.keys), *map(asked.with_values, asked.counted))
    measures = [
        {"op": m.op.value.upper(), **({"column": m.column.upper()} if m.column is not None else {})}
        for m in asked.measures
    ]
    variables = {
        "where": filter_input(where), "measures": measures, "first": first,
        **{f"by{i}": [name.upper() for name in names] for i, names in enumerate(keys)},
        **({"zone": asked.zone} if asked.zoned else {}),
    }  # fmt: skip
    document = _groups_document(contract.name, keys, asked.zoned)
    return orjson.dumps({"query": document, "variables": variables})


def _text(value: object) -> str:
    if type(value) is not str or len(value) > MAX_TEXT or "\x00" in value:
        raise RowUnfit("type")
    return value


def _integer(value: object) -> int:
    if type(value) is not int or not -INT64 <= value < INT64:
        raise RowUnfit("type")
    return value


def _number(value: object) -> float:
    if type(value) not in (int, float) or not isfinite(value):  # type: ignore[arg-type]  # the line says what it is
        raise RowUnfit("type")
    return float(value)  # type: ignore[arg-type]  # the line above says what it is


def _date(value: object) -> date:
    if type(value) is not str or len(value) != 10:
        raise RowUnfit("type")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise RowUnfit("type") from error


def _moment(value: object) -> datetime:
    if type(value) is not str or len(value) > 40:
        raise RowUnfit("type")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise RowUnfit("type")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise RowUnfit("type") from error


def _boolean(value: object) -> bool:
    if type(value) is not bool:
        raise RowUnfit("type")
    return value


READ: Mapping[ColumnType, Callable[[object], Value]] = {
    ColumnType.TEXT: _text,
    ColumnType.INTEGER: _integer,
    ColumnType.NUMBER: _number,
    ColumnType.DATE: _date,
    ColumnType.MOMENT: _moment,
    ColumnType.BOOLEAN: _boolean,
}


@dataclass(frozen=True)
class RowReader:
    """Reads rows of a data standard as a node gives them.

    Attributes:
        columns: those that are asked for.
        owners: column to code to region, of lists whose entries lie in a region: a gauge is not another region's (G26).
    """

    contract: Contract
    columns: tuple[str, ...]
    owners: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {c.name: c for c in self.contract.columns}
        steps = [
            (camel(name), READ[known[name].type], known[name].key and known[name].required) for name in self.columns
        ]
        place = {name: i for i, name in enumerate(self.columns)}
        region = self.contract.region_column
        object.__setattr__(self, "_steps", steps)
        object.__setattr__(self, "_region", place.get(region) if region is not None else None)
        object.__setattr__(self, "_owned", [(place[c], codes) for c, codes in self.owners.items() if c in place])

    def read(self, given: object, regions: frozenset[str]) -> Row:
        """The values of a row that may speak about these regions.

        Raises:
            RowUnfit: `type`, `region` or `key`, as what it is not taken for.
        """
        if type(given) is not dict:
            raise RowUnfit("type")
        values: list[Value | None] = []
        for name, read, sure in self._steps:  # type: ignore[attr-defined]  # made above
            value = given.get(name)
            if value is None:
                if sure:
                    raise RowUnfit("type")
                values.append(None)
            else:
                values.append(read(value))
        at = self._region  # type: ignore[attr-defined]  # made above
        if at is not None and values[at] not in regions:
            raise RowUnfit("region")
        for place, codes in self._owned:  # type: ignore[attr-defined]  # made above
            owner = codes.get(values[place])
            if owner is not None and owner not in regions:
                raise RowUnfit("key")
        return tuple(values)
