"""Reads contracts: ODCS 3.x YAML checked against the standard's JSON Schema, into `core.contract.Contract`.

What a rule means is decided in `core/rules.py`; what it does to a delivery in `quality`.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft201909Validator
from jsonschema.exceptions import ValidationError, best_match

from core import contract_metadata
from core.contract import Classification, Column, ColumnType, Contract, Mode, Rule, Storage, Suppression, Volume
from core.errors import ContractInvalid
from core.rules import Place, column_rules, table_rules

_TYPES = {
    "string": ColumnType.TEXT,
    "integer": ColumnType.INTEGER,
    "number": ColumnType.NUMBER,
    "date": ColumnType.DATE,
    "timestamp": ColumnType.MOMENT,
    "boolean": ColumnType.BOOLEAN,
}
#: libyaml where it was built in: eight times as fast.
_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: A closed list of these may name its values in words: `L` Laki-laki, 1 Januari.
_LABELLED = ("string", "integer")
#: SDI's five parts of a data standard (Perpres 39/2019 art. 4).
PARTS = ("konsep", "definisi", "klasifikasi", "ukuran", "satuan")
LANGUAGES = ("id", "en")
OWNERS = ("catalog", "quality", "logistics", "flood")
_TABLE_PROPERTIES = {
    *PARTS, "title", "mode", "volume", "event", "regionColumn", "timeColumn", "rejectShare", "storage",
    "suppression", contract_metadata.SYNONYMS,
}  # fmt: skip
_COLUMN_PROPERTIES = {
    *PARTS, "title", "unit", "reference", "personal", contract_metadata.VARIABLE, contract_metadata.SYNONYMS,
}  # fmt: skip


@cache
def _validator() -> Draft201909Validator:
    schema = files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    return Draft201909Validator(json.loads(schema))


def load_contract(path: Path) -> Contract:
    """The contract in an ODCS file; `ContractInvalid` or `ContractRuleUnknown` name the file and the place in it."""
    try:
        return _written(path, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractInvalid(file=path, path="/", expected=" ".join(str(error).split())) from error


@lru_cache(maxsize=256)  # checking a document against the standard's schema takes some 30 ms
def _written(path: Path, text: str) -> Contract:
    return parse_contract(yaml.load(text, Loader=_Loader), path)  # noqa: S506  a safe loader either way


def load_contracts(*folders: Path) -> dict[str, Contract]:
    """Every contract of these folders by name; a later folder's contract replaces an earlier one of the same name."""
    found: dict[str, Contract] = {}
    for folder in folders:
        mine: dict[str, Path] = {}
        for path in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
            contract = load_contract(path)
            if contract.name in mine:
                raise ContractInvalid(file=path, path="/schema/0/name", expected=f"≠ {mine[contract.name].name}")
            mine[contract.name] = path
            found[contract.name] = contract
    return found


def parse_contract(data: Any, path: Path) -> Contract:
    """The contract in parsed YAML; `path` is named in errors only."""
    data = json.loads(json.dumps(data, default=str))  # YAML dates become text, as the standard's schema wants them
    error = best_match(_validator().iter_errors(data))
    if error is not None:
        raise _invalid(path, error)
    schema = data.get("schema", [])
    if len(schema) != 1:
        raise ContractInvalid(file=path, path="/schema", expected="1 schema")
    return _Reader(path, data, schema[0]).contract()


def _invalid(path: Path, error: ValidationError) -> ContractInvalid:
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=lambda e: len(e.absolute_path))
    at = "/" + "/".join(str(part) for part in deepest.absolute_path)
    return ContractInvalid(file=path, path=at, expected=deepest.message[:300])


