"""Current rows in an indexed SQL table beside the files, for small pages and services (docs/adr/0008).

The table follows the files: after a commit it takes in what is new (`follow`), or it is made anew from the segments
(`make_anew`), a chunk a transaction, while the files answer. Its row in `CurrentRows` says at which commit it stands;
readers take it only where that is the commit they ask about (`catalog/current_pages.py`), so nobody waits for it and a
crash only makes it lag. Two processes at once: the first one's number or token stands, the other gives way.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from catalog import current_table, row_files
from catalog.current_files import RowSource
from catalog.current_table import kinds_of, table_of
from catalog.models import CurrentRows, RowFile, Stream
from catalog.packing import NOW, layout, shape_of_layout
from catalog.row_files import Active, Standard
from catalog.store import SnapshotStore
from catalog.tables import Shape
from catalog.writing import reading, writing
from core import counters, log
from core.ids import new_id

#: A contract with more current rows has no table: its database would grow by 0.4 GB a million.
MOST = 1_000_000
#: More rows are not taken in at once, but by making the table anew.
AT_ONCE = 20_000
_CHUNK = 10_000
_ATTEMPTS = 3


class State(StrEnum):
    """Whether readers may take a table."""

    HELD = "held"
    MAKING = "making"
    REFUSED = "refused"  # too many rows, or rows that this database cannot hold


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of one contract's table: where it stands, rows it has, and how many were written."""

    contract: str
    major: int
    state: State
    seq: int
    rows: int
    written: int


@dataclass(frozen=True, slots=True)
class Remade:
    """One table made again from the files; `same` says whether it had been so, byte for byte."""

    contract: str
    major: int
    rows: int
    same: bool


def standards(session: Session) -> list[Standard]:
    """The contracts that have rows in files, or a table."""
    found = {(name, major) for name, major in session.execute(select(RowFile.contract, RowFile.major).distinct())}
    found |= {(name, major) for name, major in session.execute(select(CurrentRows.contract, CurrentRows.major))}
    return sorted(found)


def follow(
    sessions: sessionmaker[Session], store: SnapshotStore, *, most: int = MOST, anew: bool = False
) -> list[Followed]:
    """Bring every contract's table to the newest commit; one entry for each that changed.

    Args:
        most: contracts with more current rows have no table; 0 means that none has one.
        anew: make tables anew where more rows are new than are taken in at once; otherwise these are left as they are.

    Raises:
        SnapshotMissing, SnapshotDamaged: a file is lost; the table stays at its commit.
    """
    with reading(sessions) as session:
        found = standards(session)
    done = (follow_one(sessions, store, standard, most=most, anew=anew) for standard in found)
    return [one for one in done if one is not None]


def follow_one(
    sessions: sessionmaker[Session], store: SnapshotStore, standard: Standard, *, most: int = MOST, anew: bool = False
) -> Followed | None:
    """Bring one contract's table to the newest commit; None where it stands there, or is left as it is."""
    for _ in range(_ATTEMPTS):
        with reading(sessions) as session:
            own = session.get(CurrentRows, standard)
            held = own is not None and own.state == State.HELD
            live = _live(session, standard)
            if live <= most and own is not None and held and newest(session, standard, NOW) <= own.seq:
                return None
            pending = _since(session, standard, own.seq) if own is not None and held else []
        if live > most:
            return _refuse(sessions, standard, own)
        if own is not None and own.state == State.REFUSED and not anew:
            return None
        if own is not None and held and sum(file.rows for file in pending) <= AT_ONCE:
            done = _take_in(sessions, store, standard, own, pending)
        elif anew or live <= AT_ONCE:
            done = make_anew(sessions, store, standard)
        else:
            return None
        if done is not None:
            return done  # otherwise another process was first, perhaps without the newest commit
    return None


def _since(session: Session, standard: Standard, seq: int) -> list[RowFile]:
    """The files that commits after a commit wrote, in their order, without those of which nothing counts any more."""
    query = select(RowFile).where(
        RowFile.contract == standard[0],
        RowFile.major == standard[1],
        RowFile.part == row_files.COMMIT,
        RowFile.first_seq > seq,
        RowFile.dead_seq.is_(None),
    )
    return list(session.scalars(query.order_by(RowFile.first_seq, RowFile.sha256)))


