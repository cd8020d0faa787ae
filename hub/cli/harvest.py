"""`lumbung harvest`, `runs`, `flows`: pulling, what became of it, and pulling on a schedule."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer

from core.clock import on_screen
from core.db import session_scope
from core.messages import text
from federation import state
from federation.member import SourceConfig
from hub.cli.app import JsonOption, app, home_of
from hub.cli.output import out, print_json, print_table, progress
from hub.cli.stopping import stoppable
from hub.home import open_home
from services.intake.fetching import aside
from services.intake.opened import Opened, close_all, opened
from services.intake.outcome import SourceReport
from services.intake.source import Progress, Watch, harvest_source
from services.review import beyond

#: Harvests one source, telling somebody how it comes along; its report.
One = Callable[[SourceConfig, Watch], list[SourceReport]]


class Shown:
    """A progress display with one bar for all chosen sources, told from several threads."""

    def __init__(self, total: int) -> None:
        self.display = progress()
        self._task = self.display.add_task(text("cli.harvest.progress"), total=total)

    def watch(self, step: Progress) -> None:
        """Name what is being worked on."""
        self.display.update(
            self._task,
            description=text("cli.harvest.working", source=step.source, done=step.done, total=step.total),
        )

    def advance(self) -> None:
        """One source is through."""
        self.display.advance(self._task)


def harvest_sources(sources: Sequence[SourceConfig], one: One, *, at_once: int, quiet: bool) -> list[SourceReport]:
    """Harvest sources side by side, so that nobody waits for one that hangs; reports in the order of the sources.

    Args:
        at_once: how many are under way together; what they check is still checked one after the other.
        quiet: no progress on standard error.
    """
    shown = Shown(len(sources))

    def run(source: SourceConfig) -> list[SourceReport]:
        reports = one(source, shown.watch)
        shown.advance()
        return reports

    with ThreadPoolExecutor(at_once) as pool, nullcontext() if quiet else shown.display:
        return [report for reports in pool.map(run, sources) for report in reports]


class Turns:
    """So many flow runs at work at once; one that waits for its portal to answer lets another have its turn.

    A small server of Prefect's takes no more at a time: 35 at once and it answered 503.
    """

    def __init__(self, at_once: int) -> None:
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Hold a turn, except while a portal is waited for."""
        with self._free:
            token = aside.set(self._given_up)
            try:
                yield
            finally:
                aside.reset(token)

    @contextmanager
    def _given_up(self) -> Iterator[None]:
        self._free.release()
        try:
            yield
        finally:
            self._free.acquire()


def through_prefect(home: Opened) -> One:
    """Harvest a source as a Prefect flow run; Prefect's address must be in the environment already.

    Raises:
        PrefectUnreachable: its server does not answer, or ceased to; what was taken in is stored all the same.
    """
    from flows.harvest import harvest_member, watched_by
    from flows.schedules import limit_harvests
    from flows.server import reaching

    with reaching():
        limit_harvests(home.granary.settings.sources_at_once)
    folder, turns = str(home.granary.settings.home), Turns(home.granary.settings.harvests_at_once)

    def one(source: SourceConfig, watch: Watch) -> list[SourceReport]:
        with turns.mine(), watched_by(watch), reaching():
            return harvest_member.with_options(flow_run_name=source.id)(folder, source.member, source.id)

    return one


def directly(home: Opened, *, dry_run: bool) -> One:
    """Harvest a source with the same steps and no Prefect."""

    def one(source: SourceConfig, watch: Watch) -> list[SourceReport]:
        member = home.granary.registry.member(source.member)
        return [harvest_source(home.granary, home.downloads, member, source, watch=watch, dry_run=dry_run)]

    return one


def print_reports(reports: Sequence[SourceReport]) -> None:
    """The reports as a table, with what a person should look at below it."""
    headers = ("source", "state", "datasets", "changes", "snapshots", "rows_published", "rows_quarantined", "seconds")
    rows = []
    for r in reports:
        counts: tuple[int | str | None, ...] = (None,) * 5
        if not r.error:
            changes = f"+{r.new} ~{r.changed} −{r.missing}"
            counts = (r.datasets, changes, r.snapshots, r.rows_published, r.rows_quarantined)
        rows.append((r.source, text(f"run.state.{r.state}"), *counts, r.seconds))
    print_table(text("cli.harvest.title"), headers, rows)
    for report in reports:
        for line in _remarks(report):
            out.print(f"  {report.source}: {line}", highlight=False, markup=False)
    _print_reasons(reports)
    _print_allowances(reports)


