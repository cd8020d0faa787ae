"""Runs and the lease on a source: one run at a time, a dead one found out, its unfinished work handed on.

A wall clock can jump by years (T01-T03), so it alone neither frees nor extends a lease:
- a holder whose process is gone from this very machine and boot is dead, whatever the clock says;
- any other is suspected when first seen expired, and dead when it has sent no heartbeat for one more lease;
- a lease that reaches further than one lease from now was written by another clock and is cut to that;
- whoever was declared dead is fenced off by its token: its heartbeat, commits and end are refused.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from catalog.errors import RunAlreadyActive, RunLeaseLost
from catalog.models import Run, RunError, RunState, RunStep, SourceLease
from catalog.writing import writing
from core import counters, outbox
from core.errors import LumbungError
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class Lease:
    """A run's hold on its source.

    Attributes:
        resumed: the steps that a crashed run before had planned and not finished; they are this run's now.
    """

    run_id: str
    source: str
    token: str
    seconds: float
    resumed: tuple[str, ...] = ()
    taken: float = field(default_factory=time.monotonic)

    def spent(self, monotonic: Callable[[], float] = time.monotonic) -> bool:
        """Whether this process has held it longer than agreed without a heartbeat, and so should stop."""
        return monotonic() - self.taken > self.seconds


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When a process of this machine started, in ticks since boot; None where it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def this_process() -> str:
    """The name by which others can tell whether this process still lives: host, boot, pid namespace, pid, start."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    pid = os.getpid()
    return "/".join((socket.gethostname(), _boot(), space, str(pid), _started(pid) or ""))


def surely_dead(owner: str) -> bool:
    """Whether the process of that name is known to be gone: it was of this host, boot and pid namespace."""
    own, other = this_process().split("/"), owner.split("/")
    if len(other) != len(own) or not own[1] or own[:3] != other[:3] or not other[3].isdigit():
        return False
    return _started(int(other[3])) != other[4]


def start(
    sessions: sessionmaker[Session],
    *,
    source: str,
    member: str | None,
    now: datetime,
    owner: str | None = None,
    lease_seconds: float = 60.0,
) -> Lease:
    """Begin a run and take its source; the unfinished steps of a crashed run before come with it.

    Args:
        owner: names the process; `this_process()` unless given.

    Raises:
        RunAlreadyActive: another run holds the source (S23, P08).
    """
    run = Run(
        id=new_id(),
        member=member,
        source=source,
        state=RunState.RUNNING.value,
        owner=owner or this_process(),
        started=now,
        heartbeat=now,
        counts={},
    )
    active: SourceLease | None = None
    with writing(sessions) as session:
        counters.hold(session)
        held = session.get(SourceLease, source, with_for_update=True)
        if held is not None and not _dead(held, now):
            active = held
        else:
            if held is not None:
                _bury(session, held, now)
            run.resumes = _crashed_before(session, source)
            session.add(run)
            session.flush()
            token = new_id()
            until = now + timedelta(seconds=lease_seconds)
            session.add(
                SourceLease(
                    source=source, run_id=run.id, token=token, owner=run.owner, seconds=lease_seconds, until=until
                )
            )
            resumed = _adopt(session, run)
    if active is not None:  # after the transaction, which keeps the suspicion
        raise RunAlreadyActive(source=source, run=active.run_id, until=active.until.isoformat(timespec="seconds"))
    return Lease(run.id, source, token, lease_seconds, resumed)


def _dead(lease: SourceLease, now: datetime) -> bool:
    """Whether a lease may be taken away; notes a first suspicion, and cuts what another clock wrote."""
    span = timedelta(seconds=lease.seconds)
    if surely_dead(lease.owner):
        return True
    lease.until = min(lease.until, now + span)
    if now < lease.until:
        lease.suspect_since = None
        return False
    if lease.suspect_since is None or lease.suspect_since > now:
        lease.suspect_since = now
        return False
    return now - lease.suspect_since >= span


def _bury(session: Session, lease: SourceLease, now: datetime) -> None:
    run = session.get(Run, lease.run_id)
    if run is not None and run.state == RunState.RUNNING:
        run.state, run.ended = RunState.CRASHED.value, now
        facts = {"source": run.source, "member": run.member, "started": run.started.isoformat()}
        outbox.emit(session, outbox.Message("run.crashed", run.id, facts), now=now)
    session.delete(lease)
    session.flush()


def _crashed_before(session: Session, source: str) -> str | None:
    query = select(Run.id, Run.state).where(Run.source == source).order_by(Run.started.desc(), Run.id).limit(1)
    last = session.execute(query).first()
    return last.id if last is not None and last.state == RunState.CRASHED else None


def _adopt(session: Session, run: Run) -> tuple[str, ...]:
    """Take over what crashed runs of the source have left undone."""
    crashed = select(Run.id).where(Run.source == run.source, Run.state == RunState.CRASHED.value)
    keys = session.scalars(select(RunStep.key).where(RunStep.run_id.in_(crashed)).distinct().order_by(RunStep.key))
    left = tuple(keys)
    if left:
        session.execute(delete(RunStep).where(RunStep.run_id.in_(crashed)))
        session.execute(insert(RunStep), [{"run_id": run.id, "key": key} for key in left])
    return left


