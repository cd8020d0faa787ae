"""The doors over a home that was harvested: the graph, asked over HTTP as anybody or with a token."""

import asyncio
from typing import Any

import httpx

from core import tokens
from core.access import SYSTEM, Role
from core.duck import Duck
from gateway.context import Services
from hub.web import make_app
from tests.services.factories import Home


class Graph:
    """The graph of a home; close it with `close`."""

    def __init__(self, home: Home) -> None:
        granary = home.granary
        self.duck = Duck([granary.settings.folder("snapshots")], size=1, threads=1)
        self.services = Services(
            settings=granary.settings, sessions=granary.sessions, duck=self.duck, registry=granary.registry,
            contracts=granary.contracts, store=granary.store, regions=granary.regions, clock=granary.clock,
        )  # fmt: skip
        self.app = make_app(self.services)

    def token(self, *roles: Role, member: str | None = None) -> str:
        """The secret of a new token."""
        services = self.services
        return tokens.issue(
            services.sessions, name="uji", roles=roles, by=SYSTEM, now=services.clock(), member=member, regions=()
        ).secret

    def data(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""

        async def post() -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://lumbung.test", headers=headers
            ) as client:
                body = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
            assert "errors" not in body, body
            data: dict[str, Any] = body["data"]
            return data

        return asyncio.run(post())

    def close(self) -> None:
        """Let go of the query engine."""
        self.duck.close()
