"""The memory of harmonisation: what a file is likely to be, what a person confirmed of it, and what is still open.

Suggesting is `quality/harmonise`; a confirmed mapping is written into the member's file (`federation/mappings_edit.py`)
and applied by the next harvest to the bytes that are landed already. Who confirmed it is in the audit.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import query
from catalog.holds import may_decide
from catalog.models import Dataset, DatasetState, Resource, ReviewItem, ReviewKind
from catalog.writing import reading, writing
from core import audit
from core.access import SYSTEM, Actor
from core.ids import new_id
from core.mapping import DatasetMapping, Match
from core.table import TextTable
from federation.mappings_edit import drop_mapping, put_mapping
from federation.member import SourceConfig, SourceKind
from federation.readers import read
from federation.registry import Registry
from quality.harmonise import Suggestion, load_words, suggest
from services.errors import DatasetNotLanded, MappingAnswerInvalid, MappingRefused, MappingUnfitting, MappingUnknown
from services.granary import Granary
from services.intake.take_in import read_limits
from services.mapping_answers import Answers, by_hand, settled

#: The kind of review item that asks whether a file fits a standard, and keeps who confirmed what.
CONFIRMED = ReviewKind.MAPPING.value
_NO_REGIONS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One file and how its tables are likely to be read, likeliest first.

    Attributes:
        source: where it comes from, None for a file that belongs to none yet.
        match: the datasets for which a confirmed mapping is meant, None without a source.
        current: the mapping that applies to it now.
        resource, dataset: catalogue ids, None for a file that is not in the catalogue.
    """

    file: str
    title: str | None
    tables: tuple[Suggestion, ...]
    source: SourceConfig | None = None
    match: Match | None = None
    current: DatasetMapping | None = None
    resource: str | None = None
    dataset: str | None = None
    landed: str | None = None
    mime: str | None = None

    @property
    def best(self) -> Suggestion | None:
        """The likeliest reading, None where no table has columns."""
        return self.tables[0] if self.tables else None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A mapping of a source, and who confirmed it; both None where it was written by hand."""

    source: str
    member: str
    mapping: DatasetMapping
    by: str | None = None
    at: datetime | None = None


# -- suggesting -----------------------------------------------------------------------------------------------------


def propose_file(
    granary: Granary, path: Path, *, member: str | None = None, source: str | None = None, standard: str | None = None
) -> Proposal:
    """How a file on this machine is likely to be read, as a harvest of that source or member would read it.

    Raises:
        LumbungError: the file cannot be read, or member, source or standard is unknown.
    """
    found = granary.registry.source(source) if source is not None else None
    code = found.member if found is not None else member
    regions = granary.registry.member(code).regions if code is not None else _NO_REGIONS
    tables = _tables(granary, path, path.name, None)
    match = _match_file(found, path) if found is not None else None
    current = next((m for m in found.mappings if m.match == match), None) if found is not None else None
    return Proposal(
        path.name, None, _suggested(granary, tables, regions, file=path.name, standard=standard), found, match, current
    )


def propose_dataset(
    granary: Granary,
    name: str,
    *,
    source: str | None = None,
    file: str | None = None,
    standard: str | None = None,
    whole: bool = False,
) -> Proposal:
    """How a dataset's landed file is likely to be read.

    Args:
        name: the dataset's id, the beginning of it, or its name; or a resource's id.
        file: the name of one of its files, or the beginning of its id; else the first that a machine can read.
        whole: the mapping is meant for all files of the dataset.

    Raises:
        DatasetUnknown: nothing or several are called so. DatasetNotLanded: none of its files is here.
        LumbungError: the file cannot be read.
    """
    found = landed(granary, name, source=source, file=file, whole=whole)
    return _with_tables(granary, found, standard)


def landed(
    granary: Granary, name: str, *, source: str | None = None, file: str | None = None, whole: bool = False
) -> Proposal:
    """A dataset's landed file and its mapping, without a reading; as `propose_dataset`."""
    with reading(granary.sessions) as session:
        dataset, resources = _named(session, name, source)
        landed = [r for r in resources if r.landed_sha256 is not None]
        wanted = [r for r in landed if file is None or r.name == file or r.id.startswith(file)]
        if not wanted:
            raise DatasetNotLanded(dataset=dataset.title, files=", ".join(r.name for r in resources) or "-")
        resource = next((r for r in wanted if r.machine_readable), wanted[0])
        return _bare(granary, dataset, resource, match_of(dataset, resource, whole=len(resources) == 1 or whole))


def proposal_of(
    granary: Granary, dataset: Dataset, resource: Resource, match: Match, *, standard: str | None = None
) -> Proposal:
    """How a resource's landed bytes are likely to be read.

    Raises:
        LumbungError: the bytes are gone, or cannot be read.
    """
    return _with_tables(granary, _bare(granary, dataset, resource, match), standard)


