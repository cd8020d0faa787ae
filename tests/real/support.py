"""A home for real input: members, sources and mappings as a province's administrator writes them, and its harvest.

Nothing of `../shared` is copied into the project: files are copied into a test's own folder where a source must hold
only some of them.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from core import tokens
from core.access import SYSTEM, Role
from hub.home import open_home, services_of
from hub.web import make_app
from services.granary import Granary
from services.intake.fetching import FetchLoop
from services.intake.outcome import SourceReport
from services.intake.source import harvest_source

SHARED = Path(__file__).parents[3] / "shared"


def shared(*parts: str) -> Path:
    """A real file or folder beside the project, or a skip with its reason."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no real input here: ../shared/{'/'.join(parts)} is absent")
    return path


def write_member(home: Path, code: str, text: str) -> None:
    """Write a member's file into a home."""
    (home / "members" / f"{code}.toml").write_text(text, "utf-8")


class House:
    """An opened home with its downloads and its doors."""

    def __init__(self, granary: Granary, downloads: FetchLoop) -> None:
        self.granary = granary
        self.downloads = downloads
        self._services = services_of(granary)
        self.app: Starlette = make_app(self._services)

    def harvest(self, source_id: str) -> SourceReport:
        """One harvest of one source, as the command and the flow run it."""
        source = self.granary.registry.source(source_id)
        return harvest_source(self.granary, self.downloads, self.granary.registry.member(source.member), source)

    def token(self, *roles: Role, member: str | None = None) -> str:
        """The secret of a new token."""
        now = datetime.now(UTC)
        issued = tokens.issue(
            self.granary.sessions,
            name="uji",
            roles=roles,
            by=SYSTEM,
            now=now,
            member=member,
            expires=now + timedelta(1),
        )
        return issued.secret

    def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer without errors, in process."""
        return asyncio.run(self._ask(query, token, variables))

    async def _ask(self, query: str, token: str | None, variables: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://lumbung.test", headers=headers) as client:
            body: dict[str, Any] = (
                await client.post("/graphql", json={"query": query, "variables": variables}, timeout=60)
            ).json()
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def close(self) -> None:
        """End downloads, workers and connections."""
        self._services.duck.close()
        self.downloads.close()
        self.granary.close()


@contextmanager
def open_house(home: Path) -> Iterator[House]:
    """The home opened for one test module."""
    granary = open_home(home)
    house = House(granary, FetchLoop(granary.landing, granary.settings))
    try:
        yield house
    finally:
        house.close()
