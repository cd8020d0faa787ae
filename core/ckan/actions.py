"""CKAN's reading actions over datasets in memory: which action answers what, with its parameters' limits.

The node and the hub hand in a `Portal` and a call; HTTP, files and who may see what are left to them (a
portal holds only what the asking one may see).
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from core.ckan.errors import ActionRefused, ActionUnknown, BadRequest, Invalid, NotAuthorised, NotFound, QueryInvalid
from core.ckan.index import Document
from core.ckan.search import Search, search
from core.ckan.wire import (
    CKAN_VERSION,
    LICENSES,
    Answer,
    Collection,
    Dataset,
    Json,
    refuse,
    render_collection,
    render_license,
    render_tag,
    succeed,
)
from core.clock import Clock, utc_now

MAX_ROWS = 1_000

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Portal:
    """What one portal shows: its own name and address, and the datasets its asker may see.

    Attributes:
        site_url: its address without a slash at the end, the start of every `help`.
        datasets: in any order; ids and names are unique.
        organisations: also those without a dataset.
    """

    title: str
    site_url: str
    datasets: tuple[Dataset, ...] = ()
    organisations: tuple[Collection, ...] = ()
    groups: tuple[Collection, ...] = ()
    locale: str = "id"
    clock: Clock = field(default=utc_now)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """The datasets as the search sees them."""
        return tuple(Document(d) for d in self.datasets)

    @cached_property
    def by_reference(self) -> Mapping[str, Document]:
        """Datasets by name and by id; an id wins where it equals another's name."""
        return {d.dataset.name: d for d in self.documents} | {d.dataset.id: d for d in self.documents}

    @cached_property
    def by_name(self) -> tuple[Document, ...]:
        """The datasets in `package_list`'s order."""
        return tuple(sorted(self.documents, key=lambda d: d.dataset.name))

    @cached_property
    def resources(self) -> Mapping[str, Json]:
        """Rendered resources by id."""
        return {r["id"]: r for d in self.documents for r in d.rendered["resources"]}


def answer(portal: Portal, action: str, parameters: Parameters) -> Answer:
    """The answer to one call, refusals included."""
    try:
        return succeed(portal.site_url, action, _action(action)(portal, parameters))
    except ActionRefused as error:
        return refuse(portal.site_url, action, error)


def query_parameters(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of a GET; a repeated one becomes a list, which only lists of filters may be (R06)."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        if name == "callback":  # JSONP would let any page run our answer; plain JSON serves its readers as well
            continue
        out[name] = value if name not in out else [*_as_list(out[name]), value]
    return out


def body_parameters(body: bytes) -> dict[str, Any]:
    """The parameters of a POST: one JSON object, or nothing; raises BadRequest."""
    if not body.strip():
        return {}
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(reason=str(error)) from error
    if not isinstance(found, dict):
        raise BadRequest(reason=f"JSON {type(found).__name__}")
    return {str(k): v for k, v in found.items()}


# --- parameters --------------------------------------------------------------------------------------------


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _text(parameters: Parameters, name: str, default: str = "") -> str:
    value = parameters.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Invalid(field=name, value=str(value)[:80])
    return value


def _required(parameters: Parameters, name: str, shown_as: str) -> str:
    if not (value := _text(parameters, name)):
        raise Invalid(field=shown_as, value="")
    return value


def _natural(name: str, value: Any, default: int) -> int:
    """A whole number that is not negative, from JSON or from an address; raises Invalid."""
    if value is None or value == "":
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value):
        number = int(value)
    else:
        raise Invalid(field=name, value=str(value)[:80])
    if number < 0:
        raise Invalid(field=name, value=number)
    return number


def _flag(parameters: Parameters, name: str, default: bool = False) -> bool:
    value = parameters.get(name)
    if value is None:
        return default
    return value if isinstance(value, bool) else str(value).strip().lower() in ("true", "yes", "t", "y", "1", "on")


