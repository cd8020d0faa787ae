"""One harvest of one source, start to end: take the source's lease, look, register, take in batch by batch, finish.

Plain functions; `flows/harvest.py` runs the same sequence with each batch as a Prefect task.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog import datasets, runs
from catalog.errors import RunLeaseLost
from catalog.models import RunState
from catalog.runs import Lease
from catalog.seen import SeenDataset, SeenResource, clean, fingerprint
from catalog.writing import reading, writing
from core.clock import aware, on_screen
from core.contract import Classification
from core.errors import LumbungError
from core.messages import DEFAULT_LOCALE, catalogue, text
from core.storage_errors import storage_errors
from federation import state
from federation.connectors.base import Crawl, RemoteDataset
from federation.member import Member, SourceConfig
from services.granary import Granary
from services.intake.compacting import compact_when_due
from services.intake.errors import HarvestStopped
from services.intake.fetching import FetchLoop
from services.intake.outcome import Outcome, SourceReport
from services.intake.ownership import ownership
from services.intake.recording import close_when_due
from services.intake.take_in import Harvest, take_in
from services.intake.work import Item, pending
from services.returns.follow import follow_when_due

#: Resources a batch; a Prefect task costs 10-30 ms, so tasks are made of many.
BATCH = 25

#: Runs batches, giving back each one's outcomes as it finishes.
RunBatches = Callable[[Callable[[Sequence[Item]], list[Outcome]], Sequence[Sequence[Item]]], Iterable[list[Outcome]]]
Watch = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one source's harvest has come."""

    source: str
    member: str
    done: int
    total: int


def two_at_a_time(
    work: Callable[[Sequence[Item]], list[Outcome]], batches: Sequence[Sequence[Item]]
) -> Iterator[list[Outcome]]:
    """Run the batches in two threads, so that one is fetched and checked while the other is committed."""
    if len(batches) == 1:
        yield work(batches[0])
        return
    pool = ThreadPoolExecutor(2, thread_name_prefix="batch")
    try:
        yield from pool.map(work, batches)
    finally:
        pool.shutdown(cancel_futures=True)  # where one has failed as a whole, the others need not begin


def _nobody(_: Progress) -> None:
    return