def _bare(granary: Granary, dataset: Dataset, resource: Resource, match: Match) -> Proposal:
    source = granary.registry.source(dataset.source)
    current = mapping_of(source, dataset, resource)
    return Proposal(
        file=resource.name, title=dataset.title, tables=(), source=source, match=match, current=current,
        resource=resource.id, dataset=dataset.id, landed=resource.landed_sha256, mime=resource.mime,
    )  # fmt: skip


def mapping_of(source: SourceConfig, dataset: Dataset, resource: Resource) -> DatasetMapping | None:
    """The mapping of a source that is meant for one of its files, None where none is."""
    return Registry.mapping_for(source, (dataset.origin_id, dataset.name), dataset.title, dataset.tags, resource.name)


def _with_tables(granary: Granary, found: Proposal, standard: str | None) -> Proposal:
    assert found.landed is not None
    assert found.source is not None
    tables = _tables(granary, granary.landing.open(found.landed), found.file, found.mime)
    regions = granary.registry.member(found.source.member).regions
    made = _suggested(granary, tables, regions, file=found.file, title=found.title, standard=standard)
    return replace(found, tables=made)


def _named(session: Session, name: str, source: str | None = None) -> tuple[Dataset, Sequence[Resource]]:
    """The dataset of that name or id; of several the one that its source still shows."""
    if (resource := session.get(Resource, name)) is not None:
        return session.get_one(Dataset, resource.dataset_id), [resource]
    wanted = select(Dataset).where((Dataset.name == name) | (Dataset.origin_id == name))
    found = session.scalars(wanted if source is None else wanted.where(Dataset.source == source)).all()
    found = [d for d in found if d.state == DatasetState.ACTIVE.value] or found
    dataset = found[0] if len(found) == 1 else query.dataset_named(session, SYSTEM, name)
    rows = select(Resource).where(Resource.dataset_id == dataset.id).order_by(Resource.position, Resource.id)
    return dataset, session.scalars(rows).all()


def _tables(granary: Granary, path: Path, name: str, mime: str | None) -> Sequence[TextTable]:
    return read(path, name, mime=mime, limits=read_limits(granary)).tables


def _suggested(
    granary: Granary,
    tables: Sequence[TextTable],
    regions: frozenset[str],
    *,
    file: str,
    title: str | None = None,
    standard: str | None = None,
) -> tuple[Suggestion, ...]:
    contracts = granary.contracts
    if standard is not None:
        if standard not in contracts:
            raise MappingAnswerInvalid(answer=standard, choices=", ".join(sorted(contracts)))
        contracts = {standard: contracts[standard]}
    return suggest(
        tables,
        contracts,
        granary.references,
        title=title,
        file=file,
        regions=regions,
        now=granary.clock(),
        words=load_words(granary.settings.folder("reference") / "words.csv"),
    )


def _match_file(source: SourceConfig, path: Path) -> Match:
    """The datasets that such a file will be: of a folder the one of its path, elsewhere those with a file so named."""
    if source.kind is SourceKind.FOLDER and path.resolve().is_relative_to(source.path):
        return Match(id=path.resolve().relative_to(source.path).as_posix())
    return Match(resource=f"^{re.escape(path.name)}$")


# -- confirming -----------------------------------------------------------------------------------------------------


def confirm(granary: Granary, proposal: Proposal, answers: Answers, *, actor: Actor, reason: str = "") -> Remembered:
    """Remember how a source's file is read: in its member's file, and in the audit who said so.

    The next harvest takes the dataset into its standard from the bytes that are landed.

    Raises:
        MappingUnfitting, MappingUnanswered, MappingAnswerInvalid: what is missing. MappingRefused: not the actor's.
        LumbungError: the member's file cannot be written so; nothing was remembered.
    """
    source, match = proposal.source, proposal.match
    if source is None or match is None:
        raise MappingUnfitting(table=proposal.file)
    if not may_decide(actor, source.member):
        raise MappingRefused(member=source.member, actor=actor.name)
    suggestion = _chosen(proposal, answers)
    if suggestion.standard is None:
        if answers.standard is None:
            raise MappingUnfitting(table=suggestion.table)
        suggestion = by_hand(suggestion, granary.contracts[answers.standard])
    contract = granary.contracts[suggestion.standard or ""]
    mapping = settled(suggestion, answers, contract, match, granary.references)
    if len(proposal.tables) == 1 and answers.table is None:
        mapping = replace(mapping, table=None)  # its name is the file's, which changes with every delivery
    if proposal.current is not None and proposal.current.contract == mapping.contract:
        mapping = replace(mapping, values=_merged(mapping.values, proposal.current.values))
    more = {"confidence": round(suggestion.confidence, 3), "answers": plainly(answers)}
    return put(granary, proposal, mapping, actor=actor, reason=reason, more=more)


