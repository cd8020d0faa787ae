"""The link by which people share a Google sheet, as the address at which the same sheet is a CSV file.

Address rewriting only; what is fetched there is like any other file on a web server. A sheet that is not shared
with everybody answers with a login page, which the reader refuses (S10).
"""

import re

from yarl import URL

_HOST = "docs.google.com"
_SHEET = re.compile(
    r"/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/(?P<published>e/)?(?P<id>[A-Za-z0-9_-]{10,200})(?:/(?P<view>[a-z]*))?/?"
)
#: What people see in the address while a sheet is open; other views (`export`, `gviz`) are already chosen with care.
_SHARED = frozenset({"", "edit", "view", "htmlview", "preview", "copy", "comment", "pub", "pubhtml"})
_GID = re.compile(r"(?:^|[#&?])gid=(\d{1,20})(?:$|&)")


def csv_address(url: str) -> str:
    """The CSV address of a shared sheet, its tab (`gid`) kept; every other address as it is."""
    try:
        parsed = URL(url.strip())
    except ValueError:
        return url
    found = _SHEET.fullmatch(parsed.path)
    if parsed.host != _HOST or parsed.scheme not in ("http", "https") or found is None:
        return url
    if (found["view"] or "") not in _SHARED or "@" in parsed.raw_authority:
        return url
    tab = _GID.search(parsed.raw_fragment) or _GID.search(parsed.raw_query_string)
    query = {"gid": tab[1]} if tab else {}
    if key := parsed.query.get("resourcekey"):  # links shared before 2021 need it
        query["resourcekey"] = key
    base = URL.build(scheme="https", host=_HOST)
    if found["published"]:
        single = {"single": "true"} if tab else {}
        chosen = {"output": "csv"} | query | single
        return str(base.with_path(f"/spreadsheets/d/e/{found['id']}/pub").with_query(chosen))
    return str(base.with_path(f"/spreadsheets/d/{found['id']}/export").with_query({"format": "csv"} | query))


def sheet_name(url: str) -> str:
    """What to call the file at a sheet's CSV address, which names none itself; empty for any other address."""
    try:
        parsed = URL(url.strip())
    except ValueError:
        return ""
    csv = "csv" in (parsed.query.get("format"), parsed.query.get("output"))
    if parsed.host != _HOST or not csv or _SHEET.fullmatch(parsed.path) is None:
        return ""
    return f"lembar {parsed.query['gid']}.csv" if "gid" in parsed.query else "lembar.csv"
