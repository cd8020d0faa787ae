"""Where the tables are in a JSON value: lists of records or of lists, columns of lists, rows under keys, GeoJSON.

Numbers arrive as the text that stood there (`json.parse`); making columns of rows is left to `json.py`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from federation.readers.build import unique_names

Rows = list[dict[str, str | None]]
#: A key that is a year, a date or a code: what stands under several of them are rows.
_CODE = re.compile(r"\d[\d./-]{3,}")


def is_geojson(value: Any) -> bool:
    """Whether it is a feature or a collection of them."""
    return isinstance(value, dict) and value.get("type") in ("FeatureCollection", "Feature")


def features(value: dict[str, Any]) -> Rows:
    """A row a feature: its id and properties, the geometry's kind, a point's lon and lat, the geometry as JSON text."""
    found = value.get("features") if value["type"] == "FeatureCollection" else [value]
    out: Rows = []
    for feature in found if isinstance(found, list) else []:
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


def tables(value: Any, trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Rows]]:
    """Every table in a value, with the keys that lead to it; a lone flat object is a table of one row."""
    if isinstance(value, list):
        yield from _from_list(value, trail, None)
    elif isinstance(value, dict):
        known = list(_from_object(value, trail))
        if known:
            yield from known
        elif not trail and value and [] not in value.values():
            yield (), [dict(_flat(value, ""))]


#: What a row of an ArcGIS service has.
_ESRI = {"attributes", "geometry", "centroid"}


def _attributes(item: dict[str, Any]) -> dict[str, str | None]:
    """A row of an ArcGIS service: its attributes under their own names, its geometry as JSON text."""
    row = dict(_flat(item["attributes"], ""))
    for key in ("geometry", "centroid"):
        if item.get(key) is not None:
            row.setdefault(key, _text(item[key]))
    return row


def _from_list(
    value: list[Any], trail: tuple[str, ...], names: list[str] | None
) -> Iterator[tuple[tuple[str, ...], Rows]]:
    if value and all(isinstance(item, dict) for item in value):
        esri = all(isinstance(item.get("attributes"), dict) and item.keys() <= _ESRI for item in value)
        shorter = trail[:-1] if esri and trail[-1:] == ("features",) else trail
        yield shorter, [_attributes(item) if esri else dict(_flat(item, "")) for item in value]
    elif value and all(isinstance(item, list) for item in value) and _is_scalars([c for row in value for c in row]):
        head, body = (names, value) if names else ([_text(c) or "" for c in value[0]], value[1:])
        titles, _ = unique_names([*head, *[""] * (max(map(len, value)) - len(head))])
        yield trail, [dict.fromkeys(titles) | dict(zip(titles, map(_text, row), strict=False)) for row in body]
    elif value and _is_scalars(value) and not trail:
        yield trail, [{"nilai": _text(item)} for item in value]


def _from_object(value: dict[str, Any], trail: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Rows]]:
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


def _keyed(item: dict[str, Any], names: list[str] | None) -> Rows | None:
    """A table whose rows are lists or records under their key, {"2026-01-01": [22000, 20500]} or {"2023": 5.1}."""
    values = list(item.values())
    if len(values) < 2:
        return None
    if names and all(isinstance(v, list) and len(v) == len(names) and _is_scalars(v) for v in values):
        titles, _ = unique_names(["kunci", *names])
        return [dict(zip(titles, [key, *map(_text, v)], strict=True)) for key, v in item.items()]
    if len(values) > 2 and _is_scalars(values) and all(_CODE.fullmatch(key) for key in item):
        return [{"kunci": key, "nilai": _text(v)} for key, v in item.items()]
    if (
        all(isinstance(v, dict) and v and _is_scalars(list(v.values())) for v in values)
        and len({tuple(v) for v in values}) == 1
    ):
        return [dict([("kunci", key), *_flat(v, "")]) for key, v in item.items()]
    return None
