"""A service that gives rows page by page: one dataset, whose pages are asked for when it is fetched."""

from typing import Any
from urllib.parse import urlsplit

from core.ids import derived_id
from federation.address import AddressPolicy, safe_url
from federation.connectors.base import Crawl, RemoteDataset, RemoteResource
from federation.member import SourceConfig
from federation.names import display_name, name_in_url


class RestConnector:
    """Names the one dataset of a paged service; asks nobody, so it never says `unchanged`."""

    def __init__(self, source: SourceConfig, *, policy: AddressPolicy | None = None) -> None:
        self.source = source
        self.policy = policy or AddressPolicy(source)

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """The dataset; an `AddressError` where the address may not be called at all (S19)."""
        url = self.source.url
        self.policy.check(url)
        stem = display_name(self.source.title, name_in_url(url), urlsplit(url).hostname)
        dataset_id = derived_id(self.source.id, safe_url(url))
        dataset = RemoteDataset(
            id=dataset_id,
            name=safe_url(url),
            title=self.source.title or stem,
            organisation=self.source.organisation or "",
            resources=(RemoteResource(id=dataset_id, name=f"{stem}.json", url=url, format="JSON"),),
        )
        return Crawl((dataset,), complete=True, unchanged=False, mark={"url": safe_url(url)})
