"""Links of a catalogue that keep failing: asked again ever more rarely, so that a dead one does not mark every harvest.

Derived from what went wrong in the source's runs, so nothing has to be remembered that a crash could lose. Only a
portal's links rest: where the file is the source itself, its failure is the source's and is said at every harvest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Dataset, Resource, Run, RunError
from core.errors import LumbungError
from core.settings import Settings
from federation.errors import FederationError, SourceBusy, SourceResting, TokenMissing
from federation.member import SourceConfig

#: Where an error keeps which description of the file it is about; described anew, a file starts anew.
DESCRIBED = "described"
LONGEST = timedelta(days=7)
#: Runs of a daily schedule are not exactly a day apart; what is almost due is due.
EARLY = 0.9
#: Failures before this are forgotten; by then the wait is at its longest many times over.
_MEMORY = timedelta(days=60)
#: Says nothing about the link itself.
_NOT_THE_LINK = (SourceBusy, SourceResting, TokenMissing)


@dataclass(frozen=True, slots=True)
class Failing:
    """How often in a row a link has failed since it was described as it is now, and when it did last."""

    times: int
    last: datetime


def counts(source: SourceConfig, error: LumbungError) -> bool:
    """Whether this failure says that a link of this source is dead."""
    return source.portal and isinstance(error, FederationError) and not isinstance(error, _NOT_THE_LINK)


def next_try(failing: Failing, settings: Settings) -> datetime:
    """When a failing link is due again: at the next harvest after its first failure, which may have been a hiccup.

    After the second it waits as long as a linked file waits between two looks (`revalidate_hours`), then twice that
    after each further one, a week at most.
    """
    if failing.times < 2:
        return failing.last
    wait = timedelta(hours=settings.revalidate_hours)
    for _ in range(failing.times - 2):
        wait = min(2 * wait, LONGEST)
    return failing.last + EARLY * min(wait, LONGEST)


def failing(session: Session, source: SourceConfig, now: datetime) -> Mapping[tuple[str, str], Failing]:
    """The links of a source that have failed since they were last taken in, by resource id and description."""
    if not source.portal:
        return {}
    query = (
        select(RunError.resource_id, RunError.values, RunError.at)
        .join(Run, Run.id == RunError.run_id)
        .join(Resource, Resource.id == RunError.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(
            Run.source == source.id,
            Run.started > now - _MEMORY,
            Dataset.source == source.id,
            RunError.at > now - _MEMORY,
            Resource.last_checked.is_(None) | (RunError.at > Resource.last_checked),
        )
    )
    found: dict[tuple[str, str], Failing] = {}
    for row in session.execute(query):
        if row.resource_id is None or DESCRIBED not in row.values:
            continue
        link = (row.resource_id, str(row.values[DESCRIBED]))
        before = found.get(link)
        found[link] = Failing(before.times + 1 if before else 1, max(row.at, before.last) if before else row.at)
    return found
