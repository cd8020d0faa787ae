"""A CKAN dataset dict as the rest knows it: tolerant of what portals leave out, exact about what they say."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from core.clock import aware
from core.ids import derived_id
from core.table import Note
from federation.connectors.base import RemoteDataset, RemoteResource


def is_id(value: object) -> bool:
    """Whether something can be an identifier: short, printable text."""
    return isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable()


def dataset_from(raw: Mapping[str, Any], portal: str, remarks: list[Note]) -> RemoteDataset:
    """One dataset; oddities are added to `remarks`.

    Args:
        raw: as `package_search` and `package_show` give it; it has an `id`.
        portal: the portal's address, to which relative resource addresses are joined.
    """
    organisation = raw.get("organization")
    owner = organisation if isinstance(organisation, Mapping) else {}
    name = _text(raw.get("name")) or str(raw["id"])
    return RemoteDataset(
        id=str(raw["id"]),
        name=name,
        title=_text(raw.get("title")) or name,
        organisation=_text(owner.get("name")),
        organisation_title=_text(owner.get("title")) or _text(owner.get("name")),
        tags=tuple(_names(raw.get("tags"))),
        groups=tuple(_names(raw.get("groups"))),
        license=_text(raw.get("license_title")) or _text(raw.get("license_id")),
        modified=_moment(raw.get("metadata_modified"), name, remarks),
        private=_truth(raw.get("private")),
        state=_text(raw.get("state")) or "active",
        extras=dict(_extras(raw.get("extras"))),
        notes=_text(raw.get("notes")),
        resources=tuple(_resources(raw, name, portal, remarks)),
        raw=raw,
    )


def _resources(raw: Mapping[str, Any], name: str, portal: str, remarks: list[Note]) -> Iterator[RemoteResource]:
    listed = raw.get("resources")
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, Mapping) or entry.get("state", "active") == "deleted":
            continue
        url = _text(entry.get("url")).strip()
        changed = entry.get("last_modified") or entry.get("metadata_modified") or entry.get("created")
        yield RemoteResource(
            id=given if is_id(given := _text(entry.get("id"))) else derived_id(str(raw["id"]), given, url),
            name=_text(entry.get("name")) or url.rstrip("/").rpartition("/")[2],
            url=_joined(portal, url),
            format=_text(entry.get("format")).strip().upper().lstrip("."),
            mime=_text(entry.get("mimetype")) or None,
            size=_count(entry.get("size")),
            last_modified=_moment(changed, name, remarks),
            hash=_text(entry.get("hash")),
            description=_text(entry.get("description")),
        )


def _joined(portal: str, url: str) -> str:
    try:
        return urljoin(portal.rstrip("/") + "/", url) if url else ""
    except ValueError:  # an address that cannot be parsed is refused when it is fetched
        return url


def _names(listed: Any) -> Iterator[str]:
    for entry in listed if isinstance(listed, list) else ():
        name = entry.get("name") or entry.get("display_name") if isinstance(entry, Mapping) else entry
        if text := _text(name):
            yield text


def _extras(listed: Any) -> Iterator[tuple[str, str]]:
    if isinstance(listed, Mapping):  # as CKAN 1 wrote them
        yield from ((str(k), _text(v)) for k, v in listed.items())
        return
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, Mapping) and (key := _text(entry.get("key"))):
            yield key, _text(entry.get("value"))


def _moment(value: Any, dataset: str, remarks: list[Note]) -> datetime | None:
    """Aware UTC; CKAN writes naive UTC. What cannot be read is None with a remark."""
    if not (text := _text(value).strip()):
        return None
    try:
        return aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        remarks.append(Note("federation.note.date_unreadable", {"dataset": dataset, "value": text[:60]}))
        return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def _truth(value: Any) -> bool:
    return value.strip().lower() in ("true", "1", "yes") if isinstance(value, str) else bool(value)


def _count(value: Any) -> int | None:
    """A size in bytes; portals write numbers as text, or nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip().removesuffix(".0")
    return int(text[:15]) if text.isascii() and text.isdigit() else None
