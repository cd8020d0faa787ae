"""What a crawl saw, in plain fields; the caller translates its source's answer into these.

What follows from it is decided in `catalog/datasets.py`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from core.clock import aware
from core.contract import Classification


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
    """What a source says in a form that every database takes: no NUL, no half characters, moments with a zone (T06)."""

    def cleaned(value: Any) -> Any:
        if type(value) is str:
            return value.replace("\0", "").encode("utf-8", "replace").decode()
        if isinstance(value, datetime):
            try:
                return aware(value)
            except OverflowError:  # the year 1 or 9999 with a zone
                return None
        if isinstance(value, tuple):
            return tuple(cleaned(part) for part in value)
        if isinstance(value, SeenResource):
            return replace(value, **{f.name: cleaned(getattr(value, f.name)) for f in fields(value)})
        return value

    return replace(seen, **{f.name: cleaned(getattr(seen, f.name)) for f in fields(seen)})


def fingerprint(seen: SeenDataset) -> str:
    """The hash by which a crawl sees at once that nothing about a dataset has changed."""
    return hashlib.sha256(json.dumps(asdict(seen), sort_keys=True, default=str).encode()).hexdigest()
