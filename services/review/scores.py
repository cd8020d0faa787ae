"""Scores as doors give them: of the subjects that were asked for, counted over what the actor may know of.

Scores are seen by members. Who sees the whole province's data sees the sums over all of it; anybody else sees what can
be added up from datasets that they may know of, so that no sum tells of one that they may not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Dataset
from catalog.query import visible
from core.access import Actor, sees
from core.contract import Classification
from quality.score import Level, Scorecard, Week
from services.review.known import Known
from services.review.measure import Part, series


class Subject(NamedTuple):
    """What is asked: a dataset's or a member's scores of some weeks up to and with one; `member` is whose it is."""

    level: Level
    id: str
    member: str
    week: Week
    weeks: int


def level_scores(
    home: Known, session: Session, actor: Actor, level: Level, week: Week, *, now: datetime, member: str | None = None
) -> list[Scorecard]:
    """The scorecards of every subject at a level in one week, by id; of one member's or of all."""
    if not actor.is_member:
        return []
    seen = _seen(session, actor)

    def keep(parts: Iterable[Part], level: Level) -> Iterator[Part]:
        return (part for part in parts if seen(part, level))

    found = series(home, session, week, now=now, levels=[level], member=member, weeks=1, keep=keep)
    return [card for one in found for card in one.cards if card is not None]


def subject_scores(
    home: Known, session: Session, actor: Actor, subjects: Sequence[Subject], *, now: datetime
) -> dict[Subject, list[Scorecard]]:
    """The scorecards of some subjects, the oldest week first; a week in which nothing was known of one is left out."""
    if not actor.is_member:
        return {}
    seen = _seen(session, actor)
    together: dict[tuple[Week, int], list[Subject]] = defaultdict(list)
    for subject in subjects:
        together[subject.week, subject.weeks].append(subject)
    out: dict[Subject, list[Scorecard]] = {}
    for (week, weeks), asked in together.items():
        wanted = {(one.level, one.id): one for one in asked}
        members = {one.member for one in asked}

        def keep(
            parts: Iterable[Part], level: Level, wanted: dict[tuple[Level, str], Subject] = wanted
        ) -> Iterator[Part]:
            return (p for p in parts if (level, p.subject(level, "")) in wanted and seen(p, level))

        found = series(
            home, session, week, now=now, levels=sorted({one.level for one in asked}),
            member=members.pop() if len(members) == 1 else None, weeks=weeks, keep=keep,
        )  # fmt: skip
        for one in found:
            out[wanted[Level(one.level), one.id]] = [card for card in one.cards if card is not None]
    return out


def _seen(session: Session, actor: Actor) -> Callable[[Part, Level], bool]:
    """Whether a dataset counts, for this actor, at a level."""
    everywhere = sees(actor, Classification.LIMITED, own=False)
    known = frozenset(session.scalars(select(Dataset.id).where(visible(actor))))

    def seen(part: Part, level: Level) -> bool:
        if everywhere and level is not Level.DATASET:
            return True
        if part.source:
            return part.dataset in known
        return everywhere or part.member == actor.member  # a line of a data list for which nothing has come

    return seen
