"""Names of files for people to read: what a source calls a file never becomes a path (F32)."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

_LONGEST = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_KNOWN = re.compile(
    r"\.(csv|tsv|tab|txt|xlsx?|xlsm|xlsb|ods|json|geojson|jsonl|ndjson|xml|kml|kmz|zip|gz|7z|rar|pdf|docx?|odt|pptx?"
    r"|html?|parquet|shp|png|jpe?g|tiff?)$",
    re.IGNORECASE,
)


def display_name(*offered: str | None) -> str:
    """The first of the offered names that says something: one line, no path, no controls or direction marks."""
    for name in offered:
        if name and (clean := _clean(name)):
            return clean
    return "berkas"


def name_in_url(url: str) -> str:
    """The last part of an address's path, decoded; empty where there is none."""
    try:
        return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return ""


def with_extension(name: str, url: str, format_: str) -> str:
    """The name, with the extension that the address or the declared format promises where it has none itself."""
    if _KNOWN.search(name):
        return name
    found = _KNOWN.search(name_in_url(url))
    if found:
        return name + found.group()
    promised = re.sub(r"[^a-z0-9]", "", format_.lower())
    return f"{name}.{promised}" if promised else name


def _clean(name: str) -> str:
    last = re.split(r"[/\\]", name.replace("\x00", ""))[-1]
    kept = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = re.sub(r"\s+", " ", kept).strip(" .")
    if _RESERVED.fullmatch(kept):
        kept = "_" + kept
    if len(kept) <= _LONGEST:
        return kept
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[: _LONGEST - 9]}.{suffix}" if dot and len(suffix) <= 8 else kept[:_LONGEST]
