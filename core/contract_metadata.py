"""What a contract says about itself beyond rows and rules: who makes the data, when it is due, and BPS's metadata.

The fields follow the statistical metadata of variables (MS-Var) and indicators (MS-Ind) of BPS Regulation 5/2020.
They describe and decide no row, so they stay outside the hash that a snapshot's identity carries.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.contract_checks import PROPERTIES as CHECKS
from core.contract_checks import Checks, checks
from core.errors import ContractInvalid

#: Says where in the document something is wrong and what was expected there.
Refuse = Callable[[str, str], ContractInvalid]


class Period(StrEnum):
    """How often a dataset is released, in the words of the yearly data list."""

    DAY = "harian"
    WEEK = "mingguan"
    MONTH = "bulanan"
    QUARTER = "triwulanan"
    HALF_YEAR = "semesteran"
    YEAR = "tahunan"


class DataKind(StrEnum):
    """What kind of data it is; the pembina data follows from it (Perpres 39/2019: BPS, BIG, the finance ministry)."""

    STATISTICAL = "statistik"
    GEOSPATIAL = "geospasial"
    FINANCIAL = "keuangan"


@dataclass(frozen=True, slots=True)
class Release:
    """The release schedule: one delivery each period, due so many days after the period's end."""

    every: Period
    due_days: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator that the rows give, as MS-Ind describes it; texts are {"id": ..., "en": ...}.

    Attributes:
        id: identifier within the contract.
        formula: how it is worked out, as text.
        variables: the contract's columns it is made of.
        level: the smallest area it is estimated for.
        composite: whether it is made of other indicators.
        public: whether everybody may have it.
    """

    id: str
    name: Mapping[str, str]
    concept: Mapping[str, str]
    definition: Mapping[str, str]
    interpretation: Mapping[str, str]
    formula: str
    measure: Mapping[str, str]
    unit: Mapping[str, str]
    classification: Mapping[str, str]
    level: Mapping[str, str]
    variables: tuple[str, ...]
    composite: bool = False
    public: bool = True


@dataclass(frozen=True, slots=True)
class Variable:
    """What MS-Var asks of a column beyond SDI's five parts; texts are {"id": ..., "en": ...}, empty where not given."""

    alias: str = ""
    selection: Mapping[str, str] = field(default_factory=dict)  # referensi pemilihan: the source of the concept
    time_reference: Mapping[str, str] = field(default_factory=dict)  # referensi waktu
    question: Mapping[str, str] = field(default_factory=dict)  # kalimat pertanyaan


@dataclass(frozen=True, slots=True)
class Metadata:
    """Who makes the data, of which kind it is, when it is due, which indicators it gives, and where that is written.

    `checks` are the looks beyond a column that the rows can stand (`core/contract_checks.py`); `live`: nodes are asked
    for its rows at the moment of a question.
    """

    producer: Mapping[str, str] = field(default_factory=dict)
    kind: DataKind = DataKind.STATISTICAL
    release: Release | None = None
    indicators: tuple[Indicator, ...] = ()
    source: str = ""
    checks: Checks = field(default_factory=Checks)
    live: bool = False


#: The properties of the document and of a column that are read here.
DOCUMENT = frozenset({"producer", "dataKind", "release", "indicators", "source", "live"}) | CHECKS
VARIABLE = "variable"
#: Other words for a table or a column, as people write them above their data (docs/adr/0017).
SYNONYMS = "synonyms"
_TEXTS = ("name", "concept", "definition", "interpretation", "measure", "unit", "classification", "level")
_LANGUAGES = {"id", "en"}