def _texts(parameters: Parameters, name: str) -> tuple[str, ...]:
    """A list: JSON's own, JSON inside an address (`["a","b"]`), or words parted by commas."""
    value = parameters.get(name)
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise Invalid(field=name, value=str(parameters[name])[:80]) from error
    elif isinstance(value, str):
        value = [part for part in re.split(r"[,\s]+", value) if part]
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(v, str) for v in value):
        raise Invalid(field=name, value=str(value)[:80])
    return tuple(value)


# --- actions -----------------------------------------------------------------------------------------------

# fmt: off
_SEARCH_PARAMETERS = frozenset({
    "q", "fq", "fq_list", "rows", "start", "sort", "facet", "facet.field", "facet.limit", "facet.mincount", "fl",
    "include_drafts", "include_deleted", "include_private", "use_default_schema", "qf", "bf", "boost", "tie",
    "defType", "mm", "df", "q.op", "extras",
})
# fmt: on


def _package_search(portal: Portal, p: Parameters) -> Json:
    unknown = sorted(name for name in p if name not in _SEARCH_PARAMETERS and not name.startswith("ext_"))
    if unknown:
        raise QueryInvalid(name=unknown[0][:80], value="")
    limit = p.get("facet.limit")
    fields = _texts(p, "facet.field") if _flag(p, "facet", True) else ()
    filters = p.get("fq")
    if filters is not None and not all(isinstance(text, str) for text in _as_list(filters)):
        raise Invalid(field="fq", value=str(filters)[:80])
    listed = p.get("fq_list") or []
    if not isinstance(listed, list) or len(listed) > 100 or not all(isinstance(text, str) for text in listed):
        raise Invalid(field="fq_list", value=str(listed)[:80])
    ask = Search(
        q=_text(p, "q"),
        fq=(*(_as_list(filters) if filters is not None else ()), *listed),
        rows=min(_natural("rows", p.get("rows"), 10), MAX_ROWS),
        start=_natural("start", p.get("start"), 0),
        sort=_text(p, "sort").strip(),
        facet_fields=fields,
        facet_limit=-1 if str(limit) == "-1" else _natural("facet.limit", limit, 50),
        facet_mincount=_natural("facet.mincount", p.get("facet.mincount"), 1),
        fl=_texts(p, "fl"),
        titles={c.name: c.title for c in (*portal.organisations, *portal.groups)},
    )
    return search(portal.documents, ask, portal.clock())


def _page(portal: Portal, p: Parameters, default: int | None = None) -> slice:
    offset = _natural("offset", p.get("offset"), 0)
    limit = None if p.get("limit") in (None, "") else _natural("limit", p.get("limit"), 0)
    limit = default if limit is None else limit
    return slice(offset, None if limit is None else offset + limit)


def _package_list(portal: Portal, p: Parameters) -> list[str]:
    return [d.dataset.name for d in portal.by_name[_page(portal, p)]]


def _current_package_list(portal: Portal, p: Parameters) -> list[Json]:
    return [d.rendered for d in portal.by_name[_page(portal, p, MAX_ROWS)]]


def _package_show(portal: Portal, p: Parameters) -> Json:
    reference = _required(p, "id" if "id" in p else "name_or_id", "name_or_id")
    if (found := portal.by_reference.get(reference)) is None:
        raise NotFound(kind="package", id=reference[:100])
    return found.rendered


def _resource_show(portal: Portal, p: Parameters) -> Json:
    if (found := portal.resources.get(reference := _required(p, "id", "id"))) is None:
        raise NotFound(kind="resource", id=reference[:100])
    return found


def _counted(portal: Portal, organisation: bool) -> Counter[str]:
    if organisation:
        return Counter(d.organisation.id for d in portal.datasets if d.organisation)
    return Counter(g.id for d in portal.datasets for g in d.groups)


def _collections(portal: Portal, organisation: bool) -> tuple[Collection, ...]:
    return portal.organisations if organisation else portal.groups


