"""Rows of a data standard as a file: what an export's address asks, read as the graph reads it, and its pages.

`where` and `orderBy` are the inputs that the standard's field in the graph has, translated by the same code. An export
is all pages of one question one after another, so its rows are those that the graph pages through, in their order, and
no more than a page of them is in memory. HTTP is left to `hub/routes/export.py`, bytes to `core/rows_export.py`.
"""

import hashlib
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, graphql_sync
from sqlalchemy.orm import Session

from core import cursors
from core.contract import Contract
from core.duck import Stop
from core.messages import text
from core.naming import camel, pascal
from core.region import Regions
from core.rows import FALSE, PROVENANCE, TRUE, Filter, Lookup, Order, RowQuery
from core.rows_export import Format, file_name, writer
from gateway.building import lst, make
from gateway.context import Context
from gateway.errors import known
from gateway.export_errors import ExportInvalid, ExportTooLarge, ExportUnknown
from gateway.reading import AsOf, Question, Resolve, of_contract
from gateway.scalars import BigInt, config
from gateway.typed import build
from gateway.where import ordered, translate

#: Rows read at once: some ten megabytes of columns.
PAGE = 50_000
PARAMETERS = ("where", "columns", "orderBy", "asOf", "asOfSeq", "bom", "delimiter")
#: The steps of an order, and what is looked up for them.
Ordering = tuple[tuple[Order, ...], tuple[Lookup, ...]]
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", ",": ",", ";": ";"}


class Values:
    """Reads values of a field's inputs with GraphQL itself, so that they mean what they mean in the graph.

    Args:
        where, order: the types of the field's `where` and `orderBy`; `named` what both are called in GraphQL.
    """

    def __init__(self, where: Any, order: Any, named: tuple[str, str]) -> None:
        def asked(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
            info, *, where=None, order_by=None, as_of_seq=None, as_of=None
        ):
            info.context.update(where=where, order=order_by, moment=(as_of, as_of_seq))
            return True

        asked.__annotations__ = {
            "info": strawberry.Info,
            "where": where | None,
            "order_by": order | None,
            "as_of": datetime | None,
            "as_of_seq": BigInt | None,
            "return": bool,
        }
        query = make("Query", strawberry.type, {"asked": (bool, strawberry.field(resolver=asked))})
        self._schema = strawberry.Schema(query=query, config=config())._schema
        self._document = (
            f"query($where: {named[0]}, $orderBy: {named[1]}, $asOf: DateTime, $asOfSeq: BigInt) "
            "{ asked(where: $where, orderBy: $orderBy, asOf: $asOf, asOfSeq: $asOfSeq) }"
        )

    def read(self, variables: Mapping[str, Any]) -> tuple[Any, Any, AsOf]:
        """The inputs that values make, and the moment.

        Raises:
            QueryInvalid: they are none of the inputs' values.
            MomentAmbiguous: both moments are given.
        """
        found: dict[str, Any] = {}
        result = graphql_sync(self._schema, self._document, context_value=found, variable_values=dict(variables))
        for error in result.errors or ():
            assert isinstance(error, GraphQLError)
            raise known(error)
        as_of, as_of_seq = found["moment"]
        return found["where"], found["order"], Question(as_of=as_of, as_of_seq=as_of_seq).moment


class Inputs:
    """The inputs of one data standard's field, and what values of them mean."""

    def __init__(self, contract: Contract) -> None:
        typed, name = build(contract), pascal(contract.name)
        self.contract = contract
        self._fields = typed.fields
        self._values = Values(typed.where, lst(typed.order), (f"{name}Filter", f"[{name}Order!]"))

    def read(self, variables: Mapping[str, Any], regions: Regions) -> tuple[Filter, Ordering, AsOf]:
        """The filter, order and moment that values of the inputs mean; `FilterInvalid` where they mean none."""
        where, order, moment = self._values.read(variables)
        asked = TRUE if where is None else translate(where, self._fields, regions)
        return asked, ordered(order, self.contract.region_column, regions), moment

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """What a column may be called, to the column: as in the standard, as in the graph, or a fact of provenance."""
        own = [c.name for c in self.contract.columns]
        facts = {f"provenance.{camel(name.removeprefix('_'))}": name for name in PROVENANCE}
        return {camel(name): name for name in own} | {name: name for name in (*own, *PROVENANCE)} | facts


