"""Columns that cannot be decided from their cells: what is asked, and what was answered before.

An open question is nothing that is stored: it is the newest check of a held delivery saying `COLUMN_STYLE_UNDECIDED`
about a column for which its source has no other answer since. An answer is a closed review item of the source. What a
style means, and when one is needed, is `core/styles.py`; taking the held delivery in again is `services/intake`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from catalog.errors import AnswerInvalid, QuestionUnknown
from catalog.models import CheckRecord, Dataset, DatasetState, Resource, ReviewItem
from catalog.query import owned
from catalog.writing import writing
from core import audit
from core.access import SYSTEM, Actor
from core.ids import new_id
from core.verdict import Verdict

HOLD = "COLUMN_STYLE_UNDECIDED"
KIND = "column_style"
_PREFIX = 6  # so many letters of an id name a resource, as they name a dataset


@dataclass(frozen=True, slots=True)
class Question:
    """One column of a held delivery whose style a person must state.

    Attributes:
        column: the contract's name of it; `title` is what people call it.
        examples: cells as they stand in the file; `choices` are the styles to choose from.
        remembered: the style that its cells contradict, or None where none was known.
    """

    resource: str
    resource_name: str
    dataset: str
    dataset_title: str
    member: str
    source: str
    contract: str
    column: str
    title: str
    examples: str
    choices: tuple[str, ...]
    remembered: str | None
    asked_at: datetime


#: What was answered about one source: contract to column to style.
Answers = Mapping[str, Mapping[str, str]]


def answers(session: Session, source: str) -> Answers:
    """What people have answered about the columns of a source; the newest answer holds.

    What the cells of one file showed is that file's own memory (`Resource.decided`) and never speaks for another: a
    portal carries many offices, and each has its own habit.
    """
    out: dict[str, dict[str, str]] = {}
    given = select(ReviewItem).where(
        ReviewItem.source == source, ReviewItem.kind == KIND, ReviewItem.decided_at.is_not(None)
    )
    for item in session.scalars(given.order_by(ReviewItem.decided_at, ReviewItem.id)):
        out.setdefault(item.values["contract"], {})[item.values["column"]] = str(item.decision)
    return out


def styles(known: Answers, contract: str, own: Mapping[str, str]) -> dict[str, str]:
    """The styles known for one resource: its own, and for other columns what was answered about its source."""
    return {**known.get(contract, {}), **own}


def asked(session: Session, *, source: str | None = None, actor: Actor = SYSTEM) -> list[Question]:
    """Every undecided column of the newest deliveries, oldest first, answered since or not."""
    held = select(Resource.id).join(Dataset).where(Resource.last_verdict == Verdict.HELD.value)
    if source is not None:
        held = held.where(Dataset.source == source)
    newest = (
        select(CheckRecord.resource_id, func.max(CheckRecord.at).label("at"))
        .where(CheckRecord.table == "", CheckRecord.resource_id.in_(held))
        .group_by(CheckRecord.resource_id)
        .subquery()
    )
    query = (
        select(CheckRecord, Resource, Dataset)
        .join(newest, (newest.c.resource_id == CheckRecord.resource_id) & (newest.c.at == CheckRecord.at))
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(CheckRecord.table == "", owned(actor, Dataset.member))
        .where(Dataset.state != DatasetState.WITHDRAWN.value, Resource.state != DatasetState.WITHDRAWN.value)
        .order_by(CheckRecord.at, CheckRecord.id)
    )
    return [
        Question(
            resource=resource.id,
            resource_name=resource.name,
            dataset=dataset.id,
            dataset_title=dataset.title,
            member=dataset.member,
            source=dataset.source,
            contract=check.contract or "",
            column=hold["values"]["column"],
            title=hold["values"]["title"],
            examples=hold["values"]["examples"],
            choices=tuple(hold["values"]["choices"].split(", ")),
            remembered=None if hold["values"]["remembered"] == "-" else hold["values"]["remembered"],
            asked_at=check.at,
        )
        for check, resource, dataset in session.execute(query)
        for hold in check.holds
        if hold["code"] == HOLD
    ]


def open_questions(session: Session, *, source: str | None = None, actor: Actor = SYSTEM) -> list[Question]:
    """The questions that nothing answers yet, oldest first; for their member and for those who see every region."""
    questions = asked(session, source=source, actor=actor)
    own = _own(session, questions)
    known = {source: answers(session, source) for source in {q.source for q in questions}}
    return [q for q in questions if not _settled(q, styles(known[q.source], q.contract, own[q.resource]))]


def answered(session: Session, source: str, known: Answers) -> frozenset[str]:
    """The held resources of a source all of whose questions have an answer now that they did not have then."""
    questions = asked(session, source=source)
    own = _own(session, questions)
    waiting = {q.resource for q in questions if not _settled(q, styles(known, q.contract, own[q.resource]))}
    return frozenset(q.resource for q in questions) - waiting


def _settled(question: Question, known: Mapping[str, str]) -> bool:
    return known.get(question.column) not in (None, question.remembered)


def _own(session: Session, questions: Iterable[Question]) -> dict[str, dict[str, str]]:
    query = select(Resource.id, Resource.decided).where(Resource.id.in_({q.resource for q in questions}))
    return {id_: {str(k): str(v) for k, v in decided.items()} for id_, decided in session.execute(query)}


def answer(
    sessions: sessionmaker[Session],
    resource: str,
    column: str,
    style: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[Question, ...]:
    """State how a column is written: for this source and standard, until somebody answers otherwise.

    Args:
        resource: its id, or the beginning of it.
        column: by the contract's name, or by what people call it.
        style: one of the question's choices.

    Returns:
        The questions that this answers: the one named, and those of the source's other files about the same column.

    Raises:
        QuestionUnknown: nothing of this is asked, or the actor may not see it; AnswerInvalid: not one of the choices.
    """
    with writing(sessions) as session:
        questions = open_questions(session, actor=actor)
        found = [
            q
            for q in questions
            if column.casefold() in (q.column.casefold(), q.title.casefold())
            and (q.resource == resource or (len(resource) >= _PREFIX and q.resource.startswith(resource)))
        ]
        if len(found) != 1:
            raise QuestionUnknown(resource=resource, column=column)
        one = found[0]
        if style not in one.choices:
            raise AnswerInvalid(answer=style, column=one.column, choices=", ".join(one.choices))
        same = [q for q in questions if (q.source, q.contract, q.column) == (one.source, one.contract, one.column)]
        for row in session.scalars(select(Resource).where(Resource.id.in_([q.resource for q in same]))):
            row.decided = {**row.decided, one.column: style}
        values = {
            "resource": one.resource, "contract": one.contract, "column": one.column, "style": style,
            "examples": one.examples, "reason": reason, "resources": len(same),
        }  # fmt: skip
        session.add(
            ReviewItem(
                id=new_id(), kind=KIND, source=one.source, member=one.member, dataset_id=one.dataset, values=values,
                opened_at=one.asked_at, decided_at=now, decided_by=actor.id, decision=style,
            )
        )  # fmt: skip
        audit.record(session, actor, "column_style.decided", one.resource, {**values, "source": one.source}, now=now)
    return tuple(same)
