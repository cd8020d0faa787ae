"""MQA's 405 points of one dataset's description, item by item, each with why it was not given.

Items and bands are those of the Metadata Quality Assessment of data.europa.eu (its methodology page): findability 100,
accessibility 100, interoperability 110, reusability 75, contextuality 20. Where MQA asks the net whether an address
answers, the catalogue's own knowledge is taken: whether the dataset was there at the last visit, and whether its bytes
were fetched. Of several files each must have what an item asks. Sentences: `quality.mqa.ITEM`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.messages import text
from quality.description import Description, Distribution
from quality.gates import is_open

SOURCE = "https://data.europa.eu/mqa/methodology"


class Theme(StrEnum):
    """MQA's five dimensions."""

    FINDABILITY = "findability"
    ACCESSIBILITY = "accessibility"
    INTEROPERABILITY = "interoperability"
    REUSABILITY = "reusability"
    CONTEXTUALITY = "contextuality"


class Band(StrEnum):
    """MQA's four ratings."""

    EXCELLENT = "excellent"  # 351 points and more
    GOOD = "good"  # 221 and more
    SUFFICIENT = "sufficient"  # 121 and more
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that gives points; `met` says whether a description has it."""

    name: str
    theme: Theme
    points: int
    met: Callable[[Description], bool]


@dataclass(frozen=True, slots=True)
class Point:
    """One item judged."""

    name: str
    theme: Theme
    points: int
    met: bool

    @property
    def given(self) -> int:
        """The points that it adds."""
        return self.points if self.met else 0

    def text(self, locale: str | None = None) -> str:
        """What the item asks for, in words."""
        return text(f"quality.mqa.{self.name}", locale)


def _each(described: Description, has: Callable[[Distribution], bool]) -> bool:
    return bool(described.files) and all(has(file) for file in described.files)


#: Formats in which a machine finds rows or records; PDF and pictures are not among them.
_MACHINE = frozenset({
    "CSV", "TSV", "JSON", "GEOJSON", "JSONL", "XML", "XLS", "XLSX", "ODS", "PARQUET", "KML", "GML", "GPKG", "RDF",
    "TTL", "SHP",
})  # fmt: skip
#: Formats and media types as the vocabularies that MQA names (EU file types, IANA) write them.
_FILE_TYPES = _MACHINE | {"PDF", "DOC", "DOCX", "ODT", "HTML", "TXT", "PNG", "JPEG", "TIFF", "ZIP", "PPT", "PPTX"}
_MEDIA = ("application/", "text/", "image/", "audio/", "video/", "font/", "model/")
#: Licences by beginnings of their usual names and addresses.
_LICENCES = (
    "creative commons", "cc-", "cc0", "cc by", "odc", "open data commons", "odbl", "http://creativecommons",
    "https://creativecommons", "https://opendatacommons", "http://opendatacommons", "open government licen",
)  # fmt: skip
_RIGHTS = ("accessrights", "hakakses", "klasifikasi")


def _vocabulary(file: Distribution) -> bool:
    return file.format.upper() in _FILE_TYPES and (file.mime or "").lower().startswith(_MEDIA)


def _dcat(described: Description) -> bool:
    """What DCAT-AP demands of a dataset and of its files."""
    return bool(described.title.strip() and described.notes.strip()) and _each(described, lambda f: bool(f.url))


_F, _A, _I, _R, _C = Theme
ITEMS: tuple[Item, ...] = (
    Item("keyword", _F, 30, lambda d: bool(d.tags)),
    Item("theme", _F, 30, lambda d: bool(d.themes)),
    Item("spatial", _F, 20, lambda d: bool(d.said("spatial", "kodewilayah", "cakupanwilayah", "geographiccoverage"))),
    Item("temporal", _F, 20, lambda d: bool(d.said("temporal", "temporalstart", "cakupanwaktu", "periode", "tahun"))),
    Item("access_url", _A, 50, lambda d: d.there and _each(d, lambda f: bool(f.url))),
    Item("download_url", _A, 20, lambda d: _each(d, lambda f: bool(f.url))),
    Item("download_reached", _A, 30, lambda d: _each(d, lambda f: f.reached)),
    Item("format", _I, 20, lambda d: _each(d, lambda f: bool(f.format))),
    Item("media_type", _I, 10, lambda d: _each(d, lambda f: bool(f.mime))),
    Item("format_vocabulary", _I, 10, lambda d: _each(d, _vocabulary)),
    Item("non_proprietary", _I, 20, lambda d: _each(d, is_open)),
    Item("machine_readable", _I, 20, lambda d: _each(d, lambda f: f.format.upper() in _MACHINE)),
    Item("dcat_ap", _I, 30, _dcat),
    Item("licence", _R, 20, lambda d: bool(d.licence.strip())),
    Item("licence_vocabulary", _R, 10, lambda d: d.licence.strip().lower().startswith(_LICENCES)),
    Item("access_rights", _R, 10, lambda d: d.classified or bool(d.said(*_RIGHTS))),
    Item("access_rights_vocabulary", _R, 5, lambda d: d.classified),
    Item("contact", _R, 20, lambda d: bool(d.contact.strip())),
    Item("publisher", _R, 10, lambda d: bool(d.publisher.strip())),
    Item("rights", _C, 5, lambda d: bool(d.said("rights", "hakcipta", *_RIGHTS))),
    Item("size", _C, 5, lambda d: _each(d, lambda f: f.size is not None)),
    Item("issued", _C, 5, lambda d: d.created is not None),
    Item("modified", _C, 5, lambda d: d.modified is not None),
)
MOST = sum(item.points for item in ITEMS)


def points(described: Description) -> tuple[Point, ...]:
    """Every item judged, in MQA's order."""
    return tuple(Point(item.name, item.theme, item.points, item.met(described)) for item in ITEMS)


def score(judged: Iterable[Point]) -> int:
    """The points together, of 405."""
    return sum(point.given for point in judged)


def band(score: int) -> Band:
    """MQA's rating of a score."""
    if score >= 351:
        return Band.EXCELLENT
    if score >= 221:
        return Band.GOOD
    return Band.SUFFICIENT if score >= 121 else Band.BAD