@dataclass(frozen=True, slots=True)
class Asked:
    """What an export's address asks for.

    Attributes:
        name: of the standard, or of what the rows of text are of; `version` of the standard.
        resolve: finds its rows, and what the asker may see of them.
        columns: None for all that there are.
        moment: of an earlier commit or time, else now.
    """

    name: str
    version: str
    resolve: Resolve
    form: Format
    columns: tuple[str, ...] | None
    where: Filter
    order: Ordering
    moment: AsOf
    bom: bool
    delimiter: str


def parsed(name: str, given: str) -> Any:
    """A parameter's JSON; `ExportInvalid` where it is none."""
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as error:
        raise ExportInvalid(parameter=name, expected=text("export.expected.json")) from error


def _order(given: str) -> Any:
    """`orderBy` as JSON, or in short as `DATE,-PRICE`."""
    if given.lstrip().startswith(("[", "{")):
        return parsed("orderBy", given)
    steps = [step.strip() for step in given.split(",") if step.strip()]
    return [{"column": s.removeprefix("-"), "direction": "DESC" if s.startswith("-") else "ASC"} for s in steps]


def read(inputs: Inputs, form: Format, given: Mapping[str, str], regions: Regions) -> Asked:
    """What an address's parameters ask of a standard.

    Raises:
        ExportInvalid: a parameter that is unknown or cannot be read.
        QueryInvalid, FilterInvalid, MomentAmbiguous: what no question to the graph may say either.
    """
    known_only(given, PARAMETERS)
    where, order, moment = inputs.read(variables(given, _order), regions)
    bom, delimiter = written(given)
    return Asked(
        name=inputs.contract.name,
        version=inputs.contract.version,
        resolve=of_contract(inputs.contract),
        form=form,
        columns=_columns(inputs, given.get("columns", "")),
        where=where,
        order=order,
        moment=moment,
        bom=bom,
        delimiter=delimiter,
    )


def known_only(given: Mapping[str, str], parameters: Collection[str]) -> None:
    """`ExportInvalid` where a parameter is none of those that there are."""
    unknown = next((name for name in given if name not in parameters), None)
    if unknown is not None:
        raise ExportInvalid(parameter=unknown, expected=", ".join(parameters))


def variables(given: Mapping[str, str], order: Callable[[str], Any]) -> dict[str, Any]:
    """What an address says of filter, order and moment, as a field's variables have it; `order` reads the order."""
    found: dict[str, Any] = {}
    if given.get("where"):
        found["where"] = parsed("where", given["where"])
    if given.get("orderBy"):
        found["orderBy"] = order(given["orderBy"])
    if given.get("asOf"):
        found["asOf"] = given["asOf"]
    if given.get("asOfSeq"):
        seq = given["asOfSeq"]
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 9):
            raise ExportInvalid(parameter="asOfSeq", expected=text("export.expected.number"))
        found["asOfSeq"] = int(seq)
    return found


def written(given: Mapping[str, str]) -> tuple[bool, str]:
    """How CSV is to be written: with the mark of UTF-8 or without, and what stands between cells."""
    delimiter = _DELIMITERS.get(given.get("delimiter") or "comma")
    if delimiter is None:
        raise ExportInvalid(parameter="delimiter", expected="comma, semicolon, tab")
    if given.get("bom", "0") not in ("0", "1", ""):
        raise ExportInvalid(parameter="bom", expected="0, 1")
    return given.get("bom") == "1", delimiter


