"""Taking a batch of resources in: fetch and land, read and check, commit; each step once, in order, as bytes arrive.

A resource that fails leaves its error in the run and never stops the others; one that is slow to come holds up nobody
who is there already. What was good before stays served.
"""

import queue
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog import intake_marks, runs
from catalog.drafts import Commit
from catalog.errors import RunLeaseLost
from catalog.intake_marks import IntakeMark
from catalog.runs import Failure, Lease
from core.errors import LumbungError
from core.ids import new_id
from core.verdict import Verdict
from federation.fetched import Fetched
from federation.member import Member, SourceConfig
from federation.readers import ReadLimits
from services.granary import Granary
from services.intake import drafting, resting
from services.intake.drafting import LandedItem, Ready
from services.intake.earlier import earlier
from services.intake.errors import HarvestStopped
from services.intake.fetching import Arrivals, FetchLoop, Got
from services.intake.files import FileDone, FileJob, take
from services.intake.outcome import Outcome
from services.intake.recording import Recorder
from services.intake.templates import as_template, marked
from services.intake.told_twice import told_once, told_otherwise
from services.intake.work import Item

#: Where nothing has arrived for so many seconds, what is ready is committed without waiting for the rest.
_PATIENCE = 1.0


#: So many letters of a dataset's id name it to a person.
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Harvest:
    """What every step of one source's run needs."""

    granary: Granary
    source: SourceConfig
    member: Member
    lease: Lease
    downloads: FetchLoop
    arrivals: Arrivals = field(default_factory=Arrivals)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What came of fetching an item."""

    item: Item
    got: Got


@dataclass(frozen=True, slots=True)
class _Fetching:
    """The end of all fetching."""

    ended: "Future[None]"


@dataclass(frozen=True, slots=True)
class _Checked:
    """What came of reading and checking a landed file."""

    landed: LandedItem
    future: "Future[FileDone]"


def take_in(harvest: Harvest, items: Sequence[Item]) -> list[Outcome]:
    """Fetch, read, check and commit some resources of one source; one outcome a table, or a resource's error."""
    with _workplace(harvest.granary.staging) as folder:
        return _Batch(harvest, folder).run(items)


@contextmanager
def _workplace(staging: Path) -> Iterator[Path]:
    folder = staging / new_id()
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_limits(granary: Granary) -> ReadLimits:
    """The reader's limits as the home's settings have them."""
    settings = granary.settings
    return replace(
        ReadLimits(),
        max_columns=settings.table_max_columns,
        field_max_bytes=settings.field_max_bytes,
        unpacked_max_bytes=settings.unpacked_max_bytes,
    )


def file_job(granary: Granary, member: Member, landed: LandedItem, out: Path) -> FileJob:
    """What a checking process is to do with an item's bytes; `out` is an empty folder for what it makes."""
    item, lists = landed.item, granary.checks().lists
    named = {column.reference for column in item.contract.columns} if item.contract is not None else set()
    return FileJob(
        path=landed.path,
        name=landed.name,
        mime=landed.mime,
        limits=read_limits(granary),
        out=out,
        contract=item.contract,
        mapping=item.mapping,
        references={name: lists.send(codes) for name, codes in granary.references.items() if name in named},
        regions=member.regions,
        zone=granary.settings.timezone,
        previous_rows=item.rows,
        previous_columns=item.columns,
        decided=item.decided,
        nihil=item.nihil,
        now=granary.clock(),
        released=item.releases.get(landed.sha256),
        templates=granary.templates,
        alone=item.template,
        dataset=item.dataset[:_NAMED],
        confirmed=item.confirmed,
    )


