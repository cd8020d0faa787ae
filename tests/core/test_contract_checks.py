"""Checks beyond a column as a contract declares them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from core.contract import Contract
from core.contract_checks import Agree, Checks, Parts, Reconcile, Typical
from core.contracts import parse_contract
from core.errors import ContractInvalid

SHIPPED = Path(__file__).resolve().parents[2] / "quality" / "contracts" / "population.yaml"
NAMES = ("reconcile", "parts", "agree", "typical", "fresh")


def declared(**checks: Any) -> Contract:
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    kept = [one for one in data["customProperties"] if one["property"] not in NAMES]
    data["customProperties"] = kept + [{"property": name, "value": value} for name, value in checks.items()]
    return parse_contract(data, SHIPPED)


def test_every_declaration_is_read_as_it_is_written() -> None:
    found = declared(
        reconcile=[{"id": "a", "value": "people", "over": "region_code", "by": ["year"], "where": {"district": None}}],
        parts=[{"id": "b", "value": "people", "of": "sex", "total": "total", "parts": ["L", "P"], "by": ["year"]}],
        agree=[{"id": "c", "value": "people", "tolerance": 0.01}],
        typical=[{"id": "d", "value": "people", "by": ["sex"], "time": ["year"], "factor": 4}],
        fresh={"time": ["year"]},
    ).metadata.checks
    assert found == Checks(
        reconcile=(Reconcile("a", "people", "region_code", ("year",), {"district": None}),),
        parts=(Parts("b", "people", "sex", "total", ("year",), ("L", "P")),),
        agree=(Agree("c", "people", ("region_code", "year", "sex", "district"), {}, 0.01),),  # the key
        typical=(Typical("d", "people", ("sex",), ("year",), None, 4.0),),
        fresh=("year",),
    )


def test_what_is_declared_makes_no_row_another_thing() -> None:
    one, other = declared(), declared(agree=[{"id": "c", "value": "people"}])
    assert one.sha256 == other.sha256 and one.metadata.checks.none and not other.metadata.checks.none


@pytest.mark.parametrize(
    ("checks", "place"),
    [
        ({"reconcile": {"id": "a"}}, "/customProperties/reconcile"),
        ({"reconcile": [{"id": "a", "value": "people", "by": ["year"]}]}, "/customProperties/reconcile/0"),
        ({"agree": [{"id": "a", "value": "orang"}]}, "/customProperties/agree/0/value"),
        ({"agree": [{"id": "a", "value": "people", "by": ["tahun"]}]}, "/customProperties/agree/0/by"),
        ({"agree": [{"id": "a", "value": "people", "tolerance": 1}]}, "/customProperties/agree/0/tolerance"),
        ({"agree": [{"id": "a", "value": "people", "where": {"x": 1}}]}, "/customProperties/agree/0/where"),
        ({"agree": [{"id": "a", "value": "people"}] * 2}, "/customProperties/agree/1/id"),
        ({"typical": [{"id": "a", "value": "people", "by": ["sex"], "time": ["year"], "season": "x"}]},
         "/customProperties/typical/0/season"),
        ({"fresh": ["year"]}, "/customProperties/fresh"),
    ],
)  # fmt: skip
def test_a_declaration_that_is_not_as_it_should_be_is_named(checks: dict[str, Any], place: str) -> None:
    with pytest.raises(ContractInvalid) as raised:
        declared(**checks)
    assert raised.value.values["path"] == place
