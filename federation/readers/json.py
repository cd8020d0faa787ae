"""JSON to tables: lists of records, columns of lists, CKAN and REST envelopes, GeoJSON; numbers stay as written.

Refused with their place: NaN and Infinity (F07), a key named twice (F08), nesting beyond the limit (F05).
"""

import json
import re
from dataclasses import replace
from itertools import count
from json.decoder import JSONDecodeError, JSONObject  # type: ignore[attr-defined]  # undocumented, stable since 3.1
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # the scanner that knows positions
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.table import Note, Place, TextTable
from federation.readers import decode
from federation.readers.build import shown, unique_names
from federation.readers.errors import (
    FieldTooLarge,
    FileEmpty,
    JsonBroken,
    JsonDuplicateKey,
    JsonNotFinite,
    JsonTooDeep,
    TooLarge,
    TooManyColumns,
    TooManyRows,
)
from federation.readers.json_tables import Rows, features, is_geojson
from federation.readers.json_tables import tables as tables_of
from federation.readers.result import ReadLimits

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN|[\[\]{}]', re.DOTALL)
#: What Python says where a value is followed by another.
_MORE = "Extra data"


class _Refused(Exception):
    """A value that the parser's hooks refuse; its place is found afterwards."""


def _no_constant(text: str) -> str:
    raise _Refused(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _Refused("")
    return out


def read_json(path: Path, name: str, place: Place, limits: ReadLimits) -> tuple[str, list[TextTable], list[Note]]:
    """The kind (json or geojson), the tables and the remarks of a JSON file.

    Raises:
        FileEmpty, TooLarge, JsonBroken, JsonNotFinite, JsonDuplicateKey, JsonTooDeep: with the place.
    """
    if path.stat().st_size > limits.json_max_bytes:
        raise TooLarge(place, size=path.stat().st_size, limit=limits.json_max_bytes)
    raw = path.read_bytes()
    text, notes = decode.decode(raw, decode.detect(raw))
    if not text.strip():
        raise FileEmpty(place)
    value = _value(text, place, limits, notes)
    if is_geojson(value):
        return "geojson", [table_of(features(value), name, place, limits)], notes
    tables: list[TextTable] = []
    for trail, rows in tables_of(value, ()):
        table = table_of(rows, _free("/".join([name, *trail]), {known.name for known in tables}), place, limits)
        if any(table.data.equals(known.data) for known in tables):  # the same rows as records and as lists
            notes.append(Note("reader.json_repeated", {"table": table.name}))
        else:
            tables.append(table)
    if not tables:
        notes.append(Note("reader.json_no_table"))
    return "json", tables, notes


def _free(name: str, taken: set[str]) -> str:
    """A name that no table has yet."""
    return next(free for i in count(1) if (free := name if i == 1 else f"{name}#{i}") not in taken)


def _value(text: str, place: Place, limits: ReadLimits, notes: list[Note]) -> Any:
    """The value of a text; where it is JSON Lines, the list of the values of its lines, with a remark."""
    try:
        return parse(text, place, limits)
    except JsonBroken as error:
        if error.values.get("reason") != _MORE:
            raise
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len({line.lstrip()[0] for _, line in lines}) > 1 or not _stands_alone(lines[0][1]):
            raise
    values: list[Any] = []
    for number, line in lines:
        try:
            values.append(parse(line, place, limits))
        except JsonBroken as error:
            where = replace(error.place, row=number)
            cut = number == lines[-1][0] and not text.endswith("\n")
            raise JsonBroken(where, reason=error.values["reason"], near=error.values["near"], cut=cut) from error
    notes.append(Note("reader.json_lines", {"count": str(len(values))}))
    return values


def _stands_alone(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (JSONDecodeError, RecursionError):
        return False


def parse(text: str, place: Place, limits: ReadLimits) -> Any:
    """The JSON value with every number as the text that stood there; typed errors with line and column."""
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=_no_constant, object_pairs_hook=_unique)
    except JSONDecodeError as error:
        lines = text.splitlines()
        cut = error.pos >= len(text.rstrip()) - 1
        where = Place(place.file, place.member, None, error.lineno, error.colno)
        near = (
            lines[error.lineno - 1][max(0, error.colno - 20) : error.colno + 20] if error.lineno <= len(lines) else ""
        )
        raise JsonBroken(where, reason=error.msg, near=near, cut=cut) from error
    except RecursionError as error:
        raise _too_deep(text, place, limits) from error
    except _Refused as error:
        raise _refusal(text, place, str(error)) from error
    if _depth(value, limits.max_depth) > limits.max_depth:
        raise _too_deep(text, place, limits)
    return value


def _at(text: str, position: int, place: Place) -> Place:
    line = text.count("\n", 0, position) + 1
    return Place(place.file, place.member, None, line, position - text.rfind("\n", 0, position))


def _too_deep(text: str, place: Place, limits: ReadLimits) -> JsonTooDeep:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > limits.max_depth:
            return JsonTooDeep(_at(text, token.start(), place), limit=limits.max_depth)
    return JsonTooDeep(place, limit=limits.max_depth)


def _refusal(text: str, place: Place, constant: str) -> JsonNotFinite | JsonDuplicateKey:
    if constant:
        position = next((t.start() for t in _TOKEN.finditer(text) if t.group() == constant), 0)
        return JsonNotFinite(_at(text, position, place), value=constant)
    key, position = _find_duplicate(text)
    return JsonDuplicateKey(_at(text, position, place), key=key)


def _find_duplicate(text: str) -> tuple[str, int]:
    """The first key named twice in one object and where that object begins, by Python's own slow scanner."""
    starts: list[int] = []
    hit: list[tuple[str, int]] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in items:
            if key in seen and not hit:
                hit.append((key, starts[-1]))
            seen.add(key)
        return dict(items)

    decoder = json.JSONDecoder(object_pairs_hook=pairs, parse_constant=str)

    def parse_object(s_and_end: tuple[str, int], *rest: Any) -> Any:
        starts.append(s_and_end[1] - 1)
        try:
            return JSONObject(s_and_end, *rest)
        finally:
            starts.pop()

    decoder.parse_object = parse_object  # type: ignore[attr-defined]  # the C scanner ignores it, hence the slow one
    decoder.scan_once = py_make_scanner(decoder)  # type: ignore[attr-defined]  # as above
    try:
        decoder.decode(text.strip())
    except (JSONDecodeError, RecursionError):
        return "?", 0
    key, start = hit[0] if hit else ("?", 0)
    return key, start + len(text) - len(text.lstrip())


def _depth(value: Any, limit: int) -> int:
    """How deep a value nests, counted level by level and only as far as the limit."""
    level, depth = [value], 0
    while level and depth <= limit:
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                following.extend(v for v in item.values() if isinstance(v, dict | list))
            elif isinstance(item, list):
                following.extend(v for v in item if isinstance(v, dict | list))
        depth += 1
        level = following
    return depth


def table_of(rows: Rows, name: str, place: Place, limits: ReadLimits) -> TextTable:
    """Records as a table of text, with the columns of all of them in the order in which they are met."""
    if len(rows) > limits.max_rows:
        raise TooManyRows(place, rows=len(rows), limit=limits.max_rows)
    names: dict[str, None] = {}
    for row in rows:
        if row.keys() - names.keys():
            names.update(dict.fromkeys(row))
        if len(names) > limits.max_columns:
            raise TooManyColumns(place, columns=len(names), limit=limits.max_columns)
    columns = list(names)
    arrays: list[pa.StringArray] = []
    for number, column in enumerate(columns, 1):
        cells = [row.get(column) for row in rows]
        for i, cell in enumerate(cells):
            if cell is not None and len(cell) * 4 > limits.field_max_bytes:
                size = len(cell.encode("utf-8", "replace"))
                if size > limits.field_max_bytes:
                    where = Place(place.file, place.member, None, i + 1, number)
                    raise FieldTooLarge(where, size=size, limit=limits.field_max_bytes)
        arrays.append(pa.array([cell if cell else None for cell in cells], pa.string()))
    titles, notes = unique_names(columns)
    lists = [column for column in columns if column != "geometry" and _holds_lists(rows, column)]
    if lists:
        notes.append(Note("reader.json_lists", {"columns": shown(lists)}))
    return TextTable(
        name=name,
        place=place,
        data=pa.table(arrays, names=titles) if titles else pa.table({}),
        row_numbers=pa.array(range(1, len(rows) + 1), pa.int64()),
        notes=tuple(notes),
    )


def _holds_lists(rows: Rows, column: str) -> bool:
    """Whether a column's first cell is a list of records, which may be a table of its own."""
    first = next((cell for row in rows if (cell := row.get(column))), "")
    return first.startswith("[{") and first.endswith("}]")
