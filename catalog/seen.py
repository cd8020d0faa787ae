"""What a crawl saw, in plain fields; the caller translates its source's answer into these.

What follows from it is decided in `catalog/datasets.py`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.clock import aware
from core.contract import Classification

#: How long what a source says may be where the database has a limit or an index; what is longer is cut.
_LONGEST = {"title": 500, "name": 500, "organisation": 200, "origin": 500, "format": 60, "mime": 200}
_LONGEST_ID = 500


@dataclass(frozen=True, slots=True)
class SeenResource:
    """One resource as a crawl saw it; size in bytes."""

    origin_id: str
    name: str
    url: str
    format: str = ""
    mime: str | None = None
    size: int | None = None
    hash: str | None = None
    modified: datetime | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDataset:
    """One dataset as a crawl saw it.

    Attributes:
        origin_id: its id at the source, which a rename does not change.
        origin: its identifier at the portal where it was born, where the source is a copy.
        created, modified: as the source says, however odd (T07).
        classification: what the source's own privacy means here; None leaves it *belum diklasifikasi*. It counts
            when the dataset is new, and never overrules what was decided here.
    """

    origin_id: str
    name: str
    title: str
    organisation: str | None = None
    organisation_title: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    license: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    origin: str | None = None
    created: datetime | None = None
    modified: datetime | None = None
    classification: Classification | None = None
    resources: tuple[SeenResource, ...] = ()


def clean(seen: SeenDataset) -> SeenDataset:
    """What a source says in a form that every database takes.

    No NUL, no half characters, moments with a zone (T06), nothing longer than a column; an id that is too long
    ends in its hash.
    """
    cleaned: SeenDataset = _cleaned(seen)
    return cleaned


def _cleaned(value: Any, limit: int | None = None) -> Any:
    if type(value) is str:
        if value.isascii() and "\0" not in value:  # most of what sources say, a thousand times a crawl
            return value[:limit]
        return value.replace("\0", "").encode("utf-8", "replace").decode()[:limit]
    if value is None:
        return None
    if isinstance(value, datetime):
        try:
            return aware(value)
        except OverflowError:  # the year 1 or 9999 with a zone
            return None
    if isinstance(value, tuple):
        return tuple(_cleaned(part) for part in value)
    if isinstance(value, SeenDataset | SeenResource):
        parts = {name: _cleaned(part, _LONGEST.get(name)) for name, part in _parts(value).items()}
        if len(value.origin_id) > _LONGEST_ID:
            digest = hashlib.sha256(value.origin_id.encode("utf-8", "replace")).hexdigest()
            parts["origin_id"] = parts["origin_id"][: _LONGEST_ID - len(digest)] + digest
        return type(value)(**parts)
    return value


def _parts(value: SeenDataset | SeenResource) -> dict[str, Any]:
    """The fields by their names, as they are: `asdict` would copy every value."""
    return {name: getattr(value, name) for name in value.__slots__}


def fingerprint(seen: SeenDataset) -> str:
    """The hash by which a crawl sees at once that nothing about a dataset has changed."""
    cleaned = clean(seen)
    said = _parts(cleaned) | {"resources": [_parts(resource) for resource in cleaned.resources]}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
