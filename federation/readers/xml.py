"""XML to tables: an element that is repeated beside itself is a record, its attributes and children are columns.

Nested elements give dotted columns (`area.name`); a repeated element within a record is a table of its own, whose rows
begin with what the records around them say. A document without anything repeated is one record. Everything is text.
Declarations, nesting and size are bounded (`federation/readers/xml_tree.py`).
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException

from core.table import Note, Place, TextTable
from federation.readers.build import shown
from federation.readers.errors import MarkupRefused, TooLarge, TooManyRows, XmlBroken, XmlTooDeep
from federation.readers.json import table_of
from federation.readers.json_tables import Rows
from federation.readers.result import ReadLimits
from federation.readers.xml_tree import TooDeep, local, parsed

_PIECE = 1 << 20
#: Between the texts of an element that is repeated within a record and holds nothing but text.
_BETWEEN = "; "
_Trail = tuple[str, ...]
_Row = dict[str, str | None]


def read_xml(path: Path, name: str, place: Place, limits: ReadLimits) -> tuple[list[TextTable], list[Note]]:
    """The tables and the remarks of an XML file, outer tables first.

    Raises:
        MarkupRefused, XmlTooDeep, XmlBroken, TooLarge: with the place.
        TooManyRows, TooManyColumns, FieldTooLarge: a table goes beyond the limits.
    """
    root = _root(path, place, limits)
    found = _Tables(_records(root), place, limits)
    found.walk(root, (), {})
    if not found.rows:
        lone = root
        trail: _Trail = (local(root.tag),)
        while len(lone) == 1 and len(lone[0]) and not _own(lone):  # wrappers around the one record
            lone = lone[0]
            trail = (*trail, local(lone.tag))
        row = found.cells(lone, "", trail[1:], top=True)
        if not any(row.values()):
            return [], [Note("reader.xml_no_table")]
        found.rows[trail[1:]] = [row]
    tables: list[TextTable] = []
    for trail, rows in found.rows.items():
        table = table_of(rows, "/".join((name, *trail)), place, limits)
        lists = found.joined.get(trail)
        if lists:
            table = replace(table, notes=(*table.notes, Note("reader.xml_lists", {"columns": shown(sorted(lists))})))
        tables.append(table)
    return tables, []


def _root(path: Path, place: Place, limits: ReadLimits) -> Element:
    size = path.stat().st_size
    if size > limits.xml_max_bytes:
        raise TooLarge(place, size=size, limit=limits.xml_max_bytes)
    try:
        with path.open("rb") as f:
            return parsed(iter(lambda: f.read(_PIECE), b""), limits.max_depth)
    except DefusedXmlException as error:
        raise MarkupRefused(place, entry=place.file) from error
    except TooDeep as error:
        raise XmlTooDeep(place, limit=limits.max_depth) from error
    except ParseError as error:
        line, column = error.position
        where = Place(place.file, place.member, None, line, column + 1)
        raise XmlBroken(where, reason=str(error).partition(":")[0]) from error
    except (LookupError, ValueError) as error:
        raise XmlBroken(place, reason=str(error)[:120]) from error


def _own(element: Element) -> bool:
    """Whether an element says anything by itself."""
    return bool(element.attrib) or bool(_text(element))


def _text(element: Element) -> str:
    """An element's own text, that between its children included."""
    if not len(element):
        return (element.text or "").strip()
    pieces = ((element.text or ""), *((child.tail or "") for child in element))
    return " ".join(piece.strip() for piece in pieces if piece.strip())


def _plain(element: Element) -> bool:
    """Whether there is nothing in an element but text."""
    return not len(element) and not element.attrib


def _records(root: Element) -> frozenset[_Trail]:
    """The trails (names of elements from below the root) on which an element with parts is repeated somewhere."""
    found: set[_Trail] = set()
    waiting: list[tuple[Element, _Trail]] = [(root, ())]
    while waiting:
        element, trail = waiting.pop()
        counts = Counter(child.tag for child in element)
        for child in element:
            below = (*trail, local(child.tag))
            # of plain texts only those that the root itself lists are records
            if counts[child.tag] > 1 and (not _plain(child) or (len(element) == counts[child.tag] and not trail)):
                found.add(below)
            if len(child):
                waiting.append((child, below))
    return frozenset(found)


class _Tables:
    """The rows of every kind of record, gathered in the order of the document."""

    def __init__(self, records: frozenset[_Trail], place: Place, limits: ReadLimits) -> None:
        self.rows: dict[_Trail, Rows] = {}
        self.joined: dict[_Trail, set[str]] = {}
        self._records, self._place, self._limits = records, place, limits
        self._leading = {trail[:n] for trail in records for n in range(1, len(trail))}

    def walk(self, element: Element, trail: _Trail, around: _Row) -> None:
        """Gather the records below an element; `around` is what the records around it say."""
        for child in element:
            below = (*trail, local(child.tag))
            if below in self._records:
                own = self.cells(child, "", below, top=True)
                if own:
                    rows = self.rows.setdefault(below, [])
                    rows.append({**around, **{_free(key, around): cell for key, cell in own.items()}})
                    if len(rows) > self._limits.max_rows:
                        raise TooManyRows(self._place, rows=len(rows), limit=self._limits.max_rows)
                if below in self._leading:
                    self.walk(child, below, {**around, **{f"{below[-1]}.{k}": cell for k, cell in own.items()}})
            elif below in self._leading:
                self.walk(child, below, around)

    def cells(self, element: Element, prefix: str, trail: _Trail, *, top: bool = False) -> _Row:
        """An element's attributes, text and children as columns, without the records among its children."""
        out: _Row = {}
        names = {local(child.tag) for child in element}
        for key, value in element.attrib.items():
            column = local(key)
            out[prefix + (f"@{column}" if column in names else column)] = value.strip()
        own = _text(element)
        if top and (own or (not len(element) and not element.attrib)):
            out[_free(local(element.tag), out)] = own or None
        for child in element:
            below = (*trail, local(child.tag))
            if below in self._records:
                continue
            column = prefix + below[-1]
            text = _text(child)
            if text or _plain(child):
                out[column] = self._joined(out.get(column), text or None, column, trail)
            out.update(self.cells(child, f"{column}.", below))
        return out

    def _joined(self, before: str | None, text: str | None, column: str, trail: _Trail) -> str | None:
        if before is None or text is None:
            return before or text
        record = next((trail[:n] for n in range(len(trail), 0, -1) if trail[:n] in self._records), trail)
        self.joined.setdefault(record, set()).add(column)
        return f"{before}{_BETWEEN}{text}"


def _free(name: str, taken: _Row) -> str:
    """A column's name beside those of the records around it."""
    return name if name not in taken else f"{name}.{name}"
