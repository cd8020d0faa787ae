"""Groups and changes exist for every data standard as they follow from its columns, whoever writes the standard."""

import pytest
from graphql import GraphQLEnumType

from core.access import Role
from core.contract import Classification
from core.contracts import load_contracts
from core.naming import camel, pascal, plural
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from tests.gateway.factories import Province

CONTRACTS = load_contracts(shipped_contracts())
AT_ONCE = 6


@pytest.fixture(scope="module")
def keys() -> dict[str, list[str]]:
    """What a coordinator can group the rows of each standard by: closed columns are unknown to it."""
    types = make_schema(CONTRACTS)._schema.type_map
    found: dict[str, list[str]] = {}
    for name in CONTRACTS:
        kind = types[f"{pascal(name)}GroupBy"]
        assert isinstance(kind, GraphQLEnumType)
        closed = [c.name.upper() for c in CONTRACTS[name].columns if c.classification is Classification.CLOSED]
        found[name] = [key for key in kind.values if key not in closed]
    return found


@pytest.mark.parametrize("name", sorted(CONTRACTS))
async def test_rows_are_grouped_by_every_key_and_compared(
    province: Province, keys: dict[str, list[str]], name: str
) -> None:
    asked = [keys[name][i : i + AT_ONCE] for i in range(0, len(keys[name]), AT_ONCE)]
    groups = " ".join(
        f"g{i}: aggregate(groupBy: [{', '.join(some)}], measures: []) {{ groups {{ count }} }}"
        for i, some in enumerate(asked)
    )
    token = province.token(Role.COORDINATOR, Role.ADMIN)
    query = f"{{ {camel(plural(name))} {{ {groups} diff(fromSeq: 0) {{ nodes {{ kind }} totals {{ added }} }} totalCount }} }}"
    found = (await province.data(query, token))[camel(plural(name))]
    for i in range(len(asked)):
        assert sum(group["count"] for group in found[f"g{i}"]["groups"]) == found["totalCount"]
    assert found["diff"]["totals"]["added"] == len(found["diff"]["nodes"]) == found["totalCount"]


def test_moments_have_days_dates_have_months_and_only_regions_have_provinces(keys: dict[str, list[str]]) -> None:
    stages, prices = keys["river_stage"], keys["commodity_price"]
    assert {"OBSERVED_AT", "OBSERVED_AT_DAY", "OBSERVED_AT_MONTH", "OBSERVED_AT_YEAR"} <= set(stages)
    assert {"DATE", "DATE_MONTH", "DATE_YEAR", "REGION_CODE_PROVINCE"} <= set(prices)
    assert not {"DATE_DAY", "MARKET_PROVINCE", "COMMODITY_CODE_PROVINCE"} & set(prices)