def put(
    granary: Granary,
    proposal: Proposal,
    mapping: DatasetMapping,
    *,
    actor: Actor,
    reason: str,
    more: Mapping[str, Any],
) -> Remembered:
    """Write a mapping into its member's file, and into the audit who said so, with what more is to be known of it.

    Raises:
        LumbungError: the member's file cannot be written so; nothing was remembered.
    """
    source = proposal.source
    assert source is not None
    put_mapping(granary.settings.home, source.id, mapping)
    granary.registry = Registry.load_sound(granary.settings.home, granary.regions, granary.registry)
    now = granary.clock()
    values: dict[str, Any] = {
        "contract": mapping.contract, "match": plainly(mapping.match), "file": proposal.file, "by": actor.name,
        "columns": dict(mapping.columns), "constants": dict(mapping.constants), "factors": dict(mapping.factors),
        "values": {column: dict(pairs) for column, pairs in mapping.values.items()},
        "melts": [plainly(melt) for melt in mapping.melts], "reason": reason, "landed": proposal.landed,
        "replaced": proposal.current is not None, **more,
    }  # fmt: skip
    with writing(granary.sessions) as session:
        _close(session, source, proposal.dataset, values, actor=actor, now=now)
        audit.record(session, actor, "mapping.confirmed", source.id, values, now=now)
    return Remembered(source.id, source.member, mapping, actor.name, now)


def _merged(
    made: Mapping[str, Mapping[str, str]], confirmed: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Words of a new reading beside those that a person confirmed before, which stand."""
    return {
        column: {**made.get(column, {}), **confirmed.get(column, {})} for column in dict.fromkeys((*made, *confirmed))
    }


def _chosen(proposal: Proposal, answers: Answers) -> Suggestion:
    """The reading of the table that was named, else the likeliest."""
    if answers.table is not None:
        named = [s for s in proposal.tables if s.table.casefold() == answers.table.casefold()]
        if not named:
            raise MappingAnswerInvalid(answer=answers.table, choices=", ".join(s.table for s in proposal.tables))
        return named[0]
    if proposal.best is None:
        raise MappingUnfitting(table=proposal.file)
    return proposal.best


def _close(
    session: Session,
    source: SourceConfig,
    dataset: str | None,
    values: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the decision, and close the question that asked for it."""
    asked = select(ReviewItem).where(
        ReviewItem.kind == CONFIRMED, ReviewItem.source == source.id, ReviewItem.decided_at.is_(None)
    )
    for item in session.scalars(asked.where(ReviewItem.dataset_id == dataset)) if dataset is not None else ():
        item.decided_at, item.decided_by, item.decision = now, actor.id, values["contract"]
    session.add(
        ReviewItem(
            id=new_id(), kind=CONFIRMED, source=source.id, member=source.member, dataset_id=dataset,
            values=dict(values), opened_at=now, decided_at=now, decided_by=actor.id, decision=values["contract"],
        )
    )  # fmt: skip


def forget(granary: Granary, name: str, *, source: str | None = None, actor: Actor, reason: str = "") -> Remembered:
    """Take a mapping out of the member's file: its datasets are again without a standard at the next harvest.

    Args:
        name: a dataset, as `propose_dataset` takes it; or, with `source`, what the mapping is meant for (its id,
            tag, title or file pattern).

    Raises:
        MappingUnknown: no mapping is meant by this name alone. MappingRefused: not the actor's.
    """
    found = _meant(granary, name, source)
    if not may_decide(actor, found.member):
        raise MappingRefused(member=found.member, actor=actor.name)
    drop_mapping(granary.settings.home, found.source, found.mapping.match)
    granary.registry = Registry.load_sound(granary.settings.home, granary.regions, granary.registry)
    values = {"contract": found.mapping.contract, "match": plainly(found.mapping.match), "by": actor.name,
              "reason": reason}  # fmt: skip
    with writing(granary.sessions) as session:
        audit.record(session, actor, "mapping.forgotten", found.source, values, now=granary.clock())
    return found


def _meant(granary: Granary, name: str, source: str | None) -> Remembered:
    if source is not None:
        one = granary.registry.source(source)
        fitting = [m for m in one.mappings if name in (m.match.id, m.match.tag, m.match.title, m.match.resource)]
        if len(fitting) != 1:
            raise MappingUnknown(name=name, source=source)
        return Remembered(one.id, one.member, fitting[0])
    with reading(granary.sessions) as session:
        dataset, resources = _named(session, name)
        one = granary.registry.source(dataset.source)
        for resource in resources:
            mapping = mapping_of(one, dataset, resource)
            if mapping is not None:
                return Remembered(one.id, one.member, mapping)
    raise MappingUnknown(name=name, source=one.id)


def match_of(dataset: Dataset, resource: Resource, *, whole: bool) -> Match:
    """The match of a dataset, or of one of its files alone."""
    return Match(id=dataset.origin_id, resource=None if whole else f"^{re.escape(resource.name)}$")


def plainly(value: Any) -> dict[str, Any]:
    """What a value says, without what it leaves open."""
    return {k: v for k, v in asdict(value).items() if v not in (None, (), [], {}, False)}
