"""Rows of text: tables that no data standard describes, for members or by their class; absent and closed are alike."""

import pytest

from core.access import Role
from tests.gateway.factories import CITY, REGENCY, SECRET_CELL, Province

ROWS = """query Baris($dataset: ID, $resource: ID, $where: [TextCondition!], $orderBy: [TextOrder!], $first: Int! = 100,
                      $after: String) {
  rows(dataset: $dataset, resource: $resource, where: $where, orderBy: $orderBy, first: $first, after: $after) {
    columns rows rowNumbers totalCount seq pageInfo { hasNextPage endCursor }
  }
}"""


async def test_members_read_an_unmapped_table_as_it_stands(province: Province) -> None:
    token = province.token(Role.STEWARD, member=REGENCY)
    found = (await province.data(ROWS, token, dataset=province.dataset(CITY, "pegawai")))["rows"]
    assert found["columns"] == ["Dinas", "Jumlah"]
    assert found["rows"] == [["Dinas X", "12"], ["Dinas Y", "1.234"]]
    assert found["rowNumbers"] == [2, 3]
    assert found["totalCount"] == 2
    by_resource = (await province.data(ROWS, token, resource=province.resource(CITY, "pegawai")))["rows"]
    assert by_resource == found


async def test_filter_order_and_pages(province: Province) -> None:
    token, dataset = province.token(Role.STEWARD, member=CITY), province.dataset(CITY, "pegawai")
    where = [{"column": "Jumlah", "where": {"contains": "."}}]
    assert (await province.data(ROWS, token, dataset=dataset, where=where))["rows"]["rows"] == [["Dinas Y", "1.234"]]
    order = [{"column": "Dinas", "descending": True}]
    first = (await province.data(ROWS, token, dataset=dataset, orderBy=order, first=1))["rows"]
    assert first["rows"] == [["Dinas Y", "1.234"]]
    assert first["pageInfo"]["hasNextPage"]
    after = first["pageInfo"]["endCursor"]
    second = (await province.data(ROWS, token, dataset=dataset, orderBy=order, first=1, after=after))["rows"]
    assert second["rows"] == [["Dinas X", "12"]]


async def test_a_column_that_is_not_there_is_named_with_those_that_are(province: Province) -> None:
    token, dataset = province.token(Role.STEWARD, member=CITY), province.dataset(CITY, "pegawai")
    body = await province.ask(ROWS, token, dataset=dataset, where=[{"column": "Gaji", "where": {"eq": "1"}}])
    [error] = body["errors"]
    assert error["extensions"]["code"] == "COLUMN_UNKNOWN"
    assert error["extensions"]["values"]["columns"].startswith("Dinas, Jumlah")


@pytest.mark.parametrize(
    ("name", "code", "roles", "member"),
    [
        ("pegawai", CITY, (), None),
        ("rahasia", REGENCY, (), None),
        ("rahasia", REGENCY, (Role.STEWARD,), CITY),
        ("rahasia", REGENCY, (Role.COORDINATOR,), None),
        ("terbatas", REGENCY, (Role.STEWARD,), CITY),
    ],
)
async def test_a14_closed_rows_answer_like_absent_ones(
    province: Province, name: str, code: str, roles: tuple[Role, ...], member: str | None
) -> None:
    token = province.token(*roles, member=member) if roles else None
    absent = await province.ask(ROWS, token, dataset="0" * 32)
    assert (absent["data"], "errors" in absent) == ({"rows": None}, False)
    for variables in (
        {"dataset": province.dataset(code, name)},
        {"resource": province.resource(code, name)},
        {"dataset": province.dataset(code, name), "where": [{"column": "Nama", "where": {"prefix": "r"}}]},
    ):
        assert await province.ask(ROWS, token, **variables) == absent


async def test_the_owner_reads_its_closed_rows(province: Province) -> None:
    token = province.token(Role.STEWARD, member=REGENCY)
    found = (await province.data(ROWS, token, dataset=province.dataset(REGENCY, "rahasia")))["rows"]
    assert found["rows"] == [[SECRET_CELL]]
