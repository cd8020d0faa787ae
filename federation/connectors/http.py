"""A file on a web server: one dataset an address. Whether it changed is asked when it is fetched (ETag, date)."""

from typing import Any
from urllib.parse import unquote, urlsplit

from core.ids import derived_id
from federation.address import AddressPolicy, safe_url
from federation.connectors.base import Crawl, RemoteDataset, RemoteResource
from federation.member import SourceConfig
from federation.names import display_name, name_in_url
from federation.sheets import sheet_name


class HttpConnector:
    """Lists the addresses of an HTTP source; asks nobody, so it never says `unchanged`.

    Args:
        urls: the addresses; by default the source's own, separated by blanks where it has several.
    """

    def __init__(
        self, source: SourceConfig, *, urls: tuple[str, ...] | None = None, policy: AddressPolicy | None = None
    ) -> None:
        self.source = source
        self.policy = policy or AddressPolicy(source)
        self._urls = urls or tuple(source.url.split())

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """One dataset an address; an `AddressError` where one may not be called at all (S19)."""
        datasets = tuple(self._dataset(url) for url in self._urls)
        return Crawl(datasets, complete=True, unchanged=False, mark={"urls": [safe_url(u) for u in self._urls]})

    def _dataset(self, url: str) -> RemoteDataset:
        self.policy.check(url)
        name = display_name(sheet_name(url), name_in_url(url), urlsplit(url).hostname)
        stem, dot, suffix = name.rpartition(".")
        ours = len(self._urls) == 1 and self.source.title
        dataset_id = derived_id(self.source.id, safe_url(url))
        resource = RemoteResource(id=dataset_id, name=name, url=url, format=suffix.upper() if dot else "")
        return RemoteDataset(
            id=dataset_id,
            name=unquote(safe_url(url)),
            title=ours or stem or name,
            organisation=self.source.organisation or "",
            resources=(resource,),
        )
