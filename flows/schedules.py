"""When members are harvested: one deployment a member, on the schedule of its TOML, in the province's own time.

`serve` runs what falls due in processes of one machine; `deploy` hands the same deployments to a work pool, whose
workers may stand on several machines.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from prefect import serve as prefect_serve
from prefect.client.orchestration import get_client
from prefect.schedules import Cron, Schedule

from core.clock import zone
from core.settings import Settings
from federation.member import Member, SourceConfig
from federation.registry import Registry
from flows.harvest import LIMIT, harvest_member

#: Where a worker finds the flow, from the root of the installed program.
ENTRYPOINT = "flows/harvest.py:harvest_member"


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


def deployments(registry: Registry, settings: Settings) -> Iterator[tuple[str, dict[str, Any], Schedule]]:
    """Name, parameters and schedule of every deployment that the members' files ask for."""
    at = str(zone(settings.timezone))
    for member in registry.members:
        for cron, source in timetable(member):
            if cron is None:
                continue
            name = member.code if source is None else source.id
            parameters = {"home": str(settings.home), "member": member.code, "source": source.id if source else None}
            yield name, parameters, Cron(cron, timezone=at)


def serve(registry: Registry, settings: Settings) -> None:
    """Run what falls due on this machine until interrupted; schedules pause when it stops."""
    made = [
        harvest_member.to_deployment(name=name, parameters=parameters, schedule=schedule, tags=["lumbung"])
        for name, parameters, schedule in deployments(registry, settings)
    ]
    prefect_serve(*made, limit=settings.harvests_at_once, print_starting_message=False)  # type: ignore[arg-type] # sync here


def deploy(registry: Registry, settings: Settings, pool: str, root: Path) -> Sequence[str]:
    """Register every deployment in a work pool; the names of those registered."""
    from prefect.flows import Flow

    flow: Any = Flow.from_source(source=str(root), entrypoint=ENTRYPOINT)
    names = []
    for name, parameters, schedule in deployments(registry, settings):
        flow.deploy(
            name=name,
            work_pool_name=pool,
            parameters=parameters,
            schedule=schedule,
            tags=["lumbung"],
            build=False,
            push=False,
            print_next_steps=False,
        )
        names.append(name)
    return names
