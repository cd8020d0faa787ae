"""An office's CKAN portal with its files, on one real server that can be told to break."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from services.intake.outcome import SourceReport
from tests.federation.fetch_factories import FakeCkan, dataset
from tests.services import factories as make
from tests.services.factories import Home

FILE = make.people(10, 20, 30)


def offered(url: str, name: str, **more: Any) -> dict[str, Any]:
    """A dataset dict with one CSV on the portal itself."""
    file = {
        "id": f"r-{name}", "name": f"{name}.csv", "url": f"{url}/unduh/{name}.csv", "format": "CSV", "state": "active",
        "last_modified": "2026-11-01T08:00:00.000001",
    }  # fmt: skip
    return dataset(name, resources=[file], **more)


class Office:
    """A CKAN portal and its files on one server; `broken` answers in place of all of it."""

    def __init__(self) -> None:
        self.ckan = FakeCkan()
        self.files: dict[str, bytes] = {}
        self.broken: Callable[[], web.StreamResponse] | None = None
        self.downloads = 0
        self.wait: asyncio.Event | None = None  # what downloads wait for

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if self.broken is not None:
            return self.broken()
        if request.path.startswith("/unduh/"):
            self.downloads += 1
            if self.wait is not None:
                await self.wait.wait()
            body = self.files.get(request.path.rpartition("/")[2])
            return web.Response(status=404) if body is None else web.Response(body=body, content_type="text/csv")
        return await self.ckan(request)

    def offer(self, url: str, *names: str, **more: Any) -> None:
        self.ckan.datasets = [offered(url, name, **more) for name in names]
        for name in names:
            self.files.setdefault(f"{name}.csv", FILE.encode())


async def harvest(home: Home, source: str | None = None) -> SourceReport:
    return await asyncio.to_thread(home.harvest, source)