def newest(session: Session, standard: Standard, seq: int) -> int:
    """The last commit that brought rows of a contract, at or before a commit; 0 where there is none."""
    query = select(func.max(RowFile.last_seq)).where(
        RowFile.contract == standard[0],
        RowFile.major == standard[1],
        RowFile.superseded_by.is_(None),
        RowFile.first_seq <= seq,
    )
    return session.scalar(query) or 0


def _live(session: Session, standard: Standard) -> int:
    query = select(func.sum(Stream.live_rows)).where(Stream.contract == standard[0], Stream.major == standard[1])
    return int(session.scalar(query) or 0)


def _refuse(sessions: sessionmaker[Session], standard: Standard, own: CurrentRows | None) -> Followed | None:
    """Note that a contract has no table, and empty the one that it had."""
    if own is not None and own.state == State.REFUSED:
        return None
    token = new_id()
    with writing(sessions) as session:
        counters.hold(session)
        shape = None if own is None else shape_of_layout(own.layout)
        _note(session, standard, State.REFUSED, token, shape)
        if shape is not None:
            connection = session.connection()
            table = table_of(standard, shape, connection.dialect.name)
            if connection.dialect.has_table(connection, table.name):
                connection.execute(table.delete())
    return Followed(*standard, State.REFUSED, 0, 0, 0)


def _note(session: Session, standard: Standard, state: State, token: str, shape: Shape | None) -> CurrentRows:
    """The bookkeeping row, made where there is none, with nobody's work under way but that of `token`."""
    own = session.get(CurrentRows, standard, populate_existing=True)
    if own is None:
        own = CurrentRows(contract=standard[0], major=standard[1], layout={})
        session.add(own)
    own.state, own.token, own.seq, own.rows = state.value, token, 0, 0
    if shape is not None:
        own.layout = layout(shape)
    session.flush()
    return own


def _take_in(
    sessions: sessionmaker[Session],
    store: SnapshotStore,
    standard: Standard,
    own: CurrentRows,
    pending: Sequence[RowFile],
) -> Followed | None:
    """Take out what the new files end and put in their rows that count, in one transaction."""
    before = shape_of_layout(own.layout)
    shape = current_table.widened([before, *(shape_of_layout(f.layout) for f in pending)])
    if shape is None or not pending:
        return make_anew(sessions, store, standard)
    seq = max(file.last_seq for file in pending)
    files = row_files.packed(store, _active(pending), shape)
    with RowSource(store, _dialect(sessions)) as bench:
        wholes, singles = bench.ended(files, shape)
        columns = bench.rows(files, shape)
    with _refusing(sessions, standard, own.token), writing(sessions) as session:
        taken = update(CurrentRows).where(
            CurrentRows.contract == standard[0],
            CurrentRows.major == standard[1],
            CurrentRows.state == State.HELD.value,
            CurrentRows.seq == own.seq,
            CurrentRows.token == own.token,
        )
        values = {"seq": seq, "layout": layout(shape)}
        if session.execute(taken.values(values)).rowcount != 1:  # type: ignore[attr-defined]  # a cursor's result
            session.rollback()  # another process was first
            return None
        connection = session.connection()
        fits = shape == before
        table = (
            table_of(standard, shape, _dialect(sessions)) if fits else current_table.make(connection, standard, shape)
        )
        gone = _end(connection, table, wholes) + current_table.remove(connection, table, singles)
        current_table.insert(connection, table, kinds_of(shape), columns)
        rows = own.rows + len(columns[0]) - gone
        session.execute(
            update(CurrentRows)
            .where(CurrentRows.contract == standard[0], CurrentRows.major == standard[1])
            .values(rows=rows)
        )
        return Followed(*standard, State.HELD, seq, rows, len(columns[0]))
    return Followed(*standard, State.REFUSED, 0, 0, 0)


def _end(connection: Connection, table: Table, wholes: Iterable[tuple[str, str, int]]) -> int:
    """Take out whole streams up to a commit; how many rows there were."""
    return sum(
        connection.execute(
            table.delete().where(
                table.c["_resource"] == resource, table.c["_stream"] == stream, table.c["_snapshot"] < seq
            )
        ).rowcount
        for resource, stream, seq in wholes
    )


