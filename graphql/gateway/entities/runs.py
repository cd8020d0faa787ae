"""Runs of harvests and uploads, and what went wrong with single records of one."""

from datetime import datetime
from typing import Any

import strawberry

from catalog import query
from catalog.models import Run as RunRecord
from catalog.models import RunError as RunErrorRecord
from catalog.models import RunState
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.datasets import Dataset, Resource
from gateway.entities.places import Member, Problem, Source, member_of, source_of
from gateway.pages import Connection, listed, page_size
from gateway.scalars import Json

catalog = field_of("catalog")

strawberry.enum(RunState, name="RunState", description="Keadaan panen.")


@strawberry.type(description="Panen: one harvest of one source, or one upload; seen by members.")
class Run:
    """A run that the asker may see."""

    record: strawberry.Private[RunRecord]

    @catalog()
    def id(self) -> strawberry.ID:
        """Its id."""
        return strawberry.ID(self.record.id)

    @catalog()
    def member(self, info: Info) -> Member | None:
        """Whose source was harvested."""
        return member_of(info, self.record.member)

    @catalog()
    def source(self, info: Info) -> Source | None:
        """What was harvested."""
        return source_of(info, self.record.source)

    @catalog()
    def state(self) -> RunState:
        """How it stands."""
        return RunState(self.record.state)

    @catalog()
    def started(self) -> datetime:
        """When it began."""
        return self.record.started

    @catalog()
    def ended(self) -> datetime | None:
        """When it ended."""
        return self.record.ended

    @catalog("Datasets, rows and errors by kind.")
    def counts(self) -> Json:
        """The counts."""
        return Json(self.record.counts)

    @catalog()
    def error(self) -> Problem | None:
        """What ended it."""
        error: dict[str, Any] | None = self.record.error
        return Problem(record=error) if error else None

    @catalog("Kesalahan per record; seen by its member and reviewers.")
    async def errors(self, info: Info, first: int = 50, after: str | None = None) -> Connection["RunError"]:
        """What went wrong with single records."""
        actor, run, size = info.context.actor, self.record.id, page_size(info, "errors", first)
        found = await info.context.sql(lambda session: query.errors(session, actor, run, first=size, after=after))
        return listed(found, lambda record: RunError(record=record), after)


@strawberry.type(description="Kesalahan of one record of a run.")
class RunError:
    """An error of a run that the asker may see."""

    record: strawberry.Private[RunErrorRecord]

    @catalog()
    def at(self) -> datetime:
        """When."""
        return self.record.at

    @catalog()
    async def dataset(self, info: Info) -> Dataset | None:
        """The dataset it concerns."""
        id_ = self.record.dataset_id
        return None if id_ is None else await info.context.loaders.dataset.load(id_)

    @catalog()
    async def resource(self, info: Info) -> Resource | None:
        """The resource it concerns."""
        id_ = self.record.resource_id
        return None if id_ is None else await info.context.loaders.resource.load(id_)

    @catalog()
    def problem(self) -> Problem:
        """What went wrong, and what to do."""
        return Problem(record={"code": self.record.code, "values": self.record.values})