class _Reader:
    """Walks one validated document; every refusal names the path inside it."""

    def __init__(self, file: Path, data: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
        self.file, self.data, self.schema = file, data, schema

    def refuse(self, path: str, expected: str) -> ContractInvalid:
        return ContractInvalid(file=self.file, path=path, expected=expected)

    def custom(self, owner: Mapping[str, Any], path: str, known: set[str]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for i, entry in enumerate(owner.get("customProperties", ())):
            if entry["property"] not in known:
                raise self.refuse(f"{path}/customProperties/{i}", " | ".join(sorted(known)))
            out[entry["property"]] = entry["value"]
        return out

    def bilingual(self, value: Any, path: str, indonesian: str | None = None) -> dict[str, str]:
        texts = {**({"id": indonesian} if indonesian else {}), **(value if isinstance(value, dict) else {})}
        if set(texts) != set(LANGUAGES) or not all(isinstance(t, str) and t.strip() for t in texts.values()):
            raise self.refuse(path, "{id: ..., en: ...}")
        return texts

    def standard(self, owner: Mapping[str, Any], custom: Mapping[str, Any], path: str) -> dict[str, dict[str, str]]:
        definition = owner.get("description")
        return {
            part: self.bilingual(custom.get(part), f"{path}/{part}", definition if part == "definisi" else None)
            for part in PARTS
        }

    def classification(self, value: Any, path: str) -> Classification:
        try:
            return Classification(value)
        except ValueError as error:
            raise self.refuse(path, " | ".join(Classification)) from error

    def column(self, index: int, raw: Mapping[str, Any], default: Classification) -> Column:
        path = f"/schema/0/properties/{index}"
        custom = self.custom(raw, path, _COLUMN_PROPERTIES)
        logical = raw.get("logicalType")
        if logical not in _TYPES:
            raise self.refuse(f"{path}/logicalType", " | ".join(_TYPES))
        if not str(raw["name"]).isidentifier() or str(raw["name"]).startswith("_"):
            raise self.refuse(f"{path}/name", "[a-z][a-z0-9_]*")
        return Column(
            name=raw["name"],
            type=_TYPES[logical],
            title=self.bilingual(custom.get("title"), f"{path}/title", raw.get("businessName")),
            standard=self.standard(raw, custom, path),
            unit=str(custom.get("unit", "")),
            required=bool(raw.get("required", False)),
            key=bool(raw.get("primaryKey", False)),
            reference=custom.get("reference"),
            classification=(
                self.classification(raw["classification"], f"{path}/classification")
                if "classification" in raw
                else default
            ),
            personal=bool(custom.get("personal", False)),
            variable=contract_metadata.variable(
                custom.get(contract_metadata.VARIABLE), f"{path}/{contract_metadata.VARIABLE}", self.refuse
            ),
            synonyms=self.synonyms(custom, path),
            labels={str(e["value"]): str(e.get("label", "")) for e in raw.get("enum", ()) if logical in _LABELLED},
        )

    def synonyms(self, custom: Mapping[str, Any], path: str) -> tuple[str, ...]:
        name = contract_metadata.SYNONYMS
        return contract_metadata.synonyms(custom.get(name), f"{path}/{name}", self.refuse)

    def volume(self, raw: Any) -> Volume:
        raw = raw or {}
        if not isinstance(raw, dict) or set(raw) - {"minRows", "maxRows", "maxDrop"}:
            raise self.refuse("/schema/0/customProperties/volume", "{minRows, maxRows, maxDrop}")
        return Volume(raw.get("minRows"), raw.get("maxRows"), raw.get("maxDrop"))

    def freshness(self) -> float | None:
        hours = {"h": 1.0, "hour": 1.0, "hours": 1.0, "d": 24.0, "day": 24.0, "days": 24.0, "y": 8766.0}
        for i, entry in enumerate(self.data.get("slaProperties", ())):
            if entry["property"] == "freshness":
                unit = entry.get("unit", "h")
                if unit not in hours or not isinstance(entry["value"], int | float):
                    raise self.refuse(f"/slaProperties/{i}", "value: number, unit: h | d | y")
                return float(entry["value"]) * hours[unit]
        return None

    def rules(self, columns: tuple[Column, ...], volume: Volume) -> tuple[Rule, ...]:
        found: list[Rule] = []
        for i, (raw, column) in enumerate(zip(self.schema["properties"], columns, strict=True)):
            found += column_rules(raw, column, Place(self.file, column.name, f"/schema/0/properties/{i}"))
        found += table_rules(self.schema, columns, volume, Place(self.file, "", "/schema/0"))
        seen: set[str] = set()
        for rule in found:
            if rule.id in seen:
                raise self.refuse(f"/schema/0/…/quality/{rule.id}", "id: unique")
            seen.add(rule.id)
        return tuple(found)

    def contract(self) -> Contract:
        custom = self.custom(self.schema, "/schema/0", _TABLE_PROPERTIES)
        classification = self.classification(
            self.data_custom().get("classification", Classification.UNCLASSIFIED), "/customProperties/classification"
        )
        raw_columns = self.schema.get("properties") or []
        columns = tuple(self.column(i, raw, classification) for i, raw in enumerate(raw_columns))
        names = [c.name for c in columns]
        if not names or len(set(names)) != len(names):
            raise self.refuse("/schema/0/properties", "unique names")
        for role in ("regionColumn", "timeColumn"):
            if custom.get(role) is not None and custom[role] not in names:
                raise self.refuse(f"/schema/0/customProperties/{role}", " | ".join(names))
        if custom.get("mode") not in tuple(Mode):
            raise self.refuse("/schema/0/customProperties/mode", " | ".join(Mode))
        if not any(c.key for c in columns):
            raise self.refuse("/schema/0/properties", "primaryKey")
        if self.data.get("domain") not in OWNERS:
            raise self.refuse("/domain", " | ".join(OWNERS))
        if not all(part.isdigit() for part in str(self.data["version"]).split(".")):
            raise self.refuse("/version", "1.0.0")
        volume = self.volume(custom.get("volume"))
        storage = self.storage(custom, columns)
        return Contract(
            name=self.schema["name"],
            version=str(self.data["version"]),
            title=self.bilingual(custom.get("title"), "/schema/0/title", self.schema.get("businessName")),
            description=self.bilingual(
                {"en": custom.get("definisi", {}).get("en")}, "/schema/0/description", self.schema.get("description")
            ),
            columns=columns,
            rules=self.rules(columns, volume),
            mode=Mode(custom["mode"]),
            owner=self.data["domain"],
            classification=classification,
            volume=volume,
            freshness_hours=self.freshness(),
            region_column=custom.get("regionColumn"),
            time_column=custom.get("timeColumn"),
            event=bool(custom.get("event", False)),
            standard=self.standard(self.schema, custom, "/schema/0"),
            reject_share=float(custom.get("rejectShare", 0.5)),
            metadata=contract_metadata.metadata(
                self.data_custom(), frozenset(names), self.refuse, tuple(c.name for c in columns if c.key)
            ),
            storage=storage,
            suppression=self.suppression(custom.get("suppression"), columns),
            synonyms=self.synonyms(custom, "/schema/0/customProperties"),
            sha256=hashlib.sha256(self.hashed().encode()).hexdigest(),
        )

    def data_custom(self) -> dict[str, Any]:
        return self.custom(self.data, "", {"classification", *contract_metadata.DOCUMENT})

    def storage(self, custom: Mapping[str, Any], columns: tuple[Column, ...]) -> Storage:
        """Where rows wait; readings are one number a row, named by text and a time."""
        path, found = "/schema/0/customProperties/storage", custom.get("storage", Storage.SNAPSHOTS)
        if found not in tuple(Storage):
            raise self.refuse(path, " | ".join(Storage))
        if found == Storage.READINGS:
            time = [c for c in columns if c.name == custom.get("timeColumn")]
            timed = len(time) == 1 and time[0].key and time[0].type in (ColumnType.DATE, ColumnType.MOMENT)
            rest = [c.type for c in columns if c not in time]
            value = [c for c in columns if c.type is ColumnType.NUMBER and c.required and not c.key]
            plain = len(value) == 1 and rest.count(ColumnType.TEXT) == len(rest) - 1
            if custom["mode"] != Mode.UPSERT or not timed or not plain or sum(c.key for c in columns) < 2:
                raise self.refuse(path, "mode: upsert; timeColumn: primaryKey, date | timestamp; 1 × number; string …")
        return Storage(found)

    def suppression(self, raw: Any, columns: tuple[Column, ...]) -> Suppression | None:
        """Which counts are not shown: of whole numbers that may be empty, along axes of text columns."""
        if raw is None:
            return None
        path = "/schema/0/customProperties/suppression"
        types = {c.name: c.type for c in columns}
        if not isinstance(raw, dict) or set(raw) != {"count", "flag", "by", "threshold"}:
            raise self.refuse(path, "{count, flag, by: [[column, …], …], threshold}")
        by = tuple(tuple(axis) if isinstance(axis, list) else (axis,) for axis in raw["by"])
        wanted = {raw["count"]: ColumnType.INTEGER, raw["flag"]: ColumnType.BOOLEAN}
        wanted |= {name: ColumnType.TEXT for axis in by for name in axis}
        for name, type_ in wanted.items():
            if types.get(name) is not type_:
                raise self.refuse(path, f"{name}: {type_.value}")
        if any(c.required for c in columns if c.name in (raw["count"], raw["flag"])) or not by:
            raise self.refuse(path, f"{raw['count']}, {raw['flag']}: required: false")
        if not isinstance(raw["threshold"], int) or raw["threshold"] < 2:
            raise self.refuse(f"{path}/threshold", "2, 3, …")
        return Suppression(raw["count"], raw["flag"], by, raw["threshold"])

    def hashed(self) -> str:
        """What governs rows, as text; where they wait decides none of them."""
        governing = contract_metadata.described(self.data)
        for schema in governing.get("schema", ()):
            kept = [p for p in schema.get("customProperties", ()) if p["property"] != "storage"]
            if "customProperties" in schema:
                schema["customProperties"] = kept
        return json.dumps(governing, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
