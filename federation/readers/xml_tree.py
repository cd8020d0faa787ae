"""XML as a tree of elements, bounded: no declarations, no nesting beyond the limit (F01-F04)."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml.ElementTree import DefusedXMLParser


class TooDeep(Exception):
    """The nesting goes beyond the limit."""


class _Bounded(TreeBuilder):
    """Builds elements and refuses to go deeper than the limit (F04)."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > self._most:
            raise TooDeep
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parsed(pieces: Iterable[bytes], most: int) -> Element:
    """The root element of an XML document that comes in pieces.

    Raises:
        DefusedXmlException: it declares an entity or a document type.
        TooDeep: it nests deeper than `most`.
        ParseError, LookupError, ValueError: it is no XML, or in an encoding that is unknown.
    """
    parser = DefusedXMLParser(target=_Bounded(most), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    for piece in pieces:
        parser.feed(piece)
    root: Element = parser.close()
    return root


def local(tag: object) -> str:
    """A name without its namespace."""
    return str(tag).rpartition("}")[2]