def make_anew(sessions: sessionmaker[Session], store: SnapshotStore, standard: Standard) -> Followed | None:
    """Make one contract's table from the files, a chunk a transaction; None where another process began later.

    Raises:
        SnapshotMissing, SnapshotDamaged: a file is lost.
    """
    with reading(sessions) as session:
        seq = newest(session, standard, NOW)
        active = row_files.active(session, standard, NOW)
        own = session.get(CurrentRows, standard)
    layouts = [f.layout for f in active] or ([own.layout] if own is not None and own.layout else [])
    shape = current_table.widened([shape_of_layout(kept) for kept in layouts])
    if shape is None:
        return _refuse(sessions, standard, own)
    token, written = new_id(), 0
    kinds = kinds_of(shape)
    with _refusing(sessions, standard, token):
        with writing(sessions) as session:
            counters.hold(session)  # of two that make the same table, one comes after the other
            _note(session, standard, State.MAKING, token, shape)
            table = current_table.make(session.connection(), standard, shape)
        with _mine(sessions, standard, token) as mine:
            if mine is None:
                return None
            mine.execute(table.delete())
        files = row_files.packed(store, active, shape)
        with RowSource(store, _dialect(sessions)) as bench:
            for columns in bench.chunks(files, shape, _CHUNK):
                with _mine(sessions, standard, token) as mine:
                    if mine is None:
                        return None
                    current_table.insert(mine.connection(), table, kinds, columns)
                    written += len(columns[0])
        with _mine(sessions, standard, token) as mine:
            if mine is None:
                return None
            found = mine.get_one(CurrentRows, standard, populate_existing=True)
            found.state, found.seq, found.rows = State.HELD.value, seq, written
        return Followed(*standard, State.HELD, seq, written, written)
    return Followed(*standard, State.REFUSED, 0, 0, 0)


@contextmanager
def _mine(sessions: sessionmaker[Session], standard: Standard, token: str) -> Iterator[Session | None]:
    """A write transaction as long as nobody else has begun to make the table."""
    with writing(sessions) as session:
        query = select(CurrentRows.token).where(CurrentRows.contract == standard[0], CurrentRows.major == standard[1])
        yield session if session.scalar(query.with_for_update()) == token else None


@contextmanager
def _refusing(sessions: sessionmaker[Session], standard: Standard, token: str) -> Iterator[None]:
    """Where this database cannot hold a contract's rows (a key longer than an index takes), it has no table."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        log.get("catalog").warning("current_rows.refused", contract=standard[0], major=standard[1], reason=reason)
        with _mine(sessions, standard, token) as mine:
            if mine is not None:
                mine.get_one(CurrentRows, standard).state = State.REFUSED.value


def rebuild(sessions: sessionmaker[Session], store: SnapshotStore, *, most: int = MOST) -> list[Remade]:
    """Make every table again from the files; each says whether its rows had been the same, byte for byte.

    Raises:
        SnapshotMissing, SnapshotDamaged: a file is lost, and could not be made again.
    """
    follow(sessions, store, most=most, anew=True)
    with reading(sessions) as session:
        held = list(session.scalars(select(CurrentRows).where(CurrentRows.state == State.HELD.value)))
    made: list[Remade] = []
    for own in held:
        standard = (own.contract, own.major)
        before = digest(sessions, standard)
        done = make_anew(sessions, store, standard)
        if done is not None:
            made.append(Remade(*standard, done.rows, before == digest(sessions, standard)))
    return made


def digest(sessions: sessionmaker[Session], standard: Standard) -> str | None:
    """The hash (64 hex digits) of a contract's table in order; None where it has none."""
    with reading(sessions) as session:
        own = session.get(CurrentRows, standard)
        if own is None or own.state != State.HELD:
            return None
        connection = session.connection()
        table = table_of(standard, shape_of_layout(own.layout), connection.dialect.name)
        if not connection.dialect.has_table(connection, table.name):
            return None
        return current_table.digest(connection, table)


def _dialect(sessions: sessionmaker[Session]) -> str:
    with sessions() as session:
        return session.get_bind().dialect.name


def _active(files: Iterable[RowFile]) -> list[Active]:
    return [Active(f.sha256, f.base, f.closings, f.wholes, f.layout, f.time_min, f.time_max) for f in files]
