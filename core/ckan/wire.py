"""Datasets, resources, organisations and envelopes as CKAN 2.12 writes them.

The shapes were compared with recorded answers of CKAN 2.12.0 (`tests/core/test_ckan.py`). What a search means
is left to `search.py`, which action answers what to `actions.py`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from core.ckan.errors import ActionRefused, BadRequest
from core.ids import derived_id

MIME = "application/json;charset=utf-8"
CKAN_VERSION = "2.12.0"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class License:
    """A licence of CKAN's own list: id, title, address, and whether it is open by the Open Definition."""

    id: str
    title: str
    url: str = ""
    open: bool = False
    data: bool = False
    content: bool = False


_OD = "http://www.opendefinition.org/licenses/"
_OGL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
#: The list that CKAN ships (`license_list` of CKAN 2.12.0).
LICENSES = (
    License("notspecified", "License not specified"),
    License("odc-pddl", "Open Data Commons Public Domain Dedication and License (PDDL)", _OD + "odc-pddl", True, True),
    License("odc-odbl", "Open Data Commons Open Database License (ODbL)", _OD + "odc-odbl", True, True),
    License("odc-by", "Open Data Commons Attribution License", _OD + "odc-by", True, True),
    License("cc-zero", "Creative Commons CCZero", _OD + "cc-zero", True, True, True),
    License("cc-by", "Creative Commons Attribution", _OD + "cc-by", True),
    License("cc-by-sa", "Creative Commons Attribution Share-Alike", _OD + "cc-by-sa", True, content=True),
    License("gfdl", "GNU Free Documentation License", _OD + "gfdl", True, content=True),
    License("other-open", "Other (Open)", "", True, content=True),
    License("other-pd", "Other (Public Domain)", "", True, content=True),
    License("other-at", "Other (Attribution)", "", True, content=True),
    License("uk-ogl", "UK Open Government Licence (OGL)", _OGL, True, content=True),
    License("cc-nc", "Creative Commons Non-Commercial (Any)", "http://creativecommons.org/licenses/by-nc/2.0/"),
    License("other-nc", "Other (Non-Commercial)"),
    License("other-closed", "Other (Not Open)"),
)
_LICENSE = {entry.id: entry for entry in LICENSES}


