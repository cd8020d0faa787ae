"""One dataset met at several sources: which of them counts, and which are copies that stay catalogued without counting.

Datasets are the same where the identifier of their birth is (`Dataset.origin`), and that identifier is one that
nobody else can have by chance. What happens to a copy's rows goes through the same sequence as withdrawals
(`Visibility`), so that an earlier point in time keeps its answer. Who owns what is the caller's to say.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import Dataset, DatasetState
from catalog.writing import batched
from core import messages
from core.access import SYSTEM

#: How far a member is from owning a dataset of an organisation (lower owns more): member code, organisation's name.
Rank = Callable[[str, str | None], int]

_UNIQUE = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|(?:https?://|urn:)\S{8,}", re.IGNORECASE)


def nobody_owns(_member: str, _organisation: str | None) -> int:
    """All alike: what was seen first counts."""
    return 0


def is_unique(origin: str | None) -> bool:
    """Whether an identifier can mean one dataset only: a UUID or an address, no file's name or running number."""
    return origin is not None and _UNIQUE.fullmatch(origin) is not None


def settle(session: Session, origins: Iterable[str | None], rank: Rank) -> Iterator[tuple[Dataset, bool, str]]:
    """Decide again for these identifiers; the datasets that leave (False) or re-enter the current rows, with why."""
    wanted = sorted({origin for origin in origins if origin is not None and is_unique(origin)})
    for some in batched(wanted):
        met = select(Dataset.origin).where(Dataset.origin.in_(some)).group_by(Dataset.origin)
        again = session.scalars(met.having((func.count() > 1) | func.max(Dataset.copy_of).is_not(None))).all()
        if not again:
            continue
        query = select(Dataset).where(Dataset.origin.in_(again)).order_by(Dataset.origin, Dataset.id)
        for _, group in groupby(session.scalars(query).all(), key=lambda d: d.origin):
            yield from _decide(list(group), rank)


def _decide(group: Sequence[Dataset], rank: Rank) -> Iterator[tuple[Dataset, bool, str]]:
    standing = [d for d in group if not _gone(d)]
    if not standing:
        return
    owner = min(standing, key=lambda d: (rank(d.member, d.organisation), d.first_seen, -d.generation, d.id))
    for dataset in group:
        before, now = dataset.copy_of, None if dataset.source == owner.source else owner.id
        dataset.copy_of = now
        if dataset.state != DatasetState.WITHDRAWN and (before is None) != (now is None):
            word = "counts_again" if now is None else "copy"
            yield dataset, now is None, messages.text(f"catalog.reason.{word}", "id", source=owner.source)


def _gone(dataset: Dataset) -> bool:
    """Whether it no longer counts; what a person has withdrawn still does: its copies are not to take its place."""
    return dataset.state == DatasetState.WITHDRAWN and dataset.withdrawn_by == SYSTEM.id
