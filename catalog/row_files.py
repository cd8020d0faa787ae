"""Which files hold a contract's rows at a commit: the manifest over `catalog/models.RowFile` (docs/adr/0006).

Making them is left to `catalog/snapshots.py` (one a commit) and `catalog/compaction.py` (segments).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from catalog.models import RowFile
from catalog.packing import Span, Written, clock_column, layout
from catalog.store import SnapshotStore, Stored
from catalog.tables import Shape
from core.contract import ColumnType
from core.ids import new_id
from core.rows import Packed, Value

COMMIT, LIVE, HISTORY = "commit", "live", "history"
Standard = tuple[str, int]  # a contract's name and major version


@dataclass(frozen=True, slots=True)
class Active:
    """One file that readers at a commit take."""

    sha256: str
    base: int
    closings: int
    wholes: int
    layout: Mapping[str, Any]
    time_min: str | None
    time_max: str | None
    last_seq: int | None = None
    part: str | None = None

    def reaches(self, span: Span) -> bool:
        """Whether a comparison over some times needs the file."""
        if span.first is None or span.last is None or self.time_min is None or self.time_max is None or self.wholes:
            return True
        return self.time_max >= span.first and self.time_min <= span.last


def active(session: Session, standard: Standard, seq: int) -> list[Active]:
    """The files to read for a contract's rows at a commit, in the order of commits."""
    return _needed(session, standard, seq, RowFile.superseded_by.is_(None))


def commits(session: Session, standard: Standard, seq: int) -> list[Active]:
    """The same rows as `active` gives, from the files that commits wrote alone."""
    return _needed(session, standard, seq, RowFile.part == COMMIT)


def _needed(session: Session, standard: Standard, seq: int, which: ColumnElement[bool]) -> list[Active]:
    query = select(
        RowFile.sha256, RowFile.base, RowFile.closings, RowFile.wholes, RowFile.layout, RowFile.time_min,
        RowFile.time_max, RowFile.last_seq, RowFile.part,
    ).where(
        RowFile.contract == standard[0],
        RowFile.major == standard[1],
        which,
        RowFile.first_seq <= seq,
        or_(RowFile.dead_seq.is_(None), RowFile.dead_seq > seq),
    )  # fmt: skip
    return [Active(*row) for row in session.execute(query.order_by(RowFile.first_seq, RowFile.part, RowFile.sha256))]


def packed(store: SnapshotStore, files: Iterable[Active], shape: Shape, *, single: bool = False) -> tuple[Packed, ...]:
    """The files as a row query takes them, each verified once a process.

    Args:
        single: no resource has two tables of the contract, so that segments, which go table by table, go by key.

    Raises:
        SnapshotMissing, SnapshotDamaged.
    """
    wanted = {name for name, _ in shape.columns}
    return tuple(
        Packed(
            store.verify(f.sha256),
            f.base,
            f.closings,
            f.wholes,
            complete=wanted <= {str(name) for name, _ in f.layout["columns"]},
            last=f.last_seq,
            ends=f.part in (None, HISTORY),
            times=_times(f, shape),
            sorted=single and f.part in (LIVE, HISTORY) and f.layout["key"] == list(shape.key),
        )
        for f in files
    )


def _times(file: Active, shape: Shape) -> tuple[str, Value, Value] | None:
    """The span of a file's times where what ends a row has the row's own time: where the time is part of the key."""
    time = clock_column(shape)
    if time is None or time not in shape.key or file.wholes or file.time_min is None or file.time_max is None:
        return None
    if file.layout["key"] != list(shape.key) or file.layout["time"] != time:
        return None
    read = date.fromisoformat if dict(shape.columns)[time] is ColumnType.DATE else datetime.fromisoformat
    try:
        return time, read(file.time_min), read(file.time_max)
    except ValueError:  # years that Python does not know
        return None


def row_file(
    standard: Standard,
    shape: Shape,
    file: Stored,
    written: Written,
    *,
    level: int,
    part: str,
    base: int,
    seqs: tuple[int, int],
    open_snapshots: int = 0,
    dead_seq: int | None = None,
    now: datetime,
) -> RowFile:
    """The manifest's row of a file that was written."""
    return RowFile(
        id=new_id(),
        sha256=file.sha256,
        contract=standard[0],
        major=standard[1],
        level=level,
        part=part,
        base=base,
        first_seq=seqs[0],
        last_seq=seqs[1],
        rows=written.rows,
        size=file.size,
        closings=written.closings,
        wholes=written.wholes,
        layout=layout(shape),
        time_min=written.time_min,
        time_max=written.time_max,
        open=open_snapshots,
        dead_seq=dead_seq,
        superseded_by=None,
        superseded_at=None,
        made_at=now,
    )


def replaced(session: Session, files: Counter[str], seq: int) -> None:
    """Note that whole tables take the place of so many snapshots of some files; with none left a file is dead."""
    for file in session.scalars(select(RowFile).where(RowFile.part == COMMIT, RowFile.sha256.in_(list(files)))):
        file.open -= files[file.sha256]
        if file.open <= 0 and file.dead_seq is None:
            file.dead_seq = seq
