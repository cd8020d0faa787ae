"""A repaired workbook taken in by hand: landed, and judged as a delivery of the very resource that was sent back.

It counts in place of what the source shows until the source shows something else: bytes that it has replaced are not
taken in again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfile

from catalog import returns
from catalog.models import Dataset, Resource
from catalog.returns import ReturnCase
from catalog.writing import reading, writing
from core.access import Actor, Role
from core.files import sha256_of
from core.storage_errors import storage_errors
from federation.landing import Arrival
from federation.readers import returned as known
from services.granary import Granary
from services.intake.fetching import FetchLoop
from services.intake.outcome import SourceReport
from services.intake.source import take_again
from services.intake.work import Item, item_of, pending
from services.returns.confirm import confirm
from services.returns.errors import ReturnFileUnknown, ReturnRefused, ReturnSettled
from services.returns.follow import follow

_URL = "lumbung:returns"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of a repaired file.

    Attributes:
        closed: the rules, and marks of holds, that are not broken any more; `open` those that are, with their rows.
        confirmed: how many values are said to be true although they look like slips of the hand.
        state: of the case afterwards; `report` is the run's.
    """

    case: str
    dataset: str
    title: str
    file: str
    state: str
    closed: tuple[str, ...]
    open: dict[str, int]
    confirmed: int
    report: SourceReport


def accept(
    granary: Granary, downloads: FetchLoop, file: Path, *, member: str, actor: Actor, case: str | None = None
) -> Accepted:
    """Land a repaired file and take it in as the resource that was sent back.

    Args:
        case: the return's number, where the file does not name it (its summary sheet is gone).

    Raises:
        ReturnFileUnknown: neither the file nor `case` says what was sent back. ReturnRefused: it is another member's.
        ReturnSettled: nothing of it is open any more. RunAlreadyActive: its source is being harvested (transient).
        NothingToConfirm: its summary says of something that it is true which was not set aside as a slip.
    """
    granary.registry.member(member)
    own = actor.member == member and bool(actor.roles & {Role.STEWARD, Role.PRODUCER})
    if not own and not actor.roles & {Role.ADMIN, Role.COORDINATOR}:
        raise ReturnRefused(member=member, actor=actor.name)
    said = known.summary_of(file) or {}
    found = _open_case(granary, member, case or said.get(known.CASE, ""), file=file.name, actor=actor)
    if said.get(known.RESOURCE, found.resource_id) != found.resource_id:
        raise ReturnRefused(member=member, actor=actor.name)
    true = known.said_true(file)
    values = len(confirm(granary, found, true, actor=actor)) if true else 0
    return _taken(granary, downloads, found, file, confirmed=values)


def say_true(
    granary: Granary,
    downloads: FetchLoop,
    number: str,
    said: Mapping[str, str],
    *,
    actor: Actor,
) -> Accepted:
    """Say that values of a return are true, and take in the delivery again as it stands.

    Args:
        said: marks of values, or their beginnings, to the reason.

    Raises:
        ReturnSettled, RunAlreadyActive, and what `confirm` raises.
    """
    found = _open_case(granary, None, number, file="-", actor=actor)
    values = confirm(granary, found, said, actor=actor)
    return _taken(granary, downloads, found, granary.landing.open(found.sha256), confirmed=len(values))


def _open_case(granary: Granary, member: str | None, number: str, *, file: str, actor: Actor) -> ReturnCase:
    """A return that is still open, of one member where that is said."""
    follow(granary)
    with reading(granary.sessions) as session:
        if not number:
            raise ReturnFileUnknown(file=file)
        found = returns.case_named(session, number)
        if member not in (None, found.member):
            raise ReturnRefused(member=member, actor=actor.name)
        if found.closed_at is not None:
            raise ReturnSettled(case=found.number, state=found.state)
        return found


def _taken(granary: Granary, downloads: FetchLoop, found: ReturnCase, file: Path, *, confirmed: int) -> Accepted:
    """A file taken in as the resource that was sent back, and what came of it."""
    registry = granary.registry
    with reading(granary.sessions) as session:
        resource = session.get_one(Resource, found.resource_id)
        dataset = session.get_one(Dataset, found.dataset_id)
        source = registry.source(dataset.source)
        due = pending(session, granary, source, always=frozenset({resource.id})).items
        item = next((one for one in due if one.id == resource.id), None)
        if item is None:  # missing at its source, and served still
            item = item_of(granary, source, dataset, resource, None)
    if item.problem is not None:
        raise item.problem
    before, sha256 = found.open_reasons, _land(granary, file, item, source.id)
    item = replace(item, replay=sha256, done=None, fetched_at=granary.clock())
    report = take_again(granary, downloads, registry.member(found.member), source, [item])
    _replaced(granary, found.id, found.sha256, sha256)
    follow(granary, source.id)
    with reading(granary.sessions) as session:
        after = session.get_one(ReturnCase, found.id)
        return Accepted(
            case=after.number, dataset=dataset.id, title=dataset.title, file=file.name, state=after.state,
            closed=tuple(sorted(set(before) - set(after.open_reasons))), open=after.open_reasons,
            confirmed=confirmed, report=report,
        )  # fmt: skip


def _land(granary: Granary, file: Path, item: Item, source: str) -> str:
    """Keep the file's bytes as a delivery of the resource; their sha256."""
    landing, temporary = granary.landing, granary.landing.temporary()
    with storage_errors(landing.folder):
        copyfile(file, temporary)
    sha256, size = sha256_of(temporary), temporary.stat().st_size
    landing.keep(temporary, sha256)
    landing.record([Arrival(source, item.origin_dataset, item.remote.id, _URL, sha256, size, granary.clock())])
    return sha256


def _replaced(granary: Granary, case: str, before: str, now: str) -> None:
    """Remember that a file has taken another's place, whatever its source shows."""
    if before == now:
        return
    with writing(granary.sessions) as session:
        found = session.get_one(ReturnCase, case)
        found.replaced = sorted({*found.replaced, before} - {now})
