"""Writing a mapping into a member's TOML and taking one out, as a steward would write it by hand.

What a mapping says is `core.mapping`; the file is replaced as in `federation/members_edit.py`.
"""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, InlineTable
from tomlkit.items import Table as TomlTable

from core.mapping import DatasetMapping, Match, Melt
from federation.member import SourceConfig
from federation.member_errors import SourceUnknown
from federation.members_edit import member_file, parse_file, replace_file
from federation.registry import Registry

_BROAD = 100  # a list longer than so many characters is written a line each


def put_mapping(home: Path, source_id: str, mapping: DatasetMapping) -> SourceConfig:
    """Write a mapping into its source's entry; one that is meant for the very same datasets is replaced.

    Raises:
        LumbungError: the source is unknown, or the file would not be sound; nothing was written.
    """
    return _change(home, source_id, mapping.match, mapping)


def drop_mapping(home: Path, source_id: str, match: Match) -> SourceConfig:
    """Take the mapping for these datasets out of its source's entry.

    Raises:
        LumbungError: the source is unknown, or the file would not be sound; nothing was written.
    """
    return _change(home, source_id, match, None)


def mapping_toml(mapping: DatasetMapping) -> str:
    """The mapping as it stands in a member's file, with its heading."""
    document = tomlkit.document()
    source = tomlkit.table(is_super_table=True)
    source.append("mappings", AoT([_entry(mapping)]))
    document.append("sources", AoT([source]))
    text = tomlkit.dumps(document)
    return text[text.index("[[sources.mappings]]") :].strip() + "\n"


def _change(home: Path, source_id: str, match: Match, mapping: DatasetMapping | None) -> SourceConfig:
    source = Registry.load_sound(home).source(source_id)
    file = member_file(home, source.member)
    document = parse_file(file)
    entry = next((e for e in document["sources"] if str(e["id"]) == source_id), None)
    if entry is None:
        raise SourceUnknown(source=source_id)
    listed = entry.get("mappings")
    if listed is None:
        listed = tomlkit.array() if isinstance(entry, InlineTable) else AoT([])
        if mapping is not None:
            entry.append("mappings", listed)
    at = next((i for i, one in enumerate(source.mappings) if one.match == match), None)
    if mapping is None:
        if at is not None:
            del listed[at]
        if len(listed) == 0 and "mappings" in entry:
            entry.remove("mappings")
    else:
        made = _entry(mapping) if isinstance(listed, AoT) else _inline(_plain(mapping))
        if at is not None:
            del listed[at]
            listed.insert(at, made)
        else:
            listed.append(made)
    replace_file(home, file, document)
    return Registry.load_sound(home).source(source_id)


def _plain(value: Any) -> dict[str, Any]:
    """What a mapping, match or melt says, without what it need not say."""
    out: dict[str, Any] = {}
    for one in fields(value):
        said = getattr(value, one.name)
        if said is None or said in ((), {}) or said is False or said == "auto":
            continue
        if isinstance(said, Match):
            said = _plain(said)
        elif isinstance(said, tuple):
            said = [_plain(part) if isinstance(part, Melt) else part for part in said]
        elif isinstance(said, Mapping):
            said = dict(said)
        out[one.name] = said
    return out


def _entry(mapping: DatasetMapping) -> TomlTable:
    table = tomlkit.table()
    _fill(table, _plain(mapping))
    table.add(tomlkit.nl())
    return table


def _fill(table: TomlTable | InlineTable, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        match value:
            case dict():
                table[key] = _inline(value)
            case list():
                table[key] = _array(value)
            case _:
                table[key] = value


def _array(values: list[Any]) -> Array:
    array = tomlkit.array()
    array.extend(_inline(v) if isinstance(v, dict) else v for v in values)
    if sum(len(str(v)) for v in values) > _BROAD:
        array.multiline(multiline=True)
    return array


def _inline(values: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    _fill(table, values)
    return table
