"""G01-G08, G10, G20: documents beyond the limits are refused before anything is computed, in linear time."""

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.gateway import factories
from tests.gateway.factories import Province


async def refused(province: Province, query: str, code: str, **variables: Any) -> dict[str, Any]:
    async with province.client() as client:
        begin = time.process_time()
        answer = await client.post("/graphql", json={"query": query, "variables": variables})
        spent = time.process_time() - begin
    body: dict[str, Any] = answer.json()
    assert answer.status_code in (200, 400)
    assert {e["extensions"]["code"] for e in body["errors"]} == {code}, body
    assert not any((body.get("data") or {}).values())
    assert spent < 1, f"{spent:.2f} s of computation for a refusal"
    return body


def nested(depth: int) -> str:
    inner = "code"
    for _ in range(depth - 2):
        inner = f"province {{ {inner} }}"
    return f'{{ region(code: "33.74") {{ {inner} }} }}'


async def test_g01_depth_30(province: Province) -> None:
    body = await refused(province, nested(30), "QUERY_LIMIT")
    assert body["errors"][0]["extensions"]["values"] == {"limit": "depth", "largest": 15}
    assert (await province.data(nested(15)))["region"]


@pytest.mark.parametrize("depth", [300, 1_300, 2_000, 20_000])
async def test_g02_depth_without_end(province: Province, depth: int) -> None:
    await refused(province, "{ a" * depth + "}" * depth, "QUERY_LIMIT")


async def test_g03_a_thousand_aliases(province: Province) -> None:
    await refused(province, "{" + " ".join(f"a{i}: members {{ code }}" for i in range(1_000)) + "}", "QUERY_LIMIT")


async def test_g04_five_thousand_repeated_fields(province: Province) -> None:
    await refused(province, "{ members { " + "code " * 5_000 + "} }", "QUERY_LIMIT")


async def test_g05_five_hundred_directives(province: Province) -> None:
    await refused(province, "{ members { code" + " @include(if: true)" * 500 + "} }", "QUERY_LIMIT")


async def test_g06_ten_bad_directives_bring_five_errors_back(province: Province) -> None:
    body = await refused(province, "{ members { code" + "".join(f" @x{i}" for i in range(10)) + "} }", "QUERY_INVALID")
    assert len(body["errors"]) == 5


async def test_g07_a_fragment_cycle(province: Province) -> None:
    await refused(
        province, "{ members { ...A } } fragment A on Member { ...B } fragment B on Member { ...A }", "QUERY_INVALID"
    )


@pytest.mark.parametrize("count", [30, 500])
async def test_g08_fragments_that_fan_out_without_end(province: Province, count: int) -> None:
    fan = "".join(f"fragment F{i} on Member {{ ...F{i + 1} ...F{i + 1} }} " for i in range(count))
    last = f"fragment F{count} on Member {{ code }} "
    await refused(province, "{ members { ...F0 } } " + fan + last, "QUERY_LIMIT")


async def test_g10_variables_nested_without_end(province: Province) -> None:
    where: dict[str, Any] = {"price": {"eq": 1}}
    for _ in range(900):
        where = {"not": where}
    query = "query($w: CommodityPriceFilter) { commodityPrices(where: $w) { totalCount } }"
    await refused(province, query, "QUERY_INVALID", w=where)


async def test_g10_a_filter_of_endless_parts(province: Province) -> None:
    where = {"or": [{"price": {"eq": n}} for n in range(2_000)]}
    query = "query($w: CommodityPriceFilter) { commodityPrices(where: $w) { totalCount } }"
    await refused(province, query, "FILTER_INVALID", w=where)


async def test_g20_no_name_is_suggested(province: Province) -> None:
    for query in ("{ membrs { code } }", "{ members { cod } }", "{ commodityPrices(firs: 1) { seq } }"):
        body = await refused(province, query, "QUERY_INVALID")
        assert "Did you mean" not in str(body)


async def test_g20_names_are_suggested_where_the_setting_says_so(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine, suggestions=True)
    assert "'members'" in str((await province.ask("{ membrs { code } }"))["errors"][0]["message"])
    province.services.duck.close()


async def test_introspection_can_be_asked_but_not_without_end(province: Province) -> None:
    assert (await province.data("{ __schema { queryType { name } } }"))["__schema"]
    deep = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
    await refused(province, deep, "QUERY_INVALID")
