"""Batching look-ups of one request: however many rows name a dataset, the database is asked once."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session
from strawberry.dataloader import DataLoader

from catalog import query
from federation.models import SourceState
from gateway.context import Context
from gateway.entities.datasets import Dataset, Resource, Snapshot
from quality.score import Scorecard
from services.review.scores import Subject, subject_scores

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_BATCH = 20_000  # keys a statement, as many as a router may ask for at once; SQLite allows 32,766 values


def _states(session: Session, keys: list[str]) -> dict[str, SourceState]:
    found = session.scalars(select(SourceState).where(SourceState.source.in_(keys)))
    return {state.source: state for state in found}


class Loaders:
    """What the entities of the graph need by id; what the actor may not see comes back as None."""

    def __init__(self, context: Context) -> None:
        actor = context.actor

        def batched(
            fetch: Callable[[Session, list[K]], Mapping[K, V]],
        ) -> Callable[[list[K]], Awaitable[list[V | None]]]:
            async def load(keys: list[K]) -> list[V | None]:
                found = await context.sql(lambda session: fetch(session, keys))
                return [found.get(key) for key in keys]

            return load

        def datasets(session: Session, ids: list[str]) -> dict[str, Dataset]:
            return {k: Dataset(record=v) for k, v in query.datasets_by_id(session, actor, ids).items()}

        def resources(session: Session, ids: list[str]) -> dict[str, Resource]:
            return {k: Resource(record=v) for k, v in query.resources_by_id(session, actor, ids).items()}

        def snapshots(session: Session, seqs: list[int]) -> dict[int, Snapshot]:
            return {k: Snapshot(record=v) for k, v in query.snapshots_by_seq(session, actor, seqs).items()}

        async def resources_of(ids: list[str]) -> list[list[Resource]]:
            found = await context.sql(lambda session: query.resources(session, actor, ids))
            return [[Resource(record=r) for r in found.get(id_, ())] for id_ in ids]

        async def scores(subjects: list[Subject]) -> list[list[Scorecard]]:
            services = context.services
            found = await context.sql(
                lambda session: subject_scores(services, session, actor, subjects, now=services.clock())
            )
            return [found.get(subject, []) for subject in subjects]

        self.scores: DataLoader[Subject, list[Scorecard]] = DataLoader(scores, max_batch_size=_BATCH)
        self.dataset: DataLoader[str, Dataset | None] = DataLoader(batched(datasets), max_batch_size=_BATCH)
        self.resource: DataLoader[str, Resource | None] = DataLoader(batched(resources), max_batch_size=_BATCH)
        self.snapshot: DataLoader[int, Snapshot | None] = DataLoader(batched(snapshots), max_batch_size=_BATCH)
        self.source_state: DataLoader[str, SourceState | None] = DataLoader(batched(_states), max_batch_size=_BATCH)
        self.resources_of: DataLoader[str, list[Resource]] = DataLoader(resources_of, max_batch_size=_BATCH)
