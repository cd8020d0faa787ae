"""What people call the subjects of scores."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.data_list import ListedDataset
from catalog.models import Dataset
from catalog.writing import batched
from services.review.known import Known


def titles(home: Known, session: Session, datasets: Iterable[str]) -> dict[str, str]:
    """The names of some datasets, their dinas (`MEMBER/DINAS`), every member and the province, by id."""
    found: dict[str, str] = {}
    for some in batched(datasets):
        query = select(Dataset.id, Dataset.title, Dataset.member, Dataset.organisation, Dataset.organisation_title)
        for id_, title, member, name, called in session.execute(query.where(Dataset.id.in_(some))):
            found[id_] = title
            if name:
                found.setdefault(f"{member}/{name}", called or name)
        for id_, title in session.execute(
            select(ListedDataset.id, ListedDataset.title).where(ListedDataset.id.in_(some))
        ):
            found.setdefault(id_, title)
    found |= {member.code: member.name for member in home.registry.members}
    province, regions = home.settings.province, home.regions
    if province and regions.known(province):
        found[province] = regions.region(province).name
    return found
