"""Telling a home about the simulated portals: one CKAN source per member, with its mappings and its exceptions.

A source that is there already is written anew only where something differs, so that a second demonstration in
one home leaves the files as they are.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomlkit
from tomlkit.items import AoT

from federation.members_edit import member_file
from hub.demo.making import MARK
from hub.demo.province import DemoMember, Province

_REASON = "SIMULASI: simpul peragaan di mesin ini sendiri"


def source_id(member: str) -> str:
    """The id of a member's simulated source."""
    return f"simulasi-{member}"


def register(home: Path, province: Province, urls: Mapping[str, str]) -> None:
    """Write every member's simulated source into the home's TOML files.

    Args:
        urls: member code to its portal's address, the dead portal's included.
    """
    for member in province.members:
        file = member_file(home, member.code)
        document = tomlkit.parse(file.read_text("utf-8"))
        before = document.unwrap().get("sources", [])
        wanted = _source(member, urls[member.code], province.today)
        others = [source for source in before if source.get("id") != wanted["id"]]
        if before == [*others, wanted]:
            continue
        document.pop("sources", None)
        document.append("sources", AoT([_table(source) for source in (*others, wanted)]))
        file.write_text(tomlkit.dumps(document), encoding="utf-8")


def _source(member: DemoMember, url: str, today: date) -> dict[str, Any]:
    parts = urlsplit(url)
    granted = {"by": MARK, "reason": _REASON, "until": today + timedelta(days=365)}
    return {
        "id": source_id(member.code),
        "kind": "node" if member.live else "ckan",
        "url": url,
        "title": f"Portal {member.name} ({MARK})",
        **({"live": list(member.live)} if member.live else {}),
        "allow": [
            {"what": "private_address", "value": parts.hostname, **granted},
            {"what": "http", **granted},
            {"what": "port", "value": str(parts.port), **granted},
        ],
        "mappings": [{**d.mapping, "match": {"tag": d.tag}} for d in member.datasets if d.mapping is not None],
    }


def _table(values: Mapping[str, Any]) -> tomlkit.items.Table:
    """A table whose lists of tables are written as `[[...]]` and whose small tables stay on one line."""
    table = tomlkit.table()
    for key, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            table.append(key, AoT([_table(entry) for entry in value]))
        elif isinstance(value, Mapping):
            inline = tomlkit.inline_table()
            inline.update(value)
            table.append(key, inline)
        else:
            table.append(key, value)
    return table
