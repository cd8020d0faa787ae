"""What a steward writes beside the files: `node.toml`, `dataset.toml`, or `FILE.toml` for a file alone.

Everything is optional: a bare file becomes a dataset named after itself. A broken file is reported and its
defaults are used, because data that is there should be served.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.reference import fold
from node.errors import NodeMetadataInvalid

NODE_FILE = "node.toml"
DATASET_FILE = "dataset.toml"
_NAME = re.compile(r"[a-z0-9_-]{2,100}")


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """What is said about one file of a dataset."""

    name: str | None = None
    description: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class DatasetMetadata:
    """What is said about a dataset; `organisation` and `groups` are names that `node.toml` may give titles."""

    title: str | None = None
    name: str | None = None
    notes: str = ""
    organisation: str | None = None
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    license: str = "notspecified"
    author: str = ""
    maintainer: str | None = None
    maintainer_email: str | None = None
    url: str = ""
    version: str = ""
    private: bool = False
    extras: tuple[tuple[str, str], ...] = ()
    files: Mapping[str, FileMetadata] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeMetadata:
    """What is said about the node: its title, and titles of its organisations and groups by name."""

    title: str | None = None
    organisations: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


class Table:
    """A TOML table whose values must have the type that is asked for."""

    def __init__(self, file: Path, data: Mapping[str, Any]) -> None:
        self.file, self.data = file, data

    def refuse(self, key: str, expected: str) -> NodeMetadataInvalid:
        """The error that names the key and what it should be."""
        return NodeMetadataInvalid(file=self.file.name, folder=self.file.parent, key=key, expected=expected)

    def maybe(self, key: str) -> str | None:
        """A text, None where it is absent."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, str):
            raise self.refuse(key, '"..."')
        return value

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        return self.maybe(key) or default

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, each once."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.refuse(key, '["...", "..."]')
        return tuple(dict.fromkeys(value))

    def flag(self, key: str) -> bool:
        """Yes or no; no where it is absent."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.refuse(key, "true | false")
        return value

    def strings(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self.data.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.refuse(key, '{name = "..."}')
        return value

    def tables(self, key: str) -> list["Table"]:
        """The tables of an array of tables."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.refuse(key, f"[[{key}]]")
        return [Table(self.file, v) for v in value]


def load(file: Path) -> Table | None:
    """The table of a TOML file, None where there is none; raises NodeMetadataInvalid."""
    try:
        return Table(file, tomllib.loads(file.read_text("utf-8-sig")))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise NodeMetadataInvalid(file=file.name, folder=file.parent, key="-", expected=str(error)) from error


def read_dataset(file: Path) -> DatasetMetadata:
    """What `dataset.toml` or a sidecar says; defaults where there is none; raises NodeMetadataInvalid."""
    if (table := load(file)) is None:
        return DatasetMetadata()
    name = table.maybe("name")
    if name is not None and not _NAME.fullmatch(name):
        raise table.refuse("name", "a-z 0-9 - _ (2-100)")
    files = {}
    for entry in table.tables("resources"):
        files[entry.text("file")] = FileMetadata(entry.maybe("name"), entry.maybe("description"), entry.maybe("format"))
    return DatasetMetadata(
        title=table.maybe("title"),
        name=name,
        notes=table.text("notes"),
        organisation=_slug_or_none(table.maybe("organisation")),
        groups=tuple(slug(g) for g in table.texts("groups")),
        tags=table.texts("tags"),
        license=table.text("license", "notspecified"),
        author=table.text("author"),
        maintainer=table.maybe("maintainer"),
        maintainer_email=table.maybe("maintainer_email"),
        url=table.text("url"),
        version=table.text("version"),
        private=table.flag("private"),
        extras=tuple(table.strings("extras").items()),
        files=files,
    )


def read_node(file: Path) -> NodeMetadata:
    """What `node.toml` says; defaults where there is none; raises NodeMetadataInvalid."""
    if (table := load(file)) is None:
        return NodeMetadata()
    organisations = {slug(k): v for k, v in table.strings("organisations").items()}
    return NodeMetadata(table.maybe("title"), organisations, {slug(k): v for k, v in table.strings("groups").items()})


def offers_graphql(folder: Path) -> bool:
    """Whether `node.toml` offers anything in GraphQL; raises NodeMetadataInvalid where it cannot be read."""
    table = load(folder / NODE_FILE)
    return table is not None and "graphql" in table.data


def slug(text: str) -> str:
    """A CKAN name: lowercase ASCII, digits and hyphens, 2 to 100 characters."""
    return fold(text).replace(" ", "-")[:100].strip("-").ljust(2, "x")


def _slug_or_none(text: str | None) -> str | None:
    return None if text is None else slug(text)
