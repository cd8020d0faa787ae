"""What a question may cost is known before anything is run, from its document and variables alone."""

from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from sqlalchemy import Engine

from core.access import ANONYMOUS, Actor, Role
from core.errors import SettingsInvalid
from core.settings import Settings, load
from gateway import cost
from gateway.cost import Costs
from gateway.schema import make_schema
from gateway.sdl import shipped_contracts
from tests.gateway import factories
from tests.gateway.factories import Province


@pytest.fixture(scope="module")
def schema() -> Any:
    from core.contracts import load_contracts

    return make_schema(load_contracts(shipped_contracts()))._schema


def counted(schema: Any, query: str, **variables: Any) -> int:
    document = parse(query)
    [node] = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    return Costs(schema, document).operation(node).of(variables)


EITHER = "query($n: Int, $l: Int) { commodityPrices(first: $n, last: $l) { nodes { price } } }"
PAGE = "query($n: Int! = 30) { commodityPrices(first: $n) { nodes { price date } } }"


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ('{ region(code: "33") { code name } }', {}, 1 + 2),
        ("{ commodityPrices(first: 50) { nodes { price date } } }", {}, 10 + 50 * 3),
        ("{ commodityPrices { nodes { price } } }", {}, 10 + 100 * 2),  # the field's own default
        ("{ commodityPrices(last: 7) { nodes { price } } }", {}, 10 + 7 * 2),
        ("{ commodityPrices(first: null) { nodes { price } } }", {}, 10 + 100 * 2),
        (EITHER, {"n": 7}, 10 + 7 * 2),
        (EITHER, {"l": 7}, 10 + (100 + 7) * 2),  # at most: which one is given is not known beforehand
        (PAGE, {}, 10 + 30 * 3),  # the operation's
        (PAGE, {"n": 7}, 10 + 7 * 3),
        (PAGE, {"n": -1}, 10),  # refused by what it is, not by what it costs
        (PAGE, {"n": "7"}, 10 + 100 * 3),
        ("{ a: commodityPrices(first: 2) { edges { cursor node { price } } totalCount } }", {}, 10 + 2 * 4 + 20),
        ("{ members { code sources { id } } }", {}, 50 * (1 + 1 + 10 * 2)),
        ("{ commodityPrices(first: 3) { ...P } } fragment P on CommodityPriceConnection { nodes { price } }", {}, 16),
        ("{ datasets(first: 5) { nodes { resources { snapshots(first: 4) { nodes { seq } } } } } }", {},
         10 + 5 * (1 + 10 * (1 + 10 + 4 * 2))),
        ("{ live { riverStages(first: 3) { nodes { stageM } } } }", {}, 1 + 5_000 + 3 * 2),  # asks every node
        ("{ __schema { types { name } } members { __typename } }", {}, 30_000 + 50),
    ],
)  # fmt: skip
def test_sizes_of_lists_multiply(schema: Any, query: str, variables: dict[str, Any], expected: int) -> None:
    assert counted(schema, query, **variables) == expected


def test_sizes_that_variables_decide_multiply_through_fragments(schema: Any) -> None:
    query = """query($a: Int!, $b: Int!) { datasets(first: $a) { nodes { resources { ...R } } } }
        fragment R on Resource { snapshots(first: $b) { nodes { seq } } }"""
    assert counted(schema, query, a=3, b=5) == 10 + 3 * (1 + 10 * (1 + 10 + 5 * 2))


def test_g08_a_fragment_is_measured_once_however_often_it_is_spread(schema: Any) -> None:
    fan = "".join(f"fragment F{i} on Member {{ ...F{i + 1} ...F{i + 1} }} " for i in range(200))
    last = "fragment F200 on Member { scores(weeks: $w) { week } code } "
    found = counted(schema, "query($w: Int!) { members { ...F0 } } " + fan + last, w=4)
    assert found == 50 * (1 + 2**200 * (10 + 4 + 4 - 1 + 1))


def test_every_example_operation_is_within_what_anybody_may_ask(schema: Any) -> None:
    for path in (Path(__file__).parents[2] / "graphql" / "queries").glob("*.graphql"):
        assert counted(schema, path.read_text(encoding="utf-8")) < cost.largest(Settings(home=Path()), ANONYMOUS), path


def test_the_limit_is_the_most_that_a_role_allows() -> None:
    settings = Settings(home=Path(), query_cost_max={"member": 10, "coordinator": 30, "steward": 20})
    allowed = [
        cost.largest(settings, Actor(roles=frozenset(roles)))
        for roles in ([], [Role.MACHINE], [Role.STEWARD], [Role.STEWARD, Role.COORDINATOR])
    ]
    assert allowed == [100_000, 10, 20, 30]


@pytest.mark.parametrize("line", ["{ walikota = 5 }", "{ member = 0 }", '"banyak"'])
def test_a_limit_of_no_role_or_below_one_is_refused_by_name(tmp_path: Path, line: str) -> None:
    (tmp_path / "lumbung.toml").write_text(f"query_cost_max = {line}\n")
    with pytest.raises(SettingsInvalid) as refused:
        load(tmp_path)
    assert "query_cost_max" in str(refused.value)


async def test_every_answer_names_its_cost_and_the_limit(province: Province) -> None:
    for token, limit in ((None, 100_000), (province.token(Role.COORDINATOR), 500_000)):
        body = await province.ask(PAGE, token, n=5)
        assert body["extensions"] == {"cost": {"cost": 25, "limit": limit}}


async def test_a_question_that_costs_too_much_is_refused_before_anything_is_read(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    province = factories.empty_province(
        tmp_path / "home", sqlite_engine, query_cost_max={"anonymous": 100, "member": 1_000}
    )
    province.services.duck.close()  # whoever reads fails
    async with province.client() as client:
        answer = await client.post("/graphql", json={"query": PAGE, "variables": {"n": 31}})
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, "QUERY_COST")
    assert error["extensions"]["values"] == {"cost": 103, "largest": 100}
    assert "data" not in answer.json()
    [wide] = (await province.ask(PAGE, province.token(Role.STEWARD), n=900))["errors"]
    assert wide["extensions"]["values"] == {"cost": 2_710, "largest": 1_000}