def _columns(inputs: Inputs, given: str) -> tuple[str, ...]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        return tuple(c.name for c in inputs.contract.columns)
    unknown = next((name for name in names if name not in inputs.columns), None)
    if unknown is not None:
        listed = ", ".join(c.name for c in inputs.contract.columns)
        raise ExportInvalid(parameter="columns", expected=f"{listed}, {', '.join(PROVENANCE)}")
    return tuple(dict.fromkeys(inputs.columns[name] for name in names))


@dataclass(frozen=True)
class Export:
    """A file that can be written: its rows' query, resolved to a commit, and what writes them."""

    asked: Asked
    query: RowQuery

    @property
    def seq(self) -> int:
        """The commit that it shows."""
        return self.query.relation.seq

    @property
    def name(self) -> str:
        """The file's name: what it is of, and the commit."""
        return file_name((self.asked.name, str(self.seq)), self.asked.form)

    @property
    def etag(self) -> str | None:
        """What names these bytes: commit, question and what the asker sees; None where rows are not committed yet."""
        if self.query.relation.uncommitted:
            return None
        query, asked = self.query, self.asked
        parts = (
            asked.name, asked.version, asked.form.value, asked.bom, asked.delimiter, self.seq,
            query.columns, query.where, query.order, sorted(query.scope.columns), query.scope.predicate,
            query.relation.moved, query.looked,
        )  # fmt: skip
        return f'"{hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'

    async def count(self, context: Context) -> int:
        """How many rows it has.

        Raises:
            ExportTooLarge: more than an export may have.
        """
        rows = await context.duck(lambda duck, left: duck.count(self.query, deadline=left))
        largest = context.services.settings.export_rows_max
        if rows > largest:
            raise ExportTooLarge(rows=rows, largest=largest, contract=self.asked.name)
        return rows

    async def pieces(self, context: Context, *, page: int = PAGE) -> AsyncGenerator[bytes, None]:
        """The file's bytes, a page of rows at a time; when nobody takes them any more, the running query is ended.

        Raises:
            QueryTimeout, QueryBusy, QueryTooLarge: it could not be read in time or space.
        """
        types = {name: self.query.types[name] for name in self.query.columns}
        out = writer(self.asked.form, types, bom=self.asked.bom, delimiter=self.asked.delimiter)
        query: RowQuery | None = replace(self.query, first=page)
        stop = Stop()

        def made(of: RowQuery, left: float) -> tuple[bytes, RowQuery | None]:
            sheet = context.services.duck.sheet(of, deadline=left, stop=stop)
            piece = out.page(sheet.table)
            if not sheet.has_next:
                return piece + out.end(), None
            return piece, replace(of, after=cursors.encode(of, sheet.place(len(sheet.table) - 1)))

        try:
            while query is not None:
                piece, query = await context.offload.duck(context.deadline, partial(made, query))
                if piece:
                    yield piece
        finally:
            stop.ask()


async def prepared(context: Context, asked: Asked) -> Export:
    """The export that was asked for, at its commit and in the asker's scope; nothing of its rows has been read.

    Raises:
        ExportUnknown: there is nothing in it that the asker may see, which is told like a table that is not there.
        ColumnUnknown, FilterInvalid, AsOfUnknown: what cannot be asked.
    """

    def made(session: Session) -> RowQuery | None:
        found = asked.resolve(session, context, asked.moment)
        if found is None or found[1].predicate == FALSE:
            return None
        relation, scope = found
        columns = tuple(name for name, _ in relation.columns) if asked.columns is None else asked.columns
        return RowQuery(
            relation=relation, columns=columns, scope=scope, where=asked.where, order=asked.order[0], first=PAGE,
            looked=asked.order[1],
        )  # fmt: skip

    query = await context.sql(made)
    if query is None:
        raise ExportUnknown(name=f"{asked.name}.{asked.form.value}")
    return Export(asked, query)
