"""A database that is asked one question: one dataset, whose rows are asked for when it is fetched."""

from typing import Any

from core.ids import derived_id
from federation.connectors.base import Crawl, RemoteDataset, RemoteResource
from federation.member import SourceConfig
from federation.names import display_name


class SqlConnector:
    """Names the one dataset of a database source; asks nobody, so it never says `unchanged`."""

    def __init__(self, source: SourceConfig) -> None:
        self.source = source

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """The dataset."""
        source, dataset_id = self.source, derived_id(self.source.id)
        stem = display_name(source.title, source.id)
        dataset = RemoteDataset(
            id=dataset_id,
            name=source.id,
            title=source.title or source.id,
            organisation=source.organisation or "",
            resources=(RemoteResource(id=dataset_id, name=f"{stem}.json", url=source.url, format="JSON"),),
        )
        return Crawl((dataset,), complete=True, unchanged=False, mark={})
