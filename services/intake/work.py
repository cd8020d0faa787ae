"""What a source still has to be taken in: derived from the catalogue, so that a crash leaves nothing forgotten."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog import holds, questions, readings, returns
from catalog.confirmed import confirmed
from catalog.models import Dataset, DatasetState, Resource, Snapshot
from catalog.questions import Answers
from core import template
from core.contract import Contract
from core.errors import LumbungError
from core.mapping import DatasetMapping
from core.verdict import Release
from federation.connectors.base import RemoteResource
from federation.member import SourceConfig, SourceKind
from federation.registry import Registry
from services.granary import Granary
from services.intake.errors import ContractUnknown
from services.intake.nihil import stated_in
from services.intake.resting import EARLY, failing, next_try

#: Raised when reading changes in a way that should make everything be read again.
READER_VERSION = 1
#: Among what was settled of a resource: the standard whose filled template it is.
TEMPLATE = "_template"


@dataclass(frozen=True, slots=True)
class Item:
    """One resource to take in.

    Attributes:
        id, dataset: catalogue ids; `origin_dataset` is the dataset's id at its source.
        remote: the resource as its source describes it.
        key: what its intake will be made from; stored when it is finished.
        replay: the landed bytes to read again where only mapping or contract changed, where a question about the
            file has been answered, or where it has been released by hand, else None.
        rows, columns, decided: of the delivery before, for the gate.
        problem: why it cannot be taken in at all, or None.
        landed, done: the bytes and key of its last finished intake.
        nihil: the dataset's metadata says that there was nothing to report.
        releases: what people have released of it, by the sha256 of the bytes that they meant.
        replaced: bytes whose place a repaired file has taken by hand; the source may show them still.
        template: it is a filled template of its standard, whose titles need no mapping of a member's own.
        confirmed: the marks of its source's values that look like slips and are true.
    """

    id: str
    dataset: str
    origin_dataset: str
    title: str
    remote: RemoteResource
    key: str
    mapping: DatasetMapping | None
    contract: Contract | None
    replay: str | None
    fetched_at: datetime | None
    rows: int | None
    columns: tuple[str, ...] | None
    decided: dict[str, str]
    problem: LumbungError | None = None
    landed: str | None = None
    done: str | None = None
    nihil: bool = False
    releases: Mapping[str, Release] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()
    template: bool = False
    confirmed: frozenset[str] = frozenset()

    @property
    def described(self) -> str:
        """The file as its source describes it, in a few characters that change when the description does."""
        return self.key[:32]

    def finished_with(self, sha256: str) -> bool:
        """Whether these very bytes have been taken in already under this mapping and contract."""
        return self.landed == sha256 and self.done is not None and self.done[32:] == self.key[32:]


def _digest(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts, default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _content_key(dataset: Dataset, resource: Resource) -> str:
    """The file as its source describes it; a source that dates no file is believed by the dataset's own date."""
    dated = resource.modified or resource.hash or dataset.modified
    return _digest(resource.url, str(dated), resource.size, resource.format)


def config_key(
    granary: Granary, source: SourceConfig, mapping: DatasetMapping | None, contract: Contract | None
) -> str:
    """What a file is made into: mapping, standard, the code lists it refers to, the regions its member answers for."""
    if contract is None:
        return _digest(READER_VERSION, repr(mapping), None)
    lists = sorted({c.reference for c in contract.columns if c.reference})
    known = [(name, granary.reference_marks.get(name)) for name in lists]
    regions = sorted(granary.registry.member(source.member).regions)
    return _digest(READER_VERSION, repr(mapping), contract.sha256, known, regions)


def _remote(resource: Resource) -> RemoteResource:
    return RemoteResource(
        id=resource.origin_id,
        name=resource.name,
        url=resource.url,
        format=resource.format,
        mime=resource.mime,
        size=resource.size,
        last_modified=resource.modified,
        hash=resource.hash or "",
    )


def item_of(
    granary: Granary,
    source: SourceConfig,
    dataset: Dataset,
    resource: Resource,
    rows: int | None,
    *,
    known: Answers | None = None,
    releases: Mapping[str, Release] | None = None,
) -> Item:
    """One resource as its source, mapping and contract make it now; `rows` is what its last delivery had."""
    mapping: DatasetMapping | None = None
    contract: Contract | None = None
    problem: LumbungError | None = None
    filled: str | None = None
    try:
        mapping = Registry.mapping_for(
            source, (dataset.origin_id, dataset.name), dataset.title, dataset.tags, resource.name
        )
        filled = resource.decided.get(TEMPLATE) if mapping is None else None
        if filled is not None and filled in granary.contracts:
            mapping = template.mapping(filled)
        if mapping is not None:
            contract = granary.contracts.get(mapping.contract)
            if contract is None:
                raise ContractUnknown(source=source.id, contract=mapping.contract, known=", ".join(granary.contracts))
    except LumbungError as error:
        problem, mapping, contract = error, None, None
    content, config = _content_key(dataset, resource), config_key(granary, source, mapping, contract)
    before = resource.intake_key or ""
    same_standard = resource.contract == (contract.name if contract else None)
    decided = {str(k): str(v) for k, v in resource.decided.items()} if same_standard else {}
    if contract is not None and known is not None:
        decided = questions.styles(known, contract.name, decided)
    return Item(
        id=resource.id,
        dataset=dataset.id,
        origin_dataset=dataset.origin_id,
        title=dataset.title,
        remote=_remote(resource),
        key=content + config,
        mapping=mapping,
        contract=contract,
        replay=resource.landed_sha256 if before[:32] == content and before[32:] != config else None,
        fetched_at=resource.fetched_at,
        rows=rows if same_standard else None,
        columns=tuple(resource.source_columns) if resource.source_columns and same_standard else None,
        decided=decided,
        problem=problem,
        landed=resource.landed_sha256,
        done=resource.intake_key,
        nihil=stated_in(dataset.extras),
        releases={k: r for k, r in (releases or {}).items() if r.contract == (contract.name if contract else None)},
        template=mapping is not None and filled == mapping.contract,
    )