def _remarks(report: SourceReport) -> Iterator[str]:
    if report.error:
        yield f"{report.error['code']} {report.error['what']}"
    by_code: dict[str, list[str]] = {}
    for error in report.errors:
        by_code.setdefault(error["code"], []).append(error["what"])
    for code, sentences in by_code.items():
        yield text("cli.harvest.errors", code=code, count=len(sentences), example=sentences[0])
    for code, count in report.holds.items():
        yield text("cli.harvest.held", code=code, count=count)
    yield from report.remarks


def _print_reasons(reports: Sequence[SourceReport]) -> None:
    """Why rows were returned, over all sources, most frequent first, each with the sentence of one row."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for report in reports:
        counts.update(report.reasons)
        examples = {**report.examples, **examples}
    if counts:
        rows = [(code, count, examples.get(code)) for code, count in counts.most_common()]
        print_table(text("cli.harvest.reasons"), ("reason", "rows", "example"), rows)


def _print_allowances(reports: Sequence[SourceReport]) -> None:
    """The exceptions that were made use of, those of one person, reason and end in one line."""
    granted: dict[tuple[str, str, object], tuple[set[str], set[str]]] = {}
    for report in reports:
        for allowance in report.allowances:
            whats, sources = granted.setdefault(
                (allowance["by"], allowance["reason"], allowance["until"]), (set(), set())
            )
            whats.add(text(f"allowance.{allowance['what']}"))
            sources.add(report.source)
    for (by, reason, until), (whats, sources) in granted.items():
        shown = ", ".join(sorted(sources)[:3]) + (" …" if len(sources) > 3 else "")
        line = text(
            "cli.harvest.allowances",
            what=", ".join(sorted(whats)), count=len(sources), sources=shown, by=by, reason=reason, until=until,
        )  # fmt: skip
        out.print(line, highlight=False, markup=False, style="dim")


@app.command()
def harvest(
    context: typer.Context,
    member: Annotated[str | None, typer.Option("--member", help="Hanya anggota ini.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Hanya sumber ini.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hanya melihat; tidak ada yang disimpan.")] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Langkah yang sama tanpa server Prefect.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Menarik data yang baru dan berubah dari semua sumber."""
    folder = home_of(context)
    open_home(folder).close()
    home = opened(folder)
    try:
        sources, at_once = _chosen(home, member, source), home.granary.settings.sources_at_once
        with stoppable() as stopped:
            if dry_run or direct:
                one = directly(home, dry_run=dry_run)
                reports = harvest_sources(sources, one, at_once=at_once, quiet=as_json)
            else:
                from flows.server import prefect_for

                with prefect_for(home.granary.settings.home):
                    one = through_prefect(home)
                    reports = harvest_sources(sources, one, at_once=at_once, quiet=as_json)
        stale = _stale(home)
        looked = () if dry_run else beyond.look(home.granary)
    finally:
        close_all()
    if as_json:
        print_json([r.as_dict() for r in reports])
    else:
        print_reports(reports)
        for line in stale:
            out.print(line, style="yellow", highlight=False)
        counts = {name: sum(getattr(one, name) for one in looked) for name in ("new", "changed", "same", "gone")}
        if any(counts.values()):
            out.print(text("cli.findings.run.summary", **counts), highlight=False)
    if stopped.by is not None or any(r.state == "failed" for r in reports):
        raise typer.Exit(stopped.status or 1)


def _stale(home: Opened) -> list[str]:
    """The alert for every source that has not answered for longer than the settings allow."""
    granary = home.granary
    hours = granary.settings.stale_hours
    with session_scope(granary.sessions) as session:
        silent = state.stale_sources(session, granary.clock(), hours, sources=[s.id for s in granary.registry.sources])
    zone = granary.settings.timezone
    return [
        text(
            "cli.harvest.stale",
            source=one.source,
            hours=round(hours),
            since=on_screen(one.last_ok, zone) if one.last_ok else text("cli.harvest.never"),
        )
        for one in silent
    ]


def _chosen(home: Opened, member: str | None, source: str | None) -> Sequence[SourceConfig]:
    registry = home.granary.registry
    if source is not None:
        return [registry.source(source)]
    if member is not None:
        return registry.member(member).sources
    return registry.sources
