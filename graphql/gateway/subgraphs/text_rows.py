"""Rows of datasets that no data standard describes yet: as text, column by column, for those who may see them."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy.orm import Session

from catalog import query, relations
from core.access import Scope, scope_text
from core.contract import Classification, ColumnType
from core.rows import Order, Relation, all_of
from gateway.building import field_of
from gateway.context import Context, Info
from gateway.pages import PageInfo
from gateway.reading import Answer, AsOf, Question, Resolve, answer
from gateway.scalars import BigInt
from gateway.where import COMPARISONS, compared

catalog = field_of("catalog")
TextFilter: Any = COMPARISONS[ColumnType.TEXT]


@strawberry.input(description="Saringan of one column; several must all hold.")
class TextCondition:
    """One column's comparisons."""

    column: str
    where: TextFilter


@strawberry.input(description="Urutan by one column, as text.")
class TextOrder:
    """One step of an ordering."""

    column: str
    descending: bool = False


@strawberry.type(description="Baris teks: a table as it stood in the file; numbers and dates are not interpreted.")
class TextRows:
    """A page of text rows."""

    answer: strawberry.Private[Answer]

    @catalog("Kepala tabel: the columns, in order.")
    def columns(self) -> list[str]:
        """The header."""
        return list(self.answer.query.columns[:-1])

    @catalog("The cells of each row, in the order of the columns.")
    def rows(self) -> list[list[str | None]]:
        """The cells."""
        return [[None if v is None else str(v) for v in row[:-1]] for row in self.answer.rows]

    @catalog("Nomor baris of each row in its source file.")
    def row_numbers(self) -> list[BigInt | None]:
        """The row numbers."""
        return [None if row[-1] is None else BigInt(int(str(row[-1]))) for row in self.answer.rows]

    @catalog()
    def page_info(self) -> PageInfo:
        """Whether more follows."""
        return self.answer.page_info

    @catalog("How many rows match on all pages; counted only when asked for.")
    async def total_count(self, info: Info) -> BigInt:
        """The number of rows."""
        return BigInt(await self.answer.count(info.context))

    @catalog("The commit that this page shows; give it as asOfSeq to ask for the same again.")
    def seq(self) -> BigInt:
        """The commit."""
        return BigInt(self.answer.seq)


def resolve_text(dataset: str | None, resource: str | None, table: str | None) -> Resolve:
    """The text rows of a dataset, or of one resource or table of it, if the actor may know of it."""

    def resolve(session: Session, context: Context, as_of: AsOf) -> tuple[Relation, Scope] | None:
        actor, id_ = context.actor, dataset
        if resource is not None:
            found = query.resources_by_id(session, actor, [resource]).get(resource)
            if found is None or (dataset is not None and found.dataset_id != dataset):
                return None
            id_ = found.dataset_id
        owner = query.datasets_by_id(session, actor, [id_ or ""]).get(id_ or "")
        if owner is None:
            return None
        relation = relations.text_relation(
            session,
            context.services.store,
            dataset_id=owner.id if resource is None else None,
            resource_id=resource,
            table=table,
            as_of=as_of,
        )
        names = [name for name, _ in relation.columns]
        return relation, scope_text(actor, Classification(owner.classification), owner.member, names)

    return resolve


@strawberry.type
class TextRowsQuery:
    """Root field of text rows."""

    @catalog(
        "Baris teks of a dataset, resource or table that is not mapped to a data standard; absent and closed are null."
    )
    async def rows(
        self,
        info: Info,
        *,
        dataset: strawberry.ID | None = None,
        resource: strawberry.ID | None = None,
        table: str | None = None,
        where: list[TextCondition] | None = None,
        order_by: list[TextOrder] | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        as_of: datetime | None = None,
        as_of_seq: BigInt | None = None,
    ) -> TextRows | None:
        """Text rows."""
        question = Question(
            where=all_of(compared(c.column, c.where) for c in where or ()),
            order=tuple(Order(o.column, o.descending) for o in order_by or ()),
            first=first,
            last=last,
            after=after,
            before=before,
            as_of=as_of,
            as_of_seq=as_of_seq,
        )
        answered = await answer(info.context, resolve_text(dataset, resource, table), question)
        return None if answered is None else TextRows(answer=answered)
