"""JSON to tables: lists of records, columns of lists, CKAN and REST envelopes, GeoJSON; numbers stay as written.

Refused with their place: NaN and Infinity (F07), a key named twice (F08), nesting beyond the limit (F05).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from json.decoder import JSONDecodeError, JSONObject  # type: ignore[attr-defined]  # undocumented, stable since 3.1
from json.scanner import py_make_scanner  # type: ignore[attr-defined]  # the scanner that knows positions
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.table import Note, Place, TextTable
from federation.readers import decode
from federation.readers.build import unique_names
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
from federation.readers.result import ReadLimits

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN|[\[\]{}]', re.DOTALL)
#: What Python says where a value is followed by another.
_MORE = "Extra data"
_Rows = list[dict[str, str | None]]


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
    if _is_geojson(value):
        return "geojson", [_table(_features(value), name, place, limits)], notes
    tables = [
        _table(rows, "/".join([name, *trail]) if trail else name, place, limits) for trail, rows in _tables(value, ())
    ]
    if not tables:
        notes.append(Note("reader.json_no_table"))
    return "json", tables, notes


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
    decoder.scan_once = py_make_scanner(decoder)  # type: ignore[attr-defined]
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


def _is_geojson(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in ("FeatureCollection", "Feature")


def _features(value: dict[str, Any]) -> _Rows:
    """A row a feature: its id and properties, the geometry's kind, a point's lon and lat, the geometry as JSON text."""
    features = value.get("features") if value["type"] == "FeatureCollection" else [value]
    out: _Rows = []
    for feature in features if isinstance(features, list) else []:
        if not isinstance(feature, dict):
            continue
        row: dict[str, str | None] = {}
        if feature.get("id") is not None:
            row["id"] = _text(feature["id"])
        for key, cell in _flat(feature.get("properties") or {}, ""):
            row[key] = cell
        shape = feature.get("geometry")
        if isinstance(shape, dict):
            row["geometry_type"] = _text(shape.get("type"))
            at = shape.get("coordinates")
            if shape.get("type") == "Point" and isinstance(at, list) and len(at) >= 2:
                row["lon"], row["lat"] = _text(at[0]), _text(at[1])
            row["geometry"] = _dump(shape)
        out.append(row)
    return out


def _dump(value: Any) -> str:
    """JSON text of a value whose numbers were kept as text: they stand unquoted again."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k, ensure_ascii=False)}:{_dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_dump(v) for v in value) + "]"
    if isinstance(value, str) and re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _dump(value)


def _flat(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str | None]]:
    """The leaves of a record, nested objects as `a/b`; lists as JSON text."""
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict) and item:
            yield from _flat(item, f"{name}/")
        else:
            yield name, _text(item) if not isinstance(item, dict) else None


def _is_scalars(items: list[Any]) -> bool:
    return not any(isinstance(item, dict | list) for item in items)


def _tables(value: Any, trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Rows]]:
    """Every table in a value, with the keys that lead to it; a lone flat object is a table of one row."""
    if isinstance(value, list):
        yield from _from_list(value, trail, None)
    elif isinstance(value, dict):
        known = list(_from_object(value, trail))
        if known:
            yield from known
        elif not trail and value and [] not in value.values():
            yield (), [dict(_flat(value, ""))]


def _from_list(
    value: list[Any], trail: tuple[str, ...], names: list[str] | None
) -> Iterator[tuple[tuple[str, ...], _Rows]]:
    if value and all(isinstance(item, dict) for item in value):
        yield trail, [dict(_flat(item, "")) for item in value]
    elif value and all(isinstance(item, list) for item in value) and _is_scalars([c for row in value for c in row]):
        head, body = (names, value) if names else ([_text(c) or "" for c in value[0]], value[1:])
        titles, _ = unique_names([*head, *[""] * (max(map(len, value)) - len(head))])
        yield trail, [dict.fromkeys(titles) | dict(zip(titles, map(_text, row), strict=False)) for row in body]
    elif value and _is_scalars(value) and not trail:
        yield trail, [{"nilai": _text(item)} for item in value]


def _from_object(value: dict[str, Any], trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Rows]]:
    names = _names(value)
    if _is_columnar(value):
        length = max(len(v) for v in value.values())
        yield trail, [{k: _text(v[i]) if i < len(v) else None for k, v in value.items()} for i in range(length)]
        return
    for key, item in value.items():
        if key in ("fields", "columns", "links", "_links", "meta") and not _has_records(item):
            continue
        if isinstance(item, list) and key not in ("fields", "columns"):
            yield from _from_list(item, _step(trail, key), names)
        elif isinstance(item, dict):
            keyed = _keyed(item, names)
            if keyed is not None:
                yield _step(trail, key), keyed
            else:
                yield from _from_object(item, _step(trail, key))


def _step(trail: tuple[str, ...], key: str) -> tuple[str, ...]:
    """The trail without the names that every envelope has."""
    return trail if key in ("data", "result", "results", "records", "rows", "items", "datas") else (*trail, key)


def _has_records(item: Any) -> bool:
    return (
        isinstance(item, list)
        and bool(item)
        and isinstance(item[0], dict)
        and "id" not in item[0]
        and "name" not in item[0]
    )


def _names(value: dict[str, Any]) -> list[str] | None:
    """Column names that stand beside the rows: `fields` or `columns`, as text or as {id|name|label}."""
    for key in ("fields", "columns", "header", "headers"):
        items = value.get(key)
        if isinstance(items, list) and items:
            names = [i.get("id") or i.get("name") or i.get("label") if isinstance(i, dict) else i for i in items]
            if all(isinstance(n, str) for n in names):
                return [str(n) for n in names]
    return None


def _is_columnar(value: dict[str, Any]) -> bool:
    """A dict of equally long lists of plain values: a table column by column."""
    lists = [v for v in value.values() if isinstance(v, list) and _is_scalars(v)]
    return len(lists) >= 2 and len(lists) == len(value) and len({len(v) for v in lists}) == 1


def _keyed(item: dict[str, Any], names: list[str] | None) -> _Rows | None:
    """A table whose rows are lists or records under their key, such as {"2026-01-01": [22000, 20500]}."""
    values = list(item.values())
    if len(values) < 2:
        return None
    if names and all(isinstance(v, list) and len(v) == len(names) and _is_scalars(v) for v in values):
        titles, _ = unique_names(["kunci", *names])
        return [dict(zip(titles, [key, *map(_text, v)], strict=True)) for key, v in item.items()]
    if (
        all(isinstance(v, dict) and v and _is_scalars(list(v.values())) for v in values)
        and len({tuple(v) for v in values}) == 1
    ):
        return [dict([("kunci", key), *_flat(v, "")]) for key, v in item.items()]
    return None


def _table(rows: _Rows, name: str, place: Place, limits: ReadLimits) -> TextTable:
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
    return TextTable(
        name=name,
        place=place,
        data=pa.table(arrays, names=titles) if titles else pa.table({}),
        row_numbers=pa.array(range(1, len(rows) + 1), pa.int64()),
        notes=tuple(notes),
    )