def guard(session: Session, lease: Lease) -> None:
    """`RunLeaseLost` unless the lease still holds, and hold it until the caller's transaction ends."""
    query = select(SourceLease.token).where(SourceLease.source == lease.source).with_for_update()
    if session.scalar(query) != lease.token:
        raise RunLeaseLost(source=lease.source, run=lease.run_id)


def heartbeat(
    sessions: sessionmaker[Session], lease: Lease, *, now: datetime, counts: Mapping[str, Any] | None = None
) -> Lease:
    """Hold the source for one more lease from now, and note progress; the lease to go on with.

    Raises:
        RunLeaseLost: the run was declared dead in the meantime.
    """
    with writing(sessions) as session:
        guard(session, lease)
        values = {"until": now + timedelta(seconds=lease.seconds), "suspect_since": None}
        session.execute(update(SourceLease).where(SourceLease.source == lease.source).values(values))
        run = session.get_one(Run, lease.run_id)
        run.heartbeat = now
        if counts is not None:
            run.counts = dict(counts)
    return Lease(lease.run_id, lease.source, lease.token, lease.seconds, lease.resumed)


def plan(sessions: sessionmaker[Session], lease: Lease, keys: Iterable[str]) -> None:
    """Note the work to do, by resource id; commits of this run take theirs off, `done` takes off the others."""
    with writing(sessions) as session:
        guard(session, lease)
        known = set(session.scalars(select(RunStep.key).where(RunStep.run_id == lease.run_id)))
        new = [{"run_id": lease.run_id, "key": key} for key in sorted(set(keys) - known)]
        if new:
            session.execute(insert(RunStep), new)


def done(sessions: sessionmaker[Session], lease: Lease, keys: Iterable[str]) -> None:
    """Take work off the plan that was finished without a commit."""
    with writing(sessions) as session:
        guard(session, lease)
        session.execute(delete(RunStep).where(RunStep.run_id == lease.run_id, RunStep.key.in_(list(keys))))


def unfinished(session: Session, run_id: str) -> tuple[str, ...]:
    """The keys that a run has planned and not finished, in order."""
    return tuple(session.scalars(select(RunStep.key).where(RunStep.run_id == run_id).order_by(RunStep.key)))


def finish(
    sessions: sessionmaker[Session],
    lease: Lease,
    state: RunState,
    *,
    now: datetime,
    counts: Mapping[str, Any] | None = None,
    error: LumbungError | None = None,
) -> None:
    """End the run and free its source; what it left undone is dropped, since the next crawl finds it again.

    Raises:
        RunLeaseLost: the run was declared dead in the meantime; its state stays `crashed`.
    """
    with writing(sessions) as session:
        counters.hold(session)
        guard(session, lease)
        run = session.get_one(Run, lease.run_id)
        run.state, run.ended, run.heartbeat = RunState(state).value, now, now
        run.error = error.as_dict() if error is not None else None
        if counts is not None:
            run.counts = dict(counts)
        session.execute(delete(RunStep).where(RunStep.run_id == run.id))
        session.execute(delete(SourceLease).where(SourceLease.source == lease.source))
        facts = {"source": run.source, "member": run.member, "state": run.state, "counts": run.counts}
        outbox.emit(session, outbox.Message("run.finished", run.id, facts), now=now)


def reap(sessions: sessionmaker[Session], *, now: datetime) -> tuple[str, ...]:
    """Mark the runs of dead holders as crashed and free their sources (P01); the runs so marked.

    A holder that is not provably gone is only suspected the first time; call again after its lease.
    """
    buried: list[str] = []
    with writing(sessions) as session:
        counters.hold(session)
        leases: Sequence[SourceLease] = session.scalars(select(SourceLease).with_for_update()).all()
        for lease in leases:
            if _dead(lease, now):
                buried.append(lease.run_id)
                _bury(session, lease, now)
    return tuple(buried)


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one record of a run."""

    error: LumbungError
    dataset_id: str | None = None
    resource_id: str | None = None


def record_errors(sessions: sessionmaker[Session], run_id: str, failures: Sequence[Failure], *, now: datetime) -> None:
    """Keep what went wrong with records of a run: codes and values, from which the sentences come."""
    if not failures:
        return
    with writing(sessions) as session:
        session.add_all(
            RunError(
                id=new_id(),
                run_id=run_id,
                dataset_id=failure.dataset_id,
                resource_id=failure.resource_id,
                code=failure.error.code,
                values=dict(_plain(failure.error.values)),
                at=now,
            )
            for failure in failures
        )


def record_error(
    sessions: sessionmaker[Session],
    run_id: str,
    error: LumbungError,
    *,
    now: datetime,
    dataset_id: str | None = None,
    resource_id: str | None = None,
) -> None:
    """Keep what went wrong with one record of a run, or with the run itself; see `record_errors`."""
    record_errors(sessions, run_id, [Failure(error, dataset_id, resource_id)], now=now)


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {k: v if isinstance(v, int | float | bool) or v is None else str(v) for k, v in values.items()}
