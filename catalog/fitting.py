"""Which standard a file without one was found to fit, noted for its bytes: what is unchanged is not read again.

A note is derived: without it the file is looked at once more. How it is looked at is `quality/harmonise`'s matter, and
what it was looked at with is in the note's `key`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Float, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from catalog.writing import batched
from core.db import Base


class FitNote(Base):
    """What the look at one resource's bytes found; `standard` is null where they fit none.

    Attributes:
        key: a digest of the bytes and of everything that they were looked at with.
        questions: how many answers of a person the mapping still needs.
    """

    __tablename__ = "fit_note"

    resource_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    standard: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float] = mapped_column(Float)
    questions: Mapped[int]


@dataclass(frozen=True, slots=True)
class Fit:
    """What a look found."""

    resource: str
    key: str
    standard: str | None
    confidence: float = 0.0
    questions: int = 0


def known(session: Session) -> dict[str, Fit]:
    """Every note, by resource."""
    return {
        n.resource_id: Fit(n.resource_id, n.key, n.standard, n.confidence, n.questions)
        for n in session.scalars(select(FitNote))
    }


def keep(session: Session, fits: Iterable[Fit]) -> None:
    """Write notes in place of earlier ones of the same resources, in the caller's transaction."""
    for some in batched(fits, 500):
        session.execute(delete(FitNote).where(FitNote.resource_id.in_([fit.resource for fit in some])))
        session.add_all(
            FitNote(
                resource_id=f.resource, key=f.key, standard=f.standard, confidence=f.confidence, questions=f.questions
            )
            for f in some
        )  # fmt: skip
