"""One page of a paged service, read: its records and what it says about further pages. No connection, no files.

Numbers stay the text that stood there. XML is read with defusedxml and refuses whatever declares an entity or a
document type (F01-F03); both kinds refuse nesting beyond the limit (F04, F05).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException

from core.table import Place
from federation.errors import RestAnswerUnfit, XmlRefused
from federation.readers import decode
from federation.readers.json import parse
from federation.readers.result import ReadLimits
from federation.readers.xml_tree import TooDeep, local, parsed
from federation.rest_spec import AnswerFormat, RestSpec

Record = Mapping[str, Any]
_LIMITS = ReadLimits()
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """One page: its records, and what it tells of the whole; None where it tells nothing."""

    records: tuple[Record, ...]
    total: int | None = None
    pages: int | None = None
    cursor: str | None = None
    next: str | None = None


def read_answer(body: bytes, spec: RestSpec, url: str, limits: ReadLimits = _LIMITS) -> Answer:
    """The records of a page's bytes.

    Args:
        url: the page's address as it may be shown.

    Raises:
        RestAnswerUnfit: it is not what was declared: a web page, another shape, no list at the path (S09, S10).
        XmlRefused, Unreadable: its markup or nesting is refused (F01-F08).
    """
    if body.lstrip()[:1] == b"<" and spec.format is AnswerFormat.JSON:
        raise RestAnswerUnfit(url=url, reason="rest_markup")
    if spec.format is AnswerFormat.XML:
        root = _parsed(body, url, limits)
        return _answer(_XmlPage(root), spec, url)
    text, _ = decode.decode(body, decode.detect(body))
    if not text.strip():
        raise RestAnswerUnfit(url=url, reason="rest_empty")
    return _answer(_JsonPage(parse(text, Place(url), limits)), spec, url)


def _answer(page: "_JsonPage | _XmlPage", spec: RestSpec, url: str) -> Answer:
    return Answer(
        records=page.records(spec.rows, url),
        total=_count(page, spec.total, url),
        pages=_count(page, spec.pages, url),
        cursor=_word(page, spec.cursor),
        next=_word(page, spec.next),
    )


def _word(page: "_JsonPage | _XmlPage", path: str) -> str | None:
    return (page.word(path) or None) if path else None


def _count(page: "_JsonPage | _XmlPage", path: str, url: str) -> int | None:
    if not path:
        return None
    found = (page.word(path) or "").strip()
    if not (found.isascii() and found.isdigit() and len(found) <= 15):
        raise RestAnswerUnfit(url=url, reason="rest_count", path=path, found=found[:40])
    return int(found)


class _JsonPage:
    def __init__(self, value: Any) -> None:
        self._value = value

    def records(self, path: str, url: str) -> tuple[Record, ...]:
        found = self._at(path)
        if found is _MISSING:
            keys = ", ".join(list(self._value)[:8]) if isinstance(self._value, dict) else type(self._value).__name__
            raise RestAnswerUnfit(url=url, reason="rest_path", path=path, found=keys)
        if found is None:  # how some services write an empty list
            return ()
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise RestAnswerUnfit(url=url, reason="rest_records", path=path or ".", found=type(found).__name__)
        return tuple(found)

    def word(self, path: str) -> str | None:
        found = self._at(path)
        return found if isinstance(found, str) else None

    def _at(self, path: str) -> Any:
        value, rest = self._value, path
        while rest:
            if isinstance(value, dict) and rest in value:  # a key may hold dots itself: @odata.nextLink
                return value[rest]
            key, _, rest = rest.partition(".")
            if isinstance(value, dict) and key in value:
                value = value[key]
            elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                return _MISSING
        return value


class _XmlPage:
    def __init__(self, root: Element) -> None:
        self._root = root

    def records(self, path: str, url: str) -> tuple[Record, ...]:
        parents, (*steps, name) = [self._root], (path or "*").split(".")
        for step in steps:
            parents = [child for parent in parents for child in parent if local(child.tag) == step]
            if not parents:
                names = ", ".join(dict.fromkeys(local(child.tag) for child in self._root))
                raise RestAnswerUnfit(url=url, reason="rest_path", path=path, found=names[:200])
        found = [child for parent in parents for child in parent if name in ("*", local(child.tag))]
        if not found and not steps and any(True for _ in self._root) and name != "*":
            names = ", ".join(dict.fromkeys(local(child.tag) for child in self._root))
            raise RestAnswerUnfit(url=url, reason="rest_path", path=path, found=names[:200])
        return tuple(_record(element) for element in found)

    def word(self, path: str) -> str | None:
        element, (*steps, last) = self._root, path.split(".")
        for step in steps:
            child = next((c for c in element if local(c.tag) == step), None)
            if child is None:
                return None
            element = child
        final = next((c for c in element if local(c.tag) == last), None)
        if final is not None:
            return (final.text or "").strip()
        return next((v for k, v in element.attrib.items() if local(k) == last), None)


def _record(element: Element) -> Record:
    """An element as a row: its attributes and the text of its children; what comes twice is numbered."""
    out: dict[str, str | None] = {}
    for name, value in _leaves(element, ""):
        key, number = name, 2
        while key in out:
            key, number = f"{name} {number}", number + 1
        out[key] = value
    return out


def _leaves(element: Element, prefix: str) -> Iterator[tuple[str, str | None]]:
    for name, value in element.attrib.items():
        yield prefix + local(name), value
    for child in element:
        name = prefix + local(child.tag)
        if len(child) or child.attrib:
            yield from _leaves(child, f"{name}/")
        text = (child.text or "").strip()
        if text or not (len(child) or child.attrib):
            yield name, text or None
    text = (element.text or "").strip()
    if text and not prefix:
        yield local(element.tag), text


def _parsed(body: bytes, url: str, limits: ReadLimits) -> Element:
    try:
        root = parsed([body], limits.max_depth)
    except DefusedXmlException as error:
        raise XmlRefused(url=url, reason="xml_declared") from error
    except TooDeep as error:
        raise XmlRefused(url=url, reason="xml_deep", limit=limits.max_depth) from error
    except (ParseError, ValueError, LookupError) as error:  # grammar, or an encoding nobody knows
        raise RestAnswerUnfit(url=url, reason="rest_xml", found=str(error)) from error
    if local(root.tag).lower() == "html":
        raise RestAnswerUnfit(url=url, reason="rest_markup")
    return root