@dataclass
class _Keeper:
    """Keeps a run's lease alive from a thread of its own, so that a long check never looks like a crash."""

    granary: Granary
    lease: Lease
    _stop: threading.Event = field(default_factory=threading.Event)

    def beat(self) -> None:
        while not self._stop.wait(self.lease.seconds / 4):
            try:
                self.lease = runs.heartbeat(self.granary.sessions, self.lease, now=self.granary.clock())
            except RunLeaseLost:
                return  # declared dead: whatever this run still writes is refused by its fencing token
            except LumbungError:
                continue  # a database that is busy or away for a moment; the lease allows three misses

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def _kept_alive(granary: Granary, lease: Lease) -> Iterator[None]:
    keeper = _Keeper(granary, lease)
    thread = threading.Thread(target=keeper.beat, name=f"lease-{lease.source}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        keeper.stop()
        thread.join()


def seen(found: RemoteDataset, source: SourceConfig) -> SeenDataset:
    """A connector's dataset in the catalogue's words."""
    origin = found.extras.get("origin_id") or found.extras.get("guid") or found.id
    return SeenDataset(
        origin_id=found.id,
        name=found.name,
        title=found.title or found.name,
        organisation=source.dataset_organisation(found.organisation or None),
        organisation_title=found.organisation_title or None,
        notes=found.notes or None,
        tags=tuple(found.tags),
        groups=tuple(found.groups),
        license=found.license or None,
        extras=dict(found.extras),
        origin=origin,
        created=_created(found),
        modified=found.modified,
        classification=Classification.LIMITED if found.private else None,
        resources=tuple(
            SeenResource(
                origin_id=r.id,
                name=r.name,
                url=r.url,
                format=r.format,
                mime=r.mime,
                size=r.size,
                hash=r.hash or None,
                modified=r.last_modified,
                description=r.description or None,
            )
            for r in found.resources
        ),
    )


def _created(found: RemoteDataset) -> datetime | None:
    """When the source says the dataset was made; it tells a rename from an id given to something else (S15)."""
    try:
        return aware(datetime.fromisoformat(str(found.raw.get("metadata_created", ""))))
    except (ValueError, OverflowError):
        return None


def harvest_source(
    granary: Granary,
    downloads: FetchLoop,
    member: Member,
    source: SourceConfig,
    *,
    run_batches: RunBatches = two_at_a_time,
    watch: Watch = _nobody,
    dry_run: bool = False,
) -> SourceReport:
    """Pull what is new or changed at a source into the catalogue; its failure is in the report, not raised.

    Args:
        run_batches: how the batches are run; in threads of this process unless a flow says otherwise.
        watch: told of progress, from whichever thread finishes a batch.
        dry_run: look only; nothing is written, the report says what would be fetched.
    """
    began = time.monotonic()
    catalogue(DEFAULT_LOCALE)  # at hand also when no file can be opened any more
    report = SourceReport(source=source.id, member=member.code)
    try:
        if dry_run:
            _look_only(granary, downloads, source, report)
        else:
            _run(
                granary, downloads, member, source, report=report,
                steps=lambda harvest: _steps(harvest, report, run_batches, watch),
            )  # fmt: skip
            close_when_due(granary, source.id)
            follow_when_due(granary, source.id)
            compact_when_due(granary)
    except LumbungError as error:
        error.values.setdefault("source", source.id)
        report.state = RunState.FAILED.value
        report.error = error.as_dict()
    report.allowances = [
        {"what": a.what.value, "value": a.value, "by": a.by, "reason": a.reason, "until": a.until}
        for a in downloads.used_allowances(source)
    ]
    report.seconds = round(time.monotonic() - began, 3)
    return report


def _count(report: SourceReport, crawl: Crawl) -> None:
    report.datasets = len(crawl.datasets)
    report.resources = sum(len(d.resources) for d in crawl.datasets)
    report.remarks = [text(note.code, None, **note.values) for note in crawl.remarks]


def _look_only(granary: Granary, downloads: FetchLoop, source: SourceConfig, report: SourceReport) -> None:
    crawl = downloads.crawl(source, None)
    _count(report, crawl)
    with reading(granary.sessions) as session:
        known = datasets.known_fingerprints(session, source.id)
    for dataset in crawl.datasets:
        shown = seen(dataset, source)
        if shown.origin_id not in known:
            report.new += 1
        elif known.pop(shown.origin_id) != fingerprint(clean(shown)):
            report.changed += 1
    report.missing = len(set(known) - {d.id for d in crawl.datasets}) if crawl.complete else 0


def take_again(
    granary: Granary, downloads: FetchLoop, member: Member, source: SourceConfig, items: Sequence[Item]
) -> SourceReport:
    """Take some resources in from landed bytes as a run of their source, which is not asked; errors are raised.

    Raises:
        RunAlreadyActive: the source is being harvested (transient).
    """
    report = SourceReport(source=source.id, member=member.code)

    def steps(harvest: Harvest) -> None:
        runs.plan(granary.sessions, harvest.lease, [item.id for item in items])
        for outcome in take_in(harvest, items):
            report.add(outcome)
        report.due, report.replayed = len(items), harvest.arrivals.replayed

    _run(granary, downloads, member, source, report=report, steps=steps)
    return report


def _run(
    granary: Granary,
    downloads: FetchLoop,
    member: Member,
    source: SourceConfig,
    *,
    report: SourceReport,
    steps: Callable[[Harvest], None],
) -> None:
    if granary.stopping.is_set():
        raise HarvestStopped(source=source.id)
    lease = runs.start(
        granary.sessions,
        source=source.id,
        member=member.code,
        now=granary.clock(),
        lease_seconds=granary.settings.lease_seconds,
    )
    report.run = lease.run_id
    failure: LumbungError | None = HarvestStopped(source=source.id)  # unless it comes to an end of its own
    with _kept_alive(granary, lease):
        try:
            with storage_errors(granary.settings.home):
                steps(Harvest(granary, source, member, lease, downloads))
            failure = None
        except LumbungError as error:
            error.values.setdefault("source", source.id)
            failure = error
            _note_failure(granary, source, lease, error)
            report.error = error.as_dict()
        finally:
            report.state = _state(report, failure)
            runs.finish(
                granary.sessions,
                lease,
                RunState(report.state),
                now=granary.clock(),
                counts=_counts(report),
                error=failure,
            )


def _state(report: SourceReport, failure: LumbungError | None) -> str:
    if failure is not None:
        return RunState.FAILED.value
    return RunState.PARTIAL.value if report.errors else RunState.OK.value


def _counts(report: SourceReport) -> dict[str, Any]:
    found = ("datasets", "resources", "new", "changed", "missing", "withdrawn")
    came = ("due", "fetched", "unchanged", "replayed", "snapshots", "rows_published", "rows_quarantined")
    counts: dict[str, Any] = {name: getattr(report, name) for name in (*found, *came)}
    return {**counts, "verdicts": dict(report.verdicts), "reasons": dict(report.reasons), "holds": dict(report.holds)}


def _note_failure(granary: Granary, source: SourceConfig, lease: Lease, error: LumbungError) -> None:
    with writing(granary.sessions) as session:
        state.failed(session, source.id, granary.clock(), error)
    runs.record_error(granary.sessions, lease.run_id, error, now=granary.clock())


def _steps(harvest: Harvest, report: SourceReport, run_batches: RunBatches, watch: Watch) -> None:
    granary, source = harvest.granary, harvest.source
    with writing(granary.sessions) as session:
        mark = state.attempted(session, source.id, granary.clock())
        if datasets.unsettled(session, source.id):
            mark = None  # only a complete crawl can tell whether what is missing still is
    try:
        crawl = harvest.downloads.crawl(source, mark)
    except HarvestStopped:
        raise
    except LumbungError:
        _take_in(harvest, report, run_batches, watch, landed_only=True)  # a new mapping needs no source
        raise
    _register(harvest, crawl, report)
    items = _take_in(harvest, report, run_batches, watch)
    report.skipped = crawl.unchanged and not items
    # an empty crawl changed nothing here, so that nothing may be called unchanged because of it (S14)
    mark = {} if crawl.complete and not crawl.datasets else crawl.mark
    with writing(granary.sessions) as session:
        state.succeeded(session, source.id, granary.clock(), mark)


def _take_in(
    harvest: Harvest, report: SourceReport, run_batches: RunBatches, watch: Watch, *, landed_only: bool = False
) -> list[Item]:
    """Take in what is due, or of it only what is landed already; what was due."""
    granary, source = harvest.granary, harvest.source
    with reading(granary.sessions) as session:
        due = pending(session, granary, source, always=frozenset(harvest.lease.resumed), landed_only=landed_only)
    items = due.items
    if due.again is not None:
        until = on_screen(due.again, granary.settings.timezone)
        report.remarks.append(text("intake.links_resting", count=due.resting, until=until))
    if landed_only and not items:
        return items
    runs.plan(granary.sessions, harvest.lease, [item.id for item in items])
    batches = [items[i : i + BATCH] for i in range(0, len(items), BATCH)]
    done = 0
    watch(Progress(source.id, harvest.member.code, 0, len(items)))
    for outcomes in run_batches(lambda batch: take_in(harvest, batch), batches):
        for outcome in outcomes:
            report.add(outcome)
        done = min(len(items), done + BATCH)
        watch(Progress(source.id, harvest.member.code, done, len(items)))
    report.due, came = report.due + len(items), harvest.arrivals
    report.fetched, report.unchanged, report.replayed = came.fetched, came.unchanged, came.replayed
    return items


def _register(harvest: Harvest, crawl: Crawl, report: SourceReport) -> None:
    """Bring the catalogue in line with what the source shows; an unchanged source only confirms it."""
    granary, source = harvest.granary, harvest.source
    if crawl.unchanged:
        datasets.touch(granary.sessions, source.id, now=granary.clock())
        with reading(granary.sessions) as session:
            report.datasets, report.resources = datasets.standing(session, source.id)
        return
    _count(report, crawl)
    registered = datasets.apply_crawl(
        granary.sessions,
        source.id,
        harvest.member.code,
        [seen(d, source) for d in crawl.datasets],
        complete=crawl.complete,
        now=granary.clock(),
        policy=granary.settings,
        rank=ownership(granary.registry.members),
    )
    report.new, report.changed = len(registered.new), len(registered.changed)
    report.missing, report.withdrawn = len(registered.missing), len(registered.withdrawn)
    if registered.needs_review:
        report.remarks.append(text("intake.needs_review", count=len(registered.needs_review)))