def described(data: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what only describes: the part whose change makes rows another thing."""
    plain = copy.deepcopy(dict(data))
    _without(plain, DOCUMENT - {"source"})
    for schema in plain.get("schema", ()):
        _without(schema, frozenset({SYNONYMS}))
        for column in schema.get("properties", ()):
            _without(column, frozenset({VARIABLE, SYNONYMS}))
    return plain


def _without(owner: dict[str, Any], names: frozenset[str]) -> None:
    if "customProperties" in owner:
        owner["customProperties"] = [p for p in owner["customProperties"] if p["property"] not in names]


def metadata(custom: Mapping[str, Any], columns: frozenset[str], refuse: Refuse, key: tuple[str, ...] = ()) -> Metadata:
    """The document's own metadata; `ContractInvalid` names the property that is not as it should be."""
    kind = custom.get("dataKind", DataKind.STATISTICAL)
    if kind not in tuple(DataKind):
        raise refuse("/customProperties/dataKind", " | ".join(DataKind))
    live = custom.get("live", False)
    if not isinstance(live, bool):
        raise refuse("/customProperties/live", "true | false")
    producer = custom.get("producer", {})
    if producer:
        _bilingual(producer, "/customProperties/producer", refuse)
    return Metadata(
        producer=producer,
        kind=DataKind(kind),
        release=_release(custom.get("release"), refuse),
        indicators=tuple(
            _indicator(raw, f"/customProperties/indicators/{i}", columns, refuse)
            for i, raw in enumerate(custom.get("indicators", ()))
        ),
        source=str(custom.get("source", "")),
        checks=checks(custom, columns, key, refuse),
        live=live,
    )


def _bilingual(value: Any, path: str, refuse: Refuse) -> dict[str, str]:
    good = isinstance(value, dict) and set(value) == _LANGUAGES
    if not good or not all(isinstance(text, str) and text.strip() for text in value.values()):
        raise refuse(path, "{id: ..., en: ...}")
    return dict(value)


def _release(raw: Any, refuse: Refuse) -> Release | None:
    if raw is None:
        return None
    path = "/customProperties/release"
    if not isinstance(raw, dict) or set(raw) != {"every", "dueDays"} or raw["every"] not in tuple(Period):
        raise refuse(path, "{every: " + " | ".join(Period) + ", dueDays: number}")
    if not isinstance(raw["dueDays"], int) or raw["dueDays"] < 0:
        raise refuse(f"{path}/dueDays", "0, 1, 2, …")
    return Release(Period(raw["every"]), raw["dueDays"])


def _indicator(raw: Any, path: str, columns: frozenset[str], refuse: Refuse) -> Indicator:
    known = {"id", "formula", "variables", "composite", "public", *_TEXTS}
    if not isinstance(raw, dict) or not {"id", "formula", "variables", *_TEXTS} <= set(raw) <= known:
        raise refuse(path, ", ".join(sorted(known)))
    if not set(raw["variables"]) <= columns:
        raise refuse(f"{path}/variables", " | ".join(sorted(columns)))
    return Indicator(
        id=str(raw["id"]),
        formula=str(raw["formula"]),
        variables=tuple(raw["variables"]),
        composite=bool(raw.get("composite", False)),
        public=bool(raw.get("public", True)),
        **{name: _bilingual(raw[name], f"{path}/{name}", refuse) for name in _TEXTS},
    )


def variable(raw: Any, path: str, refuse: Refuse) -> Variable:
    """A column's own metadata; `ContractInvalid` names the place that is not as it should be."""
    if raw is None:
        return Variable()
    names = {"alias": "alias", "selection": "selection", "timeReference": "time_reference", "question": "question"}
    if not isinstance(raw, dict) or not set(raw) <= set(names):
        raise refuse(path, ", ".join(names))
    texts = {names[k]: _bilingual(v, f"{path}/{k}", refuse) for k, v in raw.items() if k != "alias"}
    return Variable(alias=str(raw.get("alias", "")), **texts)


def synonyms(raw: Any, path: str, refuse: Refuse) -> tuple[str, ...]:
    """Other words for a table or column; `ContractInvalid` where they are no list of words."""
    words = [] if raw is None else raw
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise refuse(path, "[…, …]")
    return tuple(words)
