"""The field `diff` of a contract's rows: what was added, changed and removed between two commits, by key.

The core's `DiffQuery` says what may be asked; a column outside the actor's scope is never what changed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from sqlalchemy.orm import Session
from strawberry.types.private import StrawberryPrivate

from catalog.relations import Onward
from core import cursors
from core.contract import Contract
from core.rows import PROVENANCE, RowQuery, Value
from core.rows_diff import Change, DiffPage, DiffQuery, Kind, compile_diff, compile_totals, page
from core.rows_errors import FilterInvalid, PageInvalid
from gateway.building import lst, make
from gateway.context import Context, Info
from gateway.pages import PageInfo
from gateway.reading import AsOf, of_contract
from gateway.scalars import BigInt

strawberry.enum(Kind, name="ChangeKind", description="Jenis perubahan of a row: what became of its key.")


@strawberry.type(description="Jumlah perubahan: how many keys of each kind, on all pages.")
class ChangeTotals:
    """The changes counted by kind."""

    added: BigInt
    changed: BigInt
    removed: BigInt


def _point(name: str, moment: datetime | None, seq: int | None) -> AsOf:
    if moment is not None and seq is not None:
        raise FilterInvalid(relation="-", column="-", op="diff", expected=f"{name} | {name}Seq")
    return moment if moment is not None else seq


async def _question(
    context: Context, contract: Contract, rows: RowQuery, *, begin: AsOf, end: AsOf, asked: Mapping[str, Any]
) -> DiffQuery:
    """The query value; both commits are those of the cursor where there is one."""
    cursor = asked["cursor"]
    if cursor is not None:
        begin, seq = cursors.seqs_of(cursor, 2)
        end = Onward(seq) if rows.relation.uncommitted and end is None else seq
    resolve = of_contract(contract)

    def look(session: Session) -> DiffQuery:
        before = resolve(session, context, begin)
        after = (rows.relation, rows.scope) if end is None else resolve(session, context, end)
        assert before is not None  # a contract's relation is there even where it is empty
        assert after is not None
        return DiffQuery(before=before[0], after=after[0], scope=rows.scope, where=rows.where, **asked)

    return await context.sql(look)


async def _page(context: Context, query: DiffQuery) -> DiffPage:
    compiled = compile_diff(query)
    return await context.duck(lambda duck, left: page(query, duck.select(compiled.sql, compiled.params, deadline=left)))


async def _totals(context: Context, query: DiffQuery) -> ChangeTotals:
    compiled = compile_totals(query)
    [(_, *counts)] = await context.duck(lambda duck, left: duck.select(compiled.sql, compiled.params, deadline=left))
    return ChangeTotals(**{kind.value: BigInt(int(str(n))) for kind, n in zip(Kind, counts, strict=True)})


def _found(query: DiffQuery, found: DiffPage) -> PageInfo:
    ends = [query.cursor_of(one.place) for one in (*found.changes[:1], *found.changes[-1:])]
    return PageInfo(
        has_next_page=found.has_next,
        has_previous_page=query.cursor is not None,
        start_cursor=ends[0] if ends else None,
        end_cursor=ends[-1] if ends else None,
    )


def _types(name: str, row: Any, columns: Any) -> tuple[Any, Any]:
    """The types of one change and of a page of them."""
    change = make(
        f"{name}Change",
        lambda cls: strawberry.type(cls, description="Perubahan of one key: its row before and after."),
        {
            "kind": (Kind, None),
            "columns": (lst(columns), strawberry.field(description="Kolom that differ, of a changed row.")),
            "before": (row | None, strawberry.field(description="The row before; null where it was added.")),
            "after": (row | None, strawberry.field(description="The row after; null where it was removed.")),
        },
    )

    async def totals(self: Any, info: Info) -> ChangeTotals:
        return await _totals(info.context, self.query)

    def from_seq(self: Any) -> BigInt:
        return BigInt(self.query.before.seq)

    def to_seq(self: Any) -> BigInt:
        return BigInt(self.query.after.seq)

    resolvers: dict[str, tuple[Any, Any, str]] = {
        "totals": (ChangeTotals, totals, "How many there are on all pages; counted only when asked for."),
        "from_seq": (BigInt, from_seq, "The commit that is compared with."),
        "to_seq": (BigInt, to_seq, "The commit that is compared."),
    }
    fields: dict[str, tuple[Any, Any]] = {"nodes": (lst(change), None), "page_info": (PageInfo, None)}
    fields |= {
        key: (kind, strawberry.field(resolver=resolver, description=text))
        for key, (kind, resolver, text) in resolvers.items()
    }
    fields["query"] = (Annotated[DiffQuery, StrawberryPrivate()], None)
    words = "Halaman perubahan, in the order of resources and keys."
    return change, make(f"{name}Changes", lambda cls: strawberry.type(cls, description=words), fields)


def diff_field(contract: Contract, name: str, row: Any, columns: Any, attributes: Mapping[str, str]) -> tuple[Any, Any]:
    """The field's annotation and itself, for a connection whose `answer` has the query of its rows.

    Args:
        row: the type of a row, `attributes` its fields that are columns.
        columns: the enum of columns.
    """
    change, answer = _types(name, row, columns)

    def made(values: Mapping[str, Value | None] | None) -> Any:
        if values is None:
            return None
        cells = {attribute: values.get(column) for attribute, column in attributes.items()}
        return row(**cells, lumbung_facts=tuple(values[fact] for fact in PROVENANCE))

    def changed(one: Change) -> Any:
        differing = [columns(column) for column in one.columns]
        return change(kind=one.kind, columns=differing, before=made(one.before), after=made(one.after))

    async def diff(  # type: ignore[no-untyped-def]  # annotated below, with types made at run time
        self, info, *, from_=None, from_seq=None, to=None, to_seq=None, kinds=None, first=100, after=None
    ):
        context: Context = info.context
        largest = context.services.settings.page_max
        if not 1 <= first <= largest:
            raise PageInvalid(relation=contract.name, first=first, largest=largest)
        begin, end = _point("from", from_, from_seq), _point("to", to, to_seq)
        if begin is None:
            raise FilterInvalid(relation=contract.name, column="-", op="diff", expected="from | fromSeq")
        asked = {"kinds": frozenset(Kind if kinds is None else kinds), "first": first, "cursor": after}
        query = await _question(context, contract, self.answer.query, begin=begin, end=end, asked=asked)
        found = await _page(context, query)
        return answer(nodes=[changed(one) for one in found.changes], page_info=_found(query, found), query=query)

    diff.__annotations__ = {
        "info": Info,
        "from_": Annotated[datetime | None, strawberry.argument(name="from")],
        "from_seq": BigInt | None,
        "to": datetime | None,
        "to_seq": BigInt | None,
        "kinds": lst(Kind) | None,
        "first": int,
        "after": str | None,
        "return": answer,
    }
    text = (
        "What became of the rows since `from` or `fromSeq`, by key, until `to`, `toSeq` or else the page's own commit."
    )
    return answer, strawberry.field(resolver=diff, description=text)
