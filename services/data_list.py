"""The yearly data list at work: imported from a member's file, matched to the catalogue, and told as periods due.

Reading the file is `services/data_list_reading.py`, keeping it `catalog/data_list.py`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import data_list
from catalog.data_list import Listed, MatchedBy, Replaced, listed
from catalog.models import Dataset, DatasetState
from catalog.writing import writing
from core.access import Actor
from core.reference import fold
from services.data_list_reading import read_list
from services.errors import DataListEmpty, DataListInvalid, DataListRefused
from services.granary import Granary
from services.review.periods import Due, after, period, start_of

__all__ = ["Imported", "Proposal", "Standing", "import_list", "listed", "match_exactly", "periods", "standing"]

_NAMED = 10  # faults that an error names; the rest are counted
_LIKE = 70.0  # likeness of titles, of 100, from which a dataset is proposed
_PROPOSALS = 3
_TWINS = 93.0  # two lines so alike are perhaps one dataset


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to.

    Attributes:
        matched: lines that were newly found in the catalogue beyond doubt.
        alike: pairs of titles that are perhaps the same dataset; a person should look.
    """

    lines: int
    changed: Replaced
    matched: int
    alike: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A dataset that a listed one may be, with how alike their titles are, of 100."""

    dataset: str
    title: str
    likeness: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A listed dataset with the title of the one it is, or with those it may be."""

    listed: Listed
    title: str | None
    proposals: tuple[Proposal, ...]


def import_list(granary: Granary, file: Path, member: str, year: int, *, actor: Actor) -> Imported:
    """Make a file a member's data list of a year, or change nothing and say every fault that is in it.

    Raises:
        MemberUnknown, DataListRefused, DataListUnreadable, DataListInvalid, DataListEmpty, Unreadable.
    """
    granary.registry.member(member)
    if not data_list.answers_for(actor, member):
        raise DataListRefused(member=member, by=actor.name)
    reading = read_list(file, member, year, granary.contracts)
    if reading.faults:
        said = [fault.what for fault in reading.faults]
        more = f" (+{len(said) - _NAMED})" if len(said) > _NAMED else ""
        raise DataListInvalid(file=file.name, count=len(said), faults=" ".join(said[:_NAMED]) + more)
    if not reading.lines:
        raise DataListEmpty(file=file.name, member=member, year=year)
    changed = data_list.replace(
        granary.sessions, member, year, reading.lines, actor=actor, file=file.name, now=granary.clock()
    )
    matched = match_exactly(granary, year, member)
    return Imported(len(reading.lines), changed, matched, _alike(reading.lines))


def _alike(lines: Sequence[Listed]) -> tuple[tuple[str, str], ...]:
    titles = [(line.title, fold(line.title)) for line in lines]
    return tuple(
        (one, other)
        for at, (one, folded) in enumerate(titles)
        for other, beside in titles[at + 1 :]
        if fuzz.token_sort_ratio(folded, beside) >= _TWINS and _numbers(folded) == _numbers(beside)
    )


def _numbers(folded: str) -> list[str]:
    """The numbers of a title: `IPM 2024` and `IPM 2025` are two things however alike."""
    return [word for word in folded.split() if any(c.isdigit() for c in word)]


def match_exactly(granary: Granary, year: int, member: str | None = None) -> int:
    """Note every match beyond doubt; how many are new. What a person confirmed stays."""
    with writing(granary.sessions) as session:
        lines = listed(session, year, member)
        return data_list.match(session, _exact(lines, _datasets(session, lines)).items())


def _datasets(session: Session, lines: Sequence[Listed]) -> dict[str, list[Dataset]]:
    """The datasets that a member has in the catalogue, by member; copies and what was withdrawn do not count."""
    members = {line.member for line in lines}
    query = select(Dataset).where(
        Dataset.member.in_(members), Dataset.copy_of.is_(None), Dataset.state != DatasetState.WITHDRAWN.value
    )
    found: dict[str, list[Dataset]] = {member: [] for member in members}
    for dataset in session.scalars(query.order_by(Dataset.title, Dataset.id)):
        found[dataset.member].append(dataset)
    return found


def _exact(lines: Sequence[Listed], datasets: Mapping[str, Sequence[Dataset]]) -> dict[str, str]:
    """Listed id to dataset id where the title, a tag or the standard is the same and nothing else fits as well.

    A title weighs more than a standard: among several lists of one standard the titles say which is which. What two
    lines would claim is given to neither.
    """
    by_title: dict[str, str] = {}
    by_standard: dict[str, str] = {}
    for line in lines:
        own, folded = datasets.get(line.member, ()), fold(line.title)
        called = [d for d in own if fold(d.title) == folded] or [d for d in own if folded in map(fold, d.tags)]
        follows = [d for d in own if line.contract is not None and d.contract == line.contract]
        if len(called) == 1:
            by_title[line.id] = called[0].id
        elif not called and len(follows) == 1:
            by_standard[line.id] = follows[0].id
    confirmed = {line.dataset_id for line in lines if line.matched_by is MatchedBy.CONFIRMED}
    times = Counter(by_title.values())
    sure = {id_: dataset for id_, dataset in by_title.items() if times[dataset] == 1 and dataset not in confirmed}
    taken = confirmed | set(by_title.values())
    times = Counter(by_standard.values())
    return sure | {id_: d for id_, d in by_standard.items() if times[d] == 1 and d not in taken}


def standing(session: Session, year: int, member: str | None = None) -> tuple[Standing, ...]:
    """The list as it stands: what each line is in the catalogue, or what it may be, the likeliest first."""
    lines = listed(session, year, member)
    datasets = _datasets(session, lines)
    titles = {d.id: d.title for own in datasets.values() for d in own}
    taken = {line.dataset_id for line in lines}
    return tuple(
        Standing(
            line,
            titles.get(line.dataset_id or ""),
            () if line.dataset_id else _proposals(line, [d for d in datasets[line.member] if d.id not in taken]),
        )
        for line in lines
    )


def _proposals(line: Listed, datasets: Sequence[Dataset]) -> tuple[Proposal, ...]:
    folded = fold(line.title)
    found = []
    for dataset in datasets:
        likeness = fuzz.token_set_ratio(folded, fold(dataset.title))
        if line.contract is not None and dataset.contract == line.contract:
            likeness = max(likeness, _LIKE + 20)
        if likeness >= _LIKE:
            found.append(Proposal(dataset.id, dataset.title, int(likeness)))
    return tuple(sorted(found, key=lambda p: (-p.likeness, p.title, p.dataset))[:_PROPOSALS])


def periods(one: Listed, zone: ZoneInfo, until: datetime) -> tuple[Due, ...]:
    """The periods of a listed dataset's year that had ended by `until`, oldest first, each with when it was due.

    Without a schedule there are none. A period belongs to the year in which it begins.
    """
    if one.release is None:
        return ()
    every = one.release.every
    start = start_of(every, datetime(one.year, 1, 1, tzinfo=zone).date())
    if start.year < one.year:
        start = after(every, start)
    found: list[Due] = []
    while start.year == one.year and (due := period(one.release, start, zone)).ends <= until:
        found.append(due)
        start = after(every, start)
    return tuple(found)