@dataclass(frozen=True, slots=True)
class Due:
    """What a source still has to be taken in.

    Attributes:
        resting: how many links that keep failing are left alone meanwhile.
        again: when the first of these is asked again, None where there is none.
    """

    items: list[Item]
    resting: int = 0
    again: datetime | None = None


def pending(
    session: Session,
    granary: Granary,
    source: SourceConfig,
    *,
    always: frozenset[str] = frozenset(),
    landed_only: bool = False,
) -> Due:
    """The resources of a source whose last finished intake was made from something else, in catalogue order.

    A link that keeps failing rests (`services/intake/resting.py`), unless its bytes are landed already.

    Args:
        always: ids to take in whatever was done before: those a crashed run left unfinished.
        landed_only: only those whose bytes are landed, because nothing but the mapping or contract has changed.
    """
    query = (
        select(Dataset, Resource)
        .join(Resource, Resource.dataset_id == Dataset.id)
        .where(
            Dataset.source == source.id,
            Dataset.state != DatasetState.WITHDRAWN.value,
            Resource.state != DatasetState.WITHDRAWN.value,
        )
        .order_by(Dataset.title, Dataset.id, Resource.position)
    )
    rows, known = _delivered(session, source), questions.answers(session, source.id)
    decided = questions.answered(session, source.id, known) | holds.awaited(session, source.id)
    releases, repaired = holds.releases(session, source.id), returns.replaced(session, source.id)
    true = confirmed(session, source.id)
    now = granary.clock()
    dead = failing(session, source, now)
    found: list[Item] = []
    resting: list[datetime] = []
    for dataset, resource in session.execute(query):
        item = item_of(
            granary, source, dataset, resource, rows.get(resource.id), known=known, releases=releases.get(resource.id)
        )
        item = replace(item, replaced=repaired.get(resource.id, frozenset()), confirmed=true)
        if resource.id in decided:  # also where its source dates the same bytes anew: they are not finished with
            again = resource.landed_sha256 if item.key == resource.intake_key else item.replay
            item = replace(item, replay=again, done=None)
        if landed_only or DatasetState.MISSING in (dataset.state, resource.state):
            due = item.replay is not None  # what is gone at its source is still served, and follows its mapping
        else:
            due = item.problem is not None or item.key != resource.intake_key or item.replay is not None
            due = due or item.id in always
            due = due or _ask_again(granary, source, dataset, resource)
        if not due:
            continue
        link = dead.get((resource.id, item.described))
        if link is None or item.replay is not None or item.problem is not None or item.id in always:
            found.append(item)
        elif (until := next_try(link, granary.settings)) > now:
            resting.append(until)
        else:
            found.append(item)
    return Due(found, len(resting), min(resting, default=None))


def _delivered(session: Session, source: SourceConfig) -> dict[str, int]:
    """How many rows the last published delivery of each mapped table had; an upsert's live rows would mislead."""
    newest = (
        select(func.max(Snapshot.seq))
        .join(Resource, Resource.id == Snapshot.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Dataset.source == source.id, Snapshot.table == "", Snapshot.contract.is_not(None))
        .group_by(Snapshot.resource_id)
    )
    rows = session.execute(select(Snapshot.resource_id, Snapshot.rows).where(Snapshot.seq.in_(newest)))
    return {row.resource_id: row.rows for row in rows} | readings.delivered(session, source.id)


def _ask_again(granary: Granary, source: SourceConfig, dataset: Dataset, resource: Resource) -> bool:
    """Whether only the file's own server can say that it is unchanged: no date, or a host the portal does not run."""
    if source.kind is SourceKind.FOLDER:
        return False
    if not (resource.modified or resource.hash or dataset.modified):
        return True
    if resource.last_checked is None or urlsplit(resource.url).hostname == urlsplit(source.url).hostname:
        return False
    return granary.clock() - resource.last_checked >= EARLY * timedelta(hours=granary.settings.revalidate_hours)