@dataclass(slots=True)
class _Batch:
    """One batch at work: what arrives is handed to the checking processes, what comes back is committed together.

    Attributes:
        open: ids of the resources of which nothing is decided yet.
        checking: what was handed to the checking processes.
        ready: what is waiting to be committed; `marks`, `failures` and `done` are waiting to be written down.
    """

    harvest: Harvest
    folder: Path
    events: "queue.SimpleQueue[_Arrived | _Checked | _Fetching]" = field(default_factory=queue.SimpleQueue)
    open: set[str] = field(default_factory=set)
    checking: "list[Future[FileDone]]" = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    marks: list[IntakeMark] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.harvest.granary, self.folder)

    def run(self, items: Sequence[Item]) -> list[Outcome]:
        self._go_on()
        self.open = {item.id for item in items}
        fetching = self._begin(items)
        try:
            while self.open:
                try:
                    event = self.events.get(timeout=_PATIENCE)
                except queue.Empty:
                    self._go_on()
                    self._write_down()
                    continue
                self._go_on()
                self._on(event)
        finally:
            fetching.cancel()
            wait(self.checking)  # nobody may write any more into a folder that is removed
        self._write_down()
        return self.outcomes

    def _go_on(self) -> None:
        """`HarvestStopped` where this process was asked to end; what is not marked finished is found again."""
        if self.harvest.granary.stopping.is_set():
            raise HarvestStopped(source=self.harvest.source.id)

    def _begin(self, items: Sequence[Item]) -> "Future[None]":
        """Hand over what is landed already, where only mapping or contract changed, and ask for everything else."""
        asked: list[Item] = []
        for item in items:
            if item.problem is not None:
                self._failed(item, item.problem)
            elif item.replay is None or not self._replayed(item, item.replay):
                asked.append(item)
        fetching = self.harvest.downloads.fetch(
            self.harvest.source, asked, lambda item, got: self.events.put(_Arrived(item, got))
        )
        fetching.add_done_callback(lambda ended: self.events.put(_Fetching(ended)))
        return fetching

    def _replayed(self, item: Item, sha256: str) -> bool:
        try:
            path = self.harvest.granary.landing.open(sha256)
        except LumbungError:  # the bytes are gone or damaged; the source still has them
            return False
        at = item.fetched_at or self.harvest.granary.clock()
        self.harvest.arrivals.count(None)
        self._hand_over(LandedItem(item, path, sha256, at, item.remote.name, item.remote.mime))
        return True

    def _on(self, event: _Arrived | _Checked | _Fetching) -> None:
        match event:
            case _Arrived(item, got):
                self._arrived(item, got)
            case _Checked(landed, future):
                self._checked(landed, future)
            case _Fetching(ended):
                try:
                    ended.result()
                except CancelledError as error:
                    raise HarvestStopped(source=self.harvest.source.id) from error

    def _arrived(self, item: Item, got: Got) -> None:
        self.harvest.arrivals.count(got)
        if isinstance(got, LumbungError):
            if resting.counts(self.harvest.source, got):
                got.values[resting.DESCRIBED] = item.described
            self._failed(item, got)
        elif got.sha256 in item.replaced:
            self._settle(item, IntakeMark(item.id, item.key))
        elif isinstance(got, Fetched):
            self._hand_over(LandedItem(item, got.path, got.sha256, got.at, got.name, got.mime))
        elif item.finished_with(got.sha256):
            self._settle(item, IntakeMark(item.id, item.key))
        else:
            self._hand_over(LandedItem(item, got.path, got.sha256, got.at, item.remote.name, item.remote.mime))

    def _settle(self, item: Item, mark: IntakeMark | None) -> None:
        """Nothing more is to be found out about a resource."""
        self.open.discard(item.id)
        self.done.append(item.id)
        if mark is not None:
            self.marks.append(mark)

    def _failed(self, item: Item, error: LumbungError, mark: IntakeMark | None = None) -> None:
        for name, value in (
            ("source", self.harvest.source.id),
            ("dataset", item.title),
            ("resource", item.remote.name),
        ):
            error.values.setdefault(name, value)
        self.failures.append(Failure(error, item.dataset, item.id))
        self.outcomes.append(Outcome(dataset=item.dataset, resource=item.id, title=item.title, error=error))
        self._settle(item, mark)

    def _hand_over(self, landed: LandedItem) -> None:
        """Have a landed file read and checked."""
        out = self.folder / new_id()
        out.mkdir()
        granary, item = self.harvest.granary, landed.item
        history = earlier(granary, item.contract, item.id, out)
        job = replace(file_job(granary, self.harvest.member, landed, out), history=history)
        future = self.harvest.granary.checks().call(take, job, file=landed.path)
        self.checking.append(future)
        future.add_done_callback(lambda done: self.events.put(_Checked(landed, done)))

    def _checked(self, landed: LandedItem, future: "Future[FileDone]") -> None:
        item, key, sha256, run = landed.item, landed.item.key, landed.sha256, self.harvest.lease.run_id
        try:
            done = future.result()
            if done.unreadable is not None:
                mark = IntakeMark(item.id, key, sha256, None, Verdict.UNREADABLE)
                self._failed(item, done.unreadable, mark)
            elif done.template is not None:
                self._hand_over(
                    replace(landed, item=as_template(self.harvest.granary, self.harvest.source, item, done.template))
                )
            elif done.unfound is not None:
                self._ready(Ready(landed, (), [drafting.unfound(landed, done.unfound, run, self.harvest.source.id)]))
            elif done.tables:
                waiting = [(one.landed.item.id, table) for one in self.ready for table in one.tables]
                granary, released = self.harvest.granary, item.releases.get(sha256)
                tables = [told_once(granary, item.id, table, waiting) for table in done.tables]
                tables = [told_otherwise(granary, item.id, table, released) for table in tables]
                drafts = [drafting.draft(landed, table, run, self.harvest.granary.returned) for table in tables]
                self._ready(Ready(landed, tables, drafts))
            else:
                self.outcomes.append(Outcome(dataset=item.dataset, resource=item.id, title=item.title))
                self._settle(item, IntakeMark(item.id, key, sha256, done.machine_readable, Verdict.DOCUMENT))
        except LumbungError as error:
            self._failed(item, error)

    def _ready(self, ready: Ready) -> None:
        self.ready.append(ready)
        self.open.discard(ready.landed.item.id)

    def _write_down(self) -> None:
        """Commit what is ready, all at once, and write down what is finished or has failed."""
        ready, self.ready = sorted(self.ready, key=lambda one: one.landed.item.title), []
        if ready:
            try:
                self._committed(ready)
            except RunLeaseLost:
                raise
            except LumbungError:  # one of them; the others must not wait for it
                for one in ready:
                    self._go_on()
                    try:
                        self._committed([one])
                    except RunLeaseLost:
                        raise
                    except LumbungError as error:
                        self._failed(one.landed.item, error)
        granary, lease = self.harvest.granary, self.harvest.lease
        now = granary.clock()
        runs.record_errors(granary.sessions, lease.run_id, self.failures, now=now)
        intake_marks.finish(granary.sessions, self.marks, now=now, lease=lease, done=self.done)
        self.failures, self.marks, self.done = [], [], []

    def _committed(self, ready: Sequence[Ready]) -> None:
        drafts = [draft for one in ready for draft in one.drafts]
        commits = iter(self.recorder.commit(drafts, self.harvest.lease))
        for one in ready:
            self._published(one, [next(commits) for _ in one.drafts])

    def _published(self, ready: Ready, commits: Sequence[Commit]) -> None:
        item, sha256 = ready.landed.item, ready.landed.sha256
        decided: dict[str, str] | None = None
        columns: tuple[str, ...] | None = None
        for table in ready.tables:
            if table.contract is not None and table.outcome.verdict is not Verdict.HELD:
                decided, columns = dict(table.outcome.decided), table.outcome.columns
        if item.template:  # what it is was found in its bytes, and holds for its next delivery
            decided = {**(item.decided if decided is None else decided), **marked(item)}
        self.outcomes += drafting.outcomes(ready, commits)
        self._settle(item, IntakeMark(item.id, item.key, sha256, True, None, columns, decided))
