"""CKAN connectors over fake portals that answer at once, and what such portals show."""

from datetime import UTC, datetime
from typing import Any

from federation.connectors.ckan import CkanConnector
from federation.member import SourceKind
from federation.retry import Backoff
from federation.vetted import Limits
from tests.federation.fetch_factories import (
    dataset,
    source,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NAMES = [f"harga-{n:03}" for n in range(25)]


def connector(base: str, **more: Any) -> CkanConnector:
    more = {"sleep": lambda seconds: None, "backoff": Backoff(draw=lambda: 0.5), "now": lambda: NOW} | more
    config = more.pop("config", None) or source(base, SourceKind.CKAN)
    more.setdefault("limits", Limits(connect=2.0, read=0.4, total=4.0))
    return CkanConnector(config, **more)


def many(names: list[str] = NAMES) -> list[dict[str, Any]]:
    return [dataset(name, f"2026-11-01T08:00:{n:02}.000001") for n, name in enumerate(names)]
