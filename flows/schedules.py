"""What runs when, in the province's time: a deployment a member, on the schedule of its TOML, upkeep, the report.

`serve` runs what falls due in processes of one machine; `deploy` hands the same deployments to a work pool, whose
workers may stand on several machines.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import serve as prefect_serve
from prefect.client.orchestration import get_client
from prefect.schedules import Cron, Schedule

from core.clock import zone
from core.settings import Settings
from federation.member import Member, SourceConfig
from federation.registry import Registry
from flows.closing import close_days_of_home
from flows.compaction import compact_home
from flows.findings import look_beyond
from flows.harvest import LIMIT, harvest_member
from flows.weekly_report import write_weekly_report

#: The deployment that merges what the day's harvests left in small files.
NIGHTLY = "malam"
#: The deployment that commits closed days of readings.
CLOSING = "tutup-hari"
#: The deployment that looks beyond single files.
EVENING = "temuan"
#: The deployment that writes the report of the week before.
WEEKLY = "laporan-mingguan"


def limit_harvests(at_once: int) -> None:
    """Set how many harvests are under way at once, across all processes that share the Prefect server."""

    async def upsert() -> None:
        async with get_client() as client:
            await client.upsert_global_concurrency_limit_by_name(LIMIT, at_once)

    asyncio.run(upsert())


def timetable(member: Member) -> Iterator[tuple[str | None, SourceConfig | None]]:
    """The cron lines of a member: one for all sources that follow it, one for each source that has its own."""
    followers = [s for s in member.sources if s.schedule in (None, member.schedule)]
    if member.schedule and followers and len(followers) == len(member.sources):
        yield member.schedule, None
        return
    for source in member.sources:
        if cron := member.schedule_of(source):
            yield cron, source


@dataclass(frozen=True, slots=True)
class Planned:
    """One deployment: which flow runs when, with what.

    Attributes:
        flow: the flow; `entrypoint` is where a worker finds it, from the root of the installed program.
    """

    name: str
    flow: Any  # generic over parameters and results that are not ours to name
    entrypoint: str
    parameters: dict[str, Any]
    schedule: Schedule


def deployments(registry: Registry, settings: Settings) -> Iterator[Planned]:
    """Every deployment of a home: harvests as the members' files say, and the province's own upkeep."""
    at, home = str(zone(settings.timezone)), str(settings.home)
    for member in registry.members:
        for cron, source in timetable(member):
            if cron is None:
                continue
            name = member.code if source is None else source.id
            parameters = {"home": home, "member": member.code, "source": source.id if source else None}
            schedule = Cron(cron, timezone=at)
            yield Planned(name, harvest_member, "flows/harvest.py:harvest_member", parameters, schedule)
    if settings.close_schedule:
        schedule = Cron(settings.close_schedule, timezone=at)
        yield Planned(CLOSING, close_days_of_home, "flows/closing.py:close_days_of_home", {"home": home}, schedule)
    if settings.compact_schedule:
        schedule = Cron(settings.compact_schedule, timezone=at)
        yield Planned(NIGHTLY, compact_home, "flows/compaction.py:compact_home", {"home": home}, schedule)
    if settings.findings_schedule:
        schedule = Cron(settings.findings_schedule, timezone=at)
        yield Planned(EVENING, look_beyond, "flows/findings.py:look_beyond", {"home": home}, schedule)
    if settings.report_schedule:
        schedule = Cron(settings.report_schedule, timezone=at)
        entrypoint = "flows/weekly_report.py:write_weekly_report"
        yield Planned(WEEKLY, write_weekly_report, entrypoint, {"home": home}, schedule)


def serve(registry: Registry, settings: Settings) -> None:
    """Run what falls due on this machine until interrupted; schedules pause when it stops."""
    made = [
        one.flow.to_deployment(name=one.name, parameters=one.parameters, schedule=one.schedule, tags=["lumbung"])
        for one in deployments(registry, settings)
    ]
    prefect_serve(*made, limit=settings.harvests_at_once, print_starting_message=False)


def deploy(registry: Registry, settings: Settings, pool: str, root: Path) -> Sequence[str]:
    """Register every deployment in a work pool; the names of those registered."""
    from prefect.flows import Flow

    found: dict[str, Any] = {}
    names = []
    for one in deployments(registry, settings):
        if one.entrypoint not in found:
            found[one.entrypoint] = Flow.from_source(source=str(root), entrypoint=one.entrypoint)
        found[one.entrypoint].deploy(
            name=one.name,
            work_pool_name=pool,
            parameters=one.parameters,
            schedule=one.schedule,
            tags=["lumbung"],
            build=False,
            push=False,
            print_next_steps=False,
        )
        names.append(one.name)
    return names
