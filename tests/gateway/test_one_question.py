"""A coordinator asks once, and catalogue, checks and the regencies' nodes answer, although some nodes are down."""

from collections.abc import Iterator

import pytest

from core.access import Role
from gateway.trusted import SHIPPED
from tests.gateway import flood_nodes
from tests.gateway.factories import REGENCY, Province
from tests.gateway.test_live import closed, with_node_sources

QUESTION = (SHIPPED / "keadaan_banjir.graphql").read_text("utf-8")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with flood_nodes.standing(tmp_path_factory.mktemp("nodes")) as found:
        yield found


async def test_one_request_reaches_catalogue_checks_and_nodes_of_which_one_ended_and_one_hangs(
    province: Province, urls: dict[str, str]
) -> None:
    made = with_node_sources(province, {code: flood_nodes.source(code, url) for code, url in urls.items()})
    answer = await made.ask(QUESTION, made.token(Role.COORDINATOR), tenggat=flood_nodes.DEADLINE)
    await closed(made)
    flood_nodes.expected(answer)
    status = {s["member"]: s for s in answer["data"]["live"]["riverStages"]["nodesStatus"]}
    assert all(s["latencyMs"] is not None for s in status.values())
    assert [code for code, s in status.items() if s["age"] is not None] == [REGENCY]
    assert "127.0.0.1" not in str(answer)  # where a node stands is nobody's business


async def test_the_same_question_by_its_name_is_a_table_that_names_what_is_missing(
    province: Province, urls: dict[str, str]
) -> None:
    made = with_node_sources(province, {code: flood_nodes.source(code, url) for code, url in urls.items()})
    async with made.client(made.token(Role.COORDINATOR), **{"Accept-Language": "id"}) as client:
        body = (await client.get("/tanya/keadaan_banjir")).json()
    await closed(made)
    names = [column["name"] for column in body["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in body["rows"]]
    assert [(row["daerah"], row["tinggi_m"], row["dari_katalog"]) for row in rows[2:4]] == [
        ("Kota Semarang", 1.0, False),
        ("Kabupaten Semarang", 1.8, True),
    ]
    assert len(body["problems"]) == 2
