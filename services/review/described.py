"""Judges datasets by their stored descriptions: SDI's gates and MQA's points, as they are described now."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import Dataset, DatasetState, Resource
from catalog.writing import batched
from core.contract import Classification
from quality.description import Description, Distribution
from services.review.known import Known


def descriptions(home: Known, session: Session, datasets: Iterable[str]) -> dict[str, Description]:
    """The descriptions of some datasets by id; files that are gone from their source are left out."""
    found: dict[str, Description] = {}
    for some in batched(datasets, 1_000):
        files: dict[str, list[Resource]] = defaultdict(list)
        query = select(Resource).where(Resource.dataset_id.in_(some), Resource.state == DatasetState.ACTIVE.value)
        for resource in session.scalars(query.order_by(Resource.dataset_id, Resource.position, Resource.id)):
            files[resource.dataset_id].append(resource)
        for dataset in session.scalars(select(Dataset).where(Dataset.id.in_(some))):
            found[dataset.id] = _description(home, dataset, files[dataset.id])
    return found


def _description(home: Known, dataset: Dataset, files: list[Resource]) -> Description:
    known = {member.code: member for member in home.registry.members}.get(dataset.member)
    extras = {str(k): str(v) for k, v in dataset.extras.items()}
    contracts = [home.contracts[f.contract] for f in files if f.contract and f.contract in home.contracts]
    contact = known.contact if known is not None else None
    return Description(
        title=dataset.title,
        notes=dataset.notes or "",
        publisher=dataset.organisation_title or dataset.organisation or "",
        contact=_contact(extras) or ((contact.email or contact.phone or "") if contact is not None else ""),
        licence=dataset.license or "",
        tags=tuple(dataset.tags),
        themes=tuple(dataset.groups),
        there=dataset.state == DatasetState.ACTIVE.value,
        scheduled=any(contract.metadata.release is not None for contract in contracts),
        classified=dataset.classification != Classification.UNCLASSIFIED.value,
        created=dataset.created,
        modified=dataset.modified,
        extras=extras,
        files=tuple(_file(resource) for resource in files),
    )


def _contact(extras: dict[str, str]) -> str:
    """The address that the origin itself gives for a dataset."""
    asked = Description("", extras=extras)
    return asked.said("maintaineremail", "authoremail", "contactemail", "contactpoint", "kontak")


def _file(resource: Resource) -> Distribution:
    asked = resource.fetched_at is not None or resource.landed_sha256 is not None
    return Distribution(
        url=resource.url,
        format=resource.format,
        mime=resource.mime,
        size=resource.size,
        reached=asked,
        readable=resource.machine_readable,
        contract=resource.contract,
    )
