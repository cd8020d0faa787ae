"""Asks row queries for the graph: resolves the commit, runs the page off the loop, keeps what its answer needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from catalog import current_pages, relations
from catalog.row_files import Standard
from core import cursors
from core.access import Scope, scope
from core.contract import Contract
from core.rows import TRUE, Filter, Lookup, Order, Page, Relation, RowQuery, Value
from core.rows_errors import PageInvalid
from gateway.context import Context
from gateway.errors import MomentAmbiguous
from gateway.page_errors import PageAmbiguous
from gateway.pages import PageInfo

AsOf = int | datetime | None
#: Finds the relation as of a commit, a moment, or now, and what the actor may see of it; None where that is nothing.
Resolve = Callable[[Session, Context, AsOf], "tuple[Relation, Scope] | None"]


#: Rows of a page of which neither `first` nor `last` is said.
PAGE = 100
#: The arguments of a connection that say which page of it is asked for.
PAGING: Mapping[str, Any] = {"first": int | None, "after": str | None, "last": int | None, "before": str | None}


@dataclass(frozen=True, slots=True)
class Question:
    """What a list field was asked; without `columns` all of the relation's, then the source row's number."""

    columns: tuple[str, ...] | None = None
    where: Filter = TRUE
    order: tuple[Order, ...] = ()
    looked: tuple[Lookup, ...] = ()
    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    as_of: datetime | None = None
    as_of_seq: int | None = None

    @property
    def size(self) -> int:
        """Rows a page."""
        if self.last is not None:
            if self.first is not None:
                raise PageAmbiguous
            return self.last
        return PAGE if self.first is None else self.first

    @property
    def moment(self) -> AsOf:
        """The commit or moment asked for; a cursor goes on at the commit it was given out at."""
        if self.as_of is not None and self.as_of_seq is not None:
            raise MomentAmbiguous
        cursor = self.before if self.after is None else self.after
        if cursor is not None:
            seq = cursors.seq_of(cursor)
            return relations.Onward(seq) if self.as_of is None and self.as_of_seq is None else seq
        return self.as_of if self.as_of is not None else self.as_of_seq


@dataclass(frozen=True)
class Answer:
    """A page that was read, and the question it answers."""

    query: RowQuery
    page: Page
    standard: Standard | None = None  # whose current rows may also be counted in their SQL table

    @property
    def rows(self) -> tuple[tuple[Value | None, ...], ...]:
        """The values, in the order of the question's columns."""
        return self.page.rows

    @property
    def seq(self) -> int:
        """The commit that the page shows."""
        return self.query.relation.seq

    @cached_property
    def cursors(self) -> list[str]:
        """The cursor of each row."""
        return [*map(cursors.encoder(self.query), self.page.places)]

    @property
    def page_info(self) -> PageInfo:
        """Whether more follows, and the ends."""
        places = self.page.places
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=cursors.encode(self.query, places[0]) if places else None,
            end_cursor=cursors.encode(self.query, places[-1]) if places else None,
        )

    async def count(self, context: Context) -> int:
        """How many rows match on all pages."""
        standard = self.standard
        if standard is not None:
            counted = await context.sql(lambda session: current_pages.count(session, standard, self.query))
            if counted is not None:
                return counted
        return await context.duck(lambda duck, left: duck.count(self.query, deadline=left))


def of_contract(contract: Contract) -> Resolve:
    """The rows of a contract."""

    def resolve(session: Session, context: Context, as_of: AsOf) -> tuple[Relation, Scope]:
        found = relations.relation(session, context.services.store, contract, as_of, actor=context.actor)
        return found, scope(context.actor, contract)

    return resolve


def row_query(
    context: Context, resolve: Resolve, question: Question, columns: tuple[str, ...] | None
) -> Callable[[Session], RowQuery | None]:
    """What makes a question's query within a session, once its form was looked at; None where there is nothing."""
    largest = context.services.settings.page_max
    size = question.size
    if not 1 <= size <= largest:
        raise PageInvalid(relation="-", first=size, largest=largest)
    moment = question.moment

    def made(session: Session) -> RowQuery | None:
        found = resolve(session, context, moment)
        if found is None:
            return None
        relation, visible = found
        return RowQuery(
            relation=relation,
            columns=(*(name for name, _ in relation.columns), "_row") if columns is None else columns,
            scope=visible,
            where=question.where,
            order=question.order,
            looked=question.looked,
            first=size,
            after=question.after,
            before=question.before,
            backwards=question.last is not None,
        )

    return made


async def answer(
    context: Context, resolve: Resolve, question: Question, *, standard: Standard | None = None, paged: bool = True
) -> Answer | None:
    """The page of a question; None where there is nothing that the actor may ask.

    Args:
        standard: the contract that the rows follow; small pages of its current rows come from their SQL table.
        paged: whether rows are asked for at all; else the page is empty.

    Raises:
        PageInvalid, PageAmbiguous, MomentAmbiguous, CursorInvalid, ColumnUnknown, FilterInvalid: what cannot be asked.
        AsOfUnknown: the commit has not happened yet.
        QueryTimeout, QueryBusy, QueryTooLarge: it could not be answered in time or space.
    """
    asked = row_query(context, resolve, question, question.columns)

    def look(session: Session) -> tuple[RowQuery, Page | None] | None:
        query = asked(session)
        if query is None:
            return None
        if not paged:
            return query, Page((), (), False)
        return query, None if standard is None else current_pages.page(session, standard, query)

    found = await context.sql(look)
    if found is None:
        return None
    query, page = found
    if page is None:
        page = await context.duck(lambda duck, left: duck.page(query, deadline=left))
    return Answer(query, page, standard)
