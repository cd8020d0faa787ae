"""What a contract says about itself: read whole, refused by place, and never part of a snapshot's identity."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.contract import Contract
from core.contract_metadata import DataKind, Period, Release
from core.contracts import parse_contract
from core.errors import ContractInvalid

_SHIPPED = Path(__file__).parents[2] / "quality" / "contracts" / "rainfall.yaml"
_TEXT = {"id": "Curah hujan", "en": "Rainfall"}
_INDICATOR = {
    "id": "hari_hujan", "name": _TEXT, "concept": _TEXT, "definition": _TEXT, "interpretation": _TEXT,
    "formula": "banyaknya hari dengan rain_mm ≥ 1", "measure": _TEXT, "unit": _TEXT, "classification": _TEXT,
    "level": _TEXT, "variables": ["rain_mm"], "public": False,
}  # fmt: skip


def document(**properties: Any) -> dict[str, Any]:
    data: dict[str, Any] = copy.deepcopy(yaml.safe_load(_SHIPPED.read_text("utf-8")))
    kept = [p for p in data.get("customProperties", []) if p["property"] not in properties]
    data["customProperties"] = [*kept, *({"property": k, "value": v} for k, v in properties.items())]
    return data


def contract(data: dict[str, Any]) -> Contract:
    return parse_contract(data, Path("hujan.yaml"))


def test_producer_kind_release_and_indicators_are_read() -> None:
    made = contract(
        document(
            producer=_TEXT, dataKind="geospasial", release={"every": "mingguan", "dueDays": 3}, indicators=[_INDICATOR]
        )
    ).metadata
    assert (made.producer, made.kind) == (_TEXT, DataKind.GEOSPATIAL)
    assert made.release == Release(Period.WEEK, 3)
    assert [(i.id, i.variables, i.public, i.composite) for i in made.indicators] == [
        ("hari_hujan", ("rain_mm",), False, False)
    ]


def test_a_column_carries_what_ms_var_asks_beyond_the_five_parts() -> None:
    data = document()
    column = data["schema"][0]["properties"][0]
    column["customProperties"].append({"property": "variable", "value": {"alias": "kode", "question": _TEXT}})
    found = contract(data).columns[0].variable
    assert (found.alias, found.question, found.selection) == ("kode", _TEXT, {})


def test_a_table_and_a_column_carry_other_words_for_themselves_and_no_row_depends_on_them() -> None:
    data = document()
    column = data["schema"][0]["properties"][0]
    for owner, words in ((data["schema"][0], ["Hujan bulan ini"]), (column, ["Nama daerah", "Kode daerah"])):
        owner["customProperties"] = [p for p in owner["customProperties"] if p["property"] != "synonyms"]
        owner["customProperties"].append({"property": "synonyms", "value": words})
    made = contract(data)
    assert (made.synonyms, made.columns[0].synonyms) == (("Hujan bulan ini",), ("Nama daerah", "Kode daerah"))
    assert made.sha256 == contract(document()).sha256


def test_other_words_that_are_no_list_of_words_are_refused() -> None:
    data = document()
    column = data["schema"][0]["properties"][0]
    kept = [p for p in column["customProperties"] if p["property"] != "synonyms"]
    column["customProperties"] = [*kept, {"property": "synonyms", "value": "Daerah"}]
    with pytest.raises(ContractInvalid):
        contract(data)


def test_metadata_changes_no_identity_but_rules_do() -> None:
    plain = contract(document()).sha256
    assert contract(document(producer=_TEXT, indicators=[_INDICATOR])).sha256 == plain
    stricter = document()
    stricter["schema"][0]["properties"][0]["required"] = not stricter["schema"][0]["properties"][0].get("required")
    assert contract(stricter).sha256 != plain


@pytest.mark.parametrize(
    ("properties", "place"),
    [
        ({"producer": {"id": "Dinas"}}, "/customProperties/producer"),
        ({"dataKind": "rahasia"}, "/customProperties/dataKind"),
        ({"release": {"every": "kadang", "dueDays": 1}}, "/customProperties/release"),
        ({"release": {"every": "harian", "dueDays": -1}}, "/customProperties/release/dueDays"),
        ({"indicators": [{**_INDICATOR, "variables": ["angin"]}]}, "/customProperties/indicators/0/variables"),
        ({"indicators": [{**_INDICATOR, "level": "kota"}]}, "/customProperties/indicators/0/level"),
    ],
)
def test_what_is_not_as_it_should_be_is_named_by_its_place(properties: dict[str, Any], place: str) -> None:
    with pytest.raises(ContractInvalid) as refused:
        contract(document(**properties))
    assert refused.value.values["path"] == place
