"""An inbox, into which a regency's machine pushes what its folder holds: the datasets of its last manifest."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import aware
from core.table import Note
from federation.connectors.base import Crawl, RemoteDataset, RemoteResource
from federation.connectors.folder import SCHEME
from federation.inbox import FILES, Inbox
from federation.member import SourceConfig


class InboxConnector:
    """Lists what the last complete push left; unchanged where it is the manifest of the mark."""

    def __init__(self, source: SourceConfig) -> None:
        self.source = source

    async def crawl(self, mark: dict[str, Any] | None) -> Crawl:
        """All datasets of the manifest; where nothing was ever pushed, nothing, which proves nothing either."""
        inbox = Inbox(self.source.path, file_limit=0, limit=0)  # nothing is put through this one
        manifest = await asyncio.to_thread(inbox.manifest)
        if manifest is None:
            note = Note("federation.note.empty_source", {"source": self.source.id})
            return Crawl((), complete=False, unchanged=False, mark={}, remarks=(note,))
        new = {"folder": str(self.source.path), "manifest": manifest.sha256}
        if mark == new:
            return Crawl((), complete=False, unchanged=True, mark=new)
        datasets = tuple(self._dataset(d) for d in manifest.datasets)
        return Crawl(datasets, complete=True, unchanged=False, mark=new)

    def _dataset(self, told: Mapping[str, Any]) -> RemoteDataset:
        return RemoteDataset(
            id=told["id"],
            name=told["name"],
            title=told["title"],
            organisation=told["organisation"] or self.source.organisation or "",
            organisation_title=told["organisation_title"],
            tags=tuple(told["tags"]),
            groups=tuple(told["groups"]),
            license=told["license"],
            modified=_moment(told["modified"]),
            extras=dict(told["extras"]),
            notes=told["notes"],
            resources=tuple(self._resource(r) for r in told["resources"]),
            raw={"metadata_created": told["created"]},
        )

    def _resource(self, told: Mapping[str, Any]) -> RemoteResource:
        return RemoteResource(
            id=told["id"],
            name=told["name"],
            url=f"{SCHEME}{FILES}/{told['sha256']}",
            format=told["format"],
            mime=told["mime"] or None,
            size=told["size"],
            last_modified=_moment(told["modified"]),
            hash=told["sha256"],
            description=told["description"],
        )


def _moment(text: str) -> datetime | None:
    try:
        return aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None
