"""The harvest as Prefect runs it: a flow a member, a thread task a batch; each step is a function of `services.intake`.

Prefect knows that and how a run went (retries, progress, a table at its end); what became of each dataset is in our own
catalogue, since a task a dataset would cost more than taking the dataset in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prefect import flow, task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import Task, exponential_backoff

from core.errors import LumbungError
from federation.member import Member, SourceConfig
from services.intake.errors import HarvestStopped
from services.intake.opened import opened
from services.intake.outcome import Outcome, SourceReport
from services.intake.source import Progress, Watch, harvest_source
from services.intake.work import Item

#: The global concurrency limit that holds across members, processes and machines; `flows/schedules.py` sets it.
LIMIT = "lumbung-harvest"


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: what was asked to end, or will say the same again, is not tried again."""
    error = state.result(raise_on_failure=False)
    return not isinstance(error, LumbungError) or (error.transient and not isinstance(error, HarvestStopped))


@task(
    name="take in a batch",
    retries=2,
    retry_condition_fn=_may_pass,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=1.0,
    cache_policy=NO_CACHE,
    log_prints=False,
)
def batch(work: Callable[[Sequence[Item]], list[Outcome]], items: Sequence[Item]) -> list[Outcome]:
    """Take one batch in; trying again repeats nothing, since what is committed already is found unchanged."""
    return work(items)


def _as_tasks(
    work: Callable[[Sequence[Item]], list[Outcome]], batches: Sequence[Sequence[Item]]
) -> Iterator[list[Outcome]]:
    for future in as_completed([batch.submit(work, items) for items in batches]):
        yield future.result()


def artifact_key(*parts: str) -> str:
    """A key Prefect accepts, made of a member's or source's name."""
    return "-".join("".join(c if c.isalnum() and c.isascii() else "-" for c in part.lower()) for part in parts)


def chosen(member: Member, source: str | None) -> Iterable[SourceConfig]:
    """The member's sources, or the one that was asked for."""
    return (s for s in member.sources if source in (None, s.id))


_watchers: list[Watch] = []


@contextmanager
def watched_by(watch: Watch) -> Iterator[None]:
    """Tell somebody in this process how the flow runs inside come along, beside Prefect's own artifact."""
    _watchers.append(watch)
    try:
        yield
    finally:
        _watchers.remove(watch)


class _Shown:
    """What Prefect's page shows of a run; where its server is gone, the harvest goes on without it (P02)."""

    def __init__(self, member: Member, source: str | None) -> None:
        self._member = member
        self._about = (member.code,) if source is None else (member.code, source)
        self._lost = False
        self._progress: Any = self._tell(
            create_progress_artifact, 0.0, key=artifact_key("progress", *self._about), description=member.name
        )

    def _tell(self, word: Callable[..., Any], *args: Any, **more: Any) -> Any:
        if self._lost:
            return None
        try:
            return word(*args, **more)
        except httpx.HTTPError:
            self._lost = True
            return None

    def progress(self, progress: Progress) -> None:
        """How far one source has come."""
        share = 100.0 * progress.done / progress.total if progress.total else 100.0
        self._tell(update_progress_artifact, self._progress, share)

    def table(self, reports: Sequence[SourceReport]) -> None:
        """What came of each source."""
        rows = [_row(r) for r in reports]
        key = artifact_key("harvest", *self._about)
        self._tell(create_table_artifact, rows, key=key, description=self._member.name)


_threads: Any = ThreadPoolTaskRunner(max_workers=2)  # generic over a result type that is not ours to name


@flow(name="harvest-member", task_runner=_threads, log_prints=False)
def harvest_member(home: str, member: str, source: str | None = None) -> list[SourceReport]:
    """Harvest all sources of a member (or one), each under its own lease; a report a source, also where it failed."""
    here = opened(Path(home))
    known = here.granary.registry.member(member)
    shown = _Shown(known, source)

    def told(progress: Progress) -> None:
        shown.progress(progress)
        for watch in set(_watchers):
            watch(progress)

    reports: list[SourceReport] = []
    with concurrency(LIMIT, occupy=1):
        for one in chosen(known, source):
            reports.append(harvest_source(here.granary, here.downloads, known, one, run_batches=_as_tasks, watch=told))
    shown.table(reports)
    return reports


def _row(report: SourceReport) -> dict[str, Any]:
    names = ("source", "state", "datasets", "snapshots", "rows_published", "rows_quarantined", "seconds")
    return {name: getattr(report, name) for name in names}