def _lister(organisation: bool) -> Callable[[Portal, Parameters], list[Any]]:
    def action(portal: Portal, p: Parameters) -> list[Any]:
        wanted = set(_texts(p, "organizations" if organisation else "groups"))
        counts = _counted(portal, organisation)
        entries = [c for c in _collections(portal, organisation) if not wanted or c.name in wanted]
        orders: dict[str, Callable[[Collection], Any]] = {
            "name": lambda c: c.name,
            "title": lambda c: (c.title, c.name),
            "package_count": lambda c: (counts[c.id], c.name),
        }
        name, _, direction = _text(p, "sort", "title asc").strip().partition(" ")
        if name not in orders or direction not in ("", "asc", "desc"):
            raise Invalid(field="sort", value=_text(p, "sort")[:80])
        entries.sort(key=orders[name], reverse=direction == "desc")
        page = entries[_page(portal, p, MAX_ROWS)]
        if not _flag(p, "all_fields"):
            return [c.name for c in page]
        return [render_collection(c, organisation=organisation, package_count=counts[c.id]) for c in page]

    return action


def _shower(organisation: bool) -> Callable[[Portal, Parameters], Json]:
    def action(portal: Portal, p: Parameters) -> Json:
        reference = _required(p, "id", "id")
        for entry in _collections(portal, organisation):
            if reference in (entry.id, entry.name):
                break
        else:
            raise NotFound(kind="organization" if organisation else "group", id=reference[:100])
        count = _counted(portal, organisation)[entry.id]
        out = render_collection(entry, organisation=organisation, package_count=count)
        if _flag(p, "include_datasets"):
            name = "organization" if organisation else "groups"
            members = [d.rendered for d in portal.by_name if entry.name in d.fields[name]]
            out["packages"] = members[:MAX_ROWS]
        return out | {"users": [], "extras": [], "groups": []}

    return action


def _tag_list(portal: Portal, p: Parameters) -> list[Any]:
    part = _text(p, "query").lower()
    names = sorted({t for d in portal.datasets for t in d.tags if part in t.lower()})
    return [_bare_tag(t) for t in names] if _flag(p, "all_fields") else names


def _bare_tag(name: str) -> Json:
    return {k: v for k, v in render_tag(name).items() if k != "state"}


def _license_list(portal: Portal, p: Parameters) -> list[Json]:
    return [render_license(entry) for entry in LICENSES]


def _status_show(portal: Portal, p: Parameters) -> Json:
    return {
        "site_title": portal.title,
        "site_description": "",
        "site_url": portal.site_url,
        "error_emails_to": None,
        "locale_default": portal.locale,
        "extensions": [],
        "ckan_version": CKAN_VERSION,
    }


def _help_show(portal: Portal, p: Parameters) -> str:
    name = _required(p, "name", "name")
    if name not in _ACTIONS:
        raise NotFound(kind="action", id=name[:100])
    return f"{name}: CKAN Action API v3, https://docs.ckan.org/en/2.12/api/"


def _empty(portal: Portal, p: Parameters) -> list[Any]:
    return []


_ACTIONS: Mapping[str, Callable[[Portal, Parameters], Any]] = {
    "package_search": _package_search,
    "package_list": _package_list,
    "package_show": _package_show,
    "current_package_list_with_resources": _current_package_list,
    "resource_show": _resource_show,
    "organization_list": _lister(True),
    "organization_show": _shower(True),
    "group_list": _lister(False),
    "group_show": _shower(False),
    "tag_list": _tag_list,
    "vocabulary_list": _empty,
    "license_list": _license_list,
    "status_show": _status_show,
    "help_show": _help_show,
}
_WRITING = re.compile(r"[a-z_]+_(?:create|update|patch|delete|purge|revise|reorder|upsert|invite)")


def _action(name: str) -> Callable[[Portal, Parameters], Any]:
    if (found := _ACTIONS.get(name)) is not None:
        return found
    if _WRITING.fullmatch(name):
        raise NotAuthorised(action=name[:80])
    raise ActionUnknown(action=name[:80])
