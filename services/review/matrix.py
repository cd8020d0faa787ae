"""The matrix of what is due: each member's listed datasets over the newest periods of their schedules.

What is owed, and since when, is `services/review/owed.py`'s matter; how a period stands `services/review/periods.py`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from quality.report.model import MatrixRow
from quality.score import Cell, Measure
from services.granary import Granary
from services.review.owed import Owed
from services.review.periods import periods
from services.review.records import Ledger

#: So many periods of each dataset are shown.
MOST = 12
_EVER = datetime(1900, 1, 1, tzinfo=UTC)
#: What was due and did come, and what was due and did not.
_CAME, _DID_NOT = (Cell.ON_TIME, Cell.LATE), (Cell.HELD, Cell.MISSING)


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """One row of the matrix; `listed` is false where no data list names it and its standard's schedule stands in."""

    row: MatrixRow
    listed: bool


def matrix(
    granary: Granary, session: Session, *, now: datetime, member: str | None = None, most: int = MOST
) -> tuple[MatrixLine, ...]:
    """Every dataset that is owed by schedule at `now`, or comes beside its member's list, by member and title.

    A dataset beside the list is NOT_LISTED in every period that ended since it is known. What ended before the
    catalogue (or, unlisted, the dataset) was there is NOT_DUE.
    """
    ledger = Ledger.read(granary, session, [now], member=member)
    lines = (MatrixLine(_row(ledger, one, now, most), one.listed) for one in ledger.owed(now) if _shown(one))
    return tuple(sorted(lines, key=lambda line: (line.row.member, line.row.title, line.row.dataset)))


def _shown(one: Owed) -> bool:
    return one.listed or one.release is not None


def _row(ledger: Ledger, one: Owed, now: datetime, most: int) -> MatrixRow:
    cells: list[tuple[str, Cell]] = []
    if one.release is not None:
        for due in periods(one.release, ledger.zone, since=_EVER, now=now, most=most):
            if due.ends <= one.since:
                cell = Cell.NOT_DUE
            elif not one.counts:
                cell = Cell.NOT_LISTED
            else:
                cell = due.cell(one.came.accepted, one.came.held, now)
            cells.append((due.name, cell))
    return MatrixRow(
        member=one.member,
        dataset=one.id,
        title=one.title,
        contract=one.contract,
        producer=one.producer,
        priority=one.priority,
        every=one.release.every.value if one.release is not None else None,
        cells=tuple(reversed(cells)),
    )


def complete(lines: Iterable[MatrixLine]) -> Measure | None:
    """How much of what was due has come, late or not; None where nothing was due."""
    cells = [cell for line in lines for _, cell in line.row.cells]
    came, owing = (sum(cell in some for cell in cells) for some in (_CAME, _DID_NOT))
    return Measure(came, came + owing) if came + owing else None
