"""Three regencies' nodes as a flood finds them, each a real one on loopback: one answers, one has ended, one hangs."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from federation.member import SourceConfig
from node.serve import NodeSpec, running
from tests.federation import live_nodes
from tests.gateway.factories import CITY, DEMAK, REGENCY
from tests.node import factories as node_factories

_NODE = """
[[sources]]
id = "{source.id}"
kind = "node"
url = "{source.url}"
"""
_ALLOW = """
[[sources.allow]]
what = "{a.what.value}"
by = "{a.by}"
reason = "{a.reason}"
until = {a.until}
"""
DEADLINE = 2.5
#: The city's readings, hours after those that the catalogue has of the regency.
CITY_ROWS = [node_factories.reading("pos_kota", 10 * i, 1.0 + 0.25 * i) for i in range(3)]


def _hanging(app: ASGIApp) -> ASGIApp:
    """Takes every request and says nothing until whoever asked has gone."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return silent


def _spec(folder: Path, code: str, rows: list[dict[str, Any]]) -> NodeSpec:
    (folder / code).mkdir(parents=True)
    toml = node_factories.OFFER.replace(node_factories.MEMBER, code) + "open = true\n"
    made = node_factories.folder_of(folder / code, [row | {"regionCode": code} for row in rows], toml=toml)
    return replace(node_factories.spec(made), member=code)


@contextmanager
def standing(folder: Path) -> Iterator[dict[str, str]]:
    """The nodes' addresses by member: of the city (answers), the regency (ended), Demak (hangs)."""
    others = [node_factories.reading("pos_lain", 0, 4.0)]
    with running([_spec(folder, REGENCY, others)]) as [ended]:
        pass
    with socket.socket() as kept:  # so that nobody else gets the port; nobody listens on it
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.bind(("127.0.0.1", urlsplit(ended).port or 0))
        specs = [_spec(folder, CITY, CITY_ROWS), replace(_spec(folder, DEMAK, others), around=_hanging)]
        with running(specs) as [city, demak]:
            yield {CITY: city, REGENCY: ended, DEMAK: demak}


def source(code: str, url: str) -> SourceConfig:
    """A node as its member registers it."""
    return replace(live_nodes.source("x", code, url), id=f"simpul-{code}", url=url)


def toml(code: str, url: str) -> str:
    """The same as a part of the member's file."""
    node = source(code, url)
    allowed = (_ALLOW.format(a=a) + (f'value = "{a.value}"\n' if a.value else "") for a in node.allow)
    return _NODE.format(source=node) + "".join(allowed)


def expected(answer: Mapping[str, Any]) -> None:
    """What the question of the flood gets from these nodes, from the catalogue and from the checks."""
    data, live = answer["data"], answer["data"]["live"]["riverStages"]
    assert {s["member"]: (s["status"], s["code"], s["rows"]) for s in live["nodesStatus"]} == {
        CITY: ("LIVE", None, 3),
        REGENCY: ("STALE", "LIVE_UNREACHABLE", 4),
        DEMAK: ("DOWN", "LIVE_SILENT", 0),
    }
    assert [(r["stageM"], r["member"], r["region"]["name"], r["stale"]) for r in live["nodes"]] == [
        *((stage, CITY, "Kota Semarang", False) for stage in (1.5, 1.25, 1.0)),
        *((stage, REGENCY, "Kabupaten Semarang", True) for stage in (1.8, 1.7, 1.6, 1.5)),
    ]
    assert live["nodes"][-1]["gauge"]["name"] == "Garang Hulu"
    [dataset] = data["datasets"]["nodes"]
    assert (dataset["title"], dataset["member"]["code"]) == ("Tinggi muka air", REGENCY)
    assert dataset["resources"] == [{"rows": 4, "lastVerdict": "published"}] and dataset["checks"]["nodes"] is not None
    assert {card["id"] for card in data["scores"]["nodes"]} >= {CITY, REGENCY}
    assert sorted((e["extensions"]["code"], e["path"]) for e in answer["errors"]) == [
        ("LIVE_SILENT", ["live", "riverStages"]),
        ("LIVE_UNREACHABLE", ["live", "riverStages"]),
    ]
