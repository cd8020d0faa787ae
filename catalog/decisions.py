"""What people decide about datasets: withdrawn (*dicabut*), taken back, classified; each on record with who and why.

What crawls decide by themselves is `catalog/datasets.py`, held deliveries are `catalog/holds.py`.
"""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from catalog.crawl import Crawl
from catalog.errors import DatasetUnknown
from catalog.models import Dataset, DatasetState
from catalog.writing import writing
from core import audit, counters
from core.access import Actor
from core.contract import Classification


def _by_decision(session: Session, id_: str, now: datetime) -> tuple[Dataset, Crawl]:
    counters.hold(session)
    dataset = session.get(Dataset, id_)
    if dataset is None:
        raise DatasetUnknown(dataset=id_)
    return dataset, Crawl(session, dataset.source, dataset.member, now)


def withdraw(sessions: sessionmaker[Session], dataset: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take a dataset out of the current rows by decision (*dicabut*); earlier points in time still show it."""
    with writing(sessions) as session:
        row, crawl = _by_decision(session, dataset, now)
        if row.state != DatasetState.WITHDRAWN:
            crawl.withdraw(row, actor, reason)
            crawl.publish(actor)
            audit.record(session, actor, "dataset.withdrawn", row.id, {"reason": reason}, now=now)


def reinstate(sessions: sessionmaker[Session], dataset: str, *, actor: Actor, reason: str, now: datetime) -> None:
    """Take a withdrawal back by decision; whether the dataset is at its source shows at the next crawl."""
    with writing(sessions) as session:
        row, crawl = _by_decision(session, dataset, now)
        if row.state == DatasetState.WITHDRAWN:
            row.state, row.missed_crawls = DatasetState.MISSING.value, 0
            row.withdrawn_at = row.withdrawn_by = row.withdrawn_reason = None
            if row.copy_of is None:
                crawl.hidden.append((row, None, True, reason))
            crawl.note("returned", row.id)
            crawl.publish(actor)
            audit.record(session, actor, "dataset.reinstated", row.id, {"reason": reason}, now=now)


def classify(
    sessions: sessionmaker[Session], dataset: str, classification: Classification, *, actor: Actor, now: datetime
) -> None:
    """Decide who may see a dataset that no contract describes."""
    with writing(sessions) as session:
        row, _ = _by_decision(session, dataset, now)
        before, row.classification = row.classification, classification.value
        values = {"before": before, "after": row.classification}
        audit.record(session, actor, "dataset.classified", row.id, values, now=now)