@dataclass(frozen=True, slots=True)
class Collection:
    """An organisation (produsen data) or a group (theme) that datasets belong to."""

    id: str
    name: str
    title: str
    created: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of a dataset. `url` is absolute; moments are aware; `size` is bytes; `hash` is sha256 or empty."""

    id: str
    name: str
    url: str
    format: str
    created: datetime
    modified: datetime
    mimetype: str | None = None
    size: int | None = None
    hash: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset with everything that its CKAN dict shows; moments are aware."""

    id: str
    name: str
    title: str
    created: datetime
    modified: datetime
    notes: str = ""
    organisation: Collection | None = None
    groups: tuple[Collection, ...] = ()
    tags: tuple[str, ...] = ()
    license_id: str = "notspecified"
    extras: tuple[tuple[str, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    author: str = ""
    author_email: str | None = None
    maintainer: str | None = None
    maintainer_email: str | None = None
    url: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    body: bytes
    mime: str = MIME


def stamp(moment: datetime) -> str:
    """CKAN's timestamp: naive UTC with microseconds, which harvesters compare as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def uuid_of(*parts: str) -> str:
    """A stable identifier in the dashed form that CKAN uses."""
    return str(uuid.UUID(derived_id(*parts)))


def render_license(entry: License) -> Json:
    """One entry of `license_list`; CKAN writes its booleans as text."""
    return {
        "domain_content": str(entry.content),
        "id": entry.id,
        "domain_data": str(entry.data),
        "domain_software": "False",
        "family": "",
        "is_generic": str(entry.id.startswith("other-") or entry.id == "notspecified"),
        "od_conformance": "approved" if entry.open else "not reviewed",
        "osd_conformance": "not reviewed",
        "maintainer": "",
        "status": "active",
        "url": entry.url,
        "title": entry.title,
    }


def render_resource(resource: Resource, package_id: str, position: int) -> Json:
    """A resource dict as in `package_show` and `resource_show`."""
    return {
        "cache_last_updated": None,
        "cache_url": None,
        "created": stamp(resource.created),
        "datastore_active": False,
        "description": resource.description,
        "format": resource.format,
        "hash": resource.hash,
        "id": resource.id,
        "last_modified": stamp(resource.modified),
        "metadata_modified": stamp(resource.modified),
        "mimetype": resource.mimetype,
        "mimetype_inner": None,
        "name": resource.name,
        "package_id": package_id,
        "position": position,
        "resource_type": None,
        "size": resource.size,
        "state": "active",
        "url": resource.url,
        "url_type": "upload",
    }


def render_collection(entry: Collection, *, organisation: bool, package_count: int) -> Json:
    """An organisation or group as `organization_list` and `group_list` with `all_fields` write it."""
    return {
        "approval_status": "approved",
        "created": stamp(entry.created),
        "description": entry.description,
        "display_name": entry.title,
        "id": entry.id,
        "image_display_url": "",
        "image_url": "",
        "is_organization": organisation,
        "name": entry.name,
        "num_followers": 0,
        "package_count": package_count,
        "state": "active",
        "title": entry.title,
        "type": "organization" if organisation else "group",
    }


def _render_owner(entry: Collection) -> Json:
    return {
        "id": entry.id,
        "name": entry.name,
        "title": entry.title,
        "type": "organization",
        "description": entry.description,
        "image_url": "",
        "created": stamp(entry.created),
        "is_organization": True,
        "approval_status": "approved",
        "state": "active",
    }


def _render_group(entry: Collection) -> Json:
    return {
        "description": entry.description,
        "display_name": entry.title,
        "id": entry.id,
        "image_display_url": "",
        "name": entry.name,
        "title": entry.title,
    }


def render_tag(name: str) -> Json:
    """A tag as a dataset carries it."""
    return {"display_name": name, "id": uuid_of("tag", name), "name": name, "state": "active", "vocabulary_id": None}


def render_dataset(dataset: Dataset) -> Json:
    """The dataset dict of `package_show` and `package_search`."""
    license = _LICENSE.get(dataset.license_id, License(dataset.license_id, dataset.license_id))
    out: Json = {
        "author": dataset.author,
        "author_email": dataset.author_email,
        "creator_user_id": None,
        "id": dataset.id,
        "isopen": license.open,
        "license_id": license.id,
        "license_title": license.title,
    }
    if license.url:
        out["license_url"] = license.url
    owner = dataset.organisation
    out |= {
        "maintainer": dataset.maintainer,
        "maintainer_email": dataset.maintainer_email,
        "metadata_created": stamp(dataset.created),
        "metadata_modified": stamp(dataset.modified),
        "name": dataset.name,
        "notes": dataset.notes,
        "num_resources": len(dataset.resources),
        "num_tags": len(dataset.tags),
        "organization": _render_owner(owner) if owner else None,
        "owner_org": owner.id if owner else None,
        "private": False,
        "state": "active",
        "title": dataset.title,
        "type": "dataset",
        "url": dataset.url,
        "version": dataset.version,
        "extras": [{"key": key, "value": value} for key, value in dataset.extras],
        "groups": [_render_group(g) for g in dataset.groups],
        "resources": [render_resource(r, dataset.id, i) for i, r in enumerate(dataset.resources)],
        "tags": [render_tag(t) for t in sorted(dataset.tags)],
        "relationships_as_subject": [],
        "relationships_as_object": [],
    }
    return out


def _help(site_url: str, action: str) -> str:
    return f"{site_url}/api/3/action/help_show?name={action}"


def succeed(site_url: str, action: str, result: Json | Sequence[Any] | str | None) -> Answer:
    """The envelope of an action that worked."""
    body = {"help": _help(site_url, action), "success": True, "result": result}
    return Answer(200, orjson.dumps(body))


def refuse(site_url: str, action: str, error: ActionRefused) -> Answer:
    """The envelope of an action that did not; a bad request is a bare JSON string, as CKAN writes it."""
    if isinstance(error, BadRequest):
        return Answer(error.http_status, orjson.dumps(f"Bad request: {error.what()} {error.fix()}"))
    body: Mapping[str, Any] = {"help": _help(site_url, action), "error": error.error(), "success": False}
    return Answer(error.http_status, orjson.dumps(body))
